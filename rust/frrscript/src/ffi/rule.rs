// SPDX-License-Identifier: GPL-2.0-or-later
//! A rule: one configured use of a script's function, found once, called for every route.

use super::abi::Verdict;
use super::answer::{self, Answer};
use super::engine::lua_State;
use super::staged;
use super::vm::{Function, Pinned, Vm};
use crate::call::Changes;
use crate::failure::{Failure, Kind};
use crate::schema::{ArgKind, Hook};
use crate::script::generation::Generation;
use crate::script::record::{Script, Use};
use crate::script::store;
use std::cell::{Cell, RefCell};
use std::ffi::{CString, c_void};
use std::rc::Rc;
use std::time::Instant;

/// A call failed; that has been counted and logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed;

/// One configured use of a script.
pub struct Rule {
    hook: &'static Hook,
    script: Rc<Script>,
    used: Rc<Use>,
    /// For C: the same names with their NULs.
    pub script_name: CString,
    /// See `script_name`.
    pub function_name: CString,
    bound: RefCell<Option<Bound>>,
    /// The script's serial number that `bound` was looked up at.
    serial: Cell<u64>,
    changes: RefCell<Changes>,
}

struct Bound {
    generation: Rc<Generation>,
    function: Function,
    limit: std::time::Duration,
    /// One for each argument that is an object which the function only indexes.
    pinned: Vec<Option<Pinned>>,
}

impl Rule {
    /// A rule; the second result is what to warn the operator of.
    ///
    /// # Errors
    /// The script's or the function's name may not be used.
    pub fn new(hook: &'static Hook, script: &str, function: &str) -> Result<(Rule, Option<String>), Failure> {
        check_function(function)?;
        let names = (CString::new(script), CString::new(function));
        let (Ok(script_name), Ok(function_name)) = names else {
            return Err(Failure::runtime("a name has no NUL"));
        };
        let script = store::known(script)?;
        let used = script.add_use(hook.name, function);
        let mut warning = None;
        if script.current().is_none() {
            warning = script.load(&store::directory()).err();
        }
        let rule = Rule {
            hook,
            script,
            used,
            script_name,
            function_name,
            bound: RefCell::new(None),
            serial: Cell::new(0),
            changes: RefCell::default(),
        };
        warning = warning.or_else(|| rule.bind().err());
        Ok((rule, warning.map(|f| f.message)))
    }

    /// Checks the names of a script and its function.
    ///
    /// # Errors
    /// One of them may not be used.
    pub fn check(script: &str, function: Option<&str>) -> Result<(), Failure> {
        crate::script::source::check_name(script)?;
        function.map_or(Ok(()), check_function)
    }

    /// Looks the function up in the generation in service.
    #[cold]
    fn bind(&self) -> Result<(), Failure> {
        if self.bound.try_borrow_mut().is_err() {
            // The rule is running, and its script was loaded again by something that it called.
            return Err(Failure::runtime("a script can't be called by something that it called itself"));
        }
        self.unbind();
        self.serial.set(self.script.serial());
        let (generation, function) = self.script.find(&self.used.function)?;
        let limit = self.script.options.borrow().time();
        let indexed = &generation.indexed;
        let pinned = (0u8..)
            .zip(&self.hook.args)
            .map(|(index, arg)| match arg.kind {
                ArgKind::Object(..) if function.variadic => None,
                ArgKind::Object(..) if indexed.unused(function.line, index.into()) => Some(Pinned::Unused),
                ArgKind::Object(ty, _) if indexed.param(function.line, index.into()) => {
                    Some(generation.vm.pin(ty, index, |field| indexed.field(field)))
                }
                _ => None,
            })
            .collect();
        self.bound.replace(Some(Bound { generation, function, limit, pinned }));
        Ok(())
    }

    fn unbind(&self) {
        if let Some(bound) = self.bound.take() {
            bound.generation.vm.release(bound.function);
            bound.pinned.iter().flatten().for_each(|pinned| bound.generation.vm.unpin(pinned));
        }
    }

    /// Calls the function for one object of the daemon.
    ///
    /// # Safety
    /// `objects` has as many pointers as the hook has objects, each NULL or alive and of its type.
    #[inline]
    pub unsafe fn call(&self, objects: *const *const c_void) -> Verdict {
        // SAFETY: the caller's promise; the result is on top of the stack, with its views alive.
        let answer = unsafe {
            self.ask(objects, |vm, state| {
                let answer = answer::read(state, self.hook)?;
                if answer == Answer::MatchAndChange {
                    let mut staged = vm.context().changes().borrow_mut();
                    if !staged.is_empty() {
                        std::mem::swap(&mut *staged, &mut *self.changes.borrow_mut());
                    }
                }
                Ok(answer)
            })
        };
        match answer {
            Some(Answer::NoMatch) => Verdict::NOMATCH,
            Some(Answer::Match | Answer::MatchAndChange) => Verdict::MATCH,
            None => self.script.options.borrow().on_error,
        }
    }

