// SPDX-License-Identifier: GPL-2.0-or-later
//! From what a script assigns to what is staged: kinds and ranges, with errors that say what the field takes.

use super::value::Out;
use super::{as_path, items, sets};
use crate::call::Staged;
use crate::failure::Failure;
use crate::ffi::args::{Arg, Args, whole};
use crate::schema::{Field, FieldKind};
use crate::value::as_path::AsPath;

/// The value to stage for the assignment of `args`' only argument to `field`. The error goes on after the field's name.
///
/// # Errors
/// The field does not take it.
pub fn from_script(field: &Field, args: &Args) -> Result<Staged, String> {
    if !field.writable {
        return Err("is read-only".to_owned());
    }
    let arg = args.get(0);
    if let Arg::Nil = arg {
        return if field.clearable { Ok(Staged::Nil) } else { Err("can't be nil".to_owned()) };
    }
    match field.kind {
        FieldKind::Bool => match arg {
            Arg::Bool(b) => Ok(Staged::Bool(b)),
            _ => Err(format!("must be true or false, not {}", shown(&arg))),
        },
        FieldKind::Uint => unsigned(&arg)
            .filter(|&n| n <= field.max)
            .map(Staged::Uint)
            .ok_or_else(|| format!("must be a whole number from 0 to {}, not {}", field.max, shown(&arg))),
        FieldKind::Int => {
            signed(&arg).map(Staged::Int).ok_or_else(|| format!("must be a whole number, not {}", shown(&arg)))
        }
        FieldKind::String => word(field, &arg),
        FieldKind::Address => match sets::address_of(&arg) {
            Some(Ok(address)) => Ok(Staged::Address(address)),
            Some(Err(why)) => Err(format!("takes an IP address: {why}")),
            None => Err(format!("must be an IP address, not {}", shown(&arg))),
        },
        FieldKind::Prefix => match args.prefix(0) {
            Ok(Some(prefix)) => Ok(Staged::Prefix(prefix)),
            Err(why) if matches!(arg, Arg::Octets(_) | Arg::View(_)) => Err(format!("takes a prefix: {}", bare(&why))),
            _ => Err(format!("must be a prefix, not {}", shown(&arg))),
        },
        FieldKind::AsPath => path(&arg),
        FieldKind::Items(kind) => {
            if let Arg::List(_) = arg {
                return Err("can't take another list: assign its items() or text".to_owned());
            }
            items::from_script(kind, args)
                .map(|o| Staged::Items(kind, o))
                .map_err(|e| format!("takes a list: {}", bare(&e)))
        }
        FieldKind::Object => Err("is an object: assign its fields".to_owned()),
    }
}

/// What a failure says of the value, which here is no argument of a method.
fn bare(failure: &Failure) -> &str {
    let text = failure.message.strip_prefix("value: ").unwrap_or(&failure.message);
    text.strip_prefix("argument 1: ").unwrap_or(text)
}

fn word(field: &Field, arg: &Arg) -> Result<Staged, String> {
    let text = match arg {
        Arg::Octets(text) => std::str::from_utf8(text).map_err(|_| "must be text".to_owned())?,
        _ => return Err(format!("must be a string, not {}", shown(arg))),
    };
    if field.choices.is_empty() || field.choices.contains(&text) {
        return Ok(Staged::Text(text.into()));
    }
    let choices: Vec<String> = field.choices.iter().map(|c| format!("\"{c}\"")).collect();
    Err(format!("must be {}, not {}", choices.join(" or "), shown(arg)))
}

fn path(arg: &Arg) -> Result<Staged, String> {
    match arg {
        Arg::Octets(text) => {
            let text = std::str::from_utf8(text).map_err(|_| "must be text".to_owned())?;
            AsPath::parse(text).map(Staged::AsPath).map_err(|e| format!("takes an AS path: {e}"))
        }
        Arg::Object(object) => match object.as_any().downcast_ref::<as_path::OwnPath>() {
            Some(own) => Ok(Staged::AsPath(own.0.clone())),
            None => Err(format!("must be an AS path, not {}", object.type_name())),
        },
        _ => Err(format!("must be an AS path such as \"65001 65002\", not {}", shown(arg))),
    }
}

fn unsigned(arg: &Arg) -> Option<u64> {
    match arg {
        Arg::Number(n) => whole(*n),
        Arg::Integer(n) => u64::try_from(*n).ok(),
        _ => None,
    }
}

fn signed(arg: &Arg) -> Option<i64> {
    match arg {
        Arg::Number(n) if *n < 0.0 => whole(-n).and_then(|n| i64::try_from(n).ok()).map(|n| -n),
        Arg::Number(n) => whole(*n).and_then(|n| i64::try_from(n).ok()),
        Arg::Integer(n) => Some(*n),
        _ => None,
    }
}

/// A value as messages name it.
pub fn shown(arg: &Arg) -> String {
    match arg {
        Arg::Nil => "nil".to_owned(),
        Arg::Bool(b) => b.to_string(),
        Arg::Number(n) => n.to_string(),
        Arg::Integer(n) => n.to_string(),
        Arg::Octets(text) => crate::value::text::quoted(&String::from_utf8_lossy(&text[..text.len().min(200)])),
        Arg::Table(_) => "a table".to_owned(),
        Arg::View(view) => format!("the object '{}'", view.ty.name),
        Arg::List(list) => format!("the list '{}'", list.field.name),
        Arg::Object(object) => object.type_name().to_owned(),
        Arg::Other(name) => format!("a {name}"),
    }
}

/// A staged value as the script reads it back.
#[must_use]
pub fn out(value: &Staged) -> Out {
    match value {
        Staged::Nil | Staged::AsPath(_) | Staged::Items(..) => Out::Nil,
        Staged::Bool(b) => Out::Bool(*b),
        Staged::Uint(n) => Out::Unsigned(*n),
        Staged::Int(n) => Out::Signed(*n),
        Staged::Text(text) => Out::Text(text.to_string()),
        Staged::Address(address) => Out::Object(Box::new(sets::Address(*address))),
        Staged::Prefix(prefix) => Out::Object(Box::new(sets::Prefix(*prefix))),
    }
}
