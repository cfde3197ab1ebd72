// SPDX-License-Identifier: GPL-2.0-or-later
//! The three kinds of userdata that scripts see, and what they share.
//!
//! | tag | what | life |
//! |---|---|---|
//! | `VIEW` | a C object: `attributes`, `peer`, `attributes.nexthop` | the running call |
//! | `LIST` | a list or AS path of a C object: `attributes.communities` | the running call |
//! | `VALUE` | something of Rust's own: a prefix set, an address | until the collector takes it |
//!
//! A view or list knows the call that it was made in; used in any later one it raises an error, and memory of the daemon
//! that may be gone is not read.

use super::context::CallContext;
use super::engine::{self, lua_State};
use crate::lua::value::{Object, Out};
use crate::schema::{Field, Type};
use std::ffi::{c_int, c_void};
use std::ptr;

/// Userdata tags; mlua's own are lower.
pub const VIEW: c_int = 100;
/// See [`VIEW`].
pub const LIST: c_int = 101;
/// See [`VIEW`].
pub const VALUE: c_int = 102;

/// A C object during one call.
#[derive(Clone, Copy)]
pub struct View {
    pub object: *const c_void,
    pub context: *const CallContext,
    pub call: u64,
    pub ty: &'static Type,
    pub arg: u8,
    /// The view's lists that serve all calls, NULL for none; they live as long as the view's function is bound.
    pub lists: *const PinnedLists,
}

/// A list that serves all calls.
pub struct PinnedList {
    pub field: *const Field,
    /// Of the list's userdata.
    pub list: *mut List,
    /// In the registry.
    pub reference: c_int,
}

/// Those of one view.
pub struct PinnedLists(pub Vec<PinnedList>);

/// A list or AS path field of a C object during one call.
#[derive(Clone, Copy)]
pub struct List {
    pub owner: View,
    pub field: &'static Field,
}

impl View {
    /// The call that the view belongs to, if it is still running.
    #[inline]
    pub fn live(&self) -> Option<&CallContext> {
        // SAFETY: a context lives as long as its VM, and only scripts of that VM have the view.
        let context = unsafe { &*self.context };
        context.is_live(self.call).then_some(context)
    }

    /// The message for a view that outlived its call.
    pub fn stale(&self) -> String {
        format!(
            "{} was used after the call that it was passed to had ended: copy what you need out of it during the call",
            self.ty.name
        )
    }

    /// The object's prefix, if its type has one.
    pub fn prefix(&self) -> Option<ipnet::IpNet> {
        self.live()?;
        // SAFETY: the call is running, so the object that it was given is alive; it is of the view's type.
        unsafe { self.ty.prefix.get(self.object) }
    }
}

/// Pushes a view.
///
/// # Safety
/// `state` is live with a free stack slot; may raise for want of memory.
#[inline]
pub unsafe fn push_view(state: *mut lua_State, view: View) {
    // SAFETY: the userdata has room for a View, aligned to 16; View is Copy and has no destructor.
    unsafe {
        engine::lua_newuserdatataggedwithmetatable(state, size_of::<View>(), VIEW).cast::<View>().write(view);
    }
}

/// Pushes the list of a view that serves all calls, for the view's own call; false: there is none of that field.
///
/// # Safety
/// `state` is live with a free stack slot; `view` is of its VM, and its call runs.
#[inline]
pub unsafe fn push_pinned(state: *mut lua_State, view: &View, field: &'static Field) -> bool {
    // SAFETY: what a view points to lives as long as it is served (`Vm::unpin`); the reference holds the list's userdata.
    unsafe {
        let Some(lists) = view.lists.as_ref() else { return false };
        let Some(pinned) = lists.0.iter().find(|pinned| ptr::eq(pinned.field, field)) else { return false };
        (*pinned.list).owner.object = view.object;
        (*pinned.list).owner.call = view.call;
        engine::lua_rawgeti_(state, engine::LUA_REGISTRYINDEX, pinned.reference);
    }
    true
}

/// Pushes a list.
///
/// # Safety
/// As [`push_view`].
#[inline]
pub unsafe fn push_list(state: *mut lua_State, list: List) {
    // SAFETY: as in `push_view`.
    unsafe {
        engine::lua_newuserdatataggedwithmetatable(state, size_of::<List>(), LIST).cast::<List>().write(list);
    }
}

/// Pushes an object of Rust's own; its memory goes on the script's account.
///
/// # Safety
/// As [`push_view`].
pub unsafe fn push_object(state: *mut lua_State, object: Box<dyn Object>) {
    let slot: *mut Option<Box<dyn Object>>;
    // SAFETY: the slot is written (with None) before anything else can run, so the destructor never sees it raw.
    let account = unsafe {
        slot = engine::lua_newuserdatataggedwithmetatable(state, size_of::<Option<Box<dyn Object>>>(), VALUE).cast();
        slot.write(None);
        super::interrupt::account(state)
    };
    // Taken last: an error on the way here would leave it on the account for good.
    if !account.take(object.memory()) {
        drop(object);
        let message = super::interrupt::reason(crate::failure::Kind::Memory, account);
        // SAFETY: the caller lets us raise.
        unsafe { super::raise::error(state, message) }
    }
    // SAFETY: made above, on the stack; None needs no drop.
    unsafe { slot.write(Some(object)) };
}

