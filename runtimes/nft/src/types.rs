// SPDX-License-Identifier: GPL-2.0-or-later
//! Types of keys and values: their text, and their octets in the kernel.
//!
//! The kernel knows lengths only. What the octets mean is a number that nft
//! gave the set (nftables: include/datatype.h); the ones that routers use are
//! read and written as nft does, any other as a number.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::element::Scalar;
use crate::error::{Error, Kind};

const BITS: u32 = 6;

/// What a field is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// ipv4_addr.
    Ipv4,
    /// ipv6_addr.
    Ipv6,
    /// ether_addr.
    Ether,
    /// inet_proto.
    Protocol,
    /// ifname and other text, filled with zeros.
    Text,
    /// A number in network byte order, as inet_service.
    Big,
    /// A number in the byte order of this machine, as mark.
    Host,
}

/// A field of a key or of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// What it is.
    pub meaning: Meaning,
    /// Octets without padding.
    pub length: usize,
}

/// nft's note that a number of a plain type is in network byte order.
pub const NOTED_BIG: u32 = 2;
/// nft's note that it is in this machine's byte order.
pub const NOTED_HOST: u32 = 1;

/// IANA's numbers of the protocols that nft knows by name.
const PROTOCOLS: [(&str, u8); 10] = [
    ("icmp", 1),
    ("igmp", 2),
    ("tcp", 6),
    ("udp", 17),
    ("dccp", 33),
    ("gre", 47),
    ("esp", 50),
    ("ah", 51),
    ("ipv6-icmp", 58),
    ("sctp", 132),
];

/// Fields of a type. `order` is nft's note about the byte order of a number.
pub fn fields(kind: u32, length: u32, lengths: &[u32], order: Option<u32>) -> Result<Vec<Field>, Error> {
    let mut kinds = Vec::new();
    let mut rest = kind;
    while rest != 0 {
        kinds.push(rest & ((1 << BITS) - 1));
        rest >>= BITS;
    }
    kinds.reverse();
    if kinds.len() <= 1 {
        return Ok(vec![field(kinds.first().copied().unwrap_or_default(), Some(length), order)?]);
    }
    let length_of = |index: usize| lengths.get(index).copied();
    kinds.iter().enumerate().map(|(index, kind)| field(*kind, length_of(index), None)).collect()
}

fn field(kind: u32, length: Option<u32>, order: Option<u32>) -> Result<Field, Error> {
    let (meaning, usual) = match kind {
        7 => (Meaning::Ipv4, Some(4)),
        8 => (Meaning::Ipv6, Some(16)),
        9 => (Meaning::Ether, Some(6)),
        10 | 13 => (Meaning::Big, Some(2)),
        12 => (Meaning::Protocol, Some(1)),
        5 => (Meaning::Text, None),
        41 => (Meaning::Text, Some(16)),
        19 | 20 | 22..=25 | 35 => (Meaning::Host, Some(4)),
        2 | 14 | 27 | 29 | 32..=34 => (Meaning::Big, Some(1)),
        _ => (Meaning::Big, None),
    };
    let meaning = match (meaning, order) {
        (Meaning::Big | Meaning::Host, Some(NOTED_HOST)) => Meaning::Host,
        (Meaning::Big | Meaning::Host, Some(NOTED_BIG)) => Meaning::Big,
        (meaning, _) => meaning,
    };
    // A length that does not fit (padded to four octets, or of a typeof) is not ours to guess.
    match (length.map(|length| length as usize), usual) {
        (_, Some(usual)) => Ok(Field { meaning, length: usual }),
        (Some(length), None) if (1..=64).contains(&length) => Ok(Field { meaning, length }),
        _ => Err(Error::new(Kind::Unsupported, format!("its type has a field that is not supported (number {kind})"))),
    }
}

