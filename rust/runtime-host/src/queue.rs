// SPDX-License-Identifier: GPL-2.0-or-later
//! Requests on their way to a runtime: one thread puts, any number of the runtime's threads take.

use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Condvar, Mutex, MutexGuard, lock};
use std::collections::VecDeque;
use std::sync::PoisonError;
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
    /// Somebody wants a poller to look at something else.
    interrupted: bool,
    /// Threads that sleep: only they need to be woken.
    asleep: usize,
}

impl<T> State<T> {
    /// What a look without the lock sees.
    fn visible(&self) -> usize {
        self.items.len() + usize::from(self.finished) + usize::from(self.interrupted)
    }
}

/// Why a rest is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rested {
    /// [`Queue::interrupt`] was called.
    Interrupted,
    /// The time is over.
    Timeout,
    /// The queue is finished; items may be there.
    Finished,
}

/// A queue.
#[derive(Debug)]
pub struct Queue<T> {
    state: Mutex<State<T>>,
    came: Condvar,
    /// Items, one more when it is finished and one more when it is interrupted: for a look without the lock.
    visible: AtomicUsize,
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        let state = State { items: VecDeque::new(), finished: false, interrupted: false, asleep: 0 };
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
        self.visible.store(state.visible(), Ordering::Release);
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
        self.visible.store(state.visible(), Ordering::Release);
        drop(state);
        self.came.notify_all();
    }

    /// Has the next [`Queue::take`] give [`Taken::Timeout`], or the next [`Queue::rest`] end. For a queue with one poller.
    pub fn interrupt(&self) {
        let mut state = lock(&self.state);
        state.interrupted = true;
        self.visible.store(state.visible(), Ordering::Release);
        drop(state);
        self.came.notify_all();
    }

    /// Waits without taking anything.
    pub fn rest(&self, timeout: Option<Duration>) -> Rested {
        let until = timeout.map(|t| Instant::now() + t);
        let mut state = lock(&self.state);
        loop {
            if std::mem::take(&mut state.interrupted) {
                self.visible.store(state.visible(), Ordering::Release);
                return Rested::Interrupted;
            }
            if state.finished {
                return Rested::Finished;
            }
            state = match self.sleep(state, until) {
                Ok(state) => state,
                Err(_) => return Rested::Timeout,
            };
        }
    }

    /// Sleeps until something happens; an error: the time is over.
    fn sleep<'a>(
        &self,
        mut state: MutexGuard<'a, State<T>>,
        until: Option<Instant>,
    ) -> Result<MutexGuard<'a, State<T>>, MutexGuard<'a, State<T>>> {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(state);
        }
        state.asleep += 1;
        let mut state = match left {
            None => self.came.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(left) => self.came.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
        };
        state.asleep -= 1;
        Ok(state)
    }

    /// Takes everything away, for a runtime that died.
    pub fn clear(&self) -> Vec<T> {
        let mut state = lock(&self.state);
        let items = state.items.drain(..).collect();
        self.visible.store(state.visible(), Ordering::Release);
        items
    }

    /// Items that are there; a look without the lock, which may count up to two more.
    pub fn looks_long(&self) -> usize {
        self.visible.load(Ordering::Acquire)
    }

    /// Takes away what does not pass a test. Nothing that uses this queue may be called by it.
    pub fn retain(&self, wanted: impl FnMut(&T) -> bool) {
        let mut state = lock(&self.state);
        state.items.retain(wanted);
        self.visible.store(state.visible(), Ordering::Release);
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
            if std::mem::take(&mut state.interrupted) {
                self.visible.store(state.visible(), Ordering::Release);
                return Taken::Timeout;
            }
            if let Some(item) = state.items.pop_front() {
                self.visible.store(state.visible(), Ordering::Release);
                return Taken::Item(item);
            }
            if state.finished {
                return Taken::Finished;
            }
            state = match self.sleep(state, until) {
                Ok(state) => state,
                Err(_) => return Taken::Timeout,
            };
        }
    }

    /// Takes an item if one is there.
    pub fn take_now(&self) -> Option<T> {
        if !self.looks_ready() {
            return None;
        }
        let mut state = lock(&self.state);
        let item = state.items.pop_front();
        self.visible.store(state.visible(), Ordering::Release);
        item
    }
}
