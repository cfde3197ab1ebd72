// SPDX-License-Identifier: GPL-2.0-or-later
//! Whether the system lets the process make code: SELinux, `MemoryDenyWriteExecute=` of systemd and others forbid it.

use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

static TOLD: AtomicBool = AtomicBool::new(false);

/// Whether memory can be made executable, in the way that the code generator does it (CodeAllocator.cpp).
fn possible() -> bool {
    const PAGE: usize = 4096;
    // SAFETY: a new mapping of our own, taken away again; nothing is run in it.
    unsafe {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let page = libc::mmap(ptr::null_mut(), PAGE, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
        if page == libc::MAP_FAILED {
            return false;
        }
        let result = libc::mprotect(page, PAGE, libc::PROT_READ | libc::PROT_EXEC);
        libc::munmap(page, PAGE);
        result == 0
    }
}

/// The same; says it once in the log when it is not.
pub fn allowed() -> bool {
    let allowed = possible();
    if !allowed && !TOLD.swap(true, Ordering::Relaxed) {
        log::warn!("native code: the system denies executable memory: scripts with --!native run in the interpreter");
    }
    allowed
}
