// SPDX-License-Identifier: GPL-2.0-or-later
//! One runtime: its queue, limits, state and counters.

use crate::calls::Handle;
use crate::ffi::library::Library;
use crate::queue::Queue;
use crate::sync::{Mutex, lock};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// What a runtime may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Requests that no poller has taken.
    pub queue: usize,
    /// Requests that are not answered, those of the queue included.
    pub in_flight: usize,
    /// Octets of all these.
    pub octets: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { queue: 65_536, in_flight: 65_536, octets: 64 * 1024 * 1024 }
    }
}

/// Where a runtime is in its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Its library is being loaded, or waits for that. Requests are queued already.
    Loading,
    /// In service.
    Ready,
    /// Its process has ended, for this reason, and is started again soon. Requests are queued.
    Restarting(String),
    /// Could not be loaded: the number that its init gave, or 0, and why.
    Failed(i32, String),
    /// Asked to end; its pollers have not all been told yet.
    Ending,
    /// Ended.
    Ended,
    /// Its pollers are gone without having been asked.
    Dead(String),
}

impl State {
    /// For `show`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            State::Loading => "loading",
            State::Ready => "ready",
            State::Restarting(_) => "restarting",
            State::Failed(..) => "failed",
            State::Ending => "ending",
            State::Ended => "ended",
            State::Dead(_) => "dead",
        }
    }
}

/// Why a request is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The queue, the requests in flight, or their octets are at their limit.
    Full(String),
    /// It was asked to end, or has ended.
    Finished,
    /// It is dead, or could not be loaded.
    Dead(String),
}

#[derive(Debug)]
struct Life {
    state: State,
    /// Threads that poll.
    pollers: BTreeSet<u64>,
    /// Threads that poll or have been told to end, and have not ended.
    threads: BTreeSet<u64>,
    /// Pollers that have been told to end.
    told: usize,
    /// The last poller has ended while the library was loaded.
    lost: bool,
    library: Option<Library>,
}

impl Life {
    fn can_be_unmapped(&self) -> bool {
        self.state == State::Ended && self.threads.is_empty() && self.library.as_ref().is_some_and(Library::unpinned)
    }
}

/// Why a runtime without pollers is dead.
const POLLERLESS: &str = "its poller thread has ended by itself";

/// A runtime.
#[derive(Debug)]
pub struct Runtime {
    /// Its number in this process.
    pub id: u32,
    /// The library's name, without `lib` and `.so`.
    pub name: String,
    /// Its limits.
    pub limits: Limits,
    /// How many pollers have to be told before it has ended.
    pub expected: usize,
    /// The queue.
    pub queue: Queue<Handle>,
    /// Requests that no poller has taken.
    pub queued: AtomicUsize,
    /// Requests that are not answered.
    pub in_flight: AtomicUsize,
    /// Octets of these.
    pub octets: AtomicUsize,
    /// Answers that nobody waited for any more.
    pub late: AtomicU64,
    /// Times that it was started again (in a process of its own).
    pub restarts: AtomicU64,
    /// It is in a process of its own, which has to be told what is cancelled.
    apart: AtomicBool,
    cancelled: Mutex<Vec<Handle>>,
    life: Mutex<Life>,
}

impl Runtime {
    /// A runtime that waits to be loaded.
    #[must_use]
    pub fn new(id: u32, name: &str, limits: Limits, expected: usize) -> Runtime {
        let life = Life {
            state: State::Loading,
            pollers: BTreeSet::new(),
            threads: BTreeSet::new(),
            told: 0,
            lost: false,
            library: None,
        };
        Runtime {
            id,
            name: name.to_owned(),
            limits,
            expected: expected.max(1),
            queue: Queue::default(),
            queued: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
            octets: AtomicUsize::new(0),
            late: AtomicU64::new(0),
            restarts: AtomicU64::new(0),
            apart: AtomicBool::new(false),
            cancelled: Mutex::default(),
            life: Mutex::new(life),
        }
    }

    /// Where it is.
    pub fn state(&self) -> State {
        lock(&self.life).state.clone()
    }

    /// Takes a place for a request of so many octets.
    ///
    /// # Errors
    /// There is none.
    pub fn admit(&self, octets: usize) -> Result<(), Refusal> {
        // Only the main thread adds, so the sums can't pass a limit between the look and the addition.
        let limits = &self.limits;
        if self.queued.load(Ordering::Relaxed) >= limits.queue {
            return Err(Refusal::Full(format!("{} requests wait in the queue", limits.queue)));
        }
        if self.in_flight.load(Ordering::Relaxed) >= limits.in_flight {
            return Err(Refusal::Full(format!("{} requests are not answered", limits.in_flight)));
        }
        if self.octets.load(Ordering::Relaxed) + octets > limits.octets {
            return Err(Refusal::Full(format!("the requests have more than {} octets", limits.octets)));
        }
        match &lock(&self.life).state {
            State::Loading | State::Ready | State::Restarting(_) => {}
            State::Ending | State::Ended => return Err(Refusal::Finished),
            State::Dead(why) => return Err(Refusal::Dead(why.clone())),
            State::Failed(rc, why) => return Err(Refusal::Dead(failed(*rc, why))),
        }
        self.queued.fetch_add(1, Ordering::Relaxed);
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.octets.fetch_add(octets, Ordering::Relaxed);
        Ok(())
    }

