// SPDX-License-Identifier: GPL-2.0-or-later
//! The memory of one VM: what it has, what it may have, and what stopped it.
//!
//! mlua's own allocator aborts the process when the system has no memory, and tells a limit that was hit only to the
//! next `pcall`, which may swallow it. This one returns NULL in both cases, which Luau turns into an error, and marks the
//! call as lost: from then on the interrupt raises at every safepoint, and the call fails whatever the script returns.

use super::engine::lua_Callbacks;
use super::interrupt;
use super::pace::Pace;
use super::pages::{self, Pages};
use super::reserve;
use crate::failure::Kind;
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr;

/// Octets of one block at most: a string, a buffer, or a part of a table. What the engine does with one value, copying a string or
/// making a table twice as large, has no place to stop at; this bounds its time to some tenths of a second. Only a script with a larger
/// limit can come here.
pub const MOST_BLOCK: usize = 64 * 1024 * 1024;

/// The account of a VM; its address is the allocator's user data, so it never moves.
pub struct Account {
    used: Cell<usize>,
    /// Held outside the VM for the script (sets, patterns), counted with the rest.
    external: Cell<usize>,
    limit: Cell<usize>,
    peak: Cell<usize>,
    /// From so much on the collector is to keep up with a call, and to run after it.
    much: Cell<usize>,
    much_after: Cell<usize>,
    /// What stopped the running call, if anything did.
    stopped: Cell<Option<Kind>>,
    /// It was not the limit: the system had no memory.
    dry: Cell<bool>,
    callbacks: Cell<*mut lua_Callbacks>,
    pages: RefCell<Pages>,
    /// Of the task that runs.
    pub pace: Pace,
}

impl Account {
    /// An empty account with a limit in octets.
    pub fn new(limit: usize) -> Account {
        Account {
            used: Cell::new(0),
            external: Cell::new(0),
            limit: Cell::new(limit),
            peak: Cell::new(0),
            much: Cell::new(limit / 2),
            much_after: Cell::new(limit / 2),
            stopped: Cell::new(None),
            dry: Cell::new(false),
            callbacks: Cell::new(ptr::null_mut()),
            pages: RefCell::default(),
            pace: Pace::default(),
        }
    }

    /// Tells where the VM's interrupt is set.
    pub fn attach(&self, callbacks: *mut lua_Callbacks) {
        self.callbacks.set(callbacks);
    }

    /// Octets in use, inside the VM and for it.
    pub fn used(&self) -> usize {
        self.used.get() + self.external.get()
    }

    /// The most that was in use.
    pub fn peak(&self) -> usize {
        self.peak.get()
    }

    /// The limit in octets.
    pub fn limit(&self) -> usize {
        self.limit.get()
    }

    /// Sets the limit; what is in use stays.
    pub fn set_limit(&self, limit: usize) {
        self.limit.set(limit);
    }