/// The collector's call for a `VALUE` (lua.h, `lua_Destructor`).
pub unsafe extern "C" fn drop_object(state: *mut lua_State, data: *mut c_void) {
    // SAFETY: Luau calls this once per userdata of the tag, with what `push_object` wrote.
    let object = unsafe { ptr::replace(data.cast::<Option<Box<dyn Object>>>(), None) };
    let Some(object) = object else { return };
    // SAFETY: a live state of ours.
    unsafe { super::interrupt::account(state) }.give(object.memory());
    drop(object);
}

/// The view at a stack index.
///
/// # Safety
/// `state` is live; the reference is used while the value is on the stack.
#[inline]
pub unsafe fn view<'a>(state: *mut lua_State, index: c_int) -> Option<&'a View> {
    // SAFETY: userdata of this tag is only made by `push_view`.
    unsafe { engine::lua_touserdatatagged(state, index, VIEW).cast::<View>().as_ref() }
}

/// The list at a stack index.
///
/// # Safety
/// As [`view`].
#[inline]
pub unsafe fn list<'a>(state: *mut lua_State, index: c_int) -> Option<&'a List> {
    // SAFETY: userdata of this tag is only made by `push_list`.
    unsafe { engine::lua_touserdatatagged(state, index, LIST).cast::<List>().as_ref() }
}

/// The object at a stack index.
///
/// # Safety
/// As [`view`].
#[inline]
pub unsafe fn object<'a>(state: *mut lua_State, index: c_int) -> Option<&'a dyn Object> {
    // SAFETY: userdata of this tag is only made by `push_object`.
    unsafe {
        engine::lua_touserdatatagged(state, index, VALUE)
            .cast::<Option<Box<dyn Object>>>()
            .as_ref()
            .and_then(Option::as_deref)
    }
}

/// Pushes what safe code answered; returns how many values.
///
/// # Safety
/// As [`push_view`], with three free stack slots.
pub unsafe fn push(state: *mut lua_State, out: Out) -> c_int {
    // SAFETY: the caller's promise. What may raise for want of memory comes last or owns nothing meanwhile; if it does
    // raise, unwinding drops what this frame owns.
    unsafe {
        match out {
            Out::Nothing => return 0,
            Out::Nil => engine::lua_pushnil(state),
            Out::Bool(b) => engine::lua_pushboolean(state, c_int::from(b)),
            Out::Number(n) => engine::lua_pushnumber(state, n),
            Out::Unsigned(n) => engine::push_unsigned(state, n),
            Out::Signed(n) => engine::push_signed(state, n),
            Out::Integer(n) => engine::lua_pushinteger64(state, n),
            Out::Text(text) => {
                engine::lua_pushlstring(state, text.as_ptr().cast(), text.len());
            }
            Out::Octets(octets) => {
                engine::lua_pushlstring(state, octets.as_ptr().cast(), octets.len());
            }
            Out::Foreign(octets) => {
                engine::lua_pushlstring(state, octets.as_ptr().cast(), octets.len());
            }
            Out::Many(values) => {
                engine::lua_checkstack(state, 8 + c_int::try_from(values.len()).unwrap_or(0));
                let mut count = 0;
                for value in values {
                    count += push(state, value);
                }
                return count;
            }
            Out::Shared(octets) => {
                engine::lua_pushlstring(state, octets.as_ptr().cast(), octets.len());
            }
            Out::Object(object) => push_object(state, object),
            Out::List(items) => {
                engine::lua_createtable(state, c_int::try_from(items.len()).unwrap_or(0), 0);
                engine::lua_checkstack(state, 8);
                for (index, item) in (1..).zip(items) {
                    // The script is stopped at its next step: it does not see that something is missing.
                    if crate::watchdog::expired() {
                        break;
                    }
                    push(state, item);
                    engine::lua_rawseti(state, -2, index);
                }
            }
            Out::Record(fields) => {
                engine::lua_createtable(state, 0, c_int::try_from(fields.len()).unwrap_or(0));
                for (name, value) in fields {
                    engine::lua_pushlstring(state, name.as_ptr().cast(), name.len());
                    push(state, value);
                    engine::lua_rawset(state, -3);
                }
            }
            Out::Map(entries) => {
                engine::lua_createtable(state, 0, c_int::try_from(entries.len()).unwrap_or(0));
                engine::lua_checkstack(state, 8);
                for (key, value) in entries {
                    if crate::watchdog::expired() {
                        break;
                    }
                    push(state, key);
                    push(state, value);
                    engine::lua_rawset(state, -3);
                }
            }
            // Only functions wait or load, and they don't come here (native.rs).
            Out::Wait(_) | Out::Loaded(_) | Out::Module(_) => engine::lua_pushnil(state),
            Out::Two(a, b) => {
                push(state, *a);
                push(state, *b);
                return 2;
            }
        }
    }
    1
}
