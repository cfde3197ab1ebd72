// SPDX-License-Identifier: GPL-2.0-or-later
//! Plain data as octets for others: [`json`], [`cbor`].

pub mod cbor;
pub mod json;

/// Octets of a text or message at most, either way.
pub const MOST: usize = 4 * 1024 * 1024;
/// Values in a text or message at most: each takes many times its octets in memory, outside of the script's limit, and freeing them has
/// no place to stop at.
pub const MOST_VALUES: usize = 256 * 1024;
/// Tables in tables at most.
pub const DEEPEST: usize = 64;

/// What stops a codec's work on a large value: `Err` when the running call is past its deadline.
///
/// # Errors
/// It is.
#[inline]
pub(crate) fn in_time() -> Result<(), String> {
    if crate::watchdog::expired() { Err("ran past its time limit".to_owned()) } else { Ok(()) }
}