    /// Calls the function of a hook that takes a number; `Ok(None)`: it has no opinion.
    ///
    /// # Safety
    /// As [`Rule::call`].
    ///
    /// # Errors
    /// It failed, and that has been counted, or it is suspended.
    pub unsafe fn number(&self, objects: *const *const c_void) -> Result<Option<u32>, Failed> {
        // SAFETY: as in `call`.
        unsafe { self.ask(objects, |_, state| answer::number(state, self.hook)) }.ok_or(Failed)
    }

    /// Seconds for which a good number outlives failures.
    pub fn hold(&self) -> u32 {
        self.script.options.borrow().hold_s
    }

    /// Calls the function and has `finish` read the result; `None`: it failed or was not called.
    #[inline]
    unsafe fn ask<T>(
        &self,
        objects: *const *const c_void,
        finish: impl FnOnce(&Vm, *mut lua_State) -> Result<T, Failure>,
    ) -> Option<T> {
        let script = &*self.script;
        if self.serial.get() != script.serial() {
            // Whether it worked out shows in `bound`.
            let _ = self.bind();
        }
        self.forget_changes();
        if self.used.guard.suspended() {
            script.stats.skip();
            return None;
        }
        // What fails may be slow: from the second failure in a row on every call is timed.
        let timed = script.stats.call() || self.used.guard.failing();
        let bound = self.bound.borrow();
        let Some(bound) = &*bound else {
            let failure = script.find(&self.used.function).err();
            self.failed(&failure.unwrap_or_else(|| Failure::new(Kind::Missing, "not loaded")));
            return None;
        };
        let limit = bound.limit;
        let vm = &bound.generation.vm;
        let start = timed.then(Instant::now);
        // SAFETY: the caller's promise.
        let answer = unsafe { vm.call_hook(bound.function, &bound.pinned, self.hook, objects, limit, finish) };
        if let Some(start) = start {
            script.stats.took(start.elapsed());
        }
        match answer {
            Ok(answer) => {
                self.used.guard.succeeded();
                Some(answer)
            }
            Err(failure) => {
                self.failed(&failure);
                None
            }
        }
    }

    #[cold]
    fn failed(&self, failure: &Failure) {
        self.script.failed(Some(&self.used.guard), &self.used.function, failure);
    }

    #[inline]
    fn forget_changes(&self) {
        let mut changes = self.changes.borrow_mut();
        if !changes.is_empty() {
            changes.clear();
        }
    }

    /// Applies what the last call assigned on the hook's argument `arg` to `object`, and forgets it; how many.
    ///
    /// # Safety
    /// `object` is of the argument's type and may be written.
    pub unsafe fn apply(&self, arg: u32, object: *mut c_void) -> u32 {
        self.changes.borrow_mut().drain_of(arg, |change| {
            // SAFETY: the caller's promise; nested objects of a view are at the same address by the table's contract.
            staged::with_abi(&change.value, |value| unsafe { change.field.access.set(object, value) });
        })
    }

    /// How many assignments wait to be applied.
    pub fn staged(&self) -> usize {
        self.changes.borrow().iter().count()
    }

    /// Whether the function declares the hook's argument of that name, as it is loaded now.
    pub fn takes(&self, arg: &str) -> bool {
        if self.serial.get() != self.script.serial() {
            let _ = self.bind();
        }
        let Some(place) = self.hook.args.iter().position(|a| a.name == arg) else { return false };
        self.bound.borrow().as_ref().is_some_and(|b| b.function.variadic || place < usize::from(b.function.params))
    }
}

impl Drop for Rule {
    fn drop(&mut self) {
        self.unbind();
        self.script.drop_use(&self.used);
        if self.script.uses().is_empty() && !self.script.configured.get() {
            self.script.unload();
        }
        store::tidy(&self.script);
    }
}

/// A function's name is a Lua name: no dots, no calls.
fn check_function(name: &str) -> Result<(), Failure> {
    let fine = !name.is_empty()
        && name.len() <= 64
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_');
    if fine {
        return Ok(());
    }
    let name = crate::value::text::quoted(name);
    Err(Failure::runtime(format!("{name} is not a function name: letters, digits and _, up to 64")))
}
