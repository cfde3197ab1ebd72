// SPDX-License-Identifier: GPL-2.0-or-later
//! Text of an extended community, read: what `show bgp` prints where that holds the whole value, the words of FRR's
//! configuration (`rt 65001:100`), and `0x` with 16 hex digits for anything.

use super::{Administrator, Color, ExtCommunity, Target, high, low};
use crate::value::items::{decimal, word};
use crate::value::text::quoted;
use crate::value::{TextError, asn};

const EXPECTED: &str =
    "write RT:65001:100, SoO:192.0.2.1:1, NT:192.0.2.1, LB:65001:125000000, Color:00:100, or 0x and 16 hex digits";

/// Reads one at the start of `text`; returns what follows.
pub(super) fn read(text: &str) -> Result<(ExtCommunity, &str), TextError> {
    let (first, after) = word(text);
    if let Some(rest) = after_phrase(text, "Default Gateway") {
        let octets = [high::OPAQUE, low::DEFAULT_GATEWAY, 0, 0, 0, 0, 0, 0];
        return Ok((ExtCommunity::generic(octets), rest));
    }
    if let Some(octets) = hex(first) {
        return Ok((ExtCommunity::generic(octets), after));
    }
    // `rt 65001:100`, with the value in the next word, or `RT:65001:100`.
    let (name, value, after) = match first.split_once(':') {
        Some((name, value)) => (name, value, after),
        None => {
            let (value, rest) = word(after.trim_ascii_start());
            (first, value, rest)
        }
    };
    let bad = || TextError::not_a(text_of(text, after), "an extended community", EXPECTED);
    let is = |known: &str| name.eq_ignore_ascii_case(known);
    let made = if is("rt") {
        ExtCommunity::target(low::ROUTE_TARGET, target(value).ok_or_else(bad)?)?
    } else if is("soo") {
        ExtCommunity::target(low::SITE_OF_ORIGIN, target(value).ok_or_else(bad)?)?
    } else if is("nt") {
        let address = value.strip_suffix(":0").unwrap_or(value);
        let node = Target { administrator: Administrator::Ipv4(address.parse().map_err(|_| bad())?), value: 0 };
        ExtCommunity::target(low::NODE_TARGET, node)?
    } else if is("color") {
        ExtCommunity::color(color(value).ok_or_else(bad)?)?
    } else if is("lb") {
        let (asn, rate) = bandwidth(value).ok_or_else(bad)?;
        // The rate in other units, as FRR prints it behind; it says nothing new.
        let after = skip_brackets(after).ok_or_else(bad)?;
        return Ok((ExtCommunity::link_bandwidth(asn, rate, true)?, after));
    } else if is("et") {
        let [e, f] = decimal(value).and_then(|n| u16::try_from(n).ok()).ok_or_else(bad)?.to_be_bytes();
        ExtCommunity::generic([high::OPAQUE, low::ENCAPSULATION, 0, 0, 0, 0, e, f])
    } else if is("rmac") {
        mac(0x03, value).ok_or_else(bad)?
    } else if is("es-import-rt") {
        mac(0x02, value).ok_or_else(bad)?
    } else if is("mm") {
        let (digits, sticky, after) = match value.strip_suffix(',') {
            Some(digits) => (digits, 1, after_phrase(after.trim_ascii_start(), "sticky MAC").ok_or_else(bad)?),
            None => (value, 0, after),
        };
        let [c, d, e, f] = decimal(digits).ok_or_else(bad)?.to_be_bytes();
        return Ok((ExtCommunity::generic([high::EVPN, 0x00, sticky, 0, c, d, e, f]), after));
    } else if ["unk", "fs", "df", "nd", "ovs", "nh", "esi-label-rt"].iter().any(|known| is(known)) {
        return Err(TextError(format!(
            "{} does not hold the whole value of an extended community: write 0x and 16 hex digits",
            quoted(text_of(text, after))
        )));
    } else {
        return Err(bad());
    };
    Ok((made, after))
}

/// `text` without `after`, its end.
fn text_of<'a>(text: &'a str, after: &str) -> &'a str {
    text.get(..text.len() - after.len()).unwrap_or(text)
}

fn after_phrase<'a>(text: &'a str, phrase: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(phrase)?;
    (rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_whitespace())).then_some(rest)
}

fn hex(word: &str) -> Option<[u8; 8]> {
    let digits = word.strip_prefix("0x")?;
    let plain = digits.len() == 16 && digits.bytes().all(|b| b.is_ascii_hexdigit());
    let value = plain.then(|| u64::from_str_radix(digits, 16).ok())??;
    Some(value.to_be_bytes())
}

/// `65001:100`, `1.10:100` or `192.0.2.1:100`.
fn target(text: &str) -> Option<Target> {
    let (administrator, value) = text.split_once(':')?;
    let administrator = match administrator.parse() {
        Ok(address) => Administrator::Ipv4(address),
        // AS 0 is what FRR prints for an empty target; reading it back must do.
        Err(_) if administrator == "0" => Administrator::As(0),
        Err(_) => Administrator::As(asn::parse_asn(administrator).ok()?),
    };
    Some(Target { administrator, value: decimal(value)? })
}

