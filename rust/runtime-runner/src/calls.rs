// SPDX-License-Identifier: GPL-2.0-or-later
//! The calls that the runtime holds: the daemon's numbers and ours.

use runtime_host::calls::Handle;
use runtime_host::ffi::octets::Octets;
use runtime_host::host::host;
use runtime_host::runtime::{Refusal, Runtime};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
struct State {
    here: HashMap<u64, Handle>,
    there: HashMap<Handle, u64>,
    /// Those of ours for whose answer nobody waits.
    cancelled: HashSet<Handle>,
    /// The daemon has asked for the end.
    ending: bool,
}

/// The calls.
#[derive(Default)]
pub struct Calls(Mutex<State>);

impl Calls {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Passes a request to the runtime.
    pub fn forward(&self, runtime: &Arc<Runtime>, id: u64, request: Option<Octets>) -> Result<(), Refusal> {
        // Locked before the runtime sees it, as it may answer at once.
        let mut state = self.lock();
        let handle = host().forward(runtime, request)?;
        state.here.insert(id, handle);
        state.there.insert(handle, id);
        Ok(())
    }

    /// The daemon's number of a call that is answered now.
    pub fn answered(&self, handle: Handle) -> Option<u64> {
        let mut state = self.lock();
        let id = state.there.remove(&handle)?;
        state.here.remove(&id);
        state.cancelled.remove(&handle);
        Some(id)
    }

    /// Nobody waits for the answer; true: the runtime had not seen the call, and will not answer.
    pub fn cancel(&self, id: u64) -> bool {
        let mut state = self.lock();
        let Some(handle) = state.here.get(&id).copied() else { return false };
        if host().calls.cancel(handle) {
            state.here.remove(&id);
            state.there.remove(&handle);
            return true;
        }
        // It may be answered right now: then its answer waits for this lock.
        state.cancelled.insert(handle);
        false
    }

    /// The daemon has asked for the end.
    pub fn end(&self) {
        self.lock().ending = true;
    }

    /// Whether it has, and no answer is awaited any more.
    pub fn is_over(&self) -> bool {
        let state = self.lock();
        state.ending && state.there.len() == state.cancelled.len()
    }
}
