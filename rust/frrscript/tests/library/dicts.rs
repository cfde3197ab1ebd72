// SPDX-License-Identifier: GPL-2.0-or-later
//! `frr.shared_dict`, and what runtimes call of it.

use super::host::{Host, take};
use super::tables::Objects;
use frrscript::ffi::abi::Verdict;
use frrscript::ffi::exports::bus::frrscript_show_dicts;
use frrscript::ffi::exports::dicts::*;
use insta::assert_snapshot;
use std::ffi::{CStr, c_char, c_int};
use std::ptr::{null, null_mut};

/// What `log.info` says of these values, with `d` a dict.
fn said(before: &str, values: &str) -> String {
    let host = Host::with(&format!("local d = frr.shared_dict('t')\n{before}\nlog.info({values})"));
    host.load("s").expect("it loads");
    host.log().join("\n")
}

fn set(dict: &CStr, key: &[u8], value: &[u8], ttl: c_int) -> c_int {
    let (key_len, len) = (key.len() as c_int, value.len() as c_int);
    // SAFETY: live octets with their lengths.
    unsafe { ngx_http_lua_ffi_dict_set(dict.as_ptr(), key.as_ptr().cast(), key_len, value.as_ptr().cast(), len, ttl) }
}

fn get(dict: &CStr, key: &[u8]) -> Option<Vec<u8>> {
    let (mut value, mut len): (*mut c_char, c_int) = (null_mut(), 0);
    let key_len = key.len() as c_int;
    // SAFETY: live octets with their lengths, places to write to; the value is malloc'ed.
    unsafe {
        match ngx_http_lua_ffi_dict_get(dict.as_ptr(), key.as_ptr().cast(), key_len, &raw mut value, &raw mut len) {
            1 => {
                let octets = std::slice::from_raw_parts(value.cast::<u8>(), len as usize).to_vec();
                assert_eq!(*value.add(len as usize), 0);
                libc_free(value.cast());
                Some(octets)
            }
            0 => None,
            other => panic!("{other}"),
        }
    }
}

unsafe extern "C" {
    #[link_name = "free"]
    fn libc_free(block: *mut std::ffi::c_void);
}

fn incr(dict: &CStr, key: &[u8], by: f64) -> Option<f64> {
    let mut sum = 0.0;
    let key_len = key.len() as c_int;
    // SAFETY: live octets with their lengths, a place to write to.
    let done =
        unsafe { ngx_http_lua_ffi_dict_incr(dict.as_ptr(), key.as_ptr().cast(), key_len, by, 0.0, &raw mut sum) };
    (done == 0).then_some(sum)
}

#[test]
fn values_come_back() {
    assert_eq!(said("d:set('k', 'a\\0b') ", "#d:get('k'), d:get('none'), #d"), "3\tnil\t1");
    assert_eq!(said("d:set('k', true) d:set('n', 1.5)", "d:get('k'), d:get('n')"), "true\t1.5");
    assert_eq!(said("d:set('k', {a = {1, 2}})", "d:get('k').a[2], d:get('k') == d:get('k')"), "2\tfalse");
    assert_eq!(said("d:set('k', 1) d:set('k', nil)", "d:get('k'), #d, d:size()"), "nil\t0\t0\t0");
    assert_eq!(said("d:set(frr.prefix('192.0.2.0/24'), 7)", "d:get('192.0.2.0/24')"), "7");
}

#[test]
fn adding_counting_deleting() {
    assert_eq!(said("", "d:add('k', 1), select(2, d:add('k', 2)), d:get('k')"), "true\texists\t1");
    assert_eq!(said("", "d:incr('n', 2, 5), d:incr('n'), d:incr('none')"), "7\t8\tnil\tnot found");
    assert_eq!(said("d:set('k', 'x')", "d:incr('k')"), "nil\tnot a number");
    assert_eq!(said("d:set('k', 1)", "d:delete('k'), d:delete('k'), d:expire('k', 5)"), "true\tfalse\tfalse");
    assert_eq!(
        said("d:set('a', 1) d:set('b', 2)", "#d:keys(), #d:keys(1), #d:keys(0), d:flush(), #d"),
        "2\t1\t2\t2\t0"
    );
}

