// SPDX-License-Identifier: GPL-2.0-or-later
//! A value of a script as plain data, read without anything that Luau could raise.

use super::args::{Arg, Args, read};
use super::engine::{self, lua_State};
use crate::bus::plain::Plain;
use crate::bus::wire::{DEEPEST, MOST};
use crate::failure::{Failure, Kind};
use crate::lua::{as_path, sets};
use crate::room;
use std::ffi::{c_int, c_void};

/// What plain data may be.
pub struct Rules {
    /// Octets at most.
    pub most: usize,
    /// Tables in tables at most.
    pub deepest: usize,
    /// What is done with it: `can be published`.
    pub can: &'static str,
    /// As what it is too large: ` as a message`.
    pub whole: &'static str,
}

const PUBLISHED: Rules = Rules { most: MOST, deepest: DEEPEST, can: "can be published", whole: " as a message" };

impl Args<'_> {
    /// The argument as plain data: a copy.
    ///
    /// # Errors
    /// It, or something in it, is no plain data; it contains itself; it is too large or too deep.
    pub fn plain(&self, index: usize) -> Result<Plain, Failure> {
        self.plain_within(index, &PUBLISHED)
    }

    /// The argument as plain data by other rules.
    ///
    /// # Errors
    /// As [`Args::plain`].
    pub fn plain_within(&self, index: usize, rules: &Rules) -> Result<Plain, Failure> {
        self.plain_counted(index, rules, &mut 0)
    }

    /// The same, and how many octets it counts as.
    ///
    /// # Errors
    /// As [`Args::plain`].
    pub fn plain_counted(&self, index: usize, rules: &Rules, octets: &mut usize) -> Result<Plain, Failure> {
        let state = self.state();
        if rules.deepest > DEEPEST {
            let slots = c_int::try_from(rules.deepest).unwrap_or(c_int::MAX / 2) + 8;
            // SAFETY: a live state and its account. The limit is lifted, so that nothing raises.
            let room = unsafe {
                let account = super::interrupt::account(state);
                let limit = account.limit();
                account.set_limit(usize::MAX);
                let room = engine::lua_checkstack(state, slots);
                account.set_limit(limit);
                room
            };
            if room == 0 {
                return Err(self.bad(index, "the value is too deep inside of calls"));
            }
        }
        let mut walk =
            Walk { state, rules, path: String::from("the value"), inside: Vec::new(), left: rules.most, dry: None };
        // SAFETY: a live state; what the walk has left on the stack when it ends early is taken off.
        let (top, value) = unsafe { (engine::lua_gettop(state), walk.value(&self.get(index))) };
        // SAFETY: likewise.
        unsafe { engine::lua_settop(state, top) };
        *octets = rules.most - walk.left;
        if let Some(failure) = walk.dry {
            return Err(failure);
        }
        // What is made of it has about this size, and the values that it is made from.
        room::ask(octets.saturating_mul(4))?;
        value.map_err(|why| match self.bad(index, why) {
            late if crate::watchdog::expired() => Failure::new(Kind::Deadline, late.message),
            bad => bad,
        })
    }
}

/// A walk through a value.
struct Walk<'a> {
    state: *mut lua_State,
    rules: &'a Rules,
    /// Where it is, as a script would write it.
    path: String,
    /// The tables that it is in.
    inside: Vec<*const c_void>,
    /// Octets that may still come; a value takes one at least as a message.
    left: usize,
    /// The system has no memory for it.
    dry: Option<Failure>,
}

