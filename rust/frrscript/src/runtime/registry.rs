// SPDX-License-Identifier: GPL-2.0-or-later
//! The runtimes of this daemon. They outlive scripts and their generations: the same library with the same configuration
//! is the same runtime, whoever asks.

use super::name;
use super::options::Options;
use super::stats::Stats;
use crate::ffi::host;
use crate::task::{Tasks, turn};
use runtime_host::ffi::signals;
use runtime_host::host::host as threads;
use runtime_host::load::{self, Load};
use runtime_host::process::Process;
use runtime_host::runtime::{Runtime, State};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::{Rc, Weak};
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Runtimes of a daemon.
const MOST: usize = 64;
/// The daemon's signals are held back for so long at most while a runtime is loaded.
const HOLD: Duration = Duration::from_secs(5);

/// When the daemon ends, its runtimes have so long to end by themselves.
const FAREWELL: Duration = Duration::from_millis(250);

/// A runtime, and what is known of it here.
pub struct Entry {
    /// Its queue and threads.
    pub runtime: Arc<Runtime>,
    /// What its init gets.
    pub cfg: Option<Vec<u8>>,
    /// What the script that came first said.
    pub options: Options,
    /// The library's file.
    pub path: PathBuf,
    /// What it is written in.
    pub language: Arc<OnceLock<String>>,
    /// Its counters.
    pub stats: Stats,
    /// Since when it is what it is.
    pub since: Cell<Instant>,
    /// The state that was told last.
    told: Cell<&'static str>,
    /// The scripts that have asked for it.
    pub scripts: RefCell<BTreeSet<String>>,
    /// It was asked for, but its script is not in service yet.
    begun: Cell<bool>,
}

impl Entry {
    fn is(&self, name: &str, cfg: Option<&[u8]>, process: bool) -> bool {
        let living = matches!(self.runtime.state(), State::Loading | State::Ready | State::Restarting(_));
        living && self.runtime.name == name && self.cfg.as_deref() == cfg && self.options.process == process
    }

    /// Its place among all that the process has had.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.runtime.id
    }

    /// Sets its counters to zero.
    pub fn clear_counters(&self) {
        self.stats.clear();
        self.runtime.late.store(0, Ordering::Relaxed);
    }

    /// Its load has begun.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.begun.get()
    }

    /// Has it loaded, if that was not done yet.
    fn begin(&self) {
        if self.begun.replace(true) {
            return;
        }
        let process = self.options.process.then(|| Process { runner: host::runner(), daemon: host::daemon() });
        if process.is_none() {
            hold_signals();
        } else {
            crate::ffi::exports::dicts::tell_runtimes();
        }
        let load = Load {
            path: self.path.clone(),
            cfg: self.cfg.clone(),
            global: self.options.global,
            unpin: self.options.unpin,
            process,
        };
        let language = Arc::clone(&self.language);
        let told = move |word: String| drop(language.set(word));
        host::watch_runtimes();
        load::start(&self.runtime, load, told);
    }

    /// It will not serve again.
    fn is_over(&self) -> bool {
        matches!(self.runtime.state(), State::Failed(..) | State::Ended | State::Dead(_))
    }

    /// Whether its load is over, well or not.
    #[must_use]
    pub fn is_loaded(&self) -> bool {
        self.runtime.state() != State::Loading
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("runtime", &self.runtime.name).finish_non_exhaustive()
    }
}

/// Who waits for a runtime to be loaded, or to have ended.
struct Waiting {
    entry: Rc<Entry>,
    tasks: Weak<Tasks>,
    task: u64,
    until: Instant,
    what: Wanted,
}

/// What a task waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// That the load is over; how long calls wait then.
    Loaded(Option<Duration>),
    /// That its pollers have been told to end.
    Ended,
}

/// For so long.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Registry {
    entries: Vec<Rc<Entry>>,
    waiting: Vec<Waiting>,
    /// Asked for by scripts that are not in service yet.
    early: Vec<(Weak<Tasks>, Rc<Entry>)>,
    held: Option<(signals::Mask, Instant)>,
}

thread_local! {
    static STATE: RefCell<Registry> = RefCell::default();
}

impl Registry {
    /// Whether a script need know of a runtime: what another one has asked for and may not load yet, with limits of its
    /// choice, is none of its business.
    fn is_for(&self, entry: &Rc<Entry>, tasks: &Rc<Tasks>) -> bool {
        let mine = |(owner, early): &(Weak<Tasks>, Rc<Entry>)| {
            Rc::ptr_eq(early, entry) && std::ptr::eq(owner.as_ptr(), Rc::as_ptr(tasks))
        };
        entry.begun.get() || self.early.iter().any(mine)
    }

