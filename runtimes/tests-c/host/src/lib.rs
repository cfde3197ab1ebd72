// SPDX-License-Identifier: GPL-2.0-or-later
//! The host that daemons have (`rust/runtime-host`) behind the interface of `host.h`, so that the cases in C run on it
//! too. Like libfrr it is a shared library that the program links, and its main thread takes the answers.

#![allow(clippy::missing_safety_doc, reason = "C's callers: host.h says what each takes")]
#![allow(non_upper_case_globals, reason = "names of host.h")]

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use runtime_host::calls::Handle;
use runtime_host::host::{Event, host};
use runtime_host::load::{self, Load};
use runtime_host::runtime::{Limits, Runtime, State};

/// `struct call` of host.h.
#[repr(C)]
pub struct Call {
    rc: c_int,
    rsp: *mut c_char,
    len: c_int,
    /// The handle, which C does not look at.
    task: u64,
}

/// `struct runtime` of host.h.
pub struct Loaded {
    runtime: Arc<Runtime>,
    language: CString,
}

/// No answer yet.
const OPEN: c_int = -2;

/// What C's program waits for: addresses of calls, which only its main thread uses.
#[derive(Default)]
struct Waiting {
    calls: HashMap<Handle, usize>,
    log: Vec<u8>,
}

static WAITING: LazyLock<Mutex<Waiting>> = LazyLock::new(Mutex::default);

fn waiting() -> MutexGuard<'static, Waiting> {
    WAITING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// This host has more than lua-resty-ffi's functions.
#[unsafe(no_mangle)]
pub static host_is_small: bool = false;

/// An answer to a cancelled call comes to nobody.
#[unsafe(no_mangle)]
pub static host_drops_late: bool = true;

fn deliver(event: Event) {
    let (handle, rc, body) = match event {
        Event::Answer { call, rc, body } => (call, rc, body),
        Event::Lost { call, .. } => (call, -3, None),
        Event::Changed(_) => return,
        Event::Logged => {
            let (lines, ..) = host().lines.take(usize::MAX);
            let mut waiting = waiting();
            for line in lines {
                waiting.log.extend_from_slice(format!("<{}>{}\n", line.priority, line.text).as_bytes());
            }
            return;
        }
    };
    let Some(call) = waiting().calls.remove(&handle) else { return };
    let len = body.as_ref().map_or(0, |body| body.len());
    // SAFETY: the program's own, which stays until it is answered.
    unsafe {
        let call = call as *mut Call;
        (*call).len = c_int::try_from(len).unwrap_or(c_int::MAX);
        (*call).rsp = body.map_or(std::ptr::null_mut(), runtime_host::ffi::octets::Octets::into_raw);
        (*call).rc = rc;
    }
}

/// Takes answers until `done` says so or the time is over; what `done` says then.
fn pump(seconds: c_int, mut done: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    let Some(waker) = host().waker() else { return false };
    let mut events = Vec::new();
    loop {
        if host().answers.begin() {
            waker.reset();
        }
        host().answers.take(&mut events);
        events.drain(..).for_each(deliver);
        let asleep = host().answers.end();
        if done() {
            return true;
        }
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return false;
        }
        if asleep {
            let mut fd = libc::pollfd { fd: waker.fd(), events: libc::POLLIN, revents: 0 };
            // Not all that `done` asks for wakes this thread.
            let left = left.min(Duration::from_millis(100));
            // SAFETY: one descriptor.
            unsafe { libc::poll(&raw mut fd, 1, c_int::try_from(left.as_millis()).unwrap_or(100)) };
        }
    }
}

