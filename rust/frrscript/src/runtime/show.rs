// SPDX-License-Identifier: GPL-2.0-or-later
//! `show script runtimes`, and what runtimes log.

use super::outcome::Kind;
use super::pending;
use super::registry::{self, Entry};
use runtime_host::host::{Event, host as threads};
use runtime_host::runtime::{State, failed};
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Lines that are logged at once: each is a write to a file, and the daemon has other things to do.
const LINES: usize = 32;

/// Logs what runtimes have said since the last time, some of it.
pub fn log_lines() {
    let (lines, dropped, more) = threads().lines.take(LINES);
    if more {
        // As an event of its own, behind the answers that are there.
        threads().tell(Event::Logged);
    }
    for line in lines {
        let level = match line.priority {
            ..=3 => log::Level::Error,
            4 => log::Level::Warn,
            5 | 6 => log::Level::Info,
            _ => log::Level::Debug,
        };
        match line.runtime {
            Some(name) => log::log!(level, "runtime {name}: {}", line.text),
            None => log::log!(level, "runtimes: {}", line.text),
        }
    }
    if dropped > 0 {
        log::warn!("runtimes: {dropped} lines were dropped: they log faster than they are read");
    }
}

fn micros(time: Option<Duration>) -> Option<u64> {
    time.map(|t| u64::try_from(t.as_micros()).unwrap_or(u64::MAX))
}

/// Why a runtime is in its state, if there is more to say.
fn why(state: &State) -> Option<String> {
    match state {
        State::Failed(rc, why) => Some(failed(*rc, why)),
        State::Dead(why) | State::Restarting(why) => Some(why.clone()),
        _ => None,
    }
}

/// The state; a runtime that nobody may load waits for its permission.
fn word(entry: &Entry, state: &State) -> &'static str {
    if entry.is_begun() { state.word() } else { "waiting" }
}

fn language(entry: &Entry) -> &str {
    entry.language.get().map_or("-", String::as_str)
}

/// A table for operators.
#[must_use]
pub fn text() -> String {
    let entries = registry::all();
    if entries.is_empty() {
        return "No runtime is loaded.\n".to_owned();
    }
    let width = entries.iter().map(|e| e.runtime.name.len()).max().unwrap_or(0).max(7);
    let mut out = format!(
        "{:width$}  {:8}  {:8}  {:>10}  {:>9}  {:>7}  {:>8}  {:>9}  {:>9}  {:>8}\n",
        "Runtime", "State", "Language", "Calls", "In flight", "Queue", "Errors", "p50 us", "p99 us", "Restarts"
    );
    for entry in entries {
        let runtime = &entry.runtime;
        let state = runtime.state();
        let errors: u64 = Kind::ALL.iter().map(|kind| entry.stats.errors(*kind)).sum();
        let shown = |share| micros(entry.stats.percentile(share)).map_or("-".to_owned(), |n| n.to_string());
        let _ = writeln!(
            out,
            "{:width$}  {:8}  {:8}  {:>10}  {:>9}  {:>7}  {errors:>8}  {:>9}  {:>9}  {:>8}",
            runtime.name,
            word(&entry, &state),
            language(&entry),
            entry.stats.calls.get(),
            runtime.in_flight.load(Ordering::Relaxed),
            runtime.queued.load(Ordering::Relaxed),
            shown(0.5),
            shown(0.99),
            runtime.restarts.load(Ordering::Relaxed),
        );
        let by_kind: Vec<String> = Kind::ALL
            .iter()
            .filter(|kind| entry.stats.errors(**kind) > 0)
            .map(|kind| format!("{} {}", entry.stats.errors(*kind), kind.word()))
            .collect();
        if !by_kind.is_empty() {
            let _ = writeln!(out, "  Errors: {}", by_kind.join(", "));
        }
        if let Some(why) = why(&state) {
            let _ = writeln!(out, "  {}: {why}", state.word());
        }
        let late = runtime.late.load(Ordering::Relaxed);
        if late > 0 {
            let _ = writeln!(out, "  Late answers: {late}");
        }
    }
    let stray = threads().stray.load(Ordering::Relaxed);
    if stray > 0 {
        let _ = writeln!(out, "Answers to calls that are answered already, or are none: {stray}");
    }
    out
}

/// The same for programs.
#[must_use]
pub fn json() -> String {
    let runtimes: Vec<Value> = registry::all()
        .iter()
        .map(|entry| {
            let runtime = &entry.runtime;
            let state = runtime.state();
            let errors: Map<String, Value> =
                Kind::ALL.iter().map(|kind| (kind.word().to_owned(), json!(entry.stats.errors(*kind)))).collect();
            json!({
                "name": runtime.name,
                "file": entry.path.display().to_string(),
                // What is in it may be a password, and who may look may not be who may read the script.
                "cfgBytes": entry.cfg.as_deref().map(<[u8]>::len),
                "scripts": entry.scripts.borrow().iter().collect::<Vec<_>>(),
                "state": word(entry, &state),
                "why": why(&state),
                "sinceMsecs": u64::try_from(entry.since.get().elapsed().as_millis()).unwrap_or(u64::MAX),
                "language": entry.language.get(),
                "process": entry.options.process,
                "calls": entry.stats.calls.get(),
                "good": entry.stats.good.get(),
                "inFlight": runtime.in_flight.load(Ordering::Relaxed),
                "awaited": pending::count_of(entry),
                "queue": runtime.queued.load(Ordering::Relaxed),
                "queueLimit": runtime.limits.queue,
                "inFlightLimit": runtime.limits.in_flight,
                "octets": runtime.octets.load(Ordering::Relaxed),
                "octetsLimit": runtime.limits.octets,
                "errors": errors,
                "late": runtime.late.load(Ordering::Relaxed),
                "latencyMicrosP50": micros(entry.stats.percentile(0.5)),
                "latencyMicrosP99": micros(entry.stats.percentile(0.99)),
                "restarts": runtime.restarts.load(Ordering::Relaxed),
            })
        })
        .collect();
    let all = json!({ "runtimes": runtimes, "strayAnswers": threads().stray.load(Ordering::Relaxed) });
    serde_json::to_string_pretty(&all).unwrap_or_else(|_| "{}".to_owned()) + "\n"
}
