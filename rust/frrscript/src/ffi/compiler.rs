// SPDX-License-Identifier: GPL-2.0-or-later
//! Luau's compiler. It is C++ and throws when the system has no memory, which no Rust code can catch: it runs in a protected call
//! of a state that is there for nothing else.

use super::engine::{self, lua_State};
use crate::failure::{Failure, Kind};
use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::sync::Once;

static FLAGS: Once = Once::new();

struct Job<'a> {
    source: &'a str,
    options: engine::lua_CompileOptions,
    code: *mut c_char,
    len: usize,
}

/// A state of nothing but a protected call.
struct State(*mut lua_State);

impl Drop for State {
    fn drop(&mut self) {
        // SAFETY: a state that runs nothing.
        unsafe { engine::lua_close(self.0) };
    }
}

/// Compiles a source to bytecode.
///
/// # Errors
/// What the compiler says, with the line in front; or there is no memory.
pub fn compile(source: &str) -> Result<Vec<u8>, Failure> {
    // mlua sets flags of the engine before its first use of the compiler.
    FLAGS.call_once(|| drop(mlua::chunk::Compiler::new().compile("")));
    let mut options = engine::lua_CompileOptions::default();
    options.optimizationLevel = 2;
    options.debugLevel = 1;
    let mut job = Job { source, options, code: ptr::null_mut(), len: 0 };
    // SAFETY: the allocator keeps its contract and needs no data; the job lives through the call.
    let status = unsafe {
        let state = engine::lua_newstate(allocate, ptr::null_mut());
        if state.is_null() {
            return Err(no_memory());
        }
        let state = State(state);
        engine::lua_cpcall(state.0, run, (&raw mut job).cast())
    };
    if status != engine::LUA_OK || job.code.is_null() {
        return Err(no_memory());
    }
    let mut code = Vec::new();
    let room = code.try_reserve_exact(job.len);
    // SAFETY: the compiler gave so many octets, allocated with malloc.
    unsafe {
        if room.is_ok() {
            code.extend_from_slice(std::slice::from_raw_parts(job.code.cast::<u8>(), job.len));
        }
        libc::free(job.code.cast());
    }
    room.map_err(|_| no_memory())?;
    // No code, but a 0 and what is wrong (Compiler.cpp, `compile`).
    if code.first() == Some(&0) {
        return Err(Failure::runtime(String::from_utf8_lossy(code.get(2..).unwrap_or_default())));
    }
    Ok(code)
}

fn no_memory() -> Failure {
    Failure::new(Kind::Memory, "not compiled: the system has no memory")
}

/// 1 the job.
unsafe extern "C-unwind" fn run(state: *mut lua_State) -> c_int {
    // SAFETY: called by `compile` with its job. What the compiler throws is caught by the protected call.
    unsafe {
        let job = engine::lua_touserdata(state, 1).cast::<Job>();
        let source = (*job).source;
        (*job).code =
            engine::luau_compile_(source.as_ptr().cast(), source.len(), &raw mut (*job).options, &raw mut (*job).len);
    }
    0
}

/// The state's allocator.
unsafe extern "C" fn allocate(_: *mut c_void, block: *mut c_void, _: usize, size: usize) -> *mut c_void {
    // SAFETY: `block` is NULL or came from here.
    unsafe {
        if size == 0 {
            libc::free(block);
            return ptr::null_mut();
        }
        libc::realloc(block, size)
    }
}
