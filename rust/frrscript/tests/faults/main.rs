// SPDX-License-Identifier: GPL-2.0-or-later
//! Allocations that fail: every one of a load, a reload, a call, an event.
//!
//! A program of its own, because it replaces the heap of the whole process (`heap`).

#![allow(unsafe_code)]

#[allow(dead_code)]
#[path = "../library/events.rs"]
mod events;
mod heap;
#[allow(dead_code)]
#[path = "../library/host.rs"]
mod host;
mod memory;
mod rust_side;
#[allow(dead_code)]
#[path = "../library/tables.rs"]
mod tables;

/// No runtimes here.
mod runtimes {
    pub fn directory() -> std::path::PathBuf {
        std::path::PathBuf::new()
    }
}

/// Nor programs that run them.
mod runtimes_process {
    pub fn runner() -> std::path::PathBuf {
        std::path::PathBuf::new()
    }
}

#[global_allocator]
static HEAP: heap::Counting = heap::Counting;
