// SPDX-License-Identifier: GPL-2.0-or-later
//! What the peer announced to us.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ipnet::IpNet;

use crate::wire::{Attributes, Family, Update};

/// The peer's routes and how they came.
#[derive(Debug, Clone, Default)]
pub struct Received {
    /// UPDATEs, End-of-RIB not counted.
    pub updates: u64,
    /// Prefixes in announcements, each time they came.
    pub announced: u64,
    /// Prefixes in withdrawals, each time they came.
    pub withdrawn: u64,
    /// Families whose End-of-RIB came.
    pub end_of_rib: HashSet<Family>,
    /// Routes that are announced and not withdrawn.
    pub routes: HashMap<IpNet, Arc<Attributes>>,
}

impl Received {
    /// Takes one UPDATE into account; its withdrawals come first (RFC 4271 section 4.3).
    pub fn update(&mut self, update: Update) {
        if let Some(family) = update.end_of_rib {
            self.end_of_rib.insert(family);
            return;
        }
        self.updates += 1;
        self.withdrawn += update.withdrawn.len() as u64;
        self.announced += update.announced.len() as u64;
        for prefix in update.withdrawn {
            self.routes.remove(&prefix);
        }
        let attributes = Arc::new(update.attributes);
        for prefix in update.announced {
            self.routes.insert(prefix, attributes.clone());
        }
    }

    /// Routes of one family.
    #[must_use]
    pub fn count(&self, family: Family) -> usize {
        let of_family = |prefix: &&IpNet| matches!(prefix, IpNet::V4(_)) == (family == Family::Ipv4);
        self.routes.keys().filter(of_family).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefixes(texts: &[&str]) -> Vec<IpNet> {
        let parse = |text: &&str| text.parse().expect("a prefix");
        texts.iter().map(parse).collect()
    }

    #[test]
    fn a_withdrawn_route_is_gone_and_a_new_one_replaces() {
        let mut received = Received::default();
        received.update(Update {
            announced: prefixes(&["192.0.2.0/24", "198.51.100.0/24", "2001:db8::/32"]),
            ..Update::default()
        });
        received.update(Update {
            withdrawn: prefixes(&["192.0.2.0/24"]),
            announced: prefixes(&["198.51.100.0/24"]),
            attributes: Attributes { med: Some(7), ..Attributes::default() },
            ..Update::default()
        });
        received.update(Update { end_of_rib: Some(Family::Ipv4), ..Update::default() });
        let counts = (received.updates, received.announced, received.withdrawn);
        assert_eq!(counts, (2, 4, 1));
        assert_eq!(received.count(Family::Ipv4), 1);
        assert_eq!(received.count(Family::Ipv6), 1);
        assert_eq!(received.routes[&prefixes(&["198.51.100.0/24"])[0]].med, Some(7));
        assert!(received.end_of_rib.contains(&Family::Ipv4));
    }
}
