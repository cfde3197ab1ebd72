// SPDX-License-Identifier: GPL-2.0-or-later
//! The shapes of what goes in and out of a method.

use crate::atom::Atom;
use crate::failure::Failure;
use crate::ffi::args::Args;
use crate::script::module::Chunk;
use crate::task::Wait;

/// What a method or field gives to the script.
pub enum Out {
    /// No result at all.
    Nothing,
    /// nil.
    Nil,
    /// true or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A whole number; beyond 2^53 it becomes Luau's 64-bit integer.
    Unsigned(u64),
    /// The same, signed.
    Signed(i64),
    /// Luau's 64-bit integer.
    Integer(i64),
    /// Text.
    Text(String),
    /// Octets.
    Octets(Vec<u8>),
    /// Octets that something else holds, too.
    Shared(std::sync::Arc<[u8]>),
    /// An object of Rust's own.
    Object(Box<dyn Object>),
    /// An array.
    List(Vec<Out>),
    /// A table with these fields.
    Record(Vec<(&'static str, Out)>),
    /// A table with any keys.
    Map(Vec<(Out, Out)>),
    /// Octets that a runtime gave.
    Foreign(runtime_host::ffi::octets::Octets),
    /// Several results.
    Many(Vec<Out>),
    /// Two results.
    Two(Box<Out>, Box<Out>),
    /// What the module of this name has given.
    Loaded(String),
    /// The module is run first; what it gives is the result.
    Module(Box<Chunk>),
    /// The task waits; what it waits for gives the results.
    Wait(Wait),
}

/// A documented method or field, for the reference and the editor's types.
pub struct Doc {
    /// Its name.
    pub name: &'static str,
    /// Arguments and results as Luau types: `(community: string | number) -> boolean`; of a field: its type.
    pub signature: &'static str,
    /// One line.
    pub doc: &'static str,
}

/// An object of Rust's own that a script holds.
pub trait Object: std::any::Any {
    /// What `typeof` and messages call it.
    fn type_name(&self) -> &'static str;

    /// A field; `None`: there is no such field.
    fn field(&self, atom: Atom) -> Option<Out> {
        let _ = atom;
        None
    }

    /// A method.
    ///
    /// # Errors
    /// `Ok(None)`: there is no such method; else what the script did wrong.
    fn call(&self, method: Atom, args: &Args) -> Result<Option<Out>, Failure>;

    /// As text.
    fn text(&self) -> String;

    /// What `#` gives.
    fn length(&self) -> Option<usize> {
        None
    }

    /// Whether two objects are equal.
    fn equals(&self, other: &dyn Object) -> bool {
        let _ = other;
        false
    }

    /// Octets held outside the VM, for the script's memory limit.
    fn memory(&self) -> usize {
        64
    }

    /// For finding out what it is.
    fn as_any(&self) -> &dyn std::any::Any;
}
