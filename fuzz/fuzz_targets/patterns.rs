// SPDX-License-Identifier: GPL-2.0-or-later
//! Patterns of communities and AS paths: no text does harm, and what is well-formed matches what it matches in FRR, which
//! asks the C library (bgpd/bgp_regex.c).

#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use frrscript::pattern::{AsPathPattern, CommunityPattern};
use libfuzzer_sys::fuzz_target;
use std::fmt::Write;

#[path = "../../rust/frrscript/tests/pattern_oracle/frr.rs"]
mod frr;

#[derive(Debug)]
struct Input {
    /// Any text.
    wild: String,
    /// One that both sides can be asked about.
    pattern: String,
    texts: Vec<String>,
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let mut pattern = String::new();
        branch(u, &mut pattern, 3)?;
        let texts = (0..u.int_in_range(1..=4)?).map(|_| text(u)).collect::<arbitrary::Result<_>>()?;
        Ok(Input { pattern, texts, wild: String::arbitrary(u)? })
    }
}

/// Text such as that of an AS path or of communities, of few different characters so that patterns match.
fn text(u: &mut Unstructured<'_>) -> arbitrary::Result<String> {
    let mut text = String::new();
    for _ in 0..u.int_in_range(0..=12)? {
        text.push(*u.choose(&['1', '2', '3', '1', '2', '3', ' ', ' ', ',', ':', '{', '}', '(', ')', 'n'])?);
    }
    Ok(text)
}

/// Branches with `|` between them, of atoms and groups. glibc loses an anchor in the copies that it makes for an interval
/// (`_{2}1` matches "1 1" there), and takes exponential time to compile anchors under several signs: there are none.
fn branch(u: &mut Unstructured<'_>, out: &mut String, depth: u8) -> arbitrary::Result<bool> {
    let mut anchored = false;
    for _ in 0..u.int_in_range(0..=4)? {
        let from = out.len();
        let own = match u.int_in_range(0..=11)? {
            0 if depth > 0 => {
                out.push('(');
                let inside = branch(u, out, depth - 1)?;
                out.push(')');
                inside
            }
            0 | 1 => {
                out.push_str(u.choose(&["_", "^", "$"])?);
                true
            }
            2 => {
                out.push_str(u.choose(&["\\{", "\\}", "\\(", "\\)", "\\.", "\\*", "\\w", "\\W", "\\s", "\\S"])?);
                false
            }
            3 => {
                out.push('[');
                out.push_str(u.choose(&["", "^", "]", "^]"])?);
                out.push_str(u.choose(&["1", "12", "1-3", ",:", "[:digit:]", "[:space:]1", "1-3-", " -3"])?);
                out.push(']');
                false
            }
            4 if depth > 0 => {
                out.push('|');
                false
            }
            5 => {
                out.push('.');
                false
            }
            _ => {
                out.push_str(u.choose(&["1", "2", "3", " ", ",", ":", "{", "}", "()", ")"])?);
                false
            }
        };
        anchored |= own;
        if out.len() > from && !own && u.ratio(1, 3)? {
            match u.int_in_range(0..=3)? {
                0 => out.push('*'),
                1 => out.push('+'),
                2 => out.push('?'),
                _ => {
                    let (a, b) = (u.int_in_range(0..=2)?, u.int_in_range(0..=2)?);
                    let _ = write!(out, "{{{},{}}}", std::cmp::min(a, b), std::cmp::max(a, b));
                }
            }
        }
    }
    Ok(anchored)
}

/// Whether glibc compiles it while somebody waits: it takes exponential time for many anchors.
fn can_be_asked(pattern: &str) -> bool {
    pattern.len() <= 60 && pattern.matches(['_', '^', '$']).count() <= 4
}

fuzz_target!(|input: Input| {
    if let Ok(pattern) = CommunityPattern::new(&input.wild) {
        for text in &input.texts {
            pattern.is_match(text);
        }
    }
    let ours = AsPathPattern::new(&input.pattern);
    if !can_be_asked(&input.pattern) {
        if let Ok(ours) = ours {
            input.texts.iter().for_each(|text| drop(ours.is_match(text)));
        }
        return;
    }
    let theirs = frr::Regex::new(&input.pattern);
    match (ours, theirs) {
        (Ok(ours), Some(theirs)) => {
            for text in &input.texts {
                assert_eq!(ours.is_match(text), theirs.is_match(text), "{} on {text:?}", input.pattern);
            }
        }
        (ours, theirs) => assert_eq!(ours.is_ok(), theirs.is_some(), "{} {ours:?}", input.pattern),
    }
});
