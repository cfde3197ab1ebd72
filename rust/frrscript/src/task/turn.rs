// SPDX-License-Identifier: GPL-2.0-or-later
//! The turn that the daemon's event loop gives to scripts: who runs, for how long, and when the next turn is wanted.

use super::handler::Handler;
use super::set::{Task, Tasks, Work};
use super::{Wait, event, queue, shell};
use crate::ffi::host;
use crate::ffi::record::Record;
use crate::ffi::thread::{Allowance, Slice, Thread};
use crate::ffi::vm::Vm;
use crate::runtime::registry::Wanted;
use crate::runtime::{self, deliver};
use crate::script::generation::Generation;
use crate::script::record::Script;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// All scripts together may run for so long in one turn; then the daemon's other events have theirs. With [`LEAST`] and what a
/// last piece takes it is below a millisecond, for as many answers of runtimes as may come.
pub const TURN: Duration = Duration::from_micros(700);
/// For so long when events come faster than that serves: more than [`BACKLOG`] wait. Still far below any hello.
pub const LONG_TURN: Duration = Duration::from_millis(10);
const BACKLOG: usize = queue::MOST / 16;
/// All handlers of `shutdown` together, so that scripts can't keep a daemon from ending.
const SHUTDOWN: Duration = Duration::from_secs(1);
/// The least that a task gets, so that each turn brings work forward.
const LEAST: Duration = Duration::from_micros(200);
/// Between two evaluations that a script asks for, at least; and four times as long as the daemon took for the last one.
const REEVALUATE: Duration = Duration::from_millis(250);
/// Events that are handled between two looks at what else is ready.
const EVENTS: u32 = 16;

thread_local! {
    /// The script that begins the next turn is another one than that which began the last.
    static ROUND: Cell<usize> = const { Cell::new(0) };
    /// A turn runs: what it leads to is seen at its end.
    static RUNNING: Cell<bool> = const { Cell::new(false) };
}

/// In place of a listener's: the generation of the event's listeners is out of service.
const OVER: usize = usize::MAX;

/// What a script runs just now, or has been cut in.
#[derive(Default)]
pub struct Current {
    cut: RefCell<Option<Cut>>,
    /// The event that is being handled; borrowed while a handler runs, whose views point into it.
    event: RefCell<Option<Record>>,
    /// The place of the listener whose turn is next, or [`OVER`].
    place: Cell<usize>,
    /// Coroutines that are done and may serve again.
    spare: RefCell<Option<Thread>>,
    /// The daemon is not asked to evaluate again before that.
    rests: Cell<Option<Instant>>,
}

/// A task that was cut. Its generation may be out of service by now: it ends at its next wait.
struct Cut {
    generation: Rc<Generation>,
    task: Task,
}

impl Current {
    fn is_cut(&self) -> bool {
        self.cut.borrow().is_some()
    }

    fn has_event(&self) -> bool {
        self.event.borrow().is_some()
    }

    /// A generation goes out of service: what is begun of it ends, what is left of the event is not for the next one.
    pub fn end(&self, generation: &Generation) {
        if let Some(thread) = self.spare.take() {
            generation.vm.give_back(&thread);
        }
        for task in generation.vm.context().tasks().end() {
            generation.vm.give_back(&task.thread);
        }
        self.place.set(OVER);
        self.tidy();
    }

    /// Lets go of an event that nobody handles any more, unless a handler that runs or was cut still looks at its record.
    fn tidy(&self) {
        if self.place.get() == OVER && !self.is_cut() {
            self.forget_event();
        }
    }

    fn forget_event(&self) {
        // Dropped when nothing is borrowed: the daemon's release() may be anything.
        let gone = self.event.try_borrow_mut().ok().and_then(|mut event| event.take());
        drop(gone);
    }

    /// The daemon ends, or the library: nothing goes on, and what the daemon held is given back.
    pub fn forget(&self) {
        if let Some(cut) = self.cut.take() {
            cut.generation.vm.give_back(&cut.task.thread);
        }
        self.place.set(OVER);
        self.tidy();
    }
}

