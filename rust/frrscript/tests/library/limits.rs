// SPDX-License-Identifier: GPL-2.0-or-later
//! Time and memory: every case ends near the limit, is counted under its kind, and the script is in order afterwards.

use super::host::{Host, cpu_time};
use super::tables::Objects;
use frrscript::ffi::abi::{OptionKind, Verdict};
use frrscript::ffi::exports::events::frrscript_turn;
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
        // Each in a turn of its own: many slow ones in one are another matter (turn.rs).
        frrscript_turn();
        let start = cpu_time();
        assert_eq!(rule.call(&objects), Verdict::NOMATCH, "{body}");
        let took = cpu_time() - start;
        if kind == "deadline" {
            // 20 % and what a shared machine needs to run the watchdog
            assert!(took < Duration::from_millis(u64::from(milliseconds) * 12 / 10 + 200), "{took:?} {body}");
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
        // Luau's matcher would go over the class for each octet, for hours, without a look at the time.
        "function f() return string.find(('a'):rep(1000000), '[' .. ('b'):rep(1000000) .. 'a]*c') end",
        "function f() return string.gsub(('a'):rep(1000000), '[' .. ('b'):rep(1000000) .. 'a]*c', '') end",
        "function f() while true do string.gsub('x', '(y*)', ('%1'):rep(3000000)) end end",
        // A function of the library is no place where Luau looks at the time.
        "function f() local t = {} for n = 1, 100000 do t[n] = n end while true do table.sort(t, rawequal) end end",
        "function f() local t = table.create(500000, 1) while true do table.foreach(t, rawequal) table.foreachi(t, rawequal) end end",
        "function f() local t = table.create(200000, 1.5) while true do table.concat(t) table.move(t, 1, 200000, 1000001, {}) end end",
        "function f() local t = {} for n = 1, 60000 do t[n] = {n} end while true do frr.json.encode(t) frr.cbor.encode(t) end end",
        "local s = '[' .. ('[1],'):rep(200000) .. '1]' function f() while true do frr.json.decode(s) end end",
    ] {
        // Much memory, because some make garbage faster than it is collected.
        stopped("deadline", 50, 64, body);
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

/// Octets of machine code that no file has.
fn machine_code() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("our own maps");
    let made =
        |line: &&str| line.split_whitespace().nth(1) == Some("r-xp") && line.split_whitespace().nth(4) == Some("0");
    let size = |line: &str| {
        let (from, to) = line.split(' ').next()?.split_once('-')?;
        Some(usize::from_str_radix(to, 16).ok()? - usize::from_str_radix(from, 16).ok()?)
    };
    // The kernel's own page for calls of it.
    maps.lines()
        .filter(|line| !line.ends_with("[vdso]") && !line.ends_with("[vsyscall]"))
        .filter(made)
        .filter_map(size)
        .sum()
}

