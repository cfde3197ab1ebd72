// SPDX-License-Identifier: GPL-2.0-or-later
//! The daemon around the library: its log and its ear for changes.

use super::abi::Host;
use log::{Level, LevelFilter, Log, Metadata, Record};
use std::cell::{Cell, RefCell};
use std::ffi::{CString, c_char, c_int, c_void};
use std::path::PathBuf;

/// Where runtimes are, unless FRR's configure was told otherwise.
const RUNTIMES: &str = "/usr/lib/frr/runtimes";
/// The program for runtimes in processes of their own, likewise.
const RUNNER: &str = "/usr/lib/frr/frr-runtime";

type LogFunction = unsafe extern "C" fn(c_int, *const c_char);
type ChangedFunction = unsafe extern "C" fn(*const c_char);
type WakeFunction = unsafe extern "C" fn(u32);
type WatchFunction = unsafe extern "C" fn(c_int);
type AnswerFunction = unsafe extern "C" fn(*mut c_void, *const c_char, usize);
type SendFunction = unsafe extern "C" fn(*const c_void, usize) -> bool;
type ShowFunction = unsafe extern "C" fn(*const c_char, usize, Option<AnswerFunction>, *mut c_void) -> bool;
type ConfigureFunction = unsafe extern "C" fn(*const c_char, Option<AnswerFunction>, *mut c_void) -> bool;

thread_local! {
    // Set on the main pthread only, so that a line from any other thread goes nowhere instead of into zlog, which
    // other threads may not call.
    static LOG: Cell<Option<LogFunction>> = const { Cell::new(None) };
    static CHANGED: Cell<Option<ChangedFunction>> = const { Cell::new(None) };
    static WAKE: Cell<Option<WakeFunction>> = const { Cell::new(None) };
    static SHOW: Cell<Option<ShowFunction>> = const { Cell::new(None) };
    static SEND: Cell<Option<SendFunction>> = const { Cell::new(None) };
    static CONFIGURE: Cell<Option<ConfigureFunction>> = const { Cell::new(None) };
    static WATCH: Cell<Option<WatchFunction>> = const { Cell::new(None) };
    static RUNTIMEDIR: RefCell<PathBuf> = RefCell::new(PathBuf::from(RUNTIMES));
    static RUNTIME_RUNNER: RefCell<PathBuf> = RefCell::new(PathBuf::from(RUNNER));
    static DAEMON: RefCell<String> = RefCell::new("frr".to_owned());
}

/// Sets the host's callbacks for this thread, which is the main pthread.
pub fn set(daemon: &str, host: &Host) {
    DAEMON.replace(daemon.to_owned());
    LOG.set(host.log);
    CHANGED.set(host.changed);
    WAKE.set(host.wake);
    SHOW.set(host.show);
    CONFIGURE.set(host.configure);
    SEND.set(host.send);
    WATCH.set(host.watch);
    if host.log.is_some() && log::set_logger(&HostLog).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

/// The daemon's name.
#[must_use]
pub fn daemon() -> String {
    DAEMON.with_borrow(Clone::clone)
}

/// The directory of runtimes and their modules.
#[must_use]
pub fn runtimedir() -> PathBuf {
    RUNTIMEDIR.with_borrow(Clone::clone)
}

/// Sets it; `None`: the default.
pub fn set_runtimedir(directory: Option<PathBuf>) {
    RUNTIMEDIR.replace(directory.unwrap_or_else(|| PathBuf::from(RUNTIMES)));
}

/// The program that runs a runtime in a process of its own. One beside the daemon's own program comes first: it is of the
/// same build, also when FRR is installed somewhere else than it was configured for.
#[must_use]
pub fn runner() -> PathBuf {
    let configured = RUNTIME_RUNNER.with_borrow(Clone::clone);
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join(configured.file_name()?)));
    beside.filter(|path| path.is_file()).unwrap_or(configured)
}

/// Sets it.
pub fn set_runner(program: PathBuf) {
    RUNTIME_RUNNER.replace(program);
}

