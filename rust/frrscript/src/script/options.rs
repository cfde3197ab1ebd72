// SPDX-License-Identifier: GPL-2.0-or-later
//! What the operator may set for a script.

use crate::ffi::abi::Verdict;
use std::collections::BTreeSet;
use std::time::Duration;

/// A script's options; each has a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Milliseconds for one call.
    pub time_ms: u32,
    /// MiB for the VM and what it holds.
    pub memory_mib: u32,
    /// The answer of a call that failed.
    pub on_error: Verdict,
    /// Seconds for which a number that the script gave outlives failures.
    pub hold_s: u32,
    /// The script may configure its daemon.
    pub configure: bool,
    /// The runtimes that it may load.
    pub runtimes: BTreeSet<String>,
}

/// Milliseconds that may be set.
pub const TIME: std::ops::RangeInclusive<u32> = 1..=60_000;
/// Seconds that may be set.
pub const HOLD: std::ops::RangeInclusive<u32> = 0..=3600;
/// MiB that may be set.
pub const MEMORY: std::ops::RangeInclusive<u32> = 1..=1024;

/// A load has this at least. The daemon does nothing else meanwhile, and whoever asks it is to have an answer within a second.
const LOAD: Duration = Duration::from_millis(800);

impl Default for Options {
    fn default() -> Options {
        Options {
            time_ms: 50,
            memory_mib: 16,
            on_error: Verdict::NOMATCH,
            hold_s: 60,
            configure: false,
            runtimes: BTreeSet::new(),
        }
    }
}

impl Options {
    /// The limit of one call.
    #[must_use]
    pub fn time(&self) -> Duration {
        Duration::from_millis(self.time_ms.into())
    }

    /// The limit of a load, in which large sets are built: ten calls' worth, and at least [`LOAD`].
    #[must_use]
    pub fn load_time(&self) -> Duration {
        (self.time() * 10).max(LOAD)
    }

    /// The memory limit in octets.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.memory_mib as usize * 1024 * 1024
    }

    /// `on-error` as the configuration writes it.
    #[must_use]
    pub fn on_error_word(&self) -> &'static str {
        match self.on_error {
            Verdict::NOMATCH => "no-match",
            Verdict::MATCH => "match",
            Verdict::DENY => "deny",
        }
    }

    /// The configuration lines of a script whose options are these.
    #[must_use]
    pub fn config(&self, name: &str) -> String {
        use std::fmt::Write;
        let default = Options::default();
        let mut out = String::new();
        if self.time_ms != default.time_ms {
            let _ = writeln!(out, "script {name} limit time {}", self.time_ms);
        }
        if self.memory_mib != default.memory_mib {
            let _ = writeln!(out, "script {name} limit memory {}", self.memory_mib);
        }
        if self.on_error != default.on_error {
            let _ = writeln!(out, "script {name} on-error {}", self.on_error_word());
        }
        if self.hold_s != default.hold_s {
            let _ = writeln!(out, "script {name} on-error hold {}", self.hold_s);
        }
        if self.configure {
            let _ = writeln!(out, "script {name} permit configure");
        }
        for runtime in &self.runtimes {
            let _ = writeln!(out, "script {name} permit runtime {runtime}");
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_not_written() {
        assert_eq!(Options::default().config("edge"), "");
        let options = Options {
            time_ms: 5,
            memory_mib: 64,
            on_error: Verdict::DENY,
            hold_s: 10,
            configure: true,
            runtimes: ["http".to_owned()].into(),
        };
        insta::assert_snapshot!(options.config("edge"), @r"
        script edge limit time 5
        script edge limit memory 64
        script edge on-error deny
        script edge on-error hold 10
        script edge permit configure
        script edge permit runtime http
        ");
    }
}
