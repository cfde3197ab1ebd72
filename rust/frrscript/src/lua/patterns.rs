// SPDX-License-Identifier: GPL-2.0-or-later
//! Patterns of AS paths and communities: as objects of a script, and compiled once when a script writes one inline.

use super::value::{Doc, Object, Out};
use crate::atom::{self, Atom};
use crate::failure::Failure;
use crate::ffi::args::{Arg, Args};
use crate::pattern::{AsPathPattern, CommunityPattern};
use std::any::Any;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Patterns that are kept compiled, for each kind; a script that makes up more pays for compiling them. They are on no
/// script's account, so this bounds what all scripts together can have kept: 32 MiB.
const KEPT: usize = 64;

/// Octets of a compiled pattern, as `pattern` bounds it.
const SIZE: usize = 256 * 1024;

type Cache<T> = RefCell<HashMap<Box<str>, Rc<T>>>;

thread_local! {
    static AS_PATHS: Cache<AsPathPattern> = RefCell::default();
    static COMMUNITIES: Cache<CommunityPattern> = RefCell::default();
}

/// What the reference says of both patterns.
pub const DOCS: &[Doc] =
    &[Doc { name: "match", signature: "(text: string) -> boolean", doc: "does the text match? Linear time" }];

/// `frr.as_path_pattern`.
pub struct AsPaths(pub Rc<AsPathPattern>);

/// `frr.community_pattern`.
pub struct Communities(pub Rc<CommunityPattern>);

fn cached<T>(
    cache: &Cache<T>,
    text: &str,
    compile: impl FnOnce(&str) -> Result<T, crate::value::TextError>,
) -> Result<Rc<T>, String> {
    if let Some(found) = cache.borrow().get(text) {
        return Ok(Rc::clone(found));
    }
    let pattern = Rc::new(compile(text).map_err(|e| e.0)?);
    let mut cache = cache.borrow_mut();
    if cache.len() >= KEPT {
        cache.clear();
    }
    cache.insert(text.into(), Rc::clone(&pattern));
    Ok(pattern)
}

/// The AS path pattern that an argument is.
///
/// # Errors
/// It is none.
pub fn as_path(args: &Args, index: usize) -> Result<Rc<AsPathPattern>, Failure> {
    if let Arg::Object(object) = args.get(index)
        && let Some(pattern) = object.as_any().downcast_ref::<AsPaths>()
    {
        return Ok(Rc::clone(&pattern.0));
    }
    let text = args.text(index)?;
    AS_PATHS.with(|c| cached(c, text, AsPathPattern::new)).map_err(|e| args.bad(index, e))
}

/// The community pattern that an argument is.
///
/// # Errors
/// It is none.
pub fn community(args: &Args, index: usize) -> Result<Rc<CommunityPattern>, Failure> {
    if let Arg::Object(object) = args.get(index)
        && let Some(pattern) = object.as_any().downcast_ref::<Communities>()
    {
        return Ok(Rc::clone(&pattern.0));
    }
    let text = args.text(index)?;
    COMMUNITIES.with(|c| cached(c, text, CommunityPattern::new)).map_err(|e| args.bad(index, e))
}

macro_rules! pattern_object {
    ($type:ident, $name:literal) => {
        impl Object for $type {
            fn type_name(&self) -> &'static str {
                $name
            }

            fn call(&self, method: Atom, args: &Args) -> Result<Option<Out>, Failure> {
                match method {
                    atom::MATCH => Ok(Some(Out::Bool(self.0.is_match(args.text(0)?)))),
                    _ => Ok(None),
                }
            }

            fn text(&self) -> String {
                $name.to_owned()
            }

            fn memory(&self) -> usize {
                SIZE
            }

            fn as_any(&self) -> &dyn Any {
                self
            }
        }
    };
}

pattern_object!(AsPaths, "AsPathPattern");
pattern_object!(Communities, "CommunityPattern");
