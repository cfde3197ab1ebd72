// SPDX-License-Identifier: GPL-2.0-or-later
//! Events, timers and tasks: what reaches a script, in which order, and what can't stop the daemon.

use super::events::*;
use super::host::{Host, cpu_time};
use super::tables::Objects;
use frrscript::ffi::abi::OptionKind;
use frrscript::ffi::exports::events::{frrscript_shutdown, frrscript_turn};
use insta::assert_snapshot;
use std::time::{Duration, Instant};

#[test]
fn an_event_reaches_its_handler() {
    let host = Host::with(
        "frr.on('route_changed', function(prefix, peer, family, number)
           log.info(tostring(prefix), prefix.length, peer.remote_as, family, number)
         end)",
    );
    assert!(!LISTENS.get());
    host.load("s").expect("it loads");
    assert!(LISTENS.get());
    let objects = Objects::sample();
    tell(&objects, "ipv4 unicast", 1);
    tell(&objects, "ipv6 unicast", 2);
    assert_eq!(HELD.get(), 2);
    assert_eq!(host.log().join("\n"), "", "not inside of the daemon's call");
    turns(Duration::ZERO);
    assert_eq!(HELD.get(), 0);
    assert_snapshot!(host.log().join("\n"), @r"
    192.0.2.0/24	24	65001	ipv4 unicast	1
    192.0.2.0/24	24	65001	ipv6 unicast	2
    ");
    assert_eq!(host.show("s")["work"]["events"][0]["handled"], 2);
    host.unload("s").expect("it unloads");
    assert!(!LISTENS.get());
}

#[test]
fn a_filter_is_looked_at_before_the_script() {
    let host = Host::with(
        "local mine = frr.prefix_set{'192.0.2.0/24 le 28'}
         local other = frr.prefix_set{'198.51.100.0/24'}
         frr.on('route_changed', function(_, _, _, n) log.info('mine', n) end, {prefixes = mine, family = 'ipv4'})
         frr.on('route_changed', function(_, _, _, n) log.info('other', n) end, {prefixes = other})",
    );
    host.load("s").expect("it loads");
    let objects = Objects::sample();
    tell(&objects, "ipv4 unicast", 1);
    tell(&objects, "ipv6 unicast", 2);
    assert_eq!(host.show("s")["work"]["eventQueue"]["total"], 1, "the second was not queued");
    turns(Duration::ZERO);
    assert_snapshot!(host.log().join("\n"), @"mine	1");
    assert_eq!(HELD.get(), 0);
}

