// SPDX-License-Identifier: GPL-2.0-or-later
//! Tasks of the host: taken from its queue, answered once.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::Arc;

use super::{Api, Buffer};
use crate::error::Error;

/// The host's handle of a queue: a number that only the host understands.
pub(crate) struct Queue(usize);

impl Queue {
    pub(crate) fn new(handle: *mut c_void) -> Queue {
        Queue(handle.expose_provenance())
    }

    fn handle(&self) -> *mut c_void {
        ptr::with_exposed_provenance_mut(self.0)
    }
}

/// Handles of tasks, a batch at a time.
pub(crate) struct Polled {
    handles: Vec<*mut c_void>,
    filled: usize,
}

impl Polled {
    pub(crate) fn new(most: usize) -> Polled {
        Polled { handles: vec![ptr::null_mut(); most], filled: 0 }
    }

    /// Waits for tasks; false when the queue is finished.
    pub(crate) fn wait(&mut self, api: &Api, queue: &Queue) -> bool {
        let Some(poll_many) = api.poll_many else {
            // SAFETY: the host gave this handle, and it stays until this call answers NULL.
            let task = unsafe { (api.poll)(queue.handle()) };
            self.handles[0] = task;
            self.filled = usize::from(!task.is_null());
            return !task.is_null();
        };
        let most = c_int::try_from(self.handles.len()).unwrap_or(c_int::MAX);
        // SAFETY: as above, and there is room for `most` handles.
        let count = unsafe { poll_many(queue.handle(), self.handles.as_mut_ptr(), most, -1) };
        self.filled = usize::try_from(count).unwrap_or(0).min(self.handles.len());
        count >= 0
    }

    /// The tasks of the last wait.
    pub(crate) fn take<'a>(&'a mut self, api: &'a Arc<Api>) -> impl Iterator<Item = Task> + 'a {
        let filled = std::mem::take(&mut self.filled);
        self.handles[..filled].iter().map(|handle| Task::new(api.clone(), *handle))
    }
}

/// A request that waits for an answer. Dropped without one (the runtime stops), it answers that.
pub(crate) struct Task {
    api: Arc<Api>,
    /// 0 once it is answered.
    handle: usize,
    request: *const u8,
    len: usize,
}

// SAFETY: the request is the host's memory, which nobody writes until the answer; the host's functions take a task from
// any thread.
unsafe impl Send for Task {}
// SAFETY: as above; a shared task is only read.
unsafe impl Sync for Task {}

impl Task {
    fn new(api: Arc<Api>, handle: *mut c_void) -> Task {
        let mut len = 0;
        // SAFETY: the host just gave this handle, and it wasn't answered.
        let request = unsafe { (api.get_req)(handle, &mut len) };
        let len = if request.is_null() { 0 } else { usize::try_from(len).unwrap_or(0) };
        Task { api, handle: handle.expose_provenance(), request: request.cast_const().cast(), len }
    }

    /// The bytes of the request; none for no request.
    pub(crate) fn request(&self) -> &[u8] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: the host keeps these bytes until the answer, which takes the task by value.
        unsafe { std::slice::from_raw_parts(self.request, self.len) }
    }

    /// Whether the host can tell that nobody waits any more.
    pub(crate) fn tells_cancelled(&self) -> bool {
        self.api.cancelled.is_some()
    }

    /// Whether nobody waits for the answer any more.
    pub(crate) fn cancelled(&self) -> bool {
        // SAFETY: the task isn't answered yet, so the handle is good.
        self.api.cancelled.is_some_and(|cancelled| unsafe { cancelled(self.handle()) } == 1)
    }

    /// Answers; the host takes the memory of the body.
    pub(crate) fn respond(mut self, rc: c_int, body: Buffer) {
        self.answer(rc, body);
    }

    fn handle(&self) -> *mut c_void {
        ptr::with_exposed_provenance_mut(self.handle)
    }

    fn answer(&mut self, rc: c_int, body: Buffer) {
        let (body, len) = body.into_raw();
        // A buffer keeps its length below that of an int.
        let len = c_int::try_from(len).unwrap_or(0);
        // SAFETY: the handle is good since the task isn't answered yet; the body is libc's memory, now the host's.
        unsafe { (self.api.respond)(self.handle(), rc, body, len) };
        self.handle = 0;
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if self.handle != 0 {
            let error = Error::new("finished", "the runtime was unloaded before it answered");
            let mut body = Buffer::new();
            let _ = ciborium::into_writer(&error, &mut body);
            self.answer(1, body);
        }
    }
}
