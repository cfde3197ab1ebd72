// SPDX-License-Identifier: GPL-2.0-or-later
//! A netlink socket to the kernel's netfilter. The only file with `unsafe`.
#![allow(unsafe_code)]

use std::io;
use std::mem::size_of;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

/// Room for one datagram of a dump; the kernel's are 32 KiB at most.
const RECEIVE: usize = 64 * 1024;
/// The kernel answers while it handles the request, so this is never reached
/// unless an answer was lost.
const PATIENCE: Duration = Duration::from_secs(10);

/// A socket.
pub struct Socket {
    fd: OwnedFd,
    buffer: Vec<u8>,
    send_room: usize,
}

impl Socket {
    /// Opens a socket in the network namespace of this thread.
    pub fn open() -> io::Result<Self> {
        // SAFETY: no pointers.
        let fd = check(unsafe {
            libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, libc::NETLINK_NETFILTER)
        })?;
        // SAFETY: the descriptor is new and nobody else has it.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        let socket = Self { fd, buffer: vec![0; RECEIVE], send_room: 0 };
        // An error then says which attribute it is about, and does not repeat
        // the whole request.
        socket.set(libc::SOL_NETLINK, libc::NETLINK_EXT_ACK, &1)?;
        socket.set(libc::SOL_NETLINK, libc::NETLINK_CAP_ACK, &1)?;
        // Room for the errors of a transaction whose messages all fail.
        let _ = socket.set(libc::SOL_SOCKET, libc::SO_RCVBUFFORCE, &(1i32 << 20));
        let seconds = PATIENCE.as_secs().try_into().unwrap_or(10);
        socket.set(libc::SOL_SOCKET, libc::SO_RCVTIMEO, &libc::timeval { tv_sec: seconds, tv_usec: 0 })?;
        Ok(socket)
    }

    /// Sends one datagram, however large: a transaction has to be one.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        // The kernel doubles what is set; it wants room for its own headers too.
        if bytes.len() > self.send_room {
            let room = i32::try_from(bytes.len()).map_err(|_| io::Error::from_raw_os_error(libc::EMSGSIZE))?;
            // Without the capability what the system allows has to do.
            let _ = self.set(libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, &room);
            self.send_room = bytes.len();
        }
        // SAFETY: the buffer lives through the call, and this is its length.
        check_size(unsafe { libc::send(self.fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len(), 0) })?;
        Ok(())
    }

    /// Waits for a datagram.
    pub fn receive(&mut self) -> io::Result<&[u8]> {
        loop {
            // SAFETY: the buffer lives through the call, and this is its length.
            let received = check_size(unsafe {
                let buffer = self.buffer.as_mut_ptr().cast();
                libc::recv(self.fd.as_raw_fd(), buffer, self.buffer.len(), libc::MSG_TRUNC)
            });
            match received {
                Ok(size) if size <= self.buffer.len() => return Ok(&self.buffer[..size]),
                Ok(_) => return Err(io::Error::other("a netlink message was cut off")),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn set<T>(&self, level: i32, name: i32, value: &T) -> io::Result<()> {
        let size = libc::socklen_t::try_from(size_of::<T>()).unwrap_or_default();
        // SAFETY: the value lives through the call, and this is its size.
        check(unsafe { libc::setsockopt(self.fd.as_raw_fd(), level, name, std::ptr::from_ref(value).cast(), size) })?;
        Ok(())
    }
}

fn check(result: i32) -> io::Result<i32> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

fn check_size(result: isize) -> io::Result<usize> {
    usize::try_from(result).map_err(|_| io::Error::last_os_error())
}
