// SPDX-License-Identifier: GPL-2.0-or-later
//! The text of one extended community, as bgp_ecommunity.c's `ecommunity_ecom2str` makes it for `show bgp`.
//!
//! The branches stand in FRR's order, since its tests overlap. Three of its texts are not copied: for an unknown opaque or
//! EVPN community FRR prints the sub-type of the item before, a color of 2^31 or more as a negative number, and the IPv6
//! address of a route target of 20 octets as an AS number.

use super::{high, low};
use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Flow specification and its neighbors (RFC 8955, RFC 8956, RFC 7674).
const REDIRECT_NEXT_HOP: u8 = 0x08;
const EXPERIMENTAL: u8 = 0x80;
const EXPERIMENTAL_3: u8 = 0x82;
const NON_TRANSITIVE_IPV4: u8 = 0x41;
const REDIRECT_IPV4: u8 = 0x0c;
const REDIRECT_IPV6: u8 = 0x0d;
const REDIRECT_VRF: u8 = 0x08;
/// FRR's buffer for the target of a redirection into a VRF, without its NUL.
const REDIRECT_VRF_TEXT: usize = 15;
/// FRR's buffer for the rate of a link in other units, without its NUL.
const BANDWIDTH_TEXT: usize = 19;

/// Appends the text of an item of 8 octets, or of 20 for IPv6; nothing for another size.
pub fn write(octets: &[u8], out: &mut String) {
    let Some(head) = octets.first_chunk::<8>() else {
        return;
    };
    let [kind, sub, v @ ..] = *head;
    let known = match kind {
        high::AS2 | high::IPV4 | high::AS4 => administered(kind, sub, octets, &v, out),
        high::OPAQUE => opaque(sub, &v, out),
        high::EVPN => evpn(sub, &v, out),
        REDIRECT_NEXT_HOP if sub == 0 => {
            let _ = write!(out, "FS:redirect IP 0x{:x}", v[5]);
            true
        }
        REDIRECT_NEXT_HOP => false,
        EXPERIMENTAL..=EXPERIMENTAL_3 => flow_specification(kind, sub, octets, &v, out),
        _ if kind & high::NON_TRANSITIVE != 0 => non_transitive(sub, octets, &v, out),
        _ if kind & NON_TRANSITIVE_IPV4 != 0 && sub == low::NODE_TARGET => {
            node_target(&v, out);
            true
        }
        _ => false,
    };
    if !known {
        let _ = write!(out, "UNK:{kind}, {sub}");
    }
}

fn administered(kind: u8, sub: u8, octets: &[u8], v: &[u8; 6], out: &mut String) -> bool {
    match (sub, kind) {
        (low::ROUTE_TARGET | low::SITE_OF_ORIGIN, _) => target(kind, sub, octets, v, out),
        (REDIRECT_IPV4, high::IPV4) => {
            let _ = write!(out, "NH:{}:{}", address(v), v[5]);
        }
        (low::LINK_BANDWIDTH, high::AS2) => bandwidth(v, out),
        (low::LINK_BANDWIDTH_64, high::AS4) => bandwidth_64(octets, out),
        (low::NODE_TARGET, high::IPV4) => node_target(v, out),
        _ => return false,
    }
    true
}

/// FRR: `ecommunity_rt_soo_str_internal`. A kind that is none of the three gives no text.
fn target(kind: u8, sub: u8, octets: &[u8], v: &[u8; 6], out: &mut String) {
    let [a, b, c, d, e, f] = *v;
    let word = if sub == low::ROUTE_TARGET { "RT" } else { "SoO" };
    let narrow = u16::from_be_bytes([e, f]);
    let _ = match (kind, octets) {
        (high::AS4, _) => write!(out, "{word}:{}:{narrow}", u32::from_be_bytes([a, b, c, d])),
        (high::AS2, [_, _, long @ .., y, z]) if octets.len() == 20 => {
            let octets: [u8; 16] = long.try_into().unwrap_or_default();
            let value = u16::from_be_bytes([*y, *z]);
            write!(out, "{word}:{}:{value}", Ipv6Addr::from(octets))
        }
        (high::AS2, _) => {
            let (asn, value) = (u16::from_be_bytes([a, b]), u32::from_be_bytes([c, d, e, f]));
            write!(out, "{word}:{asn}:{value}")
        }
        (high::IPV4, _) => write!(out, "{word}:{}:{narrow}", address(v)),
        _ => Ok(()),
    };
}

fn opaque(sub: u8, v: &[u8; 6], out: &mut String) -> bool {
    match sub {
        low::ENCAPSULATION => {
            let _ = write!(out, "ET:{}", u16::from_be_bytes([v[4], v[5]]));
        }
        low::DEFAULT_GATEWAY => out.push_str("Default Gateway"),
        low::COLOR => color(v, out),
        _ => return false,
    }
    true
}

fn evpn(sub: u8, v: &[u8; 6], out: &mut String) -> bool {
    let [a, b, c, d, e, f] = *v;
    let _ = match sub {
        0x00 => {
            let sticky = if a & 1 != 0 { ", sticky MAC" } else { "" };
            write!(out, "MM:{}{sticky}", u32::from_be_bytes([c, d, e, f]))
        }
        0x01 => write!(out, "ESI-label-Rt:{}", if a & 1 != 0 { "SA" } else { "AA" }),
        0x02 => mac("ES-Import-Rt", v, out),
        0x03 => mac("Rmac", v, out),
        0x06 => {
            let (bitmap, preference) = (u16::from_be_bytes([b, c]), u16::from_be_bytes([e, f]));
            match bitmap {
                0 => write!(out, "DF: (alg: {a}, pref: {preference})"),
                _ => write!(out, "DF: (alg: {a}, bmap: 0x{bitmap:x} pref: {preference})"),
            }
        }
        0x08 => {
            // FRR shows one flag, and no text at all for none.
            out.push_str(match (a & 4 != 0, a & 1 != 0) {
                (true, _) => "ND:Proxy",
                (false, true) => "ND:Router Flag",
                (false, false) => "",
            });
            Ok(())
        }
        _ => return false,
    };
    true
}

