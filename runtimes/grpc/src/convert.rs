// SPDX-License-Identifier: GPL-2.0-or-later
//! Tables and messages. A field has the name that it has in the `.proto` file (the one of JSON is understood too), an
//! enum value its name (its number is understood too, and comes when it has no name).
//!
//! 64-bit integers stay exact: a Lua number holds 53 bits, so what is beyond comes as decimal text, and text is
//! understood wherever a 64-bit integer goes. Bytes are strings of any octets.

use frr_runtime::{Error, Value};
use prost_reflect::{Cardinality, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, MessageDescriptor};
use prost_reflect::{ReflectMessage, Value as Proto};

/// The largest number that Lua holds with all below it.
const EXACT: i128 = 1 << 53;
/// Messages in messages: deeper is a mistake.
const DEPTH: usize = 64;

/// A message of that type from a table. An error names the field.
pub fn message(of: MessageDescriptor, table: &Value) -> Result<DynamicMessage, Error> {
    build(of, table, &mut Path::default())
}

/// A table from a message: the fields that it has.
pub fn table(message: &DynamicMessage) -> Value {
    let fields = message.fields().map(|(field, value)| (field.name().into(), plain(&field, value)));
    Value::Map(fields.collect())
}

/// Where we are, for errors.
#[derive(Default)]
struct Path(Vec<String>);

impl Path {
    fn wrong(&self, what: impl std::fmt::Display) -> Error {
        match self.0.join(".") {
            at if at.is_empty() => Error::request(what),
            at => Error::request(format!("{at}: {what}")),
        }
    }
}

fn build(of: MessageDescriptor, table: &Value, path: &mut Path) -> Result<DynamicMessage, Error> {
    if path.0.len() > DEPTH {
        return Err(path.wrong("nested too deeply"));
    }
    let mut message = DynamicMessage::new(of.clone());
    let fields = match table {
        Value::Map(fields) => fields.as_slice(),
        // What an empty table of Lua arrives as.
        Value::Array(items) if items.is_empty() => &[],
        Value::Null => &[],
        other => return Err(path.wrong(format!("a {} is a table, not {}", of.full_name(), name_of(other)))),
    };
    for (name, value) in fields {
        let Some(name) = name.as_text() else {
            return Err(path.wrong(format!("a {} has names, not a list", of.full_name())));
        };
        let Some(field) = of.get_field_by_name(name).or_else(|| of.get_field_by_json_name(name)) else {
            let known: Vec<_> = of.fields().map(|field| field.name().to_string()).collect();
            return Err(path.wrong(format!("a {} has no {name}; it has {}", of.full_name(), known.join(", "))));
        };
        if value.is_null() {
            continue;
        }
        path.0.push(name.to_string());
        let value = field_value(&field, value, path)?;
        path.0.pop();
        message.set_field(&field, value);
    }
    Ok(message)
}

fn field_value(field: &FieldDescriptor, value: &Value, path: &mut Path) -> Result<Proto, Error> {
    if field.is_map() {
        return map(field, value, path);
    }
    if field.cardinality() != Cardinality::Repeated {
        return single(&field.kind(), value, path);
    }
    let Value::Array(items) = value else {
        return Err(path.wrong(format!("a list, not {}", name_of(value))));
    };
    let mut list = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        path.0.push((i + 1).to_string());
        list.push(single(&field.kind(), item, path)?);
        path.0.pop();
    }
    Ok(Proto::List(list))
}

fn map(field: &FieldDescriptor, value: &Value, path: &mut Path) -> Result<Proto, Error> {
    let Kind::Message(entry) = field.kind() else {
        return Err(path.wrong("a map without entries"));
    };
    let (key_kind, value_kind) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
    let pairs: Vec<(Value, &Value)> = match value {
        Value::Map(pairs) => pairs.iter().map(|(key, value)| (key.clone(), value)).collect(),
        // A table of Lua with the keys 1, 2, 3 arrives as a list.
        Value::Array(items) => (1_u64..).map(Value::from).zip(items).collect(),
        other => return Err(path.wrong(format!("a table, not {}", name_of(other)))),
    };
    let mut entries = std::collections::HashMap::new();
    for (key, value) in pairs {
        path.0.push(key.as_text().map_or_else(|| format!("{key:?}"), str::to_string));
        let key = single(&key_kind, &key_text(&key_kind, key), path)?;
        let key = key.into_map_key().ok_or_else(|| path.wrong("no key of a map"))?;
        entries.insert(key, single(&value_kind, value, path)?);
        path.0.pop();
    }
    Ok(Proto::Map(entries))
}

/// Keys that are numbers or booleans may come as text.
fn key_text(kind: &Kind, key: Value) -> Value {
    match (kind, key.as_text()) {
        (Kind::Bool, Some("true")) => Value::Bool(true),
        (Kind::Bool, Some("false")) => Value::Bool(false),
        _ => key,
    }
}

