// SPDX-License-Identifier: GPL-2.0-or-later
//! The C interface as a state machine: what a daemon and its operator do, in any order.

#![no_main]

use arbitrary::Arbitrary;
use frrscript::ffi::abi::OptionKind;
use frrscript::ffi::exports::bus::*;
use frrscript::ffi::exports::events::*;
use frrscript::ffi::exports::operate::*;
use frrscript::ffi::exports::stock::{
    frrscript_call_begin, frrscript_call_run, frrscript_delete, frrscript_library_fini, frrscript_load, frrscript_new,
    frrscript_stack_getfield, frrscript_stack_gettop, frrscript_stack_newtable, frrscript_stack_pop,
    frrscript_stack_pushlstring, frrscript_stack_setfield, frrscript_stack_tointeger, frrscript_stack_tostring,
};
use frrscript_fuzz::host::{Host, Rule, c_text, take};
use frrscript_fuzz::script::Script;
use frrscript_fuzz::tables::Objects;
use libfuzzer_sys::fuzz_target;
use std::ptr::{null, null_mut};

/// Few names, so that steps meet; some may not be used, and some are not there.
const NAMES: [&str; 6] = ["a", "b", "lib", "gone", "../a", ""];
const FUNCTIONS: [&str; 5] = ["route_match", "route_set", "helper", "nothing", ""];
/// Sources with something of each kind.
const SOURCES: [&str; 8] = [
    "function route_match() return RM_MATCH end function route_set(p, a) a.localpref = 7 return RM_MATCH_AND_CHANGE end",
    "frr.on('route_changed', function(p, n) frr.publish('t/x', { p.prefix, 1 }) frr.sleep(0.001) end)\n\
     frr.every(0.001, function() frr.shared_dict('d', 1):incr('n', 1, 0) end)\n\
     frr.subscribe('t/*', function(v) kept = v end) function route_match(p, a) return #a.communities > 1 end",
    "function route_match() while true do end end function route_set() local t = {} while true do t[#t + 1] = {} end end",
    "function route_match(p, a) a.metric = 5 error({}) end function route_set(p, a) return a end function helper() return { x = 1 } end",
    "this does not compile",
    "error('at load')",
    "local kept; function route_match(p, a) if kept then return kept.localpref > 1 end kept = a return true end",
    "frr.spawn(function() for _, p in frr.peers() do frr.sleep(0) end frr.configure('x') end) function route_match() return 9 end",
];

#[derive(Debug, Arbitrary)]
enum Step {
    Write(u8, u8),
    WriteScript(u8, Script),
    WriteOctets(u8, Vec<u8>),
    Remove(u8),
    Load(u8),
    Unload(u8),
    Reload(Option<u8>),
    Option(u8, u8, Option<u32>),
    Resume(u8),
    Clear(Option<u8>),
    Permit(u8, u8, bool),
    Rule(bool, u8, u8),
    Call(u8),
    Free(u8),
    Event(u64),
    Turns(u8),
    Connected(bool),
    Received(Vec<u8>),
    Gone(u8),
    Tick,
    Bye,
    Shutdown,
    Fini,
    Debug(bool),
    Show(u8),
    ShowAll(bool),
    Reevaluated(u8, u64, u64),
    Stock(u8, u8, Vec<u8>),
}

/// `script NAME limit time` stays small here, so that no step takes long.
fn option(kind: u8, value: Option<u32>) -> (OptionKind, Option<u32>) {
    match kind % 5 {
        0 => (OptionKind::LIMIT_TIME, Some(value.unwrap_or(10).min(10))),
        1 => (OptionKind::LIMIT_MEMORY, value),
        2 => (OptionKind::ON_ERROR, value),
        3 => (OptionKind::PERMIT_CONFIGURE, value),
        _ => (OptionKind::ON_ERROR_HOLD, value),
    }
}

fn name(n: u8) -> &'static str {
    NAMES[usize::from(n) % NAMES.len()]
}

fn function(n: u8) -> &'static str {
    FUNCTIONS[usize::from(n) % FUNCTIONS.len()]
}

/// FRR's own interface, as its macros use it.
fn stock(script: &str, function: &str, octets: &[u8]) {
    let (script, function) = (c_text(script.as_bytes()), c_text(function.as_bytes()));
    // SAFETY: live strings; what was made here is used here, with what the library gave for it.
    unsafe {
        let fs = frrscript_new(script.as_ptr());
        if frrscript_load(fs, function.as_ptr(), None) == 0 {
            let frame = frrscript_call_begin(fs, function.as_ptr());
            if !frame.is_null() {
                frrscript_stack_newtable(frame);
                frrscript_stack_pushlstring(frame, octets.as_ptr().cast(), octets.len());
                frrscript_stack_setfield(frame, 1, c"x".as_ptr());
                if frrscript_call_run(fs, function.as_ptr(), 1) == 0 {
                    assert_eq!(frrscript_stack_gettop(frame), 1);
                    frrscript_stack_getfield(frame, 1, c"x".as_ptr());
                    let mut n = 0;
                    frrscript_stack_tointeger(frame, -1, 0, 10, &raw mut n);
                    frrscript_stack_tostring(frame, -1);
                    frrscript_stack_pop(frame, 2);
                }
            }
        }
        frrscript_delete(fs);
    }
}

