// SPDX-License-Identifier: GPL-2.0-or-later
//! nf_tables over netlink, as far as set elements need it.
//!
//! [`wire`] writes and reads messages, [`socket`] carries them, [`tables`]
//! has the requests: describe a set, list its elements, commit a transaction.

pub mod socket;
pub mod tables;
pub mod wire;
