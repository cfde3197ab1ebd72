// SPDX-License-Identifier: GPL-2.0-or-later
//! FRR's own `frrscript_*` interface: values that C builds and takes apart on a stack, without an engine's functions.
//!
//! FRR's codecs push tables and read results with calls that look like Lua's. Here they work on plain values of Rust; the
//! whole lot goes into the VM, and the result comes out of it, inside one protected call. So a codec can neither raise nor
//! abort, and no function of the engine leaves libfrr.

pub mod frame;
pub mod value;
