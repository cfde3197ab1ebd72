// SPDX-License-Identifier: GPL-2.0-or-later
//! The daemon around the library: its log and its ear for changes.

use log::{Level, LevelFilter, Log, Metadata, Record};
use std::cell::{Cell, RefCell};
use std::ffi::{CString, c_char, c_int};

type LogFunction = unsafe extern "C" fn(c_int, *const c_char);
type ChangedFunction = unsafe extern "C" fn(*const c_char);

thread_local! {
    // Set on the main pthread only, so that a line from any other thread goes nowhere instead of into zlog, which
    // other threads may not call.
    static LOG: Cell<Option<LogFunction>> = const { Cell::new(None) };
    static CHANGED: Cell<Option<ChangedFunction>> = const { Cell::new(None) };
    static DAEMON: RefCell<String> = RefCell::new("frr".to_owned());
}

/// Sets the host's callbacks for this thread, which is the main pthread.
pub fn set(daemon: &str, log: Option<LogFunction>, changed: Option<ChangedFunction>) {
    DAEMON.replace(daemon.to_owned());
    LOG.set(log);
    CHANGED.set(changed);
    if log.is_some() && log::set_logger(&HostLog).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
}

/// The daemon's name.
#[must_use]
pub fn daemon() -> String {
    DAEMON.with_borrow(Clone::clone)
}

/// Tells the daemon that a script answers differently now.
pub fn changed(script: &str) {
    let Ok(script) = CString::new(script) else { return };
    if let Some(changed) = CHANGED.get() {
        // SAFETY: the host's function, called on its thread with a live string.
        unsafe { changed(script.as_ptr()) };
    }
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