/// Has the event loop watch for answers of runtimes; once.
pub fn watch_runtimes() {
    // Taken: one wish is enough.
    if let (Some(watch), Some(waker)) = (WATCH.take(), runtime_host::host::host().waker()) {
        // SAFETY: the host's function, called on its thread; the descriptor stays open.
        unsafe { watch(waker.fd()) };
    }
    crate::runtime::deliver::watched();
}

/// Tells the daemon that a script answers differently now.
pub fn changed(script: &str) {
    let Ok(script) = CString::new(script) else { return };
    if let Some(changed) = CHANGED.get() {
        // SAFETY: the host's function, called on its thread with a live string.
        unsafe { changed(script.as_ptr()) };
    }
}

/// Whether the daemon gives turns.
pub fn wakes() -> bool {
    WAKE.get().is_some()
}

/// Wants a turn in so many milliseconds.
pub fn wake(msec: u32) {
    if let Some(wake) = WAKE.get() {
        // SAFETY: the host's function, called on its thread.
        unsafe { wake(msec) };
    }
}

/// Sends a message to the other daemons, or with an empty one asks to be looked after soon; false: not now.
#[must_use]
pub fn send(octets: &[u8]) -> bool {
    let Some(send) = SEND.get() else { return false };
    // SAFETY: the host's function, called on its thread; the octets are there while it runs.
    unsafe { send(octets.as_ptr().cast(), octets.len()) }
}

/// Keeps what the host says.
unsafe extern "C" fn answered(ctx: *mut c_void, text: *const c_char, len: usize) {
    // SAFETY: `ctx` is the vector of `ask`, which waits for this; the host gives `len` octets.
    unsafe {
        let out = &mut *ctx.cast::<Vec<u8>>();
        if !text.is_null() {
            out.extend_from_slice(std::slice::from_raw_parts(text.cast(), len));
        }
    }
}

fn ask(text: &str, run: impl FnOnce(*const c_char, *mut c_void) -> bool) -> Result<Vec<u8>, String> {
    let text = CString::new(text).map_err(|_| "has a NUL".to_owned())?;
    let mut out: Vec<u8> = Vec::new();
    if run(text.as_ptr(), (&raw mut out).cast()) {
        return Ok(out);
    }
    let why = String::from_utf8_lossy(&out).trim_end().to_owned();
    Err(if why.is_empty() { "it failed and does not say why".to_owned() } else { why })
}

/// Runs a show command: its output.
///
/// # Errors
/// Why the host did not.
pub fn show(command: &str, most: usize) -> Result<Vec<u8>, String> {
    let show = SHOW.get().ok_or("this daemon runs no commands for scripts")?;
    // SAFETY: the host's function, called on its thread; `answered` writes to the vector while it runs.
    ask(command, |command, ctx| unsafe { show(command, most, Some(answered), ctx) })
}

/// Applies configuration lines.
///
/// # Errors
/// Why the host did not, with the line.
pub fn configure(lines: &str) -> Result<(), String> {
    let configure = CONFIGURE.get().ok_or("this daemon takes no configuration from scripts")?;
    // SAFETY: as in `show`.
    ask(lines, |lines, ctx| unsafe { configure(lines, Some(answered), ctx) }).map(drop)
}

/// `debug script`.
pub fn debug(on: bool) {
    log::set_max_level(if on { LevelFilter::Debug } else { LevelFilter::Info });
}

struct HostLog;

impl Log for HostLog {
    fn enabled(&self, metadata: &Metadata) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record) {
        let Some(log) = LOG.get() else { return };
        let priority = match record.level() {
            Level::Error => libc::LOG_ERR,
            Level::Warn => libc::LOG_WARNING,
            Level::Info if record.target() == crate::lua::logging::NOTICE => libc::LOG_NOTICE,
            Level::Info => libc::LOG_INFO,
            Level::Debug | Level::Trace => libc::LOG_DEBUG,
        };
        // A log has lines: the source excerpt under a syntax error goes to vtysh, here its first line does.
        let text = record.args().to_string().replace('\0', " ");
        if let Ok(line) = CString::new(text.lines().next().unwrap_or_default()) {
            // SAFETY: the host's function, called on its thread with a live string.
            unsafe { log(priority, line.as_ptr()) };
        }
    }

    fn flush(&self) {}
}
