// SPDX-License-Identifier: GPL-2.0-or-later
//! Path attributes (RFC 4271 section 5, RFC 1997, RFC 8092), without those that carry prefixes.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Malformed, Reader};

const OPTIONAL: u8 = 0x80;
const TRANSITIVE: u8 = 0x40;
const EXTENDED_LENGTH: u8 = 0x10;

const AS_SEQUENCE: u8 = 2;

const ORIGIN: u8 = 1;
const AS_PATH: u8 = 2;
const NEXT_HOP: u8 = 3;
const MED: u8 = 4;
const LOCAL_PREF: u8 = 5;
const ATOMIC_AGGREGATE: u8 = 6;
const AGGREGATOR: u8 = 7;
const COMMUNITIES: u8 = 8;
const LARGE_COMMUNITIES: u8 = 32;

/// Where the route came from (RFC 4271 section 5.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum Origin {
    /// An interior protocol.
    #[default]
    Igp = 0,
    /// The Exterior Gateway Protocol of old.
    Egp = 1,
    /// Anything else, such as redistribution.
    Incomplete = 2,
}

/// What the prefixes of one UPDATE have in common.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Attributes {
    /// ORIGIN.
    pub origin: Origin,
    /// AS_PATH as one AS_SEQUENCE, nearest AS first, at most 255 numbers of 4 octets.
    pub as_path: Vec<u32>,
    /// NEXT_HOP of the IPv4 prefixes.
    pub next_hop: Option<Ipv4Addr>,
    /// Global next hop of the IPv6 prefixes; goes into MP_REACH_NLRI.
    pub next_hop6: Option<Ipv6Addr>,
    /// MULTI_EXIT_DISC.
    pub med: Option<u32>,
    /// LOCAL_PREF; only between routers of one AS.
    pub local_pref: Option<u32>,
    /// ATOMIC_AGGREGATE.
    pub atomic_aggregate: bool,
    /// AGGREGATOR: AS number and router.
    pub aggregator: Option<(u32, Ipv4Addr)>,
    /// COMMUNITIES, AS number in the upper 16 bits.
    pub communities: Vec<u32>,
    /// LARGE_COMMUNITY.
    pub large_communities: Vec<[u32; 3]>,
}

/// Appends the flags, type, length and value of one attribute.
pub(super) fn put(out: &mut Vec<u8>, flags: u8, code: u8, value: &[u8]) {
    match u8::try_from(value.len()) {
        Ok(len) => out.extend_from_slice(&[flags, code, len]),
        Err(_) => {
            out.extend_from_slice(&[flags | EXTENDED_LENGTH, code]);
            out.extend_from_slice(&(value.len() as u16).to_be_bytes());
        }
    }
    out.extend_from_slice(value);
}

/// Takes the type and the value of one attribute.
pub(super) fn take<'a>(reader: &mut Reader<'a>) -> Result<(u8, Reader<'a>), Malformed> {
    let flags = reader.u8("attribute flags")?;
    let code = reader.u8("attribute type")?;
    let len = if flags & EXTENDED_LENGTH != 0 {
        reader.u16("attribute length")?.into()
    } else {
        reader.u8("attribute length")?.into()
    };
    Ok((code, reader.part(len, "attribute")?))
}

/// 32-bit numbers in network order.
fn octets(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

impl Attributes {
    /// Appends the attributes in the order of their types, as RFC 4271 section 5 recommends.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put(out, TRANSITIVE, ORIGIN, &[self.origin as u8]);
        let mut path = Vec::new();
        if !self.as_path.is_empty() {
            path.extend_from_slice(&[AS_SEQUENCE, self.as_path.len() as u8]);
            path.append(&mut octets(&self.as_path));
        }
        put(out, TRANSITIVE, AS_PATH, &path);
        if let Some(next_hop) = self.next_hop {
            put(out, TRANSITIVE, NEXT_HOP, &next_hop.octets());
        }
        if let Some(med) = self.med {
            put(out, OPTIONAL, MED, &med.to_be_bytes());
        }
        if let Some(local_pref) = self.local_pref {
            put(out, TRANSITIVE, LOCAL_PREF, &local_pref.to_be_bytes());
        }
        if self.atomic_aggregate {
            put(out, TRANSITIVE, ATOMIC_AGGREGATE, &[]);
        }
        if let Some((asn, router)) = self.aggregator {
            let value = octets(&[asn, router.into()]);
            put(out, OPTIONAL | TRANSITIVE, AGGREGATOR, &value);
        }
        if !self.communities.is_empty() {
            let value = octets(&self.communities);
            put(out, OPTIONAL | TRANSITIVE, COMMUNITIES, &value);
        }
        if !self.large_communities.is_empty() {
            let value = octets(self.large_communities.as_flattened());
            put(out, OPTIONAL | TRANSITIVE, LARGE_COMMUNITIES, &value);
        }
    }

    /// Stores one attribute; one of a type that is not known here is skipped.
    pub(super) fn store(&mut self, code: u8, mut value: Reader<'_>) -> Result<(), Malformed> {
        match code {
            ORIGIN => {
                self.origin = match value.u8("ORIGIN")? {
                    0 => Origin::Igp,
                    1 => Origin::Egp,
                    2 => Origin::Incomplete,
                    _ => return Err(Malformed("ORIGIN")),
                }
            }
            AS_PATH => {
                // Sets and sequences alike: only the numbers are of interest.
                while !value.is_empty() {
                    value.u8("AS_PATH")?;
                    for _ in 0..value.u8("AS_PATH")? {
                        self.as_path.push(value.u32("AS_PATH")?);
                    }
                }
            }
            NEXT_HOP => self.next_hop = Some(value.array::<4>("NEXT_HOP")?.into()),
            MED => self.med = Some(value.u32("MULTI_EXIT_DISC")?),
            LOCAL_PREF => self.local_pref = Some(value.u32("LOCAL_PREF")?),
            ATOMIC_AGGREGATE => self.atomic_aggregate = true,
            AGGREGATOR => {
                let asn = value.u32("AGGREGATOR")?;
                self.aggregator = Some((asn, value.u32("AGGREGATOR")?.into()));
            }
            COMMUNITIES => {
                while !value.is_empty() {
                    self.communities.push(value.u32("COMMUNITIES")?);
                }
            }
            LARGE_COMMUNITIES => {
                while !value.is_empty() {
                    let what = "LARGE_COMMUNITY";
                    let community = [value.u32(what)?, value.u32(what)?, value.u32(what)?];
                    self.large_communities.push(community);
                }
            }
            _ => {}
        }
        Ok(())
    }
}
