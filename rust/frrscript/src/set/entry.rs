// SPDX-License-Identifier: GPL-2.0-or-later
//! One entry of a prefix set: FRR's prefix-list text (lib/filter_cli.c) without its sequence number and action.

use crate::value::TextError;
use crate::value::prefix::{IpNet, parse_prefix, read_length};

const EXPECTED: &str = "write PREFIX, PREFIX le N, PREFIX ge N or PREFIX ge N le N, such as 192.0.2.0/24 le 28";

/// A prefix and the lengths of the prefixes inside it that match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The covering prefix, without host bits.
    pub prefix: IpNet,
    /// Shortest length that matches: not less than the prefix's own.
    pub min: u8,
    /// Longest length that matches.
    pub max: u8,
}

impl Entry {
    /// Only the prefix itself.
    pub fn exact(prefix: IpNet) -> Self {
        Entry { prefix: prefix.trunc(), min: prefix.prefix_len(), max: prefix.prefix_len() }
    }

    /// Does the prefix match (lib/plist.c: `prefix_list_entry_match`)?
    pub fn matches(&self, prefix: &IpNet) -> bool {
        (self.min..=self.max).contains(&prefix.prefix_len()) && self.prefix.contains(prefix)
    }
}

/// Reads `192.0.2.0/24`, `10.0.0.0/8 ge 16 le 24`, `2001:db8::/32 le 48`. Host bits of the prefix are dropped.
///
/// As in FRR, `ge` alone has no upper end, `le` alone starts at the prefix's own length, and a 0 says nothing; the order must
/// be prefix length <= ge <= le (lib/filter_nb.c: `prefix_list_length_validate`).
///
/// # Errors
/// Anything else.
pub fn parse_entry(text: &str) -> Result<Entry, TextError> {
    let mut words = text.split_ascii_whitespace();
    let first = words.next().unwrap_or_default();
    if first == "any" {
        return Err(TextError("\"any\" has no family: write 0.0.0.0/0 le 32 or ::/0 le 128".into()));
    }
    let prefix = parse_prefix(first)?.trunc();
    let longest = prefix.max_prefix_len();
    let (mut ge, mut le) = (None, None);
    while let Some(word) = words.next() {
        let bound = match word {
            "ge" => &mut ge,
            "le" => &mut le,
            _ => return Err(TextError::not_a(text, "a prefix-list entry", EXPECTED)),
        };
        let length = words.next().and_then(|digits| read_length(digits, longest));
        let Some(length) = length.filter(|_| bound.is_none()) else {
            let expected = format!("one number of 0-{longest} follows {word}");
            return Err(TextError::not_a(text, "a prefix-list entry", &expected));
        };
        *bound = Some(length);
    }
    let own = prefix.prefix_len();
    if ge.is_some_and(|ge| ge < own) || le.is_some_and(|le| le < ge.unwrap_or(0).max(own)) {
        return Err(TextError::not_a(text, "a prefix-list entry", "prefix length <= ge <= le"));
    }
    let (ge, le) = (ge.filter(|ge| *ge > 0), le.filter(|le| *le > 0));
    Ok(match (ge, le) {
        (None, None) => Entry::exact(prefix),
        _ => Entry { prefix, min: ge.unwrap_or(own), max: le.unwrap_or(longest) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    #[test]
    fn ranges_are_frrs() {
        for (text, min, max) in [
            ("192.0.2.0/24", 24, 24),
            ("192.0.2.0/24 le 28", 24, 28),
            ("192.0.2.0/24 ge 24", 24, 32),
            ("10.0.0.0/8 ge 16 le 24", 16, 24),
            ("10.0.0.0/8  le 24\tge 16", 16, 24),
            ("0.0.0.0/0 le 32", 0, 32),
            ("0.0.0.0/0 ge 0 le 0", 0, 0),
            ("2001:db8::/32 ge 48", 48, 128),
            ("192.0.2.1", 32, 32),
        ] {
            let entry = parse_entry(text).unwrap();
            assert_eq!((entry.min, entry.max), (min, max), "{text}");
        }
        let dropped = parse_entry("192.0.2.77/24").unwrap();
        assert_eq!(dropped.prefix.to_string(), "192.0.2.0/24");
    }

    #[test]
    fn messages() {
        let error = |text: &str| parse_entry(text).unwrap_err().0;
        assert_snapshot!(error("any"), @r#""any" has no family: write 0.0.0.0/0 le 32 or ::/0 le 128"#);
        assert_snapshot!(error("permit 192.0.2.0/24"), @r#""permit" is not a prefix: write ADDRESS/LENGTH, such as 192.0.2.0/24 or 2001:db8::/32"#);
        assert_snapshot!(error("192.0.2.0/24 28"), @r#""192.0.2.0/24 28" is not a prefix-list entry: write PREFIX, PREFIX le N, PREFIX ge N or PREFIX ge N le N, such as 192.0.2.0/24 le 28"#);
        assert_snapshot!(error("192.0.2.0/24 le 33"), @r#""192.0.2.0/24 le 33" is not a prefix-list entry: one number of 0-32 follows le"#);
        assert_snapshot!(error("192.0.2.0/24 le"), @r#""192.0.2.0/24 le" is not a prefix-list entry: one number of 0-32 follows le"#);
        assert_snapshot!(error("192.0.2.0/24 le 28 le 29"), @r#""192.0.2.0/24 le 28 le 29" is not a prefix-list entry: one number of 0-32 follows le"#);
        assert_snapshot!(error("192.0.2.0/24 le 23"), @r#""192.0.2.0/24 le 23" is not a prefix-list entry: prefix length <= ge <= le"#);
        assert_snapshot!(error("192.0.2.0/24 ge 23"), @r#""192.0.2.0/24 ge 23" is not a prefix-list entry: prefix length <= ge <= le"#);
        assert_snapshot!(error("192.0.2.0/24 ge 28 le 27"), @r#""192.0.2.0/24 ge 28 le 27" is not a prefix-list entry: prefix length <= ge <= le"#);
        assert_snapshot!(error(""), @r#""" is not a prefix: write ADDRESS/LENGTH, such as 192.0.2.0/24 or 2001:db8::/32"#);
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*", near in "[0-9.:/a-f]*( (ge|le) [0-9]*){0,3}") {
            let _ = parse_entry(&text);
            if let Ok(entry) = parse_entry(&near) {
                prop_assert!(entry.prefix.prefix_len() <= entry.min && entry.min <= entry.max);
            }
        }
    }
}
