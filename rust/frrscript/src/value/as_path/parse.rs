// SPDX-License-Identifier: GPL-2.0-or-later
//! FRR's text of an AS path, read.

use super::{AsPath, MAX_ASNS, MAX_SET, Segment, SegmentKind};
use crate::value::text::quoted;
use crate::value::{TextError, asn};

/// Octets of text that a path is read from: 2,000 numbers, brackets and some white space.
const MAX_TEXT: usize = 65_536;

impl AsPath {
    /// Reads `65001 65002 {65010,65011} (65100 65101) [65200,65201]`, asplain or asdot.
    ///
    /// As FRR's `aspath_str2aspath`, white space and commas both separate; but brackets must close, may not nest and may not
    /// be empty, where FRR guesses. The empty text is the empty path.
    ///
    /// # Errors
    /// The first word that is no AS number, a bracket that is wrong, more than [`MAX_ASNS`] numbers.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        if text.len() > MAX_TEXT {
            return Err(too_long());
        }
        let mut segments: Vec<Segment> = Vec::new();
        let mut open: Option<char> = None;
        let mut count = 0;
        let mut rest = text.trim_start_matches(separates);
        while let Some(c) = rest.chars().next() {
            if let Some(kind) = opened_by(c) {
                if open.is_some() {
                    return Err(bad_bracket(text, "close a bracket before the next one opens"));
                }
                open = kind.brackets().map(|(_, close)| close);
                segments.push(Segment { kind, asns: Vec::new() });
                rest = &rest[1..];
            } else if matches!(c, '}' | ')' | ']') {
                if open.take() != Some(c) {
                    return Err(bad_bracket(text, &format!("nothing is open that {c} closes")));
                }
                if segments.last().is_some_and(|segment| segment.asns.is_empty()) {
                    return Err(bad_bracket(text, "a bracket holds at least one AS number"));
                }
                rest = &rest[1..];
            } else {
                let end = rest.find(|c: char| separates(c) || "{}()[]".contains(c)).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                let number = asn::parse_asn(word)?;
                count += 1;
                if count > MAX_ASNS {
                    return Err(too_long());
                }
                match segments.last_mut() {
                    Some(last) if open.is_some() || last.kind == SegmentKind::Sequence => last.asns.push(number),
                    _ => segments.push(Segment { kind: SegmentKind::Sequence, asns: vec![number] }),
                }
                rest = after;
            }
            rest = rest.trim_start_matches(separates);
        }
        if let Some(close) = open {
            return Err(bad_bracket(text, &format!("{close} is missing at the end")));
        }
        let path = Self::from_segments(segments);
        if path.segments.iter().any(|segment| segment.kind.is_set() && segment.asns.len() > MAX_SET) {
            return Err(TextError(format!("a set of an AS path holds at most {MAX_SET} AS numbers")));
        }
        Ok(path)
    }
}

pub(super) fn too_long() -> TextError {
    TextError(format!(
        "the AS path is too long: a BGP message carries about 1,000 AS numbers, at most {MAX_ASNS} are accepted"
    ))
}

fn bad_bracket(text: &str, why: &str) -> TextError {
    TextError(format!("{} is not an AS path: {why}", quoted(text)))
}

fn separates(c: char) -> bool {
    c == ',' || c.is_ascii_whitespace()
}

fn opened_by(c: char) -> Option<SegmentKind> {
    match c {
        '{' => Some(SegmentKind::Set),
        '(' => Some(SegmentKind::ConfedSequence),
        '[' => Some(SegmentKind::ConfedSet),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    fn again(text: &str) -> String {
        AsPath::parse(text).unwrap().to_string()
    }

    #[test]
    fn text_is_frrs() {
        for text in ["", "65001", "65001 65002 {65010,65011} (65100 65101) [65200,65201]", "{1} {2}", "4294967295"] {
            assert_eq!(again(text), text);
        }
    }

    #[test]
    fn other_ways_to_write_it() {
        assert_eq!(again(" 1.0,  65001\t{3 2 3}65002"), "65536 65001 {2,3} 65002");
        assert_eq!(again("(1)(2)"), "(1) (2)");
        assert_eq!(again("1 , 2"), "1 2");
    }

    #[test]
    fn messages() {
        let error = |text: &str| AsPath::parse(text).unwrap_err().0;
        assert_snapshot!(error("65001 x"), @r#""x" is not an AS number: write 1-4294967295, or HIGH.LOW with 0-65535 each"#);
        assert_snapshot!(error("65001 0"), @r#""0" is not an AS number: write 1-4294967295, or HIGH.LOW with 0-65535 each"#);
        assert_snapshot!(error("65001 {1,2"), @r#""65001 {1,2" is not an AS path: } is missing at the end"#);
        assert_snapshot!(error("65001 {1,2)"), @r#""65001 {1,2)" is not an AS path: nothing is open that ) closes"#);
        assert_snapshot!(error("({1})"), @r#""({1})" is not an AS path: close a bracket before the next one opens"#);
        assert_snapshot!(error("{}"), @r#""{}" is not an AS path: a bracket holds at least one AS number"#);
        assert_snapshot!(error(&"1 ".repeat(2_001)), @"the AS path is too long: a BGP message carries about 1,000 AS numbers, at most 2000 are accepted");
        assert_snapshot!(error(&"1".repeat(1_000_000)), @"the AS path is too long: a BGP message carries about 1,000 AS numbers, at most 2000 are accepted");
        let set: Vec<String> = (1..=256).map(|n: u32| n.to_string()).collect();
        assert_snapshot!(error(&format!("{{{}}}", set.join(","))), @"a set of an AS path holds at most 255 AS numbers");
    }

    /// Any path in normal form.
    pub(in crate::value::as_path) fn any_path() -> impl Strategy<Value = AsPath> {
        let segment = (1u8..=4, prop::collection::vec(1u32.., 0..6))
            .prop_map(|(kind, asns)| Segment { kind: SegmentKind::from_wire(kind).unwrap(), asns });
        prop::collection::vec(segment, 0..5).prop_map(AsPath::from_segments)
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*", near in "[0-9.{}(), \\[\\]]*") {
            let _ = AsPath::parse(&text);
            let _ = AsPath::parse(&near);
        }

        #[test]
        fn reads_what_it_writes(path in any_path()) {
            prop_assert_eq!(AsPath::parse(&path.to_string()), Ok(path));
        }
    }
}
