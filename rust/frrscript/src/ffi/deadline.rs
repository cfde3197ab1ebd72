// SPDX-License-Identifier: GPL-2.0-or-later
//! What the watchdog needs of the system and the engine.

use super::{engine::lua_Callbacks, interrupt};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

/// Starts a thread that no signal is ever delivered to: FRR's handlers run on the main pthread only. It has no capabilities.
pub fn spawn_without_signals(name: &str, body: fn()) -> std::io::Result<()> {
    let mut all = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = std::mem::MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: both sets are written before they are read (sigfillset and pthread_sigmask write them whole). A new thread
    // takes over the mask of the one that makes it, so there is no moment in which it takes a signal.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
    }
    let started = std::thread::Builder::new().name(name.to_owned()).stack_size(64 * 1024).spawn(move || {
        give_up_capabilities();
        body();
    });
    // SAFETY: `before` was written above.
    unsafe { libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut()) };
    started.map(drop)
}

/// Takes the daemon's capabilities from the calling thread, for good. One that has more than the main pthread, which gives its own
/// up when the daemon ends, can't be looked at by it: LeakSanitizer would take for lost what is on the thread's stack.
fn give_up_capabilities() {
    /// `_LINUX_CAPABILITY_VERSION_3`.
    const VERSION: u32 = 0x2008_0522;
    let header: [u32; 2] = [VERSION, 0];
    let none = [0_u32; 6];
    // SAFETY: the kernel reads a header of two words (version, and 0 for the calling thread) and two sets of three words. Where
    // it is refused, the thread keeps what it has and works the same.
    unsafe { libc::syscall(libc::SYS_capset, header.as_ptr(), none.as_ptr()) };
}

/// The clock of the CPU time of the thread that runs scripts; 0: not known.
static CLOCK: AtomicI32 = AtomicI32::new(0);

/// Has the watchdog look at the calling thread's CPU time from now on.
pub fn watch_this_thread() {
    let mut clock = 0;
    // SAFETY: the calling thread is alive, and the clock is written.
    let result = unsafe { libc::pthread_getcpuclockid(libc::pthread_self(), &raw mut clock) };
    CLOCK.store(if result == 0 { clock } else { 0 }, Ordering::Relaxed);
}

/// CPU time that the thread of scripts has used; `None` when there is no such clock.
pub fn cpu_time() -> Option<Duration> {
    let clock = CLOCK.load(Ordering::Relaxed);
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the time is written when the result is 0; a clock that is none, or whose thread has ended, is an error.
    if clock == 0 || unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return None;
    }
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
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
