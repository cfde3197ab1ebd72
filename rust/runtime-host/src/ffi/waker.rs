// SPDX-License-Identifier: GPL-2.0-or-later
//! An eventfd that the daemon's event loop watches.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// The eventfd.
#[derive(Debug)]
pub struct Waker(OwnedFd);

impl Waker {
    /// Makes one; a child that executes something else does not get it.
    ///
    /// # Errors
    /// The process has no descriptor left.
    pub fn new() -> io::Result<Waker> {
        // SAFETY: no pointers; the descriptor is new and owned from here on.
        unsafe {
            let fd = libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK);
            if fd < 0 { Err(io::Error::last_os_error()) } else { Ok(Waker(OwnedFd::from_raw_fd(fd))) }
        }
    }

    /// Wakes who watches it.
    pub fn wake(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: eight octets are read. It can only fail when it is ready already.
        unsafe { libc::write(self.0.as_raw_fd(), one.as_ptr().cast(), one.len()) };
    }

    /// Makes it sleep again.
    pub fn reset(&self) {
        let mut count = [0u8; 8];
        // SAFETY: eight octets are written. It can only fail when there is nothing to read.
        unsafe { libc::read(self.0.as_raw_fd(), count.as_mut_ptr().cast(), count.len()) };
    }

    /// The descriptor, for the event loop.
    #[must_use]
    pub fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
