// SPDX-License-Identifier: GPL-2.0-or-later
//! `attributes.as_path`: the methods of an AS path.

use super::patterns;
use super::sets;
use super::value::{Doc, Object, Out};
use crate::atom::{self, Atom};
use crate::call::Staged;
use crate::failure::Failure;
use crate::ffi::args::{Arg, Args};
use crate::value::as_path::{self, AsPath, SegmentKind, Segments};
use std::borrow::Cow;
use std::ops::ControlFlow;

/// An AS path, FRR's own or one of ours.
pub trait Path: Segments {
    /// FRR's text of it.
    fn text(&self) -> Cow<'_, str>;
}

impl Path for AsPath {
    fn text(&self) -> Cow<'_, str> {
        Cow::Owned(self.to_string())
    }
}

/// What the reference says of each method.
pub const DOCS: &[Doc] = &[
    Doc {
        name: "length",
        signature: "() -> number",
        doc: "hops as best path counts them: an AS_SET is one, confederation segments none (RFC 4271 9.1.2.2, RFC 5065)",
    },
    Doc { name: "asn_count", signature: "() -> number", doc: "how many AS numbers are in it, in all segments" },
    Doc { name: "contains", signature: "(asn: number | string) -> boolean", doc: "is the AS number in it?" },
    Doc {
        name: "contains_any",
        signature: "(set: AsnSet | {number | string}) -> boolean",
        doc: "is any AS number of the set in it?",
    },
    Doc {
        name: "origin",
        signature: "() -> number?",
        doc: "the AS that originated the route; nil for an empty path or one that ends in an AS_SET",
    },
    Doc { name: "first", signature: "() -> number?", doc: "the neighboring AS, leftmost" },
    Doc { name: "nth", signature: "(index: number) -> number?", doc: "the AS number at a place, from 1 at the left" },
    Doc { name: "has_private", signature: "() -> boolean", doc: "is a private AS number in it (RFC 6996)?" },
    Doc {
        name: "match",
        signature: "(pattern: string | AsPathPattern) -> boolean",
        doc: "does the text match the regular expression, as in bgp as-path access-list? `_` is a delimiter; linear time",
    },
    Doc { name: "as_list", signature: "() -> {number}", doc: "all AS numbers, from the left" },
    Doc {
        name: "segments",
        signature: "() -> {{kind: string, asns: {number}}}",
        doc: "the segments; kind is sequence, set, confed-sequence or confed-set",
    },
    Doc {
        name: "prepend",
        signature: "(asn: number | string, times: number?) -> ()",
        doc: "puts the AS number in front",
    },
    Doc {
        name: "replace",
        signature: "(from: number | string, to: number | string) -> number",
        doc: "puts one AS number in place of another; how many",
    },
    Doc {
        name: "replace_all",
        signature: "(to: number | string) -> number",
        doc: "puts an AS number in place of every other; how many",
    },
    Doc { name: "remove_private", signature: "() -> number", doc: "takes private AS numbers out; how many" },
    Doc {
        name: "exclude",
        signature: "(asn: number | string, ...) -> number",
        doc: "takes the AS numbers out; how many",
    },
];

/// Hops, as best path counts them.
#[must_use]
pub fn length(path: &dyn Path) -> usize {
    as_path::length(path) as usize
}

/// All AS numbers.
#[must_use]
pub fn as_list(path: &dyn Path) -> Out {
    Out::List(as_path::to_vec(path).into_iter().map(|n| Out::Unsigned(n.into())).collect())
}

fn kind_name(kind: SegmentKind) -> &'static str {
    match kind {
        SegmentKind::Set => "set",
        SegmentKind::Sequence => "sequence",
        SegmentKind::ConfedSequence => "confed-sequence",
        SegmentKind::ConfedSet => "confed-set",
    }
}

fn segments(path: &dyn Path) -> Out {
    let mut out = Vec::new();
    path.for_each(&mut |kind, asns| {
        let asns = Out::List(asns.iter().map(|&n| Out::Unsigned(n.into())).collect());
        out.push(Out::Record(vec![("kind", Out::Text(kind_name(kind).to_owned())), ("asns", asns)]));
        ControlFlow::Continue(())
    });
    Out::List(out)
}

