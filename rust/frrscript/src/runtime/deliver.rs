// SPDX-License-Identifier: GPL-2.0-or-later
//! Answers, in turns: taken from the threads' list all at once, handed to the tasks that wait, a bounded number at a time.

use super::outcome::{Kind, Outcome};
use super::registry::{self, Entry, Wanted};
use super::{pending, show};
use crate::lua::runtime::Loaded;
use crate::lua::value::Out;
use runtime_host::host::{Event, host as threads};
use runtime_host::runtime::State;
use runtime_host::spin;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Instant;

/// Answers that are handed out between two looks at the clock.
const BATCH: usize = 128;

/// Events for which the lists keep their memory.
const KEPT: usize = 4096;

/// A runtime that has answered within this is worth a look around: with one, its answers come much sooner.
const LIKELY: std::time::Duration = std::time::Duration::from_micros(100);

thread_local! {
    static TAKEN: RefCell<VecDeque<Event>> = const { RefCell::new(VecDeque::new()) };
    /// The daemon watches for answers.
    static WATCHED: Cell<bool> = const { Cell::new(false) };
}

/// From here on answers are looked for.
pub fn watched() {
    WATCHED.set(true);
}

/// A turn begins.
pub fn begin() {
    if WATCHED.get()
        && threads().answers.begin()
        && let Some(waker) = threads().waker()
    {
        waker.reset();
    }
}

/// Hands out what has come, some of it; and ends calls whose time is over.
pub fn collect(now: Instant) {
    if !WATCHED.get() {
        return;
    }
    TAKEN.with_borrow_mut(|taken| {
        if taken.is_empty() {
            // The list and the queue are the same memory: a flood is not copied.
            let mut list = Vec::from(std::mem::take(taken));
            if list.capacity() > KEPT {
                list = Vec::new();
            }
            threads().answers.take(&mut list);
            *taken = list.into();
        }
    });
    for _ in 0..BATCH {
        let Some(event) = TAKEN.with_borrow_mut(VecDeque::pop_front) else { break };
        match event {
            Event::Answer { call, rc: 0, body } => drop(pending::end(call, Outcome::Good(body), now)),
            Event::Answer { call, rc, body } => drop(pending::end(call, Outcome::Bad(rc, body), now)),
            Event::Lost { call, why } => drop(pending::end(call, Outcome::Failed(Kind::Dead, why), now)),
            Event::Changed(runtime) => registry::changed(&runtime),
            Event::Logged => show::log_lines(),
        }
    }
    pending::expire(now, BATCH);
    if registry::next_look().is_some_and(|at| at <= now) {
        registry::look();
    }
}

/// Whether answers are there that were not handed out.
pub fn has_more() -> bool {
    !TAKEN.with_borrow(VecDeque::is_empty) || threads().answers.looks_ready()
}

/// Looks out for an answer for a moment, if one is likely: the next turn would cost more. Whether one is there.
pub fn linger(until: Instant) -> bool {
    if !WATCHED.get() {
        return false;
    }
    let now = Instant::now();
    if has_more() {
        return now < until;
    }
    let until = until.min(now + spin::LONGEST);
    now < until && pending::likely_within(LIKELY) && spin::before(until, has_more)
}

/// A turn ends; true: there is more to hand out.
pub fn end() -> bool {
    WATCHED.get() && (!TAKEN.with_borrow(VecDeque::is_empty) || !threads().answers.end())
}

/// When a turn is wanted at the latest.
pub fn next() -> Option<Instant> {
    pending::next_deadline().into_iter().chain(registry::next_look()).min()
}

/// What a task gets that waited for a runtime's load or end.
pub fn waited(entry: &Rc<Entry>, what: Wanted) -> Vec<Out> {
    match (what, entry.runtime.state()) {
        (Wanted::Loaded(timeout), _) => Loaded::values(entry, timeout),
        (Wanted::Ended, State::Ended | State::Dead(_) | State::Failed(..)) => vec![Out::Bool(true)],
        (Wanted::Ended, _) => {
            vec![Out::Bool(false), Out::Text("its pollers have not been back for their next request".to_owned())]
        }
    }
}
