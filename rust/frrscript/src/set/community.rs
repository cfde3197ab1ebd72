// SPDX-License-Identifier: GPL-2.0-or-later
//! Sets of communities: exact ones, ranges at the end (`65001:100-199`) and `*` for any part.

use super::ranges::{Number, Ranges};
use super::{MAX_ENTRIES, full};
use crate::value::TextError;
use crate::value::community::{self, Community};
use crate::value::items::{self, decimal};
use crate::value::large::LargeCommunity;

/// Entries with a `*` before a number: each is looked at in turn.
const MAX_MASKED: usize = 1_000;

/// A set of standard communities.
#[derive(Debug, Clone, Default)]
pub struct CommunitySet(Members<u32>);

impl CommunitySet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// A set of words such as `65001:100`, `no-export`, `65001:*`, `65001:100-199` or `*:666`.
    ///
    /// # Errors
    /// The first word that is wrong; too many.
    pub fn from_texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, TextError> {
        Members::from_texts(texts, Self::parse).map(CommunitySet)
    }

    /// Adds one word. The next lookup sorts anew.
    ///
    /// # Errors
    /// The word is wrong; the set is full.
    pub fn insert(&mut self, text: &str) -> Result<(), TextError> {
        self.0.insert(Self::parse(text)?)
    }

    /// Puts what was added in order, which the first lookup would do otherwise.
    pub fn finish(&mut self) {
        self.0.ranges.finish();
    }

    fn parse(text: &str) -> Result<Member<u32>, TextError> {
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

    /// Is the community (host order) in the set?
    pub fn contains(&self, community: u32) -> bool {
        self.0.contains(community)
    }

    /// Is any community of FRR's `octets` in the set?
    pub fn intersects(&self, octets: &[u8]) -> bool {
        items::items::<Community>(octets).any(|one| self.contains(one.into()))
    }

    /// How many entries; those that touch are one.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// No entry?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Octets of memory.
    pub fn memory(&self) -> usize {
        self.0.memory()
    }
}

/// A set of large communities.
#[derive(Debug, Clone, Default)]
pub struct LargeCommunitySet(Members<u128>);

impl LargeCommunitySet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// A set of words such as `65001:1:2`, `65001:1:*`, `65001:*:*`, `65001:1:100-199` or `65001:*:2`.
    ///
    /// # Errors
    /// The first word that is wrong; too many.
    pub fn from_texts<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, TextError> {
        Members::from_texts(texts, Self::parse).map(LargeCommunitySet)
    }

    /// Adds one word. The next lookup sorts anew.
    ///
    /// # Errors
    /// The word is wrong; the set is full.
    pub fn insert(&mut self, text: &str) -> Result<(), TextError> {
        self.0.insert(Self::parse(text)?)
    }

    /// Puts what was added in order, which the first lookup would do otherwise.
    pub fn finish(&mut self) {
        self.0.ranges.finish();
    }

    fn parse(text: &str) -> Result<Member<u128>, TextError> {
        member::<3>(text, 32).ok_or_else(|| {
            TextError::not_a(
                text,
                "a large community or a group of them",
                "write 65001:1:2, 65001:1:*, 65001:1:100-199 or 65001:*:2",
            )
        })
    }

    /// Is the large community in the set?
    pub fn contains(&self, community: &LargeCommunity) -> bool {
        let parts = community.parts();
        self.0.contains(join(parts.map(u128::from), 32))
    }

    /// Is any large community of FRR's `octets` in the set?
    pub fn intersects(&self, octets: &[u8]) -> bool {
        items::items::<LargeCommunity>(octets).any(|one| self.contains(&one))
    }

    /// How many entries; those that touch are one.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// No entry?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Octets of memory.
    pub fn memory(&self) -> usize {
        self.0.memory()
    }
}

/// One entry.
#[derive(Debug, Clone, Copy)]
enum Member<N> {
    /// Neighbors, both ends inside.
    Range(N, N),
    /// Those whose bits under the mask are the value.
    Masked { mask: N, value: N },
}

impl<N> Member<N> {
    fn map<M>(self, number: impl Fn(N) -> Option<M>) -> Option<Member<M>> {
        Some(match self {
            Member::Range(low, high) => Member::Range(number(low)?, number(high)?),
            Member::Masked { mask, value } => Member::Masked { mask: number(mask)?, value: number(value)? },
        })
    }
}

#[derive(Debug, Clone)]
struct Members<N> {
    ranges: Ranges<N>,
    masked: Vec<(N, N)>,
}

impl<N> Default for Members<N> {
    fn default() -> Self {
        Members { ranges: Ranges::default(), masked: Vec::new() }
    }
}

impl<N: Number + std::ops::BitAnd<Output = N>> Members<N> {
    fn from_texts<T: AsRef<str>>(
        texts: impl IntoIterator<Item = T>,
        parse: impl Fn(&str) -> Result<Member<N>, TextError>,
    ) -> Result<Self, TextError> {
        let mut members = Self::default();
        for text in texts {
            members.insert(parse(text.as_ref())?)?;
        }
        members.ranges.finish();
        Ok(members)
    }

    fn insert(&mut self, member: Member<N>) -> Result<(), TextError> {
        match member {
            Member::Range(low, high) if self.ranges.at_most() < MAX_ENTRIES => {
                self.ranges.insert(low, high);
            }
            Member::Range(..) => return Err(full()),
            Member::Masked { mask, value } if self.masked.len() < MAX_MASKED => {
                self.masked.push((mask, value));
            }
            Member::Masked { .. } => {
                return Err(TextError(format!("too many entries with * before a number: at most {MAX_MASKED}")));
            }
        }
        Ok(())
    }

    fn contains(&self, number: N) -> bool {
        self.ranges.contains(number) || self.masked.iter().any(|(mask, value)| number & *mask == *value)
    }

    fn len(&self) -> usize {
        self.ranges.sorted().len() + self.masked.len()
    }

    fn memory(&self) -> usize {
        size_of::<Self>() + self.ranges.memory() + self.masked.capacity() * size_of::<(N, N)>()
    }
}

/// Reads `PARTS` parts of `bits` bits each, with `:` between: a number, `*`, or a range in the last part that is not `*`.
fn member<const PARTS: usize>(text: &str, bits: u32) -> Option<Member<u128>> {
    let most = (1u128 << bits) - 1;
    let (mut low, mut high, mut mask) = ([0; PARTS], [most; PARTS], [0; PARTS]);
    let mut words = text.trim_ascii().split(':');
    for part in 0..PARTS {
        let word = words.next()?;
        if word == "*" {
            continue;
        }
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        (low[part], high[part]) = (decimal(first)?.into(), decimal(last)?.into());
        if low[part] > high[part] || high[part] > most {
            return None;
        }
        if low[part] == high[part] {
            mask[part] = most;
        }
    }
    if words.next().is_some() {
        return None;
    }
    let is_open = |part: usize| low[part] == 0 && high[part] == most;
    let first_loose = (0..PARTS).find(|part| mask[*part] == 0).unwrap_or(PARTS);
    if (first_loose + 1..PARTS).all(is_open) {
        return Some(Member::Range(join(low, bits), join(high, bits)));
    }
    // A number stands behind a loose part: no part may be a range then.
    let no_range = (0..PARTS).all(|part| mask[part] != 0 || is_open(part));
    no_range.then(|| Member::Masked { mask: join(mask, bits), value: join(low, bits) })
}

fn join<const PARTS: usize>(parts: [u128; PARTS], bits: u32) -> u128 {
    parts.iter().fold(0, |joined, part| joined << bits | part)
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
