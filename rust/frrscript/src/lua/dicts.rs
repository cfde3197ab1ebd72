// SPDX-License-Identifier: GPL-2.0-or-later
//! `frr.shared_dict`.

use super::value::{Doc, Object, Out};
use crate::atom::{self, Atom};
use crate::dict::store::{LONGEST_KEY, Refused, Value};
use crate::dict::{self, Dict, LEAST_SIZE, MOST_SIZE};
use crate::failure::Failure;
use crate::ffi::args::{Arg, Args, whole};
use crate::ffi::plain::Rules;
use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

const RULES: Rules = Rules { most: MOST_SIZE, deepest: 16, can: "can be stored", whole: "" };
/// Keys that `keys()` gives.
const KEYS: u64 = 1024;
/// What a table takes, for each of its octets as plain data: its values are objects in memory.
const TABLE: usize = 16;

/// Its methods, for the reference.
pub const DOCS: &[Doc] = &[
    Doc { name: "get", signature: "(key: string) -> any", doc: "the value, nil if there is none; a table is a copy" },
    Doc {
        name: "set",
        signature: "(key: string, value: any, ttl: number?) -> (boolean?, string?)",
        doc: "sets a value, for so many seconds or for ever; nil takes it away; nil and \"full\": there is no room",
    },
    Doc {
        name: "add",
        signature: "(key: string, value: any, ttl: number?) -> (boolean?, string?)",
        doc: "sets a value that is not there yet; else nil and \"exists\"",
    },
    Doc {
        name: "incr",
        signature: "(key: string, by: number?, init: number?, ttl: number?) -> (number?, string?)",
        doc: "adds 1, or so much, to a number, or to init where there is none; the sum, or nil and \"not found\", \"not a number\", \"full\"",
    },
    Doc { name: "delete", signature: "(key: string) -> boolean", doc: "takes a key away; whether it was there" },
    Doc {
        name: "expire",
        signature: "(key: string, ttl: number?) -> boolean",
        doc: "has an entry end in so many seconds, or never; whether it was there",
    },
    Doc {
        name: "keys",
        signature: "(max: number?) -> {string}",
        doc: "keys in no order, at most 1024 or so many; 0: all",
    },
    Doc { name: "flush", signature: "() -> number", doc: "takes all entries away; how many there were" },
    Doc { name: "size", signature: "() -> (number, number)", doc: "entries, as # gives them, and octets in use" },
];

struct SharedDict(Arc<Dict>);

/// A key: a string, or a prefix or address as its text.
fn key<'a>(args: &Args<'a>) -> Result<Cow<'a, [u8]>, Failure> {
    let key = match args.get(0) {
        Arg::Octets(octets) => Cow::Borrowed(octets),
        Arg::View(_) => match args.prefix(0)? {
            Some(prefix) => Cow::Owned(prefix.to_string().into_bytes()),
            None => return Err(args.bad(0, "must be a string")),
        },
        Arg::Object(object) if super::sets::prefix_of(object).is_some() => Cow::Owned(object.text().into_bytes()),
        _ => Cow::Borrowed(args.octets(0)?),
    };
    if key.is_empty() || key.len() > LONGEST_KEY {
        return Err(args.bad(0, format_args!("a key has 1 to {LONGEST_KEY} octets, not {}", key.len())));
    }
    Ok(key)
}

fn ttl(args: &Args, index: usize) -> Result<Option<Duration>, Failure> {
    match args.get(index) {
        Arg::Nil => Ok(None),
        _ => match args.number(index)? {
            0.0 => Ok(None),
            seconds => Duration::try_from_secs_f64(seconds)
                .map(Some)
                .map_err(|_| args.bad(index, format_args!("{seconds} is no number of seconds"))),
        },
    }
}

fn value(args: &Args) -> Result<Option<Value>, Failure> {
    let mut octets = 0;
    let plain = args.plain_counted(1, &RULES, &mut octets)?;
    Ok(Value::of(plain, octets.saturating_mul(TABLE)))
}

fn written(done: Result<(), Refused>) -> Out {
    match done {
        Ok(()) => Out::Bool(true),
        Err(why) => Out::Two(Box::new(Out::Nil), Box::new(Out::Text(why.word().to_owned()))),
    }
}

