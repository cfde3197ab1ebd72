// SPDX-License-Identifier: GPL-2.0-or-later
//! Tasks that would not stop: how long a turn of the daemon's event loop lasts, whatever they do.

use super::events::{run, tell, turns};
use super::host::Host;
use super::tables::Objects;
use frrscript::ffi::exports::events::frrscript_turn;
use std::time::{Duration, Instant};

/// The longest turn while a script has its way for so long, but for two: others use the machine, too.
fn longest(source: &str, limit: u32, time: Duration) -> (Host, Duration) {
    let host = Host::with(source);
    host.option_time("s", limit);
    host.load("s").expect("it loads");
    let until = Instant::now() + time;
    let mut lasted = Vec::new();
    while Instant::now() < until {
        let began = Instant::now();
        frrscript_turn();
        lasted.push(began.elapsed());
    }
    lasted.sort_unstable();
    let place = lasted.len().saturating_sub(3);
    (host, lasted.get(place).copied().unwrap_or_default())
}

/// A task with this body ends at its time limit, by which it counts one error.
fn stops(body: &str) -> Option<String> {
    let host = Host::with(&format!("frr.spawn(function() {body} end)"));
    host.option_time("s", 20);
    let began = Instant::now();
    run(&host);
    let took = began.elapsed();
    let (errors, log) = (host.errors("s", "deadline"), host.log());
    // The coroutine and the VM serve again.
    host.write("s", "frr.spawn(function() frr.sleep(0) log.info('fine') end)");
    host.reload("s").expect("it reloads");
    turns(Duration::from_millis(50));
    let fine = host.log().last().map(String::as_str) == Some("fine");
    (took > Duration::from_secs(1) || errors != 1 || !fine)
        .then(|| format!("{body}: {errors} errors in {took:?}, {fine}: {log:?}"))
}

