// SPDX-License-Identifier: GPL-2.0-or-later
//! The arguments of a method, read without anything that Luau could raise: so that safe code may run on them inside a
//! wall against panics.

use super::engine::{self, lua_State};
use super::object::{self, List, View};
use crate::failure::{Failure, Kind};
use crate::lua::value::Object;
use crate::room;
use std::ffi::{CStr, c_int};
use std::marker::PhantomData;

/// The arguments on the stack from `first` on.
pub struct Args<'a> {
    state: *mut lua_State,
    first: c_int,
    count: c_int,
    method: &'a str,
    life: PhantomData<&'a lua_State>,
}

/// One argument.
pub enum Arg<'a> {
    /// nil or not given.
    Nil,
    /// true or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A 64-bit integer.
    Integer(i64),
    /// A string.
    Octets(&'a [u8]),
    /// A table, by its place on the stack.
    Table(c_int),
    /// A C object.
    View(&'a View),
    /// A list or AS path of a C object.
    List(&'a List),
    /// An object of Rust's own.
    Object(&'a dyn Object),
    /// Something else.
    Other(&'static str),
}

impl<'a> Args<'a> {
    /// The arguments from stack index `first` on.
    ///
    /// # Safety
    /// `state` is live and inside the C function whose arguments these are, for as long as the result is used.
    #[inline]
    pub unsafe fn new(state: *mut lua_State, first: c_int, method: &'a str) -> Args<'a> {
        // SAFETY: the caller's promise.
        let top = unsafe { engine::lua_gettop(state) };
        Args { state, first, count: (top - first + 1).max(0), method, life: PhantomData }
    }

    /// What messages call the method.
    #[must_use]
    pub fn method(&self) -> &'a str {
        self.method
    }

    /// Octets that the script may still ask for.
    #[must_use]
    pub fn room(&self) -> usize {
        // SAFETY: a live state (`Args::new`).
        let account = unsafe { super::interrupt::account(self.state) };
        account.limit().saturating_sub(account.used())
    }

    /// The error of a result that would be larger than [`Args::room`]; ends the call as one that took so much.
    #[must_use]
    pub fn beyond_limit(&self) -> Failure {
        // SAFETY: a live state (`Args::new`).
        unsafe { super::interrupt::account(self.state) }.stop(Kind::Memory);
        Failure::new(Kind::Memory, "the result does not fit into the memory limit")
    }

    /// How many were given.
    #[must_use]
    pub fn len(&self) -> usize {
        usize::try_from(self.count).unwrap_or(0)
    }

    /// None was given.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The argument at `index`, from 0.
    #[inline]
    #[must_use]
    pub fn get(&self, index: usize) -> Arg<'a> {
        let Ok(index) = c_int::try_from(index) else { return Arg::Nil };
        if index >= self.count {
            return Arg::Nil;
        }
        // SAFETY: a live state (`Args::new`); the index is on the stack.
        unsafe { read(self.state, self.first + index) }
    }

    fn wrong(&self, index: usize, wanted: &str) -> Failure {
        let found = match self.get(index) {
            Arg::Nil => "nil",
            Arg::Bool(_) => "a boolean",
            Arg::Number(_) | Arg::Integer(_) => "a number",
            Arg::Octets(_) => "a string",
            Arg::Table(_) => "a table",
            Arg::View(v) => v.ty.name,
            Arg::List(l) => l.field.name,
            Arg::Object(o) => o.type_name(),
            Arg::Other(name) => name,
        };
        Failure::runtime(format!("{}: argument {} must be {wanted}, not {found}", self.method, index + 1))
    }

    /// What to raise for an argument whose text or number is wrong.
    pub fn bad(&self, index: usize, why: impl std::fmt::Display) -> Failure {
        Failure::runtime(format!("{}: argument {}: {why}", self.method, index + 1))
    }

    /// A string that is valid UTF-8.
    ///
    /// # Errors
    /// It is not one.
    pub fn text(&self, index: usize) -> Result<&'a str, Failure> {
        match self.get(index) {
            Arg::Octets(octets) => {
                room::ask(octets.len() * COPIES)?;
                std::str::from_utf8(octets).map_err(|_| self.wrong(index, "text"))
            }
            _ => Err(self.wrong(index, "a string")),
        }
    }

    /// A string.
    ///
    /// # Errors
    /// It is not one.
    pub fn octets(&self, index: usize) -> Result<&'a [u8], Failure> {
        match self.get(index) {
            Arg::Octets(octets) => {
                room::ask(octets.len() * COPIES)?;
                Ok(octets)
            }
            _ => Err(self.wrong(index, "a string")),
        }
    }

    /// A whole number in `0..=max`.
    ///
    /// # Errors
    /// It is not one.
    pub fn unsigned(&self, index: usize, max: u64) -> Result<u64, Failure> {
        let number = match self.get(index) {
            Arg::Number(n) => whole(n),
            Arg::Integer(n) => u64::try_from(n).ok(),
            _ => None,
        };
        number.filter(|&n| n <= max).ok_or_else(|| self.wrong_number(index, max))
    }

    fn wrong_number(&self, index: usize, max: u64) -> Failure {
        match self.get(index) {
            Arg::Number(n) => self.bad(index, format_args!("must be a whole number from 0 to {max}, not {n}")),
            Arg::Integer(n) => self.bad(index, format_args!("must be a whole number from 0 to {max}, not {n}")),
            _ => self.wrong(index, "a number"),
        }
    }

    /// A number.
    ///
    /// # Errors
    /// It is not one.
    pub fn number(&self, index: usize) -> Result<f64, Failure> {
        match self.get(index) {
            Arg::Number(n) if !n.is_nan() => Ok(n),
            _ => Err(self.wrong(index, "a number")),
        }
    }

    /// Holds a function of the script: it, the reference to give back, and the line that it begins on (0: not the
    /// script's own).
    ///
    /// # Errors
    /// It is none.
    pub fn hold_function(&self, index: usize) -> Result<(super::vm::Function, c_int, usize), Failure> {
        let at = self.first + c_int::try_from(index).unwrap_or(c_int::MAX / 2);
        // SAFETY: a live state; `hold` gets the place of a function.
        unsafe {
            if index >= self.len() || engine::lua_type(self.state, at) != engine::LUA_TFUNCTION {
                return Err(self.wrong(index, "a function"));
            }
            Ok(self.hold(at))
        }
    }

    /// Holds the function at a place of the stack.
    ///
    /// # Safety
    /// There is one.
    unsafe fn hold(&self, at: c_int) -> (super::vm::Function, c_int, usize) {
        // SAFETY: a live state. Making a reference may need memory: the limit is lifted for it, so nothing raises.
        unsafe {
            let mut info: engine::lua_Debug = std::mem::zeroed();
            engine::lua_pushvalue(self.state, at);
            engine::lua_getinfo(self.state, -1, c"as".as_ptr(), &raw mut info);
            let account = super::interrupt::account(self.state);
            let limit = account.limit();
            account.set_limit(usize::MAX);
            let reference = engine::lua_ref(self.state, -1);
            account.set_limit(limit);
            engine::lua_pop(self.state, 1);
            let function = super::vm::Function::of_reference(reference, &info);
            (function, reference, function.line)
        }
    }

    /// Holds the function that is a field of the table at `index`, as [`Args::hold_function`] does; nil and an absent field
    /// are none.
    ///
    /// # Errors
    /// It is no table, has a field of another name, or the field is no function.
    pub fn field_function(
        &self,
        index: usize,
        name: &str,
    ) -> Result<Option<(super::vm::Function, c_int, usize)>, Failure> {
        let at = match self.get(index) {
            Arg::Nil => return Ok(None),
            Arg::Table(at) => at,
            _ => return Err(self.wrong(index, "a table")),
        };
        let mut held = None;
        let mut next = 0;
        loop {
            // SAFETY: as in `each_field`; the value is on top of the stack while it is held.
            unsafe {
                next = engine::lua_rawiter(self.state, at, next);
                if next < 0 {
                    return Ok(held);
                }
                let known = matches!(read(self.state, -2), Arg::Octets(key) if key == name.as_bytes());
                let is_function = engine::lua_type(self.state, -1) == engine::LUA_TFUNCTION;
                if known && is_function {
                    held = Some(self.hold(engine::lua_gettop(self.state)));
                }
                engine::lua_pop(self.state, 2);
                if !known || !is_function {
                    return Err(self.bad(index, format_args!("it may have '{name}', a function, and nothing else")));
                }
            }
        }
    }

    pub(super) fn state(&self) -> *mut lua_State {
        self.state
    }

    /// Whether the function may wait for something.
    ///
    /// # Errors
    /// It is not called by a task, or from where a task can't be left.
    pub fn may_wait(&self) -> Result<(), Failure> {
        let name = self.method;
        // SAFETY: a live state inside a C function.
        unsafe {
            if !super::interrupt::account(self.state).pace.is_task(self.state) {
                return Err(Failure::runtime(format!(
                    "{name} can't wait here: it can in a handler of frr.on, frr.every, frr.after, frr.spawn or frr.subscribe, outside of a coroutine of your own"
                )));
            }
            if engine::lua_isyieldable(self.state) == 0 {
                return Err(Failure::runtime(format!("{name} can't wait here: inside of a metamethod or table.sort")));
            }
        }
        Ok(())
    }

    /// What the script has asked for.
    pub fn tasks(&self) -> &'a std::rc::Rc<crate::task::Tasks> {
        // SAFETY: a live state inside a C function, set up when it was made.
        unsafe { super::context::of(self.state) }.tasks()
    }

    /// The modules of the script.
    pub fn modules(&self) -> &'a crate::script::module::Modules {
        // SAFETY: as in `tasks`.
        unsafe { super::context::of(self.state) }.modules()
    }

    /// Whether the operator lets the script configure its daemon.
    pub fn permits_configure(&self) -> bool {
        self.tasks().permits_configure()
    }

    /// Goes over the named fields of the table at `index`; nil has none.
    ///
    /// # Errors
    /// It is no table, or `f` refuses a field.
    pub fn each_field(
        &self,
        index: usize,
        mut f: impl FnMut(&str, Arg<'_>) -> Result<(), String>,
    ) -> Result<(), Failure> {
        let at = match self.get(index) {
            Arg::Nil => return Ok(()),
            Arg::Table(at) => at,
            _ => return Err(self.wrong(index, "a table")),
        };
        // SAFETY: a live state; the table is on the stack and is not changed meanwhile; a raw traversal raises nothing, and
        // what `read` borrows stays alive in the table while `f` runs. The stack is balanced.
        unsafe {
            engine::lua_pushnil(self.state);
            while engine::lua_next(self.state, at) != 0 {
                let result = match read(self.state, -2) {
                    Arg::Octets(name) => f(&String::from_utf8_lossy(name), read(self.state, -1)),
                    _ => Err("its fields must have names".to_owned()),
                };
                engine::lua_pop(self.state, 1);
                if let Err(why) = result {
                    engine::lua_pop(self.state, 1);
                    return Err(self.bad(index, why));
                }
            }
        }
        Ok(())
    }

    /// An AS number, as a number or in asplain or asdot text.
    ///
    /// # Errors
    /// It is not one.
    pub fn asn(&self, index: usize) -> Result<u32, Failure> {
        match self.get(index) {
            Arg::Octets(_) => crate::value::asn::parse_asn(self.text(index)?).map_err(|e| self.bad(index, e)),
            _ => Ok(u32::try_from(self.unsigned(index, u64::from(u32::MAX))?).unwrap_or(u32::MAX)),
        }
    }

    /// A prefix: text, an object that is one, or a view that has one.
    ///
    /// # Errors
    /// It is none.
    #[inline]
    pub fn prefix(&self, index: usize) -> Result<Option<ipnet::IpNet>, Failure> {
        match self.get(index) {
            Arg::View(view) => {
                if view.live().is_none() {
                    return Err(view.stale().into());
                }
                Ok(view.prefix())
            }
            Arg::Octets(_) => {
                crate::value::prefix::parse_prefix(self.text(index)?).map(Some).map_err(|e| self.bad(index, e))
            }
            Arg::Object(object) => match crate::lua::sets::prefix_of(object) {
                Some(prefix) => Ok(Some(prefix)),
                None => Err(self.wrong(index, "a prefix")),
            },
            _ => Err(self.wrong(index, "a prefix")),
        }
    }

    /// The items of the argument: those of a table, else the arguments from `index` on.
    ///
    /// # Errors
    /// An item is neither a string nor a number, or the time is over.
    pub fn each(&self, index: usize, mut f: impl FnMut(Arg<'_>) -> Result<(), String>) -> Result<(), Failure> {
        let Arg::Table(at) = self.get(index) else {
            for i in index..self.len() {
                f(self.get(i)).map_err(|e| self.bad(i, e))?;
            }
            return Ok(());
        };
        // SAFETY: a live state; the table is on the stack.
        let count = unsafe { engine::lua_objlen(self.state, at) };
        room::ask(count.saturating_mul(ITEM))?;
        for i in 1..=count {
            if i % 1024 == 0 && crate::watchdog::expired() {
                return Err(Failure::new(Kind::Deadline, "ran past its time limit"));
            }
            // SAFETY: a C function has at least 20 stack slots (LUA_MINSTACK) and its callers leave some; a raw read
            // raises nothing; what `read` borrows stays alive in the table while `f` runs.
            let result = unsafe {
                engine::lua_rawgeti(self.state, at, i64::try_from(i).unwrap_or(i64::MAX));
                let result = f(read(self.state, -1));
                engine::lua_pop(self.state, 1);
                result
            };
            result.map_err(|e| Failure::runtime(format!("{}: item {i}: {e}", self.method)))?;
        }
        Ok(())
    }
}

/// So many times its octets, about, are in use when a string is decoded or changed.
const COPIES: usize = 4;
/// Octets that an item of a table takes in a set while that is made, about.
const ITEM: usize = 64;

/// A number as a whole one, if it is.
#[inline]
pub fn whole(n: f64) -> Option<u64> {
    const MOST: i64 = 1 << 53;
    // No `trunc`: that is a call of the C library on processors of the base line.
    #[allow(clippy::cast_possible_truncation, reason = "what is cut off makes it another number, which is refused")]
    let number = n as i64;
    #[allow(
        clippy::cast_precision_loss,
        clippy::float_cmp,
        reason = "whole numbers up to 2^53 are exact, others refused"
    )]
    let same = number as f64 == n;
    if same && number <= MOST { u64::try_from(number).ok() } else { None }
}

