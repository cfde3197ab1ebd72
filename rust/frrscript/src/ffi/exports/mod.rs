// SPDX-License-Identifier: GPL-2.0-or-later
//! The functions that C calls, by what they are for.
//!
//! Conventions, for all of them:
//! - Call them from the daemon's main pthread only.
//! - A NULL that is not allowed gives [`ErrorCode::BAD_ARGUMENT`], NULL or nothing done; freeing NULL is fine.
//! - `char **out`: may be NULL. On return `*out` is NULL or a text that `frrscript_text_free` frees: the reason of a
//!   failure, or something to tell the operator. Other outputs are written on success only.
//! - Strings that are passed in are copied. Tables that are registered are kept: they are static.
//! - A panic stops at each of them, is logged, and gives [`ErrorCode::INTERNAL`] or the safest answer.

#![allow(clippy::missing_safety_doc, reason = "the conventions above are each function's safety section")]

pub mod bus;
pub mod dicts;
pub mod events;
pub mod operate;
pub mod register;
pub mod rules;
pub mod stock;

use super::abi::ErrorCode;
use crate::failure::{Failure, Kind};
use std::ffi::{CStr, CString, c_char, c_int};

/// A C string as text; `None` for NULL or what isn't UTF-8.
///
/// # Safety
/// `text` is NULL or NUL-terminated and alive during the call.
unsafe fn text<'a>(text: *const c_char) -> Option<&'a str> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_str().ok()
}

/// A text for C, to be freed with `frrscript_text_free`.
fn into_c(text: String) -> *mut c_char {
    let text = if text.contains('\0') { text.replace('\0', " ") } else { text };
    CString::new(text).map_or(std::ptr::null_mut(), CString::into_raw)
}

/// Writes an output text.
///
/// # Safety
/// `out` is NULL or may be written.
unsafe fn tell(out: *mut *mut c_char, text: Option<String>) {
    if !out.is_null() {
        // SAFETY: the caller's promise.
        unsafe { *out = text.map_or(std::ptr::null_mut(), into_c) };
    }
}

/// Turns a result into C's number and text.
///
/// # Safety
/// `out` is NULL or may be written.
unsafe fn answer(out: *mut *mut c_char, result: Result<Option<String>, (ErrorCode, String)>) -> c_int {
    match result {
        Ok(said) => {
            // SAFETY: the caller's promise.
            unsafe { tell(out, said) };
            ErrorCode::OK as c_int
        }
        Err((code, why)) => {
            // SAFETY: the caller's promise.
            unsafe { tell(out, Some(why)) };
            code as c_int
        }
    }
}

/// The error number of a failure at load time.
fn load_error(failure: Failure) -> (ErrorCode, String) {
    let code = match failure.kind {
        Kind::Missing if failure.message.contains("no function") => ErrorCode::NO_FUNCTION,
        Kind::Missing if failure.message.starts_with("no script") => ErrorCode::NO_SCRIPT,
        Kind::Missing => ErrorCode::FILE,
        Kind::Runtime if failure.message.contains("is not a script name") => ErrorCode::BAD_NAME,
        _ => ErrorCode::LOAD,
    };
    (code, failure.message)
}
