// SPDX-License-Identifier: GPL-2.0-or-later
//! Lua's patterns in our matcher and in Luau's: the same matches, captures, replacements and errors.

use frrscript::pattern::lua::{Captured, Error, Matcher, is_plain, replace};
use mlua::{Lua, MultiValue, Value};
use proptest::prelude::*;

fn never() -> bool {
    false
}

thread_local! {
    static LUA: Lua = Lua::new();
}

/// What Luau's function gives: its results as text, or its error.
fn luau(function: &str, args: &[&[u8]]) -> Result<Vec<String>, String> {
    LUA.with(|lua| {
        let strings: mlua::Table = lua.globals().get("string").expect("the library");
        let f: mlua::Function = strings.get(function).expect("a function");
        let args: MultiValue = args.iter().map(|a| Value::String(lua.create_string(a).expect("a string"))).collect();
        match f.call::<MultiValue>(args) {
            Ok(values) => Ok(values.iter().map(text).collect()),
            Err(error) => Err(error.to_string()),
        }
    })
}

fn text(value: &Value) -> String {
    match value {
        Value::String(octets) => format!("{:?}", octets.as_bytes().to_vec()),
        Value::Integer(n) => n.to_string(),
        Value::Number(n) => n.to_string(),
        other => other.type_name().to_owned(),
    }
}

fn captured(value: Captured<'_>) -> String {
    match value {
        Captured::Octets(octets) => format!("{octets:?}"),
        Captured::Position(at) => at.to_string(),
    }
}

fn ours(subject: &[u8], pattern: &[u8]) -> Result<Vec<String>, Error> {
    let anchored = pattern.first() == Some(&b'^');
    let mut matcher = Matcher::new(subject, &pattern[usize::from(anchored)..], never);
    let Some((from, end)) = matcher.find(0, anchored)? else { return Ok(vec!["nil".to_owned()]) };
    let mut results = vec![(from + 1).to_string(), end.to_string()];
    if matcher.level() > 0 {
        results.extend(matcher.captured((from, end))?.into_iter().map(captured));
    }
    Ok(results)
}

fn same<T: std::fmt::Debug + PartialEq>(ours: Result<T, Error>, theirs: Result<T, String>, of: &str) {
    match (ours, theirs) {
        (Ok(a), Ok(b)) => assert_eq!(a, b, "{of}"),
        (Err(Error::Pattern(a)), Err(b)) => assert!(b.contains(&a), "{of}: {a} / {b}"),
        (a, b) => panic!("{of}: {a:?} / {b:?}"),
    }
}

fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "a", "b", "ab", ".", "%a", "%A", "%d", "%w", "%s", "%p", "%z", "%x", "%g", "[ab]", "[^a]", "[a-c%d]", "[]]",
        "[^]]", "[%]a]", "[a-]", "[%a-z]", "(", ")", "()", "(a)", "(.-)", "(a*)", "%1", "%2", "%0", "%bab", "%b()",
        "%f[%a]", "%f[^a]", "*", "+", "-", "?", "^", "$", "%", "%%", "%.", "[", "]", "\0", "%f", "%b", "é",
    ])
}

fn pattern() -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn finds_what_luau_finds(subject in "[ab1 .()\0\\]é-]{0,12}", pattern in pattern()) {
        if !is_plain(pattern.as_bytes()) {
            same(
                ours(subject.as_bytes(), pattern.as_bytes()),
                luau("find", &[subject.as_bytes(), pattern.as_bytes()]),
                &format!("{subject:?} {pattern:?}"),
            );
        }
    }

    #[test]
    fn replaces_what_luau_replaces(subject in "[ab1 ]{0,10}", pattern in pattern(), by in "(x|%0|%1|%2|%%|%|ab){0,3}") {
        let ours = replace(subject.as_bytes(), pattern.as_bytes(), by.as_bytes(), usize::MAX, 1 << 20, never);
        same(
            ours.map(|o| o.map(|(text, count)| vec![format!("{text:?}"), count.to_string()]).expect("room")),
            luau("gsub", &[subject.as_bytes(), pattern.as_bytes(), by.as_bytes()]),
            &format!("{subject:?} {pattern:?} {by:?}"),
        );
    }
}

#[test]
fn a_pattern_that_is_too_complex_is_so_for_both() {
    let (subject, pattern) = ("a".repeat(1000), "a?".repeat(300));
    same(ours(subject.as_bytes(), pattern.as_bytes()), luau("find", &[subject.as_bytes(), pattern.as_bytes()]), "deep");
    let pattern = "()".repeat(33);
    same(ours(subject.as_bytes(), pattern.as_bytes()), luau("find", &[subject.as_bytes(), pattern.as_bytes()]), "wide");
}

#[test]
fn it_asks_whether_to_go_on() {
    let (subject, pattern) = ("a".repeat(100_000), format!("[{}a]*c", "b".repeat(100_000)));
    // Whether the time is over; the matcher must ask, or it would go on for hours.
    let over = || true;
    assert_eq!(Matcher::new(subject.as_bytes(), pattern.as_bytes(), over).find(0, false), Err(Error::Stopped));
    assert_eq!(replace(b"aaa", b"", &b"%0".repeat(100_000), 9, usize::MAX, over), Err(Error::Stopped));
}

#[test]
fn a_replacement_has_no_more_room_than_there_is() {
    let by = "x".repeat(1000);
    assert_eq!(replace(&[b'a'; 1000], b"a", by.as_bytes(), usize::MAX, 10_000, never), Ok(None));
}
