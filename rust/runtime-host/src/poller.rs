// SPDX-License-Identifier: GPL-2.0-or-later
//! The threads that poll: whose they are, and that they have ended.

use crate::host::{Event, Host, host};
use crate::runtime::{Runtime, State};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

static LAST: AtomicU64 = AtomicU64::new(0);

/// A runtime as a thread knows it that polls for it: counted by that thread alone, while others count the runtime itself
/// with every call.
#[derive(Debug)]
pub struct Known(Arc<Runtime>);

impl std::ops::Deref for Known {
    type Target = Arc<Runtime>;

    fn deref(&self) -> &Arc<Runtime> {
        &self.0
    }
}

/// What a thread polls for; told when the thread ends.
struct Thread {
    number: u64,
    runtimes: RefCell<Vec<Rc<Known>>>,
}

impl Drop for Thread {
    fn drop(&mut self) {
        for runtime in self.runtimes.take() {
            if runtime.thread_gone(self.number) {
                host().gone(&runtime);
            } else if runtime.state() == State::Ended {
                host().tell(Event::Changed(Arc::clone(&runtime)));
            }
        }
    }
}

thread_local! {
    static THREAD: Thread =
        Thread { number: LAST.fetch_add(1, Ordering::Relaxed) + 1, runtimes: const { RefCell::new(Vec::new()) } };
}

/// The runtime that polls with this handle, if this thread has polled for it.
#[must_use]
pub fn known(handle: u64) -> Option<Rc<Known>> {
    let find = |thread: &Thread| {
        let runtimes = thread.runtimes.borrow();
        runtimes.iter().find(|runtime| Host::handle_of(runtime) == handle).cloned()
    };
    THREAD.try_with(find).ok().flatten()
}

/// This thread polls for a runtime.
pub fn polls(runtime: &Arc<Runtime>) -> Rc<Known> {
    let known = Rc::new(Known(Arc::clone(runtime)));
    // A thread that ends may still poll, from a destructor of its own: then nobody hears of its end.
    let _ = THREAD.try_with(|thread| {
        let mut runtimes = thread.runtimes.borrow_mut();
        if !runtimes.iter().any(|known| Arc::ptr_eq(known, runtime)) {
            runtime.polls(thread.number);
            runtimes.push(Rc::clone(&known));
        }
    });
    known
}

/// This thread was told that the runtime ends.
pub fn told(runtime: &Arc<Runtime>) {
    let number = THREAD.try_with(|thread| thread.number);
    if runtime.told(number.unwrap_or(0)) {
        host().gone(runtime);
    }
}

/// The name of a runtime that this thread polls for, for its log lines.
#[must_use]
pub fn name() -> Option<String> {
    THREAD.try_with(|thread| thread.runtimes.borrow().last().map(|r| r.name.clone())).ok().flatten()
}
