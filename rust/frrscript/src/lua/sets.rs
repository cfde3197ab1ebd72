// SPDX-License-Identifier: GPL-2.0-or-later
//! Addresses, prefixes and sets as objects of a script.

use super::value::{Doc, Object, Out};
use crate::atom::{self, Atom};
use crate::failure::Failure;
use crate::ffi::args::{Arg, Args, whole};
use crate::schema::ItemKind;
use crate::set::{AsnSet, CommunitySet, LargeCommunitySet, PrefixSet};
use crate::value::TextError;
use crate::value::address::parse_address;
use crate::value::asn::parse_asn;
use crate::value::large::LargeCommunity;
use crate::value::{community, items};
use ipnet::IpNet;
use std::any::Any;
use std::net::IpAddr;
use std::rc::Rc;

/// An IP address.
pub struct Address(pub IpAddr);

/// A prefix of the script's own.
pub struct Prefix(pub IpNet);

/// `frr.prefix_set`.
pub struct Prefixes(pub Rc<PrefixSet>);

/// `frr.asn_set`.
pub struct Asns(pub AsnSet);

/// `frr.community_set`.
pub struct Communities {
    standard: CommunitySet,
    large: LargeCommunitySet,
}

/// What the reference says of an address.
pub const ADDRESS_DOCS: &[Doc] = &[
    Doc { name: "string", signature: "string", doc: "the address as text" },
    Doc {
        name: "value",
        signature: "string | number",
        doc: "IPv6: its octets in network order; IPv4: as FRR's scripts know it, the octets as a number in host memory order",
    },
    Doc { name: "family", signature: "number", doc: "AF_INET or AF_INET6 of the system" },
];
/// What the reference says of a prefix that a script makes or reads from a field.
pub const PREFIX_DOCS: &[Doc] = &[
    Doc { name: "network", signature: "string", doc: "the prefix as text, with its length" },
    Doc { name: "length", signature: "number", doc: "bits" },
    Doc { name: "family", signature: "number", doc: "AF_INET or AF_INET6 of the system" },
    Doc { name: "address", signature: "Address", doc: "its address" },
    Doc {
        name: "contains",
        signature: "(prefix | Address | string) -> boolean",
        doc: "is that prefix or address inside?",
    },
];
/// What the reference says of a prefix set.
pub const PREFIXES_DOCS: &[Doc] = &[
    Doc {
        name: "contains",
        signature: "(prefix: prefix | string) -> boolean",
        doc: "does an entry match, as in a prefix-list? An address: is it inside an entry's prefix?",
    },
    Doc {
        name: "longest_match",
        signature: "(prefix: prefix | string) -> Prefix?",
        doc: "the prefix of the longest entry that matches",
    },
    Doc { name: "size", signature: "() -> number", doc: "entries" },
];
/// What the reference says of an AS number set.
pub const ASNS_DOCS: &[Doc] = &[
    Doc { name: "contains", signature: "(asn: number | string) -> boolean", doc: "is it in the set?" },
    Doc { name: "size", signature: "() -> number", doc: "entries, ranges counted as one" },
];
/// What the reference says of a community set.
pub const COMMUNITIES_DOCS: &[Doc] = &[
    Doc { name: "contains", signature: "(community: string | number) -> boolean", doc: "is it in the set?" },
    Doc { name: "size", signature: "() -> number", doc: "entries" },
];

fn family(address: IpAddr) -> Out {
    Out::Signed(i64::from(if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 }))
}

/// The prefix that an object is, if it is one.
#[inline]
pub fn prefix_of(object: &dyn Object) -> Option<IpNet> {
    object.as_any().downcast_ref::<Prefix>().map(|p| p.0)
}

/// The address that an argument is: text, an address, or FRR's `{string = ...}` form is not taken.
#[must_use]
pub fn address_of(arg: &Arg) -> Option<Result<IpAddr, String>> {
    match arg {
        Arg::Octets(text) => {
            let text = String::from_utf8_lossy(&text[..text.len().min(100)]);
            Some(parse_address(&text).map_err(|e| e.0))
        }
        Arg::Object(object) => object.as_any().downcast_ref::<Address>().map(|a| Ok(a.0)),
        _ => None,
    }
}

