// SPDX-License-Identifier: GPL-2.0-or-later
//! A daemon for the tests: a script directory, a log, rules.

use super::tables::{AS_PATHS, MATCH, Objects, SET};
use frrscript::ffi::abi::{Hook, Host as AbiHost, OptionKind, Verdict};
use frrscript::ffi::exports::operate::*;
use frrscript::ffi::exports::register::{frrscript_host_set, frrscript_register_hooks};
use frrscript::ffi::exports::rules::*;
use frrscript::ffi::exports::stock::frrscript_library_fini;
use frrscript::ffi::rule::Rule as AbiRule;
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr::{null, null_mut};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The watchdog is one for the process, so one test runs at a time.
static TURN: Mutex<()> = Mutex::new(());
static NUMBER: AtomicU32 = AtomicU32::new(0);

thread_local! {
    static LOG: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    static CHANGED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    /// A line of the log takes so long.
    pub static LOG_TAKES: Cell<std::time::Duration> = const { Cell::new(std::time::Duration::ZERO) };
    static ON_LOG: Cell<Option<fn()>> = const { Cell::new(None) };
}

/// CPU time of this thread: what a script's limit is of, whatever else the machine does.
pub fn cpu_time() -> std::time::Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a place to write to.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) }, 0);
    std::time::Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// A daemon without routes.
