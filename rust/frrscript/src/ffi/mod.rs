// SPDX-License-Identifier: GPL-2.0-or-later
//! The boundary: to C on one side ([`exports`], [`abi`]), to the engine on the other ([`vm`], [`userdata`]). The only place
//! with `unsafe`.
//!
//! How errors travel: safe code gives a [`crate::failure::Failure`]; [`raise`] turns it into a Lua error, which is a C++
//! exception that ends at the protected call in [`vm`]; there it becomes a `Failure` again, which [`rule`] counts and
//! answers with `on-error`. A panic never crosses: it stops at [`raise::guarded`] inside a script, at [`wall`] outside.

#![allow(unsafe_code)]

pub mod abi;
pub mod access;
mod account;
mod answer;
pub mod args;
mod bring_up;
pub mod clock;
mod codegen;
mod collector;
pub mod compiler;
mod context;
pub mod deadline;
mod engine;
mod executable;
pub mod exports;
pub mod field;
pub mod heap;
pub mod host;
mod interrupt;
mod leaks;
mod lists;
mod native;
mod object;
pub mod own_events;
mod pace;
mod pages;
pub mod plain;
mod raise;
pub mod record;
mod reserve;
pub mod rule;
mod segments;
mod staged;
mod stock;
pub mod thread;
mod userdata;
pub mod vm;
mod wall;
