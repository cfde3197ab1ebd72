// SPDX-License-Identifier: GPL-2.0-or-later
//! What runtimes call: the three functions of lua-resty-ffi's ABI, and some that a runtime may look up with
//! `dlsym(RTLD_DEFAULT, ...)` and do without. All may be called from any thread.
//!
//! Memory that crosses is libc's: who gets it frees it with `free`.

#![allow(clippy::missing_safety_doc, reason = "C's callers: each says what it takes")]

use super::octets::Octets;
use crate::calls::Handle;
use crate::host::host;
use crate::poller::{self, Known};
use crate::queue::Taken;
use crate::runtime::Runtime;
use crate::spin;
use std::ffi::{c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

/// Octets of a text that is logged: it is cut into lines while the main thread may wait for the list of them.
const TEXT: usize = 64 * 1024;

/// A panic ends here, not in a runtime's frames.
fn wall<R>(otherwise: R, body: impl FnOnce() -> R) -> R {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or(otherwise)
}

fn find(queue: *mut c_void) -> Option<Rc<Known>> {
    poller::known(queue as u64).or_else(|| host().find(queue as u64).map(|runtime| poller::polls(&runtime)))
}

/// The next call that somebody still waits for.
fn next(runtime: &Arc<Runtime>, timeout: Option<Duration>) -> Taken<Handle> {
    loop {
        if !runtime.queue.looks_ready() && timeout.is_none_or(|t| !t.is_zero()) {
            spin::until(spin::LONGEST, || runtime.queue.looks_ready());
        }
        match runtime.queue.take(timeout) {
            Taken::Item(call) if !host().calls.polled(call) => {}
            other => return other,
        }
    }
}

/// Waits for a request: a handle, or NULL when the runtime is to end and this thread is to poll no more. Every poller gets
/// its NULL, and gets it again if it asks again.
#[unsafe(no_mangle)]
pub extern "C" fn ngx_http_lua_ffi_task_poll(tq: *mut c_void) -> *mut c_void {
    wall(std::ptr::null_mut(), || {
        let Some(runtime) = find(tq) else { return std::ptr::null_mut() };
        match next(&runtime, None) {
            Taken::Item(call) => call.0 as usize as *mut c_void,
            Taken::Timeout | Taken::Finished => {
                poller::told(&runtime);
                std::ptr::null_mut()
            }
        }
    })
}

/// Waits for requests, `timeout_ms` at most (-1: for ever), and takes up to `max` of them. Returns how many are in `tsks`;
/// 0: none came in time; -1: as `ngx_http_lua_ffi_task_poll`'s NULL. Several threads may poll.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_ffi_task_poll_many(
    tq: *mut c_void,
    tsks: *mut *mut c_void,
    max: c_int,
    timeout_ms: c_int,
) -> c_int {
    wall(-1, || {
        let Some(runtime) = find(tq) else { return -1 };
        let most = usize::try_from(max).unwrap_or(0);
        if tsks.is_null() || most == 0 {
            return 0;
        }
        let timeout = u64::try_from(timeout_ms).ok().map(Duration::from_millis);
        let first = match next(&runtime, timeout) {
            Taken::Item(call) => call,
            Taken::Timeout => return 0,
            Taken::Finished => {
                poller::told(&runtime);
                return -1;
            }
        };
        let more = std::iter::from_fn(|| runtime.queue.take_now()).filter(|call| host().calls.polled(*call));
        let mut count = 0;
        for call in std::iter::once(first).chain(more.take(most - 1)) {
            // SAFETY: the caller's array has `max` places.
            unsafe { tsks.add(count).write(call.0 as usize as *mut c_void) };
            count += 1;
        }
        c_int::try_from(count).unwrap_or(max)
    })
}

/// The request of a call, with a NUL behind it; NULL if it has none. It stays there until the call is answered. `len` may be
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_ffi_get_req(tsk: *mut c_void, len: *mut c_int) -> *mut c_char {
    wall(std::ptr::null_mut(), || {
        let (start, octets) = host().calls.request(Handle(tsk as u64)).unwrap_or((std::ptr::null_mut(), 0));
        if !len.is_null() {
            // SAFETY: the caller's.
            unsafe { len.write(c_int::try_from(octets).unwrap_or(c_int::MAX)) };
        }
        start
    })
}

/// Answers a call, once; `rc` 0 is good. `rsp` is NULL or memory of malloc, which is the host's from here on, whatever
/// becomes of the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_ffi_respond(tsk: *mut c_void, rc: c_int, rsp: *mut c_char, rsp_len: c_int) {
    wall((), || {
        // SAFETY: as the ABI says. A length below 0 is taken for none: the memory is freed all the same.
        let body = unsafe { Octets::adopt(rsp, usize::try_from(rsp_len).unwrap_or(0)) };
        host().respond(Handle(tsk as u64), rc, body);
    });
}

/// 1: nobody waits for this call's answer any more (it took too long, was cancelled, or its script has gone). It is to be
/// answered all the same, with anything.
#[unsafe(no_mangle)]
pub extern "C" fn ngx_http_lua_ffi_task_cancelled(tsk: *mut c_void) -> c_int {
    wall(1, || c_int::from(host().calls.cancelled(Handle(tsk as u64))))
}

/// Logs `len` octets of text (-1: up to its NUL) with syslog's `priority`, in the daemon's log and under the name of the
/// runtime that this thread polls for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_ffi_log(priority: c_int, text: *const c_char, len: c_int) {
    wall((), || {
        if text.is_null() {
            return;
        }
        // SAFETY: the caller's text, with its NUL or so long.
        let octets = unsafe {
            match usize::try_from(len) {
                Ok(len) => std::slice::from_raw_parts(text.cast::<u8>(), len),
                Err(_) => std::ffi::CStr::from_ptr(text).to_bytes(),
            }
        };
        let octets = &octets[..octets.len().min(TEXT)];
        host().log(poller::name().as_deref(), priority, &String::from_utf8_lossy(octets));
    });
}
