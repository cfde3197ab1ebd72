// SPDX-License-Identifier: GPL-2.0-or-later
//! Reading and assigning the fields of C objects.

use super::abi;
use super::access;
use super::args::{self, Args};
use super::context::CallContext;
use super::engine::{self, lua_State};
use super::object::{self, List, View};
use super::raise::{self, guarded};
use super::segments::BorrowedPath;
use super::staged;
use crate::atom::Atom;
use crate::call::Staged;
use crate::failure::Failure;
use crate::lua::value::Out;
use crate::lua::{as_path, items, sets, staging};
use crate::schema::{Field, FieldKind, ItemKind};
use std::ffi::c_int;

/// Pushes a field's value: the one that the call has assigned, else the daemon's; nil when it is absent. Raises when the
/// object's call has ended.
///
/// # Safety
/// `state` is live, in a C function with free stack slots; `view` is on its stack.
#[inline]
pub unsafe fn push(state: *mut lua_State, view: &View, field: &'static Field) {
    // SAFETY: a live call keeps the object alive, which is of the view's type; the rest is the caller's promise.
    unsafe {
        let Some(context) = view.live() else { raise::error(state, view.stale()) };
        if let FieldKind::AsPath | FieldKind::Items(_) = field.kind {
            if field.text {
                push_text(state, view, context, field);
            } else if !object::push_pinned(state, view, field) {
                object::push_list(state, List { owner: *view, field });
            }
            return;
        }
        {
            let changes = context.changes().borrow();
            if !changes.is_empty()
                && let Some(value) = changes.get(view.arg, field)
            {
                let out = staging::out(value);
                drop(changes);
                object::push(state, out);
                return;
            }
        }
        let Some(value) = field.access.get(view.object) else {
            engine::lua_pushnil(state);
            return;
        };
        push_value(state, view, field, &value);
    }
}

/// Pushes what a getter gave.
#[inline]
unsafe fn push_value(state: *mut lua_State, view: &View, field: &'static Field, value: &abi::Value) {
    // SAFETY: the getter filled the member of the union that the field's kind names; a string's octets and an object live
    // as long as the call.
    unsafe {
        match field.kind {
            FieldKind::Bool => engine::lua_pushboolean(state, c_int::from(value.u.num != 0)),
            FieldKind::Uint => engine::push_unsigned(state, value.u.num),
            FieldKind::Int => engine::push_signed(state, value.u.inum),
            FieldKind::String => {
                engine::lua_pushlstring(state, value.u.ptr.cast(), value.len as usize);
            }
            FieldKind::Object => match field.object {
                Some(ty) if !value.u.ptr.is_null() => {
                    object::push_view(state, View { object: value.u.ptr, ty, lists: std::ptr::null(), ..*view });
                }
                _ => engine::lua_pushnil(state),
            },
            FieldKind::Address => match access::address(value) {
                Some(address) => object::push_object(state, Box::new(sets::Address(address))),
                None => engine::lua_pushnil(state),
            },
            FieldKind::Prefix => match access::prefix(value) {
                Some(prefix) => object::push_object(state, Box::new(sets::Prefix(prefix))),
                None => engine::lua_pushnil(state),
            },
            FieldKind::AsPath | FieldKind::Items(_) => engine::lua_pushnil(state),
        }
    }
}

/// Pushes an AS path or a list as FRR's text, nil when absent.
unsafe fn push_text(state: *mut lua_State, view: &View, context: &CallContext, field: &'static Field) {
    // SAFETY: as in `push`; the text is pushed outside of the wall.
    unsafe {
        let text = guarded(state, || {
            if matches!(context.changes().borrow().get(view.arg, field), Some(Staged::Nil)) {
                return Ok(Out::Nil);
            }
            let list = List { owner: *view, field };
            let text = match field.kind {
                FieldKind::AsPath => with_path(&list, |path| path.map(|p| p.text().into_owned()))?,
                _ => with_octets(&list, |octets| octets.map(|o| items::text(item_kind(field), o)))?,
            };
            Ok(text.map_or(Out::Nil, Out::Text))
        });
        match text {
            Ok(out) => {
                object::push(state, out);
            }
            Err(failure) => raise::error(state, failure.message),
        }
    }
}

fn item_kind(field: &Field) -> ItemKind {
    match field.kind {
        FieldKind::Items(kind) => kind,
        _ => ItemKind::Community,
    }
}

