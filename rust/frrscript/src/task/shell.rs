// SPDX-License-Identifier: GPL-2.0-or-later
//! Commands of the daemon that a task waits for: `frr.show`, `frr.configure`. They run between two slices, never inside
//! of a script.

use crate::ffi::host;
use crate::lua::value::Out;

/// Octets of a command's output.
pub const MOST: usize = 4 * 1024 * 1024;

/// A command.
#[derive(Debug)]
pub enum Command {
    /// A show command.
    Show(String),
    /// Configuration lines, each with its newline.
    Configure(String),
}

impl Command {
    /// Runs it; what the task gets.
    #[must_use]
    pub fn run(&self) -> Vec<Out> {
        match self {
            Command::Show(command) => match host::show(command, MOST) {
                Ok(text) if command.split_ascii_whitespace().last() == Some("json") => json(&text),
                Ok(text) => vec![Out::Octets(text)],
                Err(why) => vec![Out::Nil, Out::Text(why)],
            },
            Command::Configure(lines) => match host::configure(lines) {
                Ok(()) => vec![Out::Bool(true)],
                Err(why) => vec![Out::Bool(false), Out::Text(why)],
            },
        }
    }

    /// As `show script` says it.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Command::Show(command) => command,
            Command::Configure(_) => "configure",
        }
    }
}

fn json(text: &[u8]) -> Vec<Out> {
    match serde_json::from_slice::<serde_json::Value>(text) {
        Ok(value) => vec![from_json(value)],
        Err(why) => vec![Out::Nil, Out::Text(format!("the command's output is no JSON: {why}"))],
    }
}

/// A JSON value as the script's.
#[must_use]
pub fn from_json(value: serde_json::Value) -> Out {
    use serde_json::Value;
    match value {
        Value::Null => Out::Nil,
        Value::Bool(b) => Out::Bool(b),
        Value::Number(n) => match (n.as_u64(), n.as_i64(), n.as_f64()) {
            (Some(n), _, _) => Out::Unsigned(n),
            (_, Some(n), _) => Out::Signed(n),
            (_, _, n) => Out::Number(n.unwrap_or(0.0)),
        },
        Value::String(text) => Out::Text(text),
        Value::Array(items) => Out::List(items.into_iter().map(from_json).collect()),
        Value::Object(fields) => Out::Map(fields.into_iter().map(|(k, v)| (Out::Text(k), from_json(v))).collect()),
    }
}
