// SPDX-License-Identifier: GPL-2.0-or-later
//! Errors of etcd, as a script gets them.
//!
//! Kinds: `unavailable`, `timeout`, `auth`, `request`, `compacted`, `conflict`, `not_found`, `closed`, `limit`, `etcd`.

use std::error::Error as _;
use std::io;

use etcd_client::Error as Etcd;
use frr_runtime::Error;

/// Codes of gRPC that decide something.
const DEADLINE_EXCEEDED: i32 = 4;
const UNAVAILABLE: i32 = 14;

/// The error for the script.
pub fn describe(error: &Etcd) -> Error {
    match error {
        Etcd::GRpcStatus(status) => {
            let (code, message) = (status.code() as i32, status.message());
            let kind = match code {
                _ if message.contains("has been compacted") => "compacted",
                _ if message.contains("authentication") || message.contains("user name") => "auth",
                3 | 9 | 11 => "request",
                DEADLINE_EXCEEDED => "timeout",
                5 => "not_found",
                7 | 16 => "auth",
                8 => "limit",
                UNAVAILABLE => "unavailable",
                _ if status.source().is_some() => "unavailable",
                _ => "etcd",
            };
            let mut text = Error::from_source(kind, status).message;
            // The status writes its own code and details around what is of interest.
            if !message.is_empty() {
                text = message.to_string();
                if let Some(cause) = status.source() {
                    let causes = Error::from_source("", cause).message;
                    if !causes.is_empty() && !text.contains(&causes) {
                        text = format!("{text}: {causes}");
                    }
                }
            }
            Error::new(kind, text).code(code.into())
        }
        Etcd::InvalidArgs(_) | Etcd::InvalidUri(_) => Error::request(error),
        Etcd::IoError(_) | Etcd::TransportError(_) | Etcd::EndpointError(_) => Error::from_source("unavailable", error),
        _ => Error::from_source("etcd", error),
    }
}

/// Whether the request certainly never reached a member, so that it can be sent to another one.
pub fn never_sent(error: &Etcd) -> bool {
    let Etcd::GRpcStatus(status) = error else { return matches!(error, Etcd::TransportError(_)) };
    let mut next = status.source();
    while let Some(cause) = next {
        let refused = cause.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::ConnectionRefused);
        // The type of an error while connecting isn't public.
        if refused || cause.to_string().contains("connect error") {
            return true;
        }
        next = cause.source();
    }
    false
}

/// Whether another member may answer.
pub fn elsewhere(error: &Etcd) -> bool {
    let described = describe(error);
    described.kind == "unavailable" || described.kind == "timeout"
}
