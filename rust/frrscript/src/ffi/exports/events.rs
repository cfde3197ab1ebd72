// SPDX-License-Identifier: GPL-2.0-or-later
//! Events, timers and tasks: what the daemon tells, and when scripts have their turn.

use super::register::type_of;
use super::{answer, text};
use crate::ffi::abi::{self, ErrorCode};
use crate::ffi::own_events;
use crate::ffi::record::Record;
use crate::ffi::wall::wall;
use crate::schema;
use std::ffi::{c_char, c_int, c_void};

/// Registers lists: a NULL-terminated array of pointers to static tables. Their types are registered with them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_register_lists(lists: *const *const abi::List, out: *mut *mut c_char) -> c_int {
    wall("frrscript_register_lists", ErrorCode::INTERNAL as c_int, || {
        let mut result = Ok(None);
        let mut at = lists;
        // SAFETY: NULL, or an array that ends with NULL; the tables are static.
        while let Some(list) = (!at.is_null()).then(|| unsafe { (*at).as_ref() }).flatten() {
            // SAFETY: likewise.
            if let Err(why) = unsafe { add_list(list) } {
                result = Err((ErrorCode::BAD_ARGUMENT, why));
                break;
            }
            // SAFETY: not past the NULL.
            at = unsafe { at.add(1) };
        }
        // SAFETY: as the conventions say.
        unsafe { answer(out, result) }
    })
}

unsafe fn add_list(table: &'static abi::List) -> Result<(), String> {
    // SAFETY: static strings and tables.
    unsafe {
        let name = text(table.name).ok_or("a list without a name")?;
        let ty = table.object.as_ref().ok_or_else(|| format!("list {name}: no type"))?;
        schema::add_list(schema::List {
            name,
            doc: text(table.doc).unwrap_or(""),
            ty: type_of(ty, 0)?,
            each: table.each.ok_or_else(|| format!("list {name}: no function that goes over it"))?,
            origin: std::ptr::from_ref(table) as usize,
        });
    }
    Ok(())
}

/// An event happened: queues it for every script that listens. `record` is copied, `record` octets of the hook's table;
/// scripts run later, from `frrscript_turn`. Nothing happens when nobody listens.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_event(hook: *const abi::Hook, record: *const c_void) {
    wall("frrscript_event", (), || {
        let Some(hook) = schema::hook_of(hook as usize) else { return };
        if hook.listeners.get() == 0 {
            return;
        }
        // SAFETY: the caller's record is as large as the hook's table says.
        if let Some(told) = unsafe { Record::told(hook, record) } {
            crate::task::event::post(&told);
        }
    });
}

/// Runs what waits: events, timers, tasks, for a few milliseconds at most. Called by the host as `wake` asked.
#[unsafe(no_mangle)]
pub extern "C" fn frrscript_turn() {
    crate::watchdog::turned();
    let done = wall("frrscript_turn", false, || {
        crate::task::turn::turn();
        true
    });
    if !done {
        // What else waits is not lost.
        wall("frrscript_turn", (), || crate::ffi::host::wake(1000));
    }
}

/// The daemon is about to end: scripts hear of it (`shutdown`), within their time limits, and no task runs afterwards.
#[unsafe(no_mangle)]
pub extern "C" fn frrscript_shutdown() {
    wall("frrscript_shutdown", (), own_events::shutdown);
}