    /// Forgets the entries that pass a test, and their runtimes.
    fn forget(&mut self, over: impl Fn(&Entry) -> bool) {
        self.entries.retain(|entry| {
            let over = over(entry);
            if over {
                threads().remove(&entry.runtime);
            }
            !over
        });
    }

    /// Forgets runtimes that only generations had asked for that are gone, and that are not begun.
    fn forget_unwanted(&mut self) {
        self.early.retain(|(owner, _)| owner.strong_count() > 0);
        let wanted: Vec<u32> = self.early.iter().map(|(_, entry)| entry.id()).collect();
        self.forget(|e| !e.begun.get() && !wanted.contains(&e.id()));
    }
}

/// Holds the daemon's signals back while a runtime may have taken them.
fn hold_signals() {
    STATE.with_borrow_mut(|s| {
        // Another load does not prolong it: a script that loads again and again would keep SIGTERM from the daemon for ever.
        s.held.get_or_insert_with(|| (signals::hold(), Instant::now()));
    });
}

/// Lets them come again when nothing is being loaded, or it takes too long.
fn release_signals() {
    let mask = STATE.with_borrow_mut(|s| {
        let here = |e: &Entry| e.begun.get() && !e.options.process;
        let loading = s.entries.iter().any(|e| here(e) && e.runtime.state() == State::Loading);
        let over = s.held.as_ref().is_some_and(|(_, since)| !loading || since.elapsed() >= HOLD);
        if over { s.held.take().map(|(mask, _)| mask) } else { None }
    });
    if let Some(mask) = mask {
        signals::restore_mask(mask);
    }
}

/// The runtime that a script asks for: one that is there, or a new one, which is loaded when the script is in service.
///
/// # Errors
/// The operator has not permitted it, there is no such library, or there are too many runtimes.
pub fn load(tasks: &Rc<Tasks>, lib: &str, cfg: Option<&[u8]>, options: &Options) -> Result<Rc<Entry>, String> {
    let name = name::plain(lib)?;
    // While the script is loaded its permissions may not have been read yet: the configuration is a list of lines in any order.
    if tasks.is_in_service() && !tasks.permits_runtime(&name) {
        return Err(not_permitted(&tasks.script(), &name));
    }
    let known = STATE.with_borrow(|s| {
        let usable = |e: &&Rc<Entry>| e.is(&name, cfg, options.process) && s.is_for(e, tasks);
        s.entries.iter().find(usable).cloned()
    });
    let entry = match known {
        Some(entry) => entry,
        None => add(tasks, &name, cfg, options)?,
    };
    entry.scripts.borrow_mut().insert(tasks.script());
    if tasks.is_in_service() {
        entry.begin();
    } else {
        STATE.with_borrow_mut(|s| s.early.push((Rc::downgrade(tasks), Rc::clone(&entry))));
    }
    Ok(entry)
}

fn add(tasks: &Rc<Tasks>, name: &str, cfg: Option<&[u8]>, options: &Options) -> Result<Rc<Entry>, String> {
    let path = name::file(&host::runtimedir(), name)?;
    STATE.with_borrow_mut(|s| {
        s.forget_unwanted();
        // What has failed or ended is shown until there is another one in its place, or no place.
        s.forget(|e| {
            let again = e.runtime.name == name && e.cfg.as_deref() == cfg && e.options.process == options.process;
            again && e.is_over()
        });
        let count = |s: &Registry| s.entries.iter().filter(|e| s.is_for(e, tasks)).count();
        if count(s) >= MOST
            && let Some(oldest) = s.entries.iter().find(|e| e.is_over()).map(|e| e.id())
        {
            s.forget(|e| e.id() == oldest);
        }
        if count(s) >= MOST {
            return Err(format!("this daemon has {MOST} runtimes already: end one with runtime:__unload()"));
        }
        let runtime = threads().add(name, options.limits.clone(), options.pollers);
        let entry = Rc::new(Entry {
            runtime,
            cfg: cfg.map(<[u8]>::to_vec),
            options: options.clone(),
            path,
            language: Arc::default(),
            stats: Stats::default(),
            since: Cell::new(Instant::now()),
            told: Cell::new(""),
            scripts: RefCell::default(),
            begun: Cell::new(false),
        });
        s.entries.push(Rc::clone(&entry));
        Ok(entry)
    })
}

/// What an operator has to write.
#[must_use]
pub fn not_permitted(script: &str, name: &str) -> String {
    format!("the operator has not permitted it: 'script {script} permit runtime {name}'")
}

