// SPDX-License-Identifier: GPL-2.0-or-later
//! Plain data: what may be published.

use crate::lua::value::Out;
use serde_json::{Map, Number, Value, json};

/// A value without identity: it can be copied to another script, in this daemon or in another one.
#[derive(Debug, Clone, PartialEq)]
pub enum Plain {
    /// nil.
    Nil,
    /// true or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// Luau's 64-bit integer.
    Integer(i64),
    /// A string: any octets.
    Octets(Vec<u8>),
    /// A table with the keys 1 to n; an empty table.
    Array(Vec<Plain>),
    /// Any other table; keys are strings, numbers and integers, each once.
    Map(Vec<(Plain, Plain)>),
}

impl Plain {
    /// As the script's.
    #[must_use]
    pub fn to_out(&self) -> Out {
        match self {
            Plain::Nil => Out::Nil,
            Plain::Bool(b) => Out::Bool(*b),
            Plain::Number(n) => Out::Number(*n),
            Plain::Integer(n) => Out::Integer(*n),
            Plain::Octets(octets) => Out::Octets(octets.clone()),
            Plain::Array(items) => Out::List(items.iter().map(Plain::to_out).collect()),
            Plain::Map(entries) => Out::Map(entries.iter().map(|(k, v)| (k.to_out(), v.to_out())).collect()),
        }
    }

    /// As JSON, for operators: octets that are no text are shown with replacement characters, keys are text, what is no
    /// finite number is null.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Plain::Nil => Value::Null,
            Plain::Bool(b) => json!(b),
            Plain::Number(n) => number(*n),
            Plain::Integer(n) => json!(n),
            Plain::Octets(octets) => json!(String::from_utf8_lossy(octets)),
            Plain::Array(items) => Value::Array(items.iter().map(Plain::to_json).collect()),
            Plain::Map(entries) => {
                let entries = entries.iter().map(|(k, v)| (k.key(), v.to_json()));
                Value::Object(entries.collect::<Map<String, Value>>())
            }
        }
    }

    fn key(&self) -> String {
        match self {
            Plain::Octets(octets) => String::from_utf8_lossy(octets).into_owned(),
            other => other.to_json().to_string(),
        }
    }
}

/// A number as JSON's: whole ones as integers.
pub(crate) fn number(n: f64) -> Value {
    #[allow(clippy::cast_possible_truncation, reason = "whole and far below 2^63, as checked")]
    if n.trunc() == n && n.abs() <= 9_007_199_254_740_992.0 {
        return json!(n as i64);
    }
    Number::from_f64(n).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::Plain;

    #[test]
    fn json_is_for_reading() {
        let value = Plain::Map(vec![
            (Plain::Octets(b"up".to_vec()), Plain::Bool(true)),
            (Plain::Number(7.0), Plain::Array(vec![Plain::Number(1.5), Plain::Number(f64::NAN), Plain::Nil])),
            (Plain::Integer(i64::MAX), Plain::Octets(vec![0xff, b'a'])),
        ]);
        assert_eq!(
            value.to_json().to_string(),
            "{\"up\":true,\"7\":[1.5,null,null],\"9223372036854775807\":\"\u{fffd}a\"}"
        );
    }
}
