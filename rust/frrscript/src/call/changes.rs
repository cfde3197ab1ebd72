// SPDX-License-Identifier: GPL-2.0-or-later
//! Assignments of a script, kept until the verdict says that they hold.

use crate::schema::{Field, ItemKind};
use crate::value::as_path::AsPath;
use ipnet::IpNet;
use std::net::IpAddr;

/// An assigned value, checked against its field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Staged {
    /// The attribute is to be removed.
    Nil,
    /// true or false.
    Bool(bool),
    /// Unsigned, in the field's range.
    Uint(u64),
    /// Signed.
    Int(i64),
    /// Text.
    Text(Box<str>),
    /// An address.
    Address(IpAddr),
    /// A prefix.
    Prefix(IpNet),
    /// An AS path.
    AsPath(AsPath),
    /// The octets of a community list, sorted, each item once.
    Items(ItemKind, Vec<u8>),
}

/// One assignment.
#[derive(Debug)]
pub struct Change {
    /// Which of the hook's objects it was made on.
    pub arg: u8,
    /// The field that was assigned.
    pub field: &'static Field,
    /// The value.
    pub value: Staged,
}

/// The assignments of one call, in the order in which fields were first assigned.
#[derive(Debug, Default)]
pub struct Changes(Vec<Change>);

impl Changes {
    /// The value assigned to a field, whatever name it was assigned under: fields with one setter are one attribute
    /// (`community` is the text of `communities`).
    #[inline]
    #[must_use]
    pub fn get(&self, arg: u8, field: &Field) -> Option<&Staged> {
        if self.0.is_empty() {
            return None;
        }
        self.0.iter().find(|c| c.is_of(arg, field)).map(|c| &c.value)
    }

    /// Assigns; a later value takes the place of an earlier one.
    pub fn set(&mut self, arg: u8, field: &'static Field, value: Staged) {
        match self.0.iter_mut().find(|c| c.is_of(arg, field)) {
            Some(change) => change.value = value,
            None => self.0.push(Change { arg, field, value }),
        }
    }

    /// No assignment was made.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets all; the room stays for the next call.
    #[inline]
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Gives the assignments that were made on one argument to `f` and forgets them; how many.
    pub fn drain_of(&mut self, arg: u32, mut f: impl FnMut(&Change)) -> u32 {
        if self.0.is_empty() {
            return 0;
        }
        if self.0.iter().all(|c| u32::from(c.arg) == arg) {
            self.0.iter().for_each(&mut f);
            let count = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
            self.0.clear();
            return count;
        }
        let mut count = 0;
        self.0.retain(|change| {
            let wanted = u32::from(change.arg) == arg;
            if wanted {
                f(change);
                count += 1;
            }
            !wanted
        });
        count
    }

    /// The assignments.
    pub fn iter(&self) -> impl Iterator<Item = &Change> {
        self.0.iter()
    }
}

impl Change {
    fn is_of(&self, arg: u8, field: &Field) -> bool {
        self.arg == arg && self.field.access.writes_the_same(&field.access)
    }
}