impl Field {
    /// Octets of a text or a number.
    pub fn parse(self, given: &Scalar) -> Result<Vec<u8>, Error> {
        let wrong = |what: &str| Error::new(Kind::Element, format!("{given} is not {what}"));
        let text = match given {
            Scalar::Text(text) => text.trim(),
            Scalar::Number(number) if self.is_number() || self.meaning == Meaning::Protocol => {
                let number = u128::try_from(*number).map_err(|_| wrong(&self.range()))?;
                return self.number(number).ok_or_else(|| wrong(&self.range()));
            }
            Scalar::Number(_) => return Err(wrong("text, which this type needs")),
        };
        match self.meaning {
            Meaning::Ipv4 => {
                text.parse::<Ipv4Addr>().map(|address| address.octets().to_vec()).map_err(|_| wrong("an IPv4 address"))
            }
            Meaning::Ipv6 => {
                text.parse::<Ipv6Addr>().map(|address| address.octets().to_vec()).map_err(|_| wrong("an IPv6 address"))
            }
            Meaning::Ether => ether(text).ok_or_else(|| wrong("a MAC address")),
            Meaning::Text => {
                let text = text.trim_matches('"');
                // The last octet is the zero at the end.
                if text.is_empty() || text.len() >= self.length || text.contains(['\0', '*']) {
                    return Err(wrong(&format!("a name of 1 to {} octets", self.length - 1)));
                }
                let mut octets = text.as_bytes().to_vec();
                octets.resize(self.length, 0);
                Ok(octets)
            }
            Meaning::Protocol => {
                let named =
                    PROTOCOLS.iter().find(|(name, _)| *name == text || (*name == "ipv6-icmp" && text == "icmpv6"));
                let number = named.map(|(_, number)| u128::from(*number)).or_else(|| number(text));
                number.and_then(|number| self.number(number)).ok_or_else(|| wrong("an IP protocol"))
            }
            Meaning::Big | Meaning::Host => {
                number(text).and_then(|number| self.number(number)).ok_or_else(|| wrong(&self.range()))
            }
        }
    }

    /// The text of octets, or their number.
    pub fn show(self, octets: &[u8]) -> Scalar {
        let octets = octets.get(..self.length).unwrap_or(octets);
        match self.meaning {
            Meaning::Ipv4 => {
                octets.try_into().map(|octets: [u8; 4]| Ipv4Addr::from(octets).to_string()).map(Scalar::Text)
            }
            Meaning::Ipv6 => {
                octets.try_into().map(|octets: [u8; 16]| Ipv6Addr::from(octets).to_string()).map(Scalar::Text)
            }
            Meaning::Ether => {
                Ok(Scalar::Text(octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(":")))
            }
            Meaning::Text => Ok(Scalar::Text(crate::netlink::wire::text(octets))),
            Meaning::Protocol => Ok(PROTOCOLS
                .iter()
                .find(|(_, number)| octets == [*number])
                .map_or_else(|| big(octets), |(name, _)| Scalar::Text((*name).into()))),
            Meaning::Big => Ok(big(octets)),
            Meaning::Host if cfg!(target_endian = "big") => Ok(big(octets)),
            Meaning::Host => Ok(big(&octets.iter().rev().copied().collect::<Vec<_>>())),
        }
        .unwrap_or_else(|_| Scalar::Text(hexadecimal(octets)))
    }

    /// Whether `parse` takes a number for it.
    pub fn is_number(self) -> bool {
        matches!(self.meaning, Meaning::Big | Meaning::Host)
    }

    /// Whether a prefix length makes sense.
    pub fn is_address(self) -> bool {
        matches!(self.meaning, Meaning::Ipv4 | Meaning::Ipv6)
    }

    fn range(self) -> String {
        match self.length {
            length if length < 8 => format!("a number from 0 to {}", (1u64 << (8 * length)) - 1),
            length => format!("a number of {length} octets"),
        }
    }

    fn number(self, number: u128) -> Option<Vec<u8>> {
        let octets = number.to_be_bytes();
        let mut result = vec![0; self.length.saturating_sub(octets.len())];
        let (rest, value) = octets.split_at(octets.len() - self.length.min(octets.len()));
        result.extend_from_slice(value);
        if self.meaning == Meaning::Host && cfg!(target_endian = "little") {
            result.reverse();
        }
        rest.iter().all(|octet| *octet == 0).then_some(result)
    }
}

fn ether(text: &str) -> Option<Vec<u8>> {
    let parts: Vec<_> = text.split([':', '-']).collect();
    let octet = |part: &&str| match part.len() {
        1 | 2 if part.bytes().all(|c| c.is_ascii_hexdigit()) => u8::from_str_radix(part, 16).ok(),
        _ => None,
    };
    let octets: Vec<_> = parts.iter().map_while(octet).collect();
    (parts.len() == 6 && octets.len() == 6).then_some(octets)
}

fn number(text: &str) -> Option<u128> {
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) if digits.bytes().all(|c| c.is_ascii_hexdigit()) => u128::from_str_radix(digits, 16).ok(),
        None if text.bytes().all(|c| c.is_ascii_digit()) => text.parse().ok(),
        _ => None,
    }
}

/// A number that a script's number can hold, or its hexadecimal text.
fn big(octets: &[u8]) -> Scalar {
    let start = octets.iter().position(|octet| *octet != 0).unwrap_or(octets.len());
    let value = octets[start..].iter().fold(0u64, |value, octet| value << 8 | u64::from(*octet));
    match octets.len() - start {
        0..=6 => Scalar::Number(value.try_into().unwrap_or_default()),
        _ => Scalar::Text(hexadecimal(octets)),
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    octets.iter().fold(String::from("0x"), |text, octet| text + &format!("{octet:02x}"))
}
