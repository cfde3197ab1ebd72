// SPDX-License-Identifier: GPL-2.0-or-later
//! The unit: a protected call of an empty Luau function, with nothing around it.

use mlua::ffi;
use std::ffi::CStr;

/// A VM with an empty function on its stack.
pub struct Bare(*mut ffi::lua_State);

impl Bare {
    /// Makes it.
    pub fn new() -> Bare {
        let bytecode = mlua::chunk::Compiler::new().compile("return function() return 2 end").expect("it compiles");
        let name: &CStr = c"=bare";
        // SAFETY: a new state with a large stack; the chunk is what the compiler made.
        unsafe {
            let state = ffi::luaL_newstate();
            let status = ffi::luau_load(state, name.as_ptr(), bytecode.as_ptr().cast(), bytecode.len(), 0);
            assert_eq!(status, ffi::LUA_OK);
            assert_eq!(ffi::lua_pcall(state, 0, 1, 0), ffi::LUA_OK);
            Bare(state)
        }
    }

    /// Calls it.
    pub fn call(&self) {
        // SAFETY: the function is at index 1.
        unsafe {
            ffi::lua_pushvalue(self.0, 1);
            assert_eq!(ffi::lua_pcall(self.0, 0, 1, 0), ffi::LUA_OK);
            ffi::lua_settop(self.0, 1);
        }
    }
}
