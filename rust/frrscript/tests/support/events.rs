// SPDX-License-Identifier: GPL-2.0-or-later
//! A daemon that tells what happens, has neighbors, and gives scripts their turns.

use super::route::{Peer, Route};
use super::tables::{PEER, PREFIX, ROUTE, Static};
use super::{c_text, register, take};
use frrscript::ffi::abi::{Arg, HOOK_EVENT, Hook, Kind, List, Type, Value};
use frrscript::ffi::exports::events::{frrscript_event, frrscript_register_lists, frrscript_turn};
use frrscript::ffi::exports::operate::frrscript_script_load;
use frrscript::ffi::exports::register::frrscript_register_hooks;
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_char, c_void};
use std::path::Path;
use std::ptr::{null, null_mut};
use std::rc::Rc;
use std::time::{Duration, Instant};

thread_local! {
    static WAKE: Cell<Option<Instant>> = const { Cell::new(None) };
    static REEVALUATIONS: Cell<u32> = const { Cell::new(0) };
    static SHOWN: RefCell<Vec<(&'static str, &'static str)>> = const { RefCell::new(Vec::new()) };
    static PEERS: RefCell<Vec<Rc<Peer>>> = const { RefCell::new(Vec::new()) };
}

pub unsafe extern "C" fn wake(msec: u32) {
    let at = Instant::now() + Duration::from_millis(msec.into());
    WAKE.set(Some(WAKE.get().map_or(at, |before| before.min(at))));
}

/// The library asks at a load too.
pub unsafe extern "C" fn changed(_script: *const c_char) {
    REEVALUATIONS.set(REEVALUATIONS.get() + 1);
}

type Answer = Option<unsafe extern "C" fn(*mut c_void, *const c_char, usize)>;

/// `frr.show`.
pub unsafe extern "C" fn show(command: *const c_char, _most: usize, answer: Answer, ctx: *mut c_void) -> bool {
    // SAFETY: the library passes text.
    let command = unsafe { CStr::from_ptr(command) }.to_str().expect("text");
    let text = SHOWN.with_borrow(|shown| shown.iter().find(|s| s.0 == command).map_or("{}", |s| s.1));
    // SAFETY: the library's own function with its own context.
    unsafe { answer.expect("an answer")(ctx, text.as_ptr().cast(), text.len()) };
    true
}

/// What `frr.show` gives for a command.
pub fn shows(command: &'static str, text: &'static str) {
    SHOWN.with_borrow_mut(|shown| shown.push((command, text)));
}

/// The neighbors of `frr.peers()`, in front of any load.
pub fn peers(peers: &[&Rc<Peer>]) {
    PEERS.set(peers.iter().map(|p| Rc::clone(p)).collect());
}

/// `script load NAME`.
pub fn load(directory: &Path, name: &str) {
    register(directory);
    let name = c_text(name);
    let mut why = null_mut();
    // SAFETY: a live name and a place to write to.
    let result = unsafe { frrscript_script_load(name.as_ptr(), &raw mut why) };
    assert_eq!(result, 0, "{}", take(why));
}

/// The event loop, until `done`; false when that took too long.
pub fn turns(mut done: impl FnMut() -> bool) -> bool {
    let until = Instant::now() + Duration::from_secs(20);
    while Instant::now() < until {
        if WAKE.get().is_some_and(|at| at <= Instant::now()) {
            WAKE.set(None);
            frrscript_turn();
        } else {
            std::thread::sleep(Duration::from_millis(1));
        }
        if done() {
            return true;
        }
    }
    false
}

/// The event loop for some time.
pub fn turns_for(time: Duration) {
    let until = Instant::now() + time;
    turns(|| Instant::now() >= until);
}

/// How often the daemon was asked to evaluate again.
pub fn reevaluations() -> u32 {
    REEVALUATIONS.get()
}

/// The best route of a prefix changed. Handlers have run when it returns.
pub fn tell_route(family: &str, old: Option<&Route>, new: Option<&Route>) {
    let pointer = |route: Option<&Route>| route.map_or(null(), std::ptr::from_ref);
    tell(&ROUTE_CHANGED, [pointer(old).cast(), pointer(new).cast()], [family, ""]);
}

/// A session went from one state to another. Handlers have run, or wait, when it returns.
pub fn tell_peer(peer: &Rc<Peer>, new: &'static str) {
    let old = peer.state.replace(new);
    tell(&PEER_CHANGED, [Rc::as_ptr(peer).cast(), null()], [old, new]);
}