    /// A request of so many octets was admitted, and is not queued after all.
    pub fn refuse(&self, octets: usize) {
        self.queued.fetch_sub(1, Ordering::Relaxed);
        self.give_back(octets);
    }

    /// A request of so many octets is answered, or was never given out.
    pub fn give_back(&self, octets: usize) {
        self.in_flight.fetch_sub(1, Ordering::Relaxed);
        self.octets.fetch_sub(octets, Ordering::Relaxed);
    }

    /// Its library is in service; false: it was asked to end meanwhile, or its pollers have ended already.
    pub fn loaded(&self, library: Option<Library>) -> bool {
        let mut life = lock(&self.life);
        life.library = library;
        if !matches!(life.state, State::Loading | State::Restarting(_)) {
            return false;
        }
        let lives = !life.lost || !life.pollers.is_empty();
        life.state = if lives { State::Ready } else { State::Dead(POLLERLESS.to_owned()) };
        lives
    }

    /// It can't be loaded.
    pub fn failed(&self, rc: i32, why: String) {
        lock(&self.life).state = State::Failed(rc, why);
        self.queue.finish();
    }

    /// Its process has ended and is started again soon; false: it was asked to end meanwhile.
    pub fn restarts(&self, why: &str) -> bool {
        let mut life = lock(&self.life);
        let living = matches!(life.state, State::Loading | State::Ready | State::Restarting(_));
        if living {
            life.state = State::Restarting(why.to_owned());
        }
        living
    }

    /// From here on its poller hears what is cancelled, by an interruption of the queue.
    pub fn set_apart(&self) {
        self.apart.store(true, Ordering::Relaxed);
    }

    /// A call that it holds is cancelled.
    pub fn tell_cancelled(&self, call: Handle) {
        if self.apart.load(Ordering::Relaxed) {
            lock(&self.cancelled).push(call);
            self.queue.interrupt();
        }
    }

    /// What was cancelled since the last time.
    pub fn take_cancelled(&self) -> Vec<Handle> {
        std::mem::take(&mut *lock(&self.cancelled))
    }

    /// Asks it to end: pollers get what waits, then they are told.
    pub fn finish(&self) {
        let mut life = lock(&self.life);
        // Also when no thread has polled yet: one may be on its way to its first poll, in code that is not to be unmapped.
        if matches!(life.state, State::Loading | State::Ready | State::Restarting(_)) {
            life.state = State::Ending;
        }
        drop(life);
        self.queue.finish();
    }

    /// A thread polls.
    pub fn polls(&self, thread: u64) {
        let mut life = lock(&self.life);
        life.pollers.insert(thread);
        life.threads.insert(thread);
    }

    /// A poller was told to end; true: the runtime has ended with that.
    pub fn told(&self, thread: u64) -> bool {
        let mut life = lock(&self.life);
        life.told += 1;
        life.pollers.remove(&thread);
        let ended = life.state == State::Ending && (life.told >= self.expected || life.pollers.is_empty());
        if ended {
            life.state = State::Ended;
        }
        ended
    }

    /// A thread that polled has ended; true: it was the last one, and the runtime is dead or has ended now.
    pub fn thread_gone(&self, thread: u64) -> bool {
        let mut life = lock(&self.life);
        life.threads.remove(&thread);
        if !life.pollers.remove(&thread) || !life.pollers.is_empty() {
            return false;
        }
        match life.state {
            State::Ready => life.state = State::Dead(POLLERLESS.to_owned()),
            State::Loading => {
                // Its init may yet fail, or start others.
                life.lost = true;
                return false;
            }
            State::Ending => life.state = State::Ended,
            _ => return false,
        }
        true
    }

    /// It has ended, no thread of it that has polled is left, it owes no answer, and its library was loaded to be unmapped
    /// then. One that owes answers has other threads that will give them: it stays mapped for good, as nobody can tell when
    /// the last of these has left its code.
    pub fn can_be_unmapped(&self) -> bool {
        self.in_flight.load(Ordering::Relaxed) == 0 && lock(&self.life).can_be_unmapped()
    }

    /// Takes its library, if it can be unmapped.
    pub fn take_library(&self) -> Option<Library> {
        let owes = self.in_flight.load(Ordering::Relaxed) > 0;
        let mut life = lock(&self.life);
        if !owes && life.can_be_unmapped() { life.library.take() } else { None }
    }
}

/// Why a load failed, as scripts and operators read it.
#[must_use]
pub fn failed(rc: i32, why: &str) -> String {
    if rc == 0 { why.to_owned() } else { format!("its init gave {rc}") }
}
