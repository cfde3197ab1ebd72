// SPDX-License-Identifier: GPL-2.0-or-later
//! A runtime for LDAP directories (RFC 4511): search, compare, add, modify,
//! delete, rename, and binds that check a password. The Lua module is
//! runtimes/lua/ldap.luau.
//!
//! Reading order: [`config`] (servers, TLS, who we are), [`pool`] (connections),
//! [`request`] (what a script asks), [`service`] (how it is done), [`entry`]
//! (what a search gives), [`fault`] (errors).
//!
//! A connection serves one call at a time. A call that ends early, because of a
//! timeout or since nobody waits any more, takes its connection with it, which tells
//! the server to stop as well.

pub mod config;
pub mod entry;
pub mod fault;
pub mod pool;
pub mod request;
pub mod service;

frr_runtime::runtime!(service::Directory);