pub struct Host {
    pub directory: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

unsafe extern "C" fn log(_priority: c_int, message: *const c_char) {
    // SAFETY: the library passes a line of text.
    let line = unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned();
    LOG.with_borrow_mut(|l| l.push(line));
    std::thread::sleep(LOG_TAKES.get());
    if let Some(callback) = ON_LOG.take() {
        callback();
    }
}

unsafe extern "C" fn changed(script: *const c_char) {
    // SAFETY: the library passes a name.
    let name = unsafe { CStr::from_ptr(script) }.to_string_lossy().into_owned();
    CHANGED.with_borrow_mut(|c| c.push(name));
}

pub fn c_text(text: &str) -> CString {
    CString::new(text).expect("no NUL in it")
}

/// Registers hook points.
///
/// # Safety
/// An array of static tables that ends with NULL.
pub unsafe fn register_hooks(hooks: *const *const Hook) -> Result<String, String> {
    let mut why = null_mut();
    // SAFETY: the caller's promise.
    let result = unsafe { frrscript_register_hooks(hooks, &raw mut why) };
    told(result, why)
}

/// A text of the library, which is freed.
pub fn take(text: *mut c_char) -> String {
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

fn told(result: c_int, text: *mut c_char) -> Result<String, String> {
    let text = take(text);
    if result == 0 { Ok(text) } else { Err(text) }
}

impl Host {
    pub fn start() -> Host {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let directory = std::env::temp_dir().join(format!("frrscript-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory for scripts");
        let path = c_text(directory.to_str().expect("a path in UTF-8"));
        let runtimes = c_text(super::runtimes::directory().to_str().expect("a path in UTF-8"));
        let runner = c_text(super::runtimes_process::runner().to_str().expect("a path in UTF-8"));
        let host = AbiHost {
            daemon: c"test".as_ptr(),
            scriptdir: path.as_ptr(),
            log: Some(log),
            changed: Some(changed),
            as_path: &raw const AS_PATHS,
            wake: Some(super::events::wake),
            show: Some(super::events::show),
            configure: Some(super::events::configure),
            watch: Some(super::events::watch),
            runtimedir: runtimes.as_ptr(),
            runner: runner.as_ptr(),
            ..AbiHost::NONE
        };
        let hooks = [&raw const MATCH.0, &raw const SET.0, null()];
        let mut why = null_mut();
        // SAFETY: static tables and live strings.
        unsafe {
            assert_eq!(frrscript_host_set(&raw const host), 0);
            let result = frrscript_register_hooks(hooks.as_ptr(), &raw mut why);
            assert_eq!(told(result, why), Ok(String::new()));
        }
        super::events::register();
        // A daemon that has just started; what the last test did is not its doing.
        frrscript::ffi::exports::events::frrscript_turn();
        LOG.take();
        CHANGED.take();
        ON_LOG.take();
        Host { directory, _turn: turn }
    }

    /// A host with script `s`.
    pub fn with(source: &str) -> Host {
        let host = Host::start();
        host.write("s", source);
        host
    }

    pub fn write(&self, name: &str, source: impl AsRef<[u8]>) -> PathBuf {
        let path = self.directory.join(format!("{name}.lua"));
        std::fs::write(&path, source).expect("the script is written");
        path
    }

    /// What the library says, with this host's directory left out.
    pub fn shorten(&self, text: &str) -> String {
        text.replace(self.directory.to_str().expect("a path in UTF-8"), "DIR")
    }

    pub fn load(&self, name: &str) -> Result<String, String> {
        self.command(name, |name, out| {
            // SAFETY: a live name, a place to write to.
            unsafe { frrscript_script_load(name, out) }
        })
    }

    pub fn reload(&self, name: &str) -> Result<String, String> {
        self.command(name, |name, out| {
            // SAFETY: a live name, a place to write to.
            unsafe { frrscript_script_reload(name, out) }
        })
    }

    pub fn resume(&self, name: &str) -> Result<String, String> {
        self.command(name, |name, out| {
            // SAFETY: a live name, a place to write to.
            unsafe { frrscript_script_resume(name, out) }
        })
    }

    pub fn clear(&self, name: &str) {
        let done = self.command(name, |name, out| {
            // SAFETY: a live name, a place to write to.
            unsafe { frrscript_script_clear(name, out) }
        });
        assert_eq!(done, Ok(String::new()));
    }

    pub fn option(&self, name: &str, option: OptionKind, value: u32) -> Result<String, String> {
        self.command(name, |name, out| {
            // SAFETY: a live name and value, a place to write to.
            unsafe { frrscript_script_option(name, option, &raw const value, out) }
        })
    }

    pub fn unload(&self, name: &str) -> Result<String, String> {
        self.command(name, |name, out| {
            // SAFETY: a live name, a place to write to.
            unsafe { frrscript_script_unload(name, out) }
        })
    }

    pub fn option_time(&self, name: &str, msec: u32) {
        assert_eq!(self.option(name, OptionKind::LIMIT_TIME, msec), Ok(String::new()));
    }

    pub fn permit_configure(&self, name: &str) {
        assert_eq!(self.option(name, OptionKind::PERMIT_CONFIGURE, 1), Ok(String::new()));
    }

    fn command(&self, name: &str, f: impl FnOnce(*const c_char, *mut *mut c_char) -> c_int) -> Result<String, String> {
        let name = c_text(name);
        let mut out = null_mut();
        let result = f(name.as_ptr(), &raw mut out);
        told(result, out).map(|t| self.shorten(&t)).map_err(|t| self.shorten(&t))
    }

    /// `show script NAME json`, the script's own part.
    pub fn show(&self, name: &str) -> serde_json::Value {
        let c_name = c_text(name);
        // SAFETY: a live name.
        let text = take(unsafe { frrscript_show(c_name.as_ptr(), true) });
        let all: serde_json::Value = serde_json::from_str(&text).expect("show gives JSON");
        all[name].clone()
    }

    /// Errors of a kind.
    pub fn errors(&self, name: &str, kind: &str) -> u64 {
        self.show(name)["errors"][kind].as_u64().expect("a count")
    }

    /// Kind and text of the last error.
    pub fn last_error(&self, name: &str) -> String {
        let last = &self.show(name)["lastError"];
        match last["message"].as_str() {
            Some(message) => self.shorten(&format!("{}: {message}", last["kind"].as_str().unwrap_or("?"))),
            None => "none".to_owned(),
        }
    }

    pub fn log(&self) -> Vec<String> {
        LOG.with_borrow(|l| l.iter().map(|l| self.shorten(l)).collect())
    }

    /// The log so far, which begins anew.
    #[allow(dead_code, reason = "of the hostile cases")]
    pub fn take_log(&self) -> Vec<String> {
        LOG.take().iter().map(|l| self.shorten(l)).collect()
    }

    pub fn changed(&self) -> Vec<String> {
        CHANGED.with_borrow(Clone::clone)
    }

    /// Runs `callback` inside the log callback of the next line.
    pub fn on_log(&self, callback: fn()) {
        ON_LOG.set(Some(callback));
    }

    /// A `match script NAME function FUNCTION` that loads.
    pub fn rule(&self, name: &str, function: &str) -> Rule {
        let (rule, warning) = self.try_rule(&raw const MATCH.0, name, function);
        assert_eq!(warning, "", "{name} {function}");
        rule.expect("a good name")
    }

    /// The same for `set`.
    pub fn set_rule(&self, name: &str, function: &str) -> Rule {
        let (rule, warning) = self.try_rule(&raw const SET.0, name, function);
        assert_eq!(warning, "", "{name} {function}");
        rule.expect("a good name")
    }

    pub fn try_rule(&self, hook: *const Hook, name: &str, function: &str) -> (Option<Rule>, String) {
        let (name, function) = (c_text(name), c_text(function));
        let mut out = null_mut();
        // SAFETY: a registered hook, live names, a place to write to.
        let rule = unsafe { frrscript_rule_new(hook, name.as_ptr(), function.as_ptr(), &raw mut out) };
        let warning = self.shorten(&take(out));
        ((!rule.is_null()).then_some(Rule(rule)), warning)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        frrscript_library_fini();
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// One configured use.
pub struct Rule(pub *mut AbiRule);

impl Rule {
    pub fn call(&self, objects: &Objects) -> Verdict {
        let pointers: [*const c_void; 3] =
            [(&raw const objects.prefix).cast(), (&raw const objects.route).cast(), (&raw const objects.peer).cast()];
        // SAFETY: a live rule; one live object for each of the hook's, of its type.
        unsafe { frrscript_rule_call(self.0, pointers.as_ptr()) }
    }

    /// Applies what was assigned on the attributes; how many.
    pub fn apply(&self, objects: &mut Objects) -> u32 {
        // SAFETY: a live rule and a route.
        unsafe { frrscript_rule_apply(self.0, 1, (&raw mut objects.route).cast()) }
    }

    pub fn staged(&self) -> u32 {
        // SAFETY: a live rule.
        unsafe { frrscript_rule_staged(self.0) }
    }

    pub fn takes(&self, arg: &CStr) -> bool {
        // SAFETY: a live rule and name.
        unsafe { frrscript_rule_takes(self.0, arg.as_ptr()) }
    }
}

impl Drop for Rule {
    fn drop(&mut self) {
        // SAFETY: made by `frrscript_rule_new`.
        unsafe { frrscript_rule_free(self.0) };
    }
}

/// The error of a `match` function with this body on a sample route.
pub fn error_of(body: &str) -> String {
    error_of_script(&format!("function f(prefix, attributes, peer) {body} end"))
}

/// The error of function `f` of a script on a sample route; it must be counted once, and nothing may be staged.
pub fn error_of_script(source: &str) -> String {
    let host = Host::with(source);
    let rule = host.rule("s", "f");
    let objects = Objects::sample();
    assert_eq!(rule.call(&objects), Verdict::NOMATCH);
    assert_eq!(rule.staged(), 0);
    let error = host.last_error("s");
    assert_ne!(error, "none");
    let kind = error.split(':').next().unwrap_or_default();
    assert_eq!(host.errors("s", kind), 1);
    assert!(host.log().iter().any(|line| line.starts_with("script s: f: ")), "{:?}", host.log());
    error
}

/// The verdict and the route after a `match` function with this body, with its changes applied if it matched.
pub fn run(body: &str) -> (Verdict, Objects) {
    run_script(&format!("function f(prefix, attributes, peer) {body} end"))
}

/// Runs function `f` of a script, which may not fail.
pub fn run_script(source: &str) -> (Verdict, Objects) {
    let host = Host::with(source);
    let rule = host.rule("s", "f");
    let mut objects = Objects::sample();
    let verdict = rule.call(&objects);
    assert_eq!(host.last_error("s"), "none");
    rule.apply(&mut objects);
    (verdict, objects)
}

/// Whether an expression is true of the sample route; it may not fail.
pub fn holds(expression: &str) -> bool {
    run(&format!("return ({expression}) == true")).0 == Verdict::MATCH
}

/// The error of loading a script.
pub fn load_error(source: impl AsRef<[u8]>) -> String {
    let host = Host::start();
    host.write("s", source);
    host.load("s").expect_err("it does not load")
}

pub fn chmod(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).expect("its mode is set");
}
