// SPDX-License-Identifier: GPL-2.0-or-later
//! An answer, written straight into memory of libc's, which the host frees.

use std::ffi::c_char;
use std::io::{self, Write};
use std::ptr;

/// Bytes in memory of libc's, with a NUL behind them: hosts read an empty answer as a C string.
pub(crate) struct Buffer {
    start: *mut c_char,
    len: usize,
    room: usize,
}

// SAFETY: the buffer owns its memory, and libc's allocator serves all threads.
unsafe impl Send for Buffer {}

impl Buffer {
    pub(crate) const fn new() -> Buffer {
        Buffer { start: ptr::null_mut(), len: 0, room: 0 }
    }

    /// The memory, now the caller's, and its length without the NUL. NULL for no bytes.
    pub(crate) fn into_raw(mut self) -> (*mut c_char, usize) {
        let raw = (self.start, self.len);
        self.start = ptr::null_mut();
        raw
    }

    fn grow(&mut self, more: usize) -> io::Result<()> {
        // The length is an int in the ABI.
        let needed = self.len.checked_add(more).filter(|n| *n < i32::MAX as usize);
        let needed = needed.ok_or_else(|| io::Error::other("an answer has less than 2 GiB"))? + 1;
        if needed > self.room {
            let room = needed.max(self.room * 2).max(128);
            // SAFETY: `start` is NULL or memory of libc's that this buffer owns.
            let start = unsafe { libc::realloc(self.start.cast(), room) };
            if start.is_null() {
                return Err(io::ErrorKind::OutOfMemory.into());
            }
            (self.start, self.room) = (start.cast(), room);
        }
        Ok(())
    }
}

impl Default for Buffer {
    fn default() -> Buffer {
        Buffer::new()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.grow(bytes.len())?;
        // SAFETY: `grow` made room for the bytes and a NUL behind `len`, and the two don't overlap.
        unsafe {
            let end = self.start.add(self.len);
            ptr::copy_nonoverlapping(bytes.as_ptr().cast(), end, bytes.len());
            *end.add(bytes.len()) = 0;
        }
        self.len += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // SAFETY: NULL or memory of libc's that nobody else has.
        unsafe { libc::free(self.start.cast()) }
    }
}
