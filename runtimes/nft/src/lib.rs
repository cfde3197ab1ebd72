// SPDX-License-Identifier: GPL-2.0-or-later
//! A runtime for nftables: elements of sets and maps, in transactions. The Lua
//! module is runtimes/lua/nft.luau.
//!
//! It speaks netlink to the kernel itself. libnftables takes a whole ruleset
//! language for that, reads every set of the ruleset before it changes one, and
//! ends the process when memory or its socket fails; in a router's daemon it may
//! not. Of nf_tables' messages a set's elements need five, which have not
//! changed since Linux 4.10.
//!
//! Permission: the thread that talks to the kernel needs `CAP_NET_ADMIN`. zebra and
//! bgpd have it, permitted though not in effect, also when they run as user frr
//! (`_caps_p` in their main files), and this thread puts it into effect for itself
//! alone. In a process of its own (`opts.process`) a runtime has none unless the
//! operator gives the daemon ambient capabilities.
//!
//! Reading order: [`service`] (requests), [`ruleset`] (transactions), [`plan`]
//! (what has to change), [`element`] and [`types`] (text to octets), [`netlink`].

pub mod element;
pub mod error;
pub mod netlink;
pub mod plan;
pub mod ruleset;
pub mod service;
pub mod types;

frr_runtime::runtime!(service::Nft);
