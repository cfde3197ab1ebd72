// SPDX-License-Identifier: GPL-2.0-or-later
//! What the operator is told while a script fails: log lines, suspension, resumption; and calls inside of calls.

use super::host::{Host, Rule};
use super::tables::Objects;
use frrscript::ffi::abi::Verdict;
use frrscript::ffi::exports::operate::{
    frrscript_script_reevaluated, frrscript_script_reload, frrscript_script_unload,
};
use insta::assert_snapshot;
use std::cell::RefCell;
use std::ptr::null_mut;

#[test]
fn a_function_that_always_fails_is_suspended() {
    let host = Host::with("function f() error('no') end function g() return true end");
    let (rule, other) = (host.rule("s", "f"), host.rule("s", "g"));
    for _ in 0..30 {
        assert_eq!(rule.call(&Objects::sample()), Verdict::NOMATCH);
    }
    assert_eq!(other.call(&Objects::sample()), Verdict::MATCH);
    assert_snapshot!(host.log().join("\n"), @r#"
    script s: f: runtime: s:1: no (in function f, line 1)
    script s: f suspended after 20 failures in a row; mend it and 'script reload s', or 'script resume s'
    "#);
    assert_eq!(host.show("s")["callsSuspended"], 10);
    assert_eq!(host.show("s")["state"], "suspended");
    assert_snapshot!(host.resume("s").unwrap(), @"script s: f resumed");
    assert_snapshot!(host.resume("s").unwrap(), @"script s: nothing is suspended");
    assert_snapshot!(host.resume("none").unwrap_err(), @r#"no script "none": there is s"#);
    rule.call(&Objects::sample());
    assert_eq!(host.errors("s", "runtime"), 21);
}

#[test]
fn errors_of_all_shapes() {
    let message = |body: &str| super::host::error_of(body);
    assert_snapshot!(message("error('plain')"), @"runtime: s:1: plain (in function f, line 1)");
    assert_snapshot!(message("error('no position', 0)"), @"runtime: no position (in function f, line 1)");
    assert_snapshot!(message("error()"), @"runtime: the error value is not a string (in function f, line 1)");
    assert_snapshot!(message("error({code = 1})"), @"runtime: the error value is not a string (in function f, line 1)");
    assert_snapshot!(message("error(attributes)"), @"runtime: the error value is not a string (in function f, line 1)");
    assert_snapshot!(message("error(setmetatable({}, {__tostring = function() return 'x' end}))"), @"runtime: the error value is not a string (in function f, line 1)");
    assert_snapshot!(message("error('two\\nlines\\27[31m')"), @"runtime: s:1: two lines [31m (in function f, line 1)");
    assert_eq!(message("error(('x'):rep(1e6), 0)").len(), "runtime: ".len() + 1024 + " (in function f, line 1)".len());
    assert_snapshot!(message("local function deep() return 1 + deep() end return deep()"), @"runtime: s:1: stack overflow (in function deep, line 1)");
    assert_snapshot!(message("local x = nil return x.y"), @"runtime: s:1: attempt to index nil with 'y' (in function f, line 1)");
    assert_snapshot!(message("return attributes.localpref .. {}"), @"runtime: s:1: attempt to concatenate number with table (in function f, line 1)");
    assert_snapshot!(message("undefined()"), @"runtime: s:1: attempt to call a nil value (in function f, line 1)");
    assert_snapshot!(message("coroutine.yield()"), @"runtime: can't wait here: coroutine.yield, or something that waits, was called outside of a coroutine (in function f, line 1)");
}

#[test]
fn a_script_can_not_flood_the_log() {
    let host = Host::with("function f() for n = 1, 1000 do log.info('line', n, 'two\\nlines') end return true end");
    host.rule("s", "f").call(&Objects::sample());
    let lines = host.log();
    assert!(lines.len() <= 200, "{}", lines.len());
    assert_eq!(lines[0], "line\t1\ttwo lines");
}

thread_local! {
    static RULE: RefCell<Option<Rule>> = const { RefCell::new(None) };
    static SAID: RefCell<Option<Verdict>> = const { RefCell::new(None) };
}

/// What `inside`, called while the script of a rule writes a log line, does to the running call.
fn from_the_log(inside: fn()) -> (Verdict, String) {
    let host = Host::with("function f(_, a) a.localpref = 7 log.info('x') a.metric = 8 return true end");
    RULE.set(Some(host.rule("s", "f")));
    host.on_log(inside);
    let mut objects = Objects::sample();
    let verdict = RULE.with_borrow(|rule| rule.as_ref().unwrap().call(&objects));
    RULE.with_borrow(|rule| assert_eq!(rule.as_ref().unwrap().apply(&mut objects), 2));
    assert_eq!((objects.route.localpref, objects.route.metric), (7, Some(8)));
    // and the next call is in order
    assert_eq!(RULE.with_borrow(|rule| rule.as_ref().unwrap().call(&objects)), Verdict::MATCH);
    RULE.take();
    (verdict, host.log().join("\n"))
}

fn reload_inside() {
    // SAFETY: a live name.
    assert_eq!(unsafe { frrscript_script_reload(c"s".as_ptr(), null_mut()) }, 0);
}

fn call_inside() {
    SAID.set(Some(RULE.with_borrow(|rule| rule.as_ref().unwrap().call(&Objects::sample()))));
}

#[test]
fn a_rule_called_by_its_own_script_is_refused() {
    let (verdict, log) = from_the_log(call_inside);
    assert_eq!((verdict, SAID.take()), (Verdict::MATCH, Some(Verdict::NOMATCH)));
    assert_snapshot!(log, @r#"
    x
    script s: f: runtime: a script can't be called by something that it called itself
    x
    "#);
}

#[test]
fn a_reload_from_inside_a_call_leaves_the_call_its_generation() {
    let (verdict, log) = from_the_log(reload_inside);
    assert_eq!(verdict, Verdict::MATCH);
    assert_snapshot!(log, @r#"
    x
    x
    "#);
}

#[test]
fn a_reload_and_a_call_from_inside_a_call() {
    let (verdict, log) = from_the_log(|| {
        reload_inside();
        call_inside();
    });
    assert_eq!((verdict, SAID.take()), (Verdict::MATCH, Some(Verdict::NOMATCH)));
    assert_snapshot!(log, @r#"
    x
    script s: f: runtime: a script can't be called by something that it called itself
    x
    "#);
}

#[test]
fn an_unload_from_inside_a_call() {
    let (verdict, _) = from_the_log(|| {
        // SAFETY: a live name.
        assert_eq!(unsafe { frrscript_script_unload(c"s".as_ptr(), null_mut()) }, 0);
    });
    assert_eq!(verdict, Verdict::MATCH);
}

/// Found by the fuzz target `api`: the second sum was an overflow.
#[test]
fn an_account_of_routes_ends_at_the_largest_number() {
    let host = Host::with("function f() return true end");
    host.load("s").expect("it loads");
    for _ in 0..2 {
        // SAFETY: a live string.
        unsafe { frrscript_script_reevaluated(c"s".as_ptr(), u64::MAX, u64::MAX - 1) };
    }
    assert_eq!(host.show("s")["reevaluated"]["evaluations"], u64::MAX);
}
