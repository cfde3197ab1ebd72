// SPDX-License-Identifier: GPL-2.0-or-later
//! The policies, each twice: as a native route-map and as a script.
//!
//! Both forms have the same two last entries, so the only difference is who decides: entry 10 (or
//! 1,000 entries) changes some routes, the last entry permits the others as they are.

use bgpfeed::table::{Options, Tag, groups};
use ipnet::IpNet;

use super::router::{FEED, FEED_AS};

/// Name of the script and of the lists.
pub(super) const NAME: &str = "bench";
/// Name of the route-map.
pub(super) const ROUTE_MAP: &str = "BENCH";

/// A quarter of the groups carries it.
const TAG: (u32, u32) = (FEED_AS, 100);
/// Private AS in whose name customers are tagged.
const CUSTOMER_AS: u32 = 65010;
/// Customers, each with an entry of its own in the native route-map.
const CUSTOMERS: usize = 1000;
/// Local preferences that customers get, in turn.
const TIERS: [u32; 4] = [90, 110, 150, 200];
/// Customers are taken from the first routes, so that a small feed has them too.
pub(super) const CUSTOMER_ROUTES: u32 = 40_000;

/// What a policy decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Design section 7: four reads, one method, one write.
    Small,
    /// The same, and a community is added.
    Edge,
    /// 1,000 customers that are known by a community.
    ByCommunity,
    /// 1,000 customers that are known by a prefix, for which FRR's route-maps have an index.
    ByPrefix,
}

/// A policy in one of its forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Policy {
    /// Lists and the route-map.
    pub(super) configuration: String,
    /// Text of `bench.lua`.
    pub(super) script: Option<String>,
}

/// The table that is fed, the same in every case.
pub(super) fn feed(routes: u32) -> Options {
    Options {
        local_as: FEED_AS,
        routes,
        tags: vec![
            Tag { communities: vec![TAG.0 << 16 | TAG.1], per_mille: 250 },
            Tag { communities: (1..=CUSTOMERS as u32).map(|n| CUSTOMER_AS << 16 | n).collect(), per_mille: 250 },
        ],
        ..Options::default()
    }
}

impl Work {
    /// As a native route-map.
    pub(super) fn native(self) -> Policy {
        let mut text = String::new();
        match self {
            Self::Small => small(&mut text, ""),
            Self::Edge => small(&mut text, " set community 65000:1 additive\n"),
            Self::ByCommunity => by_community(&mut text),
            Self::ByPrefix => by_prefix(&mut text),
        }
        Policy { configuration: text, script: None }
    }

    /// As a script.
    pub(super) fn script(self) -> Policy {
        let script = match self {
            Self::Small => small_script(""),
            Self::Edge => small_script("  attributes.communities:add(\"65000:1\")\n"),
            Self::ByCommunity => tiers_script(
                "tags = frr.community_set",
                (1..=CUSTOMERS).map(|at| format!("{CUSTOMER_AS}:{at}")).collect(),
                "  local communities = attributes.communities\n",
                "communities:has_any(tier.tags)",
            ),
            Self::ByPrefix => tiers_script(
                "prefixes = frr.prefix_set",
                customers().iter().map(|prefix| format!("{prefix} le 24")).collect(),
                "",
                "tier.prefixes:contains(prefix)",
            ),
        };
        Policy {
            configuration: format!(
                "\
route-map {ROUTE_MAP} permit 10
 match script {NAME}
exit
route-map {ROUTE_MAP} permit 65535
exit
"
            ),
            script: Some(script),
        }
    }
}

fn small(text: &mut String, more: &str) {
    let (asn, value) = TAG;
    text.push_str(&format!(
        "\
bgp community-list standard {NAME} seq 5 permit {asn}:{value}
ip prefix-list {NAME} seq 5 permit 0.0.0.0/0 le 24
route-map {ROUTE_MAP} permit 10
 match peer {FEED}
 match ip address prefix-list {NAME}
 match origin igp
 match community {NAME}
{more} set local-preference 200
exit
route-map {ROUTE_MAP} permit 65535
exit
"
    ));
}

