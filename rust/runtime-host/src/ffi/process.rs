// SPDX-License-Identifier: GPL-2.0-or-later
//! What a runtime's process needs of the system, on both sides.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

fn result(got: isize) -> io::Result<usize> {
    usize::try_from(got).map_err(|_| io::Error::last_os_error())
}

/// Receives what is there; 0: the other side has ended.
///
/// # Errors
/// Nothing is there ([`io::ErrorKind::WouldBlock`]), or the socket is broken.
pub fn receive(socket: BorrowedFd, into: &mut [u8]) -> io::Result<usize> {
    // SAFETY: as many octets as there is room for.
    let got = unsafe { libc::recv(socket.as_raw_fd(), into.as_mut_ptr().cast(), into.len(), libc::MSG_DONTWAIT) };
    result(got)
}

/// Sends what there is room for; never a SIGPIPE.
///
/// # Errors
/// There is no room ([`io::ErrorKind::WouldBlock`]), or the other side has ended.
pub fn send(socket: BorrowedFd, octets: &[u8]) -> io::Result<usize> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    // SAFETY: the octets are there during the call.
    let sent = unsafe { libc::send(socket.as_raw_fd(), octets.as_ptr().cast(), octets.len(), flags) };
    result(sent)
}

/// Reads what a pipe has; 0: nobody writes to it any more.
///
/// # Errors
/// It is broken.
pub fn read(pipe: BorrowedFd, into: &mut [u8]) -> io::Result<usize> {
    // SAFETY: as many octets as there is room for.
    result(unsafe { libc::read(pipe.as_raw_fd(), into.as_mut_ptr().cast(), into.len()) })
}

/// What to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Something to read, or the end.
    Input,
    /// Room to write.
    Room,
}

/// Waits until one of the descriptors is ready (`None`: is none); which are.
pub fn wait<const N: usize>(on: [(Option<BorrowedFd>, For); N], timeout: Option<Duration>) -> [bool; N] {
    let mut fds = on.map(|(fd, what)| libc::pollfd {
        fd: fd.map_or(-1, |fd| fd.as_raw_fd()),
        events: if what == For::Input { libc::POLLIN } else { libc::POLLOUT },
        revents: 0,
    });
    let timeout = timeout.map_or(-1, |t| i32::try_from(t.as_millis()).unwrap_or(i32::MAX));
    // SAFETY: the array and its length. An error leaves `revents` as they are, so that nothing is ready.
    unsafe { libc::poll(fds.as_mut_ptr(), N as libc::nfds_t, timeout) };
    fds.map(|fd| fd.revents != 0)
}

/// A descriptor that is readable when a child of ours has ended, while nobody has waited for it. `None`: the kernel has none.
#[must_use]
pub fn pidfd(child: u32) -> Option<OwnedFd> {
    // SAFETY: two numbers; the descriptor is new and ours. It is closed on exec.
    unsafe {
        let fd = libc::syscall(libc::SYS_pidfd_open, libc::c_long::from(child), 0 as libc::c_long);
        RawFd::try_from(fd).ok().filter(|fd| *fd >= 0).map(|fd| OwnedFd::from_raw_fd(fd))
    }
}

/// Sends a signal to a child of ours and to all that it started and that is in its process group. To be called before the
/// child is waited for: until then nobody else can get its number.
pub fn signal(child: u32, signal: i32) {
    if let Ok(pid) = libc::pid_t::try_from(child)
        && pid > 1
    {
        // SAFETY: two numbers.
        unsafe { libc::kill(-pid, signal) };
    }
}

/// The name of a signal.
#[must_use]
pub fn signal_name(number: i32) -> String {
    let known = [
        (libc::SIGSEGV, "SIGSEGV"),
        (libc::SIGABRT, "SIGABRT"),
        (libc::SIGBUS, "SIGBUS"),
        (libc::SIGFPE, "SIGFPE"),
        (libc::SIGILL, "SIGILL"),
        (libc::SIGKILL, "SIGKILL"),
        (libc::SIGTERM, "SIGTERM"),
        (libc::SIGINT, "SIGINT"),
        (libc::SIGTRAP, "SIGTRAP"),
        (libc::SIGSYS, "SIGSYS"),
        (libc::SIGXCPU, "SIGXCPU"),
    ];
    known.iter().find(|(n, _)| *n == number).map_or_else(|| format!("signal {number}"), |(_, name)| (*name).to_owned())
}

/// In the child, before anything else: it dies with the thread that started it, has that daemon's socket and no other
/// descriptor of it, and the signals of a program that was just started. Gives the socket, which is its standard input.
///
/// SIGPIPE stays ignored, as in a daemon: libraries that are loaded there count on it.
///
/// # Errors
/// The standard input is no socket: nobody of ours started it.
pub fn enter() -> io::Result<OwnedFd> {
    const SOCKET: RawFd = 3;
    // SAFETY: numbers, pointers to locals, and descriptors of this process, which has one thread and uses none of them yet.
    unsafe {
        let mut kind: libc::c_int = 0;
        let mut len = libc::socklen_t::try_from(size_of::<libc::c_int>()).unwrap_or(4);
        let kind_at = (&raw mut kind).cast();
        if libc::getsockopt(0, libc::SOL_SOCKET, libc::SO_TYPE, kind_at, &raw mut len) < 0 {
            return Err(io::Error::last_os_error());
        }
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        if libc::dup3(0, SOCKET, libc::O_CLOEXEC) < 0 {
            return Err(io::Error::last_os_error());
        }
        let first = libc::c_uint::try_from(SOCKET + 1).unwrap_or(4);
        if libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) < 0 {
            // Before Linux 5.9.
            let most = libc::sysconf(libc::_SC_OPEN_MAX).clamp(256, 65_536);
            for fd in SOCKET + 1..RawFd::try_from(most).unwrap_or(256) {
                libc::close(fd);
            }
        }
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY);
        if null < 0 {
            return Err(io::Error::last_os_error());
        }
        libc::dup2(null, 0);
        libc::close(null);
        for signal in 1..=libc::SIGRTMAX() {
            let action = if signal == libc::SIGPIPE { libc::SIG_IGN } else { libc::SIG_DFL };
            libc::signal(signal, action);
        }
        let mut none = MaybeUninit::uninit();
        libc::sigemptyset(none.as_mut_ptr());
        libc::sigprocmask(libc::SIG_SETMASK, none.as_ptr(), std::ptr::null_mut());
        Ok(OwnedFd::from_raw_fd(SOCKET))
    }
}

/// In the child, when the daemon is gone: ends it and what it started, at once.
pub fn end_group() -> ! {
    // SAFETY: numbers. The group is this process's own, as the daemon made it one; else only it ends.
    unsafe {
        if libc::getpgrp() == libc::getpid() {
            libc::kill(0, libc::SIGKILL);
        }
        libc::_exit(1)
    }
}
