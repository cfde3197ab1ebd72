// SPDX-License-Identifier: GPL-2.0-or-later
//! A daemon's signals stay its own: Go, Java and Node.js take some of them when they are loaded.
//!
//! What they do was measured: Java replaces HUP, INT and TERM, Node.js INT, TERM and USR1, Python and Go PIPE. The signals
//! of faults (SEGV, BUS, FPE, ILL) are left to them, as Java and Go work with these.

use std::mem::MaybeUninit;

/// The signals that FRR handles (lib/sigevent.c, each daemon's `frr_signals`) or ignores.
const OURS: [i32; 7] =
    [libc::SIGHUP, libc::SIGINT, libc::SIGTERM, libc::SIGUSR1, libc::SIGPIPE, libc::SIGCHLD, libc::SIGALRM];

/// A thread's signal mask as it was.
#[derive(Clone, Copy)]
pub struct Mask(libc::sigset_t);

fn change(how: i32, set: &libc::sigset_t) -> Mask {
    let mut old = MaybeUninit::uninit();
    // SAFETY: both sets are good for the call, which fails for nothing but a wrong `how`, and then writes nothing: it is
    // one of libc's own.
    unsafe {
        libc::sigemptyset(old.as_mut_ptr());
        libc::pthread_sigmask(how, set, old.as_mut_ptr());
        Mask(old.assume_init())
    }
}

/// Blocks every signal in this thread, and so in those that it makes.
pub fn block_all() -> Mask {
    let mut all = MaybeUninit::uninit();
    // SAFETY: filled before it is read.
    let all = unsafe {
        libc::sigfillset(all.as_mut_ptr());
        all.assume_init()
    };
    change(libc::SIG_BLOCK, &all)
}

/// Holds the daemon's signals back in this thread: they come when [`restore_mask`] is called.
pub fn hold() -> Mask {
    let mut ours = MaybeUninit::uninit();
    // SAFETY: emptied, then filled with numbers of signals.
    let ours = unsafe {
        libc::sigemptyset(ours.as_mut_ptr());
        for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGTERM, libc::SIGUSR1] {
            libc::sigaddset(ours.as_mut_ptr(), signal);
        }
        ours.assume_init()
    };
    change(libc::SIG_BLOCK, &ours)
}

/// Sets this thread's mask to what it was.
pub fn restore_mask(mask: Mask) {
    change(libc::SIG_SETMASK, &mask.0);
}

/// What the process does at each of its signals.
pub struct Actions([libc::sigaction; OURS.len()]);

impl Actions {
    /// As it is now.
    #[must_use]
    pub fn now() -> Actions {
        Actions(OURS.map(|signal| {
            let mut action = MaybeUninit::zeroed();
            // SAFETY: asks only; zeroed is a good action too.
            unsafe {
                libc::sigaction(signal, std::ptr::null(), action.as_mut_ptr());
                action.assume_init()
            }
        }))
    }

    /// Back to that. With `SA_ONSTACK`: a handler may run on a thread of Go, whose own stacks are small.
    pub fn restore(&self) {
        for (signal, action) in OURS.iter().zip(&self.0) {
            let mut action = *action;
            if action.sa_sigaction != libc::SIG_DFL && action.sa_sigaction != libc::SIG_IGN {
                action.sa_flags |= libc::SA_ONSTACK;
            }
            // SAFETY: what the process had before.
            unsafe { libc::sigaction(*signal, &raw const action, std::ptr::null_mut()) };
        }
    }
}
