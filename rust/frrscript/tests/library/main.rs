// SPDX-License-Identifier: GPL-2.0-or-later
//! The library as a daemon uses it: every error text that a user can see, what holds and what does not after a call, and
//! the hostile scripts that must not hurt the daemon.
//!
//! Reading order: `host` (a daemon), `tables` (its types, a field of each kind), `events` (its event loop), then a file for each subject.

#![allow(unsafe_code)]

mod answers;
mod assigning;
mod bus;
mod busy;
mod codec;
mod defects;
mod dicts;
mod engine;
mod escape;
mod events;
mod fields;
mod files;
mod host;
mod limits;
mod loading;
mod modules;
mod operating;
mod runtimes;
mod runtimes_hostile;
mod runtimes_process;
mod staging;
mod stale;
mod tables;
mod tasks;
mod turn;
mod values;
