// SPDX-License-Identifier: GPL-2.0-or-later
//! Events, timers and tasks: what scripts do outside of a hook that waits for their answer.
//!
//! Reading order: [`handler`] (a function of a script that is called later), [`Tasks`] (what a VM's script has asked for),
//! [`queue`] and [`event`] (what the daemon tells), [`filter`], [`turn`] (when it all runs), [`shell`] (commands of the
//! daemon that a task waits for).
//!
//! Each handler runs as a coroutine on the daemon's main pthread, in turns of a few milliseconds that the daemon's event
//! loop gives. A task that is not done when the turn is over is cut and goes on in the next one.

pub mod event;
pub mod filter;
pub mod handler;
pub mod queue;
mod set;
pub mod shell;
pub mod show;
pub mod turn;

pub use set::{MOST_TASKS, Task, Tasks, Timer, Work};

use crate::runtime::pending::{Started, Ticket};
use crate::runtime::registry::{Entry, Wanted};
use std::rc::Rc;
use std::time::Duration;

/// What a task waits for.
#[derive(Debug)]
pub enum Wait {
    /// The next turn.
    Turn,
    /// So much time.
    Sleep(Duration),
    /// A command of the daemon.
    Shell(shell::Command),
    /// The answer of a runtime.
    Call(Ticket),
    /// The answer of a call that was started before.
    Started(Rc<Started>),
    /// That a runtime is loaded, or has ended.
    Runtime(Rc<Entry>, Wanted),
}