/// `CO:COLOR` with the bits in binary (`01:100`). FRR's configuration takes a color alone for one with the bits 01
/// (bgp_ecommunity.c: `ecommunity_gettoken`).
fn color(text: &str) -> Option<Color> {
    let (bits, color) = text.split_once(':').unwrap_or(("01", text));
    let co = match bits {
        "00" => 0,
        "01" => 1,
        "10" => 2,
        "11" => 3,
        _ => return None,
    };
    Some(Color { color: decimal(color)?, co })
}

/// `AS:OCTETS-PER-SECOND`.
fn bandwidth(text: &str) -> Option<(u32, f64)> {
    let (asn, rate) = text.split_once(':')?;
    Some((decimal(asn)?, decimal(rate)?.into()))
}

/// What follows `(1.000 Gbps)`; all of `text` if there is no bracket.
fn skip_brackets(text: &str) -> Option<&str> {
    match text.trim_ascii_start().strip_prefix('(') {
        None => Some(text),
        // Empty brackets are FRR's text for a 64-bit rate that was cut off.
        Some(inside) => inside.split_once(')').filter(|(rate, _)| !rate.is_empty()).map(|(_, rest)| rest),
    }
}

fn mac(sub: u8, text: &str) -> Option<ExtCommunity> {
    let mut octets = [high::EVPN, sub, 0, 0, 0, 0, 0, 0];
    let mut parts = text.split(':');
    for octet in &mut octets[2..] {
        let digits = parts.next()?;
        if digits.len() != 2 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        *octet = u8::from_str_radix(digits, 16).ok()?;
    }
    parts.next().is_none().then_some(ExtCommunity::generic(octets))
}

#[cfg(test)]
mod tests {
    use super::super::{ExtCommunityList, parse_list, parse_one};
    use super::*;
    use crate::value::items::Item as _;
    use insta::assert_snapshot;
    use proptest::prelude::*;

    fn again(text: &str) -> String {
        parse_list(text).unwrap().to_string()
    }

    #[test]
    fn what_frr_prints_is_read() {
        let text = "RT:65001:4294967295 SoO:65001:1 LB:65001:125000000 (1.000 Gbps) RT:192.0.2.1:65535 NT:192.0.2.9 \
                    RT:70000:7 Color:01:100 ET:8 Default Gateway MM:0 MM:5, sticky MAC ES-Import-Rt:00:11:22:33:44:55 Rmac:00:11:22:33:44:ff";
        assert_eq!(again(text), text);
    }

    #[test]
    fn words_of_the_configuration_and_hex() {
        assert_eq!(again("rt 65001:1 soo 1.1:2 color 7 Rt:1:1"), "RT:1:1 RT:65001:1 SoO:65537:2 Color:01:7");
        assert_eq!(parse_one("0x0317000000000064").unwrap().raw(), [3, 0x17, 0, 0, 0, 0, 0, 100]);
        assert_eq!(parse_one("0xFFffffffffffffff").unwrap().as_u64(), u64::MAX);
    }

    #[test]
    fn messages() {
        let error = |text: &str| parse_list(text).unwrap_err().0;
        assert_snapshot!(error("RT:65001"), @r#""RT:65001" is not an extended community: write RT:65001:100, SoO:192.0.2.1:1, NT:192.0.2.1, LB:65001:125000000, Color:00:100, or 0x and 16 hex digits"#);
        assert_snapshot!(error("RT:1:1 rt x RT:2:2"), @r#""rt x" is not an extended community: write RT:65001:100, SoO:192.0.2.1:1, NT:192.0.2.1, LB:65001:125000000, Color:00:100, or 0x and 16 hex digits"#);
        assert_snapshot!(error("RT:70000:65536"), @"the number 65536 is too big: 0-65535 after an IPv4 address or an AS number above 65535");
        assert_snapshot!(error("UNK:3, 99"), @r#""UNK:3," does not hold the whole value of an extended community: write 0x and 16 hex digits"#);
        let many: String = (0..501).map(|n| format!("rt 1:{n} ")).collect();
        assert_snapshot!(error(&many), @"too many: a route carries at most 500 extended communities");
        for text in [
            "rt",
            "0x12",
            "0x+31700000000064",
            "Color:4:1",
            "LB:1:2 (1.000",
            "MM:1,",
            "Rmac:1:2:3:4:5:6",
            "Default",
            "NT:x",
            "ET:65536",
        ] {
            assert!(parse_one(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in ".*", near in "(rt|RT:|LB:|MM:|0x|Color:|[0-9:., ()]){0,8}") {
            let _ = parse_list(&text);
            let _ = parse_list(&near);
        }

        #[test]
        fn what_is_read_is_written_and_read_again(octets: [u8; 8], sub in 0u8..16, kind in 0u8..8) {
            for octets in [octets, [kind, sub, octets[2], octets[3], octets[4], octets[5], octets[6], octets[7]]] {
                let mut text = String::new();
                ExtCommunity::generic(octets).write(&mut text);
                if let Ok(read) = parse_one(&text) {
                    let mut again = String::new();
                    read.write(&mut again);
                    prop_assert_eq!(again, text);
                }
            }
        }

        #[test]
        fn hex_holds_everything(items: Vec<[u8; 8]>) {
            let list = ExtCommunityList::from(items.into_iter().map(ExtCommunity::from).collect::<Vec<_>>());
            let text: String = list.iter().map(|item| format!("0x{:016x} ", item.as_u64())).collect();
            prop_assert_eq!(parse_list(&text), Ok(list));
        }
    }
}
