// SPDX-License-Identifier: GPL-2.0-or-later
//! Sets of AS numbers: single ones and ranges.

use super::ranges::Ranges;
use super::{MAX_ENTRIES, filled, full};
use crate::value::TextError;
use crate::value::as_path::{self, Segments};
use crate::value::asn::parse_asn;

/// AS numbers.
#[derive(Debug, Clone, Default)]
pub struct AsnSet {
    ranges: Ranges<u32>,
}

impl AsnSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// A set of words such as `65001`, `1.10` or `64512-65534`.
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
        let (low, high) = parse_range(text)?;
        if self.ranges.at_most() >= MAX_ENTRIES {
            return Err(full());
        }
        self.ranges.insert(low, high);
        Ok(())
    }

    /// Puts what was added in order, which the first lookup would do otherwise.
    pub fn finish(&mut self) {
        self.ranges.finish();
    }

    /// Is the AS number in the set?
    pub fn contains(&self, asn: u32) -> bool {
        self.ranges.contains(asn)
    }

    /// Is any AS number of the path in the set?
    pub fn contains_any(&self, path: &(impl Segments + ?Sized)) -> bool {
        as_path::contains_any(path, |asn| self.contains(asn))
    }

    /// How many AS numbers.
    pub fn len(&self) -> usize {
        self.ranges.sorted().iter().map(|(low, high)| (high - low) as usize + 1).sum()
    }

    /// No AS number?
    pub fn is_empty(&self) -> bool {
        self.ranges.at_most() == 0
    }

    /// Octets of memory.
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.ranges.memory()
    }
}

fn parse_range(text: &str) -> Result<(u32, u32), TextError> {
    let Some((low, high)) = text.split_once('-') else {
        return parse_asn(text).map(|asn| (asn, asn));
    };
    let (low, high) = (parse_asn(low)?, parse_asn(high)?);
    if low > high {
        return Err(TextError::not_a(
            text,
            "a range of AS numbers",
            "write the smaller one first, such as 64512-65534",
        ));
    }
    Ok((low, high))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::as_path::AsPath;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    #[test]
    fn single_numbers_and_ranges() {
        let mut set = AsnSet::from_texts(["65001", "64512-65000", "1.10", "4294967295"]).unwrap();
        for (asn, inside) in
            [(64_511, false), (64_512, true), (65_001, true), (65_002, false), (65_546, true), (u32::MAX, true)]
        {
            assert_eq!(set.contains(asn), inside, "{asn}");
        }
        assert_eq!(set.ranges.sorted().len(), 3, "neighbors are one range");
        assert_eq!(set.len(), 492);
        set.insert("65002 - 4294967295").unwrap();
        assert_eq!(set.ranges.sorted(), [(64_512, u32::MAX)]);
        assert!(set.contains_any(&AsPath::parse("1 {2,64512}").unwrap()));
        assert!(!set.contains_any(&AsPath::parse("1 2").unwrap()));
    }

    #[test]
    fn messages() {
        let error = |text: &str| AsnSet::from_texts([text]).unwrap_err().0;
        assert_snapshot!(error("65001-x"), @r#""x" is not an AS number: write 1-4294967295, or HIGH.LOW with 0-65535 each"#);
        assert_snapshot!(error("65001-65000"), @r#""65001-65000" is not a range of AS numbers: write the smaller one first, such as 64512-65534"#);
    }

    proptest! {
        #[test]
        fn is_what_its_words_say(ranges in prop::collection::vec((1u32..60, 0u32..9), 0..12)) {
            let set = AsnSet::from_texts(ranges.iter().map(|(low, more)| format!("{low}-{}", low + more))).unwrap();
            let inside = |asn: &u32| ranges.iter().any(|(low, more)| (*low..=low + more).contains(asn));
            let model: Vec<u32> = (0..80).filter(inside).collect();
            prop_assert_eq!((0..80).filter(|asn| set.contains(*asn)).collect::<Vec<_>>(), &model[..]);
            prop_assert_eq!(set.len(), model.len());
        }

        #[test]
        fn never_panics(text in ".*", near in "[0-9.-]*") {
            let _ = (AsnSet::from_texts([&text]), AsnSet::from_texts([&near]));
        }
    }
}
