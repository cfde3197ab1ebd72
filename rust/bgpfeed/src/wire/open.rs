// SPDX-License-Identifier: GPL-2.0-or-later
//! OPEN (RFC 4271 section 4.2) with capabilities (RFC 5492): unicast families (RFC 4760 section 8),
//! 4-octet AS numbers (RFC 6793 section 3), graceful restart for End-of-RIB (RFC 4724 section 3).

use std::net::Ipv4Addr;

use super::{Family, Kind, Malformed, Reader, finish, start};

/// Stands for an AS number that 2 octets can't hold (RFC 6793 section 9).
pub const AS_TRANS: u16 = 23456;

const CAPABILITIES: u8 = 2;
const MULTIPROTOCOL: u8 = 1;
const GRACEFUL_RESTART: u8 = 64;
const FOUR_OCTET_AS: u8 = 65;

/// What one side says of itself when a session opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// AS number of the sender.
    pub asn: u32,
    /// Seconds, 0 (never) or 3 and more.
    pub hold_time: u16,
    /// BGP identifier of the sender.
    pub router_id: Ipv4Addr,
    /// Unicast families that it wants.
    pub families: Vec<Family>,
    /// AS numbers are 4 octets long. Always sent; a peer without it is refused by the session.
    pub four_octet_as: bool,
    /// Whether it understands End-of-RIB.
    pub graceful_restart: bool,
}

impl Open {
    /// Appends the message.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let at = start(out, Kind::Open);
        out.push(4);
        let short = u16::try_from(self.asn).unwrap_or(AS_TRANS);
        out.extend_from_slice(&short.to_be_bytes());
        out.extend_from_slice(&self.hold_time.to_be_bytes());
        out.extend_from_slice(&self.router_id.octets());

        let mut capabilities = Vec::new();
        for &family in &self.families {
            let [high, low] = (family as u16).to_be_bytes();
            capabilities.extend_from_slice(&[MULTIPROTOCOL, 4, high, low, 0, 1]);
        }
        if self.four_octet_as {
            capabilities.extend_from_slice(&[FOUR_OCTET_AS, 4]);
            capabilities.extend_from_slice(&self.asn.to_be_bytes());
        }
        if self.graceful_restart {
            // No restart time and no family: nothing is kept for us, but End-of-RIB is understood.
            capabilities.extend_from_slice(&[GRACEFUL_RESTART, 2, 0, 0]);
        }
        let len = capabilities.len() as u8;
        out.extend_from_slice(&[len + 2, CAPABILITIES, len]);
        out.append(&mut capabilities);
        finish(out, at);
    }

    /// Decodes the body of an OPEN. Capabilities that are not named here are skipped.
    ///
    /// # Errors
    /// Another version than 4, or octets that end too early.
    pub fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(body);
        if reader.u8("version")? != 4 {
            return Err(Malformed("version"));
        }
        let mut open = Self {
            asn: reader.u16("AS number")?.into(),
            hold_time: reader.u16("hold time")?,
            router_id: reader.array::<4>("BGP identifier")?.into(),
            families: Vec::new(),
            four_octet_as: false,
            graceful_restart: false,
        };
        let len = reader.u8("parameters")?;
        let mut parameters = reader.part(len.into(), "parameters")?;
        while !parameters.is_empty() {
            let kind = parameters.u8("parameter")?;
            let len = parameters.u8("parameter")?;
            let part = parameters.part(len.into(), "parameter")?;
            if kind == CAPABILITIES {
                open.capabilities(part)?;
            }
        }
        Ok(open)
    }

    fn capabilities(&mut self, mut reader: Reader<'_>) -> Result<(), Malformed> {
        while !reader.is_empty() {
            let code = reader.u8("capability")?;
            let len = reader.u8("capability")?;
            let mut value = reader.part(len.into(), "capability")?;
            match code {
                MULTIPROTOCOL => {
                    let afi = value.u16("AFI")?;
                    value.u8("capability")?;
                    self.families.extend(Family::of(afi, value.u8("SAFI")?));
                }
                FOUR_OCTET_AS => {
                    self.asn = value.u32("AS number")?;
                    self.four_octet_as = true;
                }
                GRACEFUL_RESTART => self.graceful_restart = true,
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{HEADER, Header};
    use super::*;

    fn open(asn: u32) -> Open {
        Open {
            asn,
            hold_time: 180,
            router_id: Ipv4Addr::new(192, 0, 2, 1),
            families: vec![Family::Ipv4, Family::Ipv6],
            four_octet_as: true,
            graceful_restart: true,
        }
    }

    #[test]
    fn opens_round_trip() {
        for asn in [64496, 4_200_000_000] {
            let mut out = Vec::new();
            open(asn).encode(&mut out);
            let header = Header::decode(out[..HEADER].try_into().expect("19 octets"));
            let header = header.expect("a header");
            assert_eq!((header.kind, header.body), (Kind::Open, out.len() - HEADER));
            assert_eq!(Open::decode(&out[HEADER..]), Ok(open(asn)));
        }
    }

    #[test]
    fn a_long_as_number_is_as_trans_in_two_octets() {
        let mut out = Vec::new();
        open(4_200_000_000).encode(&mut out);
        assert_eq!(out[HEADER + 1..HEADER + 3], AS_TRANS.to_be_bytes());
    }

    #[test]
    fn every_cut_is_refused() {
        let mut out = Vec::new();
        open(64496).encode(&mut out);
        for end in HEADER..out.len() {
            assert!(Open::decode(&out[HEADER..end]).is_err(), "{end} octets");
        }
    }
}
