// SPDX-License-Identifier: GPL-2.0-or-later
//! All of it, once in a process.

use crate::answers::Answers;
use crate::calls::{Calls, Handle};
use crate::ffi::octets::Octets;
use crate::ffi::waker::Waker;
use crate::log::Lines;
use crate::runtime::{Limits, Refusal, Runtime, State};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock, PoisonError, RwLock};

/// Marks the handle of a runtime, which it polls with.
const MARK: u64 = 0b110 << 60;

/// Handles of cancelled calls that a queue may hold, besides as many as there are requests in it.
const STALE: usize = 1024;

/// What the main thread hears.
#[derive(Debug)]
pub enum Event {
    /// A runtime has answered.
    Answer {
        /// Which call.
        call: Handle,
        /// 0 is good.
        rc: i32,
        /// The body.
        body: Option<Octets>,
    },
    /// A call will get no answer.
    Lost {
        /// Which call.
        call: Handle,
        /// Why.
        why: String,
    },
    /// A runtime's state is another one.
    Changed(Arc<Runtime>),
    /// There are lines for the log.
    Logged,
}

/// The process's runtimes, calls and answers.
#[derive(Debug, Default)]
pub struct Host {
    /// The calls.
    pub calls: Calls,
    /// The way back.
    pub answers: Answers<Event>,
    /// Lines for the log.
    pub lines: Lines,
    /// Answers to calls that there are not: late, double or made up.
    pub stray: AtomicU64,
    waker: LazyLock<Option<Waker>>,
    sink: OnceLock<fn(Event)>,
    runtimes: RwLock<BTreeMap<u32, Arc<Runtime>>>,
    last: AtomicU32,
}

static HOST: LazyLock<Host> = LazyLock::new(|| Host { waker: LazyLock::new(|| Waker::new().ok()), ..Host::default() });

/// The process's.
#[must_use]
pub fn host() -> &'static Host {
    &HOST
}

impl Host {
    /// What the main thread's event loop watches; `None`: no descriptor was left.
    #[must_use]
    pub fn waker(&self) -> Option<&Waker> {
        self.waker.as_ref()
    }

    /// Has a function told of everything, on the thread where it happens, in place of the main thread: this process is that
    /// of a runtime. Answers that nobody waits for are told, too.
    pub fn set_sink(&self, sink: fn(Event)) {
        let _ = self.sink.set(sink);
    }

    /// Tells the main thread.
    pub fn tell(&self, event: Event) {
        if let Some(sink) = self.sink.get() {
            return sink(event);
        }
        if self.answers.put(event)
            && let Some(waker) = self.waker()
        {
            waker.wake();
        }
    }

    /// Logs for a runtime; any thread.
    pub fn log(&self, runtime: Option<&str>, priority: i32, text: &str) {
        if self.lines.put(runtime, priority, text) {
            self.tell(Event::Logged);
        }
    }

    /// Adds a runtime.
    pub fn add(&self, name: &str, limits: Limits, pollers: usize) -> Arc<Runtime> {
        let id = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        let runtime = Arc::new(Runtime::new(id, name, limits, pollers));
        let mut all = self.runtimes.write().unwrap_or_else(PoisonError::into_inner);
        all.insert(id, Arc::clone(&runtime));
        runtime
    }

