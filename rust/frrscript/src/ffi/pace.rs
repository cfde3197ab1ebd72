// SPDX-License-Identifier: GPL-2.0-or-later
//! How long a task may run: a slice at a time, and its time limit from one wait to the next.

use super::deadline;
use super::engine::lua_State;
use crate::watchdog;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// The pace of the task that runs in a VM, if one does.
#[derive(Default)]
pub struct Pace {
    running: Cell<Option<Running>>,
    /// The task was cut, when it had used so much in this slice.
    cut: Cell<Option<Duration>>,
    /// The last look at the clock: a handler of an event may be as short as one.
    now: Cell<Option<Instant>>,
    /// The task has objects that may be gone after a cut.
    whole: Cell<bool>,
}

#[derive(Clone, Copy)]
struct Running {
    thread: *mut lua_State,
    began: Instant,
    /// CPU time when it began, of a task that was cut before: the watchdog, which looks now and then, would miss a part of each slice.
    cpu: Option<Duration>,
    used: Duration,
    limit: Duration,
}

impl Running {
    /// CPU time since it began, if that is known.
    fn cpu(&self) -> Duration {
        let passed = |began| deadline::cpu_time().map_or(Duration::ZERO, |now| now.saturating_sub(began));
        self.cpu.map_or(Duration::ZERO, passed)
    }
}

/// What the interrupt is to do.
pub enum Next {
    /// No task runs: the watchdog's word counts.
    NoTask,
    /// The task is past its limit.
    Stop,
    /// Its slice is over, and it can be cut here.
    Cut,
    /// Its slice is over, but it is inside something that can't be left: it goes on until the next look.
    GoOn,
}

impl Pace {
    /// Looks at the clock.
    pub fn look_at_clock(&self) -> Instant {
        let now = Instant::now();
        self.now.set(Some(now));
        now
    }

    /// When the clock was looked at last: before the first task of a turn, and after each one.
    pub fn now(&self) -> Instant {
        self.now.get().unwrap_or_else(|| self.look_at_clock())
    }

    /// A task begins a slice, after it has `used` so much of its `limit`.
    pub fn begin(&self, thread: *mut lua_State, used: Duration, limit: Duration) {
        self.cut.set(None);
        self.whole.set(false);
        let cpu = if used.is_zero() { None } else { deadline::cpu_time() };
        self.running.set(Some(Running { thread, began: self.now(), cpu, used, limit }));
    }

    /// The slice has ended: how much is used now, and whether the task was cut. One that was not is short, so the clock is as good
    /// as the CPU time, which takes a system call.
    pub fn end(&self) -> (Duration, bool) {
        let now = self.look_at_clock();
        let cut = self.cut.take();
        let slice = |r: &Running| match cut {
            Some(used) => used.max(r.cpu()),
            None => now.saturating_duration_since(r.began),
        };
        let used = self.running.take().map_or(Duration::ZERO, |r| r.used + slice(&r));
        (used, cut.is_some())
    }

    /// The task is not cut any more until its next wait: it got objects that nothing keeps when the daemon goes on.
    pub fn keep_whole(&self) {
        self.whole.set(true);
    }

    /// Whether `thread` is the running task itself, so that it may wait.
    pub fn is_task(&self, thread: *mut lua_State) -> bool {
        self.running.get().is_some_and(|r| r.thread == thread)
    }

    /// The running task's limit.
    pub fn limit(&self) -> Option<Duration> {
        self.running.get().map(|r| r.limit)
    }

    /// The interrupt was called in `thread`, where a yield is possible or not. A coroutine of the script's own is never
    /// cut: its yield would go to the script.
    pub fn look(&self, thread: *mut lua_State, yieldable: bool) -> Next {
        let Some(running) = self.running.get() else { return Next::NoTask };
        let slice = watchdog::used().max(running.cpu());
        if running.used + slice >= running.limit {
            return Next::Stop;
        }
        if !yieldable || thread != running.thread || self.whole.get() {
            return Next::GoOn;
        }
        self.cut.set(Some(slice));
        Next::Cut
    }
}
