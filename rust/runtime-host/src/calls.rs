// SPDX-License-Identifier: GPL-2.0-or-later
//! The calls that runtimes hold. A runtime gets a handle, never a pointer: an answer that comes late, twice, or with
//! something made up finds nothing and harms nothing.

use crate::ffi::octets::Octets;
use crate::runtime::Runtime;
use crate::sync::{Mutex, lock};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Marks a handle of a call, far from every address: Go would take a number in its heap's range for a bad pointer.
const MARK: u64 = 1 << 62;
/// Bits of the slot's number.
const SLOT: u32 = 20;
/// Calls that all runtimes of a process can hold at a time.
pub const MOST: usize = 1 << SLOT;
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
        let slot = self.slots.get_mut(handle.slot())?;
        if slot.generation == handle.generation() { slot.call.as_mut() } else { None }
    }

    fn remove(&mut self, handle: Handle) -> Option<Call> {
        self.find(handle)?;
        let slot = &mut self.slots[handle.slot()];
        slot.generation = (slot.generation + 1) & GENERATION;
        self.free.push(handle.slot());
        slot.call.take()
    }
}

/// A call that has been answered.
#[derive(Debug)]
pub struct Answered {
    /// Whose it was.
    pub runtime: Arc<Runtime>,
    /// Nobody waits for the answer.
    pub cancelled: bool,
}

/// The calls.
#[derive(Debug, Default)]
pub struct Calls(Mutex<Slots>);

impl Calls {
    /// Adds a call; `None`: there are too many.
    pub fn add(&self, runtime: &Arc<Runtime>, request: Option<Octets>) -> Option<Handle> {
        let octets = request.as_ref().map_or(0, |r| r.len());
        let call = Call { runtime: Arc::clone(runtime), request, octets, polled: false, cancelled: false };
        let mut slots = lock(&self.0);
        let at = match slots.free.pop() {
            Some(at) => at,
            None if slots.slots.len() < MOST => {
                slots.slots.push(Slot { generation: 1, call: None });
                slots.slots.len() - 1
            }
            None => return None,
        };
        let slot = &mut slots.slots[at];
        slot.call = Some(call);
        Some(Handle::of(at, slot.generation))
    }

    /// Takes back a call that was not queued.
    pub fn forget(&self, handle: Handle) {
        let gone = lock(&self.0).remove(handle);
        drop(gone);
    }

    /// A poller has taken the call from the queue; false: nobody wants its answer any more, and it is not to be given out.
    pub fn polled(&self, handle: Handle) -> bool {
        let mut slots = lock(&self.0);
        let Some(call) = slots.find(handle) else { return false };
        call.polled = true;
        call.runtime.queued.fetch_sub(1, Ordering::Relaxed);
        true
    }

    /// The request: where it is, and its length. It stays there until the call is answered.
    pub fn request(&self, handle: Handle) -> Option<(*mut std::ffi::c_char, usize)> {
        let mut slots = lock(&self.0);
        let request = slots.find(handle)?.request.as_ref()?;
        Some((request.as_ptr(), request.len()))
    }

    /// Whether nobody waits for the answer; a handle that is none counts as that.
    pub fn cancelled(&self, handle: Handle) -> bool {
        lock(&self.0).find(handle).is_none_or(|call| call.cancelled)
    }

    /// The call is answered: it is no more. `None`: there is no such call, or it has been answered.
    pub fn answered(&self, handle: Handle) -> Option<Answered> {
        let mut slots = lock(&self.0);
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
        let mut slots = lock(&self.0);
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
        let mut slots = lock(&self.0);
        let call = slots.find(handle)?;
        call.polled = true;
        call.runtime.queued.fetch_sub(1, Ordering::Relaxed);
        Some(call.request.take())
    }

    /// Whether this is a call that this runtime holds.
    pub fn is_held(&self, handle: Handle, runtime: &Runtime) -> bool {
        let mut slots = lock(&self.0);
        slots.find(handle).is_some_and(|call| call.polled && std::ptr::eq(Arc::as_ptr(&call.runtime), runtime))
    }

    /// The process of a runtime is gone, and its calls with it: those that it held or, with `all`, those that wait too. Gives
    /// those whose answer somebody waits for.
    pub fn abandon(&self, runtime: &Runtime, all: bool) -> Vec<Handle> {
        let mut slots = lock(&self.0);
        let handles: Vec<Handle> = slots
            .slots
            .iter()
            .enumerate()
            .filter_map(|(at, slot)| {
                let call = slot.call.as_ref()?;
                let mine = std::ptr::eq(Arc::as_ptr(&call.runtime), runtime) && (call.polled || all);
                mine.then(|| Handle::of(at, slot.generation))
            })
            .collect();
        let gone: Vec<(Handle, Call)> =
            handles.into_iter().filter_map(|handle| Some((handle, slots.remove(handle)?))).collect();
        drop(slots);
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
        let slots = lock(&self.0);
        let all = slots.slots.iter().enumerate();
        all.filter_map(|(at, slot)| {
            let call = slot.call.as_ref()?;
            let mine = std::ptr::eq(Arc::as_ptr(&call.runtime), runtime) && !call.cancelled;
            mine.then(|| Handle::of(at, slot.generation))
        })
        .collect()
    }
}
