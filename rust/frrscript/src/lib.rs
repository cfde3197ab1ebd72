// SPDX-License-Identifier: GPL-2.0-or-later
//! Lua scripts inside FRRouting's daemons: the library behind `frrscript.h`.
//!
//! Reading order: [`schema`] (what a daemon describes), [`script`] (from a file to a script in service), [`ffi::rule`] and
//! [`ffi::vm`] (a call), [`ffi::userdata`] and [`ffi::field`] (what a script reads and assigns), [`lua`] (typed values and
//! functions), [`bus`] (what scripts of several daemons share), [`runtime`] (code in other languages), [`dict`] (stores of
//! the daemon), [`watchdog`] and [`ffi::account`] (limits), [`ffi::exports`] (what C calls), [`task`] (events, timers and
//! tasks), [`compat`] (FRR's own `frrscript_*` interface).
//!
//! Threads: everything runs on the daemon's main pthread, and state is in thread-locals; the watchdog's thread only looks
//! at a number and sets an interrupt; runtimes' threads stay in the crate `runtime-host` and in [`dict`]'s stores.
//! `unsafe` is in `ffi` and nowhere else.

pub mod atom;
pub mod bus;
pub mod call;
pub mod codec;
pub mod compat;
pub mod dict;
pub mod failure;
pub mod ffi;
pub mod lua;
pub mod pattern;
pub mod reference;
pub mod room;
pub mod runtime;
pub mod schema;
pub mod script;
pub mod set;
pub mod task;
pub mod value;
pub mod watchdog;
