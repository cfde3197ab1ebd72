// SPDX-License-Identifier: GPL-2.0-or-later
//! What the script of one VM has asked for: its listeners, timers and tasks.

use super::filter::Filter;
use super::handler::{Garbage, Handler};
use super::shell::Command;
use crate::ffi::thread::Thread;
use crate::lua::value::Out;
use crate::schema::Hook;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

/// Tasks that are not done, and starts that wait, of one script.
pub const MOST_TASKS: usize = 1000;
/// Listeners of one script.
pub const MOST_LISTENERS: usize = 100;
/// Timers of one script.
pub const MOST_TIMERS: usize = 1000;
/// Octets of the values that wait for their functions to be started, all together, outside of the script's memory limit.
const MOST_VALUES: usize = 4 * 1024 * 1024;
/// After so long a timer comes again that found too many tasks.
const AGAIN: Duration = Duration::from_millis(10);

const ENDED: &str = "this script was loaded again, and this is the old one";

/// A function that an event calls.
pub struct Listener {
    /// Its number in the set.
    pub id: u64,
    /// The event.
    pub event: &'static Hook,
    /// The function.
    pub handler: Rc<Handler>,
    /// Which of the events.
    pub filter: Filter,
}

/// A coroutine that is not done.
pub struct Task {
    /// The coroutine.
    pub thread: Thread,
    /// Whose it is.
    pub handler: Rc<Handler>,
    /// What it waits for, for operators.
    pub waits: &'static str,
    /// Since when.
    pub since: Instant,
}

/// What happens when a time has come.
pub enum Timer {
    /// A task has slept enough.
    Wake(u64),
    /// A function is started, and again after that time.
    Start(Rc<Handler>, Option<Duration>),
}

/// What may run now.
pub enum Work {
    /// A function is started with values.
    Start(Rc<Handler>, Vec<Out>),
    /// A task goes on with what it waited for.
    Resume(u64, Vec<Out>),
}

/// Octets that values take, about.
fn size_of_all(values: &[Out]) -> usize {
    values.iter().map(size_of_value).sum()
}

fn size_of_value(value: &Out) -> usize {
    size_of::<Out>()
        + match value {
            Out::Text(text) => text.len(),
            Out::Octets(octets) => octets.len(),
            Out::List(items) => size_of_all(items),
            Out::Map(entries) => entries.iter().map(|(k, v)| size_of_value(k) + size_of_value(v)).sum(),
            _ => 0,
        }
}

/// A VM's set.
#[derive(Default)]
pub struct Tasks {
    listeners: RefCell<Vec<Rc<Listener>>>,
    timers: RefCell<BTreeMap<(Instant, u64), Timer>>,
    tasks: RefCell<BTreeMap<u64, Task>>,
    ready: RefCell<VecDeque<Work>>,
    commands: RefCell<VecDeque<(u64, Command)>>,
    garbage: Garbage,
    /// The script's name.
    script: RefCell<String>,
    /// Functions that are held elsewhere, by the bus.
    elsewhere: RefCell<Vec<Weak<Handler>>>,
    last: Cell<u64>,
    in_service: Cell<bool>,
    ended: Cell<bool>,
    reevaluate: Cell<bool>,
    /// The operator lets the script configure its daemon.
    configure: Cell<bool>,
    /// The runtimes that the operator lets the script load.
    runtimes: RefCell<BTreeSet<String>>,
    /// Octets of the values of starts that wait.
    values: Cell<usize>,
    /// Octets of runtimes' answers that were not asked for yet.
    pub answers: Cell<usize>,
    /// Starts that did not fit.
    dropped: Cell<u64>,
    /// Times that a timer came while its function's last task was not done.
    late: Cell<u64>,
}

impl Tasks {
    /// A number that nothing else of the set has.
    fn number(&self) -> u64 {
        self.last.set(self.last.get() + 1);
        self.last.get()
    }

    /// The script's name.
    pub fn script(&self) -> String {
        self.script.borrow().clone()
    }

    /// Sets it, before anything of the script runs.
    pub fn set_script(&self, name: &str) {
        self.script.replace(name.to_owned());
    }

    /// Remembers a function that something else holds, so that it can be resumed.
    pub fn remember(&self, handler: &Rc<Handler>) {
        let mut elsewhere = self.elsewhere.borrow_mut();
        elsewhere.retain(|h| h.strong_count() > 0);
        elsewhere.push(Rc::downgrade(handler));
    }

    /// The functions that are held elsewhere.
    pub fn remembered(&self) -> Vec<Rc<Handler>> {
        self.elsewhere.borrow().iter().filter_map(Weak::upgrade).collect()
    }

    /// Whether the generation is in service.
    pub fn is_in_service(&self) -> bool {
        self.in_service.get()
    }

    /// Where references go that are no longer needed.
    pub fn garbage(&self) -> &Garbage {
        &self.garbage
    }

