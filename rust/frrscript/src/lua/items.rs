// SPDX-License-Identifier: GPL-2.0-or-later
//! `attributes.communities` and its like: the methods of a community list.

use super::staging::shown;
use super::value::{Doc, Out};
use super::{ext, patterns, sets};
use crate::atom::{self, Atom};
use crate::call::Staged;
use crate::failure::Failure;
use crate::ffi::args::{Arg, Args};
use crate::schema::ItemKind;
use crate::value::community::Community;
use crate::value::ext::ExtCommunity;
use crate::value::ipv6_ext::Ipv6ExtCommunity;
use crate::value::items::{self, Item, ItemList};
use crate::value::large::LargeCommunity;
use std::cell::Cell;

/// What the reference says of each method.
pub const DOCS: &[Doc] = &[
    Doc { name: "has", signature: "(community: string | number) -> boolean", doc: "is the community in the list?" },
    Doc {
        name: "has_any",
        signature: "(set: CommunitySet | {string}) -> boolean",
        doc: "is any community of the set in the list?",
    },
    Doc { name: "add", signature: "(community: string | number, ...) -> ()", doc: "adds communities" },
    Doc {
        name: "remove",
        signature: "(community: string | number, ...) -> number",
        doc: "takes communities out; how many were there",
    },
    Doc {
        name: "remove_matching",
        signature: "(pattern: string | CommunityPattern) -> number",
        doc: "takes out each community whose text matches; how many",
    },
    Doc {
        name: "match",
        signature: "(pattern: string | CommunityPattern) -> boolean",
        doc: "does the list's text match the regular expression, as an expanded community-list? `_` is a delimiter; linear time",
    },
    Doc {
        name: "set",
        signature: "(community: string | number, ...) -> ()",
        doc: "replaces the list; without arguments the list is empty",
    },
    Doc { name: "items", signature: "() -> {string}", doc: "the communities as text" },
    Doc {
        name: "raw",
        signature: "() -> {string}",
        doc: "the communities as octets in network order, for string.unpack",
    },
];

trait FromScript: Item {
    fn from_script(arg: &Arg) -> Result<Self, String>;
}

fn text_of<I: Item>(arg: &Arg) -> Result<I, String> {
    match arg {
        Arg::Octets(text) => {
            let text = std::str::from_utf8(text).map_err(|_| format!("{} are given as text", I::NOUN))?;
            items::parse(text).map_err(|e| e.0)
        }
        _ => Err(format!("{} are given as text, not {}", I::NOUN, shown(arg))),
    }
}

impl FromScript for Community {
    #[inline]
    fn from_script(arg: &Arg) -> Result<Self, String> {
        match arg {
            Arg::Octets(text) => known(text),
            Arg::Number(n) => crate::ffi::args::whole(*n)
                .and_then(|n| u32::try_from(n).ok())
                .map(Community::from)
                .ok_or_else(|| format!("{n} is not a community: write AS:VALUE or a number up to 4294967295")),
            _ => text_of(arg),
        }
    }
}

/// Texts of communities that were read lately: a script's constants, which it asks for again with every route.
const KNOWN: usize = 64;
/// Octets of a text that is kept.
const KNOWN_TEXT: usize = 14;

#[derive(Clone, Copy)]
struct Known {
    length: u8,
    text: [u8; KNOWN_TEXT],
    community: Community,
}

thread_local! {
    static LATELY: [Cell<Option<Known>>; KNOWN] = const { [const { Cell::new(None) }; KNOWN] };
}

/// Where a text is kept: texts of one policy differ in their last octets.
#[inline]
fn slot(text: &[u8]) -> Option<usize> {
    let (last, middle) = (*text.last()?, text[text.len() / 2]);
    (text.len() <= KNOWN_TEXT).then(|| (usize::from(last) * 7 + usize::from(middle) + text.len()) % KNOWN)
}

/// The octets of a community whose text was read lately.
#[inline]
#[must_use]
pub fn known_octets(text: &[u8]) -> Option<[u8; 4]> {
    let known = LATELY.with(|lately| lately[slot(text)?].get())?;
    let same = usize::from(known.length) == text.len() && known.text[..text.len()] == *text;
    same.then(|| known.community.octets().try_into().ok()).flatten()
}

fn known(text: &[u8]) -> Result<Community, String> {
    if let Some(octets) = known_octets(text)
        && let Some(community) = Community::from_octets(&octets)
    {
        return Ok(community);
    }
    let community = read_community(text)?;
    if let Some(slot) = slot(text) {
        let mut known = Known { length: u8::try_from(text.len()).unwrap_or(0), text: [0; KNOWN_TEXT], community };
        known.text[..text.len()].copy_from_slice(text);
        LATELY.with(|lately| lately[slot].set(Some(known)));
    }
    Ok(community)
}

fn read_community(text: &[u8]) -> Result<Community, String> {
    let text = std::str::from_utf8(text).map_err(|_| "not text of a community".to_owned())?;
    crate::value::community::parse_one(text).map(Community::from).map_err(|e| e.0)
}

impl FromScript for LargeCommunity {
    fn from_script(arg: &Arg) -> Result<Self, String> {
        text_of(arg)
    }
}

impl FromScript for ExtCommunity {
    fn from_script(arg: &Arg) -> Result<Self, String> {
        match arg {
            Arg::Octets(octets) if ext::is_raw(octets) => {
                ExtCommunity::from_octets(octets).ok_or_else(|| "8 octets are an extended community".to_owned())
            }
            _ => text_of(arg),
        }
    }
}

