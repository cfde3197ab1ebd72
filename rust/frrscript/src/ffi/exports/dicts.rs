// SPDX-License-Identifier: GPL-2.0-or-later
//! Shared dicts for runtimes. Not for the daemon's C: these may be called from any thread, and are in the header of
//! runtimes. 0 is done, -1 no room or a bad argument, unless a function says otherwise.

use super::text;
use crate::codec::cbor;
use crate::dict::store::{LONGEST_KEY, Store, Value};
use crate::dict::{self};
use crate::ffi::wall::wall;
use std::ffi::{c_char, c_int};
use std::time::{Duration, Instant};

/// Tells of these functions, for runtimes in processes of their own.
pub fn tell_runtimes() {
    runtime_host::ffi::dicts::set(runtime_host::ffi::dicts::Functions {
        get: ngx_http_lua_ffi_dict_get,
        set: ngx_http_lua_ffi_dict_set,
        add: ngx_http_lua_ffi_dict_add,
        incr: ngx_http_lua_ffi_dict_incr,
        delete: ngx_http_lua_ffi_dict_delete,
    });
}

/// Octets of the caller.
///
/// # Safety
/// `data` is NULL or has `len` octets that stay while the result is used.
unsafe fn octets<'a>(data: *const c_char, len: c_int) -> Option<&'a [u8]> {
    let len = usize::try_from(len).ok()?;
    if len == 0 {
        return Some(&[]);
    }
    // SAFETY: the caller's promise.
    (!data.is_null()).then(|| unsafe { std::slice::from_raw_parts(data.cast(), len) })
}

/// # Safety
/// As [`octets`].
unsafe fn key<'a>(data: *const c_char, len: c_int) -> Option<&'a [u8]> {
    // SAFETY: the caller's promise.
    unsafe { octets(data, len) }.filter(|k| (1..=LONGEST_KEY).contains(&k.len()))
}

/// What a runtime reads of a value: a string as it is, a number or boolean as text, a table as CBOR.
fn read(value: Value) -> Option<Vec<u8>> {
    Some(match value {
        Value::Octets(octets) => octets.to_vec(),
        Value::Bool(b) => b.to_string().into_bytes(),
        Value::Integer(n) => n.to_string().into_bytes(),
        Value::Number(n) if n.trunc() == n && n.abs() < 1e15 => format!("{n:.0}").into_bytes(),
        Value::Number(n) => format!("{n:?}").into_bytes(),
        Value::Table(table, _) => cbor::encode(&table).ok()?,
    })
}

/// 1: found, `*value` is malloc'ed and NUL-terminated, the caller frees it; 0: not there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_ffi_dict_get(
    dict: *const c_char,
    key_data: *const c_char,
    key_len: c_int,
    value: *mut *mut c_char,
    len: *mut c_int,
) -> c_int {
    wall("ngx_http_lua_ffi_dict_get", -1, || {
        // SAFETY: the runtime's strings live during the call.
        let (Some(name), Some(key)) = (unsafe { (text(dict), key(key_data, key_len)) }) else { return -1 };
        if value.is_null() || len.is_null() {
            return -1;
        }
        let Some(found) = dict::find(name).and_then(|d| d.with_patience(|s| s.get(key, None))) else { return 0 };
        let Some(found) = read(found) else { return -1 };
        let Ok(length) = c_int::try_from(found.len()) else { return -1 };
        // SAFETY: room for the octets and a NUL, checked; the outputs may be written.
        unsafe {
            let copy = libc::malloc(found.len() + 1).cast::<c_char>();
            if copy.is_null() {
                return -1;
            }
            std::ptr::copy_nonoverlapping(found.as_ptr().cast(), copy, found.len());
            *copy.add(found.len()) = 0;
            *value = copy;
            *len = length;
        }
        1
    })
}

/// Opens the dict and runs `write` with the key; -1 if an argument is bad.
///
/// # Safety
/// The runtime's strings live during the call.
unsafe fn write(
    function: &str,
    dict: *const c_char,
    key_data: *const c_char,
    key_len: c_int,
    write: impl FnOnce(&mut Store, &[u8], Instant) -> c_int,
) -> c_int {
    wall(function, -1, || {
        // SAFETY: the caller's promise.
        let (Some(name), Some(key)) = (unsafe { (text(dict), key(key_data, key_len)) }) else { return -1 };
        dict::open(name, None).map_or(-1, |d| d.with_patience(|s| write(s, key, Instant::now())))
    })
}

/// A value of a runtime, and for how long.
///
/// # Safety
/// As [`octets`].
unsafe fn value_of(value: *const c_char, len: c_int, ttl_ms: c_int) -> Option<(Value, Option<Duration>)> {
    // SAFETY: the caller's promise.
    let value = unsafe { octets(value, len) }?;
    let ttl = u64::try_from(ttl_ms).ok()?;
    Some((Value::Octets(value.into()), (ttl > 0).then(|| Duration::from_millis(ttl))))
}

/// Sets a value; `ttl_ms` 0: for ever.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_ffi_dict_set(
    dict: *const c_char,
    key: *const c_char,
    key_len: c_int,
    value: *const c_char,
    len: c_int,
    ttl_ms: c_int,
) -> c_int {
    // SAFETY: the runtime's strings live during the call.
    unsafe {
        let Some((value, ttl)) = value_of(value, len, ttl_ms) else { return -1 };
        write("ngx_http_lua_ffi_dict_set", dict, key, key_len, |s, key, now| {
            s.set(key, value, ttl, now).map_or(-1, |()| 0)
        })
    }
}

/// The same for a key that is not there; -1 also when it is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_ffi_dict_add(
    dict: *const c_char,
    key: *const c_char,
    key_len: c_int,
    value: *const c_char,
    len: c_int,
    ttl_ms: c_int,
) -> c_int {
    // SAFETY: the runtime's strings live during the call.
    unsafe {
        let Some((value, ttl)) = value_of(value, len, ttl_ms) else { return -1 };
        write("ngx_http_lua_ffi_dict_add", dict, key, key_len, |s, key, now| {
            s.add(key, value, ttl, now).map_or(-1, |()| 0)
        })
    }
}

/// Adds to a number, or to `init` where there is none; the sum is in `*result`, which may be NULL. -1 also when there is
/// no number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_ffi_dict_incr(
    dict: *const c_char,
    key: *const c_char,
    key_len: c_int,
    by: f64,
    init: f64,
    result: *mut f64,
) -> c_int {
    // SAFETY: the runtime's strings live during the call; the output may be written.
    unsafe {
        write("ngx_http_lua_ffi_dict_incr", dict, key, key_len, |s, key, now| {
            match s.incr(key, by, Some(init), None, now) {
                Ok(sum) => {
                    if !result.is_null() {
                        *result = sum;
                    }
                    0
                }
                Err(_) => -1,
            }
        })
    }
}

/// Takes a key away; 1: it was there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ngx_http_lua_ffi_dict_delete(
    dict: *const c_char,
    key_data: *const c_char,
    key_len: c_int,
) -> c_int {
    wall("ngx_http_lua_ffi_dict_delete", -1, || {
        // SAFETY: the runtime's strings live during the call.
        let (Some(name), Some(key)) = (unsafe { (text(dict), key(key_data, key_len)) }) else { return -1 };
        dict::find(name).is_some_and(|d| d.with_patience(|s| s.delete(key, Instant::now()))).into()
    })
}