#[repr(C)]
struct Event {
    objects: [*const c_void; 2],
    words: [[u8; 16]; 2],
}

fn tell(hook: &'static Static<Hook>, objects: [*const c_void; 2], words: [&str; 2]) {
    let words = words.map(|word| {
        let mut octets = [0; 16];
        octets[..word.len()].copy_from_slice(word.as_bytes());
        octets
    });
    let event = Event { objects, words };
    // SAFETY: a registered event and its record; what it points to lives until the turns below are over.
    unsafe { frrscript_event(&raw const hook.0, (&raw const event).cast()) };
    turns_for(Duration::from_millis(5));
}

macro_rules! part {
    ($name:ident, |$event:ident, $out:ident| $body:expr) => {
        unsafe extern "C" fn $name(record: *const c_void, out: *mut Value) -> bool {
            // SAFETY: the library passes a record of the event and a value to fill.
            let ($event, $out) = unsafe { (&*record.cast::<Event>(), &mut *out) };
            $body
        }
    };
}

fn object(object: *const c_void, out: &mut Value) -> bool {
    out.u.ptr = object;
    !object.is_null()
}

fn word(word: &[u8; 16], out: &mut Value) -> bool {
    out.kind = Kind::STRING as u8;
    out.len = word.iter().take_while(|c| **c != 0).count().try_into().expect("a word");
    out.u.ptr = word.as_ptr().cast();
    true
}

part!(first, |event, out| object(event.objects[0], out));
part!(second, |event, out| object(event.objects[1], out));
part!(either, |event, out| object(event.objects[0], out) || object(event.objects[1], out));
part!(word0, |event, out| word(&event.words[0], out));
part!(word1, |event, out| word(&event.words[1], out));

type Get = unsafe extern "C" fn(*const c_void, *mut Value) -> bool;

const fn arg(name: &'static CStr, object: *const Type, get: Get) -> Arg {
    Arg { name: name.as_ptr(), object, kind: Kind::STRING as u8, get: Some(get), ..Arg::NONE }
}

const fn event(name: &'static CStr, args: *const Arg) -> Hook {
    let record = size_of::<Event>() as u32;
    Hook { name: name.as_ptr(), args, flags: HOOK_EVENT, record, ..Hook::NONE }
}

static ROUTE_ARGS: Static<[Arg; 5]> = Static([
    arg(c"prefix", &raw const PREFIX.0, either),
    arg(c"old", &raw const ROUTE.0, first),
    arg(c"new", &raw const ROUTE.0, second),
    arg(c"family", null(), word0),
    Arg::NONE,
]);
static ROUTE_CHANGED: Static<Hook> = Static(event(c"route_changed", ROUTE_ARGS.0.as_ptr()));

static PEER_ARGS: Static<[Arg; 4]> =
    Static([arg(c"peer", &raw const PEER.0, first), arg(c"old", null(), word0), arg(c"new", null(), word1), Arg::NONE]);
static PEER_CHANGED: Static<Hook> = Static(event(c"peer_changed", PEER_ARGS.0.as_ptr()));

unsafe extern "C" fn each_peer(
    add: Option<unsafe extern "C" fn(*mut c_void, *const c_void) -> bool>,
    ctx: *mut c_void,
) {
    let add = add.expect("a function");
    PEERS.with_borrow(|peers| {
        for peer in peers {
            // SAFETY: the library's own function with its own context.
            if !unsafe { add(ctx, Rc::as_ptr(peer).cast()) } {
                break;
            }
        }
    });
}

static LIST: Static<List> =
    Static(List { name: c"peers".as_ptr(), doc: null(), object: &raw const PEER.0, each: Some(each_peer) });

/// Adds the events and the list to the host.
pub fn add_to_host() {
    let hooks = [&raw const ROUTE_CHANGED.0, &raw const PEER_CHANGED.0, null()];
    let lists = [&raw const LIST.0, null()];
    let mut why = null_mut();
    // SAFETY: static tables.
    unsafe {
        assert_eq!(frrscript_register_hooks(hooks.as_ptr(), &raw mut why), 0, "{}", take(why));
        assert_eq!(frrscript_register_lists(lists.as_ptr(), &raw mut why), 0, "{}", take(why));
    }
}