fn mac(word: &str, v: &[u8; 6], out: &mut String) -> std::fmt::Result {
    let [a, b, c, d, e, f] = v;
    write!(out, "{word}:{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}")
}

fn flow_specification(kind: u8, sub: u8, octets: &[u8], v: &[u8; 6], out: &mut String) -> bool {
    let inner = kind & !EXPERIMENTAL;
    let [_, _, c, d, e, f] = *v;
    let _ = match (sub, kind) {
        (low::ROUTE_TARGET, _) => {
            target(inner, low::ROUTE_TARGET, octets, v, out);
            Ok(())
        }
        (REDIRECT_IPV6 | REDIRECT_VRF, _) => {
            out.push_str("FS:redirect VRF ");
            let start = out.len();
            // For a VRF FRR takes 8 octets whatever the size of the item.
            let octets = if sub == REDIRECT_VRF { &octets[..8] } else { octets };
            target(inner, low::ROUTE_TARGET, octets, v, out);
            if sub == REDIRECT_VRF {
                out.truncate(out.len().min(start + REDIRECT_VRF_TEXT));
            }
            Ok(())
        }
        (0x06, EXPERIMENTAL) => rate(f32::from_be_bytes([c, d, e, f]), out),
        (0x07, EXPERIMENTAL) => {
            let last = if d == 2 { "terminate (apply)" } else { "eval stops" };
            let sample = if d == 1 { ", sample" } else { "" };
            write!(out, "FS:action {last}{sample}")
        }
        (0x09, EXPERIMENTAL) => write!(out, "FS:marking {f}"),
        _ => return false,
    };
    true
}

/// C's `%f`.
fn rate(rate: f32, out: &mut String) -> std::fmt::Result {
    match (rate.is_nan(), rate.is_sign_negative()) {
        (true, true) => write!(out, "FS:rate -nan"),
        (true, false) => write!(out, "FS:rate nan"),
        _ => write!(out, "FS:rate {:.6}", f64::from(rate)),
    }
}

fn non_transitive(sub: u8, octets: &[u8], v: &[u8; 6], out: &mut String) -> bool {
    match sub {
        0x00 => {
            let state = match v[5] {
                0 => "valid",
                1 => "not-found",
                2 => "invalid",
                3 => "not-used",
                _ => "ERROR",
            };
            let _ = write!(out, "OVS:{state}");
        }
        low::LINK_BANDWIDTH => bandwidth(v, out),
        low::LINK_BANDWIDTH_64 => bandwidth_64(octets, out),
        low::COLOR => color(v, out),
        _ => return false,
    }
    true
}

fn color(v: &[u8; 6], out: &mut String) {
    let [flags, _, c, d, e, f] = *v;
    let color = u32::from_be_bytes([c, d, e, f]);
    let _ = write!(out, "Color:{}{}:{color}", flags >> 7, flags >> 6 & 1);
}

fn node_target(v: &[u8; 6], out: &mut String) {
    let _ = write!(out, "NT:{}", address(v));
}

fn address(v: &[u8; 6]) -> Ipv4Addr {
    Ipv4Addr::new(v[0], v[1], v[2], v[3])
}

/// FRR: `ecommunity_lb_str`. What C leaves undefined (a rate that is negative or does not fit 32 bits) saturates.
fn bandwidth(v: &[u8; 6], out: &mut String) {
    let asn = u16::from_be_bytes([v[0], v[1]]);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates, as documented")]
    let octets = f32::from_be_bytes([v[2], v[3], v[4], v[5]]) as u32;
    bandwidth_text(asn.into(), octets.into(), out);
}

/// FRR: `ipv6_ecommunity_lb_str`; an item of 8 octets has no room for it and shows as nothing.
fn bandwidth_64(octets: &[u8], out: &mut String) {
    let long = octets.get(4..12).and_then(|rate| rate.first_chunk::<8>());
    let short = octets.get(12..16).and_then(|asn| asn.first_chunk::<4>());
    match (long, short) {
        (Some(rate), Some(asn)) => bandwidth_text(u32::from_be_bytes(*asn), u64::from_be_bytes(*rate), out),
        _ => out.push_str("LB:0:0 ()"),
    }
}

fn bandwidth_text(asn: u32, octets: u64, out: &mut String) {
    let _ = write!(out, "LB:{asn}:{octets} (");
    let start = out.len();
    // FRR divides integers, then prints three decimals, into a buffer of 19 characters.
    let units = [(125_000_000, "Gbps"), (125_000, "Mbps"), (125, "Kbps")];
    let _ = match units.into_iter().find(|(unit, _)| octets >= *unit) {
        Some((unit, name)) => write!(out, "{:.3} {name}", through_float(octets / unit)),
        None => write!(out, "{} bps", octets * 8),
    };
    out.truncate(out.len().min(start + BANDWIDTH_TEXT));
    out.push(')');
}

#[expect(clippy::cast_precision_loss, reason = "FRR casts to float too")]
fn through_float(value: u64) -> f64 {
    f64::from(value as f32)
}