fn single(kind: &Kind, value: &Value, path: &mut Path) -> Result<Proto, Error> {
    let wrong = |path: &Path| Err(path.wrong(format!("{} is needed, not {}", wanted(kind), name_of(value))));
    let whole = |from: i128, to: i128, path: &Path| match integer(value) {
        Some(number) if (from..=to).contains(&number) => Ok(number),
        Some(number) => Err(path.wrong(format!("{number} is no {}", wanted(kind)))),
        None => Err(path.wrong(format!("{} is needed, not {}", wanted(kind), name_of(value)))),
    };
    Ok(match kind {
        Kind::Bool => match value {
            Value::Bool(b) => Proto::Bool(*b),
            _ => return wrong(path),
        },
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => {
            Proto::I32(whole(i32::MIN.into(), i32::MAX.into(), path)? as i32)
        }
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            Proto::I64(whole(i64::MIN.into(), i64::MAX.into(), path)? as i64)
        }
        Kind::Uint32 | Kind::Fixed32 => Proto::U32(whole(0, u32::MAX.into(), path)? as u32),
        Kind::Uint64 | Kind::Fixed64 => Proto::U64(whole(0, u64::MAX.into(), path)? as u64),
        Kind::Float | Kind::Double => {
            let number = match value {
                Value::Float(f) => *f,
                _ => match integer(value) {
                    Some(number) => number as f64,
                    None => return wrong(path),
                },
            };
            if matches!(kind, Kind::Float) { Proto::F32(number as f32) } else { Proto::F64(number) }
        }
        Kind::String => match value {
            Value::Text(text) => Proto::String(text.clone()),
            Value::Bytes(_) => {
                return Err(path.wrong("text in UTF-8 is needed; for any octets the field would be bytes"));
            }
            _ => return wrong(path),
        },
        Kind::Bytes => match value {
            Value::Text(text) => Proto::Bytes(text.clone().into_bytes().into()),
            Value::Bytes(bytes) => Proto::Bytes(bytes.clone().into()),
            _ => return wrong(path),
        },
        Kind::Enum(of) => match value {
            Value::Text(name) => Proto::EnumNumber(enum_number(of, name, path)?),
            _ => Proto::EnumNumber(whole(i32::MIN.into(), i32::MAX.into(), path)? as i32),
        },
        Kind::Message(of) => Proto::Message(build(of.clone(), value, path)?),
    })
}

fn enum_number(of: &EnumDescriptor, name: &str, path: &Path) -> Result<i32, Error> {
    of.get_value_by_name(name).map(|value| value.number()).ok_or_else(|| {
        let known: Vec<_> = of.values().map(|value| value.name().to_string()).collect();
        path.wrong(format!("{} has no {name}; it has {}", of.full_name(), known.join(", ")))
    })
}

/// An integer, from a number without a fraction or from decimal text.
fn integer(value: &Value) -> Option<i128> {
    match value {
        Value::Integer(number) => Some((*number).into()),
        Value::Float(f) if f.fract() == 0.0 && f.abs() <= EXACT as f64 => Some(*f as i128),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    }
}

fn wanted(kind: &Kind) -> String {
    match kind {
        Kind::Message(of) => format!("a {}", of.full_name()),
        Kind::Enum(of) => format!("a {}", of.full_name()),
        other => format!("{other:?}").to_lowercase(),
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Text(_) | Value::Bytes(_) => "a string",
        Value::Bool(_) => "a boolean",
        Value::Array(_) => "a list",
        Value::Map(_) => "a table",
        Value::Null => "nil",
        _ => "this",
    }
}

fn plain(field: &FieldDescriptor, value: &Proto) -> Value {
    match value {
        Proto::List(items) => Value::Array(items.iter().map(|item| plain_single(&field.kind(), item)).collect()),
        Proto::Map(entries) => {
            let kind = match field.kind() {
                Kind::Message(entry) => entry.map_entry_value_field().kind(),
                other => other,
            };
            Value::Map(entries.iter().map(|(key, value)| (map_key(key), plain_single(&kind, value))).collect())
        }
        single => plain_single(&field.kind(), single),
    }
}

fn plain_single(kind: &Kind, value: &Proto) -> Value {
    match value {
        Proto::Bool(b) => Value::Bool(*b),
        Proto::I32(number) => (*number).into(),
        Proto::U32(number) => (*number).into(),
        Proto::I64(number) => exact((*number).into()),
        Proto::U64(number) => exact((*number).into()),
        Proto::F32(number) => Value::Float((*number).into()),
        Proto::F64(number) => Value::Float(*number),
        Proto::String(text) => Value::Text(text.clone()),
        Proto::Bytes(bytes) => {
            String::from_utf8(bytes.to_vec()).map_or_else(|e| Value::Bytes(e.into_bytes()), Value::Text)
        }
        Proto::EnumNumber(number) => match kind {
            Kind::Enum(of) => of.get_value(*number).map_or_else(|| (*number).into(), |value| value.name().into()),
            _ => (*number).into(),
        },
        Proto::Message(message) => table(message),
        // Neither is in a list or in a map.
        Proto::List(_) | Proto::Map(_) => Value::Null,
    }
}

fn map_key(key: &MapKey) -> Value {
    match key {
        MapKey::Bool(b) => Value::Text(b.to_string()),
        MapKey::I32(number) => (*number).into(),
        MapKey::U32(number) => (*number).into(),
        MapKey::I64(number) => exact((*number).into()),
        MapKey::U64(number) => exact((*number).into()),
        MapKey::String(text) => Value::Text(text.clone()),
    }
}

/// A number when Lua can hold it, else its digits.
fn exact(number: i128) -> Value {
    match i64::try_from(number) {
        Ok(small) if number.abs() <= EXACT => small.into(),
        _ => Value::Text(number.to_string()),
    }
}

/// The name of a message's type, for errors.
pub fn type_name(message: &DynamicMessage) -> String {
    message.descriptor().full_name().to_string()
}
