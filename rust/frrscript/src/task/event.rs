// SPDX-License-Identifier: GPL-2.0-or-later
//! From the daemon's word to the queues of the scripts that listen.

use super::turn;
use crate::ffi::record::Record;
use crate::script::record::Script;
use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    /// Scripts in service that have asked for anything to be called later.
    static SCRIPTS: RefCell<Vec<Rc<Script>>> = const { RefCell::new(Vec::new()) };
}

/// A script has a generation in service that asked for something.
pub fn add(script: &Rc<Script>) {
    SCRIPTS.with_borrow_mut(|scripts| {
        if !scripts.iter().any(|s| Rc::ptr_eq(s, script)) {
            scripts.push(Rc::clone(script));
        }
    });
}

/// A script has none any more.
pub fn remove(script: &Script) {
    let gone = SCRIPTS.with_borrow_mut(|scripts| {
        let at = scripts.iter().position(|s| std::ptr::eq(&raw const **s, script))?;
        Some(scripts.remove(at))
    });
    drop(gone);
}

/// Whether a script is among them.
#[must_use]
pub fn is_known(script: &Rc<Script>) -> bool {
    SCRIPTS.with_borrow(|scripts| scripts.iter().any(|s| Rc::ptr_eq(s, script)))
}

/// The scripts that have something to be called, in the order in which they came.
#[must_use]
pub fn scripts() -> Vec<Rc<Script>> {
    SCRIPTS.with_borrow(Clone::clone)
}

/// Queues an event for every script that has a listener who wants it. The daemon keeps what the record points to for those
/// alone.
pub fn post(told: &Record) {
    let posted = SCRIPTS.with_borrow(|scripts| {
        let mut posted = false;
        for script in scripts {
            let Some(generation) = script.current() else { continue };
            let wanted = generation.vm.context().tasks().any_listener(told.hook, |l| l.filter.wants(told));
            posted |= wanted && enqueue(script, told);
        }
        posted
    });
    if posted {
        turn::soon();
    }
}

/// Queues an event for one script.
pub fn post_to(script: &Script, told: &Record) {
    let Some(generation) = script.current() else { return };
    if generation.vm.context().tasks().any_listener(told.hook, |_| true) && enqueue(script, told) {
        turn::soon();
    }
}

/// Whether there was room.
fn enqueue(script: &Script, told: &Record) -> bool {
    let room = script.queue.admit();
    if room {
        script.queue.push(told.hold());
    }
    room
}
