// SPDX-License-Identifier: GPL-2.0-or-later
//! A mutex and a condition variable of POSIX behind the standard library's interface, for tests under the thread sanitizer:
//! it sees these, but not what a lock of the standard library does when it has to wait, as that is compiled already.

#![allow(unsafe_code)]

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::LockResult;
use std::time::{Duration, SystemTime};

/// As `std::sync::Mutex`; never poisoned.
pub struct Mutex<T> {
    /// In a box, as it may not move.
    raw: Box<UnsafeCell<libc::pthread_mutex_t>>,
    value: UnsafeCell<T>,
}

// SAFETY: the value is reached under the lock only.
unsafe impl<T: Send> Send for Mutex<T> {}
// SAFETY: likewise.
unsafe impl<T: Send> Sync for Mutex<T> {}

impl<T> Mutex<T> {
    /// As the standard library's.
    pub fn new(value: T) -> Mutex<T> {
        Mutex { raw: Box::new(UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER)), value: UnsafeCell::new(value) }
    }

    /// As the standard library's.
    #[allow(clippy::unnecessary_wraps, reason = "the standard library's interface")]
    pub fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        // SAFETY: initialised, and it does not move.
        assert_eq!(unsafe { libc::pthread_mutex_lock(self.raw.get()) }, 0);
        Ok(MutexGuard(self))
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Mutex::new(T::default())
    }
}

impl<T> std::fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mutex").finish_non_exhaustive()
    }
}

impl<T> Drop for Mutex<T> {
    fn drop(&mut self) {
        // SAFETY: nobody has it locked, as nobody else has it.
        unsafe { libc::pthread_mutex_destroy(self.raw.get()) };
    }
}

/// As `std::sync::MutexGuard`.
pub struct MutexGuard<'a, T>(&'a Mutex<T>);

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: locked.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: locked.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    fn drop(&mut self) {
        // SAFETY: locked by this thread.
        unsafe { libc::pthread_mutex_unlock(self.0.raw.get()) };
    }
}

/// As `std::sync::Condvar`.
pub struct Condvar(Box<UnsafeCell<libc::pthread_cond_t>>);

// SAFETY: POSIX's may be used by all threads.
unsafe impl Send for Condvar {}
// SAFETY: likewise.
unsafe impl Sync for Condvar {}

impl Condvar {
    /// As the standard library's.
    pub fn new() -> Condvar {
        Condvar(Box::new(UnsafeCell::new(libc::PTHREAD_COND_INITIALIZER)))
    }

    /// As the standard library's.
    #[allow(clippy::unnecessary_wraps, reason = "the standard library's interface")]
    pub fn wait<'a, T>(&self, guard: MutexGuard<'a, T>) -> LockResult<MutexGuard<'a, T>> {
        // SAFETY: both are initialised, and the mutex is locked by this thread.
        assert_eq!(unsafe { libc::pthread_cond_wait(self.0.get(), guard.0.raw.get()) }, 0);
        Ok(guard)
    }

    /// As the standard library's, but for what it says of the time.
    #[allow(clippy::unnecessary_wraps, reason = "the standard library's interface")]
    pub fn wait_timeout<'a, T>(&self, guard: MutexGuard<'a, T>, time: Duration) -> LockResult<(MutexGuard<'a, T>, ())> {
        let until = SystemTime::now() + time;
        let until = until.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let until = libc::timespec {
            tv_sec: libc::time_t::try_from(until.as_secs()).unwrap_or(libc::time_t::MAX),
            tv_nsec: until.subsec_nanos().into(),
        };
        // SAFETY: as above, and a time; that it is over is no failure.
        unsafe { libc::pthread_cond_timedwait(self.0.get(), guard.0.raw.get(), &raw const until) };
        Ok((guard, ()))
    }

    /// As the standard library's.
    pub fn notify_one(&self) {
        // SAFETY: initialised.
        unsafe { libc::pthread_cond_signal(self.0.get()) };
    }

    /// As the standard library's.
    pub fn notify_all(&self) {
        // SAFETY: initialised.
        unsafe { libc::pthread_cond_broadcast(self.0.get()) };
    }
}

impl Default for Condvar {
    fn default() -> Self {
        Condvar::new()
    }
}

impl std::fmt::Debug for Condvar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Condvar").finish_non_exhaustive()
    }
}

impl Drop for Condvar {
    fn drop(&mut self) {
        // SAFETY: nobody waits, as nobody else has it.
        unsafe { libc::pthread_cond_destroy(self.0.get()) };
    }
}