fn small_script(more: &str) -> String {
    let (asn, value) = TAG;
    format!(
        "\
function route_match(prefix, attributes, peer)
  if peer.remote_as ~= {FEED_AS} or prefix.length > 24 or attributes.origin ~= \"igp\" then
    return RM_NOMATCH
  end
  if not attributes.communities:has(\"{asn}:{value}\") then
    return RM_NOMATCH
  end
{more}  attributes.localpref = 200
  return RM_MATCH_AND_CHANGE
end
"
    )
}

/// Prefixes of the customers that are known by one: no two overlap, so their order means nothing.
fn customers() -> Vec<IpNet> {
    let mut customers: Vec<IpNet> = Vec::new();
    let options = feed(CUSTOMER_ROUTES);
    let prefixes = groups(&options)
        .flat_map(|group| group.prefixes)
        .filter(|prefix| (16..=22).contains(&prefix.prefix_len()))
        // Spread over the table.
        .step_by(5);
    for prefix in prefixes {
        let apart = |other: &IpNet| !prefix.contains(other) && !other.contains(&prefix);
        if customers.iter().all(apart) {
            customers.push(prefix);
        }
        if customers.len() == CUSTOMERS {
            break;
        }
    }
    assert_eq!(customers.len(), CUSTOMERS, "the table is too small");
    customers
}

/// The text of one entry for each condition: it sets the customer's tier.
fn entries(text: &mut String, conditions: impl Iterator<Item = String>) {
    for (at, condition) in conditions.enumerate() {
        let tier = TIERS[at % TIERS.len()];
        text.push_str(&format!(
            "\
route-map {ROUTE_MAP} permit {}
 match {condition}
 set local-preference {tier}
exit
",
            (at + 1) * 10
        ));
    }
    text.push_str(&format!("route-map {ROUTE_MAP} permit 65535\nexit\n"));
}

fn by_community(text: &mut String) {
    for at in 1..=CUSTOMERS {
        text.push_str(&format!("bgp community-list standard TAG-{at} seq 5 permit {CUSTOMER_AS}:{at}\n"));
    }
    entries(text, (1..=CUSTOMERS).map(|at| format!("community TAG-{at}")));
}

fn by_prefix(text: &mut String) {
    for (at, prefix) in (1..).zip(customers()) {
        text.push_str(&format!("ip prefix-list CUSTOMER-{at} seq 5 permit {prefix} le 24\n"));
    }
    entries(text, (1..=CUSTOMERS).map(|at| format!("ip address prefix-list CUSTOMER-{at}")));
}

/// A script with one set for each tier; `make` names and makes it from its share of `customers`, `once` is before the
/// loop over the tiers, `test` asks the set of one.
fn tiers_script(make: &str, customers: Vec<String>, once: &str, test: &str) -> String {
    let mut text = String::from("local tiers = {\n");
    for (tier, preference) in TIERS.iter().enumerate() {
        let share = customers.iter().skip(tier).step_by(TIERS.len());
        let share: Vec<String> = share.map(|customer| format!("\"{customer}\"")).collect();
        text.push_str(&format!("  {{ preference = {preference}, {make} {{ {} }} }},\n", share.join(", ")));
    }
    text.push_str(&format!(
        "\
}}

function route_match(prefix, attributes)
{once}  for _, tier in tiers do
    if {test} then
      attributes.localpref = tier.preference
      return RM_MATCH_AND_CHANGE
    end
  end
  return RM_NOMATCH
end
"
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customers_do_not_overlap() {
        let customers = customers();
        for (at, prefix) in customers.iter().enumerate() {
            let meets = |other: &IpNet| prefix.contains(other) || other.contains(prefix);
            assert!(!customers[..at].iter().any(meets), "{prefix}");
        }
    }

    #[test]
    fn large_policies_have_a_thousand_entries() {
        for (work, customer) in [(Work::ByPrefix, " le 24\""), (Work::ByCommunity, "\"65010:")] {
            let native = work.native();
            let lines = native.configuration.lines();
            let sets = lines.filter(|line| line.starts_with(" set local-preference"));
            assert_eq!(sets.count(), CUSTOMERS);
            let script = work.script().script.expect("a script");
            assert_eq!(script.matches(customer).count(), CUSTOMERS);
        }
    }

    #[test]
    fn a_route_has_at_most_one_customer_tag() {
        for group in groups(&feed(CUSTOMER_ROUTES)) {
            let tag = |community: &&u32| **community >> 16 == CUSTOMER_AS;
            assert!(group.attributes.communities.iter().filter(tag).count() <= 1);
        }
    }
}
