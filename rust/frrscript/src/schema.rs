// SPDX-License-Identifier: GPL-2.0-or-later
//! What daemons describe: types with fields, hook points with arguments.
//!
//! The C tables are read once, when they are registered; from then on this is the only form of them, for access,
//! checks, `show script hooks`, the reference page and the editor's types alike.

use crate::atom::{self, Atom};
use crate::ffi::access::{Accessor, Each};
use crate::ffi::record::{Event, Getter};
use std::cell::RefCell;
use std::mem::ManuallyDrop;

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// true or false.
    Bool,
    /// Unsigned, up to `max`.
    Uint,
    /// Signed.
    Int,
    /// Text or octets.
    String,
    /// IPv4 or IPv6 address.
    Address,
    /// IPv4 or IPv6 prefix.
    Prefix,
    /// Another object.
    Object,
    /// An AS path.
    AsPath,
    /// A list of items of so many octets.
    Items(ItemKind),
}

/// Which communities a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemKind {
    /// RFC 1997, 4 octets.
    Community,
    /// RFC 8092, 12 octets.
    Large,
    /// RFC 4360, 8 octets.
    Ext,
    /// RFC 5701, 20 octets.
    Ipv6Ext,
}

impl ItemKind {
    /// Octets of an item.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            ItemKind::Community => 4,
            ItemKind::Large => 12,
            ItemKind::Ext => 8,
            ItemKind::Ipv6Ext => 20,
        }
    }

    /// The name in messages.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            ItemKind::Community => "community",
            ItemKind::Large => "large community",
            ItemKind::Ext => "extended community",
            ItemKind::Ipv6Ext => "IPv6 extended community",
        }
    }
}

/// A field of a [`Type`].
#[derive(Debug)]
pub struct Field {
    /// As scripts write it.
    pub name: &'static str,
    /// One line.
    pub doc: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// Lists and AS paths shown as FRR's text.
    pub text: bool,
    /// May be set to nil.
    pub clearable: bool,
    /// May be assigned.
    pub writable: bool,
    /// Largest accepted number.
    pub max: u64,
    /// Accepted words; empty: any.
    pub choices: Vec<&'static str>,
    /// The type of an object field.
    pub object: Option<&'static Type>,
    /// How the C side reads, writes and checks it.
    pub(crate) access: Accessor,
}

/// A method of a [`Type`].
#[derive(Debug)]
pub struct Method {
    /// As scripts write it.
    pub name: &'static str,
    /// One line.
    pub doc: &'static str,
    atom: Atom,
    /// Does it.
    pub(crate) call: unsafe extern "C" fn(*const std::ffi::c_void),
}

/// A C struct that scripts may see.
#[derive(Debug)]
pub struct Type {
    /// Name for messages.
    pub name: &'static str,
    /// One line.
    pub doc: &'static str,
    /// In the order of the C table.
    pub fields: Vec<Field>,
    /// In the order of the C table.
    pub methods: Vec<Method>,
    /// Field index + 1 by atom; 0: no such field.
    by_atom: Vec<u16>,
    /// How the C side tells the object's prefix.
    pub(crate) prefix: crate::ffi::access::PrefixOf,
}

impl Type {
    /// Builds a type; its names get their atoms.
    pub(crate) fn new(
        name: &'static str,
        doc: &'static str,
        fields: Vec<Field>,
        prefix: crate::ffi::access::PrefixOf,
    ) -> Result<Type, String> {
        let mut by_atom = Vec::new();
        for (i, field) in fields.iter().enumerate() {
            let atom = atom::intern(field.name).ok_or_else(|| format!("type {name}: too many names"))?;
            let at = usize::try_from(atom).map_err(|e| e.to_string())?;
            if by_atom.len() <= at {
                by_atom.resize(at + 1, 0);
            }
            if by_atom[at] != 0 {
                return Err(format!("type {name}: field {} is there twice", field.name));
            }
            by_atom[at] = u16::try_from(i + 1).map_err(|_| format!("type {name}: too many fields"))?;
        }
        Ok(Type { name, doc, fields, methods: Vec::new(), by_atom, prefix })
    }

    /// Adds a method.
    pub(crate) fn add_method(
        &mut self,
        name: &'static str,
        doc: &'static str,
        call: unsafe extern "C" fn(*const std::ffi::c_void),
    ) -> Result<(), String> {
        let atom = atom::intern(name).ok_or_else(|| format!("type {}: too many names", self.name))?;
        self.methods.push(Method { name, doc, atom, call });
        Ok(())
    }

    /// The method of an atom.
    #[must_use]
    pub fn method(&self, atom: Atom) -> Option<&Method> {
        self.methods.iter().find(|m| m.atom == atom)
    }

    /// The field of an atom: two loads and a comparison, on the path of every route.
    #[inline]
    #[must_use]
    pub fn field(&self, atom: Atom) -> Option<&Field> {
        let at = usize::try_from(atom).ok()?;
        let index = *self.by_atom.get(at)?;
        self.fields.get(usize::from(index).wrapping_sub(1))
    }

    /// The field of a name.
    #[must_use]
    pub fn field_named(&self, name: &[u8]) -> Option<&Field> {
        self.fields.iter().find(|f| f.name.as_bytes() == name)
    }

    /// What to say of a field that is not there.
    #[must_use]
    pub fn no_field(&self, name: &str) -> String {
        let near = nearest(name, self.fields.iter().map(|f| f.name));
        match near {
            Some(near) => format!("{} has no field '{name}': did you mean '{near}'?", self.name),
            None => {
                let names: Vec<&str> = self.fields.iter().map(|f| f.name).collect();
                format!("{} has no field '{name}': it has {}", self.name, names.join(", "))
            }
        }
    }
}

