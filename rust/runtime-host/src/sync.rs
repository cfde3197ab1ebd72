// SPDX-License-Identifier: GPL-2.0-or-later
//! What the queues are built of: the standard library's, or under `--cfg loom` those whose every interleaving loom tries.

#[cfg(loom)]
pub use loom::sync::{Condvar, Mutex, MutexGuard, atomic};
#[cfg(not(loom))]
pub use std::sync::{Condvar, Mutex, MutexGuard, atomic};

/// Locks; a thread that panicked with the lock left nothing half done, as no code of others runs under it.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