    /// Takes the references that are no longer needed.
    pub fn take_garbage(&self) -> Vec<i32> {
        std::mem::take(&mut *self.garbage.borrow_mut())
    }

    /// Adds a listener: its number.
    ///
    /// # Errors
    /// There are too many.
    pub fn listen(&self, event: &'static Hook, handler: Rc<Handler>, filter: Filter) -> Result<u64, String> {
        if self.ended.get() {
            return Err(ENDED.to_owned());
        }
        if self.listeners.borrow().len() >= MOST_LISTENERS {
            return Err(format!("this script has {MOST_LISTENERS} listeners already"));
        }
        let id = self.number();
        self.listeners.borrow_mut().push(Rc::new(Listener { id, event, handler, filter }));
        if self.in_service.get() {
            event.listen(true);
        }
        Ok(id)
    }

    /// Adds a timer: its number.
    ///
    /// # Errors
    /// There are too many.
    pub fn at(&self, after: Duration, timer: Timer) -> Result<u64, String> {
        if self.ended.get() {
            return Err(ENDED.to_owned());
        }
        if self.timers.borrow().len() >= MOST_TIMERS {
            return Err(format!("this script has {MOST_TIMERS} timers already"));
        }
        let id = self.number();
        self.timers.borrow_mut().insert((Instant::now() + after, id), timer);
        Ok(id)
    }

    /// Has a function started with values in the next turn; false: too much waits, and it is counted as dropped.
    pub fn post(&self, handler: Rc<Handler>, args: Vec<Out>) -> bool {
        let values = self.values.get() + size_of_all(&args);
        if self.ended.get() || self.is_full() || values > MOST_VALUES {
            self.dropped.set(self.dropped.get() + 1);
            return false;
        }
        self.values.set(values);
        self.ready.borrow_mut().push_back(Work::Start(handler, args));
        true
    }

    /// Takes a listener or timer away; whether there was one.
    pub fn cancel(&self, id: u64) -> bool {
        let at = self.listeners.borrow().iter().position(|l| l.id == id);
        if let Some(at) = at {
            let gone = self.listeners.borrow_mut().remove(at);
            if self.in_service.get() {
                gone.event.listen(false);
            }
            return true;
        }
        let key = self.timers.borrow().keys().find(|k| k.1 == id).copied();
        let gone = key.and_then(|key| self.timers.borrow_mut().remove(&key));
        gone.is_some()
    }

    /// The listener of that place in the order in which they were made.
    pub fn listener(&self, place: usize) -> Option<Rc<Listener>> {
        self.listeners.borrow().get(place).cloned()
    }

    /// All listeners.
    pub fn listeners(&self) -> Vec<Rc<Listener>> {
        self.listeners.borrow().clone()
    }

    /// Whether a listener of the event passes the test. Allocates nothing.
    pub fn any_listener(&self, event: &Hook, mut test: impl FnMut(&Listener) -> bool) -> bool {
        self.listeners.borrow().iter().any(|l| std::ptr::eq(l.event, event) && !l.handler.guard.suspended() && test(l))
    }

    /// Whether anything listens.
    pub fn listens(&self) -> bool {
        !self.listeners.borrow().is_empty()
    }

    /// The generation comes into service: events reach it from now on.
    pub fn begin(&self) {
        if !self.in_service.replace(true) {
            self.listeners.borrow().iter().for_each(|l| l.event.listen(true));
        }
    }

    /// The generation goes out of service: nothing of it starts any more, and what waits is forgotten.
    pub fn end(&self) -> Vec<Task> {
        self.ended.set(true);
        crate::runtime::ended(self);
        if self.in_service.replace(false) {
            self.listeners.borrow().iter().for_each(|l| l.event.listen(false));
        }
        let listeners = self.listeners.take();
        let timers = self.timers.take();
        let ready = self.ready.take();
        self.commands.take();
        drop((listeners, timers, ready));
        std::mem::take(&mut *self.tasks.borrow_mut()).into_values().collect()
    }

    /// Whether the generation is out of service.
    pub fn ended(&self) -> bool {
        self.ended.get()
    }

    /// Keeps a task that waits: its number.
    pub fn keep(&self, task: Task) -> u64 {
        let id = self.number();
        self.tasks.borrow_mut().insert(id, task);
        id
    }

    /// Takes a task that goes on.
    pub fn take(&self, id: u64) -> Option<Task> {
        self.tasks.borrow_mut().remove(&id)
    }

    /// No room for another task or start.
    fn is_full(&self) -> bool {
        self.ready.borrow().len() + self.tasks.borrow().len() >= MOST_TASKS
    }

    /// Room for another task that waits.
    pub fn has_room(&self) -> bool {
        self.tasks.borrow().len() < MOST_TASKS
    }

    /// Has a task go on.
    pub fn wake(&self, id: u64, results: Vec<Out>) {
        self.ready.borrow_mut().push_back(Work::Resume(id, results));
    }

