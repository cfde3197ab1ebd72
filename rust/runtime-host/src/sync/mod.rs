// SPDX-License-Identifier: GPL-2.0-or-later
//! What the queues are built of: the standard library's; or under `--cfg loom` those whose every interleaving loom tries; or
//! under `--cfg tsan` POSIX's, which the thread sanitizer watches.

#[cfg(tsan)]
mod pthread;

#[cfg(loom)]
pub use loom::sync::{Condvar, Mutex, MutexGuard, atomic};
#[cfg(tsan)]
pub use pthread::{Condvar, Mutex, MutexGuard};
#[cfg(tsan)]
pub use std::sync::atomic;
#[cfg(not(any(loom, tsan)))]
pub use std::sync::{Condvar, Mutex, MutexGuard, atomic};

/// Locks; a thread that panicked with the lock left nothing half done, as no code of others runs under it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
