// SPDX-License-Identifier: GPL-2.0-or-later
//! Extended communities by name: readers on a list, makers as `frr.ext_community.*`.

use super::value::{Doc, Out};
use crate::atom::{self, Atom};
use crate::failure::Failure;
use crate::ffi::args::{Arg, Args};
use crate::value::ext::{Color, ExtCommunity, GroupPolicyId};
use crate::value::items;

/// What the reference says of the readers, on top of those that all lists have.
pub const READERS: &[Doc] = &[
    Doc { name: "route_targets", signature: "() -> {string}", doc: "the route targets as text (RFC 4360 section 4)" },
    Doc { name: "site_of_origin", signature: "() -> string?", doc: "the site of origin as text (RFC 4360 section 5)" },
    Doc {
        name: "bandwidth",
        signature: "() -> number?",
        doc: "link bandwidth in octets per second (draft-ietf-idr-link-bandwidth)",
    },
    Doc { name: "color", signature: "() -> number?", doc: "the color (RFC 9012 section 4.3)" },
    Doc {
        name: "group_policy_id",
        signature: "() -> number?",
        doc: "the group policy id (draft-wlin-bess-group-policy-id-extended-community)",
    },
];

/// Whether 8 octets from a script are a community as it is on the wire rather than text: text has no control characters
/// and is ASCII; the type and sub-type of every assigned extended community has one octet that is neither.
#[must_use]
pub fn is_raw(octets: &[u8]) -> bool {
    octets.len() == 8 && octets.iter().any(|o| !(0x20..0x7f).contains(o))
}

fn text_of(item: &ExtCommunity) -> String {
    let mut text = String::new();
    items::Item::write(item, &mut text);
    text
}

/// A reader's answer; `None`: not one of these.
#[must_use]
pub fn read(octets: &[u8], method: Atom) -> Option<Out> {
    let all = || items::items::<ExtCommunity>(octets);
    Some(match method {
        atom::ROUTE_TARGETS => {
            Out::List(all().filter(|i| i.as_route_target().is_some()).map(|i| Out::Text(text_of(&i))).collect())
        }
        atom::SITE_OF_ORIGIN => {
            all().find(|i| i.as_site_of_origin().is_some()).map_or(Out::Nil, |i| Out::Text(text_of(&i)))
        }
        atom::BANDWIDTH => {
            all().find_map(|i| i.as_link_bandwidth()).map_or(Out::Nil, |b| Out::Number(b.bytes_per_second))
        }
        atom::COLOR => all().find_map(|i| i.as_color()).map_or(Out::Nil, |c| Out::Unsigned(c.color.into())),
        atom::GROUP_POLICY_ID => {
            all().find_map(|i| i.as_group_policy_id()).map_or(Out::Nil, |g| Out::Unsigned(g.id.into()))
        }
        _ => return None,
    })
}

fn raw(item: ExtCommunity) -> Out {
    Out::Octets(item.raw().to_vec())
}

/// `frr.ext_community.route_target("65000:100")`.
///
/// # Errors
/// The text is no `ADMINISTRATOR:VALUE`.
pub fn route_target(args: &Args) -> Result<Out, Failure> {
    named("RT", args)
}

/// `frr.ext_community.site_of_origin("65000:100")`.
///
/// # Errors
/// The text is no `ADMINISTRATOR:VALUE`.
pub fn site_of_origin(args: &Args) -> Result<Out, Failure> {
    named("SoO", args)
}

fn named(prefix: &str, args: &Args) -> Result<Out, Failure> {
    let text = format!("{prefix}:{}", args.text(0)?);
    items::parse::<ExtCommunity>(&text).map(raw).map_err(|e| args.bad(0, e))
}

/// `frr.ext_community.link_bandwidth(asn, octets_per_second [, transitive])`.
///
/// # Errors
/// The rate is negative or no number.
pub fn link_bandwidth(args: &Args) -> Result<Out, Failure> {
    let rate = match args.get(1) {
        Arg::Number(n) => n,
        _ => return Err(args.bad(1, "must be a rate in octets per second")),
    };
    let transitive = matches!(args.get(2), Arg::Bool(true));
    ExtCommunity::link_bandwidth(args.asn(0)?, rate, transitive).map(raw).map_err(|e| args.bad(1, e))
}

/// `frr.ext_community.color(color [, co])`.
///
/// # Errors
/// A number is out of range.
pub fn color(args: &Args) -> Result<Out, Failure> {
    let number = |i, max| args.unsigned(i, max).map(|n| u32::try_from(n).unwrap_or(0));
    let co = if args.len() > 1 { number(1, 3)? } else { 0 };
    let color = Color { color: number(0, u32::MAX.into())?, co: u8::try_from(co).unwrap_or(0) };
    ExtCommunity::color(color).map(raw).map_err(|e| args.bad(0, e))
}

/// `frr.ext_community.group_policy_id(id [, scope])`.
///
/// # Errors
/// A number is out of range.
pub fn group_policy_id(args: &Args) -> Result<Out, Failure> {
    let number = |i| args.unsigned(i, 0xffff).map(|n| u16::try_from(n).unwrap_or(0));
    let scope = if args.len() > 1 { number(1)? } else { 0 };
    Ok(raw(ExtCommunity::group_policy_id(GroupPolicyId { id: number(0)?, scope })))
}

/// `frr.ext_community.generic(octets)`: any 8 octets.
///
/// # Errors
/// They are not 8.
pub fn generic(args: &Args) -> Result<Out, Failure> {
    let octets = args.octets(0)?;
    match <[u8; 8]>::try_from(octets) {
        Ok(octets) => Ok(raw(ExtCommunity::generic(octets))),
        Err(_) => Err(args.bad(0, format_args!("an extended community has 8 octets, not {}", octets.len()))),
    }
}

/// `frr.ext_community.text(octets)`: FRR's text of one.
///
/// # Errors
/// It is none.
pub fn to_text(args: &Args) -> Result<Out, Failure> {
    let octets = args.octets(0)?;
    match <[u8; 8]>::try_from(octets) {
        Ok(octets) => Ok(Out::Text(text_of(&ExtCommunity::generic(octets)))),
        Err(_) => Err(args.bad(0, format_args!("an extended community has 8 octets, not {}", octets.len()))),
    }
}
