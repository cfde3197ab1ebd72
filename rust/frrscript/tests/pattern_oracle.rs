// SPDX-License-Identifier: GPL-2.0-or-later
//! Patterns against FRR's own semantics: bgp_regex.c's `_` and the C library's `regcomp` and `regexec`.

use frrscript::pattern::{AsPathPattern, CommunityPattern};
use proptest::prelude::*;

#[path = "pattern_oracle/frr.rs"]
mod frr;

/// Text such as that of an AS path or of communities, of few different characters so that patterns match.
fn text() -> impl Strategy<Value = String> {
    "([1-3]{1,2}[ ,:]?|[{}()]){0,7}|no-export 1:2|1:1 [1-3]:[1-3]"
}

/// A pattern that is well-formed, mostly.
fn pattern() -> impl Strategy<Value = String> {
    let atom = prop_oneof![
        6 => "[1-3]",
        3 => Just("_".to_string()),
        2 => Just(".".to_string()),
        1 => Just("^".to_string()),
        1 => Just("$".to_string()),
        2 => r"\\[{}().*]",
        2 => r"\[\^?[]1][1-3,:]{0,2}(1-3)?[ -]?\]",
        1 => Just("[[:digit:]]".to_string()),
        1 => Just(")".to_string()),
        1 => Just("()".to_string()),
        1 => r"\\[wWsS]",
        1 => "[ ,:]",
    ];
    let repeated = |inner: BoxedStrategy<String>| {
        (inner, r"|[*+?]{1,2}|\{([0-2],?|,[0-2]|[0-2],[0-2])\}[*?]?").prop_map(|(atom, repeat)| {
            // glibc loses an anchor in the copies that it makes for an interval (`_{2}1` matches "1 1" there), and takes
            // exponential time to compile anchors under several signs.
            let anchored = atom.contains(['_', '^', '$']);
            match anchored && (repeat.contains('{') || repeat.len() > 1 || atom.contains(['*', '+', '?'])) {
                true => atom,
                false => atom + &repeat,
            }
        })
    };
    repeated(atom.boxed()).prop_recursive(3, 24, 5, move |inner| {
        prop_oneof![
            4 => prop::collection::vec(inner.clone(), 1..5).prop_map(|parts| parts.concat()),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a}|{b}")),
            2 => repeated(inner.prop_map(|group| format!("({group})")).boxed()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_pattern_matches_what_it_matches_in_frr(pattern in pattern(), texts in prop::collection::vec(text(), 1..6)) {
        let theirs = frr::Regex::new(&pattern);
        match (AsPathPattern::new(&pattern), theirs) {
            (Ok(ours), Some(theirs)) => for text in texts {
                prop_assert_eq!(ours.is_match(&text), theirs.is_match(&text), "{} on {:?}", pattern, text);
            },
            (ours, theirs) => prop_assert_eq!(ours.is_ok(), theirs.is_some(), "{} {:?}", pattern, ours),
        }
    }

    #[test]
    fn what_frr_refuses_is_refused(pattern in r"[1_^$.*+?(){}\[\]|:, -]{0,12}") {
        if frr::Regex::new(&pattern).is_none() {
            prop_assert!(CommunityPattern::new(&pattern).is_err(), "{}", pattern);
        }
    }
}
