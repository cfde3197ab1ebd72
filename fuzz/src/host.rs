// SPDX-License-Identifier: GPL-2.0-or-later
//! A daemon for the targets: it logs nowhere, and a panic that the library caught is a finding.

use super::tables::{AS_PATHS, MATCH, Objects, SET};
use frrscript::ffi::abi::{Hook, Host as AbiHost, OptionKind, Verdict};
use frrscript::ffi::exports::operate::*;
use frrscript::ffi::exports::register::{frrscript_host_set, frrscript_register_hooks};
use frrscript::ffi::exports::rules::*;
use frrscript::ffi::exports::stock::frrscript_library_fini;
use frrscript::ffi::rule::Rule as AbiRule;
use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::PathBuf;
use std::ptr::{null, null_mut};

/// Milliseconds of a call.
static TIME: u32 = 10;
/// MiB of a script.
static MEMORY: u32 = 4;

/// How the library begins what it says of a panic or of a state that it thought impossible.
const DEFECT: &str = "internal error of the scripting library";

unsafe extern "C" fn log(_priority: c_int, message: *const c_char) {
    // SAFETY: the library passes a line of text.
    let line = unsafe { CStr::from_ptr(message) }.to_string_lossy();
    check(&line);
    LOG.with_borrow_mut(|log| {
        if log.len() < MOST_LINES {
            log.push(line.into_owned());
        }
    });
}

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Lines that are kept of a log.
const MOST_LINES: usize = 100;

fn check(text: &str) {
    if text.contains(DEFECT) {
        eprintln!("{text}");
        std::process::abort();
    }
}

unsafe extern "C" fn changed(_script: *const c_char) {}

/// Text for C; what follows a NUL is left out, as C would.
pub fn c_text(text: &[u8]) -> CString {
    let end = text.iter().position(|c| *c == 0).unwrap_or(text.len());
    CString::new(&text[..end]).expect("no NUL in it")
}

/// A text of the library, which is freed.
pub fn take(text: *mut c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: a text of the library, not used afterwards.
    let owned = unsafe {
        let owned = CStr::from_ptr(text).to_string_lossy().into_owned();
        frrscript_text_free(text);
        owned
    };
    check(&owned);
    owned
}

/// Registers hook points.
///
/// # Safety
/// An array of static tables that ends with NULL.
///
/// # Errors
/// What the library says.
pub unsafe fn register_hooks(hooks: *const *const Hook) -> Result<String, String> {
    let mut why = null_mut();
    // SAFETY: the caller's promise.
    let result = unsafe { frrscript_register_hooks(hooks, &raw mut why) };
    told(result, why)
}

fn told(result: c_int, text: *mut c_char) -> Result<String, String> {
    let text = take(text);
    if result == 0 { Ok(text) } else { Err(text) }
}

/// A daemon without routes.
pub struct Host {
    directory: PathBuf,
}

