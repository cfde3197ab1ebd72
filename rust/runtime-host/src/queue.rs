// SPDX-License-Identifier: GPL-2.0-or-later
//! Requests on their way to a runtime: one thread puts, any number of the runtime's threads take.

use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Condvar, Mutex, lock};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// What a poller gets.
#[derive(Debug, PartialEq, Eq)]
pub enum Taken<T> {
    /// An item.
    Item(T),
    /// Nothing came in time.
    Timeout,
    /// The queue is finished and empty: every poller gets this, as often as it asks.
    Finished,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    finished: bool,
    /// Threads that sleep: only they need to be woken.
    asleep: usize,
}

/// A queue.
#[derive(Debug)]
pub struct Queue<T> {
    state: Mutex<State<T>>,
    came: Condvar,
    /// Items, and one more when it is finished: for a look without the lock.
    visible: AtomicUsize,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        let state = State { items: VecDeque::new(), finished: false, asleep: 0 };
        Queue { state: Mutex::new(state), came: Condvar::new(), visible: AtomicUsize::new(0) }
    }
}

impl<T> Queue<T> {
    /// Puts an item at the end; gives it back when the queue is finished.
    ///
    /// # Errors
    /// The item.
    pub fn put(&self, item: T) -> Result<(), T> {
        let mut state = lock(&self.state);
        if state.finished {
            return Err(item);
        }
        state.items.push_back(item);
        self.visible.store(state.items.len(), Ordering::Release);
        let wake = state.asleep > 0;
        drop(state);
        if wake {
            self.came.notify_one();
        }
        Ok(())
    }

    /// No more items: pollers get what is there, then [`Taken::Finished`].
    pub fn finish(&self) {
        let mut state = lock(&self.state);
        state.finished = true;
        self.visible.store(state.items.len() + 1, Ordering::Release);
        drop(state);
        self.came.notify_all();
    }

    /// Takes everything away, for a runtime that died.
    pub fn clear(&self) -> Vec<T> {
        let mut state = lock(&self.state);
        let items = state.items.drain(..).collect();
        self.visible.store(usize::from(state.finished), Ordering::Release);
        items
    }

    /// Something can be taken, or the queue is finished; a look without the lock.
    pub fn looks_ready(&self) -> bool {
        self.visible.load(Ordering::Acquire) > 0
    }

    /// Takes the first item; waits for it, for ever without a `timeout`.
    pub fn take(&self, timeout: Option<Duration>) -> Taken<T> {
        let until = timeout.map(|t| Instant::now() + t);
        let mut state = lock(&self.state);
        loop {
            if let Some(item) = state.items.pop_front() {
                let more = usize::from(state.finished);
                self.visible.store(state.items.len() + more, Ordering::Release);
                return Taken::Item(item);
            }
            if state.finished {
                return Taken::Finished;
            }
            state.asleep += 1;
            state = match until {
                None => self.came.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        state.asleep -= 1;
                        return Taken::Timeout;
                    }
                    let woken = self.came.wait_timeout(state, left);
                    woken.unwrap_or_else(std::sync::PoisonError::into_inner).0
                }
            };
            state.asleep -= 1;
        }
    }

    /// Takes an item if one is there.
    pub fn take_now(&self) -> Option<T> {
        if !self.looks_ready() {
            return None;
        }
        let mut state = lock(&self.state);
        let item = state.items.pop_front();
        self.visible.store(state.items.len() + usize::from(state.finished), Ordering::Release);
        item
    }
}
