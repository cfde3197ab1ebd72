// SPDX-License-Identifier: GPL-2.0-or-later
//! Scripts: found, loaded, in service, counted.
//!
//! Reading order: [`source`] (the file), [`generation`] (from source to a VM in service, as types so that no step can be
//! left out), [`module`] (what it requires), [`record`] (one script with its options, its users and its counters), [`store`] (all of them).

pub mod escape;
pub mod generation;
pub mod guard;
pub mod module;
pub mod options;
pub mod record;
pub mod show;
pub mod source;
pub mod stats;
pub mod store;
mod tokens;