impl Host {
    /// Starts it, with an empty folder of scripts.
    pub fn start() -> Host {
        // One for the process, and in memory where there is such a folder.
        let base = PathBuf::from("/dev/shm");
        let base = if base.is_dir() { base } else { std::env::temp_dir() };
        let directory = base.join(format!("frrscript-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory for scripts");
        let path = c_text(directory.as_os_str().as_encoded_bytes());
        let host = AbiHost {
            daemon: c"fuzz".as_ptr(),
            scriptdir: path.as_ptr(),
            log: Some(log),
            changed: Some(changed),
            as_path: &raw const AS_PATHS,
            wake: Some(super::events::wake),
            show: Some(super::events::show),
            configure: Some(super::events::configure),
            watch: Some(super::events::watch),
            send: Some(send),
            ..AbiHost::NONE
        };
        let hooks = [&raw const MATCH.0, &raw const SET.0, null()];
        // SAFETY: static tables and live strings.
        unsafe {
            assert_eq!(frrscript_host_set(&raw const host), 0);
            register_hooks(hooks.as_ptr()).expect("good tables");
        }
        super::events::register();
        LOG.take();
        Host { directory }
    }

    /// With script `s`.
    pub fn with(source: &str) -> Host {
        let host = Host::start();
        host.write("s", source.as_bytes());
        host
    }

    /// What was logged.
    pub fn log(&self) -> Vec<String> {
        LOG.with_borrow(Clone::clone)
    }

    /// Writes a script's file.
    pub fn write(&self, name: &str, source: &[u8]) {
        std::fs::write(self.directory.join(format!("{name}.lua")), source).expect("the script is written");
    }

    /// Removes a script's file, if it is there.
    pub fn remove(&self, name: &str) {
        let _ = std::fs::remove_file(self.directory.join(format!("{name}.lua")));
    }

    /// Runs a command of vtysh that names a script.
    fn command(&self, name: &str, f: impl FnOnce(*const c_char, *mut *mut c_char) -> c_int) -> Result<String, String> {
        let name = c_text(name.as_bytes());
        let mut out = null_mut();
        told(f(name.as_ptr(), &raw mut out), out)
    }

    /// `script load NAME`, with small limits.
    pub fn load(&self, name: &str) -> Result<String, String> {
        // SAFETY: a live name, a place to write to.
        let _ = self.command(name, |name, out| unsafe {
            frrscript_script_option(name, OptionKind::LIMIT_TIME, &raw const TIME, out)
        });
        // SAFETY: the same.
        let _ = self.command(name, |name, out| unsafe {
            frrscript_script_option(name, OptionKind::LIMIT_MEMORY, &raw const MEMORY, out)
        });
        // SAFETY: the same.
        self.command(name, |name, out| unsafe { frrscript_script_load(name, out) })
    }

    /// `show script NAME`, and the same as JSON, which has to be JSON.
    pub fn show(&self, name: &str) -> serde_json::Value {
        let name = c_text(name.as_bytes());
        // SAFETY: a live name.
        let (text, json) =
            unsafe { (take(frrscript_show(name.as_ptr(), false)), take(frrscript_show(name.as_ptr(), true))) };
        assert_eq!(text.is_empty(), json.is_empty());
        if json.is_empty() { serde_json::Value::Null } else { serde_json::from_str(&json).expect("show gives JSON") }
    }

    /// A use of a function in the hook for `match`, or for `set`.
    pub fn rule(&self, set: bool, name: &str, function: &str) -> Option<Rule> {
        let hook = if set { &raw const SET.0 } else { &raw const MATCH.0 };
        let (name, function) = (c_text(name.as_bytes()), c_text(function.as_bytes()));
        let mut out = null_mut();
        // SAFETY: a registered hook, live names, a place to write to.
        let rule = unsafe { frrscript_rule_new(hook, name.as_ptr(), function.as_ptr(), &raw mut out) };
        take(out);
        (!rule.is_null()).then_some(Rule { rule, set })
    }
}

unsafe extern "C" fn send(_data: *const c_void, _len: usize) -> bool {
    true
}

impl Drop for Host {
    fn drop(&mut self) {
        frrscript_library_fini();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// One configured use.
pub struct Rule {
    rule: *mut AbiRule,
    set: bool,
}

impl Rule {
    /// Calls it, and applies what it assigned if the daemon would. What holds of every call is checked.
    pub fn call(&self, objects: &mut Objects) -> Verdict {
        let pointers: [*const c_void; 3] =
            [(&raw const objects.prefix).cast(), (&raw const objects.route).cast(), (&raw const objects.peer).cast()];
        // SAFETY: a live rule; one live object for each of the hook's, of its type.
        let verdict = unsafe { frrscript_rule_call(self.rule, pointers.as_ptr()) };
        assert!(verdict == Verdict::MATCH || verdict == Verdict::NOMATCH || verdict == Verdict::DENY);
        let staged = self.staged();
        if verdict == Verdict::MATCH {
            // SAFETY: a live rule and a route.
            let applied = unsafe { frrscript_rule_apply(self.rule, 1, (&raw mut objects.route).cast()) };
            assert_eq!(applied, staged, "what was staged is applied");
            assert_eq!(self.staged(), 0, "once");
        } else if self.set {
            assert_eq!(staged, 0, "a call that failed leaves nothing behind");
        }
        verdict
    }

    /// How many assignments wait.
    pub fn staged(&self) -> u32 {
        // SAFETY: a live rule.
        unsafe { frrscript_rule_staged(self.rule) }
    }
}

impl Drop for Rule {
    fn drop(&mut self) {
        // SAFETY: made by `frrscript_rule_new`.
        unsafe { frrscript_rule_free(self.rule) };
    }
}