/// The AS number that an argument is.
///
/// # Errors
/// It is none.
pub fn asn_of(arg: &Arg) -> Result<u32, String> {
    match arg {
        Arg::Octets(text) => parse_asn(&String::from_utf8_lossy(&text[..text.len().min(100)])).map_err(|e| e.0),
        Arg::Number(n) => whole(*n)
            .and_then(|n| u32::try_from(n).ok())
            .ok_or_else(|| format!("{n} is not an AS number: write 1 to 4294967295")),
        _ => Err("an AS number must be a number or text".to_owned()),
    }
}

/// An item of a set as text; a number becomes its digits.
fn with_text(arg: &Arg, f: &mut dyn FnMut(&str) -> Result<(), TextError>) -> Result<(), String> {
    match arg {
        Arg::Octets(text) => {
            let text = std::str::from_utf8(text).map_err(|_| "is not text".to_owned())?;
            f(text).map_err(|e| e.0)
        }
        Arg::Number(n) if whole(*n).is_some() => f(&n.to_string()).map_err(|e| e.0),
        _ => Err("must be a string".to_owned()),
    }
}

/// A prefix set from a script's table.
///
/// # Errors
/// An item is no prefix-list entry.
pub fn prefix_set(args: &Args) -> Result<Out, Failure> {
    let mut set = PrefixSet::new();
    args.each(0, |arg| match &arg {
        Arg::Object(object) => match prefix_of(*object) {
            Some(prefix) => set.insert_entry(&crate::set::Entry::exact(prefix)).map_err(|e| e.0),
            None => Err(format!("must be a prefix, not {}", object.type_name())),
        },
        arg => with_text(arg, &mut |text| set.insert(text)),
    })?;
    set.finish();
    Ok(Out::Object(Box::new(Prefixes(Rc::new(set)))))
}

/// An AS number set from a script's table.
///
/// # Errors
/// An item is neither an AS number nor a range.
pub fn asn_set(args: &Args) -> Result<Out, Failure> {
    let mut set = AsnSet::new();
    args.each(0, |arg| with_text(&arg, &mut |text| set.insert(text)))?;
    set.finish();
    Ok(Out::Object(Box::new(Asns(set))))
}

/// A community set from a script's table.
///
/// # Errors
/// An item is no community and no pattern of one.
pub fn community_set(args: &Args) -> Result<Out, Failure> {
    let mut set = Communities { standard: CommunitySet::new(), large: LargeCommunitySet::new() };
    args.each(0, |arg| {
        with_text(&arg, &mut |text| if is_large(text) { set.large.insert(text) } else { set.standard.insert(text) })
    })?;
    set.standard.finish();
    set.large.finish();
    Ok(Out::Object(Box::new(set)))
}

/// `1:2:3` or `1:*:*`.
fn is_large(text: &str) -> bool {
    text.matches(':').count() == 2
}

impl Communities {
    fn len(&self) -> usize {
        self.standard.len() + self.large.len()
    }

    fn contains(&self, text: &str) -> Result<bool, TextError> {
        if is_large(text) {
            return Ok(self.large.contains(&items::parse::<LargeCommunity>(text)?));
        }
        Ok(self.standard.contains(community::parse_one(text)?))
    }

    /// Does the list hold a community of the set?
    ///
    /// # Errors
    /// The list is of another kind than the set.
    pub fn intersects(&self, kind: ItemKind, octets: &[u8]) -> Result<bool, String> {
        match kind {
            ItemKind::Community => Ok(self.standard.intersects(octets)),
            ItemKind::Large => Ok(self.large.intersects(octets)),
            _ => Err(format!("a community set can't be compared with {} lists", kind.noun())),
        }
    }
}

