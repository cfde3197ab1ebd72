// SPDX-License-Identifier: GPL-2.0-or-later
//! What the session with the other daemons tells. It is the host's; the library sends with `send` of `frrscript_host`.

use super::{into_c, text};
use crate::bus;
use crate::ffi::wall::wall;
use std::ffi::{c_char, c_void};

/// Messages pass between this daemon and the others (true), or not any more. Not from inside of `send`.
#[unsafe(no_mangle)]
pub extern "C" fn frrscript_bus_connected(on: bool) {
    wall("frrscript_bus_connected", (), || bus::connected(on));
}

/// A message of another daemon; borrowed. Any octets are fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_bus_received(data: *const c_void, len: usize) {
    wall("frrscript_bus_received", (), || {
        if !data.is_null() {
            // SAFETY: the host's `len` octets.
            bus::receive(unsafe { std::slice::from_raw_parts(data.cast(), len) });
        }
    });
}

/// A daemon has lost its session with zebra: what it published counts no more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_bus_gone(daemon: *const c_char) {
    wall("frrscript_bus_gone", (), || {
        // SAFETY: as the conventions say.
        if let Some(daemon) = unsafe { text(daemon) } {
            bus::gone(daemon);
        }
    });
}

/// Looks after what has to be sent, and who has gone silent. Returns in how many milliseconds it wants to be called again;
/// 0: no script needs the other daemons any more.
#[unsafe(no_mangle)]
pub extern "C" fn frrscript_bus_tick() -> u32 {
    wall("frrscript_bus_tick", 1000, bus::tick)
}

/// This daemon ends: the others are told.
#[unsafe(no_mangle)]
pub extern "C" fn frrscript_bus_bye() {
    wall("frrscript_bus_bye", (), bus::bye);
}

/// `show script dicts [json]`.
#[unsafe(no_mangle)]
pub extern "C" fn frrscript_show_dicts(json: bool) -> *mut c_char {
    wall("frrscript_show_dicts", std::ptr::null_mut(), || into_c(crate::dict::shown(json)))
}

/// `show script topics [json]`.
#[unsafe(no_mangle)]
pub extern "C" fn frrscript_show_topics(json: bool) -> *mut c_char {
    wall("frrscript_show_topics", std::ptr::null_mut(), || into_c(bus::shown(json)))
}