#[test]
fn nothing_outlives_its_limit() {
    let mut bad = Vec::new();
    for body in [
        "while true do end",
        "repeat until false",
        "while true do pcall(error) end",
        "while true do pcall(function() while true do end end) end",
        "local function f() pcall(f) while true do end end f()",
        "xpcall(function() while true do end end, function() while true do end end)",
        "while true do xpcall(error, function() error('again') end) end",
        "xpcall(function() error('x') end, function() while true do end end) while true do end",
        "while true do coroutine.wrap(function() while true do end end)() end",
        "local function f() coroutine.wrap(f)() end while true do pcall(f) end",
        "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
        "while true do local co = coroutine.create(function() while true do end end) coroutine.resume(co) coroutine.close(co) end",
        "local t = setmetatable({}, {__index = function(t, k) while true do end end}) local x = t.x",
        "local t = setmetatable({}, {__newindex = function() while true do end end}) t.x = 1",
        "local t = setmetatable({}, {__eq = function() while true do end end}) local x = t == setmetatable({}, getmetatable(t))",
        "local t = setmetatable({}, {__concat = function() while true do end end}) local x = t .. ''",
        "local t = setmetatable({}, {__tostring = function() while true do end end}) tostring(t)",
        "local t = setmetatable({}, {__iter = function() return function() return 1 end end}) for x in t do end",
        "local t = setmetatable({}, {__len = function() while true do end end}) local x = #t",
        "table.sort({3, 1, 2, 5}, function() while true do end end)",
        "while true do table.sort({3, 1, 2}, function(a, b) return a < b end) end",
        "local t = table.create(200000, 0) for n = 1, #t do t[n] = n * 7919 % 200003 end while true do table.sort(t) table.sort(t, function(a, b) return a > b end) end",
        "string.gsub(string.rep('x', 1e6), '.', function() for n = 1, 1e6 do end end)",
        "while true do string.gsub('xxx', '.', function() end) end",
        "string.find(string.rep('a', 100000), string.rep('a*', 100) .. 'b')",
        "string.gsub(string.rep('a', 30000), '(.-)(.-)(.-)(.-)b', '')",
        "while true do string.find(string.rep('a', 2e6), string.rep('a', 1e6) .. 'b', 1, true) end",
        "while true do local ok = pcall(string.rep, 'x', 1e5) end",
        "while true do frr.monotonic() pcall(frr.sleep, -1) end",
        "while true do pcall(frr.on, 'nothing', function() end) end",
        "while true do pcall(frr.publish, 'a b', 1) end",
        "while true do frr.after(1, print):cancel() end",
        "while true do frr.subscribe('a', print):cancel() end",
        "while true do frr.publish('a', 1) frr.retract('a') end",
        "while true do for _, peer in frr.peers() do end end",
        "while true do pcall(function() for k, v in pairs(frr.peers()[1]) do end end) end",
    ] {
        bad.extend(stops(body));
    }
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn what_can_be_cut_gives_the_loop_back_soon() {
    for source in [
        "frr.spawn(function() while true do end end)",
        "for n = 1, 900 do frr.spawn(function() while true do coroutine.yield() end end) end",
        "for n = 1, 900 do frr.spawn(function() while true do frr.sleep(0) end end) end",
        "for n = 1, 1000 do frr.every(0.001, function() for n = 1, 1e4 do end end) end",
        "local function f() frr.spawn(f) frr.spawn(f) for n = 1, 1e4 do end end f()",
        "local function f() frr.after(0, f) frr.after(0, f) end f()",
        "frr.every(0.001, function() while true do pcall(function() for n = 1, 1e3 do end end) end end)",
        "frr.spawn(function() while true do frr.show('show version') end end)",
        "local n = 0 frr.subscribe('a', function(v) frr.publish('a', v + 1) end) frr.publish('a', 1)",
    ] {
        let (_host, longest) = longest(source, 50, Duration::from_millis(250));
        // The turn is 2 ms; the rest is what a shared machine takes.
        assert!(longest < Duration::from_millis(35), "{source}: {longest:?}");
    }
}

#[test]
fn what_can_not_be_cut_gives_the_loop_back_at_its_limit() {
    for source in [
        "frr.spawn(function() coroutine.wrap(function() while true do end end)() end)",
        "frr.spawn(function() table.sort({3, 1, 2}, function() while true do end end) end)",
        "for n = 1, 900 do frr.spawn(function() coroutine.wrap(function() while true do end end)() end) end",
    ] {
        let (_host, longest) = longest(source, 20, Duration::from_millis(250));
        assert!(longest < Duration::from_millis(60), "{source}: {longest:?}");
    }
}

#[test]
fn a_script_that_always_asks_for_reevaluation_gets_it_now_and_then() {
    let (host, _) =
        longest("frr.every(0.001, frr.reevaluate) frr.spawn(frr.reevaluate)", 50, Duration::from_millis(600));
    let count = host.changed().len();
    assert!((2..=4).contains(&count), "{count}");
}

#[test]
fn an_evaluation_that_has_to_wait_is_not_forgotten() {
    let host = Host::with("frr.spawn(function() frr.reevaluate() frr.sleep(0.01) frr.reevaluate() end)");
    host.load("s").expect("it loads");
    turns(Duration::from_millis(300));
    assert_eq!(host.changed(), ["s", "s"]);
}

#[test]
fn a_task_that_another_one_takes_by_its_coroutine() {
    let host = Host::with(
        "local sleeping, cut
         frr.spawn(function() sleeping = coroutine.running() frr.sleep(0.005) log.info('slept') frr.sleep(0) log.info('no') end)
         frr.spawn(function()
           log.info('resume', coroutine.resume(sleeping, 1, 2, 3))
           log.info('status', coroutine.status(sleeping))
           log.info('close', coroutine.close(sleeping))
           log.info('self', pcall(coroutine.close, coroutine.running()))
         end)
         frr.spawn(function() cut = coroutine.running() for n = 1, 2e6 do end log.info('cut one ends') end)
         function f()
           if cut then log.info('cut', coroutine.status(cut), coroutine.resume(cut)) end
           return true
         end
         function g() if cut then coroutine.close(cut) end return true end",
    );
    host.option_time("s", 2000);
    let (f, g) = (host.rule("s", "f"), host.rule("s", "g"));
    let objects = Objects::sample();
    for _ in 0..50 {
        frrscript_turn();
        f.call(&objects);
        g.call(&objects);
        g.call(&objects);
    }
    turns(Duration::from_millis(50));
    let log = host.log().join("\n");
    assert!(!log.contains("internal"), "{log}");
    assert!(log.contains("resume\tfalse"), "{log}");
    // Those that were taken fail, no other.
    assert!(host.errors("s", "runtime") <= 2, "{log}");
    drop((f, g));
    host.write("s", "frr.on('route_changed', function(p) log.info('fine', p.length) end)");
    host.reload("s").expect("it reloads");
    tell(&objects, "ipv4", 1);
    turns(Duration::from_millis(50));
    assert_eq!(host.log().last().map(String::as_str), Some("fine\t24"));
}

#[test]
fn a_coroutine_that_served_a_task_serves_no_script() {
    // The one that is kept for the next handler is the script's to hold, too.
    let host = Host::with(
        "frr.on('route_changed', function(p, _, _, n)
           if kept and kept ~= coroutine.running() then
             log.info('kept', coroutine.status(kept), coroutine.resume(kept), pcall(coroutine.close, kept))
           end
           kept = coroutine.running()
           log.info(n, p.length)
           if n == 2 then error('no') end
           if n == 3 then frr.sleep(0) log.info('slept') end
         end)
         function f()
           log.info('outside', coroutine.status(kept), (coroutine.resume(kept)), (pcall(coroutine.close, kept)))
           return true
         end",
    );
    let rule = host.rule("s", "f");
    let objects = Objects::sample();
    for n in 1..6 {
        tell(&objects, "ipv4", n);
        turns(Duration::ZERO);
        rule.call(&objects);
    }
    let log = host.log().join("\n");
    assert!(!log.contains("internal"), "{log}");
    for n in 1..6 {
        assert!(log.contains(&format!("{n}\t24")), "{log}");
    }
    assert_eq!(host.errors("s", "runtime"), 1, "{log}");
}

