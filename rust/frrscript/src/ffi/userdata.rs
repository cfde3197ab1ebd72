// SPDX-License-Identifier: GPL-2.0-or-later
//! What Luau calls when a script reads, writes or calls something of a userdata.
//!
//! On the fast path (a name that has an atom) Luau calls these straight from its interpreter; on the slow one (a computed
//! name, native code) the metatable's functions below come to the same places.

use super::args::{self, Args};
use super::engine::{self, lua_State};
use super::object::{self, LIST, List, VALUE, VIEW, View};
use super::raise::{self, guarded};
use crate::atom::{self, Atom};
use crate::failure::Failure;
use crate::lua::value::Out;
use std::ffi::{CStr, c_char, c_int, c_void};

/// Gives the three tags their metatables and direct access.
///
/// # Safety
/// `state` is live, in a protected call, and no source was compiled in it yet (names get their atoms at compile time).
pub unsafe fn register(state: *mut lua_State) {
    // SAFETY: the caller's promise; the stack is balanced.
    unsafe {
        (*engine::lua_callbacks(state)).useratom = Some(number_of_name);
        for (tag, name) in [(VIEW, c"route object"), (LIST, c"route attribute"), (VALUE, c"frr object")] {
            engine::lua_createtable(state, 0, 10);
            for (method, function) in [
                (c"__index", slow_get as engine::lua_CFunction),
                (c"__newindex", slow_set),
                (c"__namecall", slow_call),
                (c"__tostring", to_text),
                (c"__len", length),
                (c"__eq", equals),
                (c"__iter", iterate),
            ] {
                engine::lua_pushcclosurek(state, function, method.as_ptr(), 0, None);
                engine::lua_rawsetfield(state, -2, method.as_ptr());
            }
            engine::lua_pushstring(state, name.as_ptr());
            engine::lua_rawsetfield(state, -2, c"__type".as_ptr());
            engine::lua_pushboolean(state, 0);
            engine::lua_rawsetfield(state, -2, c"__metatable".as_ptr());
            engine::lua_setreadonly(state, -1, 1);
            engine::lua_setuserdatametatable(state, tag);
            engine::lua_registeruserdatadirectaccess(state, tag, get, set, call);
        }
        engine::lua_setuserdatadtor(state, VALUE, Some(drop_value));
    }
}

/// Luau asks for the atom of a name in a script.
unsafe extern "C-unwind" fn number_of_name(_state: *mut lua_State, name: *const c_char, length: usize) -> i16 {
    // SAFETY: Luau passes the octets of a live string.
    let name = unsafe { std::slice::from_raw_parts(name.cast::<u8>(), length) };
    std::panic::catch_unwind(|| atom::lookup(name)).unwrap_or(atom::NONE)
}

unsafe extern "C" fn drop_value(state: *mut lua_State, data: *mut c_void) {
    // SAFETY: passed through.
    unsafe { object::drop_object(state, data) }
}

/// Direct read. Stack: 1 userdata, 2 name; leaves the result on top.
unsafe extern "C-unwind" fn get(state: *mut lua_State, data: *mut c_void, atom: c_int, _slot: *mut u16, tag: c_int) {
    #[allow(clippy::cast_possible_truncation, reason = "an atom of ours is an i16")]
    let atom = atom as Atom;
    // SAFETY: Luau passes the userdata of a tag of ours with its tag.
    unsafe {
        if tag == VIEW {
            let view = &*data.cast::<View>();
            match view.ty.field(atom) {
                Some(field) => super::field::push(state, view, field),
                None => raise::error(state, no_field(view, atom)),
            }
        } else {
            get_other(state, atom, tag);
        }
    }
}

#[cold]
fn no_field(view: &View, atom: Atom) -> String {
    view.ty.no_field(&atom::name(atom).unwrap_or_default())
}

/// Reads a field of a list or object at stack index 1.
unsafe fn get_other(state: *mut lua_State, atom: Atom, tag: c_int) {
    // SAFETY: the userdata is at index 1; results are pushed outside of the wall.
    unsafe {
        let found = guarded(state, || {
            let name = atom::name(atom).unwrap_or_default();
            if tag == VALUE {
                let object = object::object(state, 1).ok_or("not an object")?;
                return object.field(atom).ok_or_else(|| {
                    Failure::runtime(format!("{} has no field '{name}'; call a method with ':'", object.type_name()))
                });
            }
            let list = object::list(state, 1).ok_or("not a list")?;
            Err(Failure::runtime(format!(
                "{}.{} has no field '{name}'; call a method with ':'",
                list.owner.ty.name, list.field.name
            )))
        });
        match found {
            Ok(out) => {
                object::push(state, out);
            }
            Err(failure) => raise::error(state, failure.message),
        }
    }
}

