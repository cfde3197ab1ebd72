// SPDX-License-Identifier: GPL-2.0-or-later
//! CBOR (RFC 8949). What is written has definite lengths; anything that is well-formed is read, tags are passed over.

use super::{DEEPEST, MOST, MOST_VALUES};
use crate::bus::plain::Plain;
use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

/// How whole numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    /// As floats, like all numbers of Lua.
    Float,
    /// As integers, for languages that tell them apart.
    Integer,
}

/// What writing to a vector gives: it never fails.
pub type Written = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

/// Writes a value.
///
/// # Errors
/// Never.
pub fn write(e: &mut Encoder<&mut Vec<u8>>, value: &Plain, whole: Whole) -> Written {
    match value {
        Plain::Nil => e.null()?,
        Plain::Bool(b) => e.bool(*b)?,
        #[allow(clippy::cast_possible_truncation, reason = "whole and at most 2^53, as checked")]
        Plain::Number(n) if whole == Whole::Integer && n.trunc() == *n && n.abs() <= EXACT => e.i64(*n as i64)?,
        // The shortest form that keeps the number; f16 saves nothing that is worth its code.
        #[allow(clippy::cast_possible_truncation, reason = "it is asked whether anything was lost")]
        Plain::Number(n) if f64::from(*n as f32).to_bits() == n.to_bits() => e.f32(*n as f32)?,
        Plain::Number(n) => e.f64(*n)?,
        Plain::Integer(n) => e.i64(*n)?,
        Plain::Octets(octets) => match std::str::from_utf8(octets) {
            Ok(text) => e.str(text)?,
            Err(_) => e.bytes(octets)?,
        },
        Plain::Array(items) => {
            e.array(items.len() as u64)?;
            for item in items {
                write(e, item, whole)?;
            }
            e
        }
        Plain::Map(entries) => {
            e.map(entries.len() as u64)?;
            for (key, value) in entries {
                write(e, key, whole)?;
                write(e, value, whole)?;
            }
            e
        }
    };
    Ok(())
}

/// Whole numbers up to here are exact as a Lua number.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// The octets of a value.
///
/// # Errors
/// There are too many.
pub fn encode(value: &Plain) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    // Writing to a vector never fails.
    let _ = write(&mut Encoder::new(&mut out), value, Whole::Integer);
    if out.len() > MOST { Err(format!("it takes more than {MOST} octets")) } else { Ok(out) }
}

/// The value of octets: of one value, and nothing after it.
///
/// # Errors
/// What is wrong, and at which octet.
pub fn decode(octets: &[u8]) -> Result<Plain, String> {
    if octets.len() > MOST {
        return Err(format!("no CBOR: {} octets: at most {MOST} are read", octets.len()));
    }
    let mut reader = Reader { d: Decoder::new(octets), left: MOST_VALUES };
    let at = |reader: &Reader, why: String| format!("no CBOR: octet {}: {why}", reader.d.position());
    let value = reader.value(0).map_err(|why| at(&reader, why))?;
    let position = reader.d.position();
    if position < octets.len() {
        return Err(at(&reader, format!("{} more after the value", octets.len() - position)));
    }
    Ok(value)
}

struct Reader<'a> {
    d: Decoder<'a>,
    left: usize,
}

/// What the library says of octets that are missing or wrong.
fn wrong(why: minicbor::decode::Error) -> String {
    if why.is_end_of_input() { "the end is missing".to_owned() } else { why.to_string() }
}

fn integer(n: i128) -> Plain {
    #[allow(clippy::cast_precision_loss, reason = "exact, or there is no other number for it")]
    match i64::try_from(n) {
        Ok(n) if n.unsigned_abs() > EXACT as u64 => Plain::Integer(n),
        _ => Plain::Number(n as f64),
    }
}

/// A float of 16 bits (RFC 8949 appendix D).
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (i32::from(bits >> 10 & 31), f64::from(bits & 1023));
    let n = match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        e => (fraction + 1024.0) * 2f64.powi(e - 25),
    };
    if bits >> 15 == 1 { -n } else { n }
}