/// The daemon ends: handlers of `shutdown` run, each for its time limit at most, and nothing after them.
pub fn shutdown(hook: &'static crate::schema::Hook, record: &Record) {
    let until = Instant::now() + SHUTDOWN;
    for script in event::scripts() {
        let Some(generation) = script.current() else { continue };
        let tasks = Rc::clone(generation.vm.context().tasks());
        script.queue.clear();
        let limit = script.options.borrow().time();
        for listener in tasks.listeners() {
            let left = until.saturating_duration_since(Instant::now());
            if !std::ptr::eq(listener.event, hook) || generation.vm.running() || left.is_zero() {
                continue;
            }
            let limit = limit.min(left);
            generation.vm.look_at_clock();
            let handler = &listener.handler;
            let mut thread = match generation.vm.thread() {
                Ok(thread) => thread,
                Err(failure) => {
                    script.failed(None, &handler.name, &failure);
                    continue;
                }
            };
            let allowance = Allowance { slice: Duration::ZERO, limit };
            if let Slice::Failed(failure) = generation.vm.start_event(&mut thread, handler.function, record, allowance)
            {
                script.failed(Some(&handler.guard), &handler.name, &failure);
            }
            generation.vm.give_back(&thread);
        }
        script.running.end(&generation);
        script.running.forget();
        event::remove(&script);
    }
}

/// Wants a turn as soon as other events had theirs.
pub fn soon() {
    if !RUNNING.get() {
        host::wake(0);
    }
}

/// A turn.
pub fn turn() {
    if RUNNING.replace(true) {
        return;
    }
    struct Running;
    impl Drop for Running {
        fn drop(&mut self) {
            RUNNING.set(false);
        }
    }
    let running = Running;
    let scripts = event::scripts();
    let mut commands = 1;
    let behind = scripts.iter().any(|s| s.queue.len() > BACKLOG);
    let until = Instant::now() + if behind { LONG_TURN } else { TURN };
    deliver::begin();
    loop {
        let mut now = Instant::now();
        deliver::collect(now);
        let first = ROUND.get();
        ROUND.set(first.wrapping_add(1));
        for n in 0..scripts.len() {
            let script = &scripts[(first + n) % scripts.len()];
            if n > 0 {
                now = Instant::now();
            }
            let left = until.saturating_duration_since(now);
            if n > 0 && left.is_zero() {
                // The next round begins with another one.
                break;
            }
            #[allow(clippy::cast_possible_truncation, reason = "a handful of scripts")]
            let share = (left / (scripts.len() - n) as u32).max(LEAST);
            run(script, now, now + share, &mut commands);
        }
        if !deliver::linger(until) {
            break;
        }
    }
    for script in &scripts {
        if !event::is_known(script) {
            // The daemon ended, or the library, inside of it.
            script.running.forget();
        }
        if script.current().is_none() && !script.running.is_cut() {
            event::remove(script);
        }
        reevaluate(script);
    }
    drop(running);
    let more = deliver::end();
    want(&scripts, more);
}

/// Has the daemon evaluate again what a script decides, if it asked for that: this may lead to what has it ask again.
fn reevaluate(script: &Script) {
    let began = Instant::now();
    let rests = script.running.rests.get().is_some_and(|until| began < until);
    if rests || !script.current().is_some_and(|g| g.vm.context().tasks().take_reevaluation()) {
        return;
    }
    host::changed(&script.name);
    let took = began.elapsed();
    script.running.rests.set(Some(Instant::now() + REEVALUATE.max(took * 4)));
}