/// Direct write. Stack: 1 userdata, 2 name, 3 value.
unsafe extern "C-unwind" fn set(state: *mut lua_State, data: *mut c_void, atom: c_int, _slot: *mut u16, tag: c_int) {
    #[allow(clippy::cast_possible_truncation, reason = "an atom of ours is an i16")]
    let atom = atom as Atom;
    // SAFETY: Luau passes the userdata of a tag of ours with its tag.
    unsafe {
        if tag != VIEW {
            raise::error(state, "only fields of a route object can be assigned".to_owned());
        }
        let view = *data.cast::<View>();
        if super::field::assign_number(state, &view, atom) {
            return;
        }
        let assigned = guarded(state, || match view.ty.field(atom) {
            Some(field) => super::field::assign(state, &view, field, 3),
            None => Err(no_field(&view, atom).into()),
        });
        if let Err(failure) = assigned {
            raise::error(state, failure.message);
        }
    }
}

/// Direct method call. Stack: 1 userdata, then the arguments; returns how many results are on top.
unsafe extern "C-unwind" fn call(
    state: *mut lua_State,
    data: *mut c_void,
    atom: c_int,
    _slot: *mut u16,
    tag: c_int,
) -> c_int {
    #[allow(clippy::cast_possible_truncation, reason = "an atom of ours is an i16")]
    let atom = atom as Atom;
    // SAFETY: Luau passes the userdata of a tag of ours with its tag; results are pushed outside of the wall.
    unsafe {
        if tag == LIST {
            let list = &*data.cast::<List>();
            let known = match atom {
                atom::HAS => super::field::has_known(state, list),
                atom::HAS_ANY => super::field::has_any_known(state, list),
                _ => None,
            };
            if let Some(answer) = known {
                engine::lua_pushboolean(state, c_int::from(answer));
                return 1;
            }
        }
        let answer = guarded(state, || match tag {
            LIST => super::field::call(state, &*data.cast::<List>(), atom),
            VALUE => {
                let object = object::object(state, 1).ok_or("not an object")?;
                let found = object.call(atom, &Args::new(state, 2, object.type_name()))?;
                found.ok_or_else(|| no_method(object.type_name(), atom))
            }
            _ => {
                let view = &*data.cast::<View>();
                let Some(method) = view.ty.method(atom) else { return Err(no_method(view.ty.name, atom)) };
                if view.live().is_none() {
                    return Err(view.stale().into());
                }
                // The call is alive and so is its object, which is of the type that has the method.
                (method.call)(view.object);
                Ok(Out::Nothing)
            }
        });
        match answer {
            // The common answer of a test on the path of every route.
            Ok(Out::Bool(answer)) => {
                engine::lua_pushboolean(state, c_int::from(answer));
                1
            }
            Ok(out) => object::push(state, out),
            Err(failure) => raise::error(state, failure.message),
        }
    }
}

#[cold]
fn no_method(of: &str, atom: Atom) -> Failure {
    Failure::runtime(format!("{of} has no method '{}'", atom::name(atom).unwrap_or_default()))
}

/// The atom of the name at a stack index; raises for a name that is none.
unsafe fn atom_at(state: *mut lua_State, index: c_int) -> (Atom, String) {
    // SAFETY: the caller has a name at the index; reading raises nothing.
    unsafe {
        match args::read(state, index) {
            args::Arg::Octets(name) => (atom::lookup(name), String::from_utf8_lossy(name).into_owned()),
            _ => (atom::NONE, "?".to_owned()),
        }
    }
}

/// `__index`: 1 userdata, 2 name.
unsafe extern "C-unwind" fn slow_get(state: *mut lua_State) -> c_int {
    // SAFETY: Luau calls this with the userdata and the name.
    unsafe {
        let (atom, name) = atom_at(state, 2);
        let tag = engine::lua_userdatatag(state, 1);
        if let Some(view) = object::view(state, 1) {
            match view.ty.field(atom) {
                Some(field) => super::field::push(state, view, field),
                None => {
                    let message = view.ty.no_field(&name);
                    drop(name);
                    raise::error(state, message)
                }
            }
        } else if tag == VALUE || tag == LIST {
            if atom == atom::NONE {
                raise::error(state, format!("there is no field '{name}'"));
            }
            drop(name);
            get_other(state, atom, tag);
        } else {
            raise::error(state, "not an object of FRR".to_owned());
        }
        1
    }
}

