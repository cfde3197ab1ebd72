// SPDX-License-Identifier: GPL-2.0-or-later
//! Scripts from a grammar that read, assign and call everything there is on the daemon's objects, and keep views beyond the
//! call that they were made for.

#![no_main]

use frrscript::ffi::exports::events::frrscript_turn;
use frrscript_fuzz::host::Host;
use frrscript_fuzz::script::Script;
use frrscript_fuzz::tables::Objects;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|script: Script| {
    let host = Host::start();
    host.write("s", script.0.as_bytes());
    let loaded = host.load("s");
    if let Err(why) = &loaded {
        assert!(!why.contains("yntax"), "{why}\n{}", script.0);
    }
    let (matches, sets) = (host.rule(false, "s", "route_match"), host.rule(true, "s", "route_set"));
    let (Some(matches), Some(sets)) = (matches, sets) else { panic!("good names") };
    // Objects of an earlier call are gone in a later one: what still reads them reads freed memory.
    for _ in 0..3 {
        let mut objects = Box::new(Objects::sample());
        matches.call(&mut objects);
        sets.call(&mut objects);
        frrscript_fuzz::events::tell(&objects, "ipv4", 7);
        frrscript_turn();
    }
    host.show("s");
});
