// SPDX-License-Identifier: GPL-2.0-or-later
//! What the operator's commands call.

use super::{answer, into_c, load_error, text};
use crate::ffi::abi::{ErrorCode, OptionKind};
use crate::ffi::host;
use crate::ffi::wall::wall;
use crate::script::record::Script;
use crate::script::{show, store};
use std::ffi::{CString, c_char, c_int};
use std::ptr;
use std::rc::Rc;

const NO_NAME: &str = "no script name, or not text";

/// Runs a command on one name.
unsafe fn with_name(
    function: &str,
    name: *const c_char,
    out: *mut *mut c_char,
    body: impl FnOnce(&str) -> Result<Option<String>, (ErrorCode, String)>,
) -> c_int {
    wall(function, ErrorCode::INTERNAL as c_int, || {
        // SAFETY: as the conventions say.
        let result = match unsafe { text(name) } {
            Some(name) => body(name),
            None => Err((ErrorCode::BAD_ARGUMENT, NO_NAME.to_owned())),
        };
        // SAFETY: as the conventions say.
        unsafe { answer(out, result) }
    })
}

/// `script load NAME`. The name is remembered even if the file is bad; the number and the text then say why it is not in
/// service.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_script_load(name: *const c_char, out: *mut *mut c_char) -> c_int {
    // SAFETY: passed through.
    unsafe {
        with_name("frrscript_script_load", name, out, |name| {
            let before = store::find(name).map(|s| s.serial());
            let script = store::load(name).map_err(load_error)?;
            if before.is_some_and(|serial| serial != script.serial()) {
                host::changed(name);
            }
            Ok(None)
        })
    }
}

/// `no script load NAME`. Rules that use the script keep it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_script_unload(name: *const c_char, out: *mut *mut c_char) -> c_int {
    // SAFETY: passed through.
    unsafe {
        with_name("frrscript_script_unload", name, out, |name| store::unload(name).map(|_| None).map_err(load_error))
    }
}

/// Sets an option of a script to `*value`, or with NULL to its default.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_script_option(
    name: *const c_char,
    option: OptionKind,
    value: *const u32,
    out: *mut *mut c_char,
) -> c_int {
    // SAFETY: passed through; `value` is NULL or readable.
    unsafe {
        let value = value.as_ref().copied();
        with_name("frrscript_script_option", name, out, |name| {
            store::set_option(name, option, value).map_err(|f| match load_error(f) {
                (ErrorCode::LOAD, why) => (ErrorCode::RANGE, why),
                other => other,
            })?;
            if let Some(script) = store::find(name) {
                script.touch();
            }
            Ok(None)
        })
    }
}

/// `[no] script NAME permit runtime LIB`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_script_permit_runtime(
    name: *const c_char,
    runtime: *const c_char,
    on: bool,
    out: *mut *mut c_char,
) -> c_int {
    // SAFETY: passed through.
    unsafe {
        with_name("frrscript_script_permit_runtime", name, out, |name| {
            let runtime =
                text(runtime).ok_or((ErrorCode::BAD_ARGUMENT, "no runtime's name, or not text".to_owned()))?;
            store::permit_runtime(name, runtime, on).map_err(load_error)?;
            Ok(None)
        })
    }
}

/// `script reload [NAME]`: NULL for all. A script whose new file is bad keeps the generation that is in service. The text
/// says what was done, one line for each script.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_script_reload(name: *const c_char, out: *mut *mut c_char) -> c_int {
    wall("frrscript_script_reload", ErrorCode::INTERNAL as c_int, || {
        let names: Vec<String> = if name.is_null() {
            store::all().iter().map(|s| s.name.clone()).collect()
        } else {
            // SAFETY: as the conventions say.
            unsafe { text(name) }.map(str::to_owned).into_iter().collect()
        };
        let mut lines = Vec::new();
        let mut code = if names.is_empty() && !name.is_null() { ErrorCode::BAD_ARGUMENT } else { ErrorCode::OK };
        for name in names {
            match store::reload(&name) {
                Ok(script) => {
                    script.reevaluated.set(None);
                    host::changed(&name);
                    lines.push(show::reloaded(&script));
                }
                Err(failure) => {
                    let (why, text) = load_error(failure);
                    code = why;
                    lines.push(text);
                }
            }
        }
        let said = (!lines.is_empty()).then(|| lines.join("\n"));
        let result = match code {
            ErrorCode::OK => Ok(said),
            code => Err((code, said.unwrap_or_else(|| NO_NAME.to_owned()))),
        };
        // SAFETY: as the conventions say.
        unsafe { answer(out, result) }
    })
}

