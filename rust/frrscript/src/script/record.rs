// SPDX-License-Identifier: GPL-2.0-or-later
//! One script: its options, the generation in service, who uses it, and what it has done.

use super::generation::{self, Generation};
use super::guard::Guard;
use super::options::Options;
use super::source::Source;
use super::stats::Stats;
use crate::failure::{Failure, Kind};
use crate::ffi::{heap, own_events};
use crate::task::event;
use crate::task::queue::Queue;
use crate::task::turn::Current;
use crate::watchdog;
use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

/// Octets of a text from which on the compiler's memory is given back to the system at once.
const LARGE: usize = 64 * 1024;

/// A script by its name.
pub struct Script {
    /// Its name.
    pub name: String,
    /// `script load NAME` is in the configuration.
    pub configured: Cell<bool>,
    /// What the operator set.
    pub options: RefCell<Options>,
    /// What it has done.
    pub stats: Stats,
    /// What the last reload led to, as far as the daemon told.
    pub reevaluated: Cell<Option<(u64, u64)>>,
    current: RefCell<Option<Rc<Generation>>>,
    /// Changes whenever the generation does, so that users notice.
    serial: Cell<u64>,
    loads: Cell<u64>,
    /// Why there is no generation, or why the last reload was refused.
    refused: RefCell<Option<Failure>>,
    uses: RefCell<Vec<Rc<Use>>>,
    /// Events that wait for its handlers.
    pub queue: Queue,
    /// What it runs of them.
    pub running: Current,
}

/// One function of a script in one hook point; rules that call the same function share it.
pub struct Use {
    /// The hook point.
    pub hook: &'static str,
    /// The function.
    pub function: String,
    /// Rules that have it.
    pub rules: Cell<u32>,
    /// Its failures in a row.
    pub guard: Guard,
}

impl Script {
    /// A script that is not loaded.
    pub fn new(name: &str) -> Script {
        Script {
            name: name.to_owned(),
            configured: Cell::new(false),
            options: RefCell::default(),
            stats: Stats::default(),
            reevaluated: Cell::new(None),
            current: RefCell::new(None),
            serial: Cell::new(1),
            loads: Cell::new(0),
            refused: RefCell::new(None),
            uses: RefCell::default(),
            queue: Queue::default(),
            running: Current::default(),
        }
    }

    /// The generation in service.
    pub fn current(&self) -> Option<Rc<Generation>> {
        self.current.borrow().clone()
    }

    /// Changes with the generation.
    #[inline]
    pub fn serial(&self) -> u64 {
        self.serial.get()
    }

    /// Has its users look up their limits again.
    pub fn touch(&self) {
        self.serial.set(self.serial.get() + 1);
    }

    /// Why it is not loaded, or why the last reload was refused.
    pub fn refused(&self) -> Option<Failure> {
        self.refused.borrow().clone()
    }

