// SPDX-License-Identifier: GPL-2.0-or-later
//! What runs inside a VM's protected calls: filling a new state, loading a source, noting where an error came from.

use super::context::CallContext;
use super::engine::{self, lua_State};
use super::{codegen, native, userdata};
use crate::script::module::Chunk;
use std::ffi::{CStr, c_int};

/// In the registry: what modules gave, by name.
const MODULES: &CStr = c"frr.modules";

/// Fills a new state: 1 the context's address.
pub unsafe extern "C-unwind" fn set_up(state: *mut lua_State) -> c_int {
    // SAFETY: called protected by `Vm::new`.
    unsafe {
        userdata::register(state);
        native::open(state);
        engine::luaL_sandbox(state, 1);
        engine::luaL_sandboxthread(state);
        let context = engine::lua_touserdata(state, 1);
        engine::lua_pushlightuserdata(state, context);
        engine::lua_rawsetfield(state, engine::LUA_REGISTRYINDEX, c"frr.context".as_ptr());
        engine::lua_pushcclosurek(state, run_source, c"load".as_ptr(), 0, None);
        engine::lua_rawsetfield(state, engine::LUA_REGISTRYINDEX, c"frr.load".as_ptr());
        engine::lua_createtable(state, 0, 0);
        engine::lua_rawsetfield(state, engine::LUA_REGISTRYINDEX, MODULES.as_ptr());
        engine::lua_pushcclosurek(state, super::stock::run_job, c"call".as_ptr(), 0, None);
        engine::lua_rawsetfield(state, engine::LUA_REGISTRYINDEX, c"frr.stock".as_ptr());
    }
    0
}

pub unsafe extern "C-unwind" fn keep_handler(state: *mut lua_State) -> c_int {
    // SAFETY: called protected by `Vm::new`.
    unsafe {
        engine::lua_pushcclosurek(state, handle_error, c"error".as_ptr(), 0, None);
        engine::lua_rawsetfield(state, engine::LUA_REGISTRYINDEX, c"frr.handler".as_ptr());
    }
    0
}

/// Loads and runs a chunk: 1 the job.
unsafe extern "C-unwind" fn run_source(state: *mut lua_State) -> c_int {
    // SAFETY: called by `Vm::load` with a chunk that outlives the call.
    unsafe {
        let chunk = &*engine::lua_touserdata(state, 1).cast::<Chunk>();
        push_chunk(state, chunk);
        engine::lua_call(state, 0, 0);
    }
    0
}

/// Pushes a chunk as a function.
unsafe fn push_chunk(state: *mut lua_State, chunk: &Chunk) {
    // SAFETY: called protected, with free stack slots. What is loaded is the bytecode that the compiler just made, never a
    // script's own.
    unsafe {
        let code = &chunk.bytecode;
        let status = engine::luau_load(state, chunk.label.as_ptr(), code.as_ptr().cast(), code.len(), 0);
        if status != engine::LUA_OK {
            engine::lua_error(state);
        }
        if chunk.native {
            let (modules, possible) = (super::context::of(state).modules(), codegen::possible());
            if possible {
                codegen::compile(state, modules.native().is_none());
            }
            modules.asked_for_native(possible);
        }
    }
}

/// Runs a module and pushes what it gives; remembers that.
///
/// # Safety
/// Inside a C function of a script that is being loaded.
pub unsafe fn run_module(state: *mut lua_State, chunk: Box<Chunk>) -> c_int {
    // SAFETY: the caller's promise. An error passes through this frame: it drops the chunk and leaves the chain.
    unsafe {
        let _inside = super::context::of(state).modules().enter(&chunk.name);
        engine::luaL_checkstack(state, 6, std::ptr::null());
        push_chunk(state, &chunk);
        engine::lua_call(state, 0, 1);
        if engine::lua_type(state, -1) == engine::LUA_TNIL {
            engine::lua_pop(state, 1);
            engine::lua_pushboolean(state, 1);
        }
        engine::lua_rawgetfield(state, engine::LUA_REGISTRYINDEX, MODULES.as_ptr());
        engine::lua_pushlstring(state, chunk.name.as_ptr().cast(), chunk.name.len());
        engine::lua_pushvalue(state, -3);
        engine::lua_rawset(state, -3);
        engine::lua_pop(state, 1);
        super::context::of(state).modules().done(&chunk.name);
    }
    1
}

/// Pushes what a module gave.
///
/// # Safety
/// `state` is live, inside a C function.
pub unsafe fn push_module(state: *mut lua_State, name: String) -> c_int {
    // SAFETY: the caller's promise; the name is dropped also by an error for want of memory.
    unsafe {
        engine::lua_rawgetfield(state, engine::LUA_REGISTRYINDEX, MODULES.as_ptr());
        engine::lua_pushlstring(state, name.as_ptr().cast(), name.len());
        engine::lua_rawget(state, -2);
    }
    1
}

/// Runs where an error was raised, with the stack as it was: notes the function, leaves the error as it is.
unsafe extern "C-unwind" fn handle_error(state: *mut lua_State) -> c_int {
    // SAFETY: Luau calls this with the error value; the context's address is in the registry. Nothing here raises: the
    // registry's key is an interned string by now, and reading the frame's name allocates nothing.
    unsafe {
        engine::lua_rawgetfield(state, engine::LUA_REGISTRYINDEX, c"frr.context".as_ptr());
        let context = engine::lua_touserdata(state, -1).cast::<CallContext>().as_ref();
        engine::lua_pop(state, 1);
        let mut info: engine::lua_Debug = std::mem::zeroed();
        let mut level = 1;
        while engine::lua_getinfo(state, level, c"sln".as_ptr(), &raw mut info) != 0 && level < 20 {
            let what = if info.what.is_null() { c"" } else { CStr::from_ptr(info.what) };
            if what != c"C" {
                if let Some(context) = context {
                    let name = if info.name.is_null() { c"" } else { CStr::from_ptr(info.name) };
                    let name = name.to_string_lossy();
                    context.blamed().replace(match &*name {
                        "" => None,
                        name => Some(format!("function {name}, line {}", info.currentline)),
                    });
                }
                break;
            }
            level += 1;
        }
    }
    1
}
