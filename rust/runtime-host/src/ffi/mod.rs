// SPDX-License-Identifier: GPL-2.0-or-later
//! The only place with `unsafe`: memory that crosses the ABI, the dynamic linker, signals, and what runtimes call.

#![allow(unsafe_code)]

pub mod dicts;
pub mod exports;
pub mod library;
pub mod octets;
pub mod process;
pub mod signals;
pub mod waker;
