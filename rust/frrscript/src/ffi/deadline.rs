// SPDX-License-Identifier: GPL-2.0-or-later
//! What the watchdog needs of the system and the engine.

use super::{engine::lua_Callbacks, interrupt};

/// Starts a thread that no signal is ever delivered to: FRR's handlers run on the main pthread only.
pub fn spawn_without_signals(name: &str, body: fn()) -> std::io::Result<()> {
    let mut all = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: both sets are written before they are read (sigfillset and pthread_sigmask write them whole). A new thread
    // takes over the mask of the one that makes it, so there is no moment in which it takes a signal.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
    }
    let started = std::thread::Builder::new().name(name.to_owned()).stack_size(64 * 1024).spawn(body);
    // SAFETY: `before` was written above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    started.map(drop)
}

/// Sets the interrupt of the VM whose callbacks are at `target`.
pub fn interrupt(target: usize) {
    interrupt::set(target as *mut lua_Callbacks, true);
}

/// Has the library forget its thread in a forked child.
pub fn watch_forks() {
    extern "C" fn child() {
        crate::watchdog::forked();
    }
    // SAFETY: the handler only stores to an atomic.
    unsafe { libc::pthread_atfork(None, None, Some(child)) };
}
