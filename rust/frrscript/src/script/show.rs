// SPDX-License-Identifier: GPL-2.0-or-later
//! `show script`: a table, one script in detail, and JSON.

use super::module::Module;
use super::record::Script;
use crate::failure::Kind;
use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// In one word.
fn state(script: &Script) -> &'static str {
    if script.current().is_none() {
        "not loaded"
    } else if suspended(script) {
        "suspended"
    } else if script.refused().is_some() {
        "reload refused"
    } else {
        "in service"
    }
}

fn suspended(script: &Script) -> bool {
    let listeners = script.current().map(|g| g.vm.context().tasks().listeners()).unwrap_or_default();
    script.uses().iter().any(|u| u.guard.suspended()) || listeners.iter().any(|l| l.handler.guard.suspended())
}

fn errors(script: &Script) -> u64 {
    Kind::ALL.iter().map(|&k| script.stats.errors(k)).sum()
}

fn short(time: Option<Duration>) -> String {
    match time {
        None => "-".to_owned(),
        Some(t) if t < Duration::from_micros(10) => format!("{} ns", t.as_nanos()),
        Some(t) if t < Duration::from_millis(10) => format!("{} us", t.as_micros()),
        Some(t) => format!("{} ms", t.as_millis()),
    }
}

fn unix(at: SystemTime) -> u64 {
    at.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

fn ago(at: SystemTime) -> String {
    let seconds = at.elapsed().unwrap_or_default().as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02} ago", seconds % 60)
}

/// All scripts, a line each.
#[must_use]
pub fn table(scripts: &[Rc<Script>]) -> String {
    if scripts.is_empty() {
        return format!("No script is loaded. Scripts are in {}.\n", super::store::directory().display());
    }
    let width = scripts.iter().map(|s| s.name.len()).max().unwrap_or(0).max(6);
    let mut out = format!(
        "{:width$}  {:14}  {:>10}  {:>12}  {:>8}  {:>9}  {:>9}  {:>9}\n",
        "Script", "State", "Generation", "Calls", "Errors", "p50", "p99", "Memory"
    );
    for script in scripts {
        let current = script.current();
        let generation = current.as_ref().map_or("-".to_owned(), |g| g.number.to_string());
        let memory = current.as_ref().map_or("-".to_owned(), |g| format!("{} KiB", g.vm.memory().0.div_ceil(1024)));
        let _ = writeln!(
            out,
            "{:width$}  {:14}  {generation:>10}  {:>12}  {:>8}  {:>9}  {:>9}  {memory:>9}",
            script.name,
            state(script),
            script.stats.calls(),
            errors(script),
            short(script.stats.quantile(0.5)),
            short(script.stats.quantile(0.99)),
        );
    }
    out
}

/// One script.
#[must_use]
pub fn detail(script: &Script) -> String {
    let options = script.options.borrow();
    let stats = &script.stats;
    let mut out = format!("Script {}, {}\n", script.name, state(script));
    let _ = match script.current() {
        Some(g) => {
            let (used, peak) = g.vm.memory();
            writeln!(out, "  File: {} (text {:016x}), in service since {}", g.path.display(), g.hash, ago(g.since))
                .and_then(|()| {
                    g.modules.iter().try_for_each(|m| {
                        writeln!(out, "  Module {}: {} (text {:016x})", m.name, m.path.display(), m.hash)
                    })
                })
                .and_then(|()| writeln!(out, "  Generation: {}", g.number))
                .and_then(|()| {
                    writeln!(out, "  Memory: {} KiB, at most {} KiB", used.div_ceil(1024), peak.div_ceil(1024))
                })
        }
        None => writeln!(out, "  File: none in service"),
    };
    if let Some(native) = script.current().and_then(|g| g.vm.context().modules().native()) {
        let how = if native { "yes" } else { "no: the system denies executable memory, so it is interpreted" };
        let _ = writeln!(out, "  Native code: {how}");
    }
    let _ = writeln!(
        out,
        "  Limits: {} ms for a call, {} MiB; on error: {}",
        options.time_ms,
        options.memory_mib,
        options.on_error_word()
    );
    for used in script.uses() {
        let suspended = if used.guard.suspended() { ", suspended" } else { "" };
        let rules = used.rules.get();
        let plural = if rules == 1 { "" } else { "s" };
        let _ = writeln!(out, "  Hook: {} calls {} from {rules} rule{plural}{suspended}", used.hook, used.function);
    }
    let _ = writeln!(
        out,
        "  Calls: {}, left out while suspended: {}; time p50 {}, p99 {}, max {}",
        stats.calls(),
        stats.skipped(),
        short(stats.quantile(0.5)),
        short(stats.quantile(0.99)),
        short(stats.max())
    );
    let kinds: Vec<String> = Kind::ALL
        .iter()
        .filter(|&&k| stats.errors(k) > 0)
        .map(|&k| format!("{} {}", k.name(), stats.errors(k)))
        .collect();
    let _ = writeln!(out, "  Errors: {}", if kinds.is_empty() { "none".to_owned() } else { kinds.join(", ") });
    if let Some(last) = stats.last() {
        let _ = writeln!(out, "  Last error: {}, {}: {}", ago(last.at), last.failure.kind.name(), last.failure.message);
    }
    if let Some(generation) = script.current() {
        crate::task::show::lines(script, generation.vm.context().tasks(), &mut out);
    }
    if let Some((evaluated, changed)) = script.reevaluated.get() {
        let _ = writeln!(out, "  Since the last reload: {evaluated} evaluations, {changed} routes changed");
    }
    if let Some(refused) = script.refused() {
        let _ = writeln!(out, "  Refused: {}", refused.message);
    }
    out
}

