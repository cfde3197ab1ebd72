// SPDX-License-Identifier: GPL-2.0-or-later
//! What a hook's function returned: a verdict, a boolean, or FRR's table of both verdict and attributes.

use super::args::{self, Arg, Args, whole};
use super::engine::{self, lua_State};
use super::field;
use super::object::View;
use crate::failure::{Failure, Kind};
use crate::schema::{ArgKind, FieldKind, Hook};
use std::ffi::c_int;

/// A function's verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// The rule doesn't match.
    NoMatch,
    /// It matches; assignments do not hold.
    Match,
    /// It matches, and assignments hold.
    MatchAndChange,
}

/// Reads the function's result from the top of the stack, while its views are alive.
///
/// # Safety
/// `state` is live, with the result on top and nothing of the script running.
///
/// # Errors
/// The function returned what the hook does not take, or RM_FAILURE.
#[inline]
pub unsafe fn read(state: *mut lua_State, hook: &Hook) -> Result<Answer, Failure> {
    // SAFETY: the caller's promise.
    let result = unsafe { args::read(state, -1) };
    match result {
        Arg::Number(n) => verdict(n, hook),
        Arg::Bool(false) if !hook.set => Ok(Answer::NoMatch),
        Arg::Bool(_) => Ok(Answer::MatchAndChange),
        Arg::Nil if hook.set => Ok(Answer::MatchAndChange),
        // SAFETY: the table is on the stack.
        Arg::Table(at) => unsafe { table(state, at, hook) },
        Arg::Nil => Err(contract(hook, "nothing")),
        Arg::Integer(_) | Arg::Octets(_) | Arg::Other(_) => Err(contract(hook, &crate::lua::staging::shown(&result))),
        Arg::View(_) | Arg::List(_) | Arg::Object(_) => Err(contract(hook, &crate::lua::staging::shown(&result))),
    }
}

/// Reads the number that a function of a NUMBER hook returned; `None`: nil.
///
/// # Safety
/// As [`read`].
///
/// # Errors
/// It is no whole number in the hook's range.
pub unsafe fn number(state: *mut lua_State, hook: &Hook) -> Result<Option<u32>, Failure> {
    // SAFETY: the caller's promise.
    let result = unsafe { args::read(state, -1) };
    let number = match result {
        Arg::Nil => return Ok(None),
        Arg::Number(n) => whole(n).and_then(|n| u32::try_from(n).ok()),
        _ => None,
    };
    let (min, max) = hook.range;
    number.filter(|n| (min..=max).contains(n)).map(Some).ok_or_else(|| {
        let found = crate::lua::staging::shown(&result);
        Failure::new(
            Kind::Contract,
            format!("returned {found}: a function of {} returns a whole number from {min} to {max}, or nil", hook.name),
        )
    })
}

#[cold]
fn contract(hook: &Hook, found: &str) -> Failure {
    let wanted = if hook.set {
        "nothing, RM_FAILURE, or a table with attributes"
    } else {
        "RM_MATCH, RM_NOMATCH, RM_MATCH_AND_CHANGE, RM_FAILURE, a boolean, or a table with 'action'"
    };
    Failure::new(Kind::Contract, format!("returned {found}: a function of {} returns {wanted}", hook.name))
}

#[inline]
fn verdict(n: f64, hook: &Hook) -> Result<Answer, Failure> {
    match whole(n) {
        Some(0) => Err(Failure::new(Kind::Declared, "returned RM_FAILURE")),
        Some(1) if hook.set => Err(contract(hook, "RM_NOMATCH")),
        Some(1) => Ok(Answer::NoMatch),
        Some(2) if hook.set => Ok(Answer::MatchAndChange),
        Some(2) => Ok(Answer::Match),
        Some(3) => Ok(Answer::MatchAndChange),
        _ => Err(contract(hook, &format!("the number {n}"))),
    }
}

