// SPDX-License-Identifier: GPL-2.0-or-later
//! IPv6 extended communities (RFC 5701): 20 octets, a type, a sub-type, an IPv6 address and 2 octets.
//!
//! Text is FRR's for `show bgp`, by the same function as for 8 octets (bgpd/bgp_ecommunity.c).

use super::TextError;
use super::ext::{self, high, low};
use super::items::{self, Item, ItemList};
use std::net::Ipv6Addr;

/// One IPv6 extended community, in network order as FRR holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ipv6ExtCommunity([u8; 20]);

/// The IPv6 extended communities of a route.
pub type Ipv6ExtCommunityList = ItemList<Ipv6ExtCommunity>;

impl Ipv6ExtCommunity {
    /// Any 20 octets.
    pub const fn generic(octets: [u8; 20]) -> Self {
        Ipv6ExtCommunity(octets)
    }

    /// The 20 octets.
    pub const fn raw(&self) -> [u8; 20] {
        self.0
    }

    /// `RT:ADDRESS:VALUE` (RFC 5701 section 3).
    pub fn route_target(address: Ipv6Addr, value: u16) -> Self {
        Self::specific(low::ROUTE_TARGET, address, value)
    }

    /// `SoO:ADDRESS:VALUE`, route origin (RFC 5701 section 3).
    pub fn site_of_origin(address: Ipv6Addr, value: u16) -> Self {
        Self::specific(low::SITE_OF_ORIGIN, address, value)
    }

    fn specific(sub: u8, address: Ipv6Addr, value: u16) -> Self {
        let mut octets = [0; 20];
        octets[..2].copy_from_slice(&[high::AS2, sub]);
        octets[2..18].copy_from_slice(&address.octets());
        octets[18..].copy_from_slice(&value.to_be_bytes());
        Ipv6ExtCommunity(octets)
    }

    /// If it is a route target: address and value.
    pub fn as_route_target(&self) -> Option<(Ipv6Addr, u16)> {
        self.as_specific(low::ROUTE_TARGET)
    }

    /// If it is a site of origin: address and value.
    pub fn as_site_of_origin(&self) -> Option<(Ipv6Addr, u16)> {
        self.as_specific(low::SITE_OF_ORIGIN)
    }

    fn as_specific(&self, sub: u8) -> Option<(Ipv6Addr, u16)> {
        let [kind, low, address @ .., y, z] = self.0;
        let address: [u8; 16] = address;
        (kind == high::AS2 && low == sub).then(|| (address.into(), u16::from_be_bytes([y, z])))
    }

    /// The high octet of the type.
    pub const fn type_high(&self) -> u8 {
        self.0[0]
    }

    /// The low octet of the type (sub-type).
    pub const fn type_low(&self) -> u8 {
        self.0[1]
    }
}

impl From<[u8; 20]> for Ipv6ExtCommunity {
    fn from(octets: [u8; 20]) -> Self {
        Ipv6ExtCommunity(octets)
    }
}

impl Item for Ipv6ExtCommunity {
    const SIZE: usize = 20;
    const NOUN: &'static str = "IPv6 extended communities";

    fn from_octets(octets: &[u8]) -> Option<Self> {
        octets.first_chunk().copied().map(Ipv6ExtCommunity)
    }

    fn octets(&self) -> &[u8] {
        &self.0
    }

    fn read(text: &str) -> Result<(Self, &str), TextError> {
        let (first, after) = items::word(text);
        let known = ["rt", "soo"].iter().any(|word| first.eq_ignore_ascii_case(word));
        let (name, value, after) = match first.split_once(':') {
            None if known => {
                let (value, rest) = items::word(after.trim_ascii_start());
                (first, value, rest)
            }
            Some((name, value)) => (name, value, after),
            None => (first, first, after),
        };
        let made = if name.eq_ignore_ascii_case("rt") {
            target(value).map(|(address, value)| Self::route_target(address, value))
        } else if name.eq_ignore_ascii_case("soo") {
            target(value).map(|(address, value)| Self::site_of_origin(address, value))
        } else {
            hex(first)
        };
        match made {
            Some(made) => Ok((made, after)),
            None => Err(TextError::not_a(
                first,
                "an IPv6 extended community",
                "write RT:2001:db8::1:100, SoO:2001:db8::1:100, or 0x and 40 hex digits",
            )),
        }
    }

