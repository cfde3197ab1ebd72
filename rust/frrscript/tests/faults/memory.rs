// SPDX-License-Identifier: GPL-2.0-or-later
//! The system has no memory for a script: each allocation fails in turn, alone and with all that follow it.
//!
//! Promised: an error of kind memory or a clean end, never an abort; nothing is lost; the next one works.

use super::events::{tell, turns};
use super::heap::{self, Fault, Part};
use super::host::{Host, Rule};
use super::tables::Objects;
use frrscript::ffi::abi::Verdict;
use std::time::Duration;

/// A script that takes memory in every way there is: sets, patterns, typed values, views, closures, modules, texts.
const SCRIPT: &str = r#"
local m = require "m"
local sets = frr.prefix_set { "192.0.2.0/24 le 28", "198.51.100.0/22" }
local asns = frr.asn_set { 65001, 65002, "65010-65020" }
local wanted = frr.community_set { "65001:100", "65001:200" }
local names = {}
for n = 1, 400 do names[n] = { name = "entry " .. n, call = function() return n end } end

function f(prefix, attributes, peer)
  local kept = {}
  for n = 1, 60 do kept[n] = { tostring(prefix), n, ("x"):rep(2000 + n), function() return n end } end
  local text = frr.json.encode({ a = { 1, 2.5, "x" }, list = kept[1][1] })
  local back = frr.json.decode(text)
  local octets = frr.cbor.encode(back)
  assert(frr.cbor.decode(octets).a[2] == 2.5)
  assert(m.twice(21) == 42)
  local community = attributes.communities
  community:add("65001:100")
  community:has_any(wanted)
  attributes.localpref = 200
  attributes.metric = sets:contains(prefix) and 7 or 8
  local _ = asns:contains(peer.remote_as) and frr.prefix("192.0.2.0/24")
  local _ = ("x"):rep(30000) .. ("y"):rep(20000)
  local co = coroutine.wrap(function() coroutine.yield(#kept) end)
  assert(co() == 60)
  return RM_MATCH_AND_CHANGE
end

seen = 0
frr.on("route_changed", function(prefix, peer, family, number)
  local kept = {}
  for n = 1, 40 do kept[n] = { tostring(prefix), family .. n, peer.name, ("y"):rep(2000 + n) } end
  frr.sleep(0)
  local answer = frr.show("show all json")
  frr.json.encode(kept)
  seen = seen + 1
end)
"#;

const MODULE: &str = "local m = {} function m.twice(n) return n * 2 end return m";

fn host() -> Host {
    let host = Host::with(SCRIPT);
    host.write("m", MODULE);
    host
}

/// Has every allocation of `step` fail in turn. `step` gives what went wrong; `good` shows that all is well again.
fn each(part: Part, fault: Fault, mut step: impl FnMut() -> Result<(), String>, mut good: impl FnMut()) -> u64 {
    // The compiler takes thousands of small blocks, each of which fails alone. A heap that is full from one or the next on is
    // nearly the same.
    let stride = if part == Part::Compiler && fault == Fault::Full { 5 } else { 1 };
    for n in (1..).step_by(stride) {
        heap::arm(part, fault, n);
        let result = step();
        let failed = heap::disarm();
        if let Err(why) = &result {
            assert!(failed > 0, "{part:?} {fault:?} {n}: {why}");
            assert!(why.contains("memory"), "{part:?} {fault:?} {n}: {why}");
        }
        good();
        if failed == 0 {
            assert_eq!(result, Ok(()));
            return n - 1;
        }
    }
    unreachable!()
}

fn call(host: &Host, rule: &Rule) -> Result<(), String> {
    let mut objects = Objects::sample();
    let before = host.errors("s", "memory");
    match rule.call(&objects) {
        Verdict::MATCH => {
            rule.apply(&mut objects);
            assert_eq!(objects.route.localpref, 200);
            Ok(())
        }
        _ => {
            assert_eq!(rule.staged(), 0);
            let error = host.last_error("s");
            assert_eq!(host.errors("s", "memory"), before + 1, "{error}");
            Err(error)
        }
    }
}

fn loads(part: Part, fault: Fault) {
    let host = host();
    host.load("s").expect("it loads");
    host.unload("s").expect("it unloads");
    let before = heap::held();
    let count = each(
        part,
        fault,
        || host.load("s").map(drop),
        || {
            // A load that failed has left its configuration line; so has one that has not.
            let _ = host.unload("s");
            assert!(heap::held() <= before, "{} octets are lost", heap::held() - before);
            host.load("s").expect("it loads");
            host.unload("s").expect("it unloads");
            assert!(heap::held() <= before, "{} octets are lost", heap::held() - before);
        },
    );
    assert!(count > 20, "{count}");
}

fn reloads(part: Part, fault: Fault) {
    let host = host();
    host.load("s").expect("it loads");
    let rule = host.rule("s", "f");
    let count = each(
        part,
        fault,
        || {
            let result = host.reload("s").map(drop);
            if let Err(why) = &result {
                assert!(why.contains("stays in service"), "{why}");
            }
            result
        },
        || call(&host, &rule).expect("the call goes through"),
    );
    assert!(count > 20, "{count}");
}

fn calls(part: Part, fault: Fault) {
    let host = host();
    host.load("s").expect("it loads");
    let rule = host.rule("s", "f");
    let count = each(part, fault, || call(&host, &rule), || call(&host, &rule).expect("the call goes through"));
    assert!(count > 20, "{count}");
}

fn events(part: Part, fault: Fault) {
    let host = host();
    host.load("s").expect("it loads");
    let rule = host.rule("s", "f");
    let objects = Objects::sample();
    let event = || {
        let before = host.errors("s", "memory");
        tell(&objects, "ipv4 unicast", 1);
        turns(Duration::from_millis(10));
        let error = host.last_error("s");
        if host.errors("s", "memory") > before { Err(error) } else { Ok(()) }
    };
    let count = each(part, fault, event, || {
        event().expect("the event is handled");
        call(&host, &rule).expect("the call goes through");
    });
    assert_eq!(host.show("s")["work"]["eventQueue"]["waiting"], 0);
    assert!(count > 20, "{count}");
}

#[test]
fn one_allocation_of_a_load() {
    loads(Part::Engine, Fault::Once);
}

#[test]
fn a_full_heap_in_a_load() {
    loads(Part::Engine, Fault::Full);
}

#[test]
fn one_allocation_of_the_compiler() {
    loads(Part::Compiler, Fault::Once);
}

#[test]
fn a_full_heap_in_the_compiler() {
    loads(Part::Compiler, Fault::Full);
}

#[test]
fn one_allocation_of_a_reload() {
    reloads(Part::Engine, Fault::Once);
}

#[test]
fn a_full_heap_in_a_reload() {
    reloads(Part::Engine, Fault::Full);
}

#[test]
fn one_allocation_of_a_call() {
    calls(Part::Engine, Fault::Once);
}

#[test]
fn a_full_heap_in_a_call() {
    calls(Part::Engine, Fault::Full);
}

#[test]
fn one_allocation_of_an_event() {
    events(Part::Engine, Fault::Once);
}

#[test]
fn a_full_heap_in_an_event() {
    events(Part::Engine, Fault::Full);
}

#[test]
fn reloads_give_back_what_they_took() {
    let host = host();
    host.load("s").expect("it loads");
    let rule = host.rule("s", "f");
    let mut before = 0;
    for n in 0..220 {
        host.reload("s").expect("it reloads");
        call(&host, &rule).expect("the call goes through");
        if n == 20 {
            before = heap::held() + heap::held_by_rust();
        }
    }
    let more = heap::held() + heap::held_by_rust() - before;
    assert!(more < 64 * 1024, "{more} octets more after 200 reloads");
}
