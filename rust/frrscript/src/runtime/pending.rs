// SPDX-License-Identifier: GPL-2.0-or-later
//! Calls that are not answered: who waits for each, and until when.

use super::outcome::{Kind, Outcome};
use super::registry::Entry;
use crate::task::Tasks;
use runtime_host::calls::Handle;
use runtime_host::host::host as threads;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

/// What a call object of a script (`runtime:__start`) shares with its answer.
#[derive(Debug, Default)]
pub struct Started {
    handle: Cell<Option<Handle>>,
    outcome: RefCell<Option<Outcome>>,
    waiter: RefCell<Option<(Weak<Tasks>, u64)>>,
    taken: Cell<bool>,
    /// Whose account the outcome's octets are on.
    kept: RefCell<Option<(Weak<Tasks>, usize)>>,
}

/// Octets of answers that scripts have not asked for yet, of one script: they are outside of its memory limit.
const MOST_KEPT: usize = 64 * 1024 * 1024;

/// Who gets the answer.
#[derive(Debug)]
enum To {
    /// Nobody yet: the task that posted it still runs.
    Poster,
    /// A task that waits.
    Task(Weak<Tasks>, u64),
    /// A call object.
    Started(Rc<Started>),
}

struct Pending {
    handle: Handle,
    entry: Rc<Entry>,
    owner: Weak<Tasks>,
    to: To,
    began: Instant,
    deadline: Option<Instant>,
}

/// Handles are numbers that are given once: a multiplication spreads them.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for octet in octets {
            self.write_u64(u64::from(*octet));
        }
    }

    fn write_u64(&mut self, n: u64) {
        self.0 = (self.0 ^ n).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[derive(Default)]
struct All {
    calls: HashMap<Handle, Pending, BuildHasherDefault<Spread>>,
    deadlines: BTreeSet<(Instant, Handle)>,
    /// The last answers took so long, in the mean: nanoseconds.
    recent: u64,
}

thread_local! {
    static ALL: RefCell<All> = RefCell::default();
}

impl All {
    fn put(&mut self, pending: Pending) {
        if let Some(deadline) = pending.deadline {
            self.deadlines.insert((deadline, pending.handle));
        }
        self.calls.insert(pending.handle, pending);
    }

    fn take(&mut self, handle: Handle) -> Option<Pending> {
        let pending = self.calls.remove(&handle)?;
        if let Some(deadline) = pending.deadline {
            self.deadlines.remove(&(deadline, handle));
        }
        Some(pending)
    }
}

/// A call that was posted, for the task that is about to wait for it. Dropped without [`Ticket::wait`], it is cancelled.
#[derive(Debug)]
pub struct Ticket(Option<Handle>);

impl Ticket {
    /// The task waits.
    pub fn wait(mut self, tasks: &Rc<Tasks>, task: u64) {
        let Some(handle) = self.0.take() else { return };
        ALL.with_borrow_mut(|all| {
            if let Some(pending) = all.calls.get_mut(&handle) {
                pending.to = To::Task(Rc::downgrade(tasks), task);
            }
        });
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        if let Some(handle) = self.0.take() {
            let gone = ALL.with_borrow_mut(|all| all.take(handle));
            threads().calls.cancel(handle);
            drop(gone);
        }
    }
}

fn begin(
    entry: &Rc<Entry>,
    owner: &Rc<Tasks>,
    request: Option<&[u8]>,
    timeout: Option<Duration>,
    to: To,
) -> Result<Handle, Outcome> {
    entry.stats.call();
    // Another script may have had it loaded, or the permission may be gone.
    if !owner.permits_runtime(&entry.runtime.name) {
        let why = super::registry::not_permitted(&owner.script(), &entry.runtime.name);
        let outcome = Outcome::Failed(Kind::Dead, why);
        entry.stats.ended(&outcome, None);
        return Err(outcome);
    }
    match threads().post(&entry.runtime, request) {
        Ok(handle) => {
            let began = Instant::now();
            let deadline = timeout.map(|t| began + t);
            let owner = Rc::downgrade(owner);
            let pending = Pending { handle, entry: Rc::clone(entry), owner, to, began, deadline };
            ALL.with_borrow_mut(|all| all.put(pending));
            Ok(handle)
        }
        Err(refusal) => {
            let outcome = Outcome::from(refusal);
            entry.stats.ended(&outcome, None);
            Err(outcome)
        }
    }
}

/// Posts a request whose task will wait for the answer.
///
/// # Errors
/// It is not taken.
pub fn post(
    entry: &Rc<Entry>,
    owner: &Rc<Tasks>,
    request: Option<&[u8]>,
    timeout: Option<Duration>,
) -> Result<Ticket, Outcome> {
    begin(entry, owner, request, timeout, To::Poster).map(|handle| Ticket(Some(handle)))
}

/// Posts a request whose answer will be asked for later.
///
/// # Errors
/// It is not taken.
pub fn start(
    entry: &Rc<Entry>,
    owner: &Rc<Tasks>,
    request: Option<&[u8]>,
    timeout: Option<Duration>,
) -> Result<Rc<Started>, Outcome> {
    let started = Rc::new(Started::default());
    let handle = begin(entry, owner, request, timeout, To::Started(Rc::clone(&started)))?;
    started.handle.set(Some(handle));
    Ok(started)
}

impl Started {
    /// The answer, if it is there; it is given once.
    pub fn take(&self) -> Option<Outcome> {
        let outcome = self.outcome.take();
        self.let_go();
        self.taken.set(self.taken.get() || outcome.is_some());
        outcome
    }

    /// The answer has been given.
    pub fn is_taken(&self) -> bool {
        self.taken.get()
    }

    /// Whether the answer is there.
    pub fn is_done(&self) -> bool {
        self.taken.get() || self.outcome.borrow().is_some()
    }

    /// Whether a task waits for it already.
    pub fn is_awaited(&self) -> bool {
        self.waiter.borrow().as_ref().is_some_and(|(tasks, _)| tasks.strong_count() > 0)
    }

    /// A task waits for it.
    pub fn wait(&self, tasks: &Rc<Tasks>, task: u64) {
        if let Some(outcome) = self.take() {
            tasks.wake(task, outcome.values());
        } else {
            self.waiter.replace(Some((Rc::downgrade(tasks), task)));
        }
    }

    /// Takes the call back; false: it had ended.
    pub fn cancel(&self) -> bool {
        let Some(handle) = self.handle.take() else { return false };
        let why = "the script took it back".to_owned();
        let ended = end(handle, Outcome::Failed(Kind::Cancelled, why), Instant::now());
        threads().calls.cancel(handle);
        ended
    }

    /// The outcome is no longer kept.
    fn let_go(&self) {
        if let Some((owner, octets)) = self.kept.take()
            && let Some(owner) = owner.upgrade()
        {
            owner.answers.set(owner.answers.get() - octets);
        }
    }

    /// Keeps an outcome until it is asked for, if there is room for it.
    fn keep(&self, outcome: Outcome, owner: &Weak<Tasks>) {
        let octets = outcome.octets();
        let mut outcome = outcome;
        if octets > 0
            && let Some(tasks) = owner.upgrade()
        {
            let all = tasks.answers.get() + octets;
            if all > MOST_KEPT {
                let why = format!("the answers that this script has not waited for have more than {MOST_KEPT} octets");
                outcome = Outcome::Failed(Kind::Full, why);
            } else {
                tasks.answers.set(all);
                self.kept.replace(Some((Weak::clone(owner), octets)));
            }
        }
        self.outcome.replace(Some(outcome));
    }

    fn give(&self, outcome: Outcome, owner: &Weak<Tasks>) {
        self.handle.set(None);
        match self.waiter.take() {
            Some((tasks, task)) => {
                self.taken.set(true);
                if let Some(tasks) = tasks.upgrade() {
                    tasks.wake(task, outcome.values());
                }
            }
            None => self.keep(outcome, owner),
        }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.let_go();
        if let Some(handle) = self.handle.take() {
            threads().calls.cancel(handle);
        }
    }
}

/// A call has ended, or that was seen, at that time; false: nobody waited for it any more.
pub fn end(handle: Handle, outcome: Outcome, at: Instant) -> bool {
    let Some(pending) = ALL.with_borrow_mut(|all| all.take(handle)) else { return false };
    let took =
        matches!(outcome, Outcome::Good(_) | Outcome::Bad(..)).then(|| at.saturating_duration_since(pending.began));
    pending.entry.stats.ended(&outcome, took);
    if let Some(took) = took {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).min(1 << 40);
        ALL.with_borrow_mut(|all| all.recent = all.recent - all.recent / 8 + nanos / 8);
    }
    match pending.to {
        To::Poster => {}
        To::Task(tasks, task) => {
            if let Some(tasks) = tasks.upgrade() {
                tasks.wake(task, outcome.values());
            }
        }
        To::Started(started) => started.give(outcome, &pending.owner),
    }
    true
}

