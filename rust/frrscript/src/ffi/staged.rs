// SPDX-License-Identifier: GPL-2.0-or-later
//! A staged value as C sees it.

use super::abi::{AsSegment, Kind, Value, ValueBody};
use crate::call::Staged;
use crate::schema::ItemKind;
use std::net::IpAddr;

/// Runs `f` with the C form of a value; what it points to lives until `f` returns.
pub fn with_abi<T>(value: &Staged, f: impl FnOnce(&Value) -> T) -> T {
    let mut out = Value::nil();
    let mut segments = Vec::new();
    match value {
        Staged::Nil => {}
        Staged::Bool(b) => {
            out.kind = Kind::BOOL as u8;
            out.u.num = u64::from(*b);
        }
        Staged::Uint(n) => {
            out.kind = Kind::UINT as u8;
            out.u.num = *n;
        }
        Staged::Int(n) => {
            out.kind = Kind::INT as u8;
            out.u.inum = *n;
        }
        Staged::Text(text) => octets(&mut out, Kind::STRING, text.as_bytes(), text.len()),
        Staged::Address(address) => set_address(&mut out, Kind::ADDRESS, *address),
        Staged::Prefix(prefix) => {
            set_address(&mut out, Kind::PREFIX, prefix.addr());
            out.prefixlen = u16::from(prefix.prefix_len());
        }
        Staged::Items(kind, items) => {
            let c_kind = match kind {
                ItemKind::Community => Kind::COMMUNITY,
                ItemKind::Large => Kind::LARGE_COMMUNITY,
                ItemKind::Ext => Kind::EXT_COMMUNITY,
                ItemKind::Ipv6Ext => Kind::IPV6_EXT_COMMUNITY,
            };
            octets(&mut out, c_kind, items, items.len() / kind.size());
        }
        Staged::AsPath(path) => {
            segments.extend(path.segments().iter().map(|s| AsSegment {
                kind: s.kind as u8,
                len: u16::try_from(s.asns.len()).unwrap_or(u16::MAX),
                asns: s.asns.as_ptr(),
            }));
            out.kind = Kind::AS_PATH as u8;
            out.len = u32::try_from(segments.len()).unwrap_or(u32::MAX);
            out.u.ptr = segments.as_ptr().cast();
        }
    }
    f(&out)
}

fn octets(out: &mut Value, kind: Kind, octets: &[u8], len: usize) {
    out.kind = kind as u8;
    out.len = u32::try_from(len).unwrap_or(u32::MAX);
    out.u.ptr = octets.as_ptr().cast();
}

fn set_address(out: &mut Value, kind: Kind, address: IpAddr) {
    let mut octets = [0; 16];
    let family = match address {
        IpAddr::V4(a) => {
            octets[..4].copy_from_slice(&a.octets());
            libc::AF_INET
        }
        IpAddr::V6(a) => {
            octets = a.octets();
            libc::AF_INET6
        }
    };
    out.kind = kind as u8;
    out.family = u8::try_from(family).unwrap_or(0);
    out.u = ValueBody { addr: octets };
}