    /// Wakes a task after a time.
    pub fn wake_after(&self, id: u64, after: Duration) {
        let key = (Instant::now() + after, self.number());
        self.timers.borrow_mut().insert(key, Timer::Wake(id));
    }

    /// Queues a command of a task.
    pub fn command(&self, id: u64, command: Command) {
        self.commands.borrow_mut().push_back((id, command));
    }

    /// The next command.
    pub fn next_command(&self) -> Option<(u64, Command)> {
        self.commands.borrow_mut().pop_front()
    }

    /// Moves what is due to what is ready.
    pub fn expire(&self, now: Instant) {
        loop {
            let key = match self.timers.borrow().first_key_value() {
                Some((key, _)) if key.0 <= now => *key,
                _ => return,
            };
            let timer = self.timers.borrow_mut().remove(&key);
            match timer {
                Some(Timer::Wake(id)) => self.wake(id, Vec::new()),
                Some(Timer::Start(handler, Some(every))) => {
                    if handler.running.get() > 0 || handler.due.get() || self.is_full() {
                        self.late.set(self.late.get() + 1);
                    } else {
                        handler.due.set(true);
                        self.ready.borrow_mut().push_back(Work::Start(Rc::clone(&handler), Vec::new()));
                    }
                    // Not one after the other, when the daemon was busy for long.
                    let next = Some(key.0 + every).filter(|next| *next > now).unwrap_or(now + every);
                    self.timers.borrow_mut().insert((next, key.1), Timer::Start(handler, Some(every)));
                }
                Some(Timer::Start(handler, None)) => {
                    if self.is_full() {
                        self.timers.borrow_mut().insert((now + AGAIN, key.1), Timer::Start(handler, None));
                    } else {
                        self.ready.borrow_mut().push_back(Work::Start(handler, Vec::new()));
                    }
                }
                None => return,
            }
        }
    }

    /// What is ready first.
    pub fn next_ready(&self) -> Option<Work> {
        let work = self.ready.borrow_mut().pop_front();
        if let Some(Work::Start(handler, args)) = &work {
            handler.due.set(false);
            self.values.set(self.values.get().saturating_sub(size_of_all(args)));
        }
        work
    }

    /// Whether something may run now.
    pub fn has_ready(&self) -> bool {
        !self.ready.borrow().is_empty() || !self.commands.borrow().is_empty()
    }

    /// When the next timer is due.
    pub fn next_timer(&self) -> Option<Instant> {
        self.timers.borrow().first_key_value().map(|(key, _)| key.0)
    }

    /// Whether the operator lets the script configure its daemon.
    pub fn permits_configure(&self) -> bool {
        self.configure.get()
    }

    /// Notes that the operator does, or not.
    pub fn permit_configure(&self, on: bool) {
        self.configure.set(on);
    }

    /// Whether the operator lets the script load that runtime.
    pub fn permits_runtime(&self, name: &str) -> bool {
        self.runtimes.borrow().contains(name)
    }

    /// Notes which ones.
    pub fn permit_runtimes(&self, names: &BTreeSet<String>) {
        self.runtimes.replace(names.clone());
    }

    /// Asks for the daemon to evaluate again what the script decides.
    pub fn ask_reevaluation(&self) {
        self.reevaluate.set(true);
    }

    /// Whether that was asked.
    pub fn wants_reevaluation(&self) -> bool {
        self.reevaluate.get()
    }

    /// Likewise, and it is done now.
    pub fn take_reevaluation(&self) -> bool {
        self.reevaluate.replace(false)
    }

    /// Goes over the timers that start functions: the function, how often, and when next.
    pub fn each_timer(&self, mut f: impl FnMut(&Handler, Option<Duration>, Instant)) {
        for (key, timer) in &*self.timers.borrow() {
            if let Timer::Start(handler, every) = timer {
                f(handler, *every, key.0);
            }
        }
    }

    /// Goes over the tasks that wait.
    pub fn each_task(&self, f: impl FnMut(&Task)) {
        self.tasks.borrow().values().for_each(f);
    }

    /// Starts that wait, starts that were dropped, and timers that came while their last task was not done.
    pub fn counts(&self) -> (usize, u64, u64) {
        (self.ready.borrow().len(), self.dropped.get(), self.late.get())
    }

    /// Sets the counters to zero.
    pub fn clear_counts(&self) {
        self.dropped.set(0);
        self.late.set(0);
    }

    /// Functions that were suspended are called again; their names.
    pub fn resume(&self) -> Vec<String> {
        let mut handlers: Vec<Rc<Handler>> = self.listeners.borrow().iter().map(|l| Rc::clone(&l.handler)).collect();
        for timer in self.timers.borrow().values() {
            if let Timer::Start(handler, _) = timer {
                handlers.push(Rc::clone(handler));
            }
        }
        handlers.extend(self.remembered());
        handlers.iter().filter(|h| h.guard.resume()).map(|h| h.name.clone()).collect()
    }
}
