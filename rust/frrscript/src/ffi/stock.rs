// SPDX-License-Identifier: GPL-2.0-or-later
//! Calls with plain values: FRR's own `frrscript_*` interface.

use super::args::{self, Arg};
use super::engine::{self, lua_State};
use super::raise::guarded;
use super::vm::{Function, Vm};
use crate::compat::frame::Frame;
use crate::compat::value::{Key, Value};
use crate::failure::{Failure, Kind};
use crate::script::generation::Generation;
use crate::script::record::{Script, Use};
use crate::script::store;
use std::collections::HashMap;
use std::ffi::c_int;
use std::rc::Rc;
use std::time::Duration;

/// Tables in tables that are copied.
const DEEPEST: u32 = 16;
/// Values that are copied out of one result: a table that holds another many times, which holds another many times, is
/// small in the script and without end as a copy.
const MOST_VALUES: u32 = 100_000;
/// The name of this interface in `show script`.
const HOOK: &str = "frrscript_call";

/// What C knows as `struct frrscript`.
pub struct Frrscript {
    name: String,
    functions: HashMap<String, Loaded>,
}

/// A function that was loaded, with the stack that C passes arguments on.
struct Loaded {
    script: Rc<Script>,
    used: Rc<Use>,
    frame: Box<Frame>,
    bound: Option<(u64, Rc<Generation>, Function)>,
}

impl Loaded {
    fn release(&mut self) {
        if let Some((_, generation, function)) = self.bound.take() {
            generation.vm.release(function);
        }
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        self.release();
        self.script.drop_use(&self.used);
    }
}

impl Frrscript {
    /// A script by its name; nothing is read yet.
    pub fn new(name: &str) -> Frrscript {
        Frrscript { name: name.to_owned(), functions: HashMap::new() }
    }

    /// Loads a function. The file is read and run once, whoever loads functions of it; afterwards `script reload` reads
    /// it again.
    ///
    /// A file that was refused is not read again before that: zebra asks with every batch of results.
    ///
    /// # Errors
    /// The file can't be loaded, or has no such function; counted, and logged when its time has come.
    pub fn load(&mut self, function: &str) -> Result<(), Failure> {
        if self.functions.contains_key(function) {
            return Ok(());
        }
        let script = store::known(&self.name).inspect_err(|failure| log::error!("{failure}"))?;
        if script.current().is_none() && script.refused().is_none() {
            // Why it was refused is told below.
            let _ = script.load(&store::directory());
        }
        let (generation, found) =
            script.find(function).inspect_err(|failure| script.failed(None, function, failure))?;
        let used = script.add_use(HOOK, function);
        let bound = Some((script.serial(), generation, found));
        let loaded = Loaded { script, used, frame: Box::default(), bound };
        self.functions.insert(function.to_owned(), loaded);
        Ok(())
    }

    /// Takes a function away again, when the caller's own callback refused it.
    pub fn forget(&mut self, function: &str) {
        self.functions.remove(function);
    }

    /// The script's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The stack of a loaded function.
    pub fn frame(&mut self, function: &str) -> Option<&mut Frame> {
        self.functions.get_mut(function).map(|l| &mut *l.frame)
    }

    /// Calls a loaded function with the top `count` values of its stack; the table that it returns is left there alone.
    ///
    /// # Errors
    /// The function failed, or returned something else.
    pub fn run(&mut self, function: &str, count: usize) -> Result<(), Failure> {
        let Some(loaded) = self.functions.get_mut(function) else {
            return Err(Failure::new(Kind::Missing, format!("script {}: {function} was not loaded", self.name)));
        };
        let script = Rc::clone(&loaded.script);
        let arguments = loaded.frame.take(count);
        loaded.frame.truncate(0);
        let result = loaded.call(&arguments);
        match result {
            Ok(table) => {
                loaded.used.guard.succeeded();
                loaded.frame.push(table);
                Ok(())
            }
            Err(failure) => {
                script.failed(Some(&loaded.used.guard), function, &failure);
                Err(failure)
            }
        }
    }
}

impl Loaded {
    fn call(&mut self, arguments: &[Value]) -> Result<Value, Failure> {
        if self.bound.as_ref().is_none_or(|(serial, ..)| *serial != self.script.serial()) {
            self.release();
            let (generation, function) = self.script.find(&self.used.function)?;
            self.bound = Some((self.script.serial(), generation, function));
        }
        let Some((_, generation, function)) = &self.bound else {
            return Err(Failure::new(Kind::Missing, "not loaded"));
        };
        if self.used.guard.suspended() {
            self.script.stats.skip();
            return Err(Failure::new(Kind::Missing, "suspended after too many failures in a row"));
        }
        let limit = self.script.options.borrow().time();
        let start = self.script.stats.call().then(std::time::Instant::now);
        let result = call(&generation.vm, *function, arguments, limit);
        if let Some(start) = start {
            self.script.stats.took(start.elapsed());
        }
        match result? {
            table @ Value::Table(_) => Ok(table),
            other => Err(Failure::new(
                Kind::Contract,
                format!("returned {}: the function must return a table", other.type_name()),
            )),
        }
    }
}

