// SPDX-License-Identifier: GPL-2.0-or-later
//! Sets of communities: exact ones, ranges at the end (`65001:100-199`) and `*` for any part.

use super::group::{Member, join, member};
use super::ranges::{Number, Ranges};
use super::{MAX_ENTRIES, filled, full};
use crate::value::TextError;
use crate::value::community::{self, Community};
use crate::value::items::{self, Item};
use crate::value::large::LargeCommunity;
use std::ops::BitAnd;

/// Entries with a `*` before a number: each is looked at in turn.
const MAX_MASKED: usize = 1_000;

/// A kind of community that sets are made of.
pub trait Group: Item {
    /// The community as one number.
    type Number: Number + BitAnd<Output = Self::Number>;
    /// The number of this community.
    fn number(self) -> Self::Number;
    /// Reads one community or a group of them.
    ///
    /// # Errors
    /// The word is neither.
    fn group(text: &str) -> Result<Member<Self::Number>, TextError>;
}

impl Group for Community {
    type Number = u32;

    fn number(self) -> u32 {
        self.into()
    }

    fn group(text: &str) -> Result<Member<u32>, TextError> {
        if let Ok(one) = community::parse_one(text) {
            return Ok(Member::Range(one, one));
        }
        member::<2>(text, 16).and_then(|member| member.map(|wide| u32::try_from(wide).ok())).ok_or_else(|| {
            TextError::not_a(
                text,
                "a community or a group of them",
                "write 65001:100, no-export, 65001:*, 65001:100-199 or *:666",
            )
        })
    }
}

impl Group for LargeCommunity {
    type Number = u128;

    fn number(self) -> u128 {
        join(self.parts().map(u128::from), 32)
    }

    fn group(text: &str) -> Result<Member<u128>, TextError> {
        member::<3>(text, 32).ok_or_else(|| {
            TextError::not_a(
                text,
                "a large community or a group of them",
                "write 65001:1:2, 65001:1:*, 65001:1:100-199 or 65001:*:2",
            )
        })
    }
}

/// A set of standard communities: `65001:100`, `no-export`, `65001:*`, `65001:100-199`, `*:666`.
pub type CommunitySet = Communities<Community>;

/// A set of large communities: `65001:1:2`, `65001:1:*`, `65001:*:*`, `65001:1:100-199`, `65001:*:2`.
pub type LargeCommunitySet = Communities<LargeCommunity>;

/// A set of communities of one kind.
#[derive(Debug, Clone)]
pub struct Communities<G: Group> {
    ranges: Ranges<G::Number>,
    /// Mask and value.
    masked: Vec<(G::Number, G::Number)>,
}

impl<G: Group> Default for Communities<G> {
    fn default() -> Self {
        Communities { ranges: Ranges::default(), masked: Vec::new() }
    }
}

impl<G: Group> Communities<G> {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// A set of words.
    ///
    /// # Errors
    /// The first word that is wrong; too many.
    pub fn from_texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, TextError> {
        filled(texts, Self::insert, |set| set.finish())
    }

    /// Adds one word. The next lookup sorts anew.
    ///
    /// # Errors
    /// The word is wrong; the set is full.
    pub fn insert(&mut self, text: &str) -> Result<(), TextError> {
        match G::group(text)? {
            Member::Range(low, high) if self.ranges.at_most() < MAX_ENTRIES => self.ranges.insert(low, high),
            Member::Range(..) => return Err(full()),
            Member::Masked { mask, value } if self.masked.len() < MAX_MASKED => self.masked.push((mask, value)),
            Member::Masked { .. } => {
                return Err(TextError(format!("too many entries with * before a number: at most {MAX_MASKED}")));
            }
        }
        Ok(())
    }

    /// Puts what was added in order, which the first lookup would do otherwise.
    pub fn finish(&mut self) {
        self.ranges.finish();
    }

    fn has(&self, number: G::Number) -> bool {
        self.ranges.contains(number) || self.masked.iter().any(|(mask, value)| number & *mask == *value)
    }

    /// Is any community of FRR's `octets` in the set?
    pub fn intersects(&self, octets: &[u8]) -> bool {
        items::items::<G>(octets).any(|one| self.has(one.number()))
    }

    /// How many entries; those that touch are one.
    pub fn len(&self) -> usize {
        self.ranges.sorted().len() + self.masked.len()
    }

    /// No entry?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Octets of memory.
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.ranges.memory() + self.masked.capacity() * size_of::<(G::Number, G::Number)>()
    }
}