fn nanos(time: Option<Duration>) -> Value {
    time.map_or(Value::Null, |t| json!(u64::try_from(t.as_nanos()).unwrap_or(u64::MAX)))
}

/// Scripts by name.
#[must_use]
pub fn json(scripts: &[Rc<Script>]) -> String {
    let all: Map<String, Value> = scripts.iter().map(|s| (s.name.clone(), one(s))).collect();
    serde_json::to_string_pretty(&Value::Object(all)).unwrap_or_else(|_| "{}".to_owned()) + "\n"
}

fn modules(modules: &[Module]) -> Vec<Value> {
    let one = |m: &Module| json!({ "name": m.name, "file": m.path.display().to_string(), "hash": format!("{:016x}", m.hash) });
    modules.iter().map(one).collect()
}

fn one(script: &Script) -> Value {
    let options = script.options.borrow();
    let stats = &script.stats;
    let current = script.current();
    let errors: Map<String, Value> = Kind::ALL.iter().map(|&k| (k.name().to_owned(), json!(stats.errors(k)))).collect();
    let hooks: Vec<Value> = script
        .uses()
        .iter()
        .map(|u| {
            json!({
                "hook": u.hook,
                "function": u.function,
                "rules": u.rules.get(),
                "suspended": u.guard.suspended(),
            })
        })
        .collect();
    json!({
        "state": state(script),
        "configured": script.configured.get(),
        "generation": current.as_ref().map(|g| g.number),
        "file": current.as_ref().map(|g| g.path.display().to_string()),
        "hash": current.as_ref().map(|g| format!("{:016x}", g.hash)),
        "modules": current.as_ref().map(|g| modules(&g.modules)),
        "native": current.as_ref().and_then(|g| g.vm.context().modules().native()),
        "inServiceSince": current.as_ref().map(|g| unix(g.since)),
        "limitTimeMsecs": options.time_ms,
        "limitMemoryBytes": options.memory(),
        "onError": options.on_error_word(),
        "hooks": hooks,
        "work": current.as_ref().map(|g| crate::task::show::json(script, g.vm.context().tasks())),
        "calls": stats.calls(),
        "callsSuspended": stats.skipped(),
        "errors": errors,
        "timeNsecs": {
            "p50": nanos(stats.quantile(0.5)),
            "p99": nanos(stats.quantile(0.99)),
            "max": nanos(stats.max()),
        },
        "memoryBytes": current.as_ref().map(|g| g.vm.memory().0),
        "memoryPeakBytes": current.as_ref().map(|g| g.vm.memory().1),
        "lastError": stats.last().map(|l| json!({
            "kind": l.failure.kind.name(),
            "message": l.failure.message,
            "at": unix(l.at),
        })),
        "refused": script.refused().map(|f| f.message),
        "reevaluated": script.reevaluated.get().map(|(evaluated, changed)| json!({
            "evaluations": evaluated,
            "changed": changed,
        })),
    })
}

/// What `script reload` says of a script that was reloaded.
#[must_use]
pub fn reloaded(script: &Script) -> String {
    let generation = script.current().map_or(0, |g| g.number);
    match script.reevaluated.get() {
        Some((evaluated, changed)) => format!(
            "script {}: generation {generation} in service; {evaluated} evaluations, {changed} routes changed so far",
            script.name
        ),
        None => format!("script {}: generation {generation} in service", script.name),
    }
}
