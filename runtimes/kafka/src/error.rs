// SPDX-License-Identifier: GPL-2.0-or-later
//! What Kafka's errors are called in a script.
//!
//! | kind | what it means |
//! |---|---|
//! | `request`, `config` | the script asked for something that can't be |
//! | `full` | the producer holds as many records as it may |
//! | `unreachable` | no broker answers |
//! | `timeout` | a broker, or the cluster, took too long; `possibly_written` when the record may be there |
//! | `auth`, `tls` | the broker doesn't accept us, or we don't accept it |
//! | `topic` | there is no such topic |
//! | `broker` | the broker refused; `code` is Kafka's error code |
//! | `busy` | the consumer has a `recv` that waits |
//! | `closed` | the producer or consumer is closed |
//! | `protocol` | the other side doesn't speak Kafka, or not enough of it |

use frr_runtime::Error;
use krafka::KrafkaError;
use krafka::error::ErrorCode;

/// The error that a script gets.
pub fn explain(error: &KrafkaError) -> Error {
    let explained = Error::from_source(kind(error), error);
    match error {
        KrafkaError::Broker { code, .. } => explained.code(code.to_i16().into()),
        KrafkaError::DeliveryTimeout { possibly_written, .. } => explained.with("possibly_written", *possibly_written),
        _ => explained,
    }
}

fn kind(error: &KrafkaError) -> &'static str {
    match error {
        KrafkaError::Network(_) => "unreachable",
        KrafkaError::Timeout { .. } | KrafkaError::DeliveryTimeout { .. } => "timeout",
        KrafkaError::Auth { message, .. } if message.contains("TLS") || message.contains("certificate") => "tls",
        KrafkaError::Auth { .. } => "auth",
        KrafkaError::Config { .. } => "config",
        KrafkaError::UnknownTopic { .. } => "topic",
        KrafkaError::Broker { code: ErrorCode::UnknownTopicOrPartition, .. } => "topic",
        KrafkaError::Broker { .. } | KrafkaError::Fenced { .. } | KrafkaError::OutOfOrderSequence { .. } => "broker",
        KrafkaError::Closed { .. } => "closed",
        KrafkaError::NoOffset { .. } | KrafkaError::IllegalState { .. } | KrafkaError::Serialization { .. } => {
            "request"
        }
        _ => "protocol",
    }
}
