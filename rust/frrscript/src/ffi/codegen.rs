// SPDX-License-Identifier: GPL-2.0-or-later
//! Machine code of scripts, which is outside of their memory limit: it has a bound of its own.

use super::engine::{self, lua_State};
use super::executable;
use std::ffi::c_void;

/// Octets of machine code for one source, which is compiled as a whole or not at all.
const MOST_OF_SOURCE: usize = 4 * 1024 * 1024;
/// For a script and its modules.
const MOST: usize = 4 * MOST_OF_SOURCE;

unsafe extern "C-unwind" {
    /// Luau's `CodeGen::create(lua_State*, size_t blockSize, size_t maxTotalSize, AllocationCallback*, void*)` (CodeGen.h). Its C
    /// interface has no bounds to set: there they are 4 and 256 MiB.
    #[link_name = "_ZN4Luau7CodeGen6createEP9lua_StatemmPFvPvS3_mS3_mES3_"]
    fn create(
        state: *mut lua_State,
        block: usize,
        most: usize,
        callback: Option<unsafe extern "C" fn(*mut c_void, *mut c_void, usize, *mut c_void, usize)>,
        context: *mut c_void,
    );
}

/// Whether there can be any here.
pub fn possible() -> bool {
    // SAFETY: asks for the processor's features.
    unsafe { engine::luau_codegen_supported() != 0 && executable::allowed() }
}

/// Compiles the function on top of the stack, and those in it, as far as there is room; `first` in this VM.
///
/// # Safety
/// `state` is live, in a protected call, with a function of Luau on top; [`possible`] has said so.
pub unsafe fn compile(state: *mut lua_State, first: bool) {
    // SAFETY: the caller's promise. The VM owns what `create` makes; a second one would take its place and leave the first one
    // behind. Without a callback there is no context.
    unsafe {
        if first {
            create(state, MOST_OF_SOURCE, MOST, None, std::ptr::null_mut());
        }
        engine::luau_codegen_compile(state, -1);
    }
}
