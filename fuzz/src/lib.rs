// SPDX-License-Identifier: GPL-2.0-or-later
//! What the targets share: a daemon with a field of every kind, and scripts that are drawn from a grammar.
//!
//! Reading order: [`tables`] and [`events`] (the daemon's objects and what happens, those of the library's own tests), [`host`]
//! (the daemon), [`script`] (the grammar).

#![allow(unsafe_code)]

#[path = "../../rust/frrscript/tests/library/events.rs"]
#[allow(dead_code, missing_docs)]
pub mod events;
pub mod host;
pub mod script;
#[path = "../../rust/frrscript/tests/library/tables.rs"]
#[allow(dead_code, missing_docs)]
pub mod tables;
