// SPDX-License-Identifier: GPL-2.0-or-later
//! `frr.json` and `frr.cbor`: no octets do harm, and a value that was read is written and read back as it is.

#![no_main]

use frrscript::bus::plain::Plain;
use frrscript::codec::{cbor, json};
use frrscript::lua::value::Out;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    if let Ok(value) = cbor::decode(octets) {
        // A float of 16 bits is written as a longer one.
        if let Ok(written) = cbor::encode(&value) {
            let read = cbor::decode(&written).expect("our own CBOR");
            assert_eq!(cbor::encode(&read).as_deref(), Ok(&written[..]));
        }
        if let Ok(text) = json::encode(&value) {
            json::decode(text.as_bytes()).expect("our own JSON");
        }
        let _ = value.to_json();
    }
    if let Ok(value) = json::decode(octets)
        && let Some(value) = plain(&value)
        && let Ok(text) = json::encode(&value)
    {
        let read = json::decode(text.as_bytes()).expect("our own JSON");
        let again = plain(&read).map(|value| json::encode(&value));
        assert_eq!(again, Some(Ok(text)));
    }
});

/// Whole numbers up to here are exact as a Lua number.
const EXACT: u64 = 1 << 53;

/// What a script that published the value would hand over; null is the script's own object, and no value.
fn plain(value: &Out) -> Option<Plain> {
    Some(match value {
        Out::Nil => Plain::Nil,
        Out::Bool(b) => Plain::Bool(*b),
        Out::Number(n) => Plain::Number(*n),
        Out::Unsigned(n) if *n > EXACT => i64::try_from(*n).map_or(Plain::Number(*n as f64), Plain::Integer),
        Out::Unsigned(n) => Plain::Number(*n as f64),
        Out::Signed(n) if n.unsigned_abs() > EXACT => Plain::Integer(*n),
        Out::Signed(n) => Plain::Number(*n as f64),
        Out::Integer(n) => Plain::Integer(*n),
        Out::Text(text) => Plain::Octets(text.clone().into_bytes()),
        Out::Octets(octets) => Plain::Octets(octets.clone()),
        Out::List(items) => Plain::Array(items.iter().map(plain).collect::<Option<_>>()?),
        Out::Map(entries) => {
            let both = |(key, value): &(Out, Out)| Some((plain(key)?, plain(value)?));
            Plain::Map(entries.iter().map(both).collect::<Option<_>>()?)
        }
        _ => return None,
    })
}
