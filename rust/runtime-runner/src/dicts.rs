// SPDX-License-Identifier: GPL-2.0-or-later
//! Shared dicts, which are the daemon's: what the runtime calls here goes there, and the calling thread waits.

#![allow(unsafe_code, clippy::missing_safety_doc, reason = "C's callers: as in the daemon")]

use crate::RUNNER;
use runtime_host::ffi::dicts::{Arguments, Operation};
use runtime_host::ffi::octets::Octets;
use runtime_host::process::frame::Kind;
use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int};
use std::sync::{Condvar, Mutex, PoisonError};

type Done = (i32, Option<Vec<u8>>);

#[derive(Default)]
struct State {
    last: u64,
    done: HashMap<u64, Done>,
}

/// Calls that are not answered.
#[derive(Default)]
pub struct Dicts {
    state: Mutex<State>,
    came: Condvar,
}

impl Dicts {
    /// The daemon has answered.
    pub fn done(&self, id: u64, rc: i32, body: Option<&[u8]>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.done.insert(id, (rc, body.map(<[u8]>::to_vec)));
        self.came.notify_all();
    }
}

fn ask(operation: Operation, args: &Arguments) -> Done {
    let Some(runner) = RUNNER.get() else { return (-1, None) };
    let dicts = &runner.dicts;
    let mut state = dicts.state.lock().unwrap_or_else(PoisonError::into_inner);
    state.last += 1;
    let id = state.last;
    drop(state);
    runner.socket.send(Kind::Dict, operation as i32, id, Some(&args.octets()));
    // A daemon that is gone ends this process.
    let mut state = dicts.state.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        if let Some(done) = state.done.remove(&id) {
            return done;
        }
        state = dicts.came.wait(state).unwrap_or_else(PoisonError::into_inner);
    }
}

unsafe fn octets(data: *const c_char, len: c_int) -> Option<Vec<u8>> {
    let len = usize::try_from(len).ok()?;
    if len == 0 {
        return Some(Vec::new());
    }
    // SAFETY: the caller's, so long.
    (!data.is_null()).then(|| unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len) }.to_vec())
}

unsafe fn arguments(dict: *const c_char, key: *const c_char, key_len: c_int) -> Option<Arguments> {
    // SAFETY: the caller's: a string or NULL, and so many octets.
    unsafe {
        let dict = (!dict.is_null()).then(|| CStr::from_ptr(dict).to_bytes().to_vec())?;
        Some(Arguments { dict, key: octets(key, key_len)?, ..Arguments::default() })
    }
}

/// As in the daemon: 1: found, `*value` is malloc's; 0: not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_ffi_dict_get(
    dict: *const c_char,
    key: *const c_char,
    key_len: c_int,
    value: *mut *mut c_char,
    len: *mut c_int,
) -> c_int {
    // SAFETY: the caller's.
    let Some(args) = (unsafe { arguments(dict, key, key_len) }) else { return -1 };
    if value.is_null() || len.is_null() {
        return -1;
    }
    match ask(Operation::Get, &args) {
        (1, Some(found)) => {
            let (Ok(length), Some(copy)) = (c_int::try_from(found.len()), Octets::copy(&found)) else { return -1 };
            // SAFETY: the caller's outputs.
            unsafe {
                value.write(copy.into_raw());
                len.write(length);
            }
            1
        }
        (rc, _) => rc,
    }
}

unsafe fn store(operation: Operation, args: Option<Arguments>, value: *const c_char, len: c_int, ttl: c_int) -> c_int {
    // SAFETY: the caller's.
    match (args, unsafe { octets(value, len) }) {
        (Some(args), Some(value)) => ask(operation, &Arguments { value, ttl, ..args }).0,
        _ => -1,
    }
}

/// As in the daemon.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_ffi_dict_set(
    dict: *const c_char,
    key: *const c_char,
    key_len: c_int,
    value: *const c_char,
    len: c_int,
    ttl_ms: c_int,
) -> c_int {
    // SAFETY: the caller's.
    unsafe { store(Operation::Set, arguments(dict, key, key_len), value, len, ttl_ms) }
}

/// As in the daemon.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_ffi_dict_add(
    dict: *const c_char,
    key: *const c_char,
    key_len: c_int,
    value: *const c_char,
    len: c_int,
    ttl_ms: c_int,
) -> c_int {
    // SAFETY: the caller's.
    unsafe { store(Operation::Add, arguments(dict, key, key_len), value, len, ttl_ms) }
}

/// As in the daemon.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_ffi_dict_incr(
    dict: *const c_char,
    key: *const c_char,
    key_len: c_int,
    by: f64,
    init: f64,
    result: *mut f64,
) -> c_int {
    // SAFETY: the caller's.
    let Some(args) = (unsafe { arguments(dict, key, key_len) }) else { return -1 };
    let (rc, sum) = ask(Operation::Incr, &Arguments { by, init, ..args });
    let sum = sum.and_then(|octets| octets.try_into().ok()).map(f64::from_ne_bytes);
    if let (0, Some(sum), false) = (rc, sum, result.is_null()) {
        // SAFETY: the caller's output.
        unsafe { result.write(sum) };
    }
    rc
}

/// As in the daemon: 1: it was there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_ffi_dict_delete(
    dict: *const c_char,
    key: *const c_char,
    key_len: c_int,
) -> c_int {
    // SAFETY: the caller's.
    unsafe { arguments(dict, key, key_len) }.map_or(-1, |args| ask(Operation::Delete, &args).0)
}
