// SPDX-License-Identifier: GPL-2.0-or-later
//! What gRPC's errors are in a script: `kind` is the status in small letters (`not_found`, `unavailable`,
//! `deadline_exceeded`, ...), `code` its number, `message` what the server said, `metadata` its trailers. Kinds of our
//! own: `request` (a message that doesn't fit its type), `schema` (no such service or method), `config`, `closed`.

use frr_runtime::{Error, Value};
use tonic::metadata::{KeyAndValueRef, MetadataMap};
use tonic::{Code, Status};

/// The error that a script gets.
pub fn explain(status: &Status) -> Error {
    // A connection that is refused or that breaks off is no status of the server's.
    let broken = std::error::Error::source(status).is_some_and(|source| source.is::<tonic::transport::Error>());
    let code = if broken && matches!(status.code(), Code::Unknown | Code::Cancelled) {
        Code::Unavailable
    } else {
        status.code()
    };
    let kind = match code {
        Code::Ok => "ok",
        Code::Cancelled => "cancelled",
        Code::Unknown => "unknown",
        Code::InvalidArgument => "invalid_argument",
        Code::DeadlineExceeded => "deadline_exceeded",
        Code::NotFound => "not_found",
        Code::AlreadyExists => "already_exists",
        Code::PermissionDenied => "permission_denied",
        Code::ResourceExhausted => "resource_exhausted",
        Code::FailedPrecondition => "failed_precondition",
        Code::Aborted => "aborted",
        Code::OutOfRange => "out_of_range",
        Code::Unimplemented => "unimplemented",
        Code::Internal => "internal",
        Code::Unavailable => "unavailable",
        Code::DataLoss => "data_loss",
        Code::Unauthenticated => "unauthenticated",
    };
    // The library's own failures have their reason in the source only.
    let message = match std::error::Error::source(status) {
        Some(source) => Error::from_source("", source).message,
        None => String::new(),
    };
    let message = match (status.message(), message.as_str()) {
        ("", "") => kind.to_string(),
        (said, "") => said.to_string(),
        (said, why) if said.is_empty() || why.contains(said) => why.to_string(),
        (said, why) => format!("{said}: {why}"),
    };
    let error = Error::new(kind, message).code(i32::from(code).into());
    match metadata(status.metadata()) {
        Value::Map(fields) if fields.is_empty() => error,
        fields => error.with("metadata", fields),
    }
}

/// Metadata as a table. Of several values with one name, the last.
pub fn metadata(map: &MetadataMap) -> Value {
    let mut fields: Vec<(Value, Value)> = Vec::new();
    for entry in map.iter() {
        let (name, value) = match entry {
            KeyAndValueRef::Ascii(name, value) => (name.as_str(), value.as_bytes().to_vec()),
            KeyAndValueRef::Binary(name, value) => (name.as_str(), value.to_bytes().unwrap_or_default().to_vec()),
        };
        let value = String::from_utf8(value).map_or_else(|e| Value::Bytes(e.into_bytes()), Value::Text);
        fields.retain(|(known, _)| known.as_text() != Some(name));
        fields.push((name.into(), value));
    }
    Value::Map(fields)
}
