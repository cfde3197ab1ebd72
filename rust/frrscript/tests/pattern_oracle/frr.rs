// SPDX-License-Identifier: GPL-2.0-or-later
//! FRR's `bgp_regcomp` and `bgp_regexec`, called as FRR calls them.

#![allow(unsafe_code)]

use std::ffi::CString;
use std::mem::MaybeUninit;

/// A compiled expression.
pub struct Regex(libc::regex_t);

impl Regex {
    /// Compiles one; `None`: the C library refuses it.
    pub fn new(pattern: &str) -> Option<Self> {
        let pattern = CString::new(pattern.replace('_', "(^|[,{}() ]|$)")).ok()?;
        let mut compiled = MaybeUninit::uninit();
        let flags = libc::REG_EXTENDED | libc::REG_NOSUB;
        // SAFETY: the pattern ends with a NUL; `compiled` is written if and only if the result is 0.
        let result = unsafe { libc::regcomp(compiled.as_mut_ptr(), pattern.as_ptr(), flags) };
        // SAFETY: regcomp succeeded.
        (result == 0).then(|| Regex(unsafe { compiled.assume_init() }))
    }

    /// Does the text match?
    pub fn is_match(&self, text: &str) -> bool {
        let text = CString::new(text).expect("no text of a route has a NUL");
        // SAFETY: the expression is compiled, the text ends with a NUL, and no match positions are asked for.
        unsafe { libc::regexec(&self.0, text.as_ptr(), 0, std::ptr::null_mut(), 0) == 0 }
    }
}

impl Drop for Regex {
    fn drop(&mut self) {
        // SAFETY: compiled by regcomp and freed once.
        unsafe { libc::regfree(&mut self.0) }
    }
}
