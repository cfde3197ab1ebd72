// SPDX-License-Identifier: GPL-2.0-or-later
//! `frr.peers()` and the like: the daemon's objects, as views that are good until the task waits. It is not cut before.

use super::context;
use super::engine::{self, lua_State};
use super::interrupt;
use super::object::{self, View};
use crate::schema::{self, List};
use std::ffi::{CString, c_int, c_void};

/// Objects of one list at most.
const MOST: usize = 1_000_000;

/// Adds the daemon's lists to the table on top of the stack, which is `frr`.
///
/// # Safety
/// `state` is new, in a protected call.
pub unsafe fn open(state: *mut lua_State) {
    for list in schema::lists() {
        let name = CString::new(list.name).unwrap_or_default();
        // SAFETY: the caller's promise; the list is static. The name is copied by the engine, and for tracebacks, which
        // keep the pointer, there is a static one.
        unsafe {
            engine::lua_pushlightuserdata(state, std::ptr::from_ref(list).cast_mut().cast());
            engine::lua_pushcclosurek(state, call, c"list".as_ptr(), 1, None);
            engine::lua_rawsetfield(state, -2, name.as_ptr());
        }
    }
}

/// Gives a table with a view of each object.
unsafe extern "C-unwind" fn call(state: *mut lua_State) -> c_int {
    unsafe extern "C" fn add(ctx: *mut c_void, object: *const c_void) -> bool {
        // SAFETY: `ctx` is the vector below.
        let found = unsafe { &mut *ctx.cast::<Vec<*const c_void>>() };
        if !object.is_null() {
            found.push(object);
        }
        found.len() < MOST
    }
    // SAFETY: `open` made the closure. The daemon's function goes over its objects and calls nothing of the library but
    // `add`. If a push raises for want of memory, unwinding drops the vector.
    unsafe {
        let list = &*engine::lua_touserdata(state, engine::lua_upvalueindex(1)).cast::<List>();
        let context = context::of(state);
        interrupt::account(state).pace.keep_whole();
        let mut found: Vec<*const c_void> = Vec::new();
        (list.each)(Some(add), (&raw mut found).cast());
        engine::lua_createtable(state, c_int::try_from(found.len()).unwrap_or(0), 0);
        for (index, object) in (1..).zip(&found) {
            let call = context.slice();
            // An argument that no hook has: nothing of it can be assigned.
            let lists = std::ptr::null();
            object::push_view(state, View { object: *object, context, call, ty: list.ty, arg: u8::MAX, lists });
            engine::lua_rawseti(state, -2, index);
        }
    }
    1
}
