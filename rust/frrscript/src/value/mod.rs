// SPDX-License-Identifier: GPL-2.0-or-later
//! The values that scripts and daemons exchange: addresses, prefixes, AS paths and the four
//! kinds of community. Pure Rust: no script engine, no FRR structure.
//!
//! Read in this order: [`text`] (what an error says), [`asn`], [`prefix`], [`as_path`], then
//! [`items`] (what all community lists share) and its four users.

pub mod address;
pub mod as_path;
pub mod asn;
pub mod community;
pub mod ext;
pub mod ipv6_ext;
pub mod items;
pub mod large;
pub mod prefix;
pub mod text;

pub use text::TextError;
