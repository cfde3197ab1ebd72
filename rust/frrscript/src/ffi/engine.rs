// SPDX-License-Identifier: GPL-2.0-or-later
//! Luau's C API as the rest of `ffi/` sees it: mlua's bindings, and the calls that mlua does not bind.

pub use mlua::ffi::*;
use std::ffi::{c_int, c_void};

/// Reads or writes a field of a tagged userdata without a call frame of Lua's own (lua.h, `lua_UserdataDirectAccess`).
pub type DirectAccess =
    unsafe extern "C-unwind" fn(state: *mut lua_State, data: *mut c_void, atom: c_int, slot: *mut u16, tag: c_int);
/// Calls a method of a tagged userdata (lua.h, `lua_UserdataDirectNamecall`).
pub type DirectNamecall = unsafe extern "C-unwind" fn(
    state: *mut lua_State,
    data: *mut c_void,
    atom: c_int,
    slot: *mut u16,
    tag: c_int,
) -> c_int;

unsafe extern "C-unwind" {
    /// Registers direct access for the userdata of a tag whose metatable has been set. 1: done.
    pub fn lua_registeruserdatadirectaccess(
        state: *mut lua_State,
        tag: c_int,
        get: DirectAccess,
        set: DirectAccess,
        namecall: DirectNamecall,
    ) -> c_int;
    /// Pushes a 64-bit integer, a type of its own in Luau.
    pub fn lua_pushinteger64(state: *mut lua_State, n: i64);
    /// Reads a 64-bit integer.
    pub fn lua_tointeger64(state: *mut lua_State, idx: c_int, is_integer: *mut c_int) -> i64;
}

/// Luau's type number of a 64-bit integer (lua.h, `LUA_TINTEGER`).
pub const LUA_TINTEGER: c_int = 4;

/// Whole numbers up to here are exact as a Lua number.
pub const EXACT: u64 = 1 << 53;

/// Pushes an unsigned number: a Lua number while that is exact, then a 64-bit integer.
///
/// # Safety
/// `state` is a live Lua state with a free stack slot.
#[inline]
pub unsafe fn push_unsigned(state: *mut lua_State, n: u64) {
    // SAFETY: the caller's promise; neither call allocates.
    unsafe {
        if n <= EXACT {
            #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            lua_pushnumber(state, n as f64);
        } else {
            #[allow(clippy::cast_possible_wrap, reason = "the octets of the number; scripts see it through `integer`")]
            lua_pushinteger64(state, n as i64);
        }
    }
}

/// Pushes a signed number likewise.
///
/// # Safety
/// As [`push_unsigned`].
#[inline]
pub unsafe fn push_signed(state: *mut lua_State, n: i64) {
    // SAFETY: the caller's promise; neither call allocates.
    unsafe {
        if n.unsigned_abs() <= EXACT {
            #[allow(clippy::cast_precision_loss, reason = "exact up to 2^53")]
            lua_pushnumber(state, n as f64);
        } else {
            lua_pushinteger64(state, n);
        }
    }
}
