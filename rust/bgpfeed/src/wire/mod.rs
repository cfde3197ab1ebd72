// SPDX-License-Identifier: GPL-2.0-or-later
//! BGP's messages as octets, both ways.
//!
//! Encoders append to a `Vec<u8>`. Decoders take a [`Reader`] and return [`Malformed`] with what
//! was being read; they accept what this crate sends and what FRR sends, not every form of BGP.

mod attributes;
mod message;
mod nlri;
mod open;
mod reader;
mod update;

pub use attributes::{Attributes, Origin};
pub use message::{HEADER, Header, Kind, MAX_MESSAGE, finish, keepalive, notification, start};
pub use nlri::{Family, put_prefix, take_prefix};
pub use open::{AS_TRANS, Open};
pub use reader::{Malformed, Reader};
pub use update::{Update, end_of_rib};
