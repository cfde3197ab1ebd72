// SPDX-License-Identifier: GPL-2.0-or-later
//! Large communities (RFC 8092): 12 octets, `GLOBAL:LOCAL1:LOCAL2` of 32 bits each.
//!
//! Text is FRR's (bgpd/bgp_lcommunity.c: `set_lcommunity_string`, bgp_clist.c: `lcommunity_list_valid`).

use super::TextError;
use super::items::{self, Item, ItemList};
use super::text::push_decimal;

/// One large community, in network order as FRR holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LargeCommunity([u8; 12]);

/// The large communities of a route.
pub type LargeCommunityList = ItemList<LargeCommunity>;

impl LargeCommunity {
    /// `global:local1:local2`.
    pub fn new(global: u32, local1: u32, local2: u32) -> Self {
        let mut octets = [0; 12];
        for (four, part) in octets.chunks_exact_mut(4).zip([global, local1, local2]) {
            four.copy_from_slice(&part.to_be_bytes());
        }
        LargeCommunity(octets)
    }

    /// Global administrator (an AS number), local data 1 and 2 (RFC 8092 section 3).
    pub fn parts(&self) -> [u32; 3] {
        let [a, b, c, d, e, f, g, h, i, j, k, l] = self.0;
        [[a, b, c, d], [e, f, g, h], [i, j, k, l]].map(u32::from_be_bytes)
    }
}

impl Item for LargeCommunity {
    const SIZE: usize = 12;
    const NOUN: &'static str = "large communities";

    fn from_octets(octets: &[u8]) -> Option<Self> {
        octets.first_chunk().copied().map(LargeCommunity)
    }

    fn octets(&self) -> &[u8] {
        &self.0
    }

    fn read(text: &str) -> Result<(Self, &str), TextError> {
        let (word, rest) = items::word(text);
        Ok((parse_one(word)?, rest))
    }

    fn write(&self, out: &mut String) {
        let [global, local1, local2] = self.parts();
        push_decimal(out, global);
        for local in [local1, local2] {
            out.push(':');
            push_decimal(out, local);
        }
    }
}

/// Reads `65001:1:2`.
///
/// # Errors
/// Anything else.
pub fn parse_one(text: &str) -> Result<LargeCommunity, TextError> {
    let mut parts = text.trim_ascii().split(':').map(items::decimal);
    match [parts.next(), parts.next(), parts.next(), parts.next()] {
        [Some(Some(global)), Some(Some(local1)), Some(Some(local2)), None] => {
            Ok(LargeCommunity::new(global, local1, local2))
        }
        _ => Err(TextError::not_a(
            text,
            "a large community",
            "write GLOBAL:LOCAL1:LOCAL2 (0-4294967295 each), such as 65001:1:2",
        )),
    }
}

/// Reads a list of words; see [`ItemList::parse`].
///
/// # Errors
/// The first word that is not a large community; too many.
pub fn parse_list(text: &str) -> Result<LargeCommunityList, TextError> {
    LargeCommunityList::parse(text)
}

/// Appends FRR's text of the list in `octets`.
pub fn format(octets: &[u8], out: &mut String) {
    items::format::<LargeCommunity>(octets, out);
}

/// Is the large community in FRR's `octets`?
pub fn has(octets: &[u8], community: &LargeCommunity) -> bool {
    items::has(octets, community)
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    #[test]
    fn text_is_frrs() {
        let list = parse_list("4294967295:0:1 65001:2:3 65001:2:3").unwrap();
        assert_eq!(list.to_string(), "65001:2:3 4294967295:0:1");
        assert_eq!(list.as_octets().len(), 24);
        assert!(has(list.as_octets(), &LargeCommunity::new(65_001, 2, 3)));
        assert_eq!(LargeCommunity::new(1, 2, 3).parts(), [1, 2, 3]);
    }

    #[test]
    fn messages() {
        let error = |text: &str| parse_list(text).unwrap_err().0;
        assert_snapshot!(error("65001:1"), @r#""65001:1" is not a large community: write GLOBAL:LOCAL1:LOCAL2 (0-4294967295 each), such as 65001:1:2"#);
        assert_snapshot!(error("1:2:3 1:2:4294967296"), @r#""1:2:4294967296" is not a large community: write GLOBAL:LOCAL1:LOCAL2 (0-4294967295 each), such as 65001:1:2"#);
        let many: String = (0..400).map(|n| format!("1:1:{n} ")).collect();
        assert_snapshot!(error(&many), @"too many: a route carries at most 333 large communities");
        for text in ["1:2:3:4", "1::3", ":1:2:3", "-1:2:3", "+1:2:3", "1:2:3x", "::", "1:2:0000000000000000000000001x"]
        {
            assert!(parse_one(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*", near in "[0-9: ]*") {
            let _ = parse_list(&text);
            let _ = parse_list(&near);
        }

        #[test]
        fn reads_what_it_writes(parts in prop::collection::vec(any::<(u32, u32, u32)>(), 0..300)) {
            let list = LargeCommunityList::from(
                parts.into_iter().map(|(a, b, c)| LargeCommunity::new(a, b, c)).collect::<Vec<_>>());
            prop_assert_eq!(parse_list(&list.to_string()), Ok(list));
        }
    }
}
