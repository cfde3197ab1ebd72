// SPDX-License-Identifier: GPL-2.0-or-later
//! A BGP speaker for tests and benchmarks.
//!
//! It opens a session, announces a table that looks like today's default-free zone, ends it with
//! End-of-RIB, and counts what the other side announces. It takes no routing decision.
//!
//! Reading order: [`wire`] (the octets of RFC 4271 and its extensions), [`table`] (which routes,
//! deterministic from a seed), [`feed`] (the table as octets, made before the clock starts),
//! [`session`] (a TCP connection that speaks BGP), [`received`] (what the peer announced).
//!
//! Threads: a session has one that reads and one that sends keepalives; [`session::Session::send`]
//! writes on the caller's. Whole messages are written under one lock, so they never interleave.

pub mod feed;
pub mod received;
pub mod rng;
pub mod session;
pub mod table;
pub mod wire;
