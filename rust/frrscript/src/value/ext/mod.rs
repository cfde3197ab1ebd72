// SPDX-License-Identifier: GPL-2.0-or-later
//! Extended communities (RFC 4360): 8 octets, a type, a sub-type and 6 octets of value.
//!
//! [`ExtCommunity`] has a maker and a reader per known kind, and [`ExtCommunity::generic`] for the rest. Text is
//! that of `show bgp` ([`format()`]); it does not hold all octets of every kind, so a list that is to be kept whole is
//! changed item by item, not through its text.

mod format;
mod kinds;
mod parse;

pub use kinds::{Administrator, Color, GroupPolicyId, LinkBandwidth, Target};

pub(super) use format::write;

use super::TextError;
use super::items::{self, Item, ItemList};

/// High octet of the type (RFC 7153 section 5).
pub(super) mod high {
    pub const AS2: u8 = 0x00;
    pub const IPV4: u8 = 0x01;
    pub const AS4: u8 = 0x02;
    pub const OPAQUE: u8 = 0x03;
    pub const EVPN: u8 = 0x06;
    /// Set in the types that stop at the border of the AS (RFC 4360 section 2).
    pub const NON_TRANSITIVE: u8 = 0x40;
}

/// Low octet of the type, whose meaning depends on the high one.
pub(super) mod low {
    pub const ROUTE_TARGET: u8 = 0x02;
    pub const SITE_OF_ORIGIN: u8 = 0x03;
    pub const LINK_BANDWIDTH: u8 = 0x04;
    pub const LINK_BANDWIDTH_64: u8 = 0x06;
    pub const NODE_TARGET: u8 = 0x09;
    pub const COLOR: u8 = 0x0b;
    pub const ENCAPSULATION: u8 = 0x0c;
    pub const DEFAULT_GATEWAY: u8 = 0x0d;
    pub const GROUP_POLICY_ID: u8 = 0x17;
}

/// One extended community, in network order as FRR holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtCommunity([u8; 8]);

/// The extended communities of a route.
pub type ExtCommunityList = ItemList<ExtCommunity>;

impl ExtCommunity {
    /// Any 8 octets.
    pub const fn generic(octets: [u8; 8]) -> Self {
        ExtCommunity(octets)
    }

    /// The 8 octets.
    pub const fn raw(&self) -> [u8; 8] {
        self.0
    }

    /// The high octet of the type.
    pub const fn type_high(&self) -> u8 {
        self.0[0]
    }

    /// The low octet of the type (sub-type).
    pub const fn type_low(&self) -> u8 {
        self.0[1]
    }

    /// All 8 octets as one number. A script's number holds 53 bits: give it the two halves or the raw string.
    pub const fn as_u64(&self) -> u64 {
        u64::from_be_bytes(self.0)
    }

    /// Does it pass the border of the AS (RFC 4360 section 2)?
    pub const fn is_transitive(&self) -> bool {
        self.0[0] & high::NON_TRANSITIVE == 0
    }
}

impl From<[u8; 8]> for ExtCommunity {
    fn from(octets: [u8; 8]) -> Self {
        ExtCommunity(octets)
    }
}

impl Item for ExtCommunity {
    const SIZE: usize = 8;
    const NOUN: &'static str = "extended communities";

    fn from_octets(octets: &[u8]) -> Option<Self> {
        octets.first_chunk().copied().map(ExtCommunity)
    }

    fn octets(&self) -> &[u8] {
        &self.0
    }

    fn read(text: &str) -> Result<(Self, &str), TextError> {
        parse::read(text)
    }

    fn write(&self, out: &mut String) {
        format::write(&self.0, out);
    }
}

/// Reads one, such as `RT:65001:100`, `rt 65001:100` or `0x0002fde900000064`.
///
/// # Errors
/// Text of a kind that cannot be read; numbers that do not fit.
pub fn parse_one(text: &str) -> Result<ExtCommunity, TextError> {
    items::parse(text)
}

/// Reads a list; see [`ItemList::parse`].
///
/// # Errors
/// As [`parse_one`], for the first that is wrong; too many.
pub fn parse_list(text: &str) -> Result<ExtCommunityList, TextError> {
    ExtCommunityList::parse(text)
}

/// Appends FRR's text of the list in `octets`.
pub fn format(octets: &[u8], out: &mut String) {
    items::format::<ExtCommunity>(octets, out);
}

/// Is the extended community in FRR's `octets`?
pub fn has(octets: &[u8], community: &ExtCommunity) -> bool {
    items::has(octets, community)
}
