// SPDX-License-Identifier: GPL-2.0-or-later
//! The calls that runtimes hold. A runtime gets a handle, never a pointer: an answer that comes late, twice, or with
//! something made up finds nothing and harms nothing.

use crate::ffi::octets::Octets;
use crate::runtime::Runtime;
use crate::sync::{Mutex, MutexGuard, lock};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Marks a handle of a call, far from every address: Go would take a number in its heap's range for a bad pointer.
const MARK: u64 = 1 << 62;
/// Bits of the slot's number.
const SLOT: u32 = 20;
/// Calls that all runtimes of a process can hold at a time.
pub const MOST: usize = 1 << SLOT;
/// Parts of the slots, each with a lock.
const PARTS: usize = 16;
/// Bits of the slot's use: a slot has to be used 2^40 times before a handle comes again.
const GENERATION: u64 = (1 << 40) - 1;

/// Names a call, for as long as the process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Handle(pub u64);

impl Handle {
    #[allow(clippy::cast_possible_truncation, reason = "20 bits")]
    fn slot(self) -> usize {
        (self.0 & (MOST as u64 - 1)) as usize
    }

    fn of(slot: usize, generation: u64) -> Handle {
        Handle(MARK | (generation & GENERATION) << SLOT | slot as u64)
    }

    fn generation(self) -> u64 {
        self.0 >> SLOT & GENERATION
    }

    fn is_one(self) -> bool {
        self.0 >> 60 == MARK >> 60
    }
}

#[derive(Debug)]
struct Call {
    runtime: Arc<Runtime>,
    request: Option<Octets>,
    /// Of the request, also when it has been handed over.
    octets: usize,
    polled: bool,
    cancelled: bool,
}

#[derive(Debug, Default)]
struct Slot {
    generation: u64,
    call: Option<Call>,
}

/// A part of the slots: those whose number leaves the same rest.
#[derive(Debug, Default)]
struct Slots {
    slots: Vec<Slot>,
    free: Vec<usize>,
}

impl Slots {
    fn find(&mut self, handle: Handle) -> Option<&mut Call> {
        if !handle.is_one() {
            return None;
        }
        let slot = self.slots.get_mut(handle.slot() / PARTS)?;
        if slot.generation == handle.generation() { slot.call.as_mut() } else { None }
    }

    fn remove(&mut self, handle: Handle) -> Option<Call> {
        self.find(handle)?;
        let slot = &mut self.slots[handle.slot() / PARTS];
        slot.generation = (slot.generation + 1) & GENERATION;
        self.free.push(handle.slot() / PARTS);
        slot.call.take()
    }

    /// Puts a call into a slot of this part: its handle, or the call again when all are taken.
    fn add(&mut self, part: usize, call: Call) -> Result<Handle, Call> {
        let at = match self.free.pop() {
            Some(at) => at,
            None if self.slots.len() < MOST / PARTS => {
                self.slots.push(Slot { generation: 1, call: None });
                self.slots.len() - 1
            }
            None => return Err(call),
        };
        let slot = &mut self.slots[at];
        slot.call = Some(call);
        Ok(Handle::of(at * PARTS + part, slot.generation))
    }
}

/// A part with its lock, on cache lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Part(Mutex<Slots>);

/// A call that has been answered.
#[derive(Debug)]
pub struct Answered {
    /// Whose it was.
    pub runtime: Arc<Runtime>,
    /// Nobody waits for the answer.
    pub cancelled: bool,
}

/// The calls, in parts, so that the main thread and those of runtimes seldom want the same lock.
#[derive(Debug, Default)]
pub struct Calls {
    parts: [Part; PARTS],
    /// The part that the next call goes to.
    next: AtomicUsize,
}

impl Calls {
    /// Adds a call; `None`: there are too many.
    pub fn add(&self, runtime: &Arc<Runtime>, request: Option<Octets>) -> Option<Handle> {
        let octets = request.as_ref().map_or(0, |r| r.len());
        let call = Call { runtime: Arc::clone(runtime), request, octets, polled: false, cancelled: false };
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let added = (0..PARTS).try_fold(call, |call, n| {
            let part = first.wrapping_add(n) % PARTS;
            match lock(&self.parts[part].0).add(part, call) {
                Ok(handle) => Err(handle),
                Err(call) => Ok(call),
            }
        });
        added.err()
    }

