// SPDX-License-Identifier: GPL-2.0-or-later
//! Runtimes and scripts that mean harm: nothing fills up, nothing is held, and nobody reaches what is another script's.

use super::events::settle;
use super::runtimes::{host, shown, shown_runtimes};
use std::time::Duration;

/// Runtimes that the process knows.
fn known() -> usize {
    runtime_host::host::host().runtimes().len()
}

#[test]
fn runtimes_that_have_ended_take_no_place() {
    let before = known();
    let log = shown(
        r#"
        for i = 1, 100 do
          local rt = frr.load_ffi("tester", `echo {i}`)
          assert(rt:x("a"))
          assert(rt:__unload())
          assert(frr.load_ffi("tester", "fail") == nil)
        end
    "#,
    );
    assert_eq!(log, "done");
    assert!(known() <= before + 64, "{before}, then {}", known());
}

#[test]
fn a_script_that_does_not_load_leaves_no_runtime() {
    let host = host("");
    for n in 0..80 {
        host.write("s", &format!(r#"frr.load_ffi("tester", "echo {n}") error("no")"#));
        assert!(host.load("s").is_err());
    }
    host.write("s", r#"frr.load_ffi("tester")"#);
    host.load("s").expect("it loads");
    assert_eq!(shown_runtimes().matches(r#""name""#).count(), 1, "{}", shown_runtimes());
}
