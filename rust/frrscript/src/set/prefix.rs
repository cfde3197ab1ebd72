// SPDX-License-Identifier: GPL-2.0-or-later
//! Sets of prefixes, with the meaning of FRR's prefix lists.
//!
//! A tree of prefixes per family knows the lengths that the entries of each prefix accept. When all are there, an index over
//! the addresses is made from it, so that most questions need no walk down the tree.

use super::index::{Index, Key};
use super::lengths::{Lengths, V4, V6};
use super::{Entry, MAX_ENTRIES, filled, full, parse_entry};
use crate::value::TextError;
use crate::value::prefix::{IpNet, Ipv4Net, Ipv6Net};
use prefix_trie::{Prefix, PrefixMap};
use std::net::IpAddr;
use std::sync::OnceLock;

/// Prefixes, each with the lengths inside it that match.
#[derive(Debug, Clone, Default)]
pub struct PrefixSet {
    v4: Tree<Ipv4Net, V4>,
    v6: Tree<Ipv6Net, V6>,
}

impl PrefixSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// A set of entries in FRR's prefix-list text; see [`parse_entry`]. 100,000 take some 0.1 s.
    ///
    /// # Errors
    /// The first entry that is wrong; too many.
    pub fn from_texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, TextError> {
        filled(texts, Self::insert, |set| set.finish())
    }

    /// Adds an entry in FRR's prefix-list text. The next lookup makes the index anew.
    ///
    /// # Errors
    /// The text is wrong; the set is full.
    pub fn insert(&mut self, text: &str) -> Result<(), TextError> {
        self.insert_entry(&parse_entry(text)?)
    }

    /// Adds an entry. The next lookup makes the index anew.
    ///
    /// # Errors
    /// The set is full.
    pub fn insert_entry(&mut self, entry: &Entry) -> Result<(), TextError> {
        if self.len() >= MAX_ENTRIES {
            return Err(full());
        }
        match entry.prefix {
            IpNet::V4(prefix) => self.v4.insert(prefix, entry.min, entry.max),
            IpNet::V6(prefix) => self.v6.insert(prefix, entry.min, entry.max),
        }
        Ok(())
    }

    /// Makes the index, which the first lookup would do otherwise.
    pub fn finish(&self) {
        self.v4.index();
        self.v6.index();
    }

    /// Does any entry match the prefix, as in an FRR prefix list of `permit` entries? Host bits do not matter.
    pub fn contains(&self, prefix: &IpNet) -> bool {
        match prefix {
            IpNet::V4(prefix) => self.v4.contains(prefix),
            IpNet::V6(prefix) => self.v6.contains(prefix),
        }
    }

    /// Is the address inside any entry's prefix, whatever `ge` and `le` say (lib/plist.c: address mode)?
    pub fn contains_address(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => self.v4.covers(&address.into()),
            IpAddr::V6(address) => self.v6.covers(&address.into()),
        }
    }

    /// The longest prefix whose entry matches.
    pub fn longest_match(&self, prefix: &IpNet) -> Option<IpNet> {
        match prefix {
            IpNet::V4(prefix) => self.v4.longest_match(prefix).map(IpNet::V4),
            IpNet::V6(prefix) => self.v6.longest_match(prefix).map(IpNet::V6),
        }
    }

    /// How many prefixes; entries that differ in `ge` and `le` only are one.
    pub fn len(&self) -> usize {
        self.v4.map.len() + self.v6.map.len()
    }

    /// No entry?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Octets of memory.
    pub fn memory(&self) -> usize {
        self.v4.memory() + self.v6.memory()
    }
}

/// One family.
#[derive(Debug, Clone)]
struct Tree<P: Prefix, L> {
    /// The lengths that entries of a prefix accept.
    map: PrefixMap<P, L>,
    /// Made when all entries are there.
    index: OnceLock<Index<P::R, L>>,
}

impl<P: Prefix, L> Default for Tree<P, L> {
    fn default() -> Self {
        Tree { map: PrefixMap::new(), index: OnceLock::new() }
    }
}

impl<P: Prefix<R: Key> + Copy, L: Lengths> Tree<P, L> {
    #[inline]
    fn contains(&self, prefix: &P) -> bool {
        self.index().lengths_at(prefix.mask()).has(prefix.prefix_len())
    }

    fn covers(&self, host: &P) -> bool {
        self.index().lengths_at(host.mask()) != L::default()
    }

    fn longest_match(&self, prefix: &P) -> Option<P> {
        if !self.contains(prefix) {
            return None;
        }
        // From the longest covering prefix to shorter ones: mostly the first one matches.
        let mut around = *prefix;
        loop {
            let (found, lengths) = self.map.get_lpm(&around)?;
            if lengths.has(prefix.prefix_len()) {
                return Some(found);
            }
            around = P::from_repr_len(found.repr(), found.prefix_len().checked_sub(1)?);
        }
    }

    fn insert(&mut self, prefix: P, min: u8, max: u8) {
        self.index.take();
        let lengths = self.map.entry(prefix).or_default();
        // The index relies on it that no entry accepts a length shorter than its own.
        *lengths = lengths.or(L::range(min.max(prefix.prefix_len()), max));
    }