impl Walk<'_> {
    fn take(&mut self, octets: usize) -> Result<(), String> {
        match self.left.checked_sub(octets) {
            Some(left) => {
                self.left = left;
                Ok(())
            }
            None => Err(format!("the value takes more than {} octets{}", self.rules.most, self.rules.whole)),
        }
    }

    /// A copy.
    fn octets(&mut self, octets: &[u8]) -> Result<Plain, String> {
        self.take(octets.len())?;
        self.room(octets.len())?;
        Ok(Plain::Octets(octets.to_vec()))
    }

    fn room(&mut self, octets: usize) -> Result<(), String> {
        room::ask(octets).map_err(|failure| {
            let why = failure.message.clone();
            self.dry = Some(failure);
            why
        })
    }

    fn value(&mut self, arg: &Arg<'_>) -> Result<Plain, String> {
        crate::codec::in_time()?;
        self.take(1)?;
        Ok(match arg {
            Arg::Nil => Plain::Nil,
            Arg::Bool(b) => Plain::Bool(*b),
            Arg::Number(n) => Plain::Number(*n),
            Arg::Integer(n) => Plain::Integer(*n),
            Arg::Octets(octets) => self.octets(octets)?,
            Arg::Table(at) => self.table(*at)?,
            Arg::View(view) => match view.live().and_then(|_| view.prefix()) {
                Some(prefix) => Plain::Octets(prefix.to_string().into_bytes()),
                None => return Err(self.no(view.ty.name)),
            },
            Arg::List(list) => return Err(self.no(list.field.name)),
            Arg::Object(object) => {
                let any = object.as_any();
                if any.is::<sets::Prefix>() || any.is::<sets::Address>() || any.is::<as_path::OwnPath>() {
                    Plain::Octets(object.text().into_bytes())
                } else {
                    return Err(self.no(object.type_name()));
                }
            }
            Arg::Other(name) => return Err(self.no(name)),
        })
    }

    fn no(&self, name: &str) -> String {
        format!("{} is a {name}: only nil, booleans, numbers, strings and tables of them {}", self.path, self.rules.can)
    }

    fn table(&mut self, at: c_int) -> Result<Plain, String> {
        // SAFETY: a live state; the table is on its stack.
        let this = unsafe { engine::lua_topointer(self.state, at) };
        if self.inside.contains(&this) {
            return Err(format!("{} contains itself", self.path));
        }
        if self.inside.len() >= self.rules.deepest {
            return Err(format!("{} nests deeper than {} tables", self.path, self.rules.deepest));
        }
        self.inside.push(this);
        let mut entries = Vec::new();
        let mut next = 0;
        loop {
            // SAFETY: a live state, and a table on its stack that nobody changes meanwhile: nothing here raises. A C
            // function has 20 stack slots (LUA_MINSTACK), or what was asked for: one is taken for each of the tables that it is in but the first,
            // and two here. What `read` borrows stays alive in the table.
            unsafe {
                next = engine::lua_rawiter(self.state, at, next);
                if next < 0 {
                    break;
                }
                let key = read(self.state, -2);
                let here = self.path.len();
                let key = self.key(&key)?;
                engine::lua_remove(self.state, -2);
                let value = self.value(&read(self.state, -1))?;
                engine::lua_pop(self.state, 1);
                self.path.truncate(here);
                if entries.len() == entries.capacity() {
                    self.room(entries.len() * 2 * size_of::<(Plain, Plain)>())?;
                }
                entries.push((key, value));
            }
        }
        self.inside.pop();
        Ok(shape(entries))
    }

    /// A key, and the way to its value.
    fn key(&mut self, key: &Arg<'_>) -> Result<Plain, String> {
        use std::fmt::Write;
        self.take(1)?;
        Ok(match key {
            Arg::Octets(octets) => {
                let text: String = String::from_utf8_lossy(octets).escape_debug().take(40).collect();
                let _ = write!(self.path, ".{text}");
                self.octets(octets)?
            }
            Arg::Number(n) => {
                let _ = write!(self.path, "[{n}]");
                Plain::Number(*n)
            }
            Arg::Integer(n) => {
                let _ = write!(self.path, "[{n}]");
                Plain::Integer(*n)
            }
            _ => return Err(format!("{} has a key that is neither a string nor a number", self.path)),
        })
    }
}

/// An array if the keys are 1 to n.
fn shape(mut entries: Vec<(Plain, Plain)>) -> Plain {
    let place = |key: &Plain| match key {
        Plain::Number(n) => super::args::whole(*n).and_then(|n| usize::try_from(n).ok()),
        _ => None,
    };
    if entries.iter().any(|(key, _)| place(key).is_none_or(|n| n == 0 || n > entries.len())) {
        return Plain::Map(entries);
    }
    // Each of them once, as keys are.
    entries.sort_by_key(|(key, _)| place(key));
    Plain::Array(entries.into_iter().map(|(_, value)| value).collect())
}
