// SPDX-License-Identifier: GPL-2.0-or-later
//! Calls that stay below their limit, many in one turn of the event loop.

use super::host::Host;
use super::tables::Objects;
use frrscript::ffi::abi::Verdict;
use frrscript::ffi::deadline::cpu_time;
use frrscript::ffi::exports::events::frrscript_turn;
use std::time::{Duration, Instant};

const SLOW: &str = "function f() local t = frr.monotonic() while frr.monotonic() - t < 0.01 do end return true end function fine() return true end";

#[test]
fn a_script_just_below_its_limit_does_not_hold_the_daemon() {
    let host = Host::with(SLOW);
    host.option_time("s", 50);
    let (slow, fine) = (host.rule("s", "f"), host.rule("s", "fine"));
    let objects = Objects::sample();
    frrscript_turn();
    let start = cpu_time().expect("a clock of CPU time");
    // As many as an UPDATE may have prefixes: ten seconds.
    let good = (0..1000).filter(|_| slow.call(&objects) == Verdict::MATCH).count();
    let took = cpu_time().expect("a clock of CPU time") - start;
    assert!(good >= 40, "stopped after {good} calls, {took:?}");
    // Half a second, some time until the loop was asked, and what the watchdog's looks miss.
    assert!(took < Duration::from_millis(800), "{good} calls, {took:?}");
    assert_eq!(host.errors("s", "deadline"), 1);
    assert!(host.last_error("s").contains("held the daemon"), "{}", host.last_error("s"));
    let log = host.log().join("\n");
    assert!(log.contains("f suspended as its calls are slow and hold the daemon"), "{log}");
    assert_eq!(fine.call(&objects), Verdict::MATCH, "another function goes on");
    host.resume("s").unwrap();
    frrscript_turn();
    assert_eq!(slow.call(&objects), Verdict::MATCH, "after script resume");
}

#[test]
fn slow_calls_with_turns_between_them_go_on() {
    let host = Host::with(SLOW);
    host.option_time("s", 50);
    let slow = host.rule("s", "f");
    for n in 0..150 {
        frrscript_turn();
        assert_eq!(slow.call(&Objects::sample()), Verdict::MATCH, "{n}: {}", host.last_error("s"));
    }
}

#[test]
fn quick_calls_may_be_many() {
    let host = Host::with("function f() for n = 1, 200 do end return true end");
    let quick = host.rule("s", "f");
    let objects = Objects::sample();
    frrscript_turn();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(3) {
        assert_eq!(quick.call(&objects), Verdict::MATCH, "{}", host.last_error("s"));
    }
}

#[test]
fn a_daemon_may_load_many_scripts_when_it_starts() {
    let host = Host::start();
    let text = "local t = frr.monotonic() while frr.monotonic() - t < 0.2 do end function f() return true end";
    frrscript_turn();
    for n in 0..10 {
        let name = format!("s{n}");
        host.write(&name, text);
        assert!(host.load(&name).is_ok(), "{n}: {}", host.last_error(&name));
        // What calls have to do with it: the watchdog asks for a turn at one of them.
        assert_eq!(host.rule(&name, "f").call(&Objects::sample()), Verdict::MATCH, "{n}: {}", host.last_error(&name));
    }
}
