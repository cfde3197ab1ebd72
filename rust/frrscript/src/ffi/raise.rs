// SPDX-License-Identifier: GPL-2.0-or-later
//! Raising Lua errors from Rust.
//!
//! Luau raises with a C++ exception. It may pass through a Rust frame of ABI `C-unwind` (its destructors run), but not
//! through `catch_unwind`: so what may panic runs inside [`guarded`] and calls nothing of Luau that raises, and the result
//! is pushed or raised outside of it.

use super::engine::{self, lua_State};
use super::interrupt;
use crate::failure::{Failure, Kind};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The level of the function that the script wrote: those of the prelude are ours.
#[cold]
unsafe fn level(state: *mut lua_State) -> std::ffi::c_int {
    // SAFETY: the caller's promise; a chunk's name is a string that lives as long as its functions.
    unsafe {
        let mut info: engine::lua_Debug = std::mem::zeroed();
        for level in 1..10 {
            if engine::lua_getinfo(state, level, c"s".as_ptr(), &raw mut info) == 0 {
                break;
            }
            if info.source.is_null() || std::ffi::CStr::from_ptr(info.source) != c"=frr" {
                return level;
            }
        }
    }
    1
}

/// Raises `message` with the script's position in front of it.
///
/// # Safety
/// `state` is live, and this is called inside a C function that it is running (or its interrupt).
pub unsafe fn error(state: *mut lua_State, message: String) -> ! {
    // SAFETY: the caller's promise. The message is copied into Lua and dropped before the raise; if the copy itself
    // raises for want of memory, the unwinding drops it.
    unsafe {
        engine::luaL_checkstack(state, 3, std::ptr::null());
        engine::luaL_where(state, level(state));
        engine::lua_pushlstring(state, message.as_ptr().cast(), message.len());
        drop(message);
        engine::lua_concat(state, 2);
        engine::lua_error(state)
    }
}

/// Runs safe code that may panic; a panic marks the call as lost, so that no `pcall` swallows it, and so do a limit
/// that the code saw itself and memory that the system did not have for it.
///
/// # Safety
/// `state` is live. `f` calls nothing of Luau that can raise.
#[inline]
pub unsafe fn guarded<T>(state: *mut lua_State, f: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    match catch_unwind(AssertUnwindSafe(f)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(failure)) => {
            if matches!(failure.kind, Kind::Deadline | Kind::Memory) {
                // SAFETY: a live state of ours.
                let account = unsafe { interrupt::account(state) };
                // A limit that the code saw itself has stopped the call already (`Args::beyond_limit`).
                if failure.kind == Kind::Memory && account.stopped().is_none() {
                    account.lack();
                }
                account.stop(failure.kind);
            }
            Err(failure)
        }
        Err(panic) => {
            // SAFETY: a live state of ours.
            unsafe { interrupt::account(state) }.stop(Kind::Panic);
            Err(Failure::new(Kind::Panic, super::wall::panic_text(panic.as_ref())))
        }
    }
}
