// SPDX-License-Identifier: GPL-2.0-or-later
//! Rules: made from configuration, called for every route.

use super::{answer, tell, text};
use crate::ffi::abi::{self, ErrorCode, NumberAnswer, Verdict};
use crate::ffi::rule::{Failed, Rule};
use crate::ffi::wall::wall;
use crate::schema;
use std::ffi::{c_char, c_int, c_void};
use std::ptr;

/// A rule that calls `function` (NULL: the hook's name) of `script` in `hook`, which is registered. A script that can't be
/// loaded gives a rule too, one that answers `on-error` until the script is there; `*out` then tells why. NULL only for a
/// name that may not be used. Free it with `frrscript_rule_free`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_rule_new(
    hook: *const abi::Hook,
    script: *const c_char,
    function: *const c_char,
    out: *mut *mut c_char,
) -> *mut Rule {
    wall("frrscript_rule_new", ptr::null_mut(), || {
        // SAFETY: as the conventions say.
        let (script, function) = unsafe { (text(script), text(function)) };
        let made = match (schema::hook_of(hook as usize), script) {
            (Some(hook), Some(script)) => Rule::new(hook, script, function.unwrap_or(hook.name)).map_err(|f| f.message),
            (None, _) => Err("the hook point is not registered".to_owned()),
            (_, None) => Err("no script name".to_owned()),
        };
        match made {
            Ok((rule, warning)) => {
                // SAFETY: as the conventions say.
                unsafe { tell(out, warning) };
                Box::into_raw(Box::new(rule))
            }
            Err(why) => {
                // SAFETY: as the conventions say.
                unsafe { tell(out, Some(why)) };
                ptr::null_mut()
            }
        }
    })
}

/// Whether a script and a function (may be NULL) may have these names; nothing is loaded. For a process that keeps the
/// configuration of others.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_rule_check(
    script: *const c_char,
    function: *const c_char,
    out: *mut *mut c_char,
) -> c_int {
    wall("frrscript_rule_check", ErrorCode::INTERNAL as c_int, || {
        // SAFETY: as the conventions say.
        let (script, function) = unsafe { (text(script), text(function)) };
        let result = match script {
            Some(script) => Rule::check(script, function).map_err(|f| (ErrorCode::BAD_NAME, f.message)),
            None => Err((ErrorCode::BAD_ARGUMENT, "no script name".to_owned())),
        };
        // SAFETY: as the conventions say.
        unsafe { answer(out, result.map(|()| None)) }
    })
}

/// Frees a rule; NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_rule_free(rule: *mut Rule) {
    wall("frrscript_rule_free", (), || {
        if !rule.is_null() {
            // SAFETY: made by `frrscript_rule_new`, freed once.
            drop(unsafe { Box::from_raw(rule) });
        }
    });
}

/// Calls the rule's function. `objects` has a pointer for each of the hook's objects, in the hook's order, NULL for nil.
/// They are borrowed for the call; afterwards the script can't reach them. The verdict has `on-error` applied. What the
/// script assigned stays in the rule until its next call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_rule_call(rule: *mut Rule, objects: *const *const c_void) -> Verdict {
    wall("frrscript_rule_call", Verdict::NOMATCH, || {
        // SAFETY: NULL or made by `frrscript_rule_new`.
        let Some(rule) = (unsafe { rule.as_ref() }) else { return Verdict::NOMATCH };
        if objects.is_null() {
            return Verdict::NOMATCH;
        }
        // SAFETY: the caller passes what this function's contract says.
        unsafe { rule.call(objects) }
    })
}

/// Calls the function of a rule whose hook is a NUMBER one. The number is written for VALUE only.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_rule_number(
    rule: *mut Rule,
    objects: *const *const c_void,
    number: *mut u32,
) -> NumberAnswer {
    wall("frrscript_rule_number", NumberAnswer::FAILED, || {
        // SAFETY: NULL or made by `frrscript_rule_new`.
        let Some(rule) = (unsafe { rule.as_ref() }) else { return NumberAnswer::FAILED };
        if objects.is_null() || number.is_null() {
            return NumberAnswer::FAILED;
        }
        // SAFETY: the caller passes what this function's contract says.
        match unsafe { rule.number(objects) } {
            Ok(Some(n)) => {
                // SAFETY: not NULL, and the caller's to write.
                unsafe { *number = n };
                NumberAnswer::VALUE
            }
            Ok(None) => NumberAnswer::NIL,
            Err(Failed) => NumberAnswer::FAILED,
        }
    })
}

/// For how many seconds the last good answer of a NUMBER hook holds when calls fail: `script NAME on-error hold`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_rule_hold(rule: *const Rule) -> u32 {
    // SAFETY: NULL or made by `frrscript_rule_new`.
    wall("frrscript_rule_hold", 0, || unsafe { rule.as_ref() }.map_or(0, Rule::hold))
}

/// Applies what the last call assigned on the hook's argument number `arg` (from 0) to `object` of that argument's type,
/// through the type's setters, and forgets it. Returns how many assignments there were.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_rule_apply(rule: *mut Rule, arg: u32, object: *mut c_void) -> u32 {
    wall("frrscript_rule_apply", 0, || {
        // SAFETY: NULL or made by `frrscript_rule_new`.
        let Some(rule) = (unsafe { rule.as_ref() }) else { return 0 };
        if object.is_null() {
            return 0;
        }
        // SAFETY: the caller passes what this function's contract says.
        unsafe { rule.apply(arg, object) }
    })
}

/// How many assignments of the last call wait to be applied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_rule_staged(rule: *const Rule) -> u32 {
    wall("frrscript_rule_staged", 0, || {
        // SAFETY: NULL or made by `frrscript_rule_new`.
        unsafe { rule.as_ref() }.map_or(0, |r| u32::try_from(r.staged()).unwrap_or(u32::MAX))
    })
}

/// Does the function, as it is loaded now, declare the hook's argument of that name? For an outbound route-map this tells
/// whether neighbors may share its results.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_rule_takes(rule: *const Rule, arg: *const c_char) -> bool {
    wall("frrscript_rule_takes", false, || {
        // SAFETY: NULL or made by `frrscript_rule_new`; the name as the conventions say.
        let (rule, arg) = unsafe { (rule.as_ref(), text(arg)) };
        rule.zip(arg).is_some_and(|(rule, arg)| rule.takes(arg))
    })
}

/// The name of the rule's script; borrowed from the rule.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_rule_script(rule: *const Rule) -> *const c_char {
    // SAFETY: NULL or made by `frrscript_rule_new`.
    unsafe { rule.as_ref() }.map_or(ptr::null(), |r| r.script_name.as_ptr())
}

/// The name of the rule's function; borrowed from the rule.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_rule_function(rule: *const Rule) -> *const c_char {
    // SAFETY: NULL or made by `frrscript_rule_new`.
    unsafe { rule.as_ref() }.map_or(ptr::null(), |r| r.function_name.as_ptr())
}
