// SPDX-License-Identifier: GPL-2.0-or-later
//! `frr.json`, `frr.cbor`.

use super::value::Out;
use crate::bus::plain::Plain;
use crate::codec::{DEEPEST, MOST, cbor, in_time, json};
use crate::failure::{Failure, Kind};
use crate::ffi::args::Args;
use crate::ffi::plain::Rules;
use crate::watchdog;

const RULES: Rules = Rules { most: MOST, deepest: DEEPEST, can: "can be encoded", whole: "" };

fn no_value(why: String) -> Out {
    Out::Two(Box::new(Out::Nil), Box::new(Out::Text(why)))
}

/// A failure whose text is `why`, unless there was no more time.
fn failed(args: &Args, why: String) -> Failure {
    if watchdog::expired() { Failure::new(Kind::Deadline, why) } else { args.bad(0, why) }
}

/// What was decoded; nil and why not; or the time is over.
fn decoded(result: Result<Out, String>) -> Result<Out, Failure> {
    match result {
        Err(why) if watchdog::expired() => Err(Failure::new(Kind::Deadline, why)),
        other => Ok(other.unwrap_or_else(no_value)),
    }
}

/// The script's form of a value, if there is time.
fn out(value: Plain) -> Result<Out, String> {
    in_time()?;
    Ok(match value {
        Plain::Octets(octets) => Out::Octets(octets),
        Plain::Array(items) => Out::List(items.into_iter().map(out).collect::<Result<_, _>>()?),
        Plain::Map(entries) => {
            let both = entries.into_iter().map(|(key, value)| Ok((out(key)?, out(value)?)));
            Out::Map(both.collect::<Result<_, String>>()?)
        }
        other => other.to_out(),
    })
}

/// `frr.json.encode(value)`.
///
/// # Errors
/// The value is no plain data, too large, or not for JSON.
pub fn json_encode(args: &Args) -> Result<Out, Failure> {
    json::encode(&args.plain_within(0, &RULES)?).map(Out::Text).map_err(|why| failed(args, why))
}

/// `frr.json.decode(text)`.
///
/// # Errors
/// The argument is no string.
pub fn json_decode(args: &Args) -> Result<Out, Failure> {
    decoded(json::decode(args.octets(0)?))
}

/// `frr.cbor.encode(value)`.
///
/// # Errors
/// The value is no plain data or too large.
pub fn cbor_encode(args: &Args) -> Result<Out, Failure> {
    cbor::encode(&args.plain_within(0, &RULES)?).map(Out::Octets).map_err(|why| failed(args, why))
}

/// `frr.cbor.decode(octets)`.
///
/// # Errors
/// The argument is no string.
pub fn cbor_decode(args: &Args) -> Result<Out, Failure> {
    decoded(cbor::decode(args.octets(0)?).and_then(out))
}