/// Runs `f` on a list's octets as the call sees them; `None` when the attribute is absent.
unsafe fn with_octets<T>(list: &List, f: impl FnOnce(Option<&[u8]>) -> T) -> Result<T, Failure> {
    let Some(context) = list.owner.live() else { return Err(list.owner.stale().into()) };
    let changes = context.changes().borrow();
    match changes.get(list.owner.arg, list.field) {
        Some(Staged::Items(_, octets)) => return Ok(f(Some(octets))),
        Some(_) => return Ok(f(None)),
        None => {}
    }
    // SAFETY: the call is alive and so is its object; a getter of a list kind gives `len` items at `ptr`, borrowed for as
    // long as the object is not written, which no script can do.
    unsafe {
        let octets = list.field.access.get(list.owner.object).and_then(|value| {
            let size = value.len as usize * item_kind(list.field).size();
            (!value.u.ptr.is_null()).then(|| std::slice::from_raw_parts(value.u.ptr.cast::<u8>(), size))
        });
        Ok(f(octets))
    }
}

/// Runs `f` on an AS path as the call sees it; `None` when there is none.
unsafe fn with_path<T>(list: &List, f: impl FnOnce(Option<&dyn as_path::Path>) -> T) -> Result<T, Failure> {
    let Some(context) = list.owner.live() else { return Err(list.owner.stale().into()) };
    let changes = context.changes().borrow();
    match changes.get(list.owner.arg, list.field) {
        Some(Staged::AsPath(path)) => return Ok(f(Some(path))),
        Some(_) => return Ok(f(None)),
        None => {}
    }
    // SAFETY: the call is alive and so is its object, and with it the path that the getter gave.
    unsafe {
        let path = list.field.access.get(list.owner.object).and_then(|value| BorrowedPath::new(value.u.ptr));
        Ok(match path {
            Some(path) => f(Some(&path)),
            None => f(None),
        })
    }
}

/// The common question of a policy, `communities:has("65000:1")` with a text that was asked for before and a list that
/// was not assigned, without going through [`call`]; `None`: not that one.
///
/// # Safety
/// `state` is live inside a method call: 1 the list, then the arguments.
#[inline]
pub unsafe fn has_known(state: *mut lua_State, list: &List) -> Option<bool> {
    if list.field.kind != FieldKind::Items(ItemKind::Community) || !list.owner.live()?.changes().borrow().is_empty() {
        return None;
    }
    // SAFETY: reading a string raises nothing; the getter's promise is that of `with_octets`.
    unsafe {
        if engine::lua_type(state, 2) != engine::LUA_TSTRING {
            return None;
        }
        let mut length = 0;
        let text = engine::lua_tolstring(state, 2, &raw mut length);
        let wanted = items::known_octets(std::slice::from_raw_parts(text.cast(), length))?;
        let Some(value) = list.field.access.get(list.owner.object) else { return Some(false) };
        if value.u.ptr.is_null() {
            return Some(false);
        }
        let communities = std::slice::from_raw_parts(value.u.ptr.cast::<[u8; 4]>(), value.len as usize);
        Some(communities.contains(&wanted))
    }
}

/// Its like for a set, `communities:has_any(set)` of a list that was not assigned; `None`: not that one.
///
/// # Safety
/// As [`has_known`].
#[inline]
pub unsafe fn has_any_known(state: *mut lua_State, list: &List) -> Option<bool> {
    const KIND: ItemKind = ItemKind::Community;
    if list.field.kind != FieldKind::Items(KIND) || !list.owner.live()?.changes().borrow().is_empty() {
        return None;
    }
    // SAFETY: the set is on the stack; the getter's promise is that of `with_octets`.
    unsafe {
        let set = object::object(state, 2)?.as_any().downcast_ref::<sets::Communities>()?;
        let Some(value) = list.field.access.get(list.owner.object) else { return Some(false) };
        if value.u.ptr.is_null() {
            return Some(false);
        }
        let octets = std::slice::from_raw_parts(value.u.ptr.cast::<u8>(), value.len as usize * KIND.size());
        // What the set refuses is told on the other way.
        guarded(state, || Ok(set.intersects(KIND, octets).ok())).ok()?
    }
}

/// A method of a list or AS path.
///
/// # Safety
/// `state` is live inside a method call: 1 the list, then the arguments.
pub unsafe fn call(state: *mut lua_State, list: &List, method: Atom) -> Result<Out, Failure> {
    // SAFETY: the caller's promise.
    let args = unsafe { Args::new(state, 2, list.field.name) };
    // SAFETY: likewise; `list` is on the stack.
    let (out, staged) = unsafe {
        match list.field.kind {
            FieldKind::AsPath => with_path(list, |path| as_path::call(path, method, &args))??,
            _ => {
                let kind = item_kind(list.field);
                with_octets(list, |octets| items::call(kind, octets.unwrap_or_default(), method, &args))??
            }
        }
    };
    if let Some(value) = staged {
        stage(&list.owner, list.field, value)?;
    }
    Ok(out)
}