    /// Loads the file into a new VM beside the one in service, and swaps when it loaded and every function in use is
    /// there. Otherwise the old one stays.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn load(self: &Rc<Self>, directory: &Path) -> Result<(), Failure> {
        let options = self.options.borrow().clone();
        // Rules are served whose functions are there; a reload must not take one away. One that was not there is no reason
        // to refuse it: zebra has the rules of route-maps that only bgpd runs, too.
        let had = self.current();
        let is_there = |function: &str| had.as_ref().is_some_and(|g| g.vm.functions().iter().any(|f| f == function));
        let needed: Vec<String> =
            self.uses.borrow().iter().map(|u| u.function.clone()).filter(|f| is_there(f)).collect();
        let number = self.loads.get() + 1;
        let mut large = false;
        let loaded = Source::read(directory, &self.name)
            .and_then(|source| self.not_emptied(had.is_some(), source))
            .inspect(|source| large = source.text.len() >= LARGE)
            .and_then(|source| source.compile(&self.name, &options))
            .and_then(|compiled| compiled.check(&needed, number));
        // What the compiler took is no VM's, and a text may be made to have it take much.
        if large {
            heap::give_back();
        }
        match loaded {
            Ok(generation) => {
                self.loads.set(number);
                let generation = Rc::new(generation);
                let tasks = Rc::clone(generation.vm.context().tasks());
                tasks.permit_configure(options.configure);
                tasks.permit_runtimes(&options.runtimes);
                let old = self.current.replace(Some(generation));
                if let Some(old) = &old {
                    self.running.end(old);
                }
                tasks.begin();
                crate::bus::began(&tasks);
                crate::runtime::began(&tasks);
                event::add(self);
                own_events::loaded(self, number);
                self.serial.set(self.serial.get() + 1);
                self.refused.replace(None);
                for used in self.uses.borrow().iter() {
                    used.guard.resume();
                }
                drop(old);
                Ok(())
            }
            Err(failure) => {
                self.refused.replace(Some(failure.clone()));
                Err(failure)
            }
        }
    }

    /// A file without text is a script without functions. In the place of one that had some, somebody truncated it.
    fn not_emptied(&self, reload: bool, source: Source) -> Result<Source, Failure> {
        if !reload || !source.text.trim().is_empty() {
            return Ok(source);
        }
        Err(Failure::new(
            Kind::Missing,
            format!(
                "script {}: {}: has no text: write it again, then 'script reload {}'; to end the script, 'no script load {}'",
                self.name,
                source.path.display(),
                self.name,
                self.name
            ),
        ))
    }

    /// Takes the generation out of service.
    pub fn unload(&self) {
        if let Some(old) = self.current.take() {
            self.serial.set(self.serial.get() + 1);
            self.running.end(&old);
            self.queue.clear();
            crate::bus::script_gone(&self.name);
        }
    }

    /// A rule begins to use a function.
    pub fn add_use(&self, hook: &'static str, function: &str) -> Rc<Use> {
        let mut uses = self.uses.borrow_mut();
        let found = uses.iter().find(|u| u.hook == hook && u.function == function);
        let used = found.cloned().unwrap_or_else(|| {
            let used =
                Rc::new(Use { hook, function: function.to_owned(), rules: Cell::new(0), guard: Guard::default() });
            uses.push(Rc::clone(&used));
            used
        });
        used.rules.set(used.rules.get() + 1);
        used
    }

    /// A rule uses a function no longer.
    pub fn drop_use(&self, used: &Rc<Use>) {
        used.rules.set(used.rules.get().saturating_sub(1));
        if used.rules.get() == 0 {
            self.uses.borrow_mut().retain(|u| !Rc::ptr_eq(u, used));
        }
    }

    /// Who uses it.
    pub fn uses(&self) -> Vec<Rc<Use>> {
        self.uses.borrow().clone()
    }

    /// Nobody knows it any more.
    pub fn forgotten(&self) -> bool {
        !self.configured.get() && self.uses.borrow().is_empty() && *self.options.borrow() == Options::default()
    }

    /// The function of a name in the generation in service.
    ///
    /// # Errors
    /// There is no generation, or it has no such function.
    pub fn find(&self, function: &str) -> Result<(Rc<Generation>, crate::ffi::vm::Function), Failure> {
        let Some(generation) = self.current() else {
            return Err(self
                .refused()
                .unwrap_or_else(|| Failure::new(Kind::Missing, format!("script {}: not loaded", self.name))));
        };
        match generation.vm.function(function) {
            Some(found) => Ok((generation, found)),
            None => {
                generation::require(&generation.vm, &self.name, function)?;
                Err(Failure::new(Kind::Missing, format!("script {}: {function} is not a Lua function", self.name)))
            }
        }
    }

    /// Sets all counters to zero.
    pub fn clear_counters(&self) {
        self.stats.clear();
        self.queue.clear_counts();
        if let Some(generation) = self.current() {
            generation.vm.context().tasks().clear_counts();
        }
    }

    /// Counts a failure, logs it when its time has come, and suspends the function when it was one too many.
    pub fn failed(&self, guard: Option<&Guard>, function: &str, failure: &Failure) {
        let kind = failure.kind.name();
        if let Some(untold) = self.stats.failed(failure) {
            let more = if untold > 0 { format!(" ({untold} more since the last such line)") } else { String::new() };
            log::error!("script {}: {function}: {kind}: {}{more}", self.name, failure.message);
        }
        let late = failure.kind == Kind::Deadline;
        let suspended = guard.and_then(|guard| match late && watchdog::held() {
            true => guard.held(),
            false => guard.failed(if late { self.options.borrow().time() } else { Duration::ZERO }),
        });
        if let Some(reason) = suspended {
            log::error!(
                "script {}: {function} suspended {reason}; mend it and 'script reload {}', or 'script resume {}'",
                self.name,
                self.name,
                self.name
            );
        }
    }
}
