// SPDX-License-Identifier: GPL-2.0-or-later
//! Unique prefixes with the lengths of a full table.

use std::collections::HashSet;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::rng::Rng;
use crate::wire::Family;

/// Length and share in 10,000.
const IPV4_LENGTHS: [(u8, u32); 15] = [
    (24, 6000),
    (23, 1000),
    (22, 1100),
    (21, 530),
    (20, 450),
    (19, 270),
    (18, 150),
    (17, 90),
    (16, 140),
    (15, 21),
    (14, 13),
    (13, 6),
    (12, 3),
    (11, 1),
    (10, 1),
];

const IPV6_LENGTHS: [(u8, u32); 12] = [
    (48, 4700),
    (47, 250),
    (46, 300),
    (45, 150),
    (44, 1000),
    (42, 250),
    (40, 900),
    (36, 400),
    (34, 150),
    (33, 200),
    (32, 1400),
    (29, 300),
];

/// IPv4 space that is never in a full table (RFC 6890; documentation prefixes are too small to
/// matter).
const NOT_GLOBAL: [(Ipv4Addr, u8); 9] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

/// Draws that may fail before a longer prefix is taken instead: short ones run out in a large
/// table.
const TRIES: u32 = 64;

/// The prefixes of one family that were given out.
pub(super) struct Prefixes {
    family: Family,
    taken: HashSet<IpNet>,
}

impl Prefixes {
    pub(super) fn new(family: Family) -> Self {
        Self { family, taken: HashSet::new() }
    }

    /// A prefix that was not given out before. Often it follows `last`, the one before it in its
    /// group: an origin announces neighbouring blocks.
    pub(super) fn next(&mut self, rng: &mut Rng, last: Option<IpNet>) -> IpNet {
        if let Some(last) = last
            && rng.chance(600)
            && let Some(prefix) = follower(last)
            && self.take(prefix)
        {
            return prefix;
        }
        let (lengths, longest) = match self.family {
            Family::Ipv4 => (&IPV4_LENGTHS[..], 24),
            Family::Ipv6 => (&IPV6_LENGTHS[..], 48),
        };
        let mut length = rng.weighted(lengths);
        let mut tries = 0;
        loop {
            let prefix = self.draw(rng, length);
            if self.take(prefix) {
                return prefix;
            }
            tries += 1;
            if tries % TRIES == 0 && length < longest {
                length += 1;
            }
        }
    }

    /// A /24 of 10.0.0.0/8.
    pub(super) fn private(&mut self, rng: &mut Rng) -> IpNet {
        loop {
            let prefix = v4(10 << 24 | rng.below(1 << 16) << 8, 24);
            if self.taken.insert(prefix) {
                return prefix;
            }
        }
    }

    /// A /25 to /28 of public space.
    pub(super) fn long(&mut self, rng: &mut Rng) -> IpNet {
        loop {
            let length = 25 + rng.below(4) as u8;
            let prefix = v4((rng.bits() >> 32) as u32, length);
            if self.take(prefix) {
                return prefix;
            }
        }
    }

    fn draw(&self, rng: &mut Rng, length: u8) -> IpNet {
        let bits = rng.bits();
        match self.family {
            Family::Ipv4 => v4((bits >> 32) as u32, length),
            // 2000::/3 is all that is handed out.
            Family::Ipv6 => v6(u128::from(bits >> 3 | 1 << 61) << 64, length),
        }
    }

    fn take(&mut self, prefix: IpNet) -> bool {
        is_global(prefix) && self.taken.insert(prefix)
    }
}

fn v4(address: u32, length: u8) -> IpNet {
    Ipv4Net::new_assert(address.into(), length).trunc().into()
}

fn v6(address: u128, length: u8) -> IpNet {
    Ipv6Net::new_assert(Ipv6Addr::from(address), length).trunc().into()
}

/// The next block of the same length.
fn follower(prefix: IpNet) -> Option<IpNet> {
    let length = prefix.prefix_len();
    match prefix {
        IpNet::V4(net) => {
            let size = 1u32 << (32 - length);
            let address = u32::from(net.network()).checked_add(size)?;
            Some(v4(address, length))
        }
        IpNet::V6(net) => {
            let size = 1u128 << (128 - length);
            let address = u128::from(net.network()).checked_add(size)?;
            Some(v6(address, length))
        }
    }
}

fn is_global(prefix: IpNet) -> bool {
    let IpNet::V4(net) = prefix else {
        return true;
    };
    NOT_GLOBAL.iter().all(|&(address, length)| {
        let special = Ipv4Net::new_assert(address, length);
        !special.contains(&net) && !net.contains(&special)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_space_is_not_given_out() {
        for text in ["10.1.0.0/16", "8.0.0.0/6", "100.64.0.0/24", "240.0.0.0/24"] {
            assert!(!is_global(text.parse().expect("a prefix")), "{text}");
        }
        assert!(is_global("100.128.0.0/24".parse().expect("a prefix")));
    }

    #[test]
    fn the_follower_is_the_next_block() {
        for (text, next) in [
            ("192.0.2.0/24", Some("192.0.3.0/24")),
            ("255.255.255.0/24", None),
            ("2001:db8:1::/48", Some("2001:db8:2::/48")),
        ] {
            let next = next.map(|text| text.parse().expect("a prefix"));
            assert_eq!(follower(text.parse().expect("a prefix")), next);
        }
    }

    #[test]
    fn short_prefixes_that_run_out_become_longer() {
        let mut prefixes = Prefixes::new(Family::Ipv4);
        for octet in 0..=255 {
            prefixes.taken.insert(v4(octet << 24, 8));
        }
        let mut rng = Rng::new(1);
        for _ in 0..10_000 {
            let prefix = prefixes.next(&mut rng, None);
            assert!(prefix.prefix_len() <= 24);
        }
        assert_eq!(prefixes.taken.len(), 10_256);
    }
}
