// SPDX-License-Identifier: GPL-2.0-or-later
//! The error that a call answers with.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use ciborium::Value;
use serde::Serialize;

/// Why a call failed. In a script it is a table: `kind` to decide by, `message` to read, and what [`Error::with`] added.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Error {
    /// A short word that is part of the runtime's interface: `timeout`, `refused`, `tls`.
    pub kind: Cow<'static, str>,
    /// What went wrong and what to do, for a reader.
    pub message: String,
    /// The number that the other side gave: an HTTP status, a gRPC or LDAP code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<i64>,
    /// More, by name.
    #[serde(flatten)]
    pub more: BTreeMap<Cow<'static, str>, Value>,
}

impl Error {
    /// An error of that kind. The message has no kind in it and no full stop at its end.
    pub fn new(kind: impl Into<Cow<'static, str>>, message: impl fmt::Display) -> Error {
        Error { kind: kind.into(), message: message.to_string(), code: None, more: BTreeMap::new() }
    }

    /// The request or the configuration is wrong: kind `request`.
    pub fn request(message: impl fmt::Display) -> Error {
        Error::new("request", message)
    }

    /// The same error with the number that the other side gave.
    pub fn code(mut self, code: i64) -> Error {
        self.code = Some(code);
        self
    }

    /// The same error with one more field.
    pub fn with(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<Value>) -> Error {
        self.more.insert(name.into(), value.into());
        self
    }

    /// An error of that kind from another one, with all that it says about its causes.
    pub fn from_source(kind: impl Into<Cow<'static, str>>, source: &dyn std::error::Error) -> Error {
        let mut message = source.to_string();
        let mut next = source.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            // Many libraries repeat the cause in their own text.
            if !message.contains(&text) {
                message.push_str(": ");
                message.push_str(&text);
            }
            next = cause.source();
        }
        Error::new(kind, message)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)?;
        if let Some(code) = self.code {
            write!(f, " ({code})")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}
