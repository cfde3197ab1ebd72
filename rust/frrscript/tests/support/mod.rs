// SPDX-License-Identifier: GPL-2.0-or-later
//! Scripts under test without a daemon: a host that registers bgpd's hook points and calls what a script defines.

pub mod events;
mod route;
mod tables;

pub use route::{Peer, Route};

use frrscript::ffi::abi::{AsPathOps, AsSegment, Hook, Host, Verdict};
use frrscript::ffi::exports::operate::frrscript_text_free;
use frrscript::ffi::exports::register::{frrscript_host_set, frrscript_register_hooks};
use frrscript::ffi::exports::rules::{
    frrscript_rule_apply, frrscript_rule_call, frrscript_rule_free, frrscript_rule_new,
};
use frrscript::ffi::rule::Rule;
use std::ffi::{CStr, CString, c_char, c_void};
use std::path::Path;
use std::ptr::{null, null_mut};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Arguments of the hook points that are objects.
const ATTRIBUTES: u32 = 1;
const OBJECTS: usize = 4;

/// One function of a script, as a route-map entry has it.
pub struct Entry {
    rule: *mut Rule,
    set: bool,
}

impl Entry {
    /// `match script NAME function FUNCTION`.
    pub fn matching(directory: &Path, name: &str, function: &str) -> Entry {
        Entry::new(directory, name, function, false)
    }

    /// `set script NAME function FUNCTION`.
    pub fn setting(directory: &Path, name: &str, function: &str) -> Entry {
        Entry::new(directory, name, function, true)
    }

    fn new(directory: &Path, name: &str, function: &str, set: bool) -> Entry {
        register(directory);
        let hook: *const Hook = if set { &raw const tables::SET.0 } else { &raw const tables::MATCH.0 };
        let (name, function) = (c_text(name), c_text(function));
        let mut why: *mut c_char = null_mut();
        // SAFETY: a registered hook point, and text that lives through the call.
        let rule = unsafe { frrscript_rule_new(hook, name.as_ptr(), function.as_ptr(), &raw mut why) };
        assert!(why.is_null(), "{}", take(why));
        Entry { rule, set }
    }

    /// What a route-map entry makes of a route: whether it lets it through. If so, the script's changes are in the route
    /// afterwards. A script that fails has failed the test.
    pub fn evaluate(&self, route: &mut Route, peer: &Peer) -> bool {
        let view: *const Route = route;
        let objects: [*const c_void; OBJECTS] =
            [view.cast(), view.cast(), std::ptr::from_ref(peer).cast(), view.cast()];
        // SAFETY: one live object for each of the hook's, of its type.
        let verdict = unsafe { frrscript_rule_call(self.rule, objects.as_ptr()) };
        // `on-error` is its default: a failed call does not match, and a test that expects that would not see it.
        assert!(last_error().is_none(), "{}", last_error().unwrap_or_default());
        assert!(!self.set || verdict == Verdict::MATCH, "set script has no other answer");
        if verdict != Verdict::MATCH {
            return false;
        }
        // SAFETY: the route of the call, which nobody else has now.
        unsafe { frrscript_rule_apply(self.rule, ATTRIBUTES, std::ptr::from_mut(route).cast()) };
        true
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        // SAFETY: made by `frrscript_rule_new`.
        unsafe { frrscript_rule_free(self.rule) };
    }
}

thread_local! {
    static LOG: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
    static LAST_ERROR: std::cell::RefCell<Option<String>> = const { std::cell::RefCell::new(None) };
}

/// What scripts have said.
pub fn log_lines() -> Vec<String> {
    LOG.with_borrow(Clone::clone)
}

fn last_error() -> Option<String> {
    LAST_ERROR.with_borrow(Clone::clone)
}

unsafe extern "C" fn log(priority: i32, message: *const c_char) {
    // SAFETY: the library passes a line of text.
    let line = unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned();
    eprintln!("{line}");
    LOG.with_borrow_mut(|log| log.push(line.clone()));
    if priority <= libc::LOG_ERR {
        LAST_ERROR.set(Some(line));
    }
}

unsafe extern "C" fn segment(path: *const c_void, cursor: *mut *const c_void, out: *mut AsSegment) -> bool {
    const SEQUENCE: u8 = 2;
    // SAFETY: the library passes a route's path, and places to write to. The cursor is NULL before the one segment.
    unsafe {
        let path = &*path.cast::<route::AsPath>();
        if !(*cursor).is_null() || path.asns.is_empty() {
            return false;
        }
        *cursor = path.asns.as_ptr().cast();
        let len = u16::try_from(path.asns.len()).expect("a short path");
        *out = AsSegment { kind: SEQUENCE, len, asns: path.asns.as_ptr() };
    }
    true
}

unsafe extern "C" fn path_text(path: *const c_void) -> *const c_char {
    // SAFETY: the library passes a route's path.
    unsafe { (*path.cast::<route::AsPath>()).text.as_ptr() }
}

static AS_PATHS: AsPathOps = AsPathOps { segment, text: path_text };

/// The library is for one thread of a process: it has one watchdog, which is told of one call at a time. Each test has a thread of
/// its own, so they take turns.
static TURN: Mutex<()> = Mutex::new(());

thread_local! {
    /// Held to the thread's end: made before the library's own state, so it goes after it.
    static MINE: MutexGuard<'static, ()> = TURN.lock().unwrap_or_else(PoisonError::into_inner);
}

/// The library's state belongs to a thread, and each test has its own.
fn register(directory: &Path) {
    MINE.with(|_| ());
    let directory = c_text(directory.to_str().expect("a path in UTF-8"));
    let host = Host {
        daemon: c"bgpd".as_ptr(),
        scriptdir: directory.as_ptr(),
        log: Some(log),
        changed: Some(events::changed),
        wake: Some(events::wake),
        show: Some(events::show),
        as_path: &raw const AS_PATHS,
        ..Host::NONE
    };
    let hooks = [&raw const tables::MATCH.0, &raw const tables::SET.0, null()];
    let mut why: *mut c_char = null_mut();
    // SAFETY: static tables and live strings.
    unsafe {
        assert_eq!(frrscript_host_set(&raw const host), 0);
        assert_eq!(frrscript_register_hooks(hooks.as_ptr(), &raw mut why), 0, "{}", take(why));
    }
    events::add_to_host();
}

fn c_text(text: &str) -> CString {
    CString::new(text).expect("no NUL in it")
}

/// A text of the library, which is freed.
fn take(text: *mut c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: a text of the library, not used afterwards.
    unsafe {
        let owned = CStr::from_ptr(text).to_string_lossy().into_owned();
        frrscript_text_free(text);
        owned
    }
}
