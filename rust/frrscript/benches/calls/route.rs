// SPDX-License-Identifier: GPL-2.0-or-later
//! A route as bgpd has it, described in the tables that a daemon writes in C.

use frrscript::ffi::abi::{Arg, Field, HOOK_VERDICT, Hook, Host, Kind, Type, Value};
use frrscript::ffi::exports::register::{frrscript_host_set, frrscript_register_hooks};
use std::ffi::{CStr, c_void};
use std::ptr::{null, null_mut};

/// A prefix as FRR's `struct prefix`.
pub struct Prefix {
    family: u8,
    length: u16,
    octets: [u8; 4],
}

/// A neighbor.
pub struct Peer {
    asn: u32,
}

/// A route with the attributes that the policy reads.
pub struct Route {
    pub prefix: Prefix,
    pub peer: Peer,
    metric: Option<u32>,
    localpref: Option<u32>,
    communities: Vec<u8>,
}

impl Route {
    /// A route with five communities.
    pub fn sample() -> Route {
        let communities = (1u32..=5).flat_map(|n| (65_001 << 16 | n).to_be_bytes()).collect();
        Route {
            prefix: Prefix { family: 2, length: 24, octets: [11, 0, 2, 0] },
            peer: Peer { asn: 65_001 },
            metric: Some(50),
            localpref: Some(100),
            communities,
        }
    }
}

unsafe extern "C" fn as_prefix(object: *const c_void, out: *mut Value) -> bool {
    // SAFETY: the library passes a prefix of a call and a value to fill.
    unsafe {
        let prefix = &*object.cast::<Prefix>();
        (*out).family = prefix.family;
        (*out).prefixlen = prefix.length;
        let [a, b, c, d] = prefix.octets;
        (*out).u.addr = [a, b, c, d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    }
    true
}

unsafe extern "C" fn metric(object: *const c_void, out: *mut Value) -> bool {
    // SAFETY: a route of a call.
    let value = unsafe { (*object.cast::<Route>()).metric };
    // SAFETY: a value to fill.
    unsafe { (*out).u.num = value.unwrap_or(0).into() };
    value.is_some()
}

unsafe extern "C" fn localpref(object: *const c_void, out: *mut Value) -> bool {
    // SAFETY: a route of a call.
    let value = unsafe { (*object.cast::<Route>()).localpref };
    // SAFETY: a value to fill.
    unsafe { (*out).u.num = value.unwrap_or(0).into() };
    value.is_some()
}

unsafe extern "C" fn set_localpref(object: *mut c_void, value: *const Value) {
    // SAFETY: a route, and a checked number.
    unsafe { (*object.cast::<Route>()).localpref = Some(u32::try_from((*value).u.num).unwrap_or(0)) };
}

unsafe extern "C" fn communities(object: *const c_void, out: *mut Value) -> bool {
    // SAFETY: a route of a call, and a value to fill.
    unsafe {
        let octets = &(*object.cast::<Route>()).communities;
        (*out).u.ptr = octets.as_ptr().cast();
        (*out).len = u32::try_from(octets.len() / 4).unwrap_or(0);
    }
    true
}

/// A table that C would have as a static.
#[repr(transparent)]
pub struct Static<T>(pub T);
// SAFETY: the tables are never written.
unsafe impl<T> Sync for Static<T> {}

const fn field(name: &'static CStr, kind: Kind) -> Field {
    Field {
        name: name.as_ptr(),
        doc: null(),
        kind: kind as u8,
        flags: 0,
        width: 4,
        offset: 0,
        max: 0,
        choices: null(),
        object: null(),
        get: None,
        set: None,
        check: None,
    }
}

const END: Field = Field { name: null(), ..field(c"", Kind::NIL) };

static PREFIX_FIELDS: Static<[Field; 2]> = Static([
    Field { width: 2, offset: std::mem::offset_of!(Prefix, length) as u32, ..field(c"length", Kind::UINT) },
    END,
]);
pub static PREFIX: Static<Type> = Static(Type {
    name: c"prefix".as_ptr(),
    doc: null(),
    fields: PREFIX_FIELDS.0.as_ptr(),
    as_prefix: Some(as_prefix),
    ..Type::NONE
});
static ROUTE_FIELDS: Static<[Field; 4]> = Static([
    Field { get: Some(metric), ..field(c"metric", Kind::UINT) },
    Field { get: Some(localpref), set: Some(set_localpref), ..field(c"localpref", Kind::UINT) },
    Field { get: Some(communities), ..field(c"communities", Kind::COMMUNITY) },
    END,
]);
pub static ROUTE: Static<Type> = Static(Type {
    name: c"attributes".as_ptr(),
    doc: null(),
    fields: ROUTE_FIELDS.0.as_ptr(),
    as_prefix: None,
    ..Type::NONE
});
static PEER_FIELDS: Static<[Field; 2]> =
    Static([Field { offset: std::mem::offset_of!(Peer, asn) as u32, ..field(c"remote_as", Kind::UINT) }, END]);
static PEER: Static<Type> =
    Static(Type { name: c"peer".as_ptr(), doc: null(), fields: PEER_FIELDS.0.as_ptr(), as_prefix: None, ..Type::NONE });

pub const fn arg(name: &'static CStr, object: *const Type) -> Arg {
    Arg { name: name.as_ptr(), doc: null(), object, ..Arg::NONE }
}

static ARGS: Static<[Arg; 4]> = Static([
    arg(c"prefix", &raw const PREFIX.0),
    arg(c"attributes", &raw const ROUTE.0),
    arg(c"peer", &raw const PEER.0),
    Arg::NONE,
]);

/// The hook point.
pub static HOOK: Static<Hook> = Static(Hook {
    name: c"route_match".as_ptr(),
    doc: null(),
    args: ARGS.0.as_ptr(),
    flags: HOOK_VERDICT,
    ..Hook::NONE
});

unsafe extern "C" fn log(_priority: i32, message: *const std::ffi::c_char) {
    // SAFETY: the library passes a line of text.
    eprintln!("{}", unsafe { CStr::from_ptr(message) }.to_string_lossy());
}

/// Registers the host and the hook point.
pub fn register(directory: &CStr) {
    let host =
        Host { daemon: c"bench".as_ptr(), scriptdir: directory.as_ptr(), log: Some(log), changed: None, ..Host::NONE };
    let hooks = [&raw const HOOK.0, null()];
    // SAFETY: static tables and live strings.
    unsafe {
        assert_eq!(frrscript_host_set(&raw const host), 0);
        assert_eq!(frrscript_register_hooks(hooks.as_ptr(), null_mut()), 0);
    }
}
