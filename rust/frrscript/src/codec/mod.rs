// SPDX-License-Identifier: GPL-2.0-or-later
//! Plain data as octets for others: [`json`], [`cbor`].

pub mod cbor;
pub mod json;

/// Octets of a text or message at most, either way.
pub const MOST: usize = 4 * 1024 * 1024;
/// Values in a text or message at most: each takes many times its octet in memory, outside of the script's limit.
pub const MOST_VALUES: usize = 1024 * 1024;
/// Tables in tables at most.
pub const DEEPEST: usize = 64;