/// A method; the second result is the path as it is to be from now on.
///
/// # Errors
/// No such method, or wrong arguments.
pub fn call(path: Option<&dyn Path>, method: Atom, args: &Args) -> Result<(Out, Option<Staged>), Failure> {
    let empty = AsPath::new();
    let path = path.unwrap_or(&empty);
    let number = |n: Option<u32>| n.map_or(Out::Nil, |n| Out::Unsigned(n.into()));
    let out = match method {
        atom::LENGTH => Out::Unsigned(length(path) as u64),
        atom::ASN_COUNT => Out::Unsigned(as_path::asn_count(path) as u64),
        atom::CONTAINS => Out::Bool(as_path::contains(path, args.asn(0)?)),
        atom::CONTAINS_ANY => Out::Bool(contains_any(path, args)?),
        atom::ORIGIN => number(as_path::origin(path)),
        atom::FIRST => number(as_path::first(path)),
        atom::NTH => {
            let index = usize::try_from(args.unsigned(0, 65_535)?).unwrap_or(0);
            number(index.checked_sub(1).and_then(|i| as_path::nth(path, i)))
        }
        atom::HAS_PRIVATE => Out::Bool(as_path::has_private(path)),
        atom::MATCH => Out::Bool(patterns::as_path(args, 0)?.is_match(&path.text())),
        atom::AS_LIST | atom::ITEMS => as_list(path),
        atom::SEGMENTS => segments(path),
        _ => return change(path, method, args),
    };
    Ok((out, None))
}

fn contains_any(path: &dyn Path, args: &Args) -> Result<bool, Failure> {
    if let Arg::Object(object) = args.get(0)
        && let Some(set) = object.as_any().downcast_ref::<sets::Asns>()
    {
        return Ok(as_path::contains_any(path, |n| set.0.contains(n)));
    }
    let wanted = asns(args)?;
    Ok(as_path::contains_any(path, |n| wanted.contains(&n)))
}

fn asns(args: &Args) -> Result<Vec<u32>, Failure> {
    let mut asns = Vec::new();
    args.each(0, |arg| {
        asns.push(sets::asn_of(&arg)?);
        Ok(())
    })?;
    Ok(asns)
}

fn change(path: &dyn Path, method: Atom, args: &Args) -> Result<(Out, Option<Staged>), Failure> {
    let mut copy = AsPath::copy_of(path);
    let failed = |e: crate::value::TextError| args.bad(0, e);
    let count = match method {
        atom::PREPEND => {
            let times = if args.len() > 1 { args.unsigned(1, 255)? } else { 1 };
            copy.prepend(args.asn(0)?, usize::try_from(times).unwrap_or(1)).map_err(failed)?;
            return Ok((Out::Nothing, Some(Staged::AsPath(copy))));
        }
        atom::REPLACE => copy.replace(args.asn(0)?, args.asn(1)?).map_err(failed)?,
        atom::REPLACE_ALL => copy.replace_all(args.asn(0)?).map_err(failed)?,
        atom::REMOVE_PRIVATE => copy.remove_private(),
        atom::EXCLUDE => copy.exclude(&asns(args)?),
        _ => {
            let name = atom::name(method).unwrap_or_default();
            return Err(Failure::runtime(format!("an AS path has no method '{name}'")));
        }
    };
    Ok((Out::Unsigned(count as u64), (count > 0).then_some(Staged::AsPath(copy))))
}

/// An AS path of the script's own, from `frr.as_path`.
pub struct OwnPath(pub AsPath);

impl Object for OwnPath {
    fn type_name(&self) -> &'static str {
        "AsPath"
    }

    fn call(&self, method: Atom, args: &Args) -> Result<Option<Out>, Failure> {
        let (out, changed) = call(Some(&self.0), method, args)?;
        match changed {
            // A value of the script's own does not change: a method that would change a route's path gives a new one.
            Some(Staged::AsPath(path)) => Ok(Some(Out::Object(Box::new(OwnPath(path))))),
            _ => Ok(Some(out)),
        }
    }

    fn text(&self) -> String {
        self.0.to_string()
    }

    fn length(&self) -> Option<usize> {
        Some(length(&self.0))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<OwnPath>().is_some_and(|o| o.0 == self.0)
    }

    fn memory(&self) -> usize {
        64 + as_path::asn_count(&self.0) * 4
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}
