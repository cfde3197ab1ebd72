// SPDX-License-Identifier: GPL-2.0-or-later
//! Plain values.

/// A key of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    /// A name.
    Text(Vec<u8>),
    /// A place in an array, from 1.
    Index(i64),
}

/// A value that crosses as a copy.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// nil.
    Nil,
    /// true or false.
    Bool(bool),
    /// A whole number, exact in 64 bits.
    Integer(i64),
    /// Any number.
    Number(f64),
    /// Octets, followed by a NUL for C that is not counted.
    Text(Vec<u8>),
    /// A table, in the order of its keys' first assignment.
    Table(Vec<(Key, Value)>),
    /// Something that has no plain form (a function, an object), by the name of its type.
    Other(&'static str),
}

impl Value {
    /// Text from octets.
    #[must_use]
    pub fn text(octets: &[u8]) -> Value {
        let mut with_nul = Vec::with_capacity(octets.len() + 1);
        with_nul.extend_from_slice(octets);
        with_nul.push(0);
        Value::Text(with_nul)
    }

    /// The octets of text, without the NUL.
    #[must_use]
    pub fn octets(&self) -> Option<&[u8]> {
        match self {
            Value::Text(text) => text.split_last().map(|(_, octets)| octets),
            _ => None,
        }
    }

    /// What messages call it.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Nil => "nil",
            Value::Bool(_) => "a boolean",
            Value::Integer(_) | Value::Number(_) => "a number",
            Value::Text(_) => "a string",
            Value::Table(_) => "a table",
            Value::Other(name) => name,
        }
    }

    /// The value as a whole number in a range.
    ///
    /// # Errors
    /// It is none: a string or another type, a fraction, NaN, or out of the range.
    pub fn whole(&self, min: i64, max: i64) -> Result<i64, String> {
        let number = match self {
            Value::Integer(n) => Some(*n),
            Value::Number(n) if n.trunc() == *n && n.abs() <= 9_007_199_254_740_992.0 =>
            {
                #[allow(clippy::cast_possible_truncation, reason = "whole and at most 2^53")]
                Some(*n as i64)
            }
            Value::Number(n) => return Err(format!("{n} is not a whole number from {min} to {max}")),
            _ => None,
        };
        match number {
            Some(n) if (min..=max).contains(&n) => Ok(n),
            Some(n) => Err(format!("{n} is not a whole number from {min} to {max}")),
            None => Err(format!("{} is not a whole number", self.type_name())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d5_a_wrong_type_for_an_integer_is_an_error() {
        assert_eq!(Value::text(b"7").whole(0, 10), Err("a string is not a whole number".to_owned()));
        assert_eq!(Value::Table(Vec::new()).whole(0, 10), Err("a table is not a whole number".to_owned()));
    }

    #[test]
    fn d10_numbers_are_exact_or_refused() {
        let beyond = (1 << 53) + 1;
        assert_eq!(Value::Integer(beyond).whole(i64::MIN, i64::MAX), Ok(beyond));
        assert!(Value::Number(1.7).whole(0, 10).is_err());
        assert!(Value::Number(f64::NAN).whole(0, 10).is_err());
        assert!(Value::Number(4_294_967_296.0).whole(i32::MIN.into(), i32::MAX.into()).is_err());
        assert_eq!(Value::Number(-3.0).whole(-5, 5), Ok(-3));
    }
}
