// SPDX-License-Identifier: GPL-2.0-or-later
//! UPDATE (RFC 4271 section 4.3), with IPv6 in MP_REACH_NLRI and MP_UNREACH_NLRI (RFC 4760
//! sections 3 and 4), and End-of-RIB (RFC 4724 section 2).

use std::net::Ipv6Addr;

use ipnet::IpNet;

use super::attributes::{put, take};
use super::{Attributes, Family, Kind, MAX_MESSAGE, Malformed, Reader};
use super::{finish, put_prefix, start, take_prefix};

const OPTIONAL: u8 = 0x80;
const MP_REACH_NLRI: u8 = 14;
const MP_UNREACH_NLRI: u8 = 15;

/// A decoded UPDATE.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Update {
    /// Prefixes that are reachable no more.
    pub withdrawn: Vec<IpNet>,
    /// Attributes of the announced prefixes.
    pub attributes: Attributes,
    /// Prefixes that are reachable with these attributes.
    pub announced: Vec<IpNet>,
    /// The message was End-of-RIB of this family.
    pub end_of_rib: Option<Family>,
}

impl Update {
    /// Appends as many UPDATEs as `prefixes` need; all are of `family`, and the next hop of that
    /// family must be set in `attributes`. Returns how many messages these were.
    ///
    /// # Panics
    /// The attributes alone leave no room for a prefix, or the IPv6 next hop is missing.
    pub fn encode(out: &mut Vec<u8>, attributes: &Attributes, family: Family, prefixes: &[IpNet]) -> usize {
        let mut common = Vec::new();
        attributes.encode(&mut common);
        // Header, two lengths, and for IPv6 an attribute with a next hop around the prefixes.
        let room = MAX_MESSAGE - super::HEADER - 4 - common.len() - 32;
        let mut messages = 0;
        let mut rest = prefixes;
        while !rest.is_empty() {
            let mut nlri = Vec::new();
            let mut taken = 0;
            while let Some(&prefix) = rest.get(taken) {
                if nlri.len() + 17 > room {
                    break;
                }
                put_prefix(&mut nlri, prefix);
                taken += 1;
            }
            assert!(taken > 0, "the attributes leave no room for a prefix");
            rest = &rest[taken..];
            messages += 1;

            let at = start(out, Kind::Update);
            match family {
                Family::Ipv4 => {
                    out.extend_from_slice(&[0, 0]);
                    out.extend_from_slice(&(common.len() as u16).to_be_bytes());
                    out.extend_from_slice(&common);
                    out.append(&mut nlri);
                }
                Family::Ipv6 => {
                    let next_hop = attributes.next_hop6.expect("an IPv6 next hop");
                    let mut reach = vec![0, 2, 1, 16];
                    reach.extend_from_slice(&next_hop.octets());
                    reach.push(0);
                    reach.append(&mut nlri);
                    let mut all = Vec::new();
                    put(&mut all, OPTIONAL, MP_REACH_NLRI, &reach);
                    all.extend_from_slice(&common);
                    out.extend_from_slice(&[0, 0]);
                    out.extend_from_slice(&(all.len() as u16).to_be_bytes());
                    out.append(&mut all);
                }
            }
            finish(out, at);
        }
        messages
    }

    /// Appends UPDATEs that withdraw IPv4 prefixes. Returns how many messages these were.
    pub fn encode_withdrawn(out: &mut Vec<u8>, prefixes: &[IpNet]) -> usize {
        // A prefix takes 5 octets at most; header and two lengths take the rest.
        let parts = prefixes.chunks((MAX_MESSAGE - super::HEADER - 4) / 5);
        let messages = parts.len();
        for part in parts {
            let mut withdrawn = Vec::new();
            for &prefix in part {
                put_prefix(&mut withdrawn, prefix);
            }
            let at = start(out, Kind::Update);
            out.extend_from_slice(&(withdrawn.len() as u16).to_be_bytes());
            out.append(&mut withdrawn);
            out.extend_from_slice(&[0, 0]);
            finish(out, at);
        }
        messages
    }

