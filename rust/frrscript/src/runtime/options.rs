// SPDX-License-Identifier: GPL-2.0-or-later
//! What a script may say when it loads a runtime.

use crate::ffi::args::{Arg, whole};
use runtime_host::runtime::Limits;
use std::time::Duration;

/// Seconds that a call may wait, if its script says nothing.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Seconds that may be said: a day.
const LONGEST: f64 = 86_400.0;
/// Pollers that may be said.
const MOST_POLLERS: u64 = 64;
/// Octets that all requests of a runtime may have.
const MOST_OCTETS: u64 = 1024 * 1024 * 1024;

/// The options of `frr.load_ffi`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Limits of the runtime.
    pub limits: Limits,
    /// How many of its threads poll.
    pub pollers: usize,
    /// Its symbols are for all.
    pub global: bool,
    /// It can be unmapped after `__unload`.
    pub unpin: bool,
    /// It runs in a process of its own.
    pub process: bool,
    /// How long its calls wait; `None`: for ever.
    pub timeout: Option<Duration>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            limits: Limits::default(),
            pollers: 1,
            global: false,
            unpin: false,
            process: false,
            timeout: Some(TIMEOUT),
        }
    }
}

/// The names, for messages.
const NAMES: [&str; 8] =
    ["max_queue", "max_inflight", "max_bytes", "pollers", "is_global", "unpin", "process", "timeout"];

impl Options {
    /// Takes one field of the script's table.
    ///
    /// # Errors
    /// There is no such option, or its value does not fit.
    pub fn take(&mut self, name: &str, value: &Arg) -> Result<(), String> {
        match name {
            "max_queue" => self.limits.queue = count(name, value, runtime_host::calls::MOST as u64)?,
            "max_inflight" => self.limits.in_flight = count(name, value, runtime_host::calls::MOST as u64)?,
            "max_bytes" => self.limits.octets = count(name, value, MOST_OCTETS)?,
            "pollers" => self.pollers = count(name, value, MOST_POLLERS)?,
            "is_global" => self.global = flag(name, value)?,
            "unpin" => self.unpin = flag(name, value)?,
            "process" => self.process = flag(name, value)?,
            "timeout" => self.timeout = timeout(name, value)?,
            _ => {
                let near = crate::schema::nearest(name, NAMES.iter().copied());
                let meant = near.map_or(String::new(), |near| format!(": did you mean '{near}'?"));
                return Err(format!("there is no option '{}'{meant}", name.escape_debug()));
            }
        }
        Ok(())
    }
}

fn count(name: &str, value: &Arg, most: u64) -> Result<usize, String> {
    let number = match value {
        Arg::Number(n) => whole(*n),
        Arg::Integer(n) => u64::try_from(*n).ok(),
        _ => None,
    };
    let number = number.filter(|n| (1..=most).contains(n));
    number
        .and_then(|n| usize::try_from(n).ok())
        .ok_or_else(|| format!("'{name}' must be a whole number from 1 to {most}"))
}

fn flag(name: &str, value: &Arg) -> Result<bool, String> {
    match value {
        Arg::Bool(b) => Ok(*b),
        _ => Err(format!("'{name}' must be true or false")),
    }
}

/// A time to wait: seconds, or false for ever.
///
/// # Errors
/// It is neither.
pub fn timeout(name: &str, value: &Arg) -> Result<Option<Duration>, String> {
    match value {
        Arg::Bool(false) => Ok(None),
        Arg::Number(n) if *n > 0.0 && *n <= LONGEST => Ok(Some(Duration::from_secs_f64(*n))),
        _ => Err(format!("'{name}' must be a number of seconds, at most {LONGEST}, or false for no end")),
    }
}