#[test]
fn clear_counters_clears_those_of_events_and_tasks() {
    let host = Host::with("frr.on('route_changed', function() end) frr.every(0.001, function() frr.sleep(0.02) end)");
    host.load("s").expect("it loads");
    let objects = Objects::sample();
    for n in 0..33000 {
        tell(&objects, "ipv4", n);
    }
    std::thread::sleep(Duration::from_millis(5));
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(1));
        frrscript_turn();
    }
    assert!(host.show("s")["work"]["taskQueue"]["timersLate"].as_u64() > Some(0));
    assert!(host.show("s")["work"]["eventQueue"]["dropped"].as_u64() > Some(0));
    host.clear("s");
    assert_eq!(host.show("s")["work"]["taskQueue"]["timersLate"], 0);
    assert_eq!(host.show("s")["work"]["eventQueue"]["dropped"], 0);
    assert_eq!(host.show("s")["work"]["eventQueue"]["total"], 0);
}

#[test]
fn values_of_loads_that_failed_are_in_nobodys_way() {
    let host = Host::with("for n = 1, 700 do frr.publish('t' .. n, n) end error('no')");
    for _ in 0..3 {
        let why = host.load("s").expect_err("it fails");
        assert!(why.contains("no"), "{why}");
        assert!(!why.contains("at most"), "{why}");
    }
}

#[test]
fn texts_that_wait_are_short() {
    let host = Host::with(
        "local long = string.rep('x', 1e6)
         frr.spawn(function()
           log.info(pcall(frr.show, 'show ' .. long))
           log.info(pcall(frr.on, 'route_changed', function() end, {family = long}))
         end)",
    );
    run(&host);
    let log = host.log();
    assert!(
        log[0].starts_with("false\tfrr.show: argument 1: has 1000005 octets: a command has at most 1024"),
        "{log:?}"
    );
    assert!(log[1].starts_with("false\tfrr.on: argument 3: 'family' has 1000000 octets: at most 1024"), "{log:?}");
}

#[test]
fn values_that_wait_take_little_memory() {
    // Each has 1,200 tables; the last one comes when there is room.
    let host = Host::with(
        "local seen = 0
         for n = 1, 200 do frr.subscribe('a', function(v)
           if v[1][1] == 2 then seen += 1 if seen == 200 then log.info('last') end end
         end) end
         local function value(n) local t = {} for i = 1, 1200 do t[i] = {n} end return t end
         frr.publish('a', value(1))
         frr.after(0.01, function() frr.publish('a', value(2)) end)",
    );
    host.option_time("s", 2000);
    host.load("s").expect("it loads");
    let dropped = host.show("s")["work"]["taskQueue"]["dropped"].as_u64();
    assert!(dropped > Some(0), "{dropped:?}");
    let until = Instant::now() + Duration::from_secs(10);
    while host.log().is_empty() && Instant::now() < until {
        turns(Duration::from_millis(20));
        frrscript::ffi::exports::bus::frrscript_bus_tick();
    }
    assert_eq!(host.log(), ["last"]);
}