    /// Decodes the body of an UPDATE of a session with 4-octet AS numbers. Families other than
    /// the two are skipped.
    ///
    /// # Errors
    /// Octets that end too early, or an impossible prefix length.
    pub fn decode(body: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(body);
        let mut update = Self::default();
        let len = reader.u16("withdrawn routes")?;
        let mut withdrawn = reader.part(len.into(), "withdrawn routes")?;
        while !withdrawn.is_empty() {
            let prefix = take_prefix(&mut withdrawn, Family::Ipv4)?;
            update.withdrawn.push(prefix);
        }
        let len = reader.u16("path attributes")?;
        if len == 0 && update.withdrawn.is_empty() && reader.is_empty() {
            update.end_of_rib = Some(Family::Ipv4);
        }
        let mut attributes = reader.part(len.into(), "path attributes")?;
        while !attributes.is_empty() {
            let (code, value) = take(&mut attributes)?;
            match code {
                MP_REACH_NLRI => update.reach(value)?,
                MP_UNREACH_NLRI => update.unreach(value)?,
                _ => update.attributes.store(code, value)?,
            }
        }
        while !reader.is_empty() {
            let prefix = take_prefix(&mut reader, Family::Ipv4)?;
            update.announced.push(prefix);
        }
        Ok(update)
    }

    fn reach(&mut self, mut value: Reader<'_>) -> Result<(), Malformed> {
        let afi = value.u16("AFI")?;
        let family = Family::of(afi, value.u8("SAFI")?);
        let len = value.u8("next hop length")?;
        let mut next_hop = value.part(len.into(), "next hop")?;
        value.u8("reserved octet")?;
        let Some(family) = family else { return Ok(()) };
        if family == Family::Ipv6 {
            // A link-local address may follow the global one (RFC 2545 section 3).
            let address = next_hop.array::<16>("next hop")?;
            self.attributes.next_hop6 = Some(Ipv6Addr::from(address));
        }
        while !value.is_empty() {
            self.announced.push(take_prefix(&mut value, family)?);
        }
        Ok(())
    }

    fn unreach(&mut self, mut value: Reader<'_>) -> Result<(), Malformed> {
        let afi = value.u16("AFI")?;
        let Some(family) = Family::of(afi, value.u8("SAFI")?) else {
            return Ok(());
        };
        if value.is_empty() {
            self.end_of_rib = Some(family);
        }
        while !value.is_empty() {
            self.withdrawn.push(take_prefix(&mut value, family)?);
        }
        Ok(())
    }
}

/// Appends End-of-RIB of `family`.
pub fn end_of_rib(out: &mut Vec<u8>, family: Family) {
    let at = start(out, Kind::Update);
    match family {
        Family::Ipv4 => out.extend_from_slice(&[0, 0, 0, 0]),
        Family::Ipv6 => {
            out.extend_from_slice(&[0, 0, 0, 6]);
            put(out, OPTIONAL, MP_UNREACH_NLRI, &[0, 2, 1]);
        }
    }
    finish(out, at);
}

#[cfg(test)]
mod tests {
    use super::super::{HEADER, Header, Origin};
    use super::*;

    /// Decodes all messages of `octets`, which must be UPDATEs.
    fn decode(mut octets: &[u8]) -> Vec<Update> {
        let mut updates = Vec::new();
        while let Some((header, rest)) = octets.split_first_chunk::<HEADER>() {
            let header = Header::decode(header).expect("a header");
            assert_eq!(header.kind, Kind::Update);
            updates.push(Update::decode(&rest[..header.body]).expect("an UPDATE"));
            octets = &rest[header.body..];
        }
        assert!(octets.is_empty());
        updates
    }

    fn attributes() -> Attributes {
        Attributes {
            origin: Origin::Incomplete,
            as_path: vec![64496, 4_200_000_000, 64511],
            next_hop: Some([192, 0, 2, 1].into()),
            med: Some(50),
            local_pref: Some(200),
            atomic_aggregate: true,
            aggregator: Some((4_200_000_000, [192, 0, 2, 9].into())),
            communities: (0..80).map(|n| 64496 << 16 | n).collect(),
            large_communities: vec![[64496, 1, 2], [u32::MAX; 3]],
            ..Attributes::default()
        }
    }

