// SPDX-License-Identifier: GPL-2.0-or-later
//! Time and memory: every case ends near the limit, is counted under its kind, and the script is in order afterwards.

use super::host::Host;
use super::tables::Objects;
use frrscript::ffi::abi::{OptionKind, Verdict};
use insta::assert_snapshot;
use std::time::{Duration, Instant};

/// Calls a function that must be stopped; its error.
fn stopped(kind: &str, milliseconds: u32, mebibytes: u32, body: &str) -> String {
    let host = Host::with(&format!("{body}\nfunction fine(_, attributes) return attributes.localpref == 100 end"));
    host.option("s", OptionKind::LIMIT_MEMORY, mebibytes).unwrap();
    host.option("s", OptionKind::LIMIT_TIME, milliseconds).unwrap();
    let (rule, fine) = (host.rule("s", "f"), host.rule("s", "fine"));
    let objects = Objects::sample();
    for n in 1..=2 {
        let start = Instant::now();
        assert_eq!(rule.call(&objects), Verdict::NOMATCH, "{body}");
        let took = start.elapsed();
        if kind == "deadline" {
            // 20 % and what a shared machine needs to run the watchdog
            assert!(took < Duration::from_millis(u64::from(milliseconds) * 12 / 10 + 400), "{took:?} {body}");
        }
        assert_eq!(host.errors("s", kind), n, "{} {body}", host.last_error("s"));
        assert_eq!(fine.call(&objects), Verdict::MATCH, "{} {body}", host.last_error("s"));
    }
    host.last_error("s")
}

#[test]
fn time() {
    for body in [
        "function f() for n = 1, 1e15 do end end",
        "function f() while true do pcall(function() while true do end end) end end",
        "function f() coroutine.wrap(function() while true do end end)() end",
        "function f() while true do coroutine.wrap(function() pcall(function() while true do end end) end)() end end",
        "function f() return xpcall(function() while true do end end, function() while true do end end) end",
        "function f() error(setmetatable({}, {__tostring = function() while true do end end}), (function() while true do end end)()) end",
        "function f() local t = setmetatable({}, {__index = function() while true do end end}) return t.x end",
        "function f() return string.find(('a'):rep(30000), ('a-'):rep(12) .. 'b') end",
        "function f() return string.find(('a'):rep(100000), '.-.-.-.-b') end",
        "function f() return string.match(('a'):rep(100000), '.-.-.-.-b') end",
        "function f() for _ in string.gmatch(('a'):rep(100000), '.-.-.-.-b') do end end",
        "function f() return (('a'):rep(1000000):gsub('.', function() while true do end end)) end",
        "function f() while true do string.find(('a'):rep(1000000), ('a'):rep(500000) .. 'b', 1, true) end end",
        "function f() local t = table.create(100000, 1) while true do pcall(table.sort, t, function() return true end) end end",
        "function f() local t = {} for n = 1, 20000 do t[n] = n % 7 end while true do pcall(table.sort, t, function(a, b) return a ~= b end) end end",
        "function f() local t = table.create(900000, 1) while true do table.move(t, 1, 900000, 2) end end",
        "function f() while true do table.concat(table.create(10000, 'x')) end end",
        "function f() while true do pcall(error) end end",
        "function f(_, a) while true do a.communities:add('1:1') end end",
        "function f(_, a) while true do pcall(function() return a.nothing end) end end",
        "function f() while true do frr.as_path('1 2 3') end end",
    ] {
        stopped("deadline", 50, 16, body);
    }
    assert_snapshot!(stopped("deadline", 20, 16, "\nfunction f() while true do end end"), @"deadline: stopped: ran past its time limit of 20 ms (in function f, line 2)");
    assert_snapshot!(stopped("deadline", 20, 16, "function f() pcall(function() while true do end end) error('mine') end"), @"deadline: stopped: ran past its time limit of 20 ms (in function f, line 1)");
}

