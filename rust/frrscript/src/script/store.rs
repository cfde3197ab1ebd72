// SPDX-License-Identifier: GPL-2.0-or-later
//! All scripts of the daemon, by name. Main pthread only, so a thread-local.

use super::options::{HOLD, MEMORY, Options, TIME};
use super::record::Script;
use super::source;
use crate::failure::{Failure, Kind};
use crate::ffi::abi::{OptionKind, Verdict};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;

#[derive(Default)]
struct Store {
    directory: PathBuf,
    scripts: BTreeMap<String, Rc<Script>>,
}

thread_local! {
    static STORE: RefCell<Store> = RefCell::default();
}

/// Sets the script directory.
pub fn set_directory(directory: PathBuf) {
    STORE.with_borrow_mut(|s| s.directory = directory);
}

/// The script directory.
#[must_use]
pub fn directory() -> PathBuf {
    STORE.with_borrow(|s| s.directory.clone())
}

/// The script of a name, if it is known.
#[must_use]
pub fn find(name: &str) -> Option<Rc<Script>> {
    STORE.with_borrow(|s| s.scripts.get(name).cloned())
}

/// All scripts.
#[must_use]
pub fn all() -> Vec<Rc<Script>> {
    STORE.with_borrow(|s| s.scripts.values().cloned().collect())
}

/// The script of a name, known from now on.
///
/// # Errors
/// The name may not be used.
pub fn known(name: &str) -> Result<Rc<Script>, Failure> {
    source::check_name(name)?;
    Ok(STORE
        .with_borrow_mut(|s| Rc::clone(s.scripts.entry(name.to_owned()).or_insert_with(|| Rc::new(Script::new(name))))))
}

/// Forgets a script that nobody knows any more.
pub fn tidy(script: &Script) {
    if script.forgotten() {
        let gone = STORE.with_borrow_mut(|s| s.scripts.remove(&script.name));
        drop(gone);
    }
}

/// Forgets all scripts.
pub fn clear() {
    let gone = STORE.with_borrow_mut(|s| std::mem::take(&mut s.scripts));
    // Rules may still hold a script: they find it without a generation.
    for script in gone.values() {
        script.unload();
        script.running.forget();
        crate::task::event::remove(script);
    }
}

/// `script load NAME`: remembered even when the file is bad, so that the configuration keeps the line and a later reload
/// brings it into service.
///
/// # Errors
/// The name is bad (nothing is remembered), or what is wrong with the file.
pub fn load(name: &str) -> Result<Rc<Script>, Failure> {
    let script = known(name)?;
    script.configured.set(true);
    if script.current().is_none() {
        script.load(&directory())?;
    }
    Ok(script)
}

/// `no script load NAME`: rules that use it keep it.
///
/// # Errors
/// There is no such script.
pub fn unload(name: &str) -> Result<Rc<Script>, Failure> {
    let script = existing(name)?;
    script.configured.set(false);
    if script.uses().is_empty() {
        script.unload();
    }
    tidy(&script);
    Ok(script)
}

/// A script that is known.
///
/// # Errors
/// It is not.
pub fn existing(name: &str) -> Result<Rc<Script>, Failure> {
    find(name).ok_or_else(|| {
        let names: Vec<String> = all().iter().map(|s| s.name.clone()).collect();
        let known =
            if names.is_empty() { "none is loaded".to_owned() } else { format!("there is {}", names.join(", ")) };
        Failure::new(Kind::Missing, format!("no script {}: {known}", crate::value::text::quoted(name)))
    })
}

/// Loads a script again; it becomes known by this if it was not.
///
/// # Errors
/// What is wrong with the file; the generation in service stays.
pub fn reload(name: &str) -> Result<Rc<Script>, Failure> {
    let script = existing(name)?;
    match script.load(&directory()) {
        Ok(()) => Ok(script),
        Err(failure) => {
            let stays = match script.current() {
                Some(g) => format!("\ngeneration {} of {} stays in service", g.number, g.path.display()),
                None => String::new(),
            };
            Err(Failure::new(failure.kind, failure.message + &stays))
        }
    }
}

/// Sets an option, or its default.
///
/// # Errors
/// The name or the value is bad.
pub fn set_option(name: &str, option: OptionKind, value: Option<u32>) -> Result<(), Failure> {
    let script = known(name)?;
    let default = Options::default();
    let in_range = |range: std::ops::RangeInclusive<u32>, value: u32| {
        if range.contains(&value) {
            return Ok(value);
        }
        Err(Failure::runtime(format!("{value} is out of range: {} to {}", range.start(), range.end())))
    };
    match option {
        OptionKind::LIMIT_TIME => {
            let value = in_range(TIME, value.unwrap_or(default.time_ms));
            script.options.borrow_mut().time_ms = value?;
        }
        OptionKind::LIMIT_MEMORY => {
            let value = in_range(MEMORY, value.unwrap_or(default.memory_mib))?;
            script.options.borrow_mut().memory_mib = value;
            if let Some(generation) = script.current() {
                generation.vm.set_memory_limit(script.options.borrow().memory());
            }
        }
        OptionKind::ON_ERROR => {
            let verdict = match value {
                None => default.on_error,
                Some(0) => Verdict::NOMATCH,
                Some(1) => Verdict::MATCH,
                Some(2) => Verdict::DENY,
                Some(other) => return Err(Failure::runtime(format!("{other} is no verdict"))),
            };
            script.options.borrow_mut().on_error = verdict;
        }
        OptionKind::ON_ERROR_HOLD => {
            let value = in_range(HOLD, value.unwrap_or(default.hold_s))?;
            script.options.borrow_mut().hold_s = value;
        }
        OptionKind::PERMIT_CONFIGURE => {
            script.options.borrow_mut().configure = value == Some(1);
            if let Some(generation) = script.current() {
                generation.vm.context().tasks().permit_configure(value == Some(1));
            }
        }
    }
    tidy(&script);
    Ok(())
}

/// `[no] script NAME permit runtime LIB`.
///
/// # Errors
/// One of the names may not be used.
pub fn permit_runtime(name: &str, runtime: &str, on: bool) -> Result<(), Failure> {
    let runtime = crate::runtime::name::plain(runtime).map_err(Failure::runtime)?;
    let script = known(name)?;
    {
        let permitted = &mut script.options.borrow_mut().runtimes;
        if on {
            permitted.insert(runtime);
        } else {
            permitted.remove(&runtime);
        }
    }
    if let Some(generation) = script.current() {
        let tasks = generation.vm.context().tasks();
        tasks.permit_runtimes(&script.options.borrow().runtimes);
        crate::runtime::began(tasks);
    }
    script.touch();
    tidy(&script);
    Ok(())
}

/// The configuration lines of all scripts.
#[must_use]
pub fn config() -> String {
    let mut out = String::new();
    for script in all() {
        // What it may comes first: its file is run by `script load`.
        out.push_str(&script.options.borrow().config(&script.name));
        if script.configured.get() {
            out.push_str(&format!("script load {}\n", script.name));
        }
    }
    out
}

/// Names for completion: those that are known and those in the directory.
#[must_use]
pub fn names() -> Vec<String> {
    let mut names = source::names(&directory());
    names.extend(all().iter().map(|s| s.name.clone()));
    names.sort_unstable();
    names.dedup();
    names
}
