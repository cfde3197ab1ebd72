// SPDX-License-Identifier: GPL-2.0-or-later
//! The events that wait for a script's handlers, in the order in which they happened. Bounded: what does not fit is
//! dropped and counted.

use crate::ffi::record::{Record, Records};
use std::cell::{Cell, RefCell};

/// Events that wait at most. A burst of a full table brings some ten thousand between two turns.
pub const MOST: usize = 32768;

/// A script's queue. It outlives a reload: the new generation's handlers get what waits.
#[derive(Default)]
pub struct Queue {
    waiting: RefCell<Records>,
    /// Events that came.
    total: Cell<u64>,
    /// Events that did not fit.
    dropped: Cell<u64>,
    /// The longest that the queue was.
    longest: Cell<usize>,
}

impl Queue {
    /// Counts an event; whether there is room for it.
    pub fn admit(&self) -> bool {
        self.total.set(self.total.get() + 1);
        if self.waiting.borrow().len() < MOST {
            return true;
        }
        self.dropped.set(self.dropped.get() + 1);
        false
    }

    /// Puts an event at the end.
    pub fn push(&self, record: Record) {
        let mut waiting = self.waiting.borrow_mut();
        waiting.push(record);
        self.longest.set(self.longest.get().max(waiting.len()));
    }

    /// Takes the event that came first.
    pub fn pop(&self) -> Option<Record> {
        self.waiting.borrow_mut().pop()
    }

    /// Events that wait.
    pub fn len(&self) -> usize {
        self.waiting.borrow().len()
    }

    /// None waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Drops what waits: nobody is left to handle it.
    pub fn clear(&self) {
        let gone = std::mem::take(&mut *self.waiting.borrow_mut());
        drop(gone);
    }

    /// Events that came, were dropped, and the longest that the queue was.
    pub fn counts(&self) -> (u64, u64, usize) {
        (self.total.get(), self.dropped.get(), self.longest.get())
    }

    /// Sets the counters to zero.
    pub fn clear_counts(&self) {
        self.total.set(0);
        self.dropped.set(0);
        self.longest.set(self.len());
    }
}