impl FromScript for Ipv6ExtCommunity {
    fn from_script(arg: &Arg) -> Result<Self, String> {
        match arg {
            Arg::Octets(octets) if octets.len() == Self::SIZE && !octets.is_ascii() => {
                Self::from_octets(octets).ok_or_else(|| "20 octets are an IPv6 extended community".to_owned())
            }
            _ => text_of(arg),
        }
    }
}

/// FRR's text of a list.
#[must_use]
pub fn text(kind: ItemKind, octets: &[u8]) -> String {
    let mut out = String::new();
    match kind {
        ItemKind::Community => items::format::<Community>(octets, &mut out),
        ItemKind::Large => items::format::<LargeCommunity>(octets, &mut out),
        ItemKind::Ext => items::format::<ExtCommunity>(octets, &mut out),
        ItemKind::Ipv6Ext => items::format::<Ipv6ExtCommunity>(octets, &mut out),
    }
    out
}

/// The items as text, one by one.
#[must_use]
pub fn as_list(kind: ItemKind, octets: &[u8]) -> Out {
    Out::List(octets.chunks_exact(kind.size()).map(|item| Out::Text(text(kind, item))).collect())
}

/// A list from a script: text, an item, a table of items.
///
/// # Errors
/// An item is none.
pub fn from_script(kind: ItemKind, args: &Args) -> Result<Vec<u8>, Failure> {
    match kind {
        ItemKind::Community => collect::<Community>(args),
        ItemKind::Large => collect::<LargeCommunity>(args),
        ItemKind::Ext => collect::<ExtCommunity>(args),
        ItemKind::Ipv6Ext => collect::<Ipv6ExtCommunity>(args),
    }
}

fn collect<I: FromScript>(args: &Args) -> Result<Vec<u8>, Failure> {
    let mut list = ItemList::<I>::new();
    args.each(0, |arg| match &arg {
        Arg::Octets(text) if text.is_ascii() && text.contains(&b' ') => {
            let text = std::str::from_utf8(text).map_err(|e| e.to_string())?;
            for item in ItemList::<I>::parse(text).map_err(|e| e.0)?.iter() {
                list.add(item).map_err(|e| e.0)?;
            }
            Ok(())
        }
        Arg::Octets(b"") => Ok(()),
        arg => list.add(I::from_script(arg)?).map(drop).map_err(|e| e.0),
    })?;
    Ok(list.as_octets().to_vec())
}

/// A method; the second result is the list as it is to be from now on.
///
/// # Errors
/// No such method, or wrong arguments.
#[inline]
pub fn call(kind: ItemKind, octets: &[u8], method: Atom, args: &Args) -> Result<(Out, Option<Staged>), Failure> {
    match kind {
        ItemKind::Community => on_items::<Community>(kind, octets, method, args),
        ItemKind::Large => on_items::<LargeCommunity>(kind, octets, method, args),
        ItemKind::Ipv6Ext => on_items::<Ipv6ExtCommunity>(kind, octets, method, args),
        ItemKind::Ext => match ext::read(octets, method) {
            Some(out) => Ok((out, None)),
            None => on_items::<ExtCommunity>(kind, octets, method, args),
        },
    }
}

fn on_items<I: FromScript>(
    kind: ItemKind,
    octets: &[u8],
    method: Atom,
    args: &Args,
) -> Result<(Out, Option<Staged>), Failure> {
    let out = match method {
        atom::HAS => {
            let item = I::from_script(&args.get(0)).map_err(|e| args.bad(0, e))?;
            Out::Bool(items::has(octets, &item))
        }
        atom::HAS_ANY => Out::Bool(has_any::<I>(kind, octets, args)?),
        atom::MATCH => Out::Bool(patterns::community(args, 0)?.is_match(&text(kind, octets))),
        atom::ITEMS => as_list(kind, octets),
        atom::RAW => Out::List(octets.chunks_exact(I::SIZE).map(|i| Out::Octets(i.to_vec())).collect()),
        _ => return change::<I>(kind, octets, method, args),
    };
    Ok((out, None))
}

fn has_any<I: FromScript>(kind: ItemKind, octets: &[u8], args: &Args) -> Result<bool, Failure> {
    if let Arg::Object(object) = args.get(0)
        && let Some(set) = object.as_any().downcast_ref::<sets::Communities>()
    {
        return set.intersects(kind, octets).map_err(|e| args.bad(0, e));
    }
    let mut found = false;
    args.each(0, |arg| {
        found = found || items::has(octets, &I::from_script(&arg)?);
        Ok(())
    })?;
    Ok(found)
}

fn change<I: FromScript>(
    kind: ItemKind,
    octets: &[u8],
    method: Atom,
    args: &Args,
) -> Result<(Out, Option<Staged>), Failure> {
    let mut list = ItemList::<I>::from_octets(octets);
    let mut count = 0;
    match method {
        atom::ADD => args.each(0, |arg| list.add(I::from_script(&arg)?).map(drop).map_err(|e| e.0))?,
        atom::SET => return Ok((Out::Nothing, Some(Staged::Items(kind, collect::<I>(args)?)))),
        atom::REMOVE => args.each(0, |arg| {
            count += usize::from(list.remove(I::from_script(&arg)?));
            Ok(())
        })?,
        atom::REMOVE_MATCHING => {
            let pattern = patterns::community(args, 0)?;
            let mut shown = String::new();
            count = list.remove_if(|item| {
                shown.clear();
                item.write(&mut shown);
                pattern.is_match(&shown)
            });
        }
        _ => {
            let name = atom::name(method).unwrap_or_default();
            return Err(Failure::runtime(format!("a {} list has no method '{name}'", kind.noun())));
        }
    }
    let out = if method == atom::ADD { Out::Nothing } else { Out::Unsigned(count as u64) };
    let changed = list.as_octets() != octets;
    Ok((out, changed.then(|| Staged::Items(kind, list.as_octets().to_vec()))))
}
