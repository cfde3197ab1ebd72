// SPDX-License-Identifier: GPL-2.0-or-later
//! Octets in memory of libc's malloc: both sides of the ABI free what the other one made.

use std::ffi::{CString, c_char};

/// Octets that libc's `free` takes. Requests have a NUL behind them, which does not count.
#[derive(Debug)]
pub struct Octets {
    start: *mut u8,
    len: usize,
}

// SAFETY: one owner, and nothing of a thread's own in it.
unsafe impl Send for Octets {}

impl Octets {
    /// A copy, with a NUL behind it: runtimes read requests as C strings.
    ///
    /// Returns `None` when there is no memory.
    #[must_use]
    pub fn copy(from: &[u8]) -> Option<Octets> {
        // SAFETY: `from.len()` octets and one more are written into what malloc gave for so many.
        unsafe {
            let start: *mut u8 = libc::malloc(from.len() + 1).cast();
            if start.is_null() {
                return None;
            }
            std::ptr::copy_nonoverlapping(from.as_ptr(), start, from.len());
            start.add(from.len()).write(0);
            Some(Octets { start, len: from.len() })
        }
    }

    /// So many octets of 0, and a NUL behind them. `None`: there is no memory.
    #[must_use]
    pub fn zeroed(len: usize) -> Option<Octets> {
        // SAFETY: no pointers go in; calloc's block is all zero.
        let start: *mut u8 = unsafe { libc::calloc(len.checked_add(1)?, 1).cast() };
        if start.is_null() { None } else { Some(Octets { start, len }) }
    }

    /// Takes over what a runtime gave; NULL is none. A length of 0 says, as upstream has it, that a NUL ends it: its own
    /// Node.js loader answers so. Here the search for the NUL ends with the block, so that a runtime that forgot it has
    /// nobody read foreign memory.
    ///
    /// # Safety
    /// `start` is NULL or from malloc, with `len` octets, and nobody else's any more.
    #[must_use]
    pub unsafe fn adopt(start: *mut c_char, len: usize) -> Option<Octets> {
        if start.is_null() {
            return None;
        }
        // SAFETY: malloc's block is as long as it says.
        let len = if len > 0 { len } else { unsafe { libc::strnlen(start, libc::malloc_usable_size(start.cast())) } };
        Some(Octets { start: start.cast(), len })
    }

    /// Where they are; good until they are dropped.
    #[must_use]
    pub fn as_ptr(&self) -> *mut c_char {
        self.start.cast()
    }

    /// Gives them away: to a runtime that frees them.
    #[must_use]
    pub fn into_raw(self) -> *mut c_char {
        let start = self.start.cast();
        std::mem::forget(self);
        start
    }
}

impl std::ops::Deref for Octets {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: `len` octets, owned.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }
}

impl std::ops::DerefMut for Octets {
    fn deref_mut(&mut self) -> &mut [u8] {
        // SAFETY: `len` octets, owned.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.len) }
    }
}

impl Drop for Octets {
    fn drop(&mut self) {
        // SAFETY: from malloc, and freed once.
        unsafe { libc::free(self.start.cast()) };
    }
}

/// The text that C sees up to a NUL.
#[must_use]
pub fn c_text(octets: &[u8]) -> CString {
    let end = octets.iter().position(|&b| b == 0).unwrap_or(octets.len());
    CString::new(&octets[..end]).unwrap_or_default()
}
