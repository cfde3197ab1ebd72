// SPDX-License-Identifier: GPL-2.0-or-later
//! Attributes and sizes of groups, by weights.

use std::sync::OnceLock;

use super::Options;
use crate::rng::Rng;
use crate::wire::{Attributes, Family, Origin};

/// Largest number of prefixes that share their attributes.
const LARGEST_GROUP: u32 = 50;

/// ASes on a path, the sender's own included.
const PATH_LENGTHS: [(u32, u32); 6] = [(2, 8), (3, 27), (4, 34), (5, 19), (6, 8), (7, 4)];

const COMMUNITY_COUNTS: [(u32, u32); 11] =
    [(0, 30), (1, 14), (2, 14), (3, 12), (4, 9), (5, 7), (6, 5), (7, 4), (8, 3), (9, 1), (10, 1)];

const ORIGINS: [(Origin, u32); 3] = [(Origin::Igp, 92), (Origin::Incomplete, 7), (Origin::Egp, 1)];

/// Transit networks: few, so that paths share their beginnings.
const TRANSIT_ASES: u32 = 1000;

/// Group sizes with weights of size^-1.5: most are single, the mean is about 5.
pub(super) fn group_sizes() -> &'static [(u32, u32)] {
    static SIZES: OnceLock<Vec<(u32, u32)>> = OnceLock::new();
    SIZES.get_or_init(|| {
        let weight = |size: u32| (1e6 / (f64::from(size) * f64::from(size).sqrt())) as u32;
        (1..=LARGEST_GROUP).map(|size| (size, weight(size))).collect()
    })
}

/// A public AS number: one in five needs 4 octets.
fn origin_as(rng: &mut Rng) -> u32 {
    if rng.chance(200) {
        196_608 + rng.below(200_000)
    } else {
        // 23456 is AS_TRANS, and 64496 and more are not public.
        24_000 + rng.below(40_000)
    }
}

/// What one group carries.
pub(super) fn attributes(rng: &mut Rng, options: &Options, family: Family) -> Attributes {
    let mut attributes =
        Attributes { origin: rng.weighted(&ORIGINS), as_path: vec![options.local_as], ..Attributes::default() };
    match family {
        Family::Ipv4 => attributes.next_hop = Some(options.next_hop),
        Family::Ipv6 => attributes.next_hop6 = Some(options.next_hop6),
    }

    let length = rng.weighted(&PATH_LENGTHS);
    let origin = origin_as(rng);
    // The origin prepends itself on one path in ten.
    let origins = if length > 3 && rng.chance(100) { 2 } else { 1 };
    for _ in 1..length - origins {
        let transit = 1000 + 7 * rng.below(TRANSIT_ASES);
        attributes.as_path.push(transit);
    }
    for _ in 0..origins {
        attributes.as_path.push(origin);
    }

    if rng.chance(300) {
        attributes.med = Some(rng.below(200) * 10);
    }
    if rng.chance(50) {
        attributes.atomic_aggregate = rng.chance(500);
        attributes.aggregator = Some((origin, (0xc000_0200 | rng.below(256)).into()));
    }
    for _ in 0..rng.weighted(&COMMUNITY_COUNTS) {
        let asn = rng.pick(&attributes.as_path) & 0xffff;
        attributes.communities.push(asn << 16 | rng.below(5000));
    }
    for tag in &options.tags {
        if rng.chance(tag.per_mille) {
            attributes.communities.push(rng.pick(&tag.communities));
        }
    }
    attributes.communities.sort_unstable();
    attributes.communities.dedup();
    if rng.chance(100) {
        for _ in 0..=rng.below(3) {
            let asn = rng.pick(&attributes.as_path);
            let community = [asn, rng.below(100), rng.below(100_000)];
            attributes.large_communities.push(community);
        }
        attributes.large_communities.sort_unstable();
        attributes.large_communities.dedup();
    }
    attributes
}