    fn write(&self, out: &mut String) {
        ext::write(&self.0, out);
    }
}

/// `2001:db8::1:100`: the number is behind the last colon.
fn target(text: &str) -> Option<(Ipv6Addr, u16)> {
    let (address, value) = text.rsplit_once(':')?;
    let value = items::decimal(value)?;
    Some((address.parse().ok()?, u16::try_from(value).ok()?))
}

fn hex(word: &str) -> Option<Ipv6ExtCommunity> {
    let digits = word.strip_prefix("0x")?;
    if digits.len() != 40 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut octets = [0; 20];
    for (index, octet) in octets.iter_mut().enumerate() {
        *octet = u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(Ipv6ExtCommunity(octets))
}

/// Reads a list; see [`ItemList::parse`].
///
/// # Errors
/// The first word that is none; too many.
pub fn parse_list(text: &str) -> Result<Ipv6ExtCommunityList, TextError> {
    Ipv6ExtCommunityList::parse(text)
}

/// Appends FRR's text of the list in `octets`.
pub fn format(octets: &[u8], out: &mut String) {
    items::format::<Ipv6ExtCommunity>(octets, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    #[test]
    fn text_is_frrs() {
        let text = "RT:2001:db8::1:100 SoO:2001:db8::2:1";
        assert_eq!(parse_list(text).unwrap().to_string(), text);
        assert_eq!(parse_list("rt 2001:db8::1:100").unwrap().to_string(), "RT:2001:db8::1:100");
        let mut wide = [0; 20];
        wide[..2].copy_from_slice(&[2, 6]);
        wide[11] = 200;
        wide[15] = 7;
        assert_eq!(Ipv6ExtCommunityList::from_octets(&wide).to_string(), "LB:7:200 (1.000 Kbps)");
    }

    #[test]
    fn messages() {
        let error = |text: &str| parse_list(text).unwrap_err().0;
        assert_snapshot!(error("RT:192.0.2.1:5"), @r#""RT:192.0.2.1:5" is not an IPv6 extended community: write RT:2001:db8::1:100, SoO:2001:db8::1:100, or 0x and 40 hex digits"#);
        assert!(parse_list("rt").is_err() && parse_list("x").is_err());
        let many: String = (0..201).map(|n| format!("RT::::{n} ")).collect();
        assert_snapshot!(error(&many), @"too many: a route carries at most 200 IPv6 extended communities");
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*", near in "(rt|RT:|soo|0x|[0-9a-f:. ]){0,8}", octets: [u8; 20]) {
            let _ = (parse_list(&text), parse_list(&near));
            Ipv6ExtCommunity::generic(octets).write(&mut String::new());
        }

        #[test]
        fn readers_read_what_makers_made(address: u128, value: u16, octets: [u8; 20]) {
            let made = Ipv6ExtCommunity::route_target(address.into(), value);
            prop_assert_eq!(made.as_route_target(), Some((address.into(), value)));
            prop_assert_eq!(made.as_site_of_origin(), None);
            let hex: String = octets.iter().fold("0x".into(), |text, octet| format!("{text}{octet:02x}"));
            prop_assert_eq!(items::parse(&hex), Ok(Ipv6ExtCommunity::generic(octets)));
        }

        #[test]
        fn reads_what_it_writes(targets: Vec<(u128, u16, bool)>) {
            let list = Ipv6ExtCommunityList::from(targets.into_iter().map(|(address, value, target)| if target {
                Ipv6ExtCommunity::route_target(address.into(), value)
            } else {
                Ipv6ExtCommunity::site_of_origin(address.into(), value)
            }).collect::<Vec<_>>());
            prop_assert_eq!(parse_list(&list.to_string()), Ok(list));
        }
    }
}