/// Asks the host for the next turn.
fn want(scripts: &[Rc<Script>], more: bool) {
    let now = Instant::now();
    let mut next = deliver::next().map(|at| at.saturating_duration_since(now));
    if more {
        next = Some(Duration::ZERO);
    }
    for script in scripts {
        let Some(generation) = script.current() else {
            if script.running.is_cut() {
                next = Some(Duration::ZERO);
            }
            continue;
        };
        let tasks = generation.vm.context().tasks();
        let ready = tasks.has_ready()
            || script.running.is_cut()
            || script.running.has_event()
            || (!script.queue.is_empty() && tasks.has_room());
        let asked = if tasks.wants_reevaluation() { Some(script.running.rests.get().unwrap_or(now)) } else { None };
        let next_time = tasks.next_timer().into_iter().chain(asked).min();
        let wish = if ready { Some(Duration::ZERO) } else { next_time.map(|at| at.saturating_duration_since(now)) };
        next = match (next, wish) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
    if let Some(next) = next {
        // Rounded up: a turn that comes before its time would only ask for another.
        host::wake(u32::try_from(next.as_micros().div_ceil(1000)).unwrap_or(u32::MAX));
    }
}

/// Runs what a script has to do, from `now` until the time is over. `commands` of the daemon may be run.
fn run(script: &Rc<Script>, now: Instant, until: Instant, commands: &mut u32) {
    let running = &script.running;
    let busy = |generation: &Generation| generation.vm.running();
    if running.cut.borrow().as_ref().is_some_and(|cut| busy(&cut.generation))
        || script.current().is_some_and(|current| busy(&current))
    {
        // The daemon gives a turn from inside of a call of this script.
        return;
    }
    if let Some(cut) = running.cut.take() {
        let left = until.saturating_duration_since(Instant::now()).max(LEAST);
        go_on(script, cut, left);
        running.tidy();
    }
    let Some(generation) = script.current() else { return };
    let tasks = Rc::clone(generation.vm.context().tasks());
    tasks.expire(now);
    // One in a turn, of all scripts: FRR's commands take as long as they take.
    if *commands > 0
        && !running.is_cut()
        && let Some((id, command)) = tasks.next_command()
    {
        *commands -= 1;
        tasks.wake(id, command.run());
    }
    loop {
        // Events that nobody wants don't look themselves.
        generation.vm.look_at_clock();
        if !advance(script, &generation, &tasks, until) || generation.vm.now() >= until {
            break;
        }
        // A handler may have had the script loaded again.
        if tasks.ended() {
            break;
        }
    }
    generation.vm.unref(tasks.take_garbage());
}

/// One piece of ready work, then some events; false: there is nothing more to do now.
fn advance(script: &Rc<Script>, generation: &Rc<Generation>, tasks: &Rc<Tasks>, until: Instant) -> bool {
    if script.running.is_cut() {
        return false;
    }
    let mut did = false;
    match tasks.next_ready() {
        Some(Work::Start(handler, args)) => {
            did = true;
            start(script, generation, &handler, until, |vm, thread, allowance| {
                vm.start(thread, handler.function, args, allowance)
            });
        }
        Some(Work::Resume(id, results)) => {
            did = true;
            if let Some(mut task) = tasks.take(id) {
                let allowance = allowance(script, until, &generation.vm);
                let results = runtime::outcome::fit(results, generation.vm.room());
                let slice = generation.vm.resume(&mut task.thread, results, allowance);
                finish(script, generation, task, slice);
            }
        }
        None => {}
    }
    for _ in 0..EVENTS {
        if script.running.is_cut() || tasks.ended() || !tasks.has_room() || generation.vm.now() >= until {
            break;
        }
        if !next_event(script, generation, tasks, until) {
            break;
        }
        did = true;
    }
    did
}

/// Handles one event with one listener; false: none waits.
fn next_event(script: &Rc<Script>, generation: &Rc<Generation>, tasks: &Rc<Tasks>, until: Instant) -> bool {
    let running = &script.running;
    if !running.has_event() {
        let Some(record) = script.queue.pop() else { return false };
        running.event.replace(Some(record));
        running.place.set(0);
    }
    loop {
        let place = running.place.get();
        let event = running.event.borrow();
        let Some(record) = &*event else { return true };
        let Some(listener) = tasks.listener(place) else {
            drop(event);
            running.forget_event();
            return true;
        };
        let wanted = std::ptr::eq(listener.event, record.hook)
            && !listener.handler.guard.suspended()
            && listener.filter.wants(record);
        if wanted {
            let handler = Rc::clone(&listener.handler);
            start(script, generation, &handler, until, |vm, thread, allowance| {
                vm.start_event(thread, handler.function, record, allowance)
            });
        }
        drop(event);
        if running.place.get() == OVER {
            // The handler had its script loaded again, or ended.
            running.tidy();
            return true;
        }
        running.place.set(place + 1);
        if wanted {
            return true;
        }
    }
}

fn allowance(script: &Script, until: Instant, vm: &Vm) -> Allowance {
    let slice = until.saturating_duration_since(vm.now()).max(LEAST);
    Allowance { slice, limit: script.options.borrow().time() }
}

/// Starts a function in a coroutine.
fn start(
    script: &Rc<Script>,
    generation: &Rc<Generation>,
    handler: &Rc<Handler>,
    until: Instant,
    begin: impl FnOnce(&Vm, &mut Thread, Allowance) -> Slice,
) {
    if handler.guard.suspended() {
        script.stats.skip();
        return;
    }
    let timed = script.stats.call().then(Instant::now);
    handler.started.set(handler.started.get() + 1);
    handler.running.set(handler.running.get() + 1);
    let spare = script.running.spare.take();
    let mut thread = match spare.map_or_else(|| generation.vm.thread(), Ok) {
        Ok(thread) => thread,
        Err(failure) => {
            handler.running.set(handler.running.get().saturating_sub(1));
            script.failed(Some(&handler.guard), &handler.name, &failure);
            return;
        }
    };
    let slice = begin(&generation.vm, &mut thread, allowance(script, until, &generation.vm));
    if let Some(began) = timed {
        script.stats.took(began.elapsed());
    }
    let task = Task { thread, handler: Rc::clone(handler), waits: "", since: generation.vm.now() };
    finish(script, generation, task, slice);
}

/// A task that was cut goes on.
fn go_on(script: &Rc<Script>, mut cut: Cut, left: Duration) {
    cut.generation.vm.look_at_clock();
    let allowance = Allowance { slice: left, limit: script.options.borrow().time() };
    let slice = cut.generation.vm.go_on(&mut cut.task.thread, allowance);
    finish(script, &cut.generation, cut.task, slice);
}

/// What becomes of a task after a slice.
fn finish(script: &Rc<Script>, generation: &Rc<Generation>, mut task: Task, slice: Slice) {
    let tasks = generation.vm.context().tasks();
    let reusable = matches!(slice, Slice::Done | Slice::Failed(_));
    match slice {
        Slice::Cut => {
            script.running.cut.replace(Some(Cut { generation: Rc::clone(generation), task }));
            return;
        }
        Slice::Waits(wait) if !tasks.ended() => {
            task.since = generation.vm.now();
            match wait {
                Wait::Turn => {
                    task.waits = "its next turn";
                    let id = tasks.keep(task);
                    tasks.wake(id, Vec::new());
                }
                Wait::Sleep(time) => {
                    task.waits = "frr.sleep";
                    let id = tasks.keep(task);
                    tasks.wake_after(id, time);
                }
                Wait::Call(ticket) => {
                    task.waits = "a runtime";
                    let id = tasks.keep(task);
                    ticket.wait(tasks, id);
                }
                Wait::Started(call) => {
                    task.waits = "a runtime";
                    let id = tasks.keep(task);
                    call.wait(tasks, id);
                }
                Wait::Runtime(entry, what) => {
                    task.waits = match what {
                        Wanted::Loaded(_) => "frr.load_ffi",
                        Wanted::Ended => "runtime:__unload",
                    };
                    let id = tasks.keep(task);
                    runtime::registry::wait(&entry, tasks, id, what);
                }
                Wait::Shell(command) => {
                    task.waits = match command {
                        shell::Command::Show(_) => "frr.show",
                        shell::Command::Configure(_) => "frr.configure",
                    };
                    let id = tasks.keep(task);
                    tasks.command(id, command);
                }
            }
            return;
        }
        // Its generation is out of service: this is the wait at which it ends.
        Slice::Waits(_) => {}
        Slice::Done => task.handler.guard.succeeded(),
        Slice::Failed(failure) => script.failed(Some(&task.handler.guard), &task.handler.name, &failure),
    }
    task.handler.running.set(task.handler.running.get().saturating_sub(1));
    if reusable && task.thread.is_fit() && !tasks.ended() && script.running.spare.borrow().is_none() {
        script.running.spare.replace(Some(task.thread));
    } else {
        generation.vm.give_back(&task.thread);
    }
}
