// SPDX-License-Identifier: GPL-2.0-or-later
//! Standard communities (RFC 1997): 4 octets, `AS:VALUE` or a well-known name.
//!
//! Names and text are FRR's (bgpd/bgp_community.c: `set_community_string`, `community_gettoken`).

use super::TextError;
use super::items::{self, Item, ItemList};
use super::text::push_decimal;

/// One community, in network order as FRR holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Community([u8; 4]);

/// The communities of a route.
pub type CommunityList = ItemList<Community>;

/// FRR's names, by value (IANA's registry of well-known communities).
const WELL_KNOWN: [(u32, &str); 14] = [
    (0xFFFF_0000, "graceful-shutdown"),
    (0xFFFF_0001, "accept-own"),
    (0xFFFF_0002, "route-filter-translated-v4"),
    (0xFFFF_0003, "route-filter-v4"),
    (0xFFFF_0004, "route-filter-translated-v6"),
    (0xFFFF_0005, "route-filter-v6"),
    (0xFFFF_0006, "llgr-stale"),
    (0xFFFF_0007, "no-llgr"),
    (0xFFFF_0008, "accept-own-nexthop"),
    (0xFFFF_029A, "blackhole"),
    (0xFFFF_FF01, "no-export"),
    (0xFFFF_FF02, "no-advertise"),
    (0xFFFF_FF03, "local-AS"),
    (0xFFFF_FF04, "no-peer"),
];

impl From<u32> for Community {
    fn from(value: u32) -> Self {
        Community(value.to_be_bytes())
    }
}

impl From<Community> for u32 {
    fn from(community: Community) -> Self {
        u32::from_be_bytes(community.0)
    }
}

impl Item for Community {
    const SIZE: usize = 4;
    const NOUN: &'static str = "communities";

    fn from_octets(octets: &[u8]) -> Option<Self> {
        octets.first_chunk().copied().map(Community)
    }

    fn octets(&self) -> &[u8] {
        &self.0
    }

    fn read(text: &str) -> Result<(Self, &str), TextError> {
        let (word, rest) = items::word(text);
        Ok((parse_one(word)?.into(), rest))
    }

    fn write(&self, out: &mut String) {
        let value = u32::from(*self);
        match WELL_KNOWN.binary_search_by_key(&value, |known| known.0) {
            Ok(at) => out.push_str(WELL_KNOWN[at].1),
            Err(_) => {
                push_decimal(out, value >> 16);
                out.push(':');
                push_decimal(out, value & 0xFFFF);
            }
        }
    }
}

/// Reads `65001:100` or `no-export` into the value in host order. Runs per route: allocates only for an error.
///
/// # Errors
/// Anything else, also a bare number, as in FRR.
pub fn parse_one(text: &str) -> Result<u32, TextError> {
    let word = text.trim_ascii();
    digits(word.as_bytes()).or_else(|| WELL_KNOWN.iter().find(|known| known.1 == word).map(|known| known.0)).ok_or_else(
        || {
            TextError::not_a(
                text,
                "a community",
                "write AS:VALUE (0-65535 each) or a well-known name such as no-export",
            )
        },
    )
}

/// `AS:VALUE`.
fn digits(word: &[u8]) -> Option<u32> {
    let (mut high, mut low, mut count) = (None, 0u32, 0);
    for byte in word {
        match byte {
            b'0'..=b'9' => {
                low = low * 10 + u32::from(byte - b'0');
                count += 1;
                if low > 0xFFFF {
                    return None;
                }
            }
            b':' if high.is_none() && count > 0 => {
                high = Some(low);
                (low, count) = (0, 0);
            }
            _ => return None,
        }
    }
    (count > 0).then_some(high? << 16 | low)
}

/// Reads a list of words; see [`ItemList::parse`].
///
/// # Errors
/// The first word that is not a community; too many.
pub fn parse_list(text: &str) -> Result<CommunityList, TextError> {
    CommunityList::parse(text)
}