struct Job<'a> {
    function: Function,
    arguments: &'a [Value],
    result: Result<Value, Failure>,
}

/// Calls a function with plain values.
fn call(vm: &Vm, function: Function, arguments: &[Value], limit: Duration) -> Result<Value, Failure> {
    let mut job = Job { function, arguments, result: Ok(Value::Nil) };
    vm.protected(limit, |state| {
        // SAFETY: `job` outlives the call; the registry's key is interned; the stack has room.
        unsafe {
            engine::lua_rawgetfield(state, engine::LUA_REGISTRYINDEX, c"frr.stock".as_ptr());
            engine::lua_pushlightuserdata(state, (&raw mut job).cast());
            engine::lua_pcall(state, 1, 0, 1)
        }
    })?;
    job.result
}

/// Pushes the arguments, calls, reads the result: 1 the job. Inside a protected call.
pub unsafe extern "C-unwind" fn run_job(state: *mut lua_State) -> c_int {
    // SAFETY: called by `call` with a job that outlives the call.
    unsafe {
        let job = &mut *engine::lua_touserdata(state, 1).cast::<Job>();
        let count = c_int::try_from(job.arguments.len()).unwrap_or(c_int::MAX);
        engine::luaL_checkstack(state, count.saturating_add(8), c"arguments".as_ptr());
        engine::lua_rawgeti(state, engine::LUA_REGISTRYINDEX, job.function.reference().into());
        for argument in job.arguments {
            push(state, argument, 0);
        }
        engine::lua_call(state, count, 1);
        job.result = guarded(state, || plain(state, -1, 0, &mut 0));
    }
    0
}

unsafe fn push(state: *mut lua_State, value: &Value, depth: u32) {
    // SAFETY: inside a protected call; room is asked for.
    unsafe {
        engine::luaL_checkstack(state, 4, c"nested tables".as_ptr());
        match value {
            Value::Nil | Value::Other(_) => engine::lua_pushnil(state),
            Value::Bool(b) => engine::lua_pushboolean(state, c_int::from(*b)),
            Value::Integer(n) => engine::push_signed(state, *n),
            Value::Number(n) => engine::lua_pushnumber(state, *n),
            Value::Text(_) => {
                let octets = value.octets().unwrap_or_default();
                engine::lua_pushlstring(state, octets.as_ptr().cast(), octets.len());
            }
            Value::Table(entries) => {
                engine::lua_createtable(state, 0, c_int::try_from(entries.len()).unwrap_or(0));
                if depth >= DEEPEST {
                    return;
                }
                for (key, value) in entries {
                    match key {
                        Key::Text(name) => {
                            engine::lua_pushlstring(state, name.as_ptr().cast(), name.len());
                        }
                        Key::Index(n) => engine::push_signed(state, *n),
                    }
                    push(state, value, depth + 1);
                    engine::lua_rawset(state, -3);
                }
            }
        }
    }
}

/// Copies a value out; raises nothing. `count`: values that were copied so far.
unsafe fn plain(state: *mut lua_State, index: c_int, depth: u32, count: &mut u32) -> Result<Value, Failure> {
    *count += 1;
    if *count > MOST_VALUES {
        let why = format!("returned a table of more than {MOST_VALUES} values, counted each time that they are in it");
        return Err(Failure::new(Kind::Contract, why));
    }
    // SAFETY: a live state; the index is on the stack.
    Ok(match unsafe { args::read(state, index) } {
        Arg::Nil => Value::Nil,
        Arg::Bool(b) => Value::Bool(b),
        Arg::Number(n) => Value::Number(n),
        Arg::Integer(n) => Value::Integer(n),
        Arg::Octets(octets) => Value::text(octets),
        Arg::Table(at) => {
            let mut entries = Vec::new();
            // SAFETY: the table is on the stack and not changed; a traversal raises nothing; room for two values a level
            // is asked for (lua_checkstack raises nothing, it answers).
            unsafe {
                if depth >= DEEPEST || engine::lua_checkstack(state, 4) == 0 {
                    return Ok(Value::Other("a table too deep"));
                }
                engine::lua_pushnil(state);
                while engine::lua_next(state, at) != 0 {
                    let key = match args::read(state, -2) {
                        Arg::Octets(name) => Some(Key::Text(name.to_vec())),
                        #[allow(clippy::cast_possible_truncation, reason = "whole, as checked")]
                        Arg::Number(n) if n.trunc() == n => Some(Key::Index(n as i64)),
                        _ => None,
                    };
                    if let Some(key) = key {
                        entries.push((key, plain(state, -1, depth + 1, count)?));
                    }
                    engine::lua_pop(state, 1);
                }
            }
            Value::Table(entries)
        }
        Arg::View(_) | Arg::List(_) => Value::Other("a route object"),
        Arg::Object(object) => Value::Other(object.type_name()),
        Arg::Other(name) => Value::Other(name),
    })
}
