// SPDX-License-Identifier: GPL-2.0-or-later
//! Kafka for a router's script: write records, and read them as a member of a consumer group. `kafka.luau` is its
//! face; the requests are in [`request`].
//!
//! One loaded runtime is one cluster (the configuration is [`config::Config`]), with any number of producers and
//! consumers on one pool of connections. Nothing connects before it is needed, and what fails to connect tries again
//! with growing pauses.
//!
//! Bounds: a producer holds at most as many records and bytes as it was made for and refuses the rest at once, so a
//! broker that is gone costs a router a known amount of memory. A consumer holds one fetch of records.
//!
//! Reading order: [`config`], [`request`], [`cluster`], [`producer`], [`consumer`], [`error`].

pub mod cluster;
pub mod config;
pub mod consumer;
pub mod error;
pub mod producer;
pub mod request;
mod service;

pub use service::Kafka;

frr_runtime::runtime!(Kafka);
