// SPDX-License-Identifier: GPL-2.0-or-later
//! Prefixes as BGP writes them: a length in bits, then only the octets that it needs (RFC 4271
//! section 4.3; RFC 4760 section 5 for other families).

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{Malformed, Reader};

/// An address family with unicast routes (AFI of the IANA registry; SAFI 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum Family {
    /// IPv4 unicast.
    Ipv4 = 1,
    /// IPv6 unicast.
    Ipv6 = 2,
}

impl Family {
    /// The family of this AFI and SAFI, if it is one of the two.
    #[must_use]
    pub fn of(afi: u16, safi: u8) -> Option<Self> {
        match (afi, safi) {
            (1, 1) => Some(Self::Ipv4),
            (2, 1) => Some(Self::Ipv6),
            _ => None,
        }
    }
}

/// Appends `prefix`; octets after the prefix length are left out.
pub fn put_prefix(out: &mut Vec<u8>, prefix: IpNet) {
    let octets = usize::from(prefix.prefix_len()).div_ceil(8);
    out.push(prefix.prefix_len());
    match prefix {
        IpNet::V4(net) => out.extend_from_slice(&net.network().octets()[..octets]),
        IpNet::V6(net) => out.extend_from_slice(&net.network().octets()[..octets]),
    }
}

/// Takes one prefix of `family`.
///
/// # Errors
/// The length is over 32 or 128 bits, or the octets end.
pub fn take_prefix(reader: &mut Reader<'_>, family: Family) -> Result<IpNet, Malformed> {
    let len = reader.u8("prefix length")?;
    let octets = reader.take(usize::from(len).div_ceil(8), "prefix")?;
    let mut address = [0; 16];
    let known = address.get_mut(..octets.len());
    known.ok_or(Malformed("prefix length"))?.copy_from_slice(octets);
    let prefix = match family {
        Family::Ipv4 => {
            let [a, b, c, d, ..] = address;
            Ipv4Net::new(Ipv4Addr::new(a, b, c, d), len).map(IpNet::V4)
        }
        Family::Ipv6 => Ipv6Net::new(Ipv6Addr::from(address), len).map(IpNet::V6),
    };
    prefix.map_err(|_| Malformed("prefix length"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_round_trip() {
        for (text, octets) in [
            ("0.0.0.0/0", 1),
            ("128.0.0.0/1", 2),
            ("192.0.2.0/24", 4),
            ("198.51.100.128/25", 5),
            ("203.0.113.7/32", 5),
            ("::/0", 1),
            ("2001:db8::/32", 5),
            ("2001:db8:8000::/33", 6),
            ("2001:db8::1/128", 17),
        ] {
            let prefix: IpNet = text.parse().expect("a prefix");
            let family = match prefix {
                IpNet::V4(_) => Family::Ipv4,
                IpNet::V6(_) => Family::Ipv6,
            };
            let mut out = Vec::new();
            put_prefix(&mut out, prefix);
            assert_eq!(out.len(), octets, "{text}");
            let mut reader = Reader::new(&out);
            assert_eq!(take_prefix(&mut reader, family), Ok(prefix), "{text}");
            assert!(reader.is_empty());
        }
    }

    #[test]
    fn too_long_or_cut_prefixes_are_refused() {
        for (octets, family) in [
            (&[33, 1, 2, 3, 4, 5][..], Family::Ipv4),
            (&[255; 33][..], Family::Ipv6),
            (&[24, 192, 0][..], Family::Ipv4),
            (&[][..], Family::Ipv4),
        ] {
            assert!(take_prefix(&mut Reader::new(octets), family).is_err());
        }
    }
}