    /// The runtime that polls with this handle.
    pub fn find(&self, handle: u64) -> Option<Arc<Runtime>> {
        if handle >> 60 != MARK >> 60 {
            return None;
        }
        let id = u32::try_from(handle & 0xffff_ffff).ok()?;
        self.runtimes.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// What a runtime polls with.
    #[must_use]
    pub fn handle_of(runtime: &Runtime) -> u64 {
        MARK | u64::from(runtime.id)
    }

    /// Posts a request.
    ///
    /// # Errors
    /// Why the runtime does not take it.
    pub fn post(&self, runtime: &Arc<Runtime>, request: Option<&[u8]>) -> Result<Handle, Refusal> {
        let octets = request.map_or(0, <[u8]>::len);
        if i32::try_from(octets).is_err() {
            return Err(Refusal::Full("a request has less than 2 GiB".to_owned()));
        }
        runtime.admit(octets)?;
        let copy = match request.map(Octets::copy) {
            Some(None) => {
                runtime.refuse(octets);
                return Err(Refusal::Full("there is no memory for the request".to_owned()));
            }
            copy => copy.flatten(),
        };
        self.put(runtime, copy)
    }

    /// Posts a request that came from another process, which has admitted it.
    ///
    /// # Errors
    /// Why the runtime does not take it.
    pub fn forward(&self, runtime: &Arc<Runtime>, request: Option<Octets>) -> Result<Handle, Refusal> {
        runtime.admit(request.as_ref().map_or(0, |r| r.len()))?;
        self.put(runtime, request)
    }

    /// Queues a request that is admitted.
    fn put(&self, runtime: &Arc<Runtime>, request: Option<Octets>) -> Result<Handle, Refusal> {
        let octets = request.as_ref().map_or(0, |r| r.len());
        let Some(handle) = self.calls.add(runtime, request) else {
            runtime.refuse(octets);
            let many = format!("{} calls of all runtimes are not answered", crate::calls::MOST);
            return Err(Refusal::Full(many));
        };
        // What was cancelled leaves its handle in the queue until a poller comes, and there may be none for long.
        if runtime.queue.looks_long() > 2 * runtime.queued.load(Ordering::Relaxed) + STALE {
            runtime.queue.retain(|handle| self.calls.is_there(*handle));
        }
        if runtime.queue.put(handle).is_err() {
            // A runtime that dies just now may have taken it away already, and have given back what it took.
            self.calls.cancel(handle);
            return Err(Refusal::Finished);
        }
        Ok(handle)
    }

    /// A runtime answers; any thread.
    pub fn respond(&self, handle: Handle, rc: i32, body: Option<Octets>) {
        match self.calls.answered(handle) {
            Some(call) if call.cancelled && self.sink.get().is_none() => {
                call.runtime.late.fetch_add(1, Ordering::Relaxed);
            }
            Some(_) => self.tell(Event::Answer { call: handle, rc, body }),
            None => {
                if self.stray.fetch_add(1, Ordering::Relaxed) == 0 {
                    self.log(None, 4, "a runtime has answered a call that is answered already, or is none");
                }
            }
        }
    }

    /// Those who wait for this runtime hear that there will be no answer.
    pub fn lose(&self, runtime: &Arc<Runtime>, why: &str) {
        for call in self.calls.of_runtime(runtime) {
            self.calls.cancel(call);
            self.tell(Event::Lost { call, why: why.to_owned() });
        }
    }

    /// The process of a runtime has gone: those who wait for what it held or, with `all`, for anything of it hear so. How
    /// many they are.
    pub fn abandon(&self, runtime: &Arc<Runtime>, all: bool, why: &str) -> usize {
        let calls = self.calls.abandon(runtime, all);
        for call in &calls {
            self.tell(Event::Lost { call: *call, why: why.to_owned() });
        }
        calls.len()
    }

    /// The last poller of a runtime has gone, or it has died otherwise.
    pub fn gone(&self, runtime: &Arc<Runtime>) {
        if let State::Dead(why) = runtime.state() {
            runtime.queue.finish();
            self.lose(runtime, &why);
            self.log(Some(&runtime.name), 3, &format!("dead: {why}; its calls have failed"));
        }
        self.tell(Event::Changed(Arc::clone(runtime)));
    }

    /// A runtime that has ended is forgotten: who polls with its handle is told to end.
    pub fn remove(&self, runtime: &Runtime) {
        self.runtimes.write().unwrap_or_else(PoisonError::into_inner).remove(&runtime.id);
    }

    /// All runtimes that are not forgotten.
    pub fn runtimes(&self) -> Vec<Arc<Runtime>> {
        self.runtimes.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }
}
