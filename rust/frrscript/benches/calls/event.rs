// SPDX-License-Identifier: GPL-2.0-or-later
//! What an event costs: told and handled, and told when nobody listens.

use super::route::{self, Route, Static};
use frrscript::ffi::abi::{Arg, HOOK_EVENT, Hook, Value};
use frrscript::ffi::exports::events::{frrscript_event, frrscript_turn};
use frrscript::ffi::exports::operate::{frrscript_script_load, frrscript_script_unload};
use frrscript::ffi::exports::register::frrscript_register_hooks;
use std::ffi::{CStr, c_void};
use std::ptr::{null, null_mut};
use std::time::Instant;

/// Events in a round: as many as a queue holds.
const EVENTS: u32 = 4000;
const ROUNDS: usize = 51;

/// A script that reads what a handler of a route reads.
pub const SCRIPT: &str = "
frr.on('route_told', function(prefix, route)
    if route.localpref == 100 and prefix.length <= 24 then seen = (seen or 0) + 1 end
end)
";

#[repr(C)]
struct Told {
    prefix: *const c_void,
    route: *const c_void,
}

unsafe extern "C" fn prefix(record: *const c_void, out: *mut Value) -> bool {
    // SAFETY: the library passes a record of the event and a value to fill.
    unsafe { (*out).u.ptr = (*record.cast::<Told>()).prefix };
    true
}

unsafe extern "C" fn told_route(record: *const c_void, out: *mut Value) -> bool {
    // SAFETY: likewise.
    unsafe { (*out).u.ptr = (*record.cast::<Told>()).route };
    true
}

static ARGS: Static<[Arg; 3]> = Static([
    Arg { get: Some(prefix), ..route::arg(c"prefix", &raw const route::PREFIX.0) },
    Arg { get: Some(told_route), ..route::arg(c"route", &raw const route::ROUTE.0) },
    Arg::NONE,
]);

static TOLD: Static<Hook> = Static(Hook {
    name: c"route_told".as_ptr(),
    args: ARGS.0.as_ptr(),
    flags: HOOK_EVENT,
    record: size_of::<Told>() as u32,
    ..Hook::NONE
});

/// Registers the event.
pub fn register() {
    let hooks = [&raw const TOLD.0, null()];
    // SAFETY: static tables.
    unsafe { assert_eq!(frrscript_register_hooks(hooks.as_ptr(), null_mut()), 0) };
}

/// Microseconds of an event: told and handled, and told to nobody.
pub fn measure(script: &CStr, route: &Route) -> (f64, f64) {
    let told = Told { prefix: (&raw const route.prefix).cast(), route: std::ptr::from_ref(route).cast() };
    // SAFETY: a registered event and its record.
    let tell = || unsafe { frrscript_event(&raw const TOLD.0, (&raw const told).cast()) };
    let nobody = median((0..ROUNDS).map(|_| time(|| (0..EVENTS).for_each(|_| tell()))).collect());
    // SAFETY: a live name.
    unsafe { assert_eq!(frrscript_script_load(script.as_ptr(), null_mut()), 0) };
    let handled = median(
        (0..ROUNDS)
            .map(|_| {
                time(|| {
                    (0..EVENTS).for_each(|_| tell());
                    while frrscript::script::store::find("event").is_some_and(|s| !s.queue.is_empty()) {
                        frrscript_turn();
                    }
                })
            })
            .collect(),
    );
    // SAFETY: a live name.
    unsafe { frrscript_script_unload(script.as_ptr(), null_mut()) };
    (handled, nobody)
}

fn time(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e6 / f64::from(EVENTS)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