/// `{ action = RM_..., attributes = attributes }`: the attributes are the object that was passed, or a table of fields to
/// assign. Other names are FRR's other arguments, which are not written back, and results of the script's own.
unsafe fn table(state: *mut lua_State, at: c_int, hook: &Hook) -> Result<Answer, Failure> {
    // SAFETY: the caller's promise; a raw read of a field raises nothing (names are interned already, as arguments or
    // constants, or the limit is lifted by the caller's VM for so few octets).
    unsafe {
        engine::lua_rawgetfield(state, at, c"action".as_ptr());
        let action = args::read(state, -1);
        let answer = match action {
            Arg::Number(n) => verdict(n, hook)?,
            Arg::Nil if hook.set => Answer::MatchAndChange,
            Arg::Nil => return Err(contract(hook, "a table without 'action'")),
            other => {
                let found = crate::lua::staging::shown(&other);
                return Err(contract(hook, &format!("a table whose 'action' is {found}")));
            }
        };
        engine::lua_pop(state, 1);
        if answer == Answer::MatchAndChange {
            attributes(state, at, hook)?;
        }
        Ok(answer)
    }
}

/// Assigns the fields of tables that stand for the hook's objects.
unsafe fn attributes(state: *mut lua_State, at: c_int, hook: &Hook) -> Result<(), Failure> {
    for (index, arg) in (0u8..).zip(&hook.args) {
        let ArgKind::Object(ty, _) = arg.kind else { continue };
        if !ty.fields.iter().any(|f| f.writable) {
            continue;
        }
        let Ok(name) = std::ffi::CString::new(arg.name) else { continue };
        // SAFETY: as in `table`; the stack is balanced.
        unsafe {
            engine::lua_rawgetfield(state, at, name.as_ptr());
            let value = args::read(state, -1);
            let result = match value {
                Arg::Nil => Ok(()),
                Arg::View(view) if std::ptr::eq(view.ty, ty) && view.live().is_some() => Ok(()),
                Arg::View(view) if view.live().is_none() => Err(Failure::new(Kind::Contract, view.stale())),
                Arg::Table(fields) => match super::vm::view_of(state, index, ty) {
                    Some(view) => assign_all(state, fields, &view, 0),
                    None => Ok(()),
                },
                other => Err(Failure::new(
                    Kind::Contract,
                    format!(
                        "returned a table whose '{}' is {}: it must be the object or a table of its fields",
                        arg.name,
                        crate::lua::staging::shown(&other)
                    ),
                )),
            };
            engine::lua_pop(state, 1);
            result?;
        }
    }
    Ok(())
}

/// Assigns every field of a table; tables in it stand for nested objects.
unsafe fn assign_all(state: *mut lua_State, at: c_int, view: &View, depth: u32) -> Result<(), Failure> {
    // SAFETY: as in `table`. The stack of a VM outside of any function has at least 20 slots; depth is bounded.
    unsafe {
        engine::lua_pushnil(state);
        while engine::lua_next(state, at) != 0 {
            let name = match args::read(state, -2) {
                Arg::Octets(name) => name,
                _ => return Err(Failure::new(Kind::Contract, format!("{}: a field's name is not text", view.ty.name))),
            };
            let Some(field) = view.ty.field_named(name) else {
                let name = String::from_utf8_lossy(&name[..name.len().min(40)]);
                return Err(Failure::new(Kind::Contract, view.ty.no_field(&name)));
            };
            let top = engine::lua_gettop(state);
            match (field.kind, field.object, args::read(state, top)) {
                (FieldKind::Object, Some(ty), Arg::Table(nested)) if depth < 3 => {
                    if let Some(value) = field.access.get(view.object) {
                        assign_all(
                            state,
                            nested,
                            &View { object: value.u.ptr, ty, lists: std::ptr::null(), ..*view },
                            depth + 1,
                        )?;
                    }
                }
                // What was read and given back as it was is no assignment.
                (_, _, Arg::List(list)) if std::ptr::eq(list.field, field) => {}
                _ if !field.writable => {}
                _ => assign_one(state, view, field, top)?,
            }
            engine::lua_settop(state, top - 1);
        }
    }
    Ok(())
}

unsafe fn assign_one(
    state: *mut lua_State,
    view: &View,
    field: &'static crate::schema::Field,
    index: c_int,
) -> Result<(), Failure> {
    // SAFETY: as in `table`. `Args` reads from the index to the top, which is the one value.
    unsafe {
        debug_assert_eq!(Args::new(state, index, "value").len(), 1);
        field::assign(state, view, field, index).map_err(|f| Failure::new(Kind::Contract, f.message))
    }
}
