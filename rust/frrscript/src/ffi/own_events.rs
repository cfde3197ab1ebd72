// SPDX-License-Identifier: GPL-2.0-or-later
//! The events that every daemon has: the library tells them itself.

use super::abi::{Kind, Value, ValueBody};
use super::record::{Event, Record};
use crate::schema::{self, Arg, ArgKind, FieldKind, Hook};
use std::cell::Cell;
use std::ffi::c_void;

/// In place of the address of a C table.
const LOADED: usize = 1;
const SHUTDOWN: usize = 2;

/// Registers them, once.
pub fn register() {
    let generation = Arg {
        name: "generation",
        doc: "1 when it was loaded first, counted on with each reload",
        kind: ArgKind::Value(FieldKind::Uint),
        get: Some(first_word),
    };
    add(LOADED, "script_loaded", "this script came into service", vec![generation], 8);
    add(
        SHUTDOWN,
        "shutdown",
        "the daemon ends; a handler can't wait any more, and all of them together have a second",
        Vec::new(),
        0,
    );
}

fn add(origin: usize, name: &'static str, doc: &'static str, args: Vec<Arg>, size: usize) {
    if schema::hook_of(origin).is_some() {
        return;
    }
    schema::add_hook(Hook {
        name,
        doc,
        args,
        verdict: false,
        set: false,
        number: false,
        range: (0, 0),
        event: Some(Event::own(size)),
        listeners: Cell::new(0),
        origin,
    });
}

unsafe extern "C" fn first_word(record: *const c_void, out: *mut Value) -> bool {
    // SAFETY: records of `script_loaded` have one word; `out` may be written.
    unsafe {
        *out = Value {
            kind: Kind::UINT as u8,
            family: 0,
            prefixlen: 0,
            len: 0,
            u: ValueBody { num: record.cast::<u64>().read() },
        };
    }
    true
}

/// A script came into service.
pub fn loaded(script: &crate::script::record::Script, generation: u64) {
    if let Some(hook) = schema::hook_of(LOADED) {
        // SAFETY: one word, as `register` says.
        if let Some(told) = unsafe { Record::told(hook, (&raw const generation).cast()) } {
            crate::task::event::post_to(script, &told);
        }
    }
}

/// The daemon ends.
pub fn shutdown() {
    // SAFETY: the record has no octets.
    let record = schema::hook_of(SHUTDOWN).and_then(|h| unsafe { Record::told(h, std::ptr::null()) });
    if let Some(record) = record {
        crate::task::turn::shutdown(record.hook, &record);
    }
}
