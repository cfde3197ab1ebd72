// SPDX-License-Identifier: GPL-2.0-or-later
//! JSON (RFC 8259).

use super::{MOST, MOST_VALUES};
use crate::bus::plain::{Plain, number};
use crate::lua::value::Out;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};

/// The text of a value.
///
/// # Errors
/// What in it JSON has no words for.
pub fn encode(value: &Plain) -> Result<String, String> {
    let text = as_json(value)?.to_string();
    if text.len() > MOST { Err(format!("its text takes more than {MOST} octets")) } else { Ok(text) }
}

fn as_json(value: &Plain) -> Result<Value, String> {
    super::in_time()?;
    Ok(match value {
        Plain::Nil => Value::Null,
        Plain::Bool(b) => json!(b),
        Plain::Number(n) if n.is_finite() => number(*n),
        Plain::Number(n) => return Err(format!("it has the number {n}, which JSON has not")),
        Plain::Integer(n) => json!(n),
        Plain::Octets(octets) => Value::String(text(octets)?.to_owned()),
        Plain::Array(items) => Value::Array(items.iter().map(as_json).collect::<Result<_, _>>()?),
        Plain::Map(entries) => {
            let mut object = Map::new();
            for (key, value) in entries {
                let key = match key {
                    Plain::Octets(octets) => text(octets)?.to_owned(),
                    other => as_json(other)?.to_string(),
                };
                object.insert(key, as_json(value)?);
            }
            Value::Object(object)
        }
    })
}

fn text(octets: &[u8]) -> Result<&str, String> {
    std::str::from_utf8(octets).map_err(|_| {
        let start: String = String::from_utf8_lossy(octets).chars().take(20).flat_map(char::escape_debug).collect();
        format!("it has the string '{start}', which is no UTF-8, as JSON's text is: use frr.cbor for any octets")
    })
}

/// The value of a text.
///
/// # Errors
/// What is wrong, with line and column.
pub fn decode(text: &[u8]) -> Result<Out, String> {
    if text.len() > MOST {
        return Err(format!("no JSON: {} octets: at most {MOST} are read", text.len()));
    }
    if text.len() > MOST_VALUES && values(text) > MOST_VALUES {
        return Err(format!("no JSON: more than {MOST_VALUES} values are not read"));
    }
    let mut reader = serde_json::Deserializer::from_slice(text);
    let value = Seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|why| format!("no JSON: {why}"))
}

/// Reads a value as the script's, and asks at each one whether there is time.
struct Seed;

impl<'de> DeserializeSeed<'de> for Seed {
    type Value = Out;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Out, D::Error> {
        super::in_time().map_err(D::Error::custom)?;
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed {
    type Value = Out;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Out, E> {
        Ok(Out::Nil)
    }

    fn visit_bool<E>(self, b: bool) -> Result<Out, E> {
        Ok(Out::Bool(b))
    }

    fn visit_u64<E>(self, n: u64) -> Result<Out, E> {
        Ok(Out::Unsigned(n))
    }

    fn visit_i64<E>(self, n: i64) -> Result<Out, E> {
        Ok(Out::Signed(n))
    }

    fn visit_f64<E>(self, n: f64) -> Result<Out, E> {
        Ok(Out::Number(n))
    }

    fn visit_str<E>(self, text: &str) -> Result<Out, E> {
        Ok(Out::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut from: A) -> Result<Out, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = from.next_element_seed(Seed)? {
            items.push(item);
        }
        Ok(Out::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Out, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = from.next_key_seed(Seed)? {
            entries.push((key, from.next_value_seed(Seed)?));
        }
        Ok(Out::Map(entries))
    }
}

/// How many values and keys a text has, about: before each, but the first of a table, is one of these characters.
fn values(text: &[u8]) -> usize {
    let (mut count, mut inside, mut escaped) = (0, false, false);
    for &octet in text {
        match octet {
            _ if escaped => escaped = false,
            b'\\' => escaped = inside,
            b'"' => inside = !inside,
            b',' | b':' | b'[' | b'{' if !inside => count += 1,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_integers() {
        let value = Plain::Array(vec![Plain::Number(7.0), Plain::Number(1.5), Plain::Number(1e300), Plain::Nil]);
        assert_eq!(encode(&value).as_deref(), Ok("[7,1.5,1e+300,null]"));
    }

    #[test]
    fn values_are_counted_outside_of_strings() {
        assert_eq!(values(br#"{"a,\",[":[1,2,"x,:"],"b":{}}"#), 8);
        let zeros = format!("[{}0]", "0,".repeat(MOST_VALUES));
        assert!(decode(zeros.as_bytes()).is_err_and(|why| why.contains("more than")));
        let commas = format!("\"{}\"", ",".repeat(MOST_VALUES + 1));
        assert!(decode(commas.as_bytes()).is_ok());
    }

    #[test]
    fn what_json_has_not() {
        assert!(encode(&Plain::Number(f64::NAN)).is_err());
        assert!(encode(&Plain::Octets(vec![0xff])).is_err());
        assert!(encode(&Plain::Octets(vec![b'x'; MOST])).is_err());
    }
}