impl Reader<'_> {
    fn value(&mut self, depth: usize) -> Result<Plain, String> {
        super::in_time()?;
        self.left = self.left.checked_sub(1).ok_or_else(|| format!("more than {MOST_VALUES} values"))?;
        if depth > DEEPEST {
            return Err(format!("nests deeper than {DEEPEST}"));
        }
        let d = &mut self.d;
        Ok(match d.datatype().map_err(wrong)? {
            Type::Null => d.null().map(|()| Plain::Nil).map_err(wrong)?,
            Type::Undefined => d.undefined().map(|()| Plain::Nil).map_err(wrong)?,
            Type::Bool => Plain::Bool(d.bool().map_err(wrong)?),
            Type::F16 => {
                let at = d.position();
                let &[_, a, b] = d.input().get(at..at + 3).ok_or("the end is missing")? else {
                    return Err("the end is missing".to_owned());
                };
                d.set_position(at + 3);
                Plain::Number(half(u16::from_be_bytes([a, b])))
            }
            Type::F32 => Plain::Number(d.f32().map_err(wrong)?.into()),
            Type::F64 => Plain::Number(d.f64().map_err(wrong)?),
            Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => {
                integer(d.int().map_err(wrong)?.into())
            }
            Type::String => Plain::Octets(d.str().map_err(wrong)?.as_bytes().to_vec()),
            Type::Bytes => Plain::Octets(d.bytes().map_err(wrong)?.to_vec()),
            Type::StringIndef => {
                let mut octets = Vec::new();
                for part in d.str_iter().map_err(wrong)? {
                    octets.extend_from_slice(part.map_err(wrong)?.as_bytes());
                }
                Plain::Octets(octets)
            }
            Type::BytesIndef => {
                let mut octets = Vec::new();
                for part in d.bytes_iter().map_err(wrong)? {
                    octets.extend_from_slice(part.map_err(wrong)?);
                }
                Plain::Octets(octets)
            }
            Type::Tag => {
                d.tag().map_err(wrong)?;
                self.value(depth + 1)?
            }
            Type::Array | Type::ArrayIndef => {
                let count = d.array().map_err(wrong)?;
                // The count is the sender's word: memory is only taken for what is there.
                let mut items = Vec::new();
                while self.more(count, items.len())? {
                    items.push(self.value(depth + 1)?);
                }
                Plain::Array(items)
            }
            Type::Map | Type::MapIndef => {
                let count = d.map().map_err(wrong)?;
                let mut entries = Vec::new();
                while self.more(count, entries.len())? {
                    let key = self.value(depth + 1)?;
                    let fine = match &key {
                        Plain::Octets(_) | Plain::Integer(_) => true,
                        Plain::Number(n) => !n.is_nan(),
                        _ => false,
                    };
                    if !fine {
                        return Err("a key that is neither a string nor a number".to_owned());
                    }
                    entries.push((key, self.value(depth + 1)?));
                }
                Plain::Map(entries)
            }
            other => return Err(format!("{other} is no value for a script")),
        })
    }

    /// Whether there is one more after so many; the mark of the end is taken.
    fn more(&mut self, count: Option<u64>, had: usize) -> Result<bool, String> {
        match count {
            Some(count) => Ok((had as u64) < count),
            None if self.d.datatype().map_err(wrong)? == Type::Break => {
                self.d.set_position(self.d.position() + 1);
                Ok(false)
            }
            None => Ok(true),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_integers() {
        assert_eq!(encode(&Plain::Number(10.0)), Ok(vec![0x0a]));
        assert_eq!(encode(&Plain::Number(-1.0)), Ok(vec![0x20]));
        assert_eq!(decode(&[0x0a]), Ok(Plain::Number(10.0)));
        assert_eq!(decode(&[0x1b, 0x10, 0, 0, 0, 0, 0, 0, 1]), Ok(Plain::Integer((1 << 60) + 1)));
    }

    /// Examples of RFC 8949 appendix A.
    #[test]
    fn forms_that_others_write() {
        assert_eq!(decode(&[0xf9, 0x3c, 0]), Ok(Plain::Number(1.0)));
        assert_eq!(decode(&[0xf9, 0xc4, 0]), Ok(Plain::Number(-4.0)));
        assert_eq!(decode(&[0xf9, 0, 1]), Ok(Plain::Number(5.960_464_477_539_063e-8)));
        assert_eq!(decode(&[0xc1, 0x1a, 0x51, 0x4b, 0x67, 0xb0]), Ok(Plain::Number(1_363_896_240.0)));
        assert_eq!(decode(&[0x5f, 0x42, 1, 2, 0x41, 3, 0xff]), Ok(Plain::Octets(vec![1, 2, 3])));
        assert_eq!(decode(&[0x9f, 1, 0xff]), Ok(Plain::Array(vec![Plain::Number(1.0)])));
        let map = Plain::Map(vec![(Plain::Octets(b"a".to_vec()), Plain::Nil)]);
        assert_eq!(decode(&[0xbf, 0x61, b'a', 0xf7, 0xff]), Ok(map));
    }

    #[test]
    fn errors_say_where() {
        assert_eq!(decode(&[]).unwrap_err(), "no CBOR: octet 0: the end is missing");
        assert_eq!(decode(&[0x82, 1]).unwrap_err(), "no CBOR: octet 2: the end is missing");
        assert_eq!(decode(&[1, 2]).unwrap_err(), "no CBOR: octet 1: 1 more after the value");
        assert!(decode(&[0x81; 100]).unwrap_err().contains("nests deeper than 64"));
        assert!(decode(&[0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]).is_err());
        assert!(decode(&[0xa1, 0xf5, 1]).unwrap_err().contains("a key that is neither"));
    }
}