#[test]
fn a_split_is_linear() {
    let host = Host::with(
        "local s = ('a'):rep(2000000) local by = ('a'):rep(1000000) .. 'b' function f() return #string.split(s, by) == 1 end",
    );
    host.option("s", OptionKind::LIMIT_TIME, 2_000).unwrap();
    let rule = host.rule("s", "f");
    let start = Instant::now();
    assert_eq!(rule.call(&Objects::sample()), Verdict::MATCH, "{}", host.last_error("s"));
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

#[test]
fn native_code_is_stopped_as_well() {
    stopped("deadline", 50, 16, "--!native\nfunction f() local n = 0 while true do n += 1 end end");
    stopped(
        "deadline",
        50,
        16,
        "--!native\nfunction f() while true do pcall(function() while true do end end) end end",
    );
    stopped(
        "deadline",
        50,
        16,
        "--!native\nfunction f(_, a) while true do local _ = a.localpref a.communities:has('1:1') a.metric = 7 end end",
    );
}

#[test]
fn memory() {
    for body in [
        "function f() return string.rep('x', 2^30) end",
        "function f() local s = 'x' while true do s = s .. s end end",
        "function f() local t = {} while true do t[#t + 1] = {} end end",
        "function f() local t = {} while true do t[#t + 1] = coroutine.create(f) end end",
        "function f() local t = {} while true do local n = #t t[n + 1] = function() return n end end end",
        "function f() while true do pcall(function() local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end end) end end",
        "function f() error(string.rep('x', 2^30)) end",
        "function f() return buffer.create(2^29) end",
        "function f() local t = {} for n = 1, 1e7 do t[n] = `10.{n // 65536 % 256}.{n // 256 % 256}.{n % 256}/32` end return frr.prefix_set(t) end",
        "function f() local t = {} while true do t[#t + 1] = frr.as_path_pattern('x' .. #t) end end",
        "function f(_, a) local t = {} while true do t[#t + 1] = a.communities end end",
        "function f(_, a) local t = {} while true do t[#t + 1] = a.address end end",
        "function f(_, a) local t = {} while true do t[#t + 1] = a.communities:items() end end",
    ] {
        stopped("memory", 20_000, 2, body);
    }
    assert_snapshot!(stopped("memory", 20_000, 1, "function f()\n  local s = 'x' while true do s = s .. s end\nend"), @"memory: stopped: asked for more than its memory limit of 1024 KiB (in function f, line 2)");
    assert_snapshot!(stopped("memory", 20_000, 1, "function f() pcall(string.rep, 'x', 2^30) return true end"), @"memory: stopped: asked for more than its memory limit of 1024 KiB (in function f, line 1)");
}

#[test]
fn recursion() {
    for body in [
        "local function g(n) return 1 + g(n) end return g(1)",
        "local function g() return g() end return g()",
        "local function g() return coroutine.wrap(g)() end return g()",
        "local function g() return pcall(g) end local _, a = g() error(a)",
        "local t = setmetatable({}, {}) getmetatable(t).__index = function(_, k) return t[k .. 'x'] end return t.x",
        "local function g() local ok, why = pcall(g) error(why, 0) end return g()",
        "local function g() error(xpcall(g, g)) end return g()",
        "local function g() table.sort({1, 2, 3}, g) end return g()",
        "local function g() return ('x'):gsub('x', g) end return g()",
    ] {
        let host = Host::with(&format!("function f() {body} end function fine() return true end"));
        host.option("s", OptionKind::LIMIT_TIME, 2_000).unwrap();
        assert_eq!(host.rule("s", "f").call(&Objects::sample()), Verdict::NOMATCH, "{body}");
        assert_eq!(host.rule("s", "fine").call(&Objects::sample()), Verdict::MATCH, "{body}");
    }
}

#[test]
fn a_script_that_comes_near_its_limit_again_and_again_does_not_leak() {
    let host = Host::with(
        "function f() local t = {} while true do t[#t + 1] = frr.as_path('1 2 3') end end function g() return true end",
    );
    host.option("s", OptionKind::LIMIT_MEMORY, 1).unwrap();
    host.option("s", OptionKind::LIMIT_TIME, 5_000).unwrap();
    let (rule, fine) = (host.rule("s", "f"), host.rule("s", "g"));
    let memory = || host.show("s")["memoryBytes"].as_u64().unwrap();
    let mut before = 0;
    for n in 0..100 {
        assert_eq!(rule.call(&Objects::sample()), Verdict::NOMATCH);
        host.resume("s").unwrap();
        assert_eq!(fine.call(&Objects::sample()), Verdict::MATCH);
        if n == 0 {
            before = memory();
        }
    }
    // Objects that were counted and not given back would be 64 octets a call.
    assert!(memory() < before + 2_000, "{before} {}", memory());
}

#[test]
fn a_lower_limit_takes_effect_at_once() {
    let host = Host::with(
        "local kept = buffer.create(3000000)
         function f() local t = {} for n = 1, 60000 do t[n] = 'string ' .. n end return true end
         function g() return true end",
    );
    let (rule, fine) = (host.rule("s", "f"), host.rule("s", "g"));
    host.option("s", OptionKind::LIMIT_TIME, 5_000).unwrap();
    assert_eq!(rule.call(&Objects::sample()), Verdict::MATCH);
    host.option("s", OptionKind::LIMIT_MEMORY, 1).unwrap();
    for _ in 0..5 {
        // What needs no memory still runs: nothing of the collector's own is held against the script.
        assert_eq!(fine.call(&Objects::sample()), Verdict::MATCH, "{}", host.last_error("s"));
    }
    assert_eq!(rule.call(&Objects::sample()), Verdict::NOMATCH);
    assert_eq!(fine.call(&Objects::sample()), Verdict::MATCH, "{}", host.last_error("s"));
}

#[test]
fn errors_do_not_leak() {
    let host = Host::with("function f(_, a) a.localpref = -1 end");
    let rule = host.rule("s", "f");
    let mut before = 0;
    for n in 0..200_000u32 {
        rule.call(&Objects::sample());
        if n % 10 == 0 {
            host.resume("s").unwrap();
        }
        if n == 20_000 {
            before = host.show("s")["memoryPeakBytes"].as_u64().unwrap();
        }
    }
    let after = host.show("s")["memoryPeakBytes"].as_u64().unwrap();
    assert!(after <= before + 100_000 && after < 16 << 20, "{before} {after}");
}
