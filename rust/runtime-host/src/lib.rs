// SPDX-License-Identifier: GPL-2.0-or-later
//! The host side of lua-resty-ffi's runtime ABI: code in other languages, as shared libraries that poll for requests and
//! answer them from threads of their own.
//!
//! Reading order: [`queue`] (requests on their way to a runtime), [`calls`] (what a runtime holds: handles, never
//! pointers), [`answers`] (the way back to the main thread), [`runtime`] (one runtime: its state, limits and counters),
//! [`host`] (all of it, once in a process), [`load`] (dlopen and init on a thread of their own), [`process`] (the same in
//! another process), [`ffi::exports`] (what runtimes call).
//!
//! Threads: the main thread posts, cancels and takes answers; runtimes' threads poll and respond; the loader thread loads.
//! Nothing here calls into the daemon: the main thread is woken through an eventfd. `unsafe` is in [`ffi`] and nowhere else.

pub mod answers;
pub mod calls;
pub mod ffi;
pub mod host;
pub mod load;
pub mod log;
pub mod poller;
pub mod process;
pub mod queue;
pub mod runtime;
pub mod spin;
mod sync;
