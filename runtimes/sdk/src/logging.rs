// SPDX-License-Identifier: GPL-2.0-or-later
//! The `log` crate's macros write into the daemon's log, under the runtime's name. Lines of a runtime's own crate are
//! kept from `debug`, those of its dependencies from `warn`.

use std::fmt::Write as _;
use std::panic;
use std::sync::{Arc, Once, OnceLock};

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::ffi::Api;

struct Logger {
    api: OnceLock<Arc<Api>>,
}

static LOGGER: Logger = Logger { api: OnceLock::new() };
static INSTALLED: Once = Once::new();

/// Threads of a runtime have names that begin so.
pub(crate) const THREAD_PREFIX: &str = "rt-";

/// The same for every load of the library: the host's log functions never change in a process.
pub(crate) fn install(api: &Arc<Api>) {
    INSTALLED.call_once(|| {
        let _ = LOGGER.api.set(api.clone());
        if log::set_logger(&LOGGER).is_ok() {
            log::set_max_level(LevelFilter::Debug);
        }
        // The library has a std of its own, so this hook sees no panic but the library's.
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let ours = std::thread::current().name().is_some_and(|name| name.starts_with(THREAD_PREFIX));
            if ours {
                log::error!(target: "frr_runtime", "panic: {info}");
            } else {
                before(info);
            }
        }));
    });
}

impl Log for Logger {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        const CHATTY: [&str; 10] =
            ["hyper", "h2", "rustls", "tokio", "tower", "tonic", "mio", "reqwest", "ldap3", "want"];
        let root = metadata.target().split("::").next().unwrap_or_default();
        let chatty = CHATTY.iter().any(|name| root == *name || root.starts_with(&format!("{name}_")));
        metadata.level() <= if chatty { Level::Warn } else { Level::Debug }
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let Some(api) = self.api.get() else { return };
        // Numbers of syslog(3).
        let priority = match record.level() {
            Level::Error => 3,
            Level::Warn => 4,
            Level::Info => 6,
            Level::Debug | Level::Trace => 7,
        };
        let mut line = String::new();
        let _ = write!(line, "{}", record.args());
        api.log(priority, &line);
    }

    fn flush(&self) {}
}
