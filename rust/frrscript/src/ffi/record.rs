// SPDX-License-Identifier: GPL-2.0-or-later
//! The record of an event: what the daemon tells of it, kept until its handlers have run.

use super::abi;
use crate::schema::{Hook, Type};
use std::collections::VecDeque;
use std::ffi::c_void;
use std::mem::ManuallyDrop;

/// Octets of the largest record.
pub const MOST: usize = 256;
/// Words of room that an empty queue keeps.
const KEPT: usize = 4096;

/// The C side of an event's hook point.
#[derive(Clone, Copy)]
pub struct Event {
    size: usize,
    listen: Option<unsafe extern "C" fn(bool)>,
    hold: Option<unsafe extern "C" fn(*mut c_void)>,
    release: Option<unsafe extern "C" fn(*mut c_void)>,
}

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Event").field("size", &self.size).finish_non_exhaustive()
    }
}

impl Event {
    /// The event that a C table describes.
    ///
    /// # Errors
    /// Its record is too large.
    pub fn of(hook: &abi::Hook) -> Result<Event, String> {
        let size = hook.record as usize;
        if size > MOST {
            return Err(format!("its record has {size} octets, more than {MOST}"));
        }
        Ok(Event { size, listen: hook.listen, hold: hook.hold, release: hook.release })
    }

    /// An event of the library's own, whose record has so many octets.
    pub fn own(size: usize) -> Event {
        Event { size, listen: None, hold: None, release: None }
    }

    /// Tells the daemon whether anybody listens.
    pub fn listen(&self, on: bool) {
        if let Some(listen) = self.listen {
            // SAFETY: the daemon's function, on its main pthread.
            unsafe { listen(on) };
        }
    }
}

/// How an argument of an event is found in its record.
pub type Getter = unsafe extern "C" fn(record: *const c_void, out: *mut abi::Value) -> bool;

/// Events in their order, close together: a record takes what the hook's table says, not the most that one may take.
#[derive(Default)]
pub struct Records {
    /// For each event its hook point's address and its record.
    words: VecDeque<u64>,
    count: usize,
}

impl Records {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Puts one that is held at the end.
    pub fn push(&mut self, record: Record) {
        let record = ManuallyDrop::new(record);
        self.words.push_back(std::ptr::from_ref(record.hook) as u64);
        self.words.extend(&record.words[..record.size()]);
        self.count += 1;
    }

    /// Takes the first.
    pub fn pop(&mut self) -> Option<Record> {
        let hook = self.words.pop_front()? as *const Hook;
        // SAFETY: `push` put the address of a static hook there.
        let mut record = Record { hook: unsafe { &*hook }, words: [0; MOST / 8], held: true };
        for at in 0..record.size() {
            record.words[at] = self.words.pop_front().unwrap_or_default();
        }
        self.count -= 1;
        if self.count == 0 {
            // The room of a burst is not kept for ever.
            self.words.shrink_to(KEPT);
        }
        Some(record)
    }
}

impl Drop for Records {
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}

/// What the daemon tells of an event, before it is queued and after.
pub struct Record {
    /// The event's hook point.
    pub hook: &'static Hook,
    words: [u64; MOST / 8],
    /// The daemon keeps what it points to.
    held: bool,
}

impl Record {
    /// A record as the daemon tells it, good for as long as that takes; `None`: the hook point is no event.
    ///
    /// # Safety
    /// `record` has as many octets as the hook's table says, or is NULL if that is none.
    pub unsafe fn told(hook: &'static Hook, record: *const c_void) -> Option<Record> {
        let event = hook.event?;
        let mut told = Record { hook, words: [0; MOST / 8], held: false };
        if event.size > 0 && !record.is_null() {
            // SAFETY: the caller's promise; `size` is at most `MOST` (checked in `Event::of`).
            unsafe { std::ptr::copy_nonoverlapping(record.cast::<u8>(), told.words.as_mut_ptr().cast(), event.size) };
        }
        Some(told)
    }

    /// A copy that may wait: the daemon keeps what it points to.
    pub fn hold(&self) -> Record {
        let mut held = Record { hook: self.hook, words: self.words, held: true };
        if let Some(hold) = self.hook.event.and_then(|e| e.hold) {
            // SAFETY: the daemon's function, with a record of its own.
            unsafe { hold(held.words.as_mut_ptr().cast()) };
        }
        held
    }

    /// Words of the record.
    fn size(&self) -> usize {
        self.hook.event.map_or(0, |e| e.size.div_ceil(8))
    }

    /// An argument's value; `None`: nil.
    pub fn get(&self, getter: Getter) -> Option<abi::Value> {
        let mut out = abi::Value::nil();
        // SAFETY: the getter of an argument of this record's hook; `out` lives through the call.
        let present = unsafe { getter(self.words.as_ptr().cast(), &raw mut out) };
        present.then_some(out)
    }

    /// Whether a text argument is there and `f` holds for it.
    pub fn text(&self, getter: Getter, f: impl FnOnce(&[u8]) -> bool) -> bool {
        self.get(getter).is_some_and(|value| {
            // SAFETY: a getter of a STRING gives `len` octets at `ptr`, borrowed until the next getter.
            let text = unsafe { value.u.ptr };
            // SAFETY: likewise.
            !text.is_null() && f(unsafe { std::slice::from_raw_parts(text.cast(), value.len as usize) })
        })
    }

    /// The prefix of an object argument, if it has one.
    pub fn prefix(&self, getter: Getter, ty: &Type) -> Option<ipnet::IpNet> {
        let value = self.get(getter)?;
        // SAFETY: a getter of an object gives a pointer.
        if unsafe { value.u.ptr }.is_null() {
            return None;
        }
        // SAFETY: a getter of an object gives a pointer to one of its type, good while the record is held.
        unsafe { ty.prefix.get(value.u.ptr) }
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.held
            && let Some(release) = self.hook.event.and_then(|e| e.release)
        {
            // SAFETY: held in `hold`, released once.
            unsafe { release(self.words.as_mut_ptr().cast()) };
        }
    }
}