#[test]
fn a_full_dict_says_so() {
    let log = said(
        "d = frr.shared_dict('small', {size = 4096})",
        "d:set('a', string.rep('x', 3900)), select(2, d:set('b', string.rep('x', 3900))), #d:get('a')",
    );
    assert_eq!(log, "true\tfull\t3900");
}

#[test]
fn mistakes() {
    let error = |call: &str| said("", &format!("select(2, pcall(function() {call} end))"));
    assert_snapshot!(error("d:get()"), @"s:3: SharedDict: argument 1 must be a string, not nil");
    assert_snapshot!(error("d:get('')"), @"s:3: SharedDict: argument 1: a key has 1 to 256 octets, not 0");
    assert_snapshot!(error("d:set(string.rep('k', 257), 1)"), @"s:3: SharedDict: argument 1: a key has 1 to 256 octets, not 257");
    assert_snapshot!(error("d:set('k', print)"), @"s:3: SharedDict: argument 2: the value is a function: only nil, booleans, numbers, strings and tables of them can be stored");
    assert_snapshot!(error("d:set('k', 1, -1)"), @"s:3: SharedDict: argument 3: -1 is no number of seconds");
    assert_snapshot!(error("d:add('k')"), @"s:3: SharedDict: argument 2: nil is no value");
    assert_snapshot!(error("d:incr('k', 'x')"), @"s:3: SharedDict: argument 2 must be a number, not a string");
    assert_snapshot!(error("frr.shared_dict('a b')"), @r#"s:3: frr.shared_dict: argument 1: "a b" is no name of a shared dict: 1 to 64 letters, digits, _ - and ."#);
    assert_snapshot!(error("frr.shared_dict('t', {size = 1})"), @"s:3: frr.shared_dict: argument 2: size is 4096 to 67108864 octets, not 1");
    assert_snapshot!(error("frr.shared_dict('t', {evict = 'lru'})"), @"s:3: frr.shared_dict: argument 2: it may have 'size' and nothing else, not 'evict'");
    assert_snapshot!(error("local held = {} for n = 1, 64 do held[n] = frr.shared_dict(`d{n}`) end"), @"s:3: frr.shared_dict: argument 1: there are 64 shared dicts already: use one of them for this, too");
}

#[test]
fn a_dict_is_the_daemons_and_outlives_its_script() {
    let host = Host::with("local d = frr.shared_dict('t') function f() return d:get('k') == 'v' end");
    host.write("other", "frr.shared_dict('t'):set('k', 'v')");
    host.load("other").expect("it loads");
    host.unload("other").expect("it unloads");
    let rule = host.rule("s", "f");
    assert_eq!(rule.call(&Objects::sample()), Verdict::MATCH);
    host.reload("s").expect("it reloads");
    assert_eq!(rule.call(&Objects::sample()), Verdict::MATCH);
    assert_eq!(set(c"t", b"k", b"w", 0), 0);
    assert_eq!(rule.call(&Objects::sample()), Verdict::NOMATCH);
}

#[test]
fn runtimes_read_what_scripts_write() {
    let host = Host::with(
        "local d = frr.shared_dict('t')
         d:set('s', 'a\\0b') d:set('n', 42) d:set('f', 1.5) d:set('b', true) d:set('t', {1})",
    );
    host.load("s").expect("it loads");
    assert_eq!(get(c"t", b"s").as_deref(), Some(&b"a\0b"[..]));
    assert_eq!(get(c"t", b"n").as_deref(), Some(&b"42"[..]));
    assert_eq!(get(c"t", b"f").as_deref(), Some(&b"1.5"[..]));
    assert_eq!(get(c"t", b"b").as_deref(), Some(&b"true"[..]));
    assert_eq!(get(c"t", b"t").as_deref(), Some(&[0x81, 1][..]));
    assert_eq!((get(c"t", b"none"), get(c"none", b"k")), (None, None));
    // SAFETY: live octets with their lengths.
    unsafe {
        assert_eq!(ngx_http_lua_ffi_dict_add(c"t".as_ptr(), c"s".as_ptr(), 1, c"x".as_ptr(), 1, 0), -1);
        assert_eq!(ngx_http_lua_ffi_dict_add(c"new".as_ptr(), c"s".as_ptr(), 1, c"x".as_ptr(), 1, 0), 0);
        assert_eq!(ngx_http_lua_ffi_dict_delete(c"new".as_ptr(), c"s".as_ptr(), 1), 1);
        assert_eq!(ngx_http_lua_ffi_dict_delete(c"new".as_ptr(), c"s".as_ptr(), 1), 0);
        // What is no argument is none.
        assert_eq!(ngx_http_lua_ffi_dict_set(null(), c"k".as_ptr(), 1, c"v".as_ptr(), 1, 0), -1);
        assert_eq!(ngx_http_lua_ffi_dict_set(c"t".as_ptr(), null(), 1, c"v".as_ptr(), 1, 0), -1);
        assert_eq!(ngx_http_lua_ffi_dict_set(c"t".as_ptr(), c"k".as_ptr(), -1, c"v".as_ptr(), 1, 0), -1);
        assert_eq!(ngx_http_lua_ffi_dict_set(c"t".as_ptr(), c"k".as_ptr(), 1, null(), 1, 0), -1);
        assert_eq!(ngx_http_lua_ffi_dict_set(c"t".as_ptr(), c"k".as_ptr(), 1, c"v".as_ptr(), 1, -1), -1);
        assert_eq!(ngx_http_lua_ffi_dict_get(c"t".as_ptr(), c"k".as_ptr(), 1, null_mut(), null_mut()), -1);
    }
    assert_eq!(incr(c"t", b"s", 1.0), None);
}

#[test]
fn threads_write_while_the_script_reads() {
    let host = Host::with(
        "local d = frr.shared_dict('t')
         function f() local v = d:get('v') return v == nil or #v == 1000 end",
    );
    host.option_time("s", 5000);
    let rule = host.rule("s", "f");
    let objects = Objects::sample();
    let threads: Vec<_> = (0..4u8)
        .map(|n| {
            std::thread::spawn(move || {
                for round in 0..5_000u32 {
                    assert_eq!(set(c"t", b"v", &[n; 1000], 0), 0);
                    assert_eq!(set(c"t", &round.to_be_bytes(), b"x", 1), 0);
                    assert!(incr(c"t", b"n", 1.0).is_some());
                    let value = get(c"t", b"v").expect("it is always there");
                    assert!(value.iter().all(|&c| c == value[0]), "half of one value and half of another");
                }
            })
        })
        .collect();
    while threads.iter().any(|t| !t.is_finished()) {
        assert_eq!(rule.call(&objects), Verdict::MATCH, "{}", host.last_error("s"));
    }
    threads.into_iter().for_each(|t| t.join().expect("it did not panic"));
    assert_eq!(get(c"t", b"n").as_deref(), Some(&b"20000"[..]));
}

#[test]
fn dicts_are_shown() {
    let host = Host::with("local d = frr.shared_dict('t') d:set('k', 'v') d:get('k') d:get('none')");
    assert_eq!(take(frrscript_show_dicts(false)), "There is no shared dict.\n");
    host.load("s").expect("it loads");
    assert_snapshot!(take(frrscript_show_dicts(false)).trim_end(), @r"
    Dict    Entries      Octets       Limit          Hits        Misses     Expired     Refused
    t             1         130     4194304             1             1           0           0
    ");
    let shown: serde_json::Value = serde_json::from_str(&take(frrscript_show_dicts(true))).expect("JSON");
    assert_eq!((&shown["t"]["entries"], &shown["t"]["misses"]), (&1.into(), &1.into()));
}