#[test]
fn native_code_has_a_bound_of_its_own() {
    const MODULES: usize = 9;
    let host = Host::start();
    let before = machine_code();
    let unit = |n: usize| format!("t[{n}] = function(a) a.b.c.d.e.f.g = a[1][2][3][4] * a.x / a.y .. a.z end\n");
    for module in 0..MODULES {
        let body: String = (0..800).map(unit).collect();
        host.write(&format!("m{module}"), format!("--!native\nlocal t = {{}}\n{body}return t"));
    }
    let requires: String = (0..MODULES).map(|n| format!("local m{n} = require 'm{n}'\n")).collect();
    host.write("s", format!("--!native\n{requires}function f() return true end"));
    host.option("s", OptionKind::LIMIT_MEMORY, 256).expect("a limit");
    host.option("s", OptionKind::LIMIT_TIME, 10_000).expect("a limit");
    host.load("s").expect("it loads");
    let made = machine_code() - before;
    assert!(made > 4 << 20, "{made} octets: the test is too small");
    assert!(made <= 16 << 20, "{made} octets");
    host.unload("s").expect("it goes");
    assert_eq!(machine_code(), before, "its machine code has gone with it");
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

/// Luau's own pace is the same for large values as for small ones: these were refused with garbage all around.
#[test]
fn garbage_does_not_count_as_memory_that_is_taken() {
    for body in [
        "local t = table.create(100000, 1) function f() while true do table.clone(t) end end",
        "local s = ('9'):rep(1000000) function f() while true do local _ = '0x' .. s end end",
        "function f() while true do table.create(50000, 1) end end",
        "function f() while true do pcall(table.create, 50000, 1) end end",
        "local t = table.create(200, ('x'):rep(5000)) function f() while true do table.concat(t) end end",
    ] {
        stopped("deadline", 200, 8, body);
    }
}

#[test]
fn one_value_is_bounded_whatever_the_limit() {
    for body in [
        "local s = ('x'):rep(2^26 + 1)",
        "buffer.create(2^26 + 1)",
        "table.create(2^22 + 2)",
        "local s = ('x'):rep(2^25) s = s .. s .. 'x'",
    ] {
        let error = stopped("memory", 20_000, 1024, &format!("function f() {body} end"));
        assert!(error.contains("one value of more than 65536 KiB"), "{body}: {error}");
    }
}

#[test]
fn what_is_done_in_pieces_gives_the_same() {
    let host = Host::with(
        "local t = {} for n = 1, 10000 do t[n] = n end
         function f()
           local moved = table.move(t, 1, 10000, 3, table.clone(t))
           assert(moved[2] == 2 and moved[3] == 1 and moved[10002] == 10000 and #moved == 10002)
           local over = table.move(table.clone(t), 1, 10000, 3)
           assert(over[2] == 2 and over[3] == 1 and over[5003] == 5001 and over[10002] == 10000)
           local back = table.move(table.clone(t), 5, 10000, 1)
           assert(back[1] == 5 and back[9996] == 10000 and back[9997] == 9997)
           assert(table.concat(t, ',') == string.gsub(table.concat(t, ';'), ';', ','))
           assert(#table.concat(t, ', ', 2, 9999) == #table.concat(t, ', ') - #'1, ' - #', 10000')
           assert(table.concat({}) == '' and table.concat({1, 2}, '-') == '1-2' and table.concat({1}, '-', 2) == '')
           local seen = {}
           assert(table.foreach({10, 20, x = 30}, function(k, v) seen[k] = v end) == nil and seen[2] == 20 and seen.x == 30)
           assert(table.foreachi({10, 20}, function(k, v) if k == 2 then return v end end) == 20)
           assert(string.format('%d %s %*', 1, 'a', true) == '1 a true' and `{1}{'b'}` == '1b')
           assert(not pcall(string.format, '%d', unpack(table.create(251, 1))))
           assert(#string.format(('%%'):rep(524288)) == 524288)
           assert(not pcall(string.format, ('x'):rep(1048577)))
           assert(#string.format('%q', ('x'):rep(262144)) == 262146)
           assert(not pcall(string.format, '%d%q', 1, ('x'):rep(262145)))
           assert(#string.format('%d%s', 1, ('x'):rep(262145)) == 262146)
           return true
         end",
    );
    host.option("s", OptionKind::LIMIT_TIME, 2_000).unwrap();
    assert_eq!(host.rule("s", "f").call(&Objects::sample()), Verdict::MATCH, "{}", host.last_error("s"));
}

#[test]
fn strings_are_searched_as_luau_does() {
    let host = Host::with(
        "function f()
           local words = {}
           for word, at in ('one two  three'):gmatch('(%a+)()') do table.insert(words, word .. at) end
           assert(table.concat(words, ',') == 'one4,two8,three15', table.concat(words, ','))
           local count = 0
           for all in ('abc'):gmatch('') do count += 1 assert(all == '') end
           assert(count == 4)
           for all in ('^a'):gmatch('^a') do count += 1 assert(all == '^a') end
           assert(count == 5)
           assert(('hello world'):gsub('o', '0', 1) == 'hell0 world')
           assert(('abc'):gsub('', '-') == '-a-b-c-')
           assert(('abc'):gsub('%w', '%0%0') == 'aabbcc')
           assert(('abc'):gsub('%w', {a = 1, b = false}) == '1bc')
           assert(('abc'):gsub('(%w)(%w)', function(a, b) return b .. a end) == 'bac')
           assert(('abc'):gsub('^a', function() return 'x' end) == 'xbc')
           assert(('aaa'):gsub('^a', 'x') == 'xaa')
           assert(('abc'):gsub('()', function(at) return at end) == '1a2b3c4')
           assert(select(2, ('abc abc'):gsub('b', function() end)) == 2)
           assert(('x = 1'):match('^(%w+)%s*=%s*(%w+)$') == 'x' and select(2, ('x = 1'):match('(%w+)%s*=%s*(%w+)')) == '1')
           assert(('x'):match('y') == nil and ('xyz'):match('y', -1) == nil and ('xyz'):match('.', -1) == 'z')
           assert(('a.b'):find('.', 2, true) == 2 and ('a.b'):find('%.') == 2 and ('abc'):find('b', 10) == nil)
           assert(('abc'):find('') == 1 and ('abc'):find('', 4) == 4 and ('abc'):find('c', -1) == 3)
           assert(string.find(1234, 23) == 2 and string.gsub(1, 1, 2) == '2')
           assert(not pcall(string.find, nil, 'a') and not pcall(string.gsub, 'a', 'a', nil))
           assert(not pcall(string.gsub, 'a', 'a', function() return {} end))
           assert(not pcall(string.find, 'a', '[a') and not pcall(string.find, 'a', '%'))
           return true
         end",
    );
    host.option("s", OptionKind::LIMIT_TIME, 2_000).unwrap();
    assert_eq!(host.rule("s", "f").call(&Objects::sample()), Verdict::MATCH, "{}", host.last_error("s"));
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

/// It needs none, and LeakSanitizer can't look at a thread that has more of them than the daemon at its end.
#[test]
fn the_watchdog_has_no_capabilities() {
    let host = Host::with("function f() return true end");
    assert_eq!(host.rule("s", "f").call(&Objects::sample()), Verdict::MATCH);
    let until = Instant::now() + Duration::from_secs(10);
    let permitted = || {
        let threads = std::fs::read_dir("/proc/self/task").expect("the threads of this process");
        let statuses = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("status")).ok());
        let status = statuses.into_iter().find(|status| status.contains("frr-script-dog"))?;
        Some(status.lines().find_map(|line| line.strip_prefix("CapPrm:"))?.trim().to_owned())
    };
    // It gives them up when it starts to run.
    while permitted().as_deref() != Some("0000000000000000") && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(permitted().as_deref(), Some("0000000000000000"));
}
