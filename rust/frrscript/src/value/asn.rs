// SPDX-License-Identifier: GPL-2.0-or-later
//! AS numbers: asplain and asdot text (RFC 5396), and which of them are private.

use super::TextError;

/// Reads `65001` or `1.10` (asdot and asdot+) as FRR's lib/asn.c does: no sign, no leading zero, both
/// halves of the dotted form 0-65535.
///
/// AS 0 is refused (RFC 7607), as FRR does unless told otherwise.
///
/// # Errors
/// Anything else.
pub fn parse_asn(text: &str) -> Result<u32, TextError> {
    read(text.trim_ascii())
        .ok_or_else(|| TextError::not_a(text, "an AS number", "write 1-4294967295, or HIGH.LOW with 0-65535 each"))
}

fn read(text: &str) -> Option<u32> {
    let asn = match text.split_once('.') {
        None => decimal(text.as_bytes())?,
        Some((high, low)) => {
            let high = u16::try_from(decimal(high.as_bytes())?).ok()?;
            let low = u16::try_from(decimal(low.as_bytes())?).ok()?;
            u32::from(high) << 16 | u32::from(low)
        }
    };
    (asn != 0).then_some(asn)
}

fn decimal(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 10 || (digits[0] == b'0' && digits.len() > 1) {
        return None;
    }
    let mut value: u64 = 0;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + u64::from(digit - b'0');
    }
    u32::try_from(value).ok()
}

/// Private for FRR (`BGP_AS_IS_PRIVATE`): 64512-65535 and 4200000000-4294967294.
///
/// RFC 6996 ends the first range at 65534; 65535 is the last AS number of its size (RFC 7300), and FRR
/// counts it here. A script must agree with `remove-private-AS` of the same router.
pub const fn is_private(asn: u32) -> bool {
    matches!(asn, 64_512..=65_535 | 4_200_000_000..=4_294_967_294)
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn both_notations() {
        assert_eq!(parse_asn("65001"), Ok(65_001));
        assert_eq!(parse_asn(" 4294967295 "), Ok(u32::MAX));
        assert_eq!(parse_asn("1.10"), Ok(65_546));
        assert_eq!(parse_asn("0.65001"), Ok(65_001));
    }

    #[test]
    fn what_is_refused() {
        for text in [
            "",
            "0",
            "0.0",
            "01",
            "1.",
            ".1",
            "1.01",
            "1.65536",
            "65536.1",
            "4294967296",
            "-1",
            "+1",
            "1 2",
            "99999999999999999999",
        ] {
            assert!(parse_asn(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn message() {
        assert_snapshot!(parse_asn("AS65001").unwrap_err(), @r#""AS65001" is not an AS number: write 1-4294967295, or HIGH.LOW with 0-65535 each"#);
    }

    #[test]
    fn private_ranges_end_where_frr_ends_them() {
        for (asn, private) in [
            (64_511, false),
            (64_512, true),
            (65_534, true),
            (65_535, true),
            (65_536, false),
            (4_199_999_999, false),
            (4_200_000_000, true),
            (4_294_967_294, true),
            (u32::MAX, false),
        ] {
            assert_eq!(is_private(asn), private, "{asn}");
        }
    }
}
