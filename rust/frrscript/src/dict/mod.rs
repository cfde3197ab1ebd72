// SPDX-License-Identifier: GPL-2.0-or-later
//! Shared dicts: stores of the daemon, not of a script. They outlive reloads, and runtimes' threads read and write them.
//!
//! Reading order: [`store`] (one dict), this file (all of them), `show`. Any thread may call what is here; locks are held
//! for one operation and nothing else is called under them.

mod show;
pub mod store;

pub use show::shown;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Instant;
use store::Store;

/// Dicts at most.
pub const MOST_DICTS: usize = 64;
/// Octets of a name at most.
const LONGEST_NAME: usize = 64;
/// Octets of a dict, unless a script says otherwise.
pub const SIZE: usize = 4 * 1024 * 1024;
/// The most that a script may say, and the least.
pub const MOST_SIZE: usize = 64 * 1024 * 1024;
/// See [`MOST_SIZE`].
pub const LEAST_SIZE: usize = 4096;

/// One dict.
pub struct Dict {
    /// Its name.
    pub name: String,
    store: Mutex<Store>,
    /// The main pthread waits for the store: others give way. A mutex alone lets threads that come again and again keep
    /// it waiting for longer than a script's time limit.
    wanted: AtomicBool,
}

impl Dict {
    /// Runs one operation on the daemon's main pthread.
    pub fn with<T>(&self, operation: impl FnOnce(&mut Store) -> T) -> T {
        let mut store = match self.store.try_lock() {
            Ok(store) => store,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                self.wanted.store(true, Ordering::Relaxed);
                let store = locked(&self.store);
                self.wanted.store(false, Ordering::Relaxed);
                store
            }
        };
        operation(&mut store)
    }

    /// Runs one operation on any other thread.
    pub fn with_patience<T>(&self, operation: impl FnOnce(&mut Store) -> T) -> T {
        while self.wanted.load(Ordering::Relaxed) {
            std::thread::yield_now();
        }
        operation(&mut locked(&self.store))
    }
}

static DICTS: LazyLock<Mutex<BTreeMap<String, Arc<Dict>>>> = LazyLock::new(Mutex::default);

/// A panic inside leaves a store as it was before or after a step: it goes on being used.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn check_name(name: &str) -> Result<(), String> {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || b"_-.".contains(&c);
    if !name.is_empty() && name.len() <= LONGEST_NAME && name.bytes().all(allowed) {
        return Ok(());
    }
    Err(format!(
        "{} is no name of a shared dict: 1 to {LONGEST_NAME} letters, digits, _ - and .",
        crate::value::text::quoted(name)
    ))
}

/// The dict of a name if there is one.
#[must_use]
pub fn find(name: &str) -> Option<Arc<Dict>> {
    locked(&DICTS).get(name).cloned()
}

/// The dict of a name, made if there is none; a size that is given counts from now on.
///
/// # Errors
/// The name is none, or there are too many dicts.
pub fn open(name: &str, size: Option<usize>) -> Result<Arc<Dict>, String> {
    check_name(name)?;
    let mut dicts = locked(&DICTS);
    if let Some(dict) = dicts.get(name) {
        let dict = Arc::clone(dict);
        drop(dicts);
        if let Some(size) = size {
            dict.with(|s| s.set_limit(size));
        }
        return Ok(dict);
    }
    if dicts.len() >= MOST_DICTS {
        // What is empty and nobody holds is not missed.
        let now = Instant::now();
        dicts.retain(|_, d| Arc::strong_count(d) > 1 || d.with(|s| s.count(now)) > 0);
    }
    if dicts.len() >= MOST_DICTS {
        return Err(format!("there are {MOST_DICTS} shared dicts already: use one of them for this, too"));
    }
    let store = Mutex::new(Store::new(size.unwrap_or(SIZE)));
    let dict = Arc::new(Dict { name: name.to_owned(), store, wanted: AtomicBool::new(false) });
    dicts.insert(name.to_owned(), Arc::clone(&dict));
    Ok(dict)
}

fn all() -> Vec<Arc<Dict>> {
    locked(&DICTS).values().cloned().collect()
}

/// Forgets all dicts; who holds one keeps it.
pub fn clear() {
    locked(&DICTS).clear();
}
