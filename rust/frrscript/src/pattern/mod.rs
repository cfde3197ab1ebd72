// SPDX-License-Identifier: GPL-2.0-or-later
//! Patterns of AS paths and communities, as in FRR's `bgp as-path access-list` and expanded community lists.
//!
//! FRR gives a pattern to the C library as a POSIX extended regular expression, with `_` for "start, end or a
//! separator" (bgpd/bgp_regex.c: `bgp_regcomp`), and runs it on the text of the whole attribute. Here the crate
//! `regex` runs it, whose time is linear in the text whatever the pattern: a backtracking one could hold up bgpd for
//! good. Its syntax is not POSIX's, so `posix` translates, and refuses what has no translation.

mod bracket;
pub mod lua;
mod posix;

use crate::value::TextError;
use crate::value::as_path::{self, Segments};
use crate::value::items::{Item, ItemList};
use crate::value::text::quoted;
use regex::bytes::{Regex, RegexBuilder};

/// Octets of a pattern. FRR's command line has no room for more.
pub const MAX_PATTERN: usize = 1_000;

/// Octets that a compiled pattern may take, and as many again for what it remembers between matches: it lives outside of
/// the script's memory limit. It also bounds the time of one match, which no deadline stops: less than half a second on a
/// path of 2,000 AS numbers for the worst of patterns, microseconds for those that people write.
pub const MAX_COMPILED: usize = 1 << 17;

/// A pattern of a list of communities of any kind.
#[derive(Debug, Clone)]
pub struct CommunityPattern(Regex);

/// A pattern of AS paths.
#[derive(Debug, Clone)]
pub struct AsPathPattern(Regex);

impl CommunityPattern {
    /// Compiles, for example, `_65001:1.._` or `^65001:.* no-export$`.
    ///
    /// # Errors
    /// Not a POSIX extended regular expression; too big; uses what linear time excludes. The text says what to write.
    pub fn new(pattern: &str) -> Result<Self, TextError> {
        compile(pattern).map(CommunityPattern)
    }

    /// Does the text match? `text` is FRR's for the whole attribute, or for one community.
    ///
    /// FRR does not even try a route without standard or large communities: it never matches
    /// (bgpd/bgp_clist.c: `community_regexp_match`).
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text.as_bytes())
    }
}

impl AsPathPattern {
    /// Compiles, for example, `^65001_` or `_6451[2-9]_`.
    ///
    /// # Errors
    /// As [`CommunityPattern::new`].
    pub fn new(pattern: &str) -> Result<Self, TextError> {
        compile(pattern).map(AsPathPattern)
    }

    /// Does the text match? `text` is FRR's for the whole path.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text.as_bytes())
    }

    /// Does the path match, by its asplain text?
    pub fn matches(&self, path: &(impl Segments + ?Sized)) -> bool {
        let mut text = String::new();
        as_path::format(path, &mut text);
        self.is_match(&text)
    }
}

impl<I: Item> ItemList<I> {
    /// Removes the items whose own text matches, as `set comm-list ... delete` does
    /// (bgpd/bgp_clist.c: `community_list_match_delete`); how many.
    pub fn remove_matching(&mut self, pattern: &CommunityPattern) -> usize {
        let mut text = String::new();
        self.remove_if(|item| {
            text.clear();
            item.write(&mut text);
            pattern.is_match(&text)
        })
    }
}

fn compile(pattern: &str) -> Result<Regex, TextError> {
    if pattern.len() > MAX_PATTERN {
        return Err(bad(pattern, &format!("it is longer than {MAX_PATTERN} characters")));
    }
    let translated = posix::translate(pattern).map_err(|why| bad(pattern, &why))?;
    RegexBuilder::new(&translated)
        // Texts are ASCII; C's matcher sees octets.
        .unicode(false)
        .dot_matches_new_line(true)
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_COMPILED)
        .build()
        .map_err(|error| {
            let why = match error {
                regex::Error::CompiledTooBig(_) => "it repeats too much: use smaller numbers in {}",
                _ => "it nests too deep",
            };
            bad(pattern, why)
        })
}

fn bad(pattern: &str, why: &str) -> TextError {
    TextError(format!("{} is not a pattern: {why}", quoted(pattern)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::as_path::AsPath;
    use crate::value::{community, ext};
    use insta::assert_snapshot;
    use proptest::prelude::*;

    #[test]
    fn paths() {
        for (pattern, text, matches) in [
            ("_65002_", "65001 65002 65003", true),
            ("_65002_", "65001 165002", false),
            ("_65002_", "65001 {65002,65003}", true),
            ("^65001_", "65001", true),
            ("^65001_", "65001 2", true),
            ("^65001_", "650012", false),
            ("_65003$", "65001 65003", true),
            ("^$", "", true),
            ("^[0-9]+$", "65001 2", false),
            ("_6451[2-9]_|_645[2-9][0-9]_", "1 64520 2", true),
            (r"\{65001,65002\}", "{65001,65002}", true),
            (r"^\(65100", "(65100) 1", true),
            ("", "anything", true),
        ] {
            let pattern = AsPathPattern::new(pattern).unwrap();
            assert_eq!(pattern.is_match(text), matches, "{pattern:?} {text}");
            assert_eq!(pattern.matches(&AsPath::parse(text).unwrap_or_default()), matches || text == "anything");
        }
    }

    #[test]
    fn remove_matching_looks_at_one_community_at_a_time() {
        let mut list = community::parse_list("65001:1 65001:2 65002:1 no-export").unwrap();
        assert_eq!(list.remove_matching(&CommunityPattern::new("^65001:.*$").unwrap()), 2);
        assert_eq!(list.to_string(), "65002:1 no-export");
        let mut list = ext::parse_list("rt 65001:1 soo 65001:1").unwrap();
        assert_eq!(list.remove_matching(&CommunityPattern::new("^RT:").unwrap()), 1);
        assert_eq!(list.to_string(), "SoO:65001:1");
    }

    #[test]
    fn what_costs_too_much() {
        let error = |pattern: &str| CommunityPattern::new(pattern).unwrap_err().0;
        assert_snapshot!(error("((1{200}){200}){200}"), @r#""((1{200}){200}){200}" is not a pattern: it repeats too much: use smaller numbers in {}"#);
        assert_snapshot!(error(&["("; 300].into_iter().chain([")"; 300]).collect::<String>()), @r#""((((((((((((((((((((((((((((((((((((((((..." is not a pattern: it nests too deep"#);
        assert_snapshot!(error(&"1".repeat(1_001)), @r#""1111111111111111111111111111111111111111..." is not a pattern: it is longer than 1000 characters"#);
    }

    #[test]
    fn time_is_linear_where_a_backtracking_matcher_never_ends() {
        let pattern = AsPathPattern::new("^(([0-9]+ ?)+)+x$").unwrap();
        assert!(!pattern.is_match(&"1".repeat(60_000)));
    }

    proptest! {
        #[test]
        fn never_panics(pattern in ".*", near in r"[0-9_^$.*+?(){}\[\]|\\:, -]*", text in ".*") {
            for pattern in [&pattern, &near] {
                if let Ok(pattern) = CommunityPattern::new(pattern) {
                    pattern.is_match(&text);
                }
            }
        }
    }
}
