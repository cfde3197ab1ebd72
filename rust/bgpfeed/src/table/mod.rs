// SPDX-License-Identifier: GPL-2.0-or-later
//! Which routes: unique prefixes in groups that share their attributes, as one UPDATE carries them.
//!
//! The distributions are rounded from public views of the default-free zone; they are what makes
//! attribute interning, prefix tries and packing behave as on a real peer. Everything follows from
//! [`Options`]: the same options give the same table on every machine.

mod mix;
mod prefixes;

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::rng::Rng;
use crate::wire::{Attributes, Family};

use prefixes::Prefixes;

/// Communities of which some groups carry one, so that a policy finds something.
#[derive(Debug, Clone)]
pub struct Tag {
    /// The communities, AS number in the upper 16 bits; must not be empty.
    pub communities: Vec<u32>,
    /// Groups of 1,000 that carry one of them.
    pub per_mille: u32,
}

/// What the table is made from.
#[derive(Debug, Clone)]
pub struct Options {
    /// Another seed, another table.
    pub seed: u64,
    /// First AS of every path.
    pub local_as: u32,
    /// IPv4 prefixes.
    pub routes: u32,
    /// IPv6 prefixes.
    pub routes6: u32,
    /// Next hop of the IPv4 prefixes.
    pub next_hop: Ipv4Addr,
    /// Next hop of the IPv6 prefixes.
    pub next_hop6: Ipv6Addr,
    /// Extra communities.
    pub tags: Vec<Tag>,
    /// IPv4 groups of 1,000 that no one should announce, a third each: behind a private AS, in private address space,
    /// longer than /24.
    pub leaks: u32,
}

impl Default for Options {
    /// 1,000 IPv4 routes of AS 64496 with documentation addresses (RFC 5737, RFC 3849).
    fn default() -> Self {
        Self {
            seed: 1,
            local_as: 64496,
            routes: 1000,
            routes6: 0,
            next_hop: Ipv4Addr::new(192, 0, 2, 1),
            next_hop6: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
            tags: Vec::new(),
            leaks: 0,
        }
    }
}

/// Prefixes that share their attributes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Family of all prefixes.
    pub family: Family,
    /// Their attributes.
    pub attributes: Attributes,
    /// 1 to 50 prefixes, unique in the table.
    pub prefixes: Vec<IpNet>,
}

/// The groups of the table: IPv4 first, then IPv6.
pub fn groups(options: &Options) -> impl Iterator<Item = Group> + '_ {
    [(Family::Ipv4, options.routes, options.seed), (Family::Ipv6, options.routes6, options.seed ^ 6)]
        .into_iter()
        .flat_map(move |(family, routes, seed)| {
            let mut rng = Rng::new(seed);
            let mut prefixes = Prefixes::new(family);
            let mut left = routes;
            std::iter::from_fn(move || {
                let size = rng.weighted(mix::group_sizes()).min(left);
                if size == 0 {
                    return None;
                }
                left -= size;
                let mut attributes = mix::attributes(&mut rng, options, family);
                // A table without leaks is the same as before there were any.
                if family == Family::Ipv4 && options.leaks > 0 && rng.chance(options.leaks) {
                    let group = leak(&mut rng, &mut prefixes, &mut attributes, size);
                    return Some(Group { family, attributes, prefixes: group });
                }
                let mut group = Vec::with_capacity(size as usize);
                for _ in 0..size {
                    group.push(prefixes.next(&mut rng, group.last().copied()));
                }
                Some(Group { family, attributes, prefixes: group })
            })
        })
}

/// A group that a careful neighbor refuses.
fn leak(rng: &mut Rng, prefixes: &mut Prefixes, attributes: &mut Attributes, size: u32) -> Vec<IpNet> {
    match rng.below(3) {
        0 => {
            // In front of the origin: a customer's own AS that was not removed. Not 65000 and more, which routers
            // under test have: they would refuse it as a loop.
            let at = attributes.as_path.len() - 1;
            attributes.as_path.insert(at, 64512 + rng.below(400));
            (0..size).map(|_| prefixes.next(rng, None)).collect()
        }
        1 => (0..size).map(|_| prefixes.private(rng)).collect(),
        _ => (0..size).map(|_| prefixes.long(rng)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn options() -> Options {
        Options {
            routes: 50_000,
            routes6: 5_000,
            tags: vec![Tag { communities: vec![64496 << 16 | 1, 64496 << 16 | 2], per_mille: 250 }],
            ..Options::default()
        }
    }

    #[test]
    fn the_same_options_give_the_same_table() {
        assert!(groups(&options()).eq(groups(&options())));
        let other = Options { seed: 2, ..options() };
        assert!(!groups(&options()).eq(groups(&other)));
    }

    #[test]
    fn every_prefix_is_there_once() {
        let mut seen = HashSet::new();
        for prefix in groups(&options()).flat_map(|group| group.prefixes) {
            assert_eq!(prefix, prefix.trunc());
            assert!(seen.insert(prefix), "{prefix} twice");
        }
        let ipv4 = seen.iter().filter(|p| matches!(p, IpNet::V4(_))).count();
        assert_eq!((ipv4, seen.len()), (50_000, 55_000));
    }

    #[test]
    fn the_mix_is_that_of_a_full_table() {
        let groups: Vec<Group> = groups(&options()).filter(|group| group.family == Family::Ipv4).collect();
        let mean = 50_000.0 / groups.len() as f64;
        assert!((4.0..6.0).contains(&mean), "{mean} prefixes per UPDATE");
        let long = groups.iter().flat_map(|group| &group.prefixes);
        let long = long.filter(|prefix| prefix.prefix_len() == 24).count();
        assert!((28_000..32_000).contains(&long), "{long} of 50000 are /24");
        let mut tagged = 0;
        for group in &groups {
            let attributes = &group.attributes;
            assert_eq!(attributes.as_path[0], 64496);
            assert!((2..=7).contains(&attributes.as_path.len()));
            assert!(attributes.communities.len() <= 11);
            let tag = |c: &u32| [64496 << 16 | 1, 64496 << 16 | 2].contains(c);
            tagged += u32::from(attributes.communities.iter().any(tag));
        }
        let share = f64::from(tagged) / groups.len() as f64;
        assert!((0.23..0.27).contains(&share), "{share} carry a tag");
    }

    #[test]
    fn leaks_are_of_three_kinds() {
        let options = Options { leaks: 60, ..options() };
        let (mut path, mut space, mut long) = (0, 0, 0);
        let mut seen = HashSet::new();
        for group in groups(&options).filter(|group| group.family == Family::Ipv4) {
            path += usize::from(group.attributes.as_path.iter().any(|asn| (64512..65535).contains(asn)));
            space += usize::from(group.prefixes[0].to_string().starts_with("10."));
            long += usize::from(group.prefixes[0].prefix_len() > 24);
            assert!(group.prefixes.iter().all(|prefix| seen.insert(*prefix)));
        }
        assert!(path > 100 && space > 100 && long > 100, "{path} {space} {long}");
    }

    #[test]
    fn no_route_is_asked_for_none_is_given() {
        let none = Options { routes: 0, ..Options::default() };
        assert_eq!(groups(&none).count(), 0);
    }
}