/// A script has come into service, or has got another permission.
pub fn began(tasks: &Rc<Tasks>) {
    let mine: Vec<Rc<Entry>> = STATE.with_borrow_mut(|s| {
        s.early.retain(|(owner, _)| owner.strong_count() > 0);
        let (mine, others) = std::mem::take(&mut s.early).into_iter().partition(|(owner, entry)| {
            owner.as_ptr() == Rc::as_ptr(tasks) && tasks.permits_runtime(&entry.runtime.name)
        });
        s.early = others;
        let mine: Vec<(Weak<Tasks>, Rc<Entry>)> = mine;
        mine.into_iter().map(|(_, entry)| entry).collect()
    });
    for entry in mine {
        entry.begin();
    }
}

/// A generation is gone: a runtime that only it had asked for, and that is not begun, is forgotten.
pub fn forget_tasks(tasks: &Tasks) {
    STATE.with_borrow_mut(|s| {
        s.early.retain(|(owner, _)| !std::ptr::eq(owner.as_ptr(), tasks));
        s.waiting.retain(|w| !std::ptr::eq(w.tasks.as_ptr(), tasks));
        s.forget_unwanted();
    });
}

/// A task waits for a runtime.
pub fn wait(entry: &Rc<Entry>, tasks: &Rc<Tasks>, task: u64, what: Wanted) {
    let until = Instant::now() + PATIENCE;
    let waiting = Waiting { entry: Rc::clone(entry), tasks: Rc::downgrade(tasks), task, until, what };
    STATE.with_borrow_mut(|s| s.waiting.push(waiting));
    look();
}

/// Has a runtime end; whether there is something to wait for.
pub fn unload(entry: &Entry) -> bool {
    entry.runtime.finish();
    entry.since.set(Instant::now());
    turn::soon();
    entry.runtime.state() == State::Ending
}

/// A runtime's state is another one.
pub fn changed(runtime: &Arc<Runtime>) {
    let entry = STATE.with_borrow(|s| s.entries.iter().find(|e| Arc::ptr_eq(&e.runtime, runtime)).cloned());
    let state = runtime.state();
    if let Some(entry) = entry {
        // Several threads may tell of one change.
        let new = entry.told.replace(state.word()) != state.word();
        if new {
            entry.since.set(Instant::now());
        }
        match state {
            State::Ready if new => log::info!(
                "runtime {}: loaded from {}, {}",
                runtime.name,
                entry.path.display(),
                entry.language.get().map_or("native", String::as_str)
            ),
            State::Ended if new => log::info!("runtime {}: ended", runtime.name),
            _ => {}
        }
    }
    // Also when another one has taken its place already.
    load::unmap_later(runtime);
    look();
}

/// Wakes those who have waited long enough.
pub fn look() {
    release_signals();
    let now = Instant::now();
    let done: Vec<Waiting> = STATE.with_borrow_mut(|s| {
        let over = |w: &Waiting| match (w.what, w.entry.runtime.state()) {
            (Wanted::Loaded(_), state) => state != State::Loading,
            (Wanted::Ended, state) => matches!(state, State::Ended | State::Dead(_) | State::Failed(..)),
        };
        let (done, waiting) = std::mem::take(&mut s.waiting).into_iter().partition(|w| over(w) || w.until <= now);
        s.waiting = waiting;
        done
    });
    for waiting in done {
        if let Some(tasks) = waiting.tasks.upgrade() {
            tasks.wake(waiting.task, super::deliver::waited(&waiting.entry, waiting.what));
        }
    }
}

/// When [`look`] is to be called again at the latest.
#[must_use]
pub fn next_look() -> Option<Instant> {
    STATE.with_borrow(|s| {
        let held = s.held.as_ref().map(|(_, since)| *since + HOLD);
        s.waiting.iter().map(|w| w.until).chain(held).min()
    })
}

/// All of them.
#[must_use]
pub fn all() -> Vec<Rc<Entry>> {
    STATE.with_borrow(|s| s.entries.clone())
}

/// Asks all to end, gives those that can a moment for it, and forgets them.
pub fn clear() {
    let state = STATE.take();
    for entry in &state.entries {
        entry.runtime.finish();
    }
    let until = Instant::now() + FAREWELL;
    let ending = |entry: &Rc<Entry>| entry.runtime.state() == State::Ending;
    while state.entries.iter().any(ending) && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(2));
    }
    for entry in &state.entries {
        threads().remove(&entry.runtime);
    }
    if let Some((mask, _)) = state.held {
        signals::restore_mask(mask);
    }
}
