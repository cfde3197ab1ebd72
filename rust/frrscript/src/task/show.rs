// SPDX-License-Identifier: GPL-2.0-or-later
//! What `show script NAME` says of events, timers and tasks.

use super::handler::Handler;
use super::{Tasks, queue};
use crate::script::record::Script;
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::{Duration, Instant};

fn state(handler: &Handler) -> &'static str {
    if handler.guard.suspended() { ", suspended" } else { "" }
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Lines for operators; nothing of a script that asked for nothing.
pub fn lines(script: &Script, tasks: &Tasks, out: &mut String) {
    for listener in tasks.listeners() {
        let handler = &listener.handler;
        let _ = writeln!(out, "  Event: {}: {} handled{}", handler.name, handler.started.get(), state(handler));
    }
    for handler in tasks.remembered() {
        let _ = writeln!(out, "  Topic: {}: {} handled{}", handler.name, handler.started.get(), state(&handler));
    }
    let (total, dropped, longest) = script.queue.counts();
    if tasks.listens() || total > 0 {
        let _ = writeln!(
            out,
            "  Event queue: {} of {} waiting, at most {longest}; {total} came, {dropped} dropped",
            script.queue.len(),
            queue::MOST
        );
    }
    let now = Instant::now();
    tasks.each_timer(|handler, _, at| {
        let _ = writeln!(
            out,
            "  Timer: {}: next in {}, {} started{}",
            handler.name,
            seconds(at.saturating_duration_since(now)),
            handler.started.get(),
            state(handler)
        );
    });
    tasks.each_task(|task| {
        let _ = writeln!(
            out,
            "  Task: {}: waits for {} since {}",
            task.handler.name,
            task.waits,
            seconds(task.since.elapsed())
        );
    });
    let (ready, dropped, late) = tasks.counts();
    if ready > 0 || dropped > 0 || late > 0 {
        let _ = writeln!(
            out,
            "  Task queue: {ready} waiting, {dropped} dropped; {late} timers came while the last was not done"
        );
    }
}

/// The same for programs.
pub fn json(script: &Script, tasks: &Tasks) -> Value {
    let (total, dropped, longest) = script.queue.counts();
    let (ready, dropped_starts, late) = tasks.counts();
    let now = Instant::now();
    let events: Vec<Value> = tasks
        .listeners()
        .iter()
        .map(|l| {
            json!({
                "event": l.event.name,
                "handler": l.handler.name,
                "handled": l.handler.started.get(),
                "suspended": l.handler.guard.suspended(),
            })
        })
        .collect();
    let topics: Vec<Value> = tasks
        .remembered()
        .iter()
        .map(|h| json!({"handler": h.name, "handled": h.started.get(), "suspended": h.guard.suspended()}))
        .collect();
    let mut timers = Vec::new();
    tasks.each_timer(|handler, every, at| {
        timers.push(json!({
            "handler": handler.name,
            "everyMsecs": every.map(|e| u64::try_from(e.as_millis()).unwrap_or(u64::MAX)),
            "nextInMsecs": u64::try_from(at.saturating_duration_since(now).as_millis()).unwrap_or(u64::MAX),
            "started": handler.started.get(),
            "suspended": handler.guard.suspended(),
        }));
    });
    let mut waiting = Vec::new();
    tasks.each_task(|task| {
        waiting.push(json!({
            "handler": task.handler.name,
            "waitsFor": task.waits,
            "sinceMsecs": u64::try_from(task.since.elapsed().as_millis()).unwrap_or(u64::MAX),
        }));
    });
    json!({
        "events": events,
        "topics": topics,
        "eventQueue": {
            "waiting": script.queue.len(),
            "limit": queue::MOST,
            "longest": longest,
            "total": total,
            "dropped": dropped,
        },
        "timers": timers,
        "tasks": waiting,
        "taskQueue": { "waiting": ready, "dropped": dropped_starts, "timersLate": late },
    })
}
