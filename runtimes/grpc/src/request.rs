// SPDX-License-Identifier: GPL-2.0-or-later
//! What a script asks, and what it gets.

use frr_runtime::{Map, Octets, Value};
use serde::{Deserialize, Serialize};

/// A request. `op` says which. Times are in seconds.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Request {
    /// One message there, one back. Answers `Reply`.
    Unary {
        /// `/package.Service/Method`
        method: String,
        /// The message, as a table.
        #[serde(default = "nothing")]
        message: Value,
        /// Headers. Names that end in -bin take any octets.
        #[serde(default)]
        metadata: Map<Octets>,
        /// Instead of the configuration's.
        timeout: Option<f64>,
    },
    /// Begins a stream, in one direction or both. Answers `Opened`.
    Open {
        /// `/package.Service/Method`
        method: String,
        /// Headers.
        #[serde(default)]
        metadata: Map<Octets>,
        /// For all of the stream; none when not said.
        timeout: Option<f64>,
    },
    /// Sends messages. Waits while the server takes none.
    Send {
        /// From `Opened`.
        stream: u64,
        /// As tables.
        messages: Vec<Value>,
    },
    /// Waits for messages. Answers `Messages`.
    Recv {
        /// From `Opened`.
        stream: u64,
        /// The number of the last `Messages` that arrived; 0 at first.
        after: u64,
        /// At most so many at once; one when not said.
        #[serde(default = "one")]
        max: usize,
    },
    /// Says that there is nothing more to send.
    CloseSend {
        /// From `Opened`.
        stream: u64,
    },
    /// Ends the stream.
    Close {
        /// From `Opened`.
        stream: u64,
    },
    /// Adds types: the content of a descriptor set.
    Describe {
        /// What `protoc --include_imports -o FILE` writes.
        descriptors: Octets,
    },
}

/// An answer.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of a unary call.
    Reply {
        /// As a table.
        message: Value,
        /// The server's headers and trailers.
        metadata: Value,
    },
    /// A stream.
    Opened {
        /// Its number.
        stream: u64,
    },
    /// What a stream got.
    Messages {
        /// Counts the answers of this stream, from 1.
        number: u64,
        /// As tables.
        messages: Vec<Value>,
        /// Nothing comes after these.
        done: bool,
    },
    /// Nothing to say.
    Done,
}

fn nothing() -> Value {
    Value::Null
}

fn one() -> usize {
    1
}
