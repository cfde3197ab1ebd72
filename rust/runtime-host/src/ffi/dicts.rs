// SPDX-License-Identifier: GPL-2.0-or-later
//! Shared dicts for runtimes in processes of their own: their calls of `ngx_http_lua_ffi_dict_*` come as frames and are made
//! here, with the functions that runtimes in this process call.

use super::octets::Octets;
use std::ffi::{CString, c_char, c_int};
use std::sync::OnceLock;

/// The ABI's functions, as far as this process has them.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "each is the function of that name")]
pub struct Functions {
    pub get: unsafe extern "C" fn(*const c_char, *const c_char, c_int, *mut *mut c_char, *mut c_int) -> c_int,
    pub set: unsafe extern "C" fn(*const c_char, *const c_char, c_int, *const c_char, c_int, c_int) -> c_int,
    pub add: unsafe extern "C" fn(*const c_char, *const c_char, c_int, *const c_char, c_int, c_int) -> c_int,
    pub incr: unsafe extern "C" fn(*const c_char, *const c_char, c_int, f64, f64, *mut f64) -> c_int,
    pub delete: unsafe extern "C" fn(*const c_char, *const c_char, c_int) -> c_int,
}

static FUNCTIONS: OnceLock<Functions> = OnceLock::new();

/// Tells of them, once.
pub fn set(functions: Functions) {
    let _ = FUNCTIONS.set(functions);
}

/// What is to be done; the frame's `rc`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the function of that name")]
pub enum Operation {
    Get,
    Set,
    Add,
    Incr,
    Delete,
}

impl Operation {
    const ALL: [Operation; 5] = [Operation::Get, Operation::Set, Operation::Add, Operation::Incr, Operation::Delete];

    fn of(rc: i32) -> Option<Operation> {
        Operation::ALL.into_iter().find(|one| *one as i32 == rc)
    }
}

/// The arguments of all of them; the frame's body.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Arguments {
    /// The dict's name.
    pub dict: Vec<u8>,
    /// The key.
    pub key: Vec<u8>,
    /// `set`, `add`: the value.
    pub value: Vec<u8>,
    /// `set`, `add`: milliseconds.
    pub ttl: i32,
    /// `incr`.
    pub by: f64,
    /// `incr`.
    pub init: f64,
}

impl Arguments {
    /// As a body.
    #[must_use]
    pub fn octets(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend_from_slice(&self.ttl.to_ne_bytes());
        out.extend_from_slice(&self.by.to_ne_bytes());
        out.extend_from_slice(&self.init.to_ne_bytes());
        for part in [&self.dict, &self.key, &self.value] {
            out.extend_from_slice(&(part.len() as u64).to_ne_bytes());
            out.extend_from_slice(part);
        }
        out
    }

    /// Of a body, which may be anything.
    #[must_use]
    pub fn of(mut body: &[u8]) -> Option<Arguments> {
        let ttl = i32::from_ne_bytes(*body.split_off(..4)?.first_chunk()?);
        let by = f64::from_ne_bytes(*body.split_off(..8)?.first_chunk()?);
        let init = f64::from_ne_bytes(*body.split_off(..8)?.first_chunk()?);
        let mut part = || {
            let len = u64::from_ne_bytes(*body.split_off(..8)?.first_chunk()?);
            Some(body.split_off(..usize::try_from(len).ok()?)?.to_vec())
        };
        Some(Arguments { dict: part()?, key: part()?, value: part()?, ttl, by, init })
    }
}

/// Does it; any thread. What the function gave, and what it wrote.
#[must_use]
pub fn call(operation: i32, body: &[u8]) -> (i32, Option<Vec<u8>>) {
    const BAD: (i32, Option<Vec<u8>>) = (-1, None);
    let (Some(functions), Some(operation), Some(args)) =
        (FUNCTIONS.get(), Operation::of(operation), Arguments::of(body))
    else {
        return BAD;
    };
    let Ok(dict) = CString::new(args.dict) else { return BAD };
    let (Ok(key_len), Ok(value_len)) = (c_int::try_from(args.key.len()), c_int::try_from(args.value.len())) else {
        return BAD;
    };
    let (dict, key, value) = (dict.as_ptr(), args.key.as_ptr().cast(), args.value.as_ptr().cast());
    // SAFETY: the ABI's functions, with a string and so many octets that live during the call, and outputs of ours; what
    // `get` gives is malloc's and ours.
    unsafe {
        match operation {
            Operation::Get => {
                let mut found = std::ptr::null_mut();
                let mut len = 0;
                match (functions.get)(dict, key, key_len, &raw mut found, &raw mut len) {
                    1 => {
                        let len = usize::try_from(len).unwrap_or(0);
                        (1, Octets::adopt(found, len).map(|owned| owned.to_vec()))
                    }
                    other => (other, None),
                }
            }
            Operation::Set => ((functions.set)(dict, key, key_len, value, value_len, args.ttl), None),
            Operation::Add => ((functions.add)(dict, key, key_len, value, value_len, args.ttl), None),
            Operation::Incr => {
                let mut result = 0.0f64;
                let rc = (functions.incr)(dict, key, key_len, args.by, args.init, &raw mut result);
                (rc, Some(result.to_ne_bytes().to_vec()))
            }
            Operation::Delete => ((functions.delete)(dict, key, key_len), None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_come_back_and_anything_else_is_refused() {
        let args =
            Arguments { dict: b"d".to_vec(), key: b"k\0".to_vec(), value: Vec::new(), ttl: -1, by: 0.5, init: -0.0 };
        let octets = args.octets();
        assert_eq!(Arguments::of(&octets), Some(args));
        for end in 0..octets.len() {
            assert_eq!(Arguments::of(&octets[..end]), None);
        }
        let mut long = octets;
        long[20..28].copy_from_slice(&u64::MAX.to_ne_bytes());
        assert_eq!(Arguments::of(&long), None);
    }
}
