// SPDX-License-Identifier: GPL-2.0-or-later
//! An event loop, an event and a list for the tests' daemon.

use super::host::Host;
use super::tables::{Objects, PEER, PREFIX, Peer, Prefix, Static};
use frrscript::ffi::abi::{Arg, HOOK_EVENT, Hook, Kind, List, Value};
use frrscript::ffi::exports::events::*;
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::null;
use std::time::{Duration, Instant};

/// What the daemon tells of a change.
#[repr(C)]
struct Change {
    prefix: *const Prefix,
    peer: *const Peer,
    family: [u8; 16],
    number: u64,
}

thread_local! {
    pub static WAKE: Cell<Option<u32>> = const { Cell::new(None) };
    static WATCHED: Cell<c_int> = const { Cell::new(-1) };
    pub static LISTENS: Cell<bool> = const { Cell::new(false) };
    pub static HELD: Cell<i64> = const { Cell::new(0) };
    pub static COMMANDS: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

pub unsafe extern "C" fn wake(msec: u32) {
    WAKE.set(Some(WAKE.get().map_or(msec, |before| before.min(msec))));
}

/// What runtimes wake the event loop with.
pub unsafe extern "C" fn watch(fd: c_int) {
    WATCHED.set(fd);
}

/// Gives turns as an event loop would, until `done` or the time is over.
pub fn settle(time: Duration, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + time;
    let mut due: Option<Instant> = None;
    while !done() && Instant::now() < until {
        if let Some(msec) = WAKE.take() {
            let at = Instant::now() + Duration::from_millis(msec.into());
            due = Some(due.map_or(at, |before| before.min(at)));
        }
        let left = due.map_or(Duration::from_millis(100), |at| at.saturating_duration_since(Instant::now()));
        let mut fd = libc::pollfd { fd: WATCHED.get(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one descriptor; -1 is none.
        let ready = unsafe { libc::poll(&raw mut fd, 1, left.as_millis().min(100) as c_int) };
        if due.is_some_and(|at| at <= Instant::now()) {
            due = None;
            frrscript_turn();
        } else if ready > 0 {
            frrscript_turn();
        }
    }
}

type Answer = Option<unsafe extern "C" fn(*mut c_void, *const c_char, usize)>;

fn say(answer: Answer, ctx: *mut c_void, text: &str) {
    // SAFETY: the library's own function with its own context.
    unsafe { answer.expect("an answer")(ctx, text.as_ptr().cast(), text.len()) };
}

pub unsafe extern "C" fn show(command: *const c_char, _most: usize, answer: Answer, ctx: *mut c_void) -> bool {
    // SAFETY: the library passes text.
    let command = unsafe { CStr::from_ptr(command) }.to_string_lossy().into_owned();
    match command.as_str() {
        "show version" => say(answer, ctx, "FRR 10.3\n"),
        "show all json" => {
            say(answer, ctx, r#"{"routes": [1, {"metric": 12}], "big": 9007199254740993, "none": null}"#)
        }
        _ => {
            say(answer, ctx, "% Unknown command\n");
            return false;
        }
    }
    true
}

pub unsafe extern "C" fn configure(lines: *const c_char, answer: Answer, ctx: *mut c_void) -> bool {
    // SAFETY: the library passes text.
    let lines = unsafe { CStr::from_ptr(lines) }.to_string_lossy().into_owned();
    let good = !lines.contains("bad");
    COMMANDS.with_borrow_mut(|c| c.push(lines));
    if !good {
        say(answer, ctx, "line 2: bad: unknown command");
    }
    good
}

macro_rules! getter {
    ($name:ident, |$change:ident, $out:ident| $body:expr) => {
        unsafe extern "C" fn $name(record: *const c_void, out: *mut Value) -> bool {
            // SAFETY: the library passes a record of the event and a value to fill.
            let ($change, $out) = unsafe { (&*record.cast::<Change>(), &mut *out) };
            $body
        }
    };
}

getter!(prefix_of, |change, out| {
    out.u.ptr = change.prefix.cast();
    true
});
getter!(peer_of, |change, out| {
    out.u.ptr = change.peer.cast();
    !change.peer.is_null()
});
getter!(family_of, |change, out| {
    out.kind = Kind::STRING as u8;
    out.len = change.family.iter().take_while(|c| **c != 0).count() as u32;
    out.u.ptr = change.family.as_ptr().cast();
    true
});
getter!(number_of, |change, out| {
    out.kind = Kind::UINT as u8;
    out.u.num = change.number;
    true
});

const fn arg(name: &'static CStr, get: unsafe extern "C" fn(*const c_void, *mut Value) -> bool) -> Arg {
    Arg { name: name.as_ptr(), get: Some(get), ..Arg::NONE }
}

static ARGS: Static<[Arg; 5]> = Static([
    Arg { object: &raw const PREFIX.0, ..arg(c"prefix", prefix_of) },
    Arg { object: &raw const PEER.0, ..arg(c"peer", peer_of) },
    Arg { kind: Kind::STRING as u8, ..arg(c"family", family_of) },
    Arg { kind: Kind::UINT as u8, ..arg(c"number", number_of) },
    Arg::NONE,
]);

unsafe extern "C" fn listen(on: bool) {
    LISTENS.set(on);
}
unsafe extern "C" fn hold(_record: *mut c_void) {
    HELD.set(HELD.get() + 1);
}
unsafe extern "C" fn release(_record: *mut c_void) {
    HELD.set(HELD.get() - 1);
}

pub static CHANGED: Static<Hook> = Static(Hook {
    name: c"route_changed".as_ptr(),
    args: ARGS.0.as_ptr(),
    flags: HOOK_EVENT,
    record: size_of::<Change>() as u32,
    listen: Some(listen),
    hold: Some(hold),
    release: Some(release),
    ..Hook::NONE
});

thread_local! {
    pub static PEERS: RefCell<Vec<Peer>> = const { RefCell::new(Vec::new()) };
}

unsafe extern "C" fn each_peer(
    add: Option<unsafe extern "C" fn(*mut c_void, *const c_void) -> bool>,
    ctx: *mut c_void,
) {
    PEERS.with_borrow(|peers| {
        for peer in peers {
            // SAFETY: the library's own function with its own context.
            if !unsafe { add.expect("a function")(ctx, std::ptr::from_ref::<Peer>(peer).cast()) } {
                break;
            }
        }
    });
}

pub static LIST: Static<List> = Static(List {
    name: c"peers".as_ptr(),
    doc: c"neighbors".as_ptr(),
    object: &raw const PEER.0,
    each: Some(each_peer),
});

/// Adds the event and the list to a new host.
pub fn register() {
    let (hooks, lists) = ([&raw const CHANGED.0, null()], [&raw const LIST.0, null()]);
    // SAFETY: static tables.
    unsafe {
        assert_eq!(super::host::register_hooks(hooks.as_ptr()), Ok(String::new()));
        assert_eq!(frrscript_register_lists(lists.as_ptr(), std::ptr::null_mut()), 0);
    }
    WAKE.take();
    COMMANDS.take();
    PEERS.set(vec![Peer { asn: 65001, name: c"r2".to_owned() }, Peer { asn: 65002, name: c"r3".to_owned() }]);
}

pub fn tell(objects: &Objects, family: &str, number: u64) {
    let mut octets = [0; 16];
    octets[..family.len()].copy_from_slice(family.as_bytes());
    let change = Change { prefix: &raw const objects.prefix, peer: &raw const objects.peer, family: octets, number };
    // SAFETY: a registered event and its record.
    unsafe { frrscript_event(&raw const CHANGED.0, (&raw const change).cast()) };
}

/// Gives turns as an event loop would, until nothing is wanted for `idle`.
pub fn turns(idle: Duration) -> u32 {
    let mut count = 0;
    let until = Instant::now() + Duration::from_secs(20);
    while let Some(msec) = WAKE.take() {
        if Duration::from_millis(msec.into()) > idle || Instant::now() > until {
            WAKE.set(Some(msec));
            break;
        }
        std::thread::sleep(Duration::from_millis(msec.into()));
        frrscript_turn();
        count += 1;
    }
    count
}

pub fn run(host: &Host) -> String {
    host.load("s").expect("it loads");
    turns(Duration::from_millis(50));
    host.log().join("\n")
}

/// What is logged by a script that is loaded and has its turns.
pub fn logged(source: &str) -> String {
    run(&Host::with(source))
}
