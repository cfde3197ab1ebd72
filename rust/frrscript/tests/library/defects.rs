// SPDX-License-Identifier: GPL-2.0-or-later
//! FRR's own interface against scripts that return what is hard to copy.

use super::host::{Host, c_text};
use frrscript::ffi::exports::stock::*;
use std::time::{Duration, Instant};

/// Calls `f` of a script through `frrscript_call`; whether it gave a table.
fn call(source: &str) -> (bool, Vec<String>) {
    let host = Host::with(source);
    let (name, function) = (c_text("s"), c_text("f"));
    // SAFETY: live names; a script that is freed once.
    let fine = unsafe {
        let script = frrscript_new(name.as_ptr());
        assert_eq!(frrscript_load(script, function.as_ptr(), None), 0, "{:?}", host.log());
        assert!(!frrscript_call_begin(script, function.as_ptr()).is_null());
        let result = frrscript_call_run(script, function.as_ptr(), 0);
        frrscript_delete(script);
        result == 0
    };
    (fine, host.log())
}

#[test]
fn a_table_that_holds_the_same_table_many_times_is_not_copied_for_ever() {
    let start = Instant::now();
    let (fine, log) = call(
        "function f() local t = {} for depth = 1, 14 do local outer = {} for n = 1, 100 do outer[n] = t end t = outer end return t end",
    );
    assert!(!fine, "{log:?}");
    assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    insta::assert_snapshot!(log.join("\n"), @"script s: f: contract: returned a table of more than 100000 values, counted each time that they are in it");
}

#[test]
fn a_table_in_itself_is_cut() {
    assert!(call("function f() local t = {} t.t = t return t end").0);
    assert!(call("function f() return {x = {y = {z = 1}}} end").0);
}

#[test]
fn what_is_no_table_is_refused() {
    for body in ["", "return 1", "return print", "error('x')", "while true do end"] {
        assert!(!call(&format!("function f() {body} end")).0, "{body}");
    }
}
