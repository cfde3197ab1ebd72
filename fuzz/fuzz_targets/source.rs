// SPDX-License-Identifier: GPL-2.0-or-later
//! A script file of any octets: it is loaded under limits, its function is called, its tasks get turns.

#![no_main]

use frrscript::ffi::exports::events::frrscript_turn;
use frrscript_fuzz::host::Host;
use frrscript_fuzz::tables::Objects;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|source: &[u8]| {
    let host = Host::start();
    host.write("s", source);
    let loaded = host.load("s");
    let mut objects = Objects::sample();
    if let Some(rule) = host.rule(false, "s", "route_match") {
        rule.call(&mut objects);
    }
    if let Some(rule) = host.rule(true, "s", "route_set") {
        rule.call(&mut objects);
    }
    if loaded.is_ok() {
        frrscript_fuzz::events::tell(&objects, "ipv4", 7);
        for _ in 0..3 {
            frrscript_turn();
        }
    }
    host.show("s");
});
