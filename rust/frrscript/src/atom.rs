// SPDX-License-Identifier: GPL-2.0-or-later
//! Names of fields and methods as small numbers.
//!
//! Luau asks the host once per name in a script for a number, its *atom*, and hands it back at every access, so that a
//! field is found by an index into a table instead of by comparing strings. Names of methods and fields that Rust gives
//! are numbered at compile time (so that a method is a `match` on a constant); names that a daemon's type tables bring
//! are added when the tables are registered.

use std::cell::RefCell;
use std::collections::HashMap;

/// A field's or method's number; never negative.
pub type Atom = i16;

macro_rules! atoms {
    ($($name:ident = $text:literal),* $(,)?) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[repr(i16)]
        enum Number { $($name),*, COUNT }
        $(#[doc = concat!("`", $text, "`")] pub const $name: Atom = Number::$name as Atom;)*
        const NAMES: [&str; Number::COUNT as usize] = [$($text),*];
    };
}

atoms! {
    ADD = "add",
    ADDRESS = "address",
    AS_LIST = "as_list",
    ASN_COUNT = "asn_count",
    BANDWIDTH = "bandwidth",
    CANCEL = "cancel",
    COLOR = "color",
    CONTAINS = "contains",
    CONTAINS_ANY = "contains_any",
    DELETE = "delete",
    EXCLUDE = "exclude",
    EXPIRE = "expire",
    FAMILY = "family",
    FIRST = "first",
    FLUSH = "flush",
    GET = "get",
    GROUP_POLICY_ID = "group_policy_id",
    HAS = "has",
    HAS_ANY = "has_any",
    HAS_PRIVATE = "has_private",
    INCR = "incr",
    ITEMS = "items",
    KEYS = "keys",
    LENGTH = "length",
    LIST = "list",
    LONGEST_MATCH = "longest_match",
    MATCH = "match",
    NETWORK = "network",
    NTH = "nth",
    ORIGIN = "origin",
    PREPEND = "prepend",
    RAW = "raw",
    REMOVE = "remove",
    REMOVE_MATCHING = "remove_matching",
    REMOVE_PRIVATE = "remove_private",
    REPLACE = "replace",
    REPLACE_ALL = "replace_all",
    ROUTE_TARGETS = "route_targets",
    SEGMENTS = "segments",
    SET = "set",
    SITE_OF_ORIGIN = "site_of_origin",
    SIZE = "size",
    STRING = "string",
    VALUE = "value",
}

/// More names than this in all the tables is a mistake of a daemon's author, not of a user.
const MOST: usize = 4096;

struct Table {
    by_name: HashMap<Box<[u8]>, Atom>,
    names: Vec<String>,
}

thread_local! {
    static TABLE: RefCell<Table> = RefCell::new({
        let names: Vec<String> = NAMES.iter().map(|n| (*n).to_owned()).collect();
        let by_name = names.iter().zip(0..).map(|(n, i)| (n.as_bytes().into(), i)).collect();
        Table { by_name, names }
    });
}

/// The number of a name that no table has: Luau then treats the access as one of an ordinary table.
pub const NONE: Atom = -1;

/// The atom of `name`, or [`NONE`].
#[must_use]
pub fn lookup(name: &[u8]) -> Atom {
    TABLE.with_borrow(|t| t.by_name.get(name).copied().unwrap_or(NONE))
}

/// The atom of `name`, made if need be; `None` when there are too many names.
#[must_use]
pub fn intern(name: &str) -> Option<Atom> {
    TABLE.with_borrow_mut(|t| {
        if let Some(&atom) = t.by_name.get(name.as_bytes()) {
            return Some(atom);
        }
        let atom = Atom::try_from(t.names.len()).ok().filter(|_| t.names.len() < MOST)?;
        t.names.push(name.to_owned());
        t.by_name.insert(name.as_bytes().into(), atom);
        Some(atom)
    })
}

/// The name behind an atom.
#[must_use]
pub fn name(atom: Atom) -> Option<String> {
    let index = usize::try_from(atom).ok()?;
    TABLE.with_borrow(|t| t.names.get(index).cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_given_at_compile_time_have_their_constants() {
        assert_eq!(lookup(b"has"), HAS);
        assert_eq!(lookup(b"value"), VALUE);
        assert_eq!(name(PREPEND).as_deref(), Some("prepend"));
    }

    #[test]
    fn a_name_keeps_its_number() {
        let metric = intern("metric").unwrap();
        assert_eq!(intern("metric"), Some(metric));
        assert_eq!(lookup(b"metric"), metric);
        assert_eq!(lookup(b"no such name"), NONE);
    }
}