/// The nearest of `names` when it is near enough to be meant: edit distance of at most 2 and under half the length.
pub(crate) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    names
        .map(|n| (distance(name.as_bytes(), n.as_bytes()), n))
        .filter(|&(d, n)| d <= 2 && d * 2 < n.len().max(2))
        .min_by_key(|&(d, _)| d)
        .map(|(_, n)| n)
}

fn distance(a: &[u8], b: &[u8]) -> usize {
    if a.len() > 64 {
        return usize::MAX / 4;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, &y) in b.iter().enumerate() {
            let cost = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// An argument of a [`Hook`].
#[derive(Debug)]
pub struct Arg {
    /// Its name.
    pub name: &'static str,
    /// One line.
    pub doc: &'static str,
    /// What is passed.
    pub kind: ArgKind,
    /// Of an event: finds it in the record.
    pub(crate) get: Option<Getter>,
}

impl Hook {
    /// Somebody listens to the event, or has stopped: the daemon hears of the first and the last.
    pub(crate) fn listen(&self, on: bool) {
        let before = self.listeners.get();
        let after = if on { before + 1 } else { before.saturating_sub(1) };
        self.listeners.set(after);
        if let Some(event) = &self.event
            && (before == 0) != (after == 0)
        {
            event.listen(on);
        }
    }
}

/// What is passed as an argument.
#[derive(Debug)]
pub enum ArgKind {
    /// An object; the number is its place among the pointers of a call.
    Object(&'static Type, usize),
    /// A number that is always the same.
    Constant(i64),
    /// A value of an event.
    Value(FieldKind),
}

/// A place where a daemon calls a script.
#[derive(Debug)]
pub struct Hook {
    /// Its name, also the function's default name.
    pub name: &'static str,
    /// One line.
    pub doc: &'static str,
    /// In order.
    pub args: Vec<Arg>,
    /// Takes a verdict.
    pub verdict: bool,
    /// Changes hold unless the function fails.
    pub set: bool,
    /// Takes a number; its range is `range`.
    pub number: bool,
    /// The smallest and the largest number.
    pub range: (u32, u32),
    /// The C side of an event; `None`: the daemon waits for the answer.
    pub event: Option<Event>,
    /// Of an event: how many listen.
    pub listeners: std::cell::Cell<u32>,
    /// The C table it came from, for finding it again.
    pub(crate) origin: usize,
}

/// Objects of the daemon that a script can go over.
#[derive(Debug)]
pub struct List {
    /// The function's name under `frr`.
    pub name: &'static str,
    /// One line.
    pub doc: &'static str,
    /// What they are.
    pub ty: &'static Type,
    /// How the C side goes over them.
    pub(crate) each: Each,
    pub(crate) origin: usize,
}

#[derive(Default)]
struct Registry {
    types: Vec<(usize, &'static Type)>,
    hooks: Vec<&'static Hook>,
    lists: Vec<&'static List>,
}

thread_local! {
    /// Not dropped with the thread, so that what is kept for the life of the process is still found when leaks are looked
    /// for at its end.
    static REGISTRY: RefCell<ManuallyDrop<Registry>> = RefCell::default();
}

/// Keeps a type for the life of the process; `origin` is the address of its C table.
pub(crate) fn add_type(origin: usize, ty: Type) -> &'static Type {
    let ty: &'static Type = Box::leak(Box::new(ty));
    REGISTRY.with_borrow_mut(|r| r.types.push((origin, ty)));
    ty
}

/// The type that came from a C table.
pub(crate) fn type_of(origin: usize) -> Option<&'static Type> {
    REGISTRY.with_borrow(|r| r.types.iter().find(|(o, _)| *o == origin).map(|(_, t)| *t))
}

/// Keeps a hook point for the life of the process.
pub(crate) fn add_hook(hook: Hook) -> &'static Hook {
    let hook: &'static Hook = Box::leak(Box::new(hook));
    REGISTRY.with_borrow_mut(|r| r.hooks.push(hook));
    hook
}

/// The hook point that came from a C table.
pub(crate) fn hook_of(origin: usize) -> Option<&'static Hook> {
    REGISTRY.with_borrow(|r| r.hooks.iter().find(|h| h.origin == origin).copied())
}

/// All hook points, in the order they were registered.
#[must_use]
pub fn hooks() -> Vec<&'static Hook> {
    REGISTRY.with_borrow(|r| r.hooks.clone())
}

/// Keeps a list for the life of the process.
pub(crate) fn add_list(list: List) {
    REGISTRY.with_borrow_mut(|r| {
        if r.lists.iter().all(|l| l.origin != list.origin) {
            r.lists.push(Box::leak(Box::new(list)));
        }
    });
}

/// All lists, in the order they were registered.
#[must_use]
pub fn lists() -> Vec<&'static List> {
    REGISTRY.with_borrow(|r| r.lists.clone())
}

/// All types, in the order they were registered.
#[must_use]
pub fn types() -> Vec<&'static Type> {
    REGISTRY.with_borrow(|r| r.types.iter().map(|(_, t)| *t).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_offered() {
        let names = ["community", "localpref", "metric"];
        assert_eq!(nearest("comunity", names.iter().copied()), Some("community"));
        assert_eq!(nearest("local_pref", names.iter().copied()), Some("localpref"));
        assert_eq!(nearest("zzz", names.iter().copied()), None);
        assert_eq!(nearest("", names.iter().copied()), None);
    }
}