/// Reads a stack slot; raises nothing.
///
/// # Safety
/// `state` is live, `index` on its stack; the result is used while the value is reachable.
#[inline]
pub unsafe fn read<'a>(state: *mut lua_State, index: c_int) -> Arg<'a> {
    // SAFETY: the caller's promise. `lua_tolstring` is called on strings only, where it neither converts nor allocates.
    unsafe {
        match engine::lua_type(state, index) {
            engine::LUA_TNONE | engine::LUA_TNIL => Arg::Nil,
            engine::LUA_TBOOLEAN => Arg::Bool(engine::lua_toboolean(state, index) != 0),
            engine::LUA_TNUMBER => Arg::Number(engine::lua_tonumberx(state, index, std::ptr::null_mut())),
            engine::LUA_TINTEGER => Arg::Integer(engine::lua_tointeger64(state, index, std::ptr::null_mut())),
            engine::LUA_TSTRING => {
                let mut length = 0;
                let text = engine::lua_tolstring(state, index, &raw mut length);
                Arg::Octets(std::slice::from_raw_parts(text.cast(), length))
            }
            engine::LUA_TTABLE => Arg::Table(engine::lua_absindex(state, index)),
            engine::LUA_TUSERDATA => {
                if let Some(view) = object::view(state, index) {
                    Arg::View(view)
                } else if let Some(list) = object::list(state, index) {
                    Arg::List(list)
                } else if let Some(object) = object::object(state, index) {
                    Arg::Object(object)
                } else {
                    Arg::Other("userdata")
                }
            }
            other => {
                let name = engine::lua_typename(state, other);
                Arg::Other(CStr::from_ptr(name).to_str().unwrap_or("something else"))
            }
        }
    }
}