/// See host.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn host_load(
    dir: *const c_char,
    name: *const c_char,
    cfg: *const c_char,
    rc: *mut c_int,
) -> *mut Loaded {
    // SAFETY: strings of the program's; `cfg` may be NULL.
    let (dir, name, cfg) = unsafe {
        let cfg = (!cfg.is_null()).then(|| CStr::from_ptr(cfg).to_bytes().to_vec());
        (CStr::from_ptr(dir).to_string_lossy(), CStr::from_ptr(name).to_string_lossy(), cfg)
    };
    let runtime = host().add(&name, Limits::default(), 1);
    let path = Path::new(&*dir).join(format!("lib{name}.so"));
    let (sender, language) = mpsc::channel();
    load::start(&runtime, Load { path, cfg, global: false, unpin: false, process: None }, move |text| {
        let _ = sender.send(text);
    });
    pump(120, || runtime.state() != State::Loading);
    let code = match runtime.state() {
        State::Ready => 0,
        State::Failed(code, why) => {
            if code == 0 {
                eprintln!("{why}");
                -1
            } else {
                code
            }
        }
        _ => -1,
    };
    // SAFETY: the program's.
    unsafe { *rc = code };
    if code != 0 {
        return std::ptr::null_mut();
    }
    let language = CString::new(language.try_recv().unwrap_or_default()).unwrap_or_default();
    Box::into_raw(Box::new(Loaded { runtime, language }))
}

/// See host.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn host_language(loaded: *const Loaded) -> *const c_char {
    // SAFETY: from host_load().
    unsafe { (*loaded).language.as_ptr() }
}

/// See host.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn host_post(loaded: *mut Loaded, call: *mut Call, request: *const c_char, len: c_int) {
    // SAFETY: from host_load(); the call is the program's; `len` octets when there are any.
    unsafe {
        let request = usize::try_from(len).ok().map(|len| std::slice::from_raw_parts(request.cast::<u8>(), len));
        *call = Call { rc: OPEN, rsp: std::ptr::null_mut(), len: 0, task: 0 };
        match host().post(&(*loaded).runtime, request) {
            Ok(handle) => {
                (*call).task = handle.0;
                waiting().calls.insert(handle, call as usize);
            }
            Err(refusal) => {
                eprintln!("not posted: {refusal:?}");
                (*call).rc = -4;
            }
        }
    }
}

/// See host.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn host_wait(call: *const Call, seconds: c_int) -> bool {
    // SAFETY: the program's, which only this thread writes.
    pump(seconds, || unsafe { (*call).rc != OPEN })
}

/// See host.h: whoever cancels hears nothing any more, and sees only that the late answer was counted.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn host_cancel(call: *mut Call) {
    // SAFETY: the program's.
    let handle = Handle(unsafe { (*call).task });
    waiting().calls.remove(&handle);
    host().calls.cancel(handle);
}

/// See host.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn host_late(loaded: *const Loaded, seconds: c_int) -> bool {
    // SAFETY: from host_load().
    let runtime = unsafe { &(*loaded).runtime };
    pump(seconds, || runtime.late.load(std::sync::atomic::Ordering::Relaxed) > 0)
}

/// See host.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn host_done(call: *mut Call) {
    // SAFETY: malloc's, freed once.
    unsafe {
        libc::free((*call).rsp.cast::<c_void>());
        (*call).rsp = std::ptr::null_mut();
    }
}

/// See host.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn host_unload(loaded: *mut Loaded, seconds: c_int) -> bool {
    // SAFETY: from host_load().
    let runtime = unsafe { &(*loaded).runtime };
    runtime.finish();
    pump(seconds, || runtime.state() == State::Ended)
}

/// See host.h.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn host_logged(text: *const c_char, seconds: c_int) -> bool {
    // SAFETY: a string.
    let text = unsafe { CStr::from_ptr(text) }.to_bytes();
    pump(seconds, || waiting().log.windows(text.len()).any(|window| window == text))
}

/// See host.h.
#[unsafe(no_mangle)]
pub extern "C" fn host_wrong_answers() -> c_int {
    let stray = host().stray.load(std::sync::atomic::Ordering::Relaxed);
    c_int::try_from(stray).unwrap_or(c_int::MAX)
}
