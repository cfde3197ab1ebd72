// SPDX-License-Identifier: GPL-2.0-or-later
//! The smallest runtime: answers what it was asked. A template for a runtime that needs nothing but the ABI; the SDK
//! beside it (`frr-runtime`) does all of this, and more, for one that talks to a network.
#![allow(unsafe_code)]

use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::thread;

// The host's functions. The loader finds them in the process, so the library has them undefined.
unsafe extern "C" {
    fn ngx_http_lua_ffi_task_poll(queue: *mut c_void) -> *mut c_void;
    fn ngx_http_lua_ffi_get_req(task: *mut c_void, len: *mut c_int) -> *mut c_char;
    fn ngx_http_lua_ffi_respond(task: *mut c_void, rc: c_int, body: *mut c_char, len: c_int);
}

/// The host's handle of the queue. Only the host knows what is behind it.
struct Queue(*mut c_void);

// SAFETY: the host takes its handles from any thread.
unsafe impl Send for Queue {}

/// Starts the runtime: the host calls this once for each configuration that a script gives. 0 when it runs. It may not
/// block, and what has to outlive it needs a thread of its own.
///
/// # Safety
///
/// `queue` is the host's handle of the queue. `_config` is NULL or a text that ends at a NUL, good until this returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn libffi_init(_config: *mut c_char, queue: *mut c_void) -> c_int {
    let queue = Queue(queue);
    // Not `thread::spawn`, which panics when there is no thread left.
    match thread::Builder::new().name("rt-echo".into()).spawn(move || serve(&queue)) {
        Ok(_thread) => 0,
        Err(_) => 1,
    }
}

/// What `show script runtimes` says of the language.
#[unsafe(no_mangle)]
pub extern "C" fn libffi_language() -> *const c_char {
    c"rust".as_ptr()
}

/// Until the runtime is unloaded. A panic in here would end the thread: the host would call the runtime dead.
fn serve(queue: &Queue) {
    loop {
        // SAFETY: the handle is good until this call answers NULL.
        let task = unsafe { ngx_http_lua_ffi_task_poll(queue.0) };
        if task.is_null() {
            return;
        }
        let mut len = 0;
        // SAFETY: the host just gave this task, and it isn't answered.
        let request = unsafe { ngx_http_lua_ffi_get_req(task, &mut len) };
        let body = match usize::try_from(len) {
            // SAFETY: the host promises `len` bytes until the answer.
            Ok(bytes) if !request.is_null() => unsafe { copy(request, bytes) },
            _ => ptr::null_mut(),
        };
        // Every task has to be answered, once. A return code other than 0 is an error for the script.
        let (rc, len) = if body.is_null() && !request.is_null() { (1, 0) } else { (0, len) };
        // SAFETY: the task isn't answered yet; the body is NULL or memory of libc's, now the host's.
        unsafe { ngx_http_lua_ffi_respond(task, rc, body, len) };
    }
}

/// A copy in memory of libc's, which is what the host frees, with a NUL behind it, since a host may read an empty
/// answer as a C string. NULL when there is no memory.
///
/// # Safety
///
/// There are `len` bytes at `from`.
unsafe fn copy(from: *const c_char, len: usize) -> *mut c_char {
    // SAFETY: the memory has room for the bytes and the NUL, and is new.
    unsafe {
        let to = libc::malloc(len + 1).cast::<c_char>();
        if !to.is_null() {
            ptr::copy_nonoverlapping(from, to, len);
            *to.add(len) = 0;
        }
        to
    }
}
