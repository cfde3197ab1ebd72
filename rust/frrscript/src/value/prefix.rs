// SPDX-License-Identifier: GPL-2.0-or-later
//! IP prefixes: ipnet's types, and text for them.

use super::TextError;
pub use ipnet::{IpNet, IpNet as Prefix, Ipv4Net, Ipv6Net};
use std::net::IpAddr;

/// Reads `192.0.2.0/24` or `2001:db8::/32`; an address alone is a host prefix, as for FRR's `str2prefix`.
///
/// Host bits are kept (`192.0.2.1/24` stays so), as `str2prefix` keeps them: use [`IpNet::trunc`].
/// FRR's `atoi` takes `/24abc`; this does not.
///
/// # Errors
/// Anything else.
pub fn parse_prefix(text: &str) -> Result<IpNet, TextError> {
    let trimmed = text.trim_ascii();
    let (address, length) = match trimmed.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (trimmed, None),
    };
    let Ok(address) = address.parse::<IpAddr>() else {
        return Err(TextError::not_a(text, "a prefix", "write ADDRESS/LENGTH, such as 192.0.2.0/24 or 2001:db8::/32"));
    };
    let max: u8 = if address.is_ipv4() { 32 } else { 128 };
    let bits = length.map_or(Some(max), |digits| read_length(digits, max));
    bits.and_then(|bits| IpNet::new(address, bits).ok()).ok_or_else(|| {
        let family = if max == 32 { "IPv4" } else { "IPv6" };
        TextError::not_a(text, "a prefix", &format!("the length of an {family} prefix is 0-{max}"))
    })
}

/// A prefix length of at most `max`, digits only.
pub(crate) fn read_length(digits: &str, max: u8) -> Option<u8> {
    if digits.is_empty() || digits.len() > 3 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let bits: u16 = digits.parse().ok()?;
    u8::try_from(bits).ok().filter(|bits| *bits <= max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    fn error(text: &str) -> String {
        parse_prefix(text).unwrap_err().0
    }

    #[test]
    fn forms() {
        assert_eq!(parse_prefix("192.0.2.1").unwrap().to_string(), "192.0.2.1/32");
        assert_eq!(parse_prefix("192.0.2.1/24").unwrap().to_string(), "192.0.2.1/24");
        assert_eq!(parse_prefix(" ::/0 ").unwrap().to_string(), "::/0");
        assert_eq!(parse_prefix("2001:db8::1").unwrap().prefix_len(), 128);
    }

    #[test]
    fn messages() {
        assert_snapshot!(error("192.0.2/24"), @r#""192.0.2/24" is not a prefix: write ADDRESS/LENGTH, such as 192.0.2.0/24 or 2001:db8::/32"#);
        assert_snapshot!(error("192.0.2.0/33"), @r#""192.0.2.0/33" is not a prefix: the length of an IPv4 prefix is 0-32"#);
        assert_snapshot!(error("2001:db8::/129"), @r#""2001:db8::/129" is not a prefix: the length of an IPv6 prefix is 0-128"#);
        assert_snapshot!(error("10.0.0.0/8x"), @r#""10.0.0.0/8x" is not a prefix: the length of an IPv4 prefix is 0-32"#);
        assert_snapshot!(error(""), @r#""" is not a prefix: write ADDRESS/LENGTH, such as 192.0.2.0/24 or 2001:db8::/32"#);
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*") {
            let _ = parse_prefix(&text);
        }

        #[test]
        fn reads_what_it_writes(v6: bool, octets: u128, bits in 0u8..=128) {
            let net = if v6 {
                IpNet::new(IpAddr::V6(octets.into()), bits)
            } else {
                IpNet::new(IpAddr::V4((octets as u32).into()), bits.min(32))
            }.unwrap();
            prop_assert_eq!(parse_prefix(&net.to_string()), Ok(net));
        }
    }
}
