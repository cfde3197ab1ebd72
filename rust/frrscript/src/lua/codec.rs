// SPDX-License-Identifier: GPL-2.0-or-later
//! `frr.json`, `frr.cbor`.

use super::value::Out;
use crate::codec::{DEEPEST, MOST, cbor, json};
use crate::failure::Failure;
use crate::ffi::args::Args;
use crate::ffi::plain::Rules;

const RULES: Rules = Rules { most: MOST, deepest: DEEPEST, can: "can be encoded", whole: "" };

fn no_value(why: String) -> Out {
    Out::Two(Box::new(Out::Nil), Box::new(Out::Text(why)))
}

/// `frr.json.encode(value)`.
///
/// # Errors
/// The value is no plain data, too large, or not for JSON.
pub fn json_encode(args: &Args) -> Result<Out, Failure> {
    json::encode(&args.plain_within(0, &RULES)?).map(Out::Text).map_err(|why| args.bad(0, why))
}

/// `frr.json.decode(text)`.
///
/// # Errors
/// The argument is no string.
pub fn json_decode(args: &Args) -> Result<Out, Failure> {
    Ok(json::decode(args.octets(0)?).unwrap_or_else(no_value))
}

/// `frr.cbor.encode(value)`.
///
/// # Errors
/// The value is no plain data or too large.
pub fn cbor_encode(args: &Args) -> Result<Out, Failure> {
    cbor::encode(&args.plain_within(0, &RULES)?).map(Out::Octets).map_err(|why| args.bad(0, why))
}

/// `frr.cbor.decode(octets)`.
///
/// # Errors
/// The argument is no string.
pub fn cbor_decode(args: &Args) -> Result<Out, Failure> {
    Ok(cbor::decode(args.octets(0)?).map_or_else(no_value, |value| value.to_out()))
}