fuzz_target!(|steps: Vec<Step>| {
    let host = Host::start();
    let mut rules: Vec<Rule> = Vec::new();
    let mut objects = Objects::sample();
    for step in steps.into_iter().take(40) {
        let mut out = null_mut();
        match step {
            Step::Write(n, source) => {
                // A name that may not be used names no file either.
                if usize::from(n) % NAMES.len() < 4 {
                    host.write(name(n), SOURCES[usize::from(source) % SOURCES.len()].as_bytes());
                }
            }
            Step::WriteScript(n, script) if usize::from(n) % NAMES.len() < 4 => {
                host.write(name(n), script.0.as_bytes())
            }
            Step::WriteOctets(n, octets) if usize::from(n) % NAMES.len() < 4 => host.write(name(n), &octets),
            Step::WriteScript(..) | Step::WriteOctets(..) => {}
            Step::Remove(n) => host.remove(["a", "b", "lib", "gone"][usize::from(n) % 4]),
            Step::Load(n) => {
                let _ = host.load(name(n));
            }
            Step::Rule(set, n, f) => {
                if rules.len() < 8 {
                    rules.extend(host.rule(set, name(n), function(f)));
                }
            }
            Step::Call(n) => {
                if let Some(rule) = rules.get(usize::from(n) % rules.len().max(1)) {
                    rule.call(&mut objects);
                }
            }
            Step::Free(n) => {
                if !rules.is_empty() {
                    rules.swap_remove(usize::from(n) % rules.len());
                }
            }
            Step::Event(n) => frrscript_fuzz::events::tell(&objects, if n % 2 == 0 { "ipv4" } else { "ipv6" }, n),
            Step::Turns(n) => (0..=n % 4).for_each(|_| frrscript_turn()),
            Step::Show(n) => {
                host.show(name(n));
            }
            Step::Stock(n, f, octets) => stock(name(n), function(f), &octets),
            other => {
                // SAFETY: live strings, and a place to write to.
                unsafe { command(other, &raw mut out) };
                take(out);
            }
        }
    }
});

/// What is no more than one call.
///
/// # Safety
/// `out` is a place to write to.
unsafe fn command(step: Step, out: *mut *mut std::ffi::c_char) {
    let text = |n: u8| c_text(name(n).as_bytes());
    // SAFETY: strings live through each call.
    unsafe {
        match step {
            Step::Unload(n) => drop(frrscript_script_unload(text(n).as_ptr(), out)),
            Step::Reload(n) => {
                let name = n.map(text);
                frrscript_script_reload(name.as_ref().map_or(null(), |n| n.as_ptr()), out);
            }
            Step::Option(n, kind, value) => {
                let (kind, value) = option(kind, value);
                let value = value.as_ref().map_or(null(), std::ptr::from_ref);
                frrscript_script_option(text(n).as_ptr(), kind, value, out);
            }
            Step::Resume(n) => drop(frrscript_script_resume(text(n).as_ptr(), out)),
            Step::Clear(n) => {
                let name = n.map(text);
                frrscript_script_clear(name.as_ref().map_or(null(), |n| n.as_ptr()), out);
            }
            Step::Permit(n, runtime, on) => {
                frrscript_script_permit_runtime(text(n).as_ptr(), text(runtime).as_ptr(), on, out);
            }
            Step::Connected(on) => frrscript_bus_connected(on),
            Step::Received(octets) => frrscript_bus_received(octets.as_ptr().cast(), octets.len()),
            Step::Gone(n) => frrscript_bus_gone(text(n).as_ptr()),
            Step::Tick => drop(frrscript_bus_tick()),
            Step::Bye => frrscript_bus_bye(),
            Step::Shutdown => frrscript_shutdown(),
            Step::Fini => frrscript_library_fini(),
            Step::Debug(on) => frrscript_debug(on),
            Step::ShowAll(json) => {
                let texts = [
                    frrscript_show(null(), json),
                    frrscript_show_hooks(json),
                    frrscript_show_dicts(json),
                    frrscript_show_topics(json),
                    frrscript_show_runtimes(json),
                    frrscript_config(),
                    frrscript_script_names(),
                    frrscript_runtime_names(),
                ];
                texts.into_iter().for_each(|text| drop(take(text)));
            }
            Step::Reevaluated(n, evaluated, changed) => {
                frrscript_script_reevaluated(text(n).as_ptr(), evaluated, changed);
                frrscript_script_calls(text(n).as_ptr());
            }
            _ => {}
        }
    }
}