    /// The calls of a runtime that pass a test.
    fn handles(&self, runtime: &Runtime, wanted: impl Fn(&Call) -> bool) -> Vec<Handle> {
        let mut found = Vec::new();
        for (number, part) in self.parts.iter().enumerate() {
            for (at, slot) in lock(&part.0).slots.iter().enumerate() {
                if let Some(call) = &slot.call
                    && std::ptr::eq(Arc::as_ptr(&call.runtime), runtime)
                    && wanted(call)
                {
                    found.push(Handle::of(at * PARTS + number, slot.generation));
                }
            }
        }
        found
    }

    fn part(&self, handle: Handle) -> MutexGuard<'_, Slots> {
        lock(&self.parts[handle.slot() % PARTS].0)
    }

    /// Whether the call is there: neither answered nor cancelled before a poller saw it.
    pub fn is_there(&self, handle: Handle) -> bool {
        self.part(handle).find(handle).is_some()
    }

    /// A poller has taken the call from the queue; false: nobody wants its answer any more, and it is not to be given out.
    pub fn polled(&self, handle: Handle) -> bool {
        let mut slots = self.part(handle);
        let Some(call) = slots.find(handle) else { return false };
        call.polled = true;
        call.runtime.queued.fetch_sub(1, Ordering::Relaxed);
        true
    }

    /// The request: where it is, and its length. It stays there until the call is answered.
    pub fn request(&self, handle: Handle) -> Option<(*mut std::ffi::c_char, usize)> {
        let mut slots = self.part(handle);
        let request = slots.find(handle)?.request.as_ref()?;
        Some((request.as_ptr(), request.len()))
    }

    /// Whether nobody waits for the answer; a handle that is none counts as that.
    pub fn cancelled(&self, handle: Handle) -> bool {
        self.part(handle).find(handle).is_none_or(|call| call.cancelled)
    }

    /// The call is answered: it is no more. `None`: there is no such call, or it has been answered.
    pub fn answered(&self, handle: Handle) -> Option<Answered> {
        let mut slots = self.part(handle);
        let call = slots.remove(handle)?;
        drop(slots);
        if !call.polled {
            call.runtime.queued.fetch_sub(1, Ordering::Relaxed);
        }
        call.runtime.give_back(call.octets);
        Some(Answered { cancelled: call.cancelled, runtime: call.runtime })
    }

    /// Nobody waits any more. What no poller has seen is gone at once; else the runtime sees that it is cancelled, and keeps
    /// its request until it answers. True: this has removed it.
    pub fn cancel(&self, handle: Handle) -> bool {
        let mut slots = self.part(handle);
        let Some(call) = slots.find(handle) else { return false };
        if call.polled {
            call.cancelled = true;
            let runtime = Arc::clone(&call.runtime);
            drop(slots);
            runtime.tell_cancelled(handle);
            return false;
        }
        let gone = slots.remove(handle);
        drop(slots);
        let Some(call) = gone else { return false };
        call.runtime.queued.fetch_sub(1, Ordering::Relaxed);
        call.runtime.give_back(call.octets);
        true
    }

    /// Gives the request away, to go to another process; `None`: nobody wants the answer any more.
    pub fn hand_over(&self, handle: Handle) -> Option<Option<Octets>> {
        let mut slots = self.part(handle);
        let call = slots.find(handle)?;
        call.polled = true;
        call.runtime.queued.fetch_sub(1, Ordering::Relaxed);
        Some(call.request.take())
    }

    /// Whether this is a call that this runtime holds.
    pub fn is_held(&self, handle: Handle, runtime: &Runtime) -> bool {
        let mut slots = self.part(handle);
        slots.find(handle).is_some_and(|call| call.polled && std::ptr::eq(Arc::as_ptr(&call.runtime), runtime))
    }

    /// The process of a runtime is gone, and its calls with it: those that it held or, with `all`, those that wait too. Gives
    /// those whose answer somebody waits for.
    pub fn abandon(&self, runtime: &Runtime, all: bool) -> Vec<Handle> {
        let gone: Vec<(Handle, Call)> = self
            .handles(runtime, |call| call.polled || all)
            .into_iter()
            .filter_map(|handle| Some((handle, self.part(handle).remove(handle)?)))
            .collect();
        gone.into_iter()
            .filter_map(|(handle, call)| {
                if !call.polled {
                    call.runtime.queued.fetch_sub(1, Ordering::Relaxed);
                }
                call.runtime.give_back(call.octets);
                (!call.cancelled).then_some(handle)
            })
            .collect()
    }

    /// The calls of a runtime for whose answers somebody waits.
    pub fn of_runtime(&self, runtime: &Runtime) -> Vec<Handle> {
        self.handles(runtime, |call| !call.cancelled)
    }
}
