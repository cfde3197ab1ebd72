// SPDX-License-Identifier: GPL-2.0-or-later
//! The host's side of the ABI for tests: handles are numbers into tables of the process.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ffi::{CStr, CString, c_char, c_double, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, Weak};
use std::time::{Duration, Instant};

use super::Api;

/// What a runtime answered: return code and bytes, or no bytes.
pub(crate) type Answer = (c_int, Option<Vec<u8>>);

/// A loaded runtime, as the host sees it.
#[derive(Default)]
pub(crate) struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<usize>,
    finished: bool,
}

/// A task from its request to its answer.
pub(crate) struct State {
    request: Option<CString>,
    len: usize,
    answer: Sender<Answer>,
    pub(crate) cancelled: AtomicBool,
}

static NEXT: AtomicUsize = AtomicUsize::new(1);
static QUEUES: LazyLock<Mutex<HashMap<usize, Weak<Shared>>>> = LazyLock::new(Mutex::default);
static TASKS: LazyLock<Mutex<HashMap<usize, Arc<State>>>> = LazyLock::new(Mutex::default);
type Key = (Vec<u8>, Vec<u8>);
type Kept = (Vec<u8>, Option<Instant>);
static DICTS: LazyLock<Mutex<BTreeMap<Key, Kept>>> = LazyLock::new(Mutex::default);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The handle of a new queue.
pub(crate) fn register(shared: &Arc<Shared>) -> usize {
    let handle = NEXT.fetch_add(1, Ordering::Relaxed);
    lock(&QUEUES).insert(handle, Arc::downgrade(shared));
    handle
}

impl Shared {
    pub(crate) fn post(&self, request: Option<Vec<u8>>) -> (Arc<State>, Receiver<Answer>) {
        let (answer, receiver) = channel();
        let len = request.as_ref().map_or(0, Vec::len);
        // SAFETY: a request may have NULs inside; only the one at its end is promised, and that is added here.
        let request = request.map(|bytes| unsafe { CString::from_vec_unchecked(bytes) });
        let state = Arc::new(State { request, len, answer, cancelled: AtomicBool::new(false) });
        let handle = NEXT.fetch_add(1, Ordering::Relaxed);
        lock(&TASKS).insert(handle, state.clone());
        lock(&self.queue).waiting.push_back(handle);
        self.changed.notify_one();
        (state, receiver)
    }

    pub(crate) fn finish(&self) {
        lock(&self.queue).finished = true;
        self.changed.notify_all();
    }