/// `script resume NAME`: its suspended functions are called again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_script_resume(name: *const c_char, out: *mut *mut c_char) -> c_int {
    // SAFETY: passed through.
    unsafe {
        with_name("frrscript_script_resume", name, out, |name| {
            let script = store::existing(name).map_err(load_error)?;
            let mut resumed: Vec<String> =
                script.uses().iter().filter(|u| u.guard.resume()).map(|u| u.function.clone()).collect();
            if let Some(generation) = script.current() {
                resumed.extend(generation.vm.context().tasks().resume());
            }
            if resumed.is_empty() {
                return Ok(Some(format!("script {name}: nothing is suspended")));
            }
            host::changed(name);
            Ok(Some(format!("script {name}: {} resumed", resumed.join(", "))))
        })
    }
}

/// `clear script [NAME] counters`: NULL for all.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_script_clear(name: *const c_char, out: *mut *mut c_char) -> c_int {
    if name.is_null() {
        return wall("frrscript_script_clear", ErrorCode::INTERNAL as c_int, || {
            store::all().iter().for_each(|s| s.clear_counters());
            crate::runtime::registry::all().iter().for_each(|entry| entry.clear_counters());
            // SAFETY: as the conventions say.
            unsafe { answer(out, Ok(None)) }
        });
    }
    // SAFETY: passed through.
    unsafe {
        with_name("frrscript_script_clear", name, out, |name| {
            store::existing(name).map_err(load_error)?.clear_counters();
            Ok(None)
        })
    }
}

fn counted<T>(name: *const c_char, otherwise: T, body: impl FnOnce(Rc<Script>) -> T) -> T {
    // SAFETY: as the conventions say.
    match unsafe { text(name) }.and_then(store::find) {
        Some(script) => body(script),
        None => otherwise,
    }
}

/// The daemon's account of a reload: how many routes were evaluated again, and how many of them came out differently.
/// Adds to what was told since the reload, up to the largest number there is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_script_reevaluated(name: *const c_char, evaluated: u64, changed: u64) {
    wall("frrscript_script_reevaluated", (), || {
        counted(name, (), |script| {
            let (e, c) = script.reevaluated.get().unwrap_or_default();
            script.reevaluated.set(Some((e.saturating_add(evaluated), c.saturating_add(changed))));
        });
    });
}

/// Calls that a script's functions have had; 0 when it is not known.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_script_calls(name: *const c_char) -> u64 {
    wall("frrscript_script_calls", 0, || counted(name, 0, |script| script.stats.calls()))
}

/// `[no] debug script`: whether `log.debug` and the library's debug lines are logged.
#[unsafe(no_mangle)]
pub extern "C" fn frrscript_debug(on: bool) {
    wall("frrscript_debug", (), || host::debug(on));
}

/// `show script [NAME] [json]`: NULL for all. NULL when there is no such script.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_show(name: *const c_char, json: bool) -> *mut c_char {
    wall("frrscript_show", ptr::null_mut(), || {
        let scripts = if name.is_null() {
            store::all()
        } else {
            // SAFETY: as the conventions say.
            match unsafe { text(name) }.and_then(store::find) {
                Some(script) => vec![script],
                None => return ptr::null_mut(),
            }
        };
        into_c(if json {
            show::json(&scripts)
        } else if name.is_null() {
            show::table(&scripts)
        } else {
            scripts.iter().map(|s| show::detail(s)).collect()
        })
    })
}

/// `show script hooks [json]`.
#[unsafe(no_mangle)]
pub extern "C" fn frrscript_show_hooks(json: bool) -> *mut c_char {
    wall("frrscript_show_hooks", ptr::null_mut(), || {
        into_c(if json { crate::reference::json() } else { crate::reference::text() })
    })
}

/// `show script runtimes [json]`.
#[unsafe(no_mangle)]
pub extern "C" fn frrscript_show_runtimes(json: bool) -> *mut c_char {
    wall("frrscript_show_runtimes", ptr::null_mut(), || {
        into_c(if json { crate::runtime::show::json() } else { crate::runtime::show::text() })
    })
}

/// Names of runtimes for completion, one on each line.
#[unsafe(no_mangle)]
pub extern "C" fn frrscript_runtime_names() -> *mut c_char {
    wall("frrscript_runtime_names", ptr::null_mut(), || {
        into_c(crate::runtime::name::names(&host::runtimedir()).join("\n"))
    })
}

/// The lines of the running configuration, each with its newline.
#[unsafe(no_mangle)]
pub extern "C" fn frrscript_config() -> *mut c_char {
    wall("frrscript_config", ptr::null_mut(), || into_c(store::config()))
}

/// Names for completion, one on each line: scripts that are known, and files of the script directory.
#[unsafe(no_mangle)]
pub extern "C" fn frrscript_script_names() -> *mut c_char {
    wall("frrscript_script_names", ptr::null_mut(), || into_c(store::names().join("\n")))
}

/// Frees a text that a function of this library gave; NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_text_free(text: *mut c_char) {
    if !text.is_null() {
        // SAFETY: made by `into_c`, freed once.
        drop(unsafe { CString::from_raw(text) });
    }
}