/// Ends calls whose time is over, at most so many.
pub fn expire(now: Instant, most: usize) {
    for _ in 0..most {
        let due = ALL.with_borrow(|all| all.deadlines.first().filter(|(at, _)| *at <= now).map(|(_, handle)| *handle));
        let Some(handle) = due else { return };
        let waited =
            ALL.with_borrow_mut(|all| all.calls.get_mut(&handle).map(|p| p.began.elapsed())).unwrap_or_default();
        // First, so that an answer that comes meanwhile finds it cancelled.
        threads().calls.cancel(handle);
        let why = format!("no answer in {:.3} s", waited.as_secs_f64());
        end(handle, Outcome::Failed(Kind::Timeout, why), now);
    }
}

/// When the next call's time is over.
#[must_use]
pub fn next_deadline() -> Option<Instant> {
    ALL.with_borrow(|all| all.deadlines.first().map(|(at, _)| *at))
}

/// Whether an answer is awaited, and the last ones took no longer than that.
#[must_use]
pub fn likely_within(time: Duration) -> bool {
    ALL.with_borrow(|all| !all.calls.is_empty() && u128::from(all.recent) <= time.as_nanos())
}

/// Calls of a runtime for which a script waits.
#[must_use]
pub fn count_of(entry: &Entry) -> usize {
    ALL.with_borrow(|all| all.calls.values().filter(|p| p.entry.id() == entry.id()).count())
}

/// A generation has gone: its calls are cancelled.
pub fn forget_tasks(tasks: &Tasks) {
    let gone: Vec<Pending> = ALL.with_borrow_mut(|all| {
        let mine = |p: &&Pending| std::ptr::eq(p.owner.as_ptr(), tasks);
        let handles: Vec<Handle> = all.calls.values().filter(mine).map(|p| p.handle).collect();
        handles.into_iter().filter_map(|handle| all.take(handle)).collect()
    });
    for pending in gone {
        threads().calls.cancel(pending.handle);
        let why = "the script was loaded again, or unloaded".to_owned();
        pending.entry.stats.ended(&Outcome::Failed(Kind::Cancelled, why), None);
    }
}

/// Forgets all calls.
pub fn clear() {
    let all = ALL.take();
    for pending in all.calls.values() {
        threads().calls.cancel(pending.handle);
    }
}
