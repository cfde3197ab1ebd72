// SPDX-License-Identifier: GPL-2.0-or-later
//! What scripts see: typed values, the `frr` and `log` tables, and what of Lua's own library they may use.
//!
//! Everything here is safe Rust. An object answers a method call with an [`value::Out`] or a failure; `ffi/` moves both
//! across the engine's stack.

pub mod as_path;
pub mod bus;
pub mod codec;
pub mod dicts;
pub mod ext;
pub mod functions;
pub mod items;
pub mod logging;
pub mod modules;
pub mod patterns;
pub mod runtime;
pub mod sets;
pub mod staging;
pub mod strings;
pub mod tasks;
pub mod value;
