// SPDX-License-Identifier: GPL-2.0-or-later
//! The way back: any thread puts, the main thread takes all at once. It is woken once for many, and not at all while it
//! says that it will look by itself.

use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, lock};

#[derive(Debug)]
struct State<T> {
    items: Vec<T>,
    /// The main thread looks by itself.
    awake: bool,
    /// It has been woken and has not come yet.
    woken: bool,
}

/// A list.
#[derive(Debug)]
pub struct Answers<T> {
    state: Mutex<State<T>>,
    /// Items, for a look without the lock.
    visible: AtomicUsize,
}

impl<T> Default for Answers<T> {
    fn default() -> Self {
        let state = State { items: Vec::new(), awake: false, woken: false };
        Answers { state: Mutex::new(state), visible: AtomicUsize::new(0) }
    }
}

impl<T> Answers<T> {
    /// Puts an item; true: the caller has to wake the main thread.
    #[must_use]
    pub fn put(&self, item: T) -> bool {
        let mut state = lock(&self.state);
        state.items.push(item);
        self.visible.store(state.items.len(), Ordering::Release);
        if state.awake || state.woken {
            return false;
        }
        state.woken = true;
        true
    }

    /// Something is there; a look without the lock.
    pub fn looks_ready(&self) -> bool {
        self.visible.load(Ordering::Acquire) > 0
    }

    /// The main thread looks by itself from now on; true: it did not before, and whatever wakes it is to be reset. That it
    /// was woken does not tell: who wakes it may do so after it came by itself, and has to find it resetting the next time.
    #[must_use]
    pub fn begin(&self) -> bool {
        let mut state = lock(&self.state);
        state.woken = false;
        !std::mem::replace(&mut state.awake, true)
    }

    /// Moves what is there into `into`.
    pub fn take(&self, into: &mut Vec<T>) {
        if self.looks_ready() {
            let mut state = lock(&self.state);
            if into.is_empty() {
                // However many there are, no other thread waits for them to be moved.
                std::mem::swap(into, &mut state.items);
            } else {
                into.append(&mut state.items);
            }
            self.visible.store(0, Ordering::Release);
        }
    }

    /// The main thread no longer looks by itself; true: nothing is there, and it may sleep.
    #[must_use]
    pub fn end(&self) -> bool {
        let mut state = lock(&self.state);
        state.awake = !state.items.is_empty();
        !state.awake
    }
}