/// `__newindex`: 1 userdata, 2 name, 3 value.
unsafe extern "C-unwind" fn slow_set(state: *mut lua_State) -> c_int {
    // SAFETY: Luau calls this with the userdata, the name and the value.
    unsafe {
        let (atom, name) = atom_at(state, 2);
        if let Some(view) = object::view(state, 1)
            && view.ty.field(atom).is_none()
        {
            let message = view.ty.no_field(&name);
            drop(name);
            raise::error(state, message);
        }
        drop(name);
        let data = engine::lua_touserdata(state, 1);
        let tag = engine::lua_userdatatag(state, 1);
        set(state, data, c_int::from(atom), std::ptr::null_mut(), tag);
        0
    }
}

/// `__namecall`: 1 userdata, then the arguments; the name is with the state.
unsafe extern "C-unwind" fn slow_call(state: *mut lua_State) -> c_int {
    // SAFETY: Luau calls this for a method call.
    unsafe {
        let mut atom: c_int = atom::NONE.into();
        let name = engine::lua_namecallatom(state, &raw mut atom);
        let tag = engine::lua_userdatatag(state, 1);
        if atom < 0 || !(VIEW..=VALUE).contains(&tag) {
            let name = if name.is_null() { "?".into() } else { CStr::from_ptr(name).to_string_lossy() };
            let message = format!("there is no method '{name}'");
            drop(name);
            raise::error(state, message);
        }
        call(state, engine::lua_touserdata(state, 1), atom, std::ptr::null_mut(), tag)
    }
}

/// `__tostring`.
unsafe extern "C-unwind" fn to_text(state: *mut lua_State) -> c_int {
    // SAFETY: the userdata is at index 1; the text is pushed outside of the wall.
    unsafe {
        let text = guarded(state, || {
            if let Some(object) = object::object(state, 1) {
                return Ok(object.text());
            }
            if let Some(list) = object::list(state, 1) {
                return super::field::list_text(list);
            }
            let view = object::view(state, 1).ok_or("not an object of FRR")?;
            Ok(view.prefix().map_or_else(|| view.ty.name.to_owned(), |p| p.to_string()))
        });
        match text {
            Ok(text) => object::push(state, Out::Text(text)),
            Err(failure) => raise::error(state, failure.message),
        }
    }
}

/// `__len`.
unsafe extern "C-unwind" fn length(state: *mut lua_State) -> c_int {
    // SAFETY: the userdata is at index 1.
    unsafe {
        let length = guarded(state, || {
            if let Some(list) = object::list(state, 1) {
                return super::field::list_length(list);
            }
            let object = object::object(state, 1).ok_or("a route object has no length")?;
            object.length().ok_or_else(|| Failure::runtime(format!("{} has no length", object.type_name())))
        });
        match length {
            Ok(length) => object::push(state, Out::Unsigned(length as u64)),
            Err(failure) => raise::error(state, failure.message),
        }
    }
}

/// `__eq`.
unsafe extern "C-unwind" fn equals(state: *mut lua_State) -> c_int {
    // SAFETY: two userdata are at 1 and 2.
    unsafe {
        let same = guarded(state, || {
            Ok(match (object::object(state, 1), object::object(state, 2)) {
                (Some(a), Some(b)) => a.equals(b),
                _ => match (object::view(state, 1), object::view(state, 2)) {
                    (Some(a), Some(b)) => a.object == b.object && a.call == b.call && std::ptr::eq(a.ty, b.ty),
                    _ => false,
                },
            })
        });
        engine::lua_pushboolean(state, c_int::from(same.unwrap_or(false)));
        1
    }
}

/// `__iter`: over a list's items or a route object's fields, as a table that is made for it.
unsafe extern "C-unwind" fn iterate(state: *mut lua_State) -> c_int {
    // SAFETY: the userdata is at index 1; three results: the generic `next`, a table, nil.
    unsafe {
        engine::lua_getglobal(state, c"next".as_ptr());
        if let Some(view) = object::view(state, 1) {
            engine::lua_createtable(state, 0, c_int::try_from(view.ty.fields.len()).unwrap_or(0));
            for field in &view.ty.fields {
                engine::lua_pushlstring(state, field.name.as_ptr().cast(), field.name.len());
                super::field::push(state, view, field);
                engine::lua_rawset(state, -3);
            }
        } else {
            let items = guarded(state, || {
                if let Some(list) = object::list(state, 1) {
                    return super::field::list_items(list);
                }
                let object = object::object(state, 1).ok_or("can't be iterated")?;
                let items = object.call(atom::ITEMS, &Args::new(state, 2, object.type_name()))?;
                items.ok_or_else(|| Failure::runtime(format!("{} can't be iterated", object.type_name())))
            });
            match items {
                Ok(items) => {
                    object::push(state, items);
                }
                Err(failure) => raise::error(state, failure.message),
            }
        }
        engine::lua_pushnil(state);
        3
    }
}
