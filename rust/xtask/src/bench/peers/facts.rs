// SPDX-License-Identifier: GPL-2.0-or-later
//! What the policies say, in no system's language, and what becomes of a route: the table that every system has to
//! arrive at.

use std::collections::{HashMap, HashSet};

use bgpfeed::table::{Group, Options, Tag, groups};
use ipnet::{IpNet, Ipv4Net};

/// AS of the feed, from the range for documentation: a private one would be refused by the hygiene policy.
pub(super) const FEED_AS: u32 = 64496;
/// What the small policy looks for; a quarter of the groups carries it.
pub(super) const TAG: (u32, u32) = (FEED_AS, 100);
/// What the small policy sets.
pub(super) const PREFERRED: u32 = 200;
/// In whose name customers are tagged.
pub(super) const CUSTOMER_AS: u32 = 65010;
/// Customers of the policy with 1,000 entries.
pub(super) const CUSTOMERS: u32 = 1000;
/// Local preferences that customers get, in turn.
pub(super) const TIERS: [u32; 4] = [90, 110, 150, 200];
/// Entries of the large prefix list.
pub(super) const PREFIXES: usize = 100_000;
/// One prefix of the table in so many is in the list.
const LISTED: usize = 10;
/// Longest prefix that the hygiene policy accepts.
pub(super) const LONGEST: u8 = 24;
/// Longest AS path that it accepts, in AS numbers.
pub(super) const LONGEST_PATH: usize = 6;
/// Address space that it refuses, with all that is in it (RFC 6890, multicast, class E).
pub(super) const BOGONS: [&str; 10] = [
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "224.0.0.0/3",
];
/// Private AS numbers (RFC 6996), which it refuses in a path.
pub(super) const PRIVATE: [(u32, u32); 2] = [(64512, 65534), (4_200_000_000, 4_294_967_294)];
/// The same as a regular expression for an AS path as text.
pub(super) const PRIVATE_PATTERN: &str = "_(6451[2-9]|645[2-9][0-9]|64[6-9][0-9][0-9]|65[0-4][0-9][0-9]|655[0-2][0-9]|6553[0-4]|42[0-8][0-9]{7}|429[0-3][0-9]{6}|4294[0-8][0-9]{5}|42949[0-5][0-9]{4}|429496[0-6][0-9]{3}|4294967[01][0-9]{2}|42949672[0-8][0-9]|429496729[0-4])_";
/// Groups of 1,000 that the hygiene policy refuses for their prefixes or their path's private AS.
const LEAKS: u32 = 60;

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Policy {
    /// Nothing: all is accepted as it is.
    None,
    /// A community is looked for, the local preference is set.
    Small,
    /// Bogons, private AS numbers, long paths and long prefixes are refused.
    Hygiene,
    /// 1,000 customers, each known by a community, get one of four local preferences.
    Entries,
    /// 100,000 prefixes get a local preference.
    Prefixes,
}

impl Policy {
    /// All of them, none first.
    pub(super) const ALL: [Self; 5] = [Self::None, Self::Small, Self::Hygiene, Self::Entries, Self::Prefixes];

    /// What a file of it is called.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Small => "small",
            Self::Hygiene => "hygiene",
            Self::Entries => "entries",
            Self::Prefixes => "prefixes",
        }
    }

    /// What tables call it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::None => "no policy",
            Self::Small => "small",
            Self::Hygiene => "hygiene",
            Self::Entries => "1,000 entries",
            Self::Prefixes => "100,000 prefixes",
        }
    }
}

/// The table that is fed.
pub(super) fn feed(routes: u32) -> Options {
    Options {
        local_as: FEED_AS,
        routes,
        tags: vec![
            Tag { communities: vec![TAG.0 << 16 | TAG.1], per_mille: 250 },
            Tag { communities: (1..=CUSTOMERS).map(|n| CUSTOMER_AS << 16 | n).collect(), per_mille: 250 },
        ],
        leaks: LEAKS,
        ..Options::default()
    }
}

/// The large prefix list: spread over the whole table, so that a smaller one meets its share.
pub(super) fn listed() -> Vec<IpNet> {
    let routes = (PREFIXES * LISTED) as u32;
    groups(&feed(routes)).flat_map(|group| group.prefixes).step_by(LISTED).collect()
}

/// Local preference and communities of every route that `policy` accepts. A route whose local preference was not set
/// has 100, as every system announces it to its own AS.
pub(super) type Table = HashMap<IpNet, (u32, Vec<u32>)>;

/// What is in the table after a feed of `routes`.
pub(super) fn expected(policy: Policy, routes: u32) -> Table {
    let listed: HashSet<IpNet> =
        if policy == Policy::Prefixes { listed().into_iter().collect() } else { HashSet::new() };
    let bogons: Vec<IpNet> = BOGONS.iter().map(|text| IpNet::V4(text.parse::<Ipv4Net>().expect("a prefix"))).collect();
    let mut table = Table::new();
    for group in groups(&feed(routes)) {
        for &prefix in &group.prefixes {
            let preference = match policy {
                Policy::None => Some(100),
                Policy::Small => {
                    Some(if group.attributes.communities.contains(&(TAG.0 << 16 | TAG.1)) { PREFERRED } else { 100 })
                }
                Policy::Hygiene => clean(&group, prefix, &bogons).then_some(100),
                Policy::Entries => Some(tier(&group)),
                Policy::Prefixes => Some(if listed.contains(&prefix) { PREFERRED } else { 100 }),
            };
            if let Some(preference) = preference {
                table.insert(prefix, (preference, group.attributes.communities.clone()));
            }
        }
    }
    table
}

fn clean(group: &Group, prefix: IpNet, bogons: &[IpNet]) -> bool {
    let path = &group.attributes.as_path;
    let private = |asn: &u32| PRIVATE.iter().any(|(low, high)| (low..=high).contains(&asn));
    prefix.prefix_len() <= LONGEST
        && path.len() <= LONGEST_PATH
        && !path.iter().any(private)
        && !bogons.iter().any(|bogon| bogon.contains(&prefix))
}

/// A group has at most one customer's tag.
fn tier(group: &Group) -> u32 {
    let tag = group.attributes.communities.iter().find(|community| **community >> 16 == CUSTOMER_AS);
    tag.map_or(100, |tag| tier_of(tag & 0xffff))
}

/// The local preference of a customer.
pub(super) fn tier_of(customer: u32) -> u32 {
    TIERS[customer as usize % TIERS.len()]
}

/// Customers of each tier: its local preference and their numbers.
pub(super) fn tiers() -> impl Iterator<Item = (u32, Vec<u32>)> {
    TIERS.iter().map(|&tier| (tier, (1..=CUSTOMERS).filter(|at| tier_of(*at) == tier).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_decides_something() {
        let none = expected(Policy::None, 20_000);
        assert_eq!(none.len(), 20_000);
        for policy in [Policy::Small, Policy::Entries, Policy::Prefixes] {
            let table = expected(policy, 20_000);
            assert_eq!(table.len(), none.len());
            let changed = table.values().filter(|route| route.0 != 100).count();
            assert!((1500..8000).contains(&changed), "{policy:?} changed {changed}");
        }
        let clean = expected(Policy::Hygiene, 20_000).len();
        assert!((17_000..19_500).contains(&clean), "{clean} are clean");
    }

    #[test]
    fn a_small_feed_is_the_start_of_a_large_one() {
        let prefixes = |routes| groups(&feed(routes)).flat_map(|group| group.prefixes).take(900).collect::<Vec<_>>();
        assert_eq!(prefixes(1000), prefixes(5000));
    }
}
