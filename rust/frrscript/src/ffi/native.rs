// SPDX-License-Identifier: GPL-2.0-or-later
//! The functions and tables that every script finds.

use super::args::Args;
use super::engine::{self, lua_State};
use super::raise::{self, guarded};
use super::{bring_up, object};
use crate::failure::Kind;
use crate::lua::functions::{self, ALLOWED, Function};
use crate::lua::value::Out;
use crate::task::Wait;
use std::ffi::{CString, c_int};

/// Luau's own library, opened by name; what the allow-list does not name is taken away.
///
/// # Safety
/// `state` is new, in a protected call.
pub unsafe fn open(state: *mut lua_State) {
    let libraries: [(&std::ffi::CStr, engine::lua_CFunction); 8] = [
        (c"", engine::luaopen_base),
        (c"coroutine", engine::luaopen_coroutine),
        (c"table", engine::luaopen_table),
        (c"string", engine::luaopen_string),
        (c"bit32", engine::luaopen_bit32),
        (c"math", engine::luaopen_math),
        (c"utf8", engine::luaopen_utf8),
        (c"integer", engine::luaopen_integer),
    ];
    // SAFETY: the caller's promise; the stack is balanced at each step.
    unsafe {
        for (name, open) in libraries.into_iter().chain([(c"buffer", engine::luaopen_buffer as engine::lua_CFunction)])
        {
            engine::lua_pushcclosurek(state, open, name.as_ptr(), 0, None);
            engine::lua_pushstring(state, name.as_ptr());
            engine::lua_call(state, 1, 0);
        }
        forbid(state);
        let names: Vec<(&str, &[Function])> = functions::tables();
        for (table, functions) in names {
            if table.is_empty() {
                engine::lua_pushvalue(state, engine::LUA_GLOBALSINDEX);
            } else {
                engine::lua_createtable(state, 0, c_int::try_from(functions.len()).unwrap_or(0));
            }
            for function in functions {
                push_function(state, function);
                set_field(state, function.name);
            }
            if table == "frr" {
                super::lists::open(state);
                let daemon = super::host::daemon();
                engine::lua_pushlstring(state, daemon.as_ptr().cast(), daemon.len());
                drop(daemon);
                set_field(state, "daemon");
            }
            if table.is_empty() {
                engine::lua_pop(state, 1);
            } else {
                // The sandbox closes the tables of globals, not those in them. The prelude changes none of these.
                if table.contains('.') {
                    engine::lua_setreadonly(state, -1, 1);
                }
                place(state, table);
            }
        }
        for (name, value) in functions::CONSTANTS {
            engine::lua_pushnumber(state, *value);
            engine::lua_pushvalue(state, engine::LUA_GLOBALSINDEX);
            engine::lua_insert(state, -2);
            set_field(state, name);
            engine::lua_pop(state, 1);
        }
        prelude(state);
    }
}

/// Puts the table on top of the stack where its dotted name says.
unsafe fn place(state: *mut lua_State, name: &str) {
    // SAFETY: as in `open`.
    unsafe {
        engine::lua_pushvalue(state, engine::LUA_GLOBALSINDEX);
        let mut parts = name.split('.').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                engine::lua_pushvalue(state, -2);
                set_field(state, part);
            } else {
                let part = CString::new(part).unwrap_or_default();
                engine::lua_rawgetfield(state, -1, part.as_ptr());
                drop(part);
                engine::lua_remove(state, -2);
            }
        }
        engine::lua_pop(state, 2);
    }
}

/// `table[name] = top`, table under it; pops the value.
unsafe fn set_field(state: *mut lua_State, name: &str) {
    // SAFETY: as in `open`; the name is copied before anything can raise.
    unsafe {
        engine::lua_pushlstring(state, name.as_ptr().cast(), name.len());
        engine::lua_insert(state, -2);
        engine::lua_rawset(state, -3);
    }
}

unsafe fn push_function(state: *mut lua_State, function: &'static Function) {
    // SAFETY: as in `open`; the function's description is static.
    unsafe {
        engine::lua_pushlightuserdata(state, std::ptr::from_ref(function).cast_mut().cast());
        engine::lua_pushcclosurek(state, call_native, function.debug_name.as_ptr(), 1, None);
    }
}

/// Any native function; its description is the upvalue.
unsafe extern "C-unwind" fn call_native(state: *mut lua_State) -> c_int {
    // SAFETY: `push_function` made the closure; results are pushed outside of the wall.
    unsafe {
        let function = &*engine::lua_touserdata(state, engine::lua_upvalueindex(1)).cast::<Function>();
        match guarded(state, || (function.body)(&Args::new(state, 1, function.full_name))) {
            Ok(Out::Wait(wait)) => begin_wait(state, function, wait),
            Ok(Out::Module(chunk)) => bring_up::run_module(state, chunk),
            Ok(Out::Loaded(name)) => bring_up::push_module(state, name),
            Ok(out) => object::push(state, out),
            Err(failure) => raise::error(state, failure.message),
        }
    }
}

/// Has the running task wait.
unsafe fn begin_wait(state: *mut lua_State, function: &Function, wait: Wait) -> c_int {
    // SAFETY: called by `call_native`, outside of the wall, as its last step: a yield is how a C function ends then.
    unsafe {
        if let Err(failure) = Args::new(state, 1, function.full_name).may_wait() {
            drop(wait);
            raise::error(state, failure.message);
        }
        super::context::of(state).wait().replace(Some(wait));
        engine::lua_yield(state, 0)
    }
}

/// Takes away every global that the allow-list does not name.
unsafe fn forbid(state: *mut lua_State) {
    // SAFETY: as in `open`. Setting an existing key to nil during a traversal is allowed.
    unsafe {
        engine::lua_pushnil(state);
        while engine::lua_next(state, engine::LUA_GLOBALSINDEX) != 0 {
            engine::lua_pop(state, 1);
            let allowed = match super::args::read(state, -1) {
                super::args::Arg::Octets(name) => std::str::from_utf8(name).is_ok_and(|n| ALLOWED.contains(&n)),
                _ => false,
            };
            if !allowed {
                engine::lua_pushvalue(state, -1);
                engine::lua_pushnil(state);
                engine::lua_rawset(state, engine::LUA_GLOBALSINDEX);
            }
        }
    }
}

/// What is easier said in Luau.
unsafe fn prelude(state: *mut lua_State) {
    // SAFETY: as in `open`; the source is ours and compiles (a test loads it).
    unsafe {
        let source = include_str!("../lua/prelude.luau");
        let compiled = super::compiler::compile(source);
        match compiled {
            Ok(bytecode) => {
                let status = engine::luau_load(state, c"=frr".as_ptr(), bytecode.as_ptr().cast(), bytecode.len(), 0);
                drop(bytecode);
                if status != engine::LUA_OK {
                    engine::lua_error(state);
                }
                engine::lua_call(state, 0, 0);
            }
            Err(failure) => {
                if failure.kind == Kind::Memory {
                    super::interrupt::account(state).lack();
                    super::interrupt::account(state).stop(Kind::Memory);
                }
                raise::error(state, failure.message)
            }
        }
    }
}