    #[inline]
    fn index(&self) -> &Index<P::R, L> {
        self.index.get_or_init(|| {
            let entries = self.map.iter().map(|(prefix, lengths)| (prefix.mask(), prefix.prefix_len(), *lengths));
            Index::new(entries)
        })
    }

    fn memory(&self) -> usize {
        self.map.mem_size() + self.index.get().map_or(0, Index::memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::prefix::parse_prefix;
    use proptest::prelude::*;

    fn has(set: &PrefixSet, prefix: &str) -> bool {
        set.contains(&parse_prefix(prefix).unwrap())
    }

    #[test]
    fn means_what_an_frr_prefix_list_means() {
        let set = PrefixSet::from_texts([
            "192.0.2.0/24 le 28",
            "198.51.100.0/22",
            "10.0.0.0/8 ge 16 le 24",
            "2001:db8::/32 ge 48",
        ])
        .unwrap();
        for (prefix, inside) in [
            ("192.0.2.0/24", true),
            ("192.0.2.16/28", true),
            ("192.0.2.16/29", false),
            ("192.0.0.0/16", false),
            ("198.51.100.0/22", true),
            ("198.51.100.0/24", false),
            ("10.0.0.0/8", false),
            ("10.1.0.0/16", true),
            ("10.1.1.77/24", true),
            ("10.1.1.0/25", false),
            ("2001:db8::/48", true),
            ("2001:db8::/47", false),
            ("::/0", false),
        ] {
            assert_eq!(has(&set, prefix), inside, "{prefix}");
        }
        assert!(set.contains_address("10.255.0.1".parse().unwrap()), "ge and le do not count");
        assert!(!set.contains_address("11.0.0.1".parse().unwrap()));
        assert_eq!(set.len(), 4);
    }

    #[test]
    fn default_routes() {
        let all = PrefixSet::from_texts(["0.0.0.0/0 le 32", "::/0 le 128"]).unwrap();
        let only = PrefixSet::from_texts(["0.0.0.0/0", "::/0"]).unwrap();
        for prefix in ["0.0.0.0/0", "::/0"] {
            assert!(has(&all, prefix) && has(&only, prefix));
        }
        for prefix in ["192.0.2.1/32", "2001:db8::1/128", "128.0.0.0/1"] {
            assert!(has(&all, prefix) && !has(&only, prefix));
        }
    }

    #[test]
    fn entries_of_one_prefix_add_up() {
        let mut set = PrefixSet::from_texts(["10.0.0.0/8 ge 9 le 10", "10.0.0.0/8 ge 20 le 21"]).unwrap();
        assert!(has(&set, "10.0.0.0/9") && has(&set, "10.0.0.0/21"));
        assert!(!has(&set, "10.0.0.0/15"));
        assert_eq!(set.len(), 1);
        set.insert("10.0.0.0/15").unwrap();
        assert!(has(&set, "10.0.0.0/15") && has(&set, "10.0.0.0/20"), "the covering entry still counts");
        let net = parse_prefix("10.0.0.0/20").unwrap();
        assert_eq!(set.longest_match(&net).unwrap().to_string(), "10.0.0.0/8");
    }

    fn near() -> impl Strategy<Value = IpNet> {
        (any::<bool>(), 0u128..16, 0u8..=6, any::<bool>()).prop_map(|(v6, bits, length, deep)| {
            let (address, width): (IpAddr, u8) = match v6 {
                true => (IpAddr::V6((bits << 124).into()), 128),
                false => (IpAddr::V4(((bits as u32) << 28).into()), 32),
            };
            // Few prefixes, so that they cover each other; some at the far end of the lengths.
            let length = if deep { width - length } else { length };
            IpNet::new(address, length).unwrap().trunc()
        })
    }

    fn entry() -> impl Strategy<Value = Entry> {
        (near(), 0u8..=128, 0u8..=128).prop_map(|(prefix, a, b)| {
            let range = prefix.prefix_len()..=prefix.max_prefix_len();
            let (a, b) = (a.clamp(*range.start(), *range.end()), b.clamp(*range.start(), *range.end()));
            Entry { prefix, min: a.min(b), max: a.max(b) }
        })
    }

    fn text(entry: &Entry) -> String {
        format!("{} ge {} le {}", entry.prefix, entry.min, entry.max)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]
        #[test]
        fn is_what_a_scan_of_the_entries_says(
            first in prop::collection::vec(entry(), 0..12),
            more in prop::collection::vec(entry(), 0..4),
            asked in prop::collection::vec(near(), 1..40),
        ) {
            let mut set = PrefixSet::from_texts(first.iter().map(text)).unwrap();
            for entry in &more {
                set.insert_entry(entry).unwrap();
            }
            let all: Vec<Entry> = first.into_iter().chain(more).collect();
            for prefix in asked {
                let matching = all.iter().filter(|entry| entry.matches(&prefix));
                let longest = matching.map(|entry| entry.prefix).max_by_key(IpNet::prefix_len);
                prop_assert_eq!(set.contains(&prefix), longest.is_some(), "{}", prefix);
                prop_assert_eq!(set.longest_match(&prefix), longest, "{}", prefix);
                let address = prefix.addr();
                let covered = all.iter().any(|entry| entry.prefix.contains(&address));
                prop_assert_eq!(set.contains_address(address), covered, "{}", address);
            }
        }
    }
}
