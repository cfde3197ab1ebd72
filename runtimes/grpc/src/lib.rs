// SPDX-License-Identifier: GPL-2.0-or-later
//! gRPC for a router's script: unary calls and streams in both directions, with messages as tables. What a message looks
//! like comes from the server (reflection) or from a descriptor set, so no code is generated. `grpc.luau` is its face.
//!
//! Reading order: [`config`] (where the server is), [`request`] (what a script asks), [`schema`] (what messages look
//! like), [`convert`] (tables and messages), [`codec`] (messages and bytes), [`call`] (unary calls), [`stream`],
//! [`mod@error`].

pub mod call;
pub mod codec;
pub mod config;
pub mod convert;
pub mod error;
pub mod request;
pub mod schema;
mod service;
pub mod stream;

pub use service::Grpc;

frr_runtime::runtime!(Grpc);