    /// Up to `most` tasks; none when the queue is finished.
    fn take(&self, most: usize) -> Vec<usize> {
        let mut queue = lock(&self.queue);
        while queue.waiting.is_empty() && !queue.finished {
            queue = self.changed.wait(queue).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
        let count = queue.waiting.len().min(most);
        queue.waiting.drain(..count).collect()
    }
}

/// This host's functions; without the optional ones when not extended.
pub(crate) fn api(extended: bool) -> Api {
    Api {
        poll,
        get_req,
        respond,
        poll_many: extended.then_some(poll_many),
        cancelled: extended.then_some(cancelled),
        log: extended.then_some(log),
        dict_get: extended.then_some(dict_get),
        dict_set: extended.then_some(dict_set),
        dict_add: extended.then_some(dict_add),
        dict_incr: extended.then_some(dict_incr),
        dict_delete: extended.then_some(dict_delete),
    }
}

fn queue(handle: *mut c_void) -> Arc<Shared> {
    lock(&QUEUES).get(&handle.addr()).and_then(Weak::upgrade).expect("a poll of a queue that is there")
}

fn task(handle: *mut c_void) -> Arc<State> {
    lock(&TASKS).get(&handle.addr()).cloned().expect("a task that was not answered yet")
}

unsafe extern "C" fn poll(tq: *mut c_void) -> *mut c_void {
    queue(tq).take(1).pop().map_or(ptr::null_mut(), ptr::without_provenance_mut)
}

unsafe extern "C" fn poll_many(tq: *mut c_void, tasks: *mut *mut c_void, max: c_int, timeout_ms: c_int) -> c_int {
    assert_eq!(timeout_ms, -1, "the SDK polls without a timeout");
    let taken = queue(tq).take(max as usize);
    for (at, handle) in taken.iter().enumerate() {
        // SAFETY: the caller has room for `max` handles.
        unsafe { *tasks.add(at) = ptr::without_provenance_mut(*handle) };
    }
    if taken.is_empty() { -1 } else { taken.len() as c_int }
}

unsafe extern "C" fn get_req(tsk: *mut c_void, len: *mut c_int) -> *mut c_char {
    let task = task(tsk);
    if !len.is_null() {
        // SAFETY: the caller gives room for an int, or NULL.
        unsafe { *len = task.len as c_int };
    }
    // The table keeps the task until it is answered.
    task.request.as_ref().map_or(ptr::null_mut(), |text| text.as_ptr().cast_mut())
}

unsafe extern "C" fn respond(tsk: *mut c_void, rc: c_int, rsp: *mut c_char, rsp_len: c_int) {
    let task = lock(&TASKS).remove(&tsk.addr()).expect("a task that was not answered yet");
    let body = (!rsp.is_null()).then(|| {
        // SAFETY: the runtime gives `rsp_len` bytes of libc's memory.
        let bytes = unsafe { std::slice::from_raw_parts(rsp.cast::<u8>(), rsp_len as usize) }.to_vec();
        // SAFETY: that memory is the host's now.
        unsafe { libc::free(rsp.cast()) };
        bytes
    });
    let _ = task.answer.send((rc, body));
}

unsafe extern "C" fn cancelled(tsk: *mut c_void) -> c_int {
    c_int::from(task(tsk).cancelled.load(Ordering::Acquire))
}

unsafe extern "C" fn log(priority: c_int, text: *const c_char, len: c_int) {
    // SAFETY: the runtime gives `len` bytes that stay during the call.
    eprintln!("log {priority}: {}", unsafe { bytes(text, len) }.escape_ascii());
}

/// # Safety
///
/// `len` bytes at `start`, which stay while the result is used.
unsafe fn bytes<'a>(start: *const c_char, len: c_int) -> &'a [u8] {
    if start.is_null() {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(start.cast(), len as usize) }
}

/// # Safety
///
/// A name that ends at a NUL, and a key of that length.
unsafe fn key(dict: *const c_char, key: *const c_char, len: c_int) -> Key {
    // SAFETY: the caller's promise.
    unsafe { (CStr::from_ptr(dict).to_bytes().to_vec(), bytes(key, len).to_vec()) }
}

fn alive(dicts: &BTreeMap<Key, Kept>, key: &Key) -> Option<Vec<u8>> {
    dicts.get(key).filter(|(_, end)| end.is_none_or(|end| end > Instant::now())).map(|(value, _)| value.clone())
}

unsafe extern "C" fn dict_get(
    dict: *const c_char,
    name: *const c_char,
    len: c_int,
    value: *mut *mut c_char,
    value_len: *mut c_int,
) -> c_int {
    // SAFETY: what the ABI says of these arguments.
    let key = unsafe { key(dict, name, len) };
    let Some(found) = alive(&lock(&DICTS), &key) else { return 0 };
    // SAFETY: memory of libc's for the caller, with room for the bytes and a NUL.
    unsafe {
        let copy = libc::malloc(found.len() + 1).cast::<u8>();
        ptr::copy_nonoverlapping(found.as_ptr(), copy, found.len());
        *copy.add(found.len()) = 0;
        *value = copy.cast();
        *value_len = found.len() as c_int;
    }
    1
}

unsafe extern "C" fn dict_set(
    dict: *const c_char,
    name: *const c_char,
    len: c_int,
    value: *const c_char,
    value_len: c_int,
    ttl_ms: c_int,
) -> c_int {
    // SAFETY: what the ABI says of these arguments.
    let (key, value) = unsafe { (key(dict, name, len), bytes(value, value_len).to_vec()) };
    let end = (ttl_ms > 0).then(|| Instant::now() + Duration::from_millis(ttl_ms as u64));
    lock(&DICTS).insert(key, (value, end));
    0
}

unsafe extern "C" fn dict_add(
    dict: *const c_char,
    name: *const c_char,
    len: c_int,
    value: *const c_char,
    value_len: c_int,
    ttl_ms: c_int,
) -> c_int {
    // SAFETY: what the ABI says of these arguments.
    let there = alive(&lock(&DICTS), &unsafe { key(dict, name, len) }).is_some();
    if there {
        return -1;
    }
    // SAFETY: as above.
    unsafe { dict_set(dict, name, len, value, value_len, ttl_ms) }
}

unsafe extern "C" fn dict_incr(
    dict: *const c_char,
    name: *const c_char,
    len: c_int,
    by: c_double,
    init: c_double,
    result: *mut c_double,
) -> c_int {
    // SAFETY: what the ABI says of these arguments.
    let key = unsafe { key(dict, name, len) };
    let mut dicts = lock(&DICTS);
    let now = match alive(&dicts, &key).map(|v| String::from_utf8_lossy(&v).parse::<f64>()) {
        None => init,
        Some(Ok(number)) => number,
        Some(Err(_)) => return -1,
    };
    dicts.insert(key, ((now + by).to_string().into_bytes(), None));
    // SAFETY: room for a double.
    unsafe { *result = now + by };
    0
}

unsafe extern "C" fn dict_delete(dict: *const c_char, name: *const c_char, len: c_int) -> c_int {
    // SAFETY: what the ABI says of these arguments.
    let key = unsafe { key(dict, name, len) };
    c_int::from(lock(&DICTS).remove(&key).is_some())
}
