// SPDX-License-Identifier: GPL-2.0-or-later
//! A function of a script that is called later: by an event, a timer, a message, or as a task of its own.

use crate::ffi::vm::Function;
use crate::script::guard::Guard;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// References into a VM that are no longer needed; the VM lets go of them between two slices.
pub type Garbage = Rc<RefCell<Vec<i32>>>;

/// A function, held until nobody can call it any more.
pub struct Handler {
    /// The function.
    pub function: Function,
    /// How operators know it: `on peer_changed, line 12`.
    pub name: String,
    /// Its failures in a row.
    pub guard: Guard,
    /// How often it was started.
    pub started: Cell<u64>,
    /// How many of its tasks are not done.
    pub running: Cell<u32>,
    /// A timer has come for it, and it has not been started yet.
    pub due: Cell<bool>,
    reference: i32,
    garbage: Garbage,
}

impl Handler {
    /// Holds a function under a name.
    #[must_use]
    pub fn new(function: Function, reference: i32, name: String, garbage: &Garbage) -> Rc<Handler> {
        Rc::new(Handler {
            function,
            name,
            guard: Guard::default(),
            started: Cell::new(0),
            running: Cell::new(0),
            due: Cell::new(false),
            reference,
            garbage: Rc::clone(garbage),
        })
    }
}

impl Drop for Handler {
    fn drop(&mut self) {
        self.garbage.borrow_mut().push(self.reference);
    }
}
