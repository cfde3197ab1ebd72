// SPDX-License-Identifier: GPL-2.0-or-later
//! When the engine's collector runs, besides its own pace.
//!
//! Luau collects a little at each allocation, whatever that one's size: who makes large values is far ahead of it, and an allocation over
//! the limit is refused with garbage all around. So when much of the limit is in use the collector keeps up: at the script's next loop,
//! call or return it takes a step, and so on until its round is done. The steps are short, and between them the time limit can stop the
//! script as ever; the script pays for them with its time.

use super::account::Account;
use super::engine::{self, lua_State};
use super::vm::Vm;
use std::ffi::c_int;
use std::time::{Duration, Instant};

/// KiB of work in a step: some tenths of a millisecond.
const STEP: c_int = 256;

/// A step of the collector; true when that was the end of its round.
///
/// # Safety
/// `state` is live, and what is called may raise here.
unsafe fn step(state: *mut lua_State) -> bool {
    // SAFETY: the caller's promise.
    unsafe { engine::lua_gc(state, engine::LUA_GCSTEP, STEP) != 0 }
}

/// To be called at a safepoint of a script: takes a step if much is in use.
///
/// # Safety
/// `state` is live and at a place where Luau allows to raise.
pub unsafe fn keep_up(state: *mut lua_State, account: &Account) {
    if !account.is_much() {
        return;
    }
    // SAFETY: the caller's promise. The collector makes itself a smaller table of strings, for which the limit is no matter.
    if account.without_limit(|| unsafe { step(state) }) {
        account.had_round();
    }
}

impl Vm {
    /// After a call: as [`keep_up`], for so long at most, or else the next call goes on with it.
    #[inline]
    pub(super) fn collect(&self, most: Duration) {
        if self.account().is_much_after() {
            self.collect_for(most);
        }
    }

    #[cold]
    fn collect_for(&self, most: Duration) {
        unsafe extern "C-unwind" fn one(state: *mut lua_State) -> c_int {
            // SAFETY: called protected, with the place of the answer.
            unsafe { *engine::lua_touserdata(state, 1).cast() = step(state) };
            0
        }
        let began = Instant::now();
        let mut done = false;
        while !done && began.elapsed() < most {
            // SAFETY: takes the place of a bool, which lives through the call.
            if !self.collector(|state| unsafe { engine::lua_cpcall(state, one, (&raw mut done).cast()) }) {
                break;
            }
        }
        if done {
            self.account().had_round();
        }
    }

    /// A full collection: what is in use afterwards is what the script holds. Not while a script runs.
    #[cold]
    pub fn collect_all(&self) {
        unsafe extern "C-unwind" fn all(state: *mut lua_State) -> c_int {
            // SAFETY: called protected.
            unsafe { engine::lua_gc(state, engine::LUA_GCCOLLECT, 0) };
            0
        }
        // SAFETY: takes nothing.
        self.collector(|state| unsafe { engine::lua_cpcall(state, all, std::ptr::null_mut()) });
        self.account().had_round();
    }

    /// Has the collector do something: it raises when there is no memory for a smaller table of strings, so it is called protected, and
    /// what it does not get is not to be held against the script's next call. Whether it did it.
    fn collector(&self, work: impl FnOnce(*mut lua_State) -> c_int) -> bool {
        let state = self.state();
        let status = self.account().without_limit(|| {
            // SAFETY: a live state, whose stack is left as it was.
            unsafe {
                let top = engine::lua_gettop(state);
                let status = work(state);
                engine::lua_settop(state, top);
                status
            }
        });
        if !self.context().running() {
            self.account().clear();
        }
        status == engine::LUA_OK
    }
}
