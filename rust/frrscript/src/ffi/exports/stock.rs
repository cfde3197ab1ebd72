// SPDX-License-Identifier: GPL-2.0-or-later
//! FRR's own interface (lib/frrscript.h), source-compatible: scripts by name, arguments and results on a stack of plain
//! values that C knows as `lua_State`. The macros over these functions are in `frrscript_call.h`.

use super::text;
use crate::compat::frame::Frame;
use crate::compat::value::{Key, Value};
use crate::ffi::stock::Frrscript;
use crate::ffi::wall::wall;
use crate::script::store;
use std::ffi::{c_char, c_double, c_int, c_longlong, c_void};
use std::ptr;

/// Sets the script directory. `frrscript_init` calls it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_library_init(scriptdir: *const c_char) {
    wall("frrscript_library_init", (), || {
        // SAFETY: as the conventions say.
        if let Some(directory) = unsafe { text(scriptdir) } {
            store::set_directory(directory.into());
        }
    });
}

/// Forgets all scripts and closes their VMs. Rules that are still there answer `on-error`. `frrscript_fini` calls it.
#[unsafe(no_mangle)]
pub extern "C" fn frrscript_library_fini() {
    wall("frrscript_library_fini", (), || {
        store::clear();
        crate::bus::clear();
        crate::runtime::clear();
        crate::dict::clear();
    });
}

/// A script by its name, the file's without `.lua`; nothing is read yet. Free it with `frrscript_delete`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_new(name: *const c_char) -> *mut Frrscript {
    wall("frrscript_new", ptr::null_mut(), || {
        // SAFETY: as the conventions say.
        let name = unsafe { text(name) }.unwrap_or("");
        Box::into_raw(Box::new(Frrscript::new(name)))
    })
}

/// Loads a function of the script and then calls `load_cb`, which may be NULL. 0 if all went well; else the reason is
/// logged.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_load(
    fs: *mut Frrscript,
    function: *const c_char,
    load_cb: Option<unsafe extern "C" fn(*mut Frrscript) -> c_int>,
) -> c_int {
    wall("frrscript_load", 1, || {
        // SAFETY: `fs` is NULL or made by `frrscript_new`; the name as the conventions say.
        let (Some(script), Some(function)) = (unsafe { (fs.as_mut(), text(function)) }) else { return 1 };
        if script.load(function).is_err() {
            return 1;
        }
        let Some(load_cb) = load_cb else { return 0 };
        // SAFETY: C's own function, called with the script that it loads; no reference to it is held meanwhile.
        if unsafe { load_cb(fs) } == 0 {
            return 0;
        }
        // SAFETY: as above.
        if let Some(script) = unsafe { fs.as_mut() } {
            log::error!("frrscript_load: script {}: {function}: the caller refused it", script.name());
            script.forget(function);
        }
        1
    })
}

/// Frees a script; NULL is fine. What was loaded stays in service for the next one of its name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_delete(fs: *mut Frrscript) {
    wall("frrscript_delete", (), || {
        if !fs.is_null() {
            // SAFETY: made by `frrscript_new`, freed once.
            drop(unsafe { Box::from_raw(fs) });
        }
    });
}

/// The empty stack on which the arguments of a call are pushed; borrowed from the script. NULL, and logged, when the
/// function was not loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_call_begin(fs: *mut Frrscript, function: *const c_char) -> *mut Frame {
    wall("frrscript_call_begin", ptr::null_mut(), || {
        // SAFETY: `fs` is NULL or made by `frrscript_new`; the name as the conventions say.
        let (Some(fs), Some(function)) = (unsafe { (fs.as_mut(), text(function)) }) else { return ptr::null_mut() };
        if let Some(frame) = fs.frame(function) {
            frame.truncate(0);
            return ptr::from_mut(frame);
        }
        log::error!("script {}: {function} was called but not loaded", fs.name());
        ptr::null_mut()
    })
}

/// Calls the function with the top `nargs` values of its stack. 0: the table that it returned is alone on the stack. Else
/// the reason is logged and the stack is empty.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_call_run(fs: *mut Frrscript, function: *const c_char, nargs: c_int) -> c_int {
    wall("frrscript_call_run", 1, || {
        // SAFETY: `fs` is NULL or made by `frrscript_new`; the name as the conventions say.
        let (Some(fs), Some(function)) = (unsafe { (fs.as_mut(), text(function)) }) else { return 1 };
        c_int::from(fs.run(function, usize::try_from(nargs).unwrap_or(0)).is_err())
    })
}

/// Reads `name` from the table that the function's last call returned: `lua_to` gets the value on top of the stack and
/// makes of it what it likes, which the caller then owns. NULL when there is no such value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_get_result(
    fs: *mut Frrscript,
    function: *const c_char,
    name: *const c_char,
    lua_to: Option<unsafe extern "C" fn(*mut Frame, c_int) -> *mut c_void>,
) -> *mut c_void {
    wall("frrscript_get_result", ptr::null_mut(), || {
        // SAFETY: `fs` is NULL or made by `frrscript_new`; the names as the conventions say.
        let (Some(fs), Some(function), Some(name)) = (unsafe { (fs.as_mut(), text(function), text(name)) }) else {
            return ptr::null_mut();
        };
        let Some(frame) = fs.frame(function) else { return ptr::null_mut() };
        if !matches!(frame.get(1), Some(Value::Table(_))) {
            return ptr::null_mut();
        }
        frame.truncate(1);
        frame.field(1, name.as_bytes());
        if frame.get(-1) == Some(&Value::Nil) {
            frame.truncate(1);
            log::warn!("script {}: {function} returned no '{name}'", fs.name());
            return ptr::null_mut();
        }
        let frame = ptr::from_mut(frame);
        // SAFETY: C's own function; no reference to the stack is held meanwhile; the script is still there afterwards.
        unsafe {
            let result = lua_to.map_or(ptr::null_mut(), |lua_to| lua_to(frame, 2));
            (*frame).truncate(1);
            result
        }
    })
}