impl Object for Address {
    fn type_name(&self) -> &'static str {
        "Address"
    }

    fn field(&self, name: Atom) -> Option<Out> {
        match name {
            atom::STRING => Some(Out::Text(self.0.to_string())),
            atom::FAMILY => Some(family(self.0)),
            atom::VALUE => Some(match self.0 {
                // lua_pushinaddr gives `s_addr` as a number: the octets as they lie in memory.
                IpAddr::V4(a) => Out::Unsigned(u32::from_ne_bytes(a.octets()).into()),
                IpAddr::V6(a) => Out::Octets(a.octets().to_vec()),
            }),
            _ => None,
        }
    }

    fn call(&self, _method: Atom, _args: &Args) -> Result<Option<Out>, Failure> {
        Ok(None)
    }

    fn text(&self) -> String {
        self.0.to_string()
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Address>().is_some_and(|o| o.0 == self.0)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for Prefix {
    fn type_name(&self) -> &'static str {
        "Prefix"
    }

    fn field(&self, name: Atom) -> Option<Out> {
        match name {
            atom::NETWORK | atom::STRING => Some(Out::Text(self.0.to_string())),
            atom::LENGTH => Some(Out::Unsigned(self.0.prefix_len().into())),
            atom::FAMILY => Some(family(self.0.addr())),
            atom::ADDRESS => Some(Out::Object(Box::new(Address(self.0.addr())))),
            _ => None,
        }
    }

    fn call(&self, method: Atom, args: &Args) -> Result<Option<Out>, Failure> {
        if method != atom::CONTAINS {
            return Ok(None);
        }
        if let Some(Ok(address)) = address_of(&args.get(0)) {
            return Ok(Some(Out::Bool(self.0.contains(&address))));
        }
        Ok(Some(Out::Bool(args.prefix(0)?.is_some_and(|p| self.0.contains(&p)))))
    }

    fn text(&self) -> String {
        self.0.to_string()
    }

    fn equals(&self, other: &dyn Object) -> bool {
        prefix_of(other).is_some_and(|o| o == self.0)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for Prefixes {
    fn type_name(&self) -> &'static str {
        "PrefixSet"
    }

    #[inline]
    fn call(&self, method: Atom, args: &Args) -> Result<Option<Out>, Failure> {
        Ok(Some(match method {
            atom::CONTAINS => Out::Bool(match args.get(0) {
                Arg::Octets(text) if !text.contains(&b'/') => match address_of(&args.get(0)) {
                    Some(Ok(address)) => self.0.contains_address(address),
                    _ => args.prefix(0)?.is_some_and(|p| self.0.contains(&p)),
                },
                Arg::Object(object) if object.as_any().is::<Address>() => {
                    matches!(address_of(&args.get(0)), Some(Ok(a)) if self.0.contains_address(a))
                }
                _ => args.prefix(0)?.is_some_and(|p| self.0.contains(&p)),
            }),
            atom::LONGEST_MATCH => match args.prefix(0)?.and_then(|p| self.0.longest_match(&p)) {
                Some(prefix) => Out::Object(Box::new(Prefix(prefix))),
                None => Out::Nil,
            },
            atom::SIZE => Out::Unsigned(self.0.len() as u64),
            _ => return Ok(None),
        }))
    }

    fn text(&self) -> String {
        format!("PrefixSet of {} entries", self.0.len())
    }

    fn length(&self) -> Option<usize> {
        Some(self.0.len())
    }

    fn memory(&self) -> usize {
        self.0.memory()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for Asns {
    fn type_name(&self) -> &'static str {
        "AsnSet"
    }

    fn call(&self, method: Atom, args: &Args) -> Result<Option<Out>, Failure> {
        Ok(Some(match method {
            atom::CONTAINS => match args.get(0) {
                // An AS path's origin may be nil: that is in no set.
                Arg::Nil if args.len() == 1 => Out::Bool(false),
                _ => Out::Bool(self.0.contains(args.asn(0)?)),
            },
            atom::SIZE => Out::Unsigned(self.0.len() as u64),
            _ => return Ok(None),
        }))
    }

    fn text(&self) -> String {
        format!("AsnSet of {} entries", self.0.len())
    }

    fn length(&self) -> Option<usize> {
        Some(self.0.len())
    }

    fn memory(&self) -> usize {
        self.0.memory()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for Communities {
    fn type_name(&self) -> &'static str {
        "CommunitySet"
    }

    fn call(&self, method: Atom, args: &Args) -> Result<Option<Out>, Failure> {
        Ok(Some(match method {
            atom::CONTAINS => {
                let mut found = false;
                with_text(&args.get(0), &mut |text| {
                    found = self.contains(text)?;
                    Ok(())
                })
                .map_err(|e| args.bad(0, e))?;
                Out::Bool(found)
            }
            atom::SIZE => Out::Unsigned(self.len() as u64),
            _ => return Ok(None),
        }))
    }

    fn text(&self) -> String {
        format!("CommunitySet of {} entries", self.len())
    }

    fn length(&self) -> Option<usize> {
        Some(self.len())
    }

    fn memory(&self) -> usize {
        self.standard.memory() + self.large.memory()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