impl CommunitySet {
    /// Is the community (host order) in the set?
    pub fn contains(&self, community: u32) -> bool {
        self.has(community)
    }
}

impl LargeCommunitySet {
    /// Is the large community in the set?
    pub fn contains(&self, community: &LargeCommunity) -> bool {
        self.has(community.number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    #[test]
    fn exact_ranges_and_stars() {
        let set = CommunitySet::from_texts(["65001:100", "no-export", "65002:*", "65003:100-199", "*:666"]).unwrap();
        for (text, inside) in [
            ("65001:100", true),
            ("65001:101", false),
            ("no-export", true),
            ("65002:0", true),
            ("65002:65535", true),
            ("65003:99", false),
            ("65003:199", true),
            ("1:666", true),
        ] {
            assert_eq!(set.contains(community::parse_one(text).unwrap()), inside, "{text}");
        }
        let route = community::parse_list("1:1 7:666").unwrap();
        assert!(set.intersects(route.as_octets()));
        assert!(!set.intersects(community::parse_list("1:1").unwrap().as_octets()));
        assert_eq!(set.len(), 5);
        let mut all = CommunitySet::new();
        all.insert("*:*").unwrap();
        assert!(all.contains(0) && all.contains(u32::MAX));
    }

    #[test]
    fn large() {
        let set = LargeCommunitySet::from_texts(["65001:1:2", "65002:*:*", "65003:1:5-9", "65004:*:7"]).unwrap();
        for (parts, inside) in [
            ([65_001, 1, 2], true),
            ([65_001, 1, 3], false),
            ([65_002, u32::MAX, 0], true),
            ([65_003, 1, 9], true),
            ([65_003, 2, 9], false),
            ([65_004, 9, 7], true),
            ([65_004, 7, 9], false),
        ] {
            let [a, b, c] = parts;
            assert_eq!(set.contains(&LargeCommunity::new(a, b, c)), inside, "{parts:?}");
        }
        assert!(!set.is_empty() && set.memory() > 0);
    }

    #[test]
    fn messages() {
        let error = |text: &str| CommunitySet::from_texts([text]).unwrap_err().0;
        assert_snapshot!(error("65001:x"), @r#""65001:x" is not a community or a group of them: write 65001:100, no-export, 65001:*, 65001:100-199 or *:666"#);
        assert_snapshot!(error("1-5:7"), @r#""1-5:7" is not a community or a group of them: write 65001:100, no-export, 65001:*, 65001:100-199 or *:666"#);
        for text in ["", "*", "1:2:3", "1:65536", "1:9-2", "1:-2", "65536:*"] {
            assert!(CommunitySet::from_texts([text]).is_err(), "{text}");
        }
        assert_snapshot!(LargeCommunitySet::from_texts(["1:2"]).unwrap_err(), @r#""1:2" is not a large community or a group of them: write 65001:1:2, 65001:1:*, 65001:1:100-199 or 65001:*:2"#);
        let many = (0..1_001).map(|n| format!("*:{n}"));
        assert_snapshot!(CommunitySet::from_texts(many).unwrap_err(), @"too many entries with * before a number: at most 1000");
    }

    /// A part of an entry, and whether a number is in it.
    fn part() -> impl Strategy<Value = (Option<(u32, u32)>, String)> {
        prop_oneof![
            Just((None, "*".into())),
            (0u32..5).prop_map(|n| (Some((n, n)), n.to_string())),
            (0u32..5, 1u32..3).prop_map(|(low, more)| (Some((low, low + more)), format!("{low}-{}", low + more))),
        ]
    }

    proptest! {
        #[test]
        fn a_member_is_what_its_parts_say(a in part(), b in part(), c in part()) {
            let parts = [&a, &b, &c];
            let text = parts.map(|part| part.1.as_str()).join(":");
            if let Ok(set) = LargeCommunitySet::from_texts([&text]) {
                for n in 0..512u32 {
                    let numbers = [n >> 6, n >> 3 & 7, n & 7];
                    let model = parts.iter().zip(numbers).all(|(part, n)| part.0.is_none_or(|(low, high)| (low..=high).contains(&n)));
                    prop_assert_eq!(set.contains(&LargeCommunity::new(numbers[0], numbers[1], numbers[2])), model, "{} {:?}", text, numbers);
                }
            }
        }

        #[test]
        fn never_panics(text in ".*", near in "[0-9:*-]*") {
            let _ = (CommunitySet::from_texts([&text]), CommunitySet::from_texts([&near]));
            let _ = (LargeCommunitySet::from_texts([&text]), LargeCommunitySet::from_texts([&near]));
        }
    }
}
