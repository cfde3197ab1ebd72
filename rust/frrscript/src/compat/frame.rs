// SPDX-License-Identifier: GPL-2.0-or-later
//! The stack that FRR's codecs work on. A wrong index or type gives nil or does nothing: there is no way to crash.

use super::value::{Key, Value};

/// A stack of plain values; C knows it as `lua_State`.
#[derive(Debug, Default)]
pub struct Frame {
    values: Vec<Value>,
}

impl Frame {
    /// An empty stack.
    #[must_use]
    pub fn new() -> Frame {
        Frame::default()
    }

    /// How many values are on it.
    #[must_use]
    pub fn top(&self) -> usize {
        self.values.len()
    }

    /// Pushes a value.
    pub fn push(&mut self, value: Value) {
        self.values.push(value);
    }

    /// Takes `n` values off.
    pub fn pop(&mut self, n: usize) {
        self.values.truncate(self.values.len().saturating_sub(n));
    }

    /// Leaves `n` values at most.
    pub fn truncate(&mut self, n: usize) {
        self.values.truncate(n);
    }

    /// Takes the top `n` values, in the order they were pushed.
    pub fn take(&mut self, n: usize) -> Vec<Value> {
        let at = self.values.len().saturating_sub(n);
        self.values.split_off(at)
    }

    fn place(&self, index: i32) -> Option<usize> {
        let place = match index {
            0 => return None,
            n if n > 0 => usize::try_from(n).ok()? - 1,
            n => self.values.len().checked_sub(usize::try_from(n.unsigned_abs()).ok()?)?,
        };
        (place < self.values.len()).then_some(place)
    }

    /// The value at an index: from 1 from below, from -1 from the top.
    #[must_use]
    pub fn get(&self, index: i32) -> Option<&Value> {
        self.values.get(self.place(index)?)
    }

    /// A number as text in its place, as Lua does it; text as it is.
    pub fn text_at(&mut self, index: i32) -> Option<&[u8]> {
        let place = self.place(index)?;
        let value = &mut self.values[place];
        match value {
            Value::Integer(n) => *value = Value::text(n.to_string().as_bytes()),
            Value::Number(n) => *value = Value::text(n.to_string().as_bytes()),
            _ => {}
        }
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// `table[key] = top`; pops the value.
    pub fn set(&mut self, index: i32, key: Key) {
        let place = self.place(index);
        let Some(value) = self.values.pop() else { return };
        let Some(Value::Table(entries)) = place.and_then(|p| self.values.get_mut(p)) else { return };
        match entries.iter_mut().find(|(k, _)| *k == key) {
            Some(entry) => entry.1 = value,
            None => entries.push((key, value)),
        }
    }

    /// Pushes `table[key]`, nil if there is none.
    pub fn field(&mut self, index: i32, key: &[u8]) {
        let value = match self.get(index) {
            Some(Value::Table(entries)) => {
                entries.iter().find(|(k, _)| matches!(k, Key::Text(t) if t == key)).map(|(_, v)| v.clone())
            }
            _ => None,
        };
        self.push(value.unwrap_or(Value::Nil));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_built_and_read() {
        let mut frame = Frame::new();
        frame.push(Value::Table(Vec::new()));
        frame.push(Value::Integer(7));
        frame.set(-2, Key::Text(b"metric".to_vec()));
        assert_eq!(frame.top(), 1);
        frame.field(1, b"metric");
        assert_eq!(frame.get(-1), Some(&Value::Integer(7)));
        frame.field(1, b"none");
        assert_eq!(frame.get(-1), Some(&Value::Nil));
    }

    #[test]
    fn wrong_indexes_do_nothing() {
        let mut frame = Frame::new();
        frame.set(-2, Key::Index(1));
        frame.field(3, b"x");
        frame.pop(9);
        assert_eq!(frame.get(0), None);
        assert_eq!(frame.get(-1), None);
        assert_eq!(frame.get(i32::MIN), None);
        assert_eq!(frame.text_at(1), None);
    }
}