fn with<T>(frame: *mut Frame, otherwise: T, body: impl FnOnce(&mut Frame) -> T) -> T {
    wall("frrscript_stack", otherwise, || {
        // SAFETY: C passes a stack that `frrscript_call_begin` gave and that is still there.
        body(unsafe { &mut *frame })
    })
}

fn push(frame: *mut Frame, value: Value) {
    if !frame.is_null() {
        with(frame, (), |f| f.push(value));
    }
}

/// Pushes an empty table.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_newtable(frame: *mut Frame) {
    push(frame, Value::Table(Vec::new()));
}

/// Pushes nil.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_pushnil(frame: *mut Frame) {
    push(frame, Value::Nil);
}

/// Pushes a whole number, exact in 64 bits: beyond 2^53 the script gets Luau's 64-bit integer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_pushinteger(frame: *mut Frame, n: c_longlong) {
    push(frame, Value::Integer(n));
}

/// Pushes a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_pushnumber(frame: *mut Frame, n: c_double) {
    push(frame, Value::Number(n));
}

/// Pushes a boolean.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_pushboolean(frame: *mut Frame, b: c_int) {
    push(frame, Value::Bool(b != 0));
}

/// Pushes a string; NULL pushes nil.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_pushstring(frame: *mut Frame, s: *const c_char) {
    if s.is_null() {
        push(frame, Value::Nil);
        return;
    }
    // SAFETY: as the conventions say.
    push(frame, Value::text(unsafe { std::ffi::CStr::from_ptr(s) }.to_bytes()));
}

/// Pushes `n` octets; NULL pushes nil.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_pushlstring(frame: *mut Frame, s: *const c_char, n: usize) {
    if s.is_null() {
        push(frame, Value::Nil);
        return;
    }
    // SAFETY: the caller passes `n` readable octets.
    push(frame, Value::text(unsafe { std::slice::from_raw_parts(s.cast(), n) }));
}

/// `table[k] = top`, with the table at `idx`; pops the value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_setfield(frame: *mut Frame, idx: c_int, k: *const c_char) {
    if frame.is_null() || k.is_null() {
        return;
    }
    // SAFETY: as the conventions say.
    let key = Key::Text(unsafe { std::ffi::CStr::from_ptr(k) }.to_bytes().to_vec());
    with(frame, (), |f| f.set(idx, key));
}

/// `table[i] = top`, with the table at `idx`; pops the value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_seti(frame: *mut Frame, idx: c_int, i: c_longlong) {
    if !frame.is_null() {
        with(frame, (), |f| f.set(idx, Key::Index(i)));
    }
}

/// Pushes `table[k]`, with the table at `idx`; nil if there is none or `idx` is no table.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_getfield(frame: *mut Frame, idx: c_int, k: *const c_char) {
    if frame.is_null() || k.is_null() {
        return;
    }
    // SAFETY: as the conventions say.
    let key = unsafe { std::ffi::CStr::from_ptr(k) }.to_bytes();
    with(frame, (), |f| f.field(idx, key));
}

/// Takes `n` values off.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_pop(frame: *mut Frame, n: c_int) {
    if !frame.is_null() {
        with(frame, (), |f| f.pop(usize::try_from(n).unwrap_or(0)));
    }
}

/// How many values are on the stack.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_gettop(frame: *mut Frame) -> c_int {
    if frame.is_null() {
        return 0;
    }
    with(frame, 0, |f| c_int::try_from(f.top()).unwrap_or(c_int::MAX))
}

/// Is the value at `idx` nil, or not there?
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_isnil(frame: *mut Frame, idx: c_int) -> bool {
    frame.is_null() || with(frame, true, |f| matches!(f.get(idx), None | Some(Value::Nil)))
}

/// Is the value at `idx` a table?
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_istable(frame: *mut Frame, idx: c_int) -> bool {
    !frame.is_null() && with(frame, false, |f| matches!(f.get(idx), Some(Value::Table(_))))
}

/// Is the value at `idx` a string or a number?
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_isstring(frame: *mut Frame, idx: c_int) -> bool {
    let is = |v: Option<&Value>| matches!(v, Some(Value::Text(_) | Value::Integer(_) | Value::Number(_)));
    !frame.is_null() && with(frame, false, |f| is(f.get(idx)))
}

/// Reads a whole number from `min` to `max`. False for anything else: `*out` is then untouched.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_tointeger(
    frame: *mut Frame,
    idx: c_int,
    min: i64,
    max: i64,
    out: *mut c_longlong,
) -> bool {
    if frame.is_null() || out.is_null() {
        return false;
    }
    with(frame, false, |f| match f.get(idx).unwrap_or(&Value::Nil).whole(min, max) {
        Ok(n) => {
            // SAFETY: not NULL, as checked.
            unsafe { *out = n };
            true
        }
        Err(why) => {
            log::debug!("a script's result can't be taken: {why}");
            false
        }
    })
}

/// The text of the value at `idx`, borrowed until it is popped; NULL for what is neither a string nor a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_stack_tostring(frame: *mut Frame, idx: c_int) -> *const c_char {
    if frame.is_null() {
        return ptr::null();
    }
    with(frame, ptr::null(), |f| f.text_at(idx).map_or(ptr::null(), |t| t.as_ptr().cast()))
}
