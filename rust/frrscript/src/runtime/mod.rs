// SPDX-License-Identifier: GPL-2.0-or-later
//! `frr.load_ffi`: code in other languages, which tasks call without holding the daemon.
//!
//! Reading order: [`name`] (which library may be meant), [`options`], [`registry`] (the runtimes of this daemon, by what they
//! were loaded with), [`pending`] (calls that are not answered, and who waits), [`deliver`] (answers, in turns), [`outcome`]
//! (what a script gets), [`stats`] and [`show`]. The ABI, queues and threads are the crate `runtime-host`.
//!
//! All of it runs on the daemon's main pthread; runtimes' threads only reach that crate.

pub mod deliver;
pub mod name;
pub mod options;
pub mod outcome;
pub mod pending;
pub mod registry;
pub mod show;
pub mod stats;

use crate::task::Tasks;
use std::rc::Rc;

/// A script has come into service: what it asked for while it was loaded is loaded now.
pub fn began(tasks: &Rc<Tasks>) {
    registry::began(tasks);
}

/// A generation has gone out of service: nobody waits for its calls any more.
pub fn ended(tasks: &Tasks) {
    pending::forget_tasks(tasks);
    registry::forget_tasks(tasks);
}

/// The library ends: runtimes are asked to end, nothing waits for them.
pub fn clear() {
    pending::clear();
    registry::clear();
}