#[test]
fn errors_of_frr_on() {
    let error = |source: &str| {
        let host = Host::with(source);
        let why = host.load("s").expect_err("it does not load");
        why.lines().next().unwrap_or_default().split_once(": ").map_or(String::new(), |(_, w)| host.shorten(w))
    };
    assert_snapshot!(error("frr.on('peer_changed', function() end)"), @"DIR/s.lua:1: frr.on: argument 1: there is no event 'peer_changed' in test: it has script_loaded, shutdown, route_changed. A script for several daemons asks frr.daemon first");
    assert_snapshot!(error("frr.on('route_change', function() end)"), @"DIR/s.lua:1: frr.on: argument 1: there is no event 'route_change' in test: it has script_loaded, shutdown, route_changed. Did you mean 'route_changed'? A script for several daemons asks frr.daemon first");
    assert_snapshot!(error("frr.on('route_changed')"), @"DIR/s.lua:1: frr.on: argument 2 must be a function, not nil");
    assert_snapshot!(error("frr.on('route_changed', function() end, {colour = 'red'})"), @"DIR/s.lua:1: frr.on: argument 3: route_changed can't be filtered by 'colour': it can by family, prefixes");
    assert_snapshot!(error("frr.on('route_changed', function() end, {prefixes = {'192.0.2.0/24'}})"), @"DIR/s.lua:1: frr.on: argument 3: 'prefixes' must be a PrefixSet, not a table");
    assert_snapshot!(error("frr.on('shutdown', function() end, {family = 'ipv4'})"), @"DIR/s.lua:1: frr.on: argument 3: shutdown can't be filtered by 'family': it can by nothing");
    assert_snapshot!(error("frr.every(0, function() end)"), @"DIR/s.lua:1: frr.every: argument 1: must be from 0.001 to 31622400 seconds, not 0");
    assert_snapshot!(error("frr.after(-1, function() end)"), @"DIR/s.lua:1: frr.after: argument 1: must be from 0 to 31622400 seconds, not -1");
    assert_snapshot!(error("frr.every(1)"), @"DIR/s.lua:1: frr.every: argument 2 must be a function, not nil");
    assert_snapshot!(error("frr.sleep(1)"), @"DIR/s.lua:1: frr.sleep can't wait here: it can in a handler of frr.on, frr.every, frr.after, frr.spawn or frr.subscribe, outside of a coroutine of your own");
    assert_snapshot!(error("frr.show('configure terminal')"), @r#"DIR/s.lua:1: frr.show: argument 1: must be a show command: "show bgp summary json""#);
    assert_snapshot!(error("frr.configure{'hostname x'}"), @"DIR/s.lua:1: frr.configure: the operator has not permitted it: 'script NAME permit configure'");
    assert_snapshot!(error("for n = 1, 101 do frr.on('route_changed', function() end) end"), @"DIR/s.lua:1: frr.on: this script has 100 listeners already");
    assert_snapshot!(error("for n = 1, 1001 do frr.after(1, function() end) end"), @"DIR/s.lua:1: frr.after: this script has 1000 timers already");
    assert_snapshot!(error("for n = 1, 1001 do frr.spawn(function() end) end"), @"DIR/s.lua:1: frr.spawn: this script has 1000 tasks already");
}

#[test]
fn a_view_dies_when_its_handler_waits() {
    let host = Host::with(
        "frr.on('route_changed', function(prefix, peer)
           local asn = peer.remote_as
           frr.sleep(0.001)
           log.info('still', asn)
           log.info(peer.remote_as)
         end)",
    );
    host.load("s").expect("it loads");
    tell(&Objects::sample(), "ipv4", 1);
    turns(Duration::from_millis(50));
    assert_eq!(HELD.get(), 0);
    assert_snapshot!(host.log().join("\n"), @r"
    still	65001
    script s: on route_changed, line 1: runtime: s:5: peer was used after the call that it was passed to had ended: copy what you need out of it during the call
    ");
}

#[test]
fn nothing_can_be_assigned_in_a_handler() {
    let host = Host::with("frr.on('route_changed', function(prefix, peer) peer.remote_as = 1 end)");
    host.load("s").expect("it loads");
    tell(&Objects::sample(), "ipv4", 1);
    turns(Duration::ZERO);
    assert_snapshot!(host.log().join("\n"), @"script s: on route_changed, line 1: runtime: s:1: peer.remote_as is read-only");
}

#[test]
fn tasks_take_turns() {
    assert_snapshot!(logged(
        "local function count(name, last)
           for n = 1, last do log.info(name, n) frr.sleep(0) end
         end
         frr.spawn(count, 'a', 3)
         frr.spawn(count, 'b', 2)
         frr.on('script_loaded', function(generation) log.info('generation', generation) end)"
    ), @r"
    a	1
    generation	1
    b	1
    a	2
    b	2
    a	3
    ");
}

#[test]
fn timers_come_in_their_order() {
    assert_snapshot!(logged(
        "frr.after(0.005, function() log.info('later') end)
         local ticks, timer = 0, nil
         timer = frr.every(0.002, function()
           ticks += 1
           if ticks == 3 then log.info('three ticks', timer:cancel(), timer:cancel()) end
         end)"
    ), @r"
    later
    three ticks	true	false
    ");
}

#[test]
fn the_monotonic_clock_counts_seconds() {
    assert_snapshot!(logged(
        "frr.spawn(function()
           local before = frr.monotonic()
           frr.sleep(0.02)
           local passed = frr.monotonic() - before
           log.info(passed >= 0.02 and passed < 5)
         end)"
    ), @"true");
}

#[test]
fn a_coroutine_of_the_script_can_not_wait() {
    assert_snapshot!(logged(
        "frr.spawn(function()
           local inner = coroutine.wrap(function() frr.sleep(0) end)
           log.info(pcall(inner))
           log.info(pcall(frr.sleep, 0))
           table.sort({3, 1, 2}, function(a, b) frr.sleep(0) return a < b end)
         end)"
    ), @r"
    false	s:2: frr.sleep can't wait here: it can in a handler of frr.on, frr.every, frr.after, frr.spawn or frr.subscribe, outside of a coroutine of your own
    true
    script s: task, line 1: runtime: s:5: frr.sleep can't wait here: inside of a metamethod or table.sort
    ");
}

#[test]
fn a_busy_task_is_cut_and_goes_on() {
    let host = Host::with(
        "frr.on('route_changed', function(prefix)
           local sum = 0
           for n = 1, 3e6 do sum += n end
           log.info('sum', sum, prefix.length)
         end)
         local ticks, timer = 0, nil
         timer = frr.every(0.001, function()
           ticks += 1
           if ticks == 4 then log.info('four ticks') timer:cancel() end
         end)",
    );
    host.option_time("s", 5000);
    host.load("s").expect("it loads");
    tell(&Objects::sample(), "ipv4", 1);
    let mut longest = Duration::ZERO;
    let until = Instant::now() + Duration::from_secs(10);
    while host.log().len() < 2 && Instant::now() < until {
        let began = Instant::now();
        frrscript_turn();
        longest = longest.max(began.elapsed());
    }
    turns(Duration::from_millis(200));
    assert_eq!(HELD.get(), 0);
    let mut log = host.log();
    log.sort();
    assert_eq!(log, ["four ticks", "sum\t4500001500000\t24"]);
    assert!(longest < Duration::from_millis(100), "{longest:?}: the loop was not cut");
}

/// The watchdog sees the begin of a slice late; a hundred slices were longer than their limit by two fifths.
#[test]
fn the_slices_of_a_task_are_its_limit_in_all() {
    let mut all = Vec::new();
    // Each slice ends when the watchdog's thread has a processor, so the best of some.
    for _ in 0..5 {
        let host = Host::with("frr.spawn(function() while true do end end)");
        assert_eq!(host.option("s", OptionKind::LIMIT_TIME, 100), Ok(String::new()));
        host.load("s").expect("it loads");
        let mut used = Duration::ZERO;
        while host.errors("s", "deadline") == 0 {
            let began = cpu_time();
            frrscript_turn();
            used += cpu_time() - began;
        }
        all.push(used);
    }
    let best = all.iter().min().expect("some");
    assert!(*best <= Duration::from_millis(120), "{all:?}");
}

#[test]
fn a_task_has_its_limit_over_all_its_slices() {
    let host = Host::with("frr.spawn(function() while true do end end)");
    host.option_time("s", 20);
    let began = Instant::now();
    assert_snapshot!(run(&host), @"script s: task, line 1: deadline: stopped: ran past its time limit of 20 ms (in line 1)");
    assert!(began.elapsed() < Duration::from_secs(2));
    assert_eq!(host.errors("s", "deadline"), 1);
}

#[test]
fn a_pcall_does_not_outlive_the_limit() {
    let host = Host::with("frr.spawn(function() while true do pcall(function() while true do end end) end end)");
    host.option_time("s", 20);
    run(&host);
    assert_eq!(host.errors("s", "deadline"), 1);
}

#[test]
fn a_full_queue_drops_and_counts() {
    let host = Host::with("frr.on('route_changed', function(_, _, _, n) last = n end)");
    host.load("s").expect("it loads");
    let objects = Objects::sample();
    for n in 0..33000 {
        tell(&objects, "ipv4", n);
    }
    let queue = host.show("s")["work"]["eventQueue"].clone();
    assert_eq!((queue["waiting"].as_u64(), queue["dropped"].as_u64()), (Some(32768), Some(232)));
    turns(Duration::ZERO);
    let queue = host.show("s")["work"]["eventQueue"].clone();
    assert_eq!((queue["waiting"].as_u64(), queue["total"].as_u64()), (Some(0), Some(33000)));
    assert_eq!(HELD.get(), 0);
}

#[test]
fn a_handler_that_always_fails_is_suspended() {
    let host = Host::with("frr.on('route_changed', function() error('no') end)");
    host.load("s").expect("it loads");
    for n in 0..30 {
        tell(&Objects::sample(), "ipv4", n);
        turns(Duration::ZERO);
    }
    assert_eq!(host.errors("s", "runtime"), 20);
    assert_eq!(host.show("s")["state"], "suspended");
    assert_snapshot!(host.log().join("\n"), @r"
    script s: on route_changed, line 1: runtime: s:1: no
    script s: on route_changed, line 1 suspended after 20 failures in a row; mend it and 'script reload s', or 'script resume s'
    ");
    assert_snapshot!(host.resume("s").expect("it resumes"), @"script s: on route_changed, line 1 resumed");
}

#[test]
fn a_reload_ends_the_old_tasks() {
    let host = Host::with(
        "frr.every(0.002, function() log.info('old') end)
         frr.spawn(function() frr.sleep(0.01) log.info('old task') end)
         frr.on('route_changed', function() log.info('old event') end)",
    );
    host.load("s").expect("it loads");
    tell(&Objects::sample(), "ipv4", 1);
    host.write("s", "frr.on('route_changed', function() log.info('new event') end)");
    host.reload("s").expect("it reloads");
    std::thread::sleep(Duration::from_millis(15));
    turns(Duration::from_millis(50));
    assert_snapshot!(host.log().join("\n"), @"new event");
    host.unload("s").expect("it unloads");
    tell(&Objects::sample(), "ipv4", 1);
    assert_eq!(HELD.get(), 0);
}

#[test]
fn a_reload_while_a_task_is_cut() {
    let host = Host::with(
        "frr.on('route_changed', function(prefix)
           for n = 1, 3e6 do end
           log.info('old one ends', prefix.length)
           frr.sleep(0)
           log.info('never')
         end)",
    );
    host.option_time("s", 5000);
    host.load("s").expect("it loads");
    tell(&Objects::sample(), "ipv4", 1);
    frrscript_turn();
    assert_eq!(HELD.get(), 1, "it is cut");
    host.write("s", "frr.spawn(function() log.info('new') end)");
    host.reload("s").expect("it reloads");
    turns(Duration::from_millis(50));
    assert_snapshot!(host.log().join("\n"), @r"
    old one ends	24
    new
    ");
    assert_eq!(HELD.get(), 0);
}

#[test]
fn commands_of_the_daemon() {
    let host = Host::with(
        "frr.spawn(function()
           log.info((frr.show('show version')))
           local all = frr.show('show all json')
           log.info(all.routes[2].metric, #all.routes, all.none)
           log.info(frr.show('show nothing'))
           log.info(frr.configure{'hostname x', 'log stdout'})
           log.info(frr.configure{'hostname x', 'bad'})
         end)",
    );
    host.permit_configure("s");
    assert_snapshot!(run(&host), @r"
    FRR 10.3 
    12	2	nil
    nil	% Unknown command
    true
    false	line 2: bad: unknown command
    ");
    assert_eq!(COMMANDS.with_borrow(Clone::clone), ["hostname x\nlog stdout\n", "hostname x\nbad\n"]);
}

#[test]
fn one_command_in_a_turn() {
    let host = Host::with("for n = 1, 5 do frr.spawn(function() frr.show('show version') log.info(n) end) end");
    host.load("s").expect("it loads");
    frrscript_turn();
    assert_eq!(host.log().len(), 0);
    frrscript_turn();
    assert_eq!(host.log().len(), 1);
    frrscript_turn();
    assert_eq!(host.log().len(), 2);
}

#[test]
fn objects_of_a_list_live_until_the_task_waits() {
    let host = Host::with(
        "local kept
         frr.spawn(function()
           for n, peer in frr.peers() do log.info(n, peer.remote_as) kept = peer end
           frr.sleep(0)
           log.info(kept.remote_as)
         end)",
    );
    assert_snapshot!(run(&host), @r"
    1	65001
    2	65002
    script s: task, line 2: runtime: s:5: peer was used after the call that it was passed to had ended: copy what you need out of it during the call
    ");
}

#[test]
fn a_task_is_not_cut_while_it_looks_at_a_list() {
    let host = Host::with(
        "frr.spawn(function()
           for _, peer in frr.peers() do
             for n = 1, 1e6 do end
             log.info(peer.name)
           end
           frr.sleep(0)
           for n = 1, 1e6 do end
           log.info('cut again')
         end)",
    );
    host.option_time("s", 5000);
    host.load("s").expect("it loads");
    let mut lines = Vec::new();
    let until = Instant::now() + Duration::from_secs(10);
    while lines.last() != Some(&3) && Instant::now() < until {
        frrscript_turn();
        lines.push(host.log().len());
    }
    assert_snapshot!(host.log().join("\n"), @r"
    r2
    r3
    cut again
    ");
    assert!(!lines.contains(&1), "its objects would be gone: {lines:?}");
    assert!(lines.iter().filter(|l| **l == 2).count() > 1, "{lines:?}");
}

#[test]
fn a_script_asks_for_reevaluation() {
    let host = Host::with("frr.after(0.001, function() frr.reevaluate() frr.reevaluate() end)");
    host.load("s").expect("it loads");
    host.changed();
    turns(Duration::from_millis(50));
    assert_eq!(host.changed(), ["s"]);
}

#[test]
fn shutdown_is_heard_once_and_ends_everything() {
    let host = Host::with(
        "frr.on('shutdown', function() log.info('bye', pcall(frr.sleep, 0)) end)
         frr.every(0.001, function() log.info('tick') end)",
    );
    host.load("s").expect("it loads");
    frrscript_shutdown();
    frrscript_shutdown();
    std::thread::sleep(Duration::from_millis(5));
    turns(Duration::from_millis(50));
    assert_snapshot!(host.log().join("\n"), @"");
}

#[test]
fn a_hook_between_two_slices() {
    let host = Host::with(
        "function f(_, attributes) attributes.localpref = 7 return true end
         frr.on('route_changed', function(prefix)
           for n = 1, 3e6 do end
           log.info(prefix.length)
         end)",
    );
    host.option_time("s", 5000);
    let rule = host.rule("s", "f");
    tell(&Objects::sample(), "ipv4", 1);
    frrscript_turn();
    assert_eq!(HELD.get(), 1, "it is cut");
    let mut objects = Objects::sample();
    assert_eq!(rule.call(&objects), frrscript::ffi::abi::Verdict::MATCH);
    assert_eq!(rule.apply(&mut objects), 1);
    turns(Duration::ZERO);
    assert_snapshot!(host.log().join("\n"), @"24");
}

#[test]
fn scripts_can_not_keep_the_daemon_from_ending() {
    let host = Host::with("for n = 1, 100 do frr.on('shutdown', function() while true do end end) end");
    host.load("s").expect("it loads");
    let began = Instant::now();
    frrscript_shutdown();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}
