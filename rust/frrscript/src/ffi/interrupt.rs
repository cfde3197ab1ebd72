// SPDX-License-Identifier: GPL-2.0-or-later
//! Stopping a script: Luau's interrupt, which is set only when there is something to stop.
//!
//! Luau looks at the interrupt's pointer at loops, calls, returns and inside pattern matching. An interrupt that is always
//! set makes a loop many times slower, so it is NULL until the watchdog (another thread) or the allocator sets it. Once it
//! has raised, it stays set and raises at every further safepoint, so that no `pcall` and no coroutine gets past it; the
//! entry from C takes it away when the call has ended.

use super::account::{Account, MOST_BLOCK};
use super::collector;
use super::engine::{self, lua_Callbacks, lua_State};
use super::pace::Next;
use super::raise;
use crate::failure::Kind;
use crate::watchdog;
use std::ffi::{CStr, c_int, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

/// The place of the interrupt's pointer, as an atomic: two threads write it.
fn place<'a>(callbacks: *mut lua_Callbacks) -> Option<&'a AtomicPtr<c_void>> {
    if callbacks.is_null() {
        return None;
    }
    // SAFETY: `callbacks` belongs to a live VM (see `watchdog::forget`, which keeps the watchdog from one that is being
    // closed); an `Option<fn>` is a pointer, NULL for None, aligned as one.
    Some(unsafe { AtomicPtr::from_ptr((&raw mut (*callbacks).interrupt).cast()) })
}

/// Sets or takes away a VM's interrupt. May be called from the watchdog's thread.
pub fn set(callbacks: *mut lua_Callbacks, on: bool) {
    if let Some(place) = place(callbacks) {
        let handler: unsafe extern "C-unwind" fn(*mut lua_State, c_int) = interrupted;
        place.store(if on { handler as *mut c_void } else { std::ptr::null_mut() }, Ordering::Release);
    }
}

/// Whether the interrupt is set.
#[inline]
pub fn is_set(callbacks: *mut lua_Callbacks) -> bool {
    place(callbacks).is_some_and(|p| !p.load(Ordering::Relaxed).is_null())
}

/// The account of a state.
///
/// # Safety
/// `state` was made by `Vm::new`.
#[inline]
pub unsafe fn account<'a>(state: *mut lua_State) -> &'a Account {
    let mut data: *mut c_void = std::ptr::null_mut();
    // SAFETY: a live state; every state of this library has an Account as its allocator's data, which outlives it.
    unsafe {
        engine::lua_getallocf(state, &raw mut data);
        &*data.cast::<Account>()
    }
}

/// The text that a stopped script's error carries.
pub fn reason(kind: Kind, account: &Account) -> String {
    match kind {
        Kind::Deadline if watchdog::held() => {
            "stopped: calls of scripts have held the daemon for too long without a turn of its event loop".to_owned()
        }
        Kind::Deadline => {
            let limit = account.pace.limit().unwrap_or_else(watchdog::limit);
            format!("stopped: ran past its time limit of {} ms", limit.as_millis())
        }
        Kind::Memory if account.is_dry() => "stopped: the system has no memory".to_owned(),
        Kind::Memory if account.limit() <= MOST_BLOCK => {
            format!("stopped: asked for more than its memory limit of {} KiB", account.limit() / 1024)
        }
        Kind::Memory => format!(
            "stopped: asked for more than its memory limit of {} KiB, or for one value of more than {} KiB",
            account.limit() / 1024,
            MOST_BLOCK / 1024
        ),
        _ => "stopped: internal error of the scripting library".to_owned(),
    }
}

/// Whether a yield is possible where the interrupt was called: in a Lua function (a function of the library, such as
/// pattern matching, would go on regardless) that nothing but Lua has called.
unsafe fn may_cut(state: *mut lua_State) -> bool {
    // SAFETY: a live state; the frame's kind is static text.
    unsafe {
        let mut info: engine::lua_Debug = std::mem::zeroed();
        engine::lua_isyieldable(state) != 0
            && engine::lua_getinfo(state, 0, c"s".as_ptr(), &raw mut info) != 0
            && !info.what.is_null()
            && CStr::from_ptr(info.what) != c"C"
    }
}

/// Luau's interrupt (lua.h, `lua_Callbacks::interrupt`): raises when the running call is lost.
unsafe extern "C-unwind" fn interrupted(state: *mut lua_State, gc: c_int) {
    if gc >= 0 {
        return; // inside the collector nothing may be raised; the next safepoint is near
    }
    // SAFETY: Luau calls this with a state of ours.
    let account = unsafe { account(state) };
    if account.stopped().is_none() {
        // SAFETY: Luau allows to raise here.
        unsafe { collector::keep_up(state, account) };
    }
    if account.stopped().is_none() {
        if watchdog::used().is_zero() && !watchdog::expired() {
            // It was not the watchdog that called.
            account.clear();
            return;
        }
        // SAFETY: a live state.
        match account.pace.look(state, unsafe { may_cut(state) }) {
            Next::Stop => account.stop(Kind::Deadline),
            Next::NoTask if watchdog::expired() => account.stop(Kind::Deadline),
            // The watchdog meant a call that has ended by now.
            Next::NoTask | Next::GoOn => {
                account.clear();
                return;
            }
            Next::Cut => {
                account.clear();
                // SAFETY: a safepoint of a Lua function that may yield.
                unsafe { engine::lua_yield(state, 0) };
                return;
            }
        }
    }
    let kind = account.stopped().unwrap_or(Kind::Deadline);
    let message = reason(kind, account);
    // SAFETY: a live state inside a safepoint, where Luau allows to raise.
    unsafe { raise::error(state, message) }
}
