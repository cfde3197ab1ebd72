// SPDX-License-Identifier: GPL-2.0-or-later
//! Messages between daemons: no octets do harm, and what was understood is understood the same when it is sent on.

#![no_main]

use frrscript::bus::wire::{decode, encode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Ok(message) = decode(octets) else { return };
    // An f32 in a message may be longer than what we write, and a text of ours never is; so it fits.
    let Some(again) = encode(&message) else { panic!("{} octets, and too large: {message:?}", octets.len()) };
    let read = decode(&again).expect("our own message");
    // Not the values: a number that is none is not equal to itself.
    assert_eq!(encode(&read).as_deref(), Some(&again[..]));
});
