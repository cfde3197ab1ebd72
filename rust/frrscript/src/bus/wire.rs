// SPDX-License-Identifier: GPL-2.0-or-later
//! Messages between daemons: CBOR (RFC 8949), as docs/wire.md has it.

use super::plain::Plain;
use super::topic;
use crate::codec::cbor::{self, Whole, Written};
use minicbor::data::Type;
use minicbor::{Decoder, Encoder};

/// The version that this library speaks.
pub const VERSION: u64 = 1;
/// Octets of a message at most.
pub const MOST: usize = 8 * 1024;
/// Tables in tables at most.
pub const DEEPEST: usize = 16;
/// Octets of the name of a daemon or script at most.
const NAME: usize = 64;

/// Who sends, and the number of what it published last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The daemon's name.
    pub daemon: String,
    /// Drawn at each start of the daemon.
    pub instance: u64,
    /// Counts values and retractions, from 1.
    pub sequence: u64,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// I am here, and this is the number of what I published last.
    Hello,
    /// I am going.
    Bye,
    /// Daemon of that name, or all: send me what you have retained.
    Sync(Option<String>),
    /// A script published a value.
    Value(Published),
    /// A value that was published earlier, for one who asked; the message's sequence is the value's.
    Retained(Published),
    /// A topic of the sender has no value any more.
    Retract(String),
}

/// A value and where it belongs.
#[derive(Debug, Clone, PartialEq)]
pub struct Published {
    /// The topic.
    pub topic: String,
    /// The script that published it.
    pub script: String,
    /// When, in microseconds of the monotonic clock.
    pub at: u64,
    /// The value.
    pub value: Plain,
}

/// A message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Who sends.
    pub sender: Sender,
    /// What it says.
    pub body: Body,
}

/// Why a message can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unusable {
    /// It is of another version.
    Version,
    /// It is not what docs/wire.md says.
    Malformed,
}

/// Octets of a message; `None`: it is larger than [`MOST`].
#[must_use]
pub fn encode(message: &Message) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(128);
    // Writing to a vector never fails.
    let _ = write(&mut Encoder::new(&mut out), message);
    (out.len() <= MOST).then_some(out)
}

fn write(e: &mut Encoder<&mut Vec<u8>>, message: &Message) -> Written {
    let (kind, fields) = match &message.body {
        Body::Hello => (0, 0),
        Body::Bye => (1, 0),
        Body::Sync(_) => (2, 1),
        Body::Value(_) => (3, 4),
        Body::Retained(_) => (4, 4),
        Body::Retract(_) => (5, 1),
    };
    let sender = &message.sender;
    e.array(5 + fields)?.u64(VERSION)?.u8(kind)?.str(&sender.daemon)?.u64(sender.instance)?.u64(sender.sequence)?;
    match &message.body {
        Body::Hello | Body::Bye => {}
        Body::Sync(None) => {
            e.null()?;
        }
        Body::Sync(Some(daemon)) => {
            e.str(daemon)?;
        }
        Body::Value(p) | Body::Retained(p) => {
            e.str(&p.topic)?.str(&p.script)?.u64(p.at)?;
            cbor::write(e, &p.value, Whole::Float)?;
        }
        Body::Retract(topic) => {
            e.str(topic)?;
        }
    }
    Ok(())
}

/// Reads a message. Any octets are fine.
///
/// # Errors
/// It can't be used.
pub fn decode(octets: &[u8]) -> Result<Message, Unusable> {
    let mut d = Decoder::new(octets);
    if octets.len() > MOST {
        return Err(Unusable::Malformed);
    }
    let fields = d.array().ok().flatten().ok_or(Unusable::Malformed)?;
    match d.u64() {
        Ok(VERSION) => {}
        Ok(_) => return Err(Unusable::Version),
        Err(_) => return Err(Unusable::Malformed),
    }
    let message = read(&mut d, fields).ok_or(Unusable::Malformed)?;
    if d.position() != octets.len() {
        return Err(Unusable::Malformed);
    }
    Ok(message)
}

fn read(d: &mut Decoder<'_>, fields: u64) -> Option<Message> {
    let kind = d.u8().ok()?;
    let sender = Sender { daemon: name(d)?, instance: d.u64().ok()?, sequence: d.u64().ok()? };
    let body = match (kind, fields) {
        (0, 5) => Body::Hello,
        (1, 5) => Body::Bye,
        (2, 6) => Body::Sync(match d.datatype().ok()? {
            Type::Null => {
                d.null().ok()?;
                None
            }
            _ => Some(name(d)?),
        }),
        (3, 9) => Body::Value(published(d)?),
        (4, 9) => Body::Retained(published(d)?),
        (5, 6) => Body::Retract(topic_name(d)?),
        _ => return None,
    };
    Some(Message { sender, body })
}

/// A name of a daemon or script: it is shown, so it is text on one line.
fn name(d: &mut Decoder<'_>) -> Option<String> {
    let name = d.str().ok()?;
    (!name.is_empty() && name.len() <= NAME && !name.contains(|c: char| c.is_control())).then(|| name.to_owned())
}

fn topic_name(d: &mut Decoder<'_>) -> Option<String> {
    topic::check(d.str().ok()?.as_bytes()).ok().map(str::to_owned)
}

fn published(d: &mut Decoder<'_>) -> Option<Published> {
    Some(Published { topic: topic_name(d)?, script: name(d)?, at: d.u64().ok()?, value: read_value(d, 0)? })
}

fn read_value(d: &mut Decoder<'_>, depth: usize) -> Option<Plain> {
    Some(match d.datatype().ok()? {
        Type::Null => {
            d.null().ok()?;
            Plain::Nil
        }
        Type::Bool => Plain::Bool(d.bool().ok()?),
        Type::F32 => Plain::Number(d.f32().ok()?.into()),
        Type::F64 => Plain::Number(d.f64().ok()?),
        Type::U8 | Type::U16 | Type::U32 | Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 => {
            Plain::Integer(d.i64().ok()?)
        }
        Type::String => Plain::Octets(d.str().ok()?.as_bytes().to_vec()),
        Type::Bytes => Plain::Octets(d.bytes().ok()?.to_vec()),
        Type::Array if depth < DEEPEST => {
            let count = d.array().ok()??;
            // The count is the sender's word: memory is only taken for what is there.
            let mut items = Vec::new();
            for _ in 0..count {
                items.push(read_value(d, depth + 1)?);
            }
            Plain::Array(items)
        }
        Type::Map if depth < DEEPEST => {
            let count = d.map().ok()??;
            let mut entries = Vec::new();
            for _ in 0..count {
                let key = read_value(d, DEEPEST)?;
                let fine = match &key {
                    Plain::Octets(_) | Plain::Integer(_) => true,
                    Plain::Number(n) => !n.is_nan(),
                    _ => false,
                };
                if !fine {
                    return None;
                }
                entries.push((key, read_value(d, depth + 1)?));
            }
            Plain::Map(entries)
        }
        _ => return None,
    })
}
