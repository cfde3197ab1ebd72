// SPDX-License-Identifier: GPL-2.0-or-later
//! The echo runtime on a host that has the ABI's three functions and nothing else.
#![allow(unsafe_code)]

use std::collections::VecDeque;
use std::ffi::{c_char, c_int, c_void};
use std::ptr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

struct Queue {
    /// `None` is the end.
    waiting: Mutex<VecDeque<Option<Box<Task>>>>,
    changed: Condvar,
    /// A runtime that ended says so here.
    ended: Sender<()>,
}

struct Task {
    request: Option<Vec<u8>>,
    answer: Sender<(c_int, Option<Vec<u8>>)>,
}

impl Queue {
    fn push(&self, task: Option<Box<Task>>) {
        self.waiting.lock().unwrap().push_back(task);
        self.changed.notify_one();
    }

    fn ask(&self, request: Option<&[u8]>) -> (c_int, Option<Vec<u8>>) {
        let (answer, receiver) = channel();
        // The NUL that the ABI promises.
        let request = request.map(|bytes| [bytes, b"\0"].concat());
        self.push(Some(Box::new(Task { request, answer })));
        receiver.recv_timeout(Duration::from_secs(60)).unwrap()
    }
}

#[unsafe(no_mangle)]
extern "C" fn ngx_http_lua_ffi_task_poll(queue: *mut c_void) -> *mut c_void {
    // SAFETY: `load` leaked a queue behind this pointer.
    let queue = unsafe { &*queue.cast::<Queue>() };
    let mut waiting = queue.waiting.lock().unwrap();
    loop {
        match waiting.pop_front() {
            Some(Some(task)) => return Box::into_raw(task).cast(),
            Some(None) => {
                queue.ended.send(()).unwrap();
                return ptr::null_mut();
            }
            None => waiting = queue.changed.wait(waiting).unwrap(),
        }
    }
}

#[unsafe(no_mangle)]
extern "C" fn ngx_http_lua_ffi_get_req(task: *mut c_void, len: *mut c_int) -> *mut c_char {
    // SAFETY: the poll gave this task, and it isn't answered yet.
    let task = unsafe { &mut *task.cast::<Task>() };
    let Some(request) = &mut task.request else { return ptr::null_mut() };
    // SAFETY: the runtime gives room for the length.
    unsafe { *len = request.len() as c_int - 1 };
    request.as_mut_ptr().cast()
}

#[unsafe(no_mangle)]
extern "C" fn ngx_http_lua_ffi_respond(task: *mut c_void, rc: c_int, body: *mut c_char, len: c_int) {
    // SAFETY: the poll gave this task; it is answered once.
    let task = unsafe { Box::from_raw(task.cast::<Task>()) };
    let bytes = (!body.is_null()).then(|| {
        // SAFETY: a body has `len` bytes and a NUL, in memory of libc's.
        unsafe {
            let bytes = std::slice::from_raw_parts(body.cast::<u8>(), len as usize + 1).to_vec();
            libc::free(body.cast());
            bytes
        }
    });
    let text = bytes.map(|mut bytes| {
        assert_eq!(bytes.pop(), Some(0), "a NUL behind the answer");
        bytes
    });
    task.answer.send((rc, text)).unwrap();
}

fn load(config: Option<&mut Vec<u8>>) -> (&'static Queue, Receiver<()>) {
    let (ended, end) = channel();
    let queue = Box::leak(Box::new(Queue { waiting: Mutex::default(), changed: Condvar::new(), ended }));
    let config = config.map_or(ptr::null_mut(), |text| text.as_mut_ptr().cast());
    // SAFETY: the queue stays for the whole process, the configuration ends at a NUL.
    assert_eq!(unsafe { echo::libffi_init(config, ptr::from_mut(queue).cast()) }, 0);
    (queue, end)
}

#[test]
fn answers_what_it_was_asked() {
    let (queue, end) = load(None);
    let (other, _end) = load(Some(&mut b"with a configuration\0".to_vec()));
    for queue in [&queue, &other] {
        assert_eq!(queue.ask(None), (0, None));
        let much = vec![7; 1 << 20];
        for request in [&b""[..], b"text", b"a\0\xff", &much] {
            assert_eq!(queue.ask(Some(request)), (0, Some(request.to_vec())));
        }
    }
    queue.push(None);
    end.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(other.ask(Some(b"still there")).0, 0);
}

#[test]
fn says_its_language() {
    // SAFETY: a text that ends at a NUL and stays.
    let language = unsafe { std::ffi::CStr::from_ptr(echo::libffi_language()) };
    assert_eq!(language, c"rust");
}