    /// Lifts the limit: for the few octets that the library itself needs where nothing may raise.
    #[inline]
    pub fn without_limit<T>(&self, f: impl FnOnce() -> T) -> T {
        struct Limit<'a>(&'a Account, usize);
        impl Drop for Limit<'_> {
            fn drop(&mut self) {
                self.0.set_limit(self.1);
            }
        }
        let _limit = Limit(self, self.limit());
        self.set_limit(usize::MAX);
        f()
    }

    /// Whether so much is in use that the collector is to keep up.
    #[inline]
    pub fn is_much(&self) -> bool {
        self.used() >= self.much.get()
    }

    /// The same after a call.
    #[inline]
    pub fn is_much_after(&self) -> bool {
        self.used() >= self.much_after.get()
    }

    /// Half of the limit is much.
    pub fn expect_half(&self) {
        self.much.set(self.limit() / 2);
        self.much_after.set(self.limit() / 2);
    }

    /// The collector has been through: much is now half of what is left, or half of all. In a call a round must be worth it: one that
    /// lives at its limit would have nothing but rounds.
    pub fn had_round(&self) {
        let (used, limit) = (self.used(), self.limit());
        let half = limit.saturating_sub(used) / 2;
        self.much.set((limit / 2).max(used + half.max(limit / 16)));
        self.much_after.set((limit / 2).max(used + half));
    }

    /// What stopped the running call.
    #[inline]
    pub fn stopped(&self) -> Option<Kind> {
        self.stopped.get()
    }

    /// Whether memory was refused by the system, and not by the limit.
    pub fn is_dry(&self) -> bool {
        self.dry.get()
    }

    /// The system had no memory for something else of the script.
    pub fn lack(&self) {
        self.dry.set(true);
    }

    /// Marks the running call as lost; the first reason stays.
    pub fn stop(&self, kind: Kind) {
        if self.stopped.get().is_none() {
            self.stopped.set(Some(kind));
        }
        interrupt::set(self.callbacks.get(), true);
    }

    /// Forgets what stopped the last call.
    #[inline]
    pub fn clear(&self) {
        if self.stopped.get().is_some() || interrupt::is_set(self.callbacks.get()) {
            self.stopped.set(None);
            self.dry.set(false);
            interrupt::set(self.callbacks.get(), false);
        }
    }

    /// Takes `octets` outside the VM on account; false, and the call is lost, when that is over the limit.
    pub fn take(&self, octets: usize) -> bool {
        if self.used().saturating_add(octets) > self.limit.get() {
            self.stop(Kind::Memory);
            return false;
        }
        self.external.set(self.external.get() + octets);
        self.peak.set(self.peak.get().max(self.used()));
        true
    }

    /// Gives back what [`Account::take`] took.
    pub fn give(&self, octets: usize) {
        self.external.set(self.external.get().saturating_sub(octets));
    }

    /// realloc(3), with the engine's pages where they belong.
    ///
    /// # Safety
    /// `block` is NULL or came from here with `old` octets.
    unsafe fn resize(&self, block: *mut c_void, old: usize, octets: usize) -> *mut c_void {
        let places = pages::places(octets);
        if places == 0 && !self.pages.borrow().has(block) {
            // SAFETY: NULL or a block of the C library's.
            return unsafe { libc::realloc(block, octets) };
        }
        let new = match places {
            // SAFETY: a new block.
            0 => unsafe { libc::realloc(ptr::null_mut(), octets) },
            _ => self.pages.borrow_mut().take(places),
        };
        if !new.is_null() && !block.is_null() {
            // SAFETY: two blocks of so many octets; the old one is not used any more.
            unsafe {
                ptr::copy_nonoverlapping(block.cast::<u8>(), new.cast::<u8>(), old.min(octets));
                self.free(block);
            }
        }
        new
    }

    /// # Safety
    /// `block` is NULL or came from [`Account::resize`].
    unsafe fn free(&self, block: *mut c_void) {
        let mut pages = self.pages.borrow_mut();
        if pages.has(block) {
            pages.give(block);
        } else {
            // SAFETY: NULL or a block of the C library's.
            unsafe { libc::free(block) };
        }
    }
}

/// Luau's allocator (lua.h, `lua_Alloc`): `nsize` 0 frees.
///
/// # Safety
/// Called by Luau only, with the address of the VM's [`Account`] as `data`.
pub unsafe extern "C" fn allocate(data: *mut c_void, block: *mut c_void, osize: usize, nsize: usize) -> *mut c_void {
    // SAFETY: `data` is the Account that the state was made with; it outlives the state.
    let account = unsafe { &*data.cast::<Account>() };
    let used = account.used.get();
    let old = if block.is_null() { 0 } else { osize };
    if nsize == 0 {
        // SAFETY: `block` is NULL or came from this function.
        unsafe { account.free(block) };
        account.used.set(used - old);
        return ptr::null_mut();
    }
    let over = || account.used().saturating_add(nsize - old) > account.limit.get();
    if nsize > old && (nsize > MOST_BLOCK || over()) {
        account.stop(Kind::Memory);
        return ptr::null_mut();
    }
    // SAFETY: `block` is NULL or came from this function.
    let mut new = unsafe { account.resize(block, old, nsize) };
    if new.is_null() && nsize <= old {
        // The engine takes it for granted that a block can be made smaller (lmem.cpp): it stays as large as it was.
        new = block;
    }
    if new.is_null() && account.limit.get() == usize::MAX && reserve::give_back() {
        // SAFETY: as above; a failed realloc leaves the block alone.
        new = unsafe { account.resize(block, old, nsize) };
    }
    if new.is_null() {
        account.dry.set(true);
        account.stop(Kind::Memory);
        return new;
    }
    account.used.set(used - old + nsize);
    account.peak.set(account.peak.get().max(account.used()));
    if nsize > old && account.is_much() {
        // At its next safepoint the script gives way to the collector.
        interrupt::set(account.callbacks.get(), true);
    }
    new
}