fn optional(args: &Args, index: usize) -> Result<Option<f64>, Failure> {
    if matches!(args.get(index), Arg::Nil) { Ok(None) } else { args.number(index).map(Some) }
}

impl Object for SharedDict {
    fn type_name(&self) -> &'static str {
        "SharedDict"
    }

    fn call(&self, method: Atom, args: &Args) -> Result<Option<Out>, Failure> {
        let dict = &self.0;
        Ok(Some(match method {
            atom::GET => {
                let key = key(args)?;
                match dict.with(|s| s.get(&key, None)) {
                    None => Out::Nil,
                    Some(Value::Bool(b)) => Out::Bool(b),
                    Some(Value::Number(n)) => Out::Number(n),
                    Some(Value::Integer(n)) => Out::Integer(n),
                    Some(Value::Octets(octets)) => Out::Shared(octets),
                    Some(Value::Table(table, _)) => table.to_out(),
                }
            }
            atom::SET => {
                let (key, value, ttl) = (key(args)?, value(args)?, ttl(args, 2)?);
                let now = Instant::now();
                written(dict.with(|s| match value {
                    Some(value) => s.set(&key, value, ttl, now),
                    None => {
                        s.delete(&key, now);
                        Ok(())
                    }
                }))
            }
            atom::ADD => {
                let (key, value, ttl) = (key(args)?, value(args)?, ttl(args, 2)?);
                let value = value.ok_or_else(|| args.bad(1, "nil is no value"))?;
                written(dict.with(|s| s.add(&key, value, ttl, Instant::now())))
            }
            atom::INCR => {
                let (key, by, init, ttl) =
                    (key(args)?, optional(args, 1)?.unwrap_or(1.0), optional(args, 2)?, ttl(args, 3)?);
                match dict.with(|s| s.incr(&key, by, init, ttl, Instant::now())) {
                    Ok(sum) => Out::Number(sum),
                    Err(why) => written(Err(why)),
                }
            }
            atom::DELETE => {
                let key = key(args)?;
                Out::Bool(dict.with(|s| s.delete(&key, Instant::now())))
            }
            atom::EXPIRE => {
                let (key, ttl) = (key(args)?, ttl(args, 1)?);
                Out::Bool(dict.with(|s| s.expire(&key, ttl, Instant::now())))
            }
            atom::KEYS => {
                let most = if matches!(args.get(0), Arg::Nil) { KEYS } else { args.unsigned(0, u64::from(u32::MAX))? };
                let most = if most == 0 { usize::MAX } else { usize::try_from(most).unwrap_or(usize::MAX) };
                let keys = dict.with(|s| s.keys(most, Instant::now()));
                Out::List(keys.into_iter().map(Out::Shared).collect())
            }
            atom::FLUSH => Out::Unsigned(dict.with(|s| s.flush(Instant::now())) as u64),
            atom::SIZE => {
                let (count, octets) = dict.with(|s| (s.count(Instant::now()), s.octets().0));
                Out::Two(Box::new(Out::Unsigned(count as u64)), Box::new(Out::Unsigned(octets as u64)))
            }
            _ => return Ok(None),
        }))
    }

    fn text(&self) -> String {
        format!("shared dict {}", self.0.name)
    }

    fn length(&self) -> Option<usize> {
        Some(self.0.with(|s| s.count(Instant::now())))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<SharedDict>().is_some_and(|o| Arc::ptr_eq(&self.0, &o.0))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `frr.shared_dict(name, { size = octets })`.
///
/// # Errors
/// The name or an option is bad, or there are too many.
pub fn shared_dict(args: &Args) -> Result<Out, Failure> {
    let mut size = None;
    args.each_field(1, |name, value| match (name, value) {
        ("size", Arg::Number(n)) => {
            let octets = whole(n).and_then(|n| usize::try_from(n).ok());
            size = octets.filter(|n| (LEAST_SIZE..=MOST_SIZE).contains(n));
            if size.is_some() { Ok(()) } else { Err(format!("size is {LEAST_SIZE} to {MOST_SIZE} octets, not {n}")) }
        }
        ("size", _) => Err("size must be a number of octets".to_owned()),
        (other, _) => Err(format!("it may have 'size' and nothing else, not '{other}'")),
    })?;
    let dict = dict::open(args.text(0)?, size).map_err(|why| args.bad(0, why))?;
    Ok(Out::Object(Box::new(SharedDict(dict))))
}