/// A list as text.
pub fn list_text(list: &List) -> Result<String, Failure> {
    // SAFETY: `list` is a live userdata's content; liveness of the call is checked inside.
    unsafe {
        match list.field.kind {
            FieldKind::AsPath => with_path(list, |path| path.map(|p| p.text().into_owned()).unwrap_or_default()),
            _ => with_octets(list, |o| items::text(item_kind(list.field), o.unwrap_or_default())),
        }
    }
}

/// What `#` gives: items of a list; of an AS path its length as best path counts it.
pub fn list_length(list: &List) -> Result<usize, Failure> {
    // SAFETY: as in `list_text`.
    unsafe {
        match list.field.kind {
            FieldKind::AsPath => with_path(list, |path| path.map_or(0, as_path::length)),
            _ => with_octets(list, |o| o.unwrap_or_default().len() / item_kind(list.field).size()),
        }
    }
}

/// The items, as iteration gives them.
pub fn list_items(list: &List) -> Result<Out, Failure> {
    // SAFETY: as in `list_text`.
    unsafe {
        match list.field.kind {
            FieldKind::AsPath => with_path(list, |path| path.map_or(Out::List(Vec::new()), as_path::as_list)),
            _ => with_octets(list, |o| items::as_list(item_kind(list.field), o.unwrap_or_default())),
        }
    }
}

/// Checks and stages the assignment of the value at a stack index.
///
/// # Safety
/// `state` is live; `view` is of its VM; the index is on its stack.
pub unsafe fn assign(state: *mut lua_State, view: &View, field: &'static Field, index: c_int) -> Result<(), Failure> {
    if view.live().is_none() {
        return Err(view.stale().into());
    }
    let name = || format!("{}.{}", view.ty.name, field.name);
    // SAFETY: the caller's promise.
    let args = unsafe { Args::new(state, index, "value") };
    let value = staging::from_script(field, &args).map_err(|why| Failure::runtime(format!("{} {why}", name())))?;
    stage(view, field, value)
}

/// The common assignment, a number in range to a field without a check of its own, without going through [`assign`];
/// false: not that one, nothing was done.
///
/// # Safety
/// `state` is live inside Luau's direct write: 1 the view, 2 the name, 3 the value.
#[inline]
pub unsafe fn assign_number(state: *mut lua_State, view: &View, atom: Atom) -> bool {
    let (Some(field), Some(context)) = (view.ty.field(atom), view.live()) else { return false };
    if field.kind != FieldKind::Uint || !field.writable || field.access.checks() || !is_own(context, view) {
        return false;
    }
    let mut is_number = 0;
    // SAFETY: the value is at 3; reading a number raises nothing. A string is not converted: its type is looked at.
    let number = unsafe {
        if engine::lua_type(state, 3) != engine::LUA_TNUMBER {
            return false;
        }
        engine::lua_tonumberx(state, 3, &raw mut is_number)
    };
    match args::whole(number) {
        Some(n) if n <= field.max => {
            context.changes().borrow_mut().set(view.arg, field, Staged::Uint(n));
            true
        }
        _ => false,
    }
}

/// Whether a view is of the argument's own object. What a getter reached through a pointer is another object, and the
/// setters of its type would be given the wrong one.
#[inline]
fn is_own(context: &CallContext, view: &View) -> bool {
    context.object(view.arg) == Some(view.object)
}

/// Stages a value after the daemon's own check.
fn stage(view: &View, field: &'static Field, value: Staged) -> Result<(), Failure> {
    let Some(context) = view.live() else { return Err(view.stale().into()) };
    if !field.writable {
        return Err(Failure::runtime(format!("{}.{} is read-only", view.ty.name, field.name)));
    }
    if !is_own(context, view) {
        return Err(Failure::runtime(format!(
            "{}.{} belongs to another object: it is read-only here",
            view.ty.name, field.name
        )));
    }
    // SAFETY: the call is alive and so is its object; the value lives through the check.
    let why = staged::with_abi(&value, |value| unsafe { field.access.check(view.object, value) });
    if let Some(why) = why {
        return Err(Failure::runtime(format!("{}.{} {why}", view.ty.name, field.name)));
    }
    context.changes().borrow_mut().set(view.arg, field, value);
    Ok(())
}