    #[test]
    fn an_ipv4_update_round_trips() {
        let prefixes = ["192.0.2.0/24", "198.51.100.0/25", "0.0.0.0/0"];
        let prefixes = prefixes.map(|text| text.parse().expect("a prefix"));
        let mut out = Vec::new();
        let messages = Update::encode(&mut out, &attributes(), Family::Ipv4, &prefixes);
        assert_eq!(messages, 1);
        let expected = Update { attributes: attributes(), announced: prefixes.to_vec(), ..Update::default() };
        assert_eq!(decode(&out), [expected]);
    }

    #[test]
    fn an_ipv6_update_round_trips() {
        let attributes =
            Attributes { next_hop: None, next_hop6: Some("2001:db8::1".parse().expect("an address")), ..attributes() };
        let prefixes = ["2001:db8:1::/48", "2001:db8:8000::/33"];
        let prefixes = prefixes.map(|text| text.parse().expect("a prefix"));
        let mut out = Vec::new();
        Update::encode(&mut out, &attributes, Family::Ipv6, &prefixes);
        let expected = Update { attributes, announced: prefixes.to_vec(), ..Update::default() };
        assert_eq!(decode(&out), [expected]);
    }

    #[test]
    fn many_prefixes_are_split_at_the_longest_message() {
        let prefixes: Vec<IpNet> = (0..3000u32)
            .map(|n| format!("10.{}.{}.0/24", n >> 8, n & 255))
            .map(|text| text.parse().expect("a prefix"))
            .collect();
        let mut out = Vec::new();
        let messages = Update::encode(&mut out, &attributes(), Family::Ipv4, &prefixes);
        let updates = decode(&out);
        assert_eq!(updates.len(), messages);
        assert!(messages > 1);
        let again: Vec<IpNet> = updates.iter().flat_map(|u| u.announced.clone()).collect();
        assert_eq!(again, prefixes);
    }

    #[test]
    fn end_of_rib_is_recognised() {
        for family in [Family::Ipv4, Family::Ipv6] {
            let mut out = Vec::new();
            end_of_rib(&mut out, family);
            let expected = Update { end_of_rib: Some(family), ..Update::default() };
            assert_eq!(decode(&out), [expected]);
        }
    }

    #[test]
    fn withdrawals_are_written() {
        let prefixes: Vec<IpNet> =
            (0..2000_u32).map(|n| IpNet::new(std::net::Ipv4Addr::from(n << 8).into(), 24).expect("a prefix")).collect();
        let mut out = Vec::new();
        let messages = Update::encode_withdrawn(&mut out, &prefixes);
        let updates = decode(&out);
        assert_eq!(updates.len(), messages);
        let withdrawn: Vec<IpNet> = updates.into_iter().flat_map(|u| u.withdrawn).collect();
        assert_eq!(withdrawn, prefixes);
    }

    #[test]
    fn withdrawals_of_both_families_are_read() {
        let mut body = vec![0, 4, 24, 192, 0, 2, 0, 13];
        put(&mut body, OPTIONAL, MP_UNREACH_NLRI, &[0, 2, 1, 48, 0x20, 1, 0xd, 0xb8, 0, 1]);
        let update = Update::decode(&body).expect("an UPDATE");
        let texts: Vec<String> = update.withdrawn.iter().map(IpNet::to_string).collect();
        assert_eq!(texts, ["192.0.2.0/24", "2001:db8:1::/48"]);
        assert_eq!(update.end_of_rib, None);
    }

    #[test]
    fn every_cut_is_refused_or_shorter() {
        let prefix = "192.0.2.0/24".parse().expect("a prefix");
        let mut out = Vec::new();
        Update::encode(&mut out, &attributes(), Family::Ipv4, &[prefix]);
        for end in HEADER..out.len() {
            if let Ok(update) = Update::decode(&out[HEADER..end]) {
                assert_eq!(update.announced, [], "{end} octets");
            }
        }
    }
}
