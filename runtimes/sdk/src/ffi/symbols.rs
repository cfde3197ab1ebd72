// SPDX-License-Identifier: GPL-2.0-or-later
//! The host's functions, by name.

use std::ffi::{CStr, c_char, c_double, c_int, c_void};
use std::ptr;
use std::time::Duration;

type Handle = *mut c_void;
type Poll = unsafe extern "C" fn(Handle) -> Handle;
type PollMany = unsafe extern "C" fn(Handle, *mut Handle, c_int, c_int) -> c_int;
type GetReq = unsafe extern "C" fn(Handle, *mut c_int) -> *mut c_char;
type Respond = unsafe extern "C" fn(Handle, c_int, *mut c_char, c_int);
type Cancelled = unsafe extern "C" fn(Handle) -> c_int;
type Log = unsafe extern "C" fn(c_int, *const c_char, c_int);
type DictGet = unsafe extern "C" fn(*const c_char, *const c_char, c_int, *mut *mut c_char, *mut c_int) -> c_int;
type DictSet = unsafe extern "C" fn(*const c_char, *const c_char, c_int, *const c_char, c_int, c_int) -> c_int;
type DictIncr = unsafe extern "C" fn(*const c_char, *const c_char, c_int, c_double, c_double, *mut c_double) -> c_int;
type DictDelete = unsafe extern "C" fn(*const c_char, *const c_char, c_int) -> c_int;

/// What a host exports. The first three are always there.
#[derive(Clone, Copy)]
pub struct Api {
    pub(crate) poll: Poll,
    pub(crate) get_req: GetReq,
    pub(crate) respond: Respond,
    pub(crate) poll_many: Option<PollMany>,
    pub(crate) cancelled: Option<Cancelled>,
    pub(crate) log: Option<Log>,
    pub(crate) dict_get: Option<DictGet>,
    pub(crate) dict_set: Option<DictSet>,
    pub(crate) dict_add: Option<DictSet>,
    pub(crate) dict_incr: Option<DictIncr>,
    pub(crate) dict_delete: Option<DictDelete>,
}

/// The function of that name and type, if the process has it.
///
/// # Safety
///
/// `F` is the type of a C function pointer, the one that the ABI gives to this name.
unsafe fn lookup<F: Copy>(name: &CStr) -> Option<F> {
    const { assert!(size_of::<F>() == size_of::<*mut c_void>()) };
    // SAFETY: the name ends at a NUL, and RTLD_DEFAULT asks the whole process.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    // SAFETY: the caller promises the type, and both have the size of a pointer.
    (!address.is_null()).then(|| unsafe { std::mem::transmute_copy::<*mut c_void, F>(&address) })
}

impl Api {
    /// The functions of the process that loaded this library, or the name of the one that is missing.
    pub fn of_process() -> Result<Api, &'static str> {
        // SAFETY: the types are those of the ABI; see the type aliases above.
        unsafe {
            Ok(Api {
                poll: lookup(c"ngx_http_lua_ffi_task_poll").ok_or("ngx_http_lua_ffi_task_poll")?,
                get_req: lookup(c"ngx_http_lua_ffi_get_req").ok_or("ngx_http_lua_ffi_get_req")?,
                respond: lookup(c"ngx_http_lua_ffi_respond").ok_or("ngx_http_lua_ffi_respond")?,
                poll_many: lookup(c"ngx_http_lua_ffi_task_poll_many"),
                cancelled: lookup(c"ngx_http_lua_ffi_task_cancelled"),
                log: lookup(c"ngx_http_lua_ffi_log"),
                dict_get: lookup(c"ngx_http_lua_ffi_dict_get"),
                dict_set: lookup(c"ngx_http_lua_ffi_dict_set"),
                dict_add: lookup(c"ngx_http_lua_ffi_dict_add"),
                dict_incr: lookup(c"ngx_http_lua_ffi_dict_incr"),
                dict_delete: lookup(c"ngx_http_lua_ffi_dict_delete"),
            })
        }
    }

    /// One line for the daemon's log, or for stderr when the host takes none.
    pub(crate) fn log(&self, priority: c_int, line: &str) {
        match (self.log, c_int::try_from(line.len())) {
            // SAFETY: the text has that length and stays during the call; the host takes it from any thread.
            (Some(log), Ok(len)) => unsafe { log(priority, line.as_ptr().cast(), len) },
            _ => eprintln!("{line}"),
        }
    }

    pub(crate) fn has_dicts(&self) -> bool {
        self.dict_get.is_some() && self.dict_set.is_some()
    }

    pub(crate) fn dict_get(&self, dict: &CStr, key: &[u8]) -> Option<Vec<u8>> {
        let (mut value, mut len) = (ptr::null_mut(), 0);
        let key_len = c_int::try_from(key.len()).ok()?;
        // SAFETY: name and key stay during the call; the host writes the two outputs when it answers 1.
        let found = unsafe { self.dict_get?(dict.as_ptr(), key.as_ptr().cast(), key_len, &mut value, &mut len) };
        if found != 1 || value.is_null() {
            return None;
        }
        // SAFETY: the host gave `len` bytes of libc's memory, ours to free.
        unsafe {
            let copy = std::slice::from_raw_parts(value.cast(), usize::try_from(len).unwrap_or(0)).to_vec();
            libc::free(value.cast());
            Some(copy)
        }
    }

    pub(crate) fn dict_set(&self, dict: &CStr, key: &[u8], value: &[u8], ttl: Option<Duration>) -> bool {
        put(self.dict_set, dict, key, value, ttl)
    }

    pub(crate) fn dict_add(&self, dict: &CStr, key: &[u8], value: &[u8], ttl: Option<Duration>) -> bool {
        put(self.dict_add, dict, key, value, ttl)
    }

    pub(crate) fn dict_incr(&self, dict: &CStr, key: &[u8], by: f64, init: f64) -> Option<f64> {
        let mut result = 0.0;
        let key_len = c_int::try_from(key.len()).ok()?;
        // SAFETY: name and key stay during the call; the host writes the result when it answers 0.
        let rc = unsafe { self.dict_incr?(dict.as_ptr(), key.as_ptr().cast(), key_len, by, init, &mut result) };
        (rc == 0).then_some(result)
    }

    pub(crate) fn dict_delete(&self, dict: &CStr, key: &[u8]) -> bool {
        match (self.dict_delete, c_int::try_from(key.len())) {
            // SAFETY: name and key stay during the call.
            (Some(delete), Ok(len)) => unsafe { delete(dict.as_ptr(), key.as_ptr().cast(), len) == 1 },
            _ => false,
        }
    }
}

fn put(function: Option<DictSet>, dict: &CStr, key: &[u8], value: &[u8], ttl: Option<Duration>) -> bool {
    // 0 is for ever, so a time to live has at least a millisecond.
    let ttl = ttl.map_or(0, |t| c_int::try_from(t.as_millis()).unwrap_or(c_int::MAX).max(1));
    match (function, c_int::try_from(key.len()), c_int::try_from(value.len())) {
        // SAFETY: name, key and value stay during the call, with these lengths.
        (Some(put), Ok(key_len), Ok(len)) => unsafe {
            put(dict.as_ptr(), key.as_ptr().cast(), key_len, value.as_ptr().cast(), len, ttl) == 0
        },
        _ => false,
    }
}