/// Appends FRR's text of the list in `octets`.
pub fn format(octets: &[u8], out: &mut String) {
    items::format::<Community>(octets, out);
}

/// Is the community (host order) in FRR's `octets`?
pub fn has(octets: &[u8], community: u32) -> bool {
    items::has(octets, &Community::from(community))
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    fn text(list: &[u32]) -> String {
        let octets: Vec<u8> = list.iter().flat_map(|c| c.to_be_bytes()).collect();
        let mut out = String::new();
        format(&octets, &mut out);
        out
    }

    #[test]
    fn known_names_are_in_order_and_read_back() {
        assert!(WELL_KNOWN.is_sorted_by_key(|known| known.0));
        for (value, name) in WELL_KNOWN {
            assert_eq!(parse_one(name), Ok(value));
            assert_eq!(text(&[value]), name);
        }
    }

    #[test]
    fn text_is_frrs() {
        assert_eq!(text(&[]), "");
        assert_eq!(text(&[65_001 << 16 | 100, 666, 0xFFFF_FF01]), "65001:100 0:666 no-export");
    }

    #[test]
    fn list_is_sorted_and_unique_as_frrs() {
        let list = parse_list(" no-export 65001:2\t65001:1 65001:2\n").unwrap();
        assert_eq!(list.to_string(), "65001:1 65001:2 no-export");
        assert_eq!(list.as_octets().len(), 12);
        assert!(has(list.as_octets(), 0xFFFF_FF01));
        assert!(!has(list.as_octets(), 1));
        assert!(parse_list("").unwrap().is_empty());
    }

    #[test]
    fn add_and_remove() {
        let mut list = CommunityList::new();
        assert_eq!(list.add(5), Ok(true));
        assert_eq!(list.add(3), Ok(true));
        assert_eq!(list.add(5), Ok(false));
        assert_eq!(list.to_string(), "0:3 0:5");
        assert!(list.remove(3) && !list.remove(3));
        assert_eq!(list.remove_if(|c| u32::from(*c) == 5), 1);
        assert!(list.is_empty());
    }

    #[test]
    fn messages() {
        let error = |text: &str| parse_list(text).unwrap_err().0;
        assert_snapshot!(error("65535:x"), @r#""65535:x" is not a community: write AS:VALUE (0-65535 each) or a well-known name such as no-export"#);
        assert_snapshot!(error("65001:1 65536:1"), @r#""65536:1" is not a community: write AS:VALUE (0-65535 each) or a well-known name such as no-export"#);
        assert_snapshot!(error("100"), @r#""100" is not a community: write AS:VALUE (0-65535 each) or a well-known name such as no-export"#);
        assert_snapshot!(error(&"1:1 ".repeat(100_000)), @"too many: a route carries at most 1000 communities");
        let mut full: CommunityList = (0..1000).map(Community::from).collect::<Vec<_>>().into();
        assert_snapshot!(full.add(1000).unwrap_err(), @"too many: a route carries at most 1000 communities");
        assert_eq!(full.add(999), Ok(false));
        assert_snapshot!(items::parse::<Community>("1:1 2:2").unwrap_err(), @r#""1:1 2:2" are several communities: write one"#);
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*") {
            let _ = parse_one(&text);
            let _ = parse_list(&text);
        }

        #[test]
        fn reads_what_it_writes(mut list: Vec<u32>) {
            list.truncate(items::MAX_OCTETS / 4);
            let list = CommunityList::from(list.into_iter().map(Community::from).collect::<Vec<_>>());
            prop_assert_eq!(parse_list(&list.to_string()), Ok(list));
        }

        #[test]
        fn half_an_item_is_left_out(octets: Vec<u8>) {
            let list = CommunityList::from_octets(&octets);
            prop_assert!(list.len() <= octets.len() / 4);
            format(&octets, &mut String::new());
        }
    }
}
