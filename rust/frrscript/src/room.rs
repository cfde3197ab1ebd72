// SPDX-License-Identifier: GPL-2.0-or-later
//! Memory for what is as large as a script wants it.
//!
//! Rust ends the process when it gets no memory, and so does FRR. That is no answer to a script that has a text of a
//! megabyte decoded: before such work the system is asked whether it has the memory, and the script gets the error. Nobody
//! else of the daemon's main pthread takes it meanwhile.

use crate::failure::{Failure, Kind};

/// Octets from which on it is asked: what is smaller is no larger than what the daemon takes for its own work.
const LARGE: usize = 64 * 1024;

/// Whether the system has so many octets.
///
/// # Errors
/// It has not.
#[inline]
pub fn ask(octets: usize) -> Result<(), Failure> {
    if octets < LARGE { Ok(()) } else { look(octets) }
}

#[cold]
fn look(octets: usize) -> Result<(), Failure> {
    let mut room: Vec<u8> = Vec::new();
    let there = room.try_reserve_exact(octets);
    // Or the compiler leaves it out, as nobody uses it.
    std::hint::black_box(&room);
    there
        .map_err(|_| Failure::new(Kind::Memory, format!("stopped: the system has no {octets} octets of memory for it")))
}
