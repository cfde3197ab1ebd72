// SPDX-License-Identifier: GPL-2.0-or-later
//! The policies, each twice: as a native route-map and as a script.
//!
//! Both forms have the same two last entries, so the only difference is who decides: entry 10 (or
//! 1,000 entries) changes some routes, the last entry permits the others as they are.

use std::fmt::Write;

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
/// Customers that are known by their prefix, and as many that are known by their community.
const CUSTOMERS: usize = 500;
/// Local preferences that customers get, in turn.
const TIERS: [u32; 4] = [90, 110, 150, 200];
/// Customers are taken from the first routes, so that a small feed has them too.
const CUSTOMER_ROUTES: u32 = 20_000;

/// What a policy decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    /// Design section 7: four reads, one method, one write.
    Small,
    /// The same, and a community is added.
    Edge,
    /// 1,000 customers: half known by prefix, half by community.
    Entries,
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
            Self::Entries => entries(&mut text),
        }
        Policy { configuration: text, script: None }
    }

    /// As a script.
    pub(super) fn script(self) -> Policy {
        let script = match self {
            Self::Small => small_script(""),
            Self::Edge => small_script("  attributes.communities:add(\"65000:1\")\n"),
            Self::Entries => entries_script(),
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

fn entries(text: &mut String) {
    // Community-lists first: they are not in YANG, and each would end a transaction.
    for at in 0..CUSTOMERS {
        text.push_str(&format!("bgp community-list standard TAG-{at} seq 5 permit {CUSTOMER_AS}:{}\n", at + 1));
    }
    let mut conditions = Vec::new();
    for (at, prefix) in customers().iter().enumerate() {
        text.push_str(&format!("ip prefix-list CUSTOMER-{at} seq 5 permit {prefix} le 24\n"));
        conditions.push(format!("ip address prefix-list CUSTOMER-{at}"));
    }
    conditions.extend((0..CUSTOMERS).map(|at| format!("community TAG-{at}")));
    for (at, condition) in conditions.iter().enumerate() {
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

fn entries_script() -> String {
    let mut text = String::from("local tiers = {\n");
    let customers = customers();
    for (tier, preference) in TIERS.iter().enumerate() {
        let of_tier = |at: &usize| at % TIERS.len() == tier;
        let prefixes: Vec<String> =
            (0..CUSTOMERS).filter(of_tier).map(|at| format!("\"{} le 24\"", customers[at])).collect();
        let tags: Vec<String> = (CUSTOMERS..2 * CUSTOMERS)
            .filter(of_tier)
            .map(|at| format!("\"{CUSTOMER_AS}:{}\"", at - CUSTOMERS + 1))
            .collect();
        // Writing to a String can't fail.
        let _ = writeln!(
            text,
            "  {{ preference = {preference},\n    prefixes = frr.prefix_set {{ {} }},\n    tags = \
             frr.community_set {{ {} }} }},",
            prefixes.join(", "),
            tags.join(", ")
        );
    }
    text.push_str(
        "\
}

function route_match(prefix, attributes)
  for _, tier in tiers do
    if tier.prefixes:contains(prefix) then
      attributes.localpref = tier.preference
      return RM_MATCH_AND_CHANGE
    end
  end
  local communities = attributes.communities
  for _, tier in tiers do
    if communities:has_any(tier.tags) then
      attributes.localpref = tier.preference
      return RM_MATCH_AND_CHANGE
    end
  end
  return RM_NOMATCH
end
",
    );
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
    fn the_large_policy_has_a_thousand_entries() {
        let native = Work::Entries.native();
        let lines = native.configuration.lines();
        let sets = lines.filter(|line| line.starts_with(" set local-preference"));
        assert_eq!(sets.count(), 2 * CUSTOMERS);
        let script = Work::Entries.script().script.expect("a script");
        assert_eq!(script.matches(" le 24\"").count(), CUSTOMERS);
        assert_eq!(script.matches("\"65010:").count(), CUSTOMERS);
    }

    #[test]
    fn a_route_has_at_most_one_customer_tag() {
        for group in groups(&feed(CUSTOMER_ROUTES)) {
            let tag = |community: &&u32| **community >> 16 == CUSTOMER_AS;
            assert!(group.attributes.communities.iter().filter(tag).count() <= 1);
        }
    }
}
