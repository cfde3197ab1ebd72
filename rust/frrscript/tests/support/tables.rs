// SPDX-License-Identifier: GPL-2.0-or-later
//! The tables that a daemon writes in C, with the names that bgpd uses (daemons/bgpd).

use super::route::{AsPath, Peer, Route};
use frrscript::ffi::abi::{
    Arg, AsSegment, CLEAR, Field, HOOK_SET, HOOK_VERDICT, Hook, Kind, TEXT, Type, Value, ValueBody,
};
use ipnet::IpNet;
use std::ffi::{CStr, c_void};
use std::net::IpAddr;
use std::ptr::null;

/// A table that C would have as a static.
#[repr(transparent)]
pub struct Static<T>(pub T);
// SAFETY: the tables are never written.
unsafe impl<T> Sync for Static<T> {}

fn number(out: &mut Value, value: Option<u32>) -> bool {
    out.u.num = value.unwrap_or(0).into();
    value.is_some()
}

fn octets(out: &mut Value, octets: &[u8], size: usize) -> bool {
    out.u.ptr = octets.as_ptr().cast();
    out.len = u32::try_from(octets.len() / size).expect("a short list");
    !octets.is_empty()
}

fn address(out: &mut Value, address: IpAddr) -> bool {
    let mut addr = [0; 16];
    match address {
        IpAddr::V4(a) => addr[..4].copy_from_slice(&a.octets()),
        IpAddr::V6(a) => addr = a.octets(),
    }
    let family = if address.is_ipv4() { libc::AF_INET } else { libc::AF_INET6 };
    out.family = u8::try_from(family).expect("a small number");
    out.u = ValueBody { addr };
    true
}

fn network(out: &mut Value, prefix: IpNet) -> bool {
    out.prefixlen = prefix.prefix_len().into();
    address(out, prefix.addr())
}

/// The number of a checked value; nil is none.
fn given(value: &Value) -> Option<u32> {
    // SAFETY: what is not nil is a number here.
    (value.kind != Kind::NIL as u8).then(|| u32::try_from(unsafe { value.u.num }).expect("checked by the library"))
}

/// The octets of a staged value of items of `size`.
fn staged(value: &Value, size: usize) -> Vec<u8> {
    if value.kind == Kind::NIL as u8 || value.len == 0 {
        return Vec::new();
    }
    // SAFETY: the library gives `len` items at `ptr`.
    unsafe { std::slice::from_raw_parts(value.u.ptr.cast::<u8>(), value.len as usize * size) }.to_vec()
}

fn text(value: &Value) -> Option<String> {
    (value.kind != Kind::NIL as u8).then(|| String::from_utf8(staged(value, 1)).expect("text"))
}

fn path(value: &Value) -> AsPath {
    let mut asns = Vec::new();
    for index in 0..value.len as usize {
        // SAFETY: the library gives `len` segments at `ptr`, each with `len` AS numbers.
        unsafe {
            let segment = &*value.u.ptr.cast::<AsSegment>().add(index);
            asns.extend_from_slice(std::slice::from_raw_parts(segment.asns, segment.len.into()));
        }
    }
    AsPath::new(asns)
}

macro_rules! get {
    ($name:ident, $object:ty, |$o:ident, $out:ident| $body:expr) => {
        unsafe extern "C" fn $name(object: *const c_void, out: *mut Value) -> bool {
            // SAFETY: the library passes an object of the table's type and a value to fill.
            let ($o, $out) = unsafe { (&*object.cast::<$object>(), &mut *out) };
            $body
        }
    };
}

macro_rules! set {
    ($name:ident, |$route:ident, $value:ident| $body:expr) => {
        unsafe extern "C" fn $name(object: *mut c_void, value: *const Value) {
            // SAFETY: the library passes the route that is changed and a checked value.
            let ($route, $value) = unsafe { (&mut *object.cast::<Route>(), &*value) };
            $body;
        }
    };
}

get!(as_prefix, Route, |route, out| network(out, route.prefix));
get!(length, Route, |route, out| number(out, Some(route.prefix.prefix_len().into())));
get!(family, Route, |route, out| number(out, Some(if route.prefix.addr().is_ipv4() { 2 } else { 10 })));
get!(network_text, Route, |route, out| octets(out, route.network.as_bytes(), 1));
get!(rd, Route, |_route, out| octets(out, b"192.0.2.1:2", 1));
get!(evpn, Route, |route, out| {
    out.u.ptr = std::ptr::from_ref(route).cast();
    route.mac.is_some()
});
get!(mac, Route, |route, out| octets(out, route.mac.unwrap_or_default().as_bytes(), 1));
get!(metric, Route, |route, out| number(out, route.metric));
set!(set_metric, |route, value| route.metric = given(value));
get!(localpref, Route, |route, out| number(out, route.localpref));
set!(set_localpref, |route, value| route.localpref = given(value));
get!(communities, Route, |route, out| octets(out, &route.communities, 4));
set!(set_communities, |route, value| route.communities = staged(value, 4));
get!(large, Route, |route, out| octets(out, &route.large_communities, 12));
set!(set_large, |route, value| route.large_communities = staged(value, 12));
get!(ext, Route, |route, out| octets(out, &route.ext_communities, 8));
set!(set_ext, |route, value| route.ext_communities = staged(value, 8));
get!(nexthop_address, Route, |route, out| {
    route.ipv4_nexthop.as_ref().is_some_and(|a| address(out, a.parse().expect("an address")))
});
get!(withdrawn, Route, |route, out| {
    out.u.num = route.withdrawn.into();
    true
});
get!(route_peer, Route, |route, out| {
    out.u.ptr = route.from.as_ref().map_or(null(), |p| std::rc::Rc::as_ptr(p).cast());
    route.from.is_some()
});
get!(as_path, Route, |route, out| {
    out.u.ptr = std::ptr::from_ref(&route.as_path).cast();
    true
});
set!(set_as_path, |route, value| route.as_path = path(value));
get!(ipv4, Route, |route, out| octets(out, route.ipv4_nexthop.as_deref().unwrap_or_default().as_bytes(), 1));
set!(set_ipv4, |route, value| route.ipv4_nexthop = text(value));
get!(ipv6, Route, |route, out| octets(out, route.ipv6_nexthop.as_deref().unwrap_or_default().as_bytes(), 1));
set!(set_ipv6, |route, value| route.ipv6_nexthop = text(value));
get!(remote_as, Peer, |peer, out| number(out, Some(peer.remote_as)));
get!(name, Peer, |peer, out| octets(out, peer.name.as_bytes(), 1));
get!(sort, Peer, |peer, out| octets(out, peer.sort.as_bytes(), 1));

get!(vrf, Peer, |_peer, out| octets(out, b"default", 1));
get!(description, Peer, |_peer, out| octets(out, b"west", 1));
get!(state, Peer, |peer, out| octets(out, peer.state.get().as_bytes(), 1));
get!(uptime, Peer, |_peer, out| number(out, Some(0)));
get!(prefixes, Peer, |peer, out| number(out, Some(peer.prefixes.get())));
get!(updates, Peer, |peer, out| number(out, Some(peer.updates.get())));
get!(refreshes, Peer, |peer, out| number(out, Some(peer.refreshes.get())));

type Get = unsafe extern "C" fn(*const c_void, *mut Value) -> bool;
type Set = unsafe extern "C" fn(*mut c_void, *const Value);

const fn field(name: &'static CStr, kind: Kind, flags: u8, get: Option<Get>, set: Option<Set>) -> Field {
    Field {
        name: name.as_ptr(),
        doc: null(),
        kind: kind as u8,
        flags,
        width: 4,
        offset: 0,
        max: 0,
        choices: null(),
        object: null(),
        get,
        set,
        check: None,
    }
}

const fn part(name: &'static CStr, of: *const Type) -> Field {
    Field { object: of, ..field(name, Kind::OBJECT, 0, None, None) }
}

const END: Field = Field { name: null(), ..field(c"", Kind::NIL, 0, None, None) };

const fn table(name: &'static CStr, fields: *const Field) -> Type {
    Type { name: name.as_ptr(), doc: null(), fields, ..Type::NONE }
}

macro_rules! fields {
    ($name:ident: $count:literal, $($field:expr),* $(,)?) => {
        static $name: Static<[Field; $count + 1]> = Static([$($field,)* END]);
    };
}

const fn read(name: &'static CStr, kind: Kind, get: Get) -> Field {
    field(name, kind, 0, Some(get), None)
}

fields!(EVPN_FIELDS: 2, read(c"mac", Kind::STRING, mac), read(c"rd", Kind::STRING, rd));
static EVPN: Static<Type> = Static(table(c"prefix_evpn", EVPN_FIELDS.0.as_ptr()));

fields!(PREFIX_FIELDS: 5,
    read(c"length", Kind::UINT, length),
    read(c"family", Kind::UINT, family),
    read(c"network", Kind::STRING, network_text),
    read(c"rd", Kind::STRING, rd),
    Field { get: Some(evpn), ..part(c"evpn", &raw const EVPN.0) },
);
/// What a route is a route to.
pub static PREFIX: Static<Type> =
    Static(Type { as_prefix: Some(as_prefix), ..table(c"prefix", PREFIX_FIELDS.0.as_ptr()) });

fields!(NEXTHOP_FIELDS: 3,
    read(c"address", Kind::ADDRESS, nexthop_address),
    field(c"ipv4", Kind::STRING, CLEAR, Some(ipv4), Some(set_ipv4)),
    field(c"ipv6_global", Kind::STRING, CLEAR, Some(ipv6), Some(set_ipv6)),
);
static NEXTHOP: Static<Type> = Static(table(c"nexthop", NEXTHOP_FIELDS.0.as_ptr()));

fields!(ATTRIBUTES_FIELDS: 9,
    field(c"metric", Kind::UINT, CLEAR, Some(metric), Some(set_metric)),
    field(c"localpref", Kind::UINT, CLEAR, Some(localpref), Some(set_localpref)),
    field(c"aspath", Kind::AS_PATH, TEXT, Some(as_path), Some(set_as_path)),
    field(c"as_path", Kind::AS_PATH, 0, Some(as_path), Some(set_as_path)),
    field(c"community", Kind::COMMUNITY, TEXT | CLEAR, Some(communities), Some(set_communities)),
    field(c"communities", Kind::COMMUNITY, CLEAR, Some(communities), Some(set_communities)),
    field(c"large_communities", Kind::LARGE_COMMUNITY, CLEAR, Some(large), Some(set_large)),
    field(c"ext_communities", Kind::EXT_COMMUNITY, CLEAR, Some(ext), Some(set_ext)),
    part(c"nexthop", &raw const NEXTHOP.0),
);
static ATTRIBUTES: Static<Type> = Static(table(c"attributes", ATTRIBUTES_FIELDS.0.as_ptr()));

fields!(STATS_FIELDS: 2,
    read(c"update_in", Kind::UINT, updates),
    read(c"refresh_out", Kind::UINT, refreshes),
);
static STATS: Static<Type> = Static(table(c"peer_stats", STATS_FIELDS.0.as_ptr()));

fields!(PEER_FIELDS: 9,
    read(c"remote_as", Kind::UINT, remote_as),
    read(c"name", Kind::STRING, name),
    read(c"sort", Kind::STRING, sort),
    read(c"vrf", Kind::STRING, vrf),
    read(c"description", Kind::STRING, description),
    read(c"state", Kind::STRING, state),
    read(c"uptime", Kind::UINT, uptime),
    read(c"prefixes", Kind::UINT, prefixes),
    part(c"stats", &raw const STATS.0),
);
/// A neighbor.
pub static PEER: Static<Type> = Static(table(c"peer", PEER_FIELDS.0.as_ptr()));

fields!(PATH_FIELDS: 1, read(c"withdrawn", Kind::BOOL, withdrawn));
static PATH: Static<Type> = Static(table(c"path", PATH_FIELDS.0.as_ptr()));

fields!(ROUTE_FIELDS: 3,
    part(c"attributes", &raw const ATTRIBUTES.0),
    part(c"path", &raw const PATH.0),
    Field { get: Some(route_peer), ..part(c"peer", &raw const PEER.0) },
);
/// A route in an event.
pub static ROUTE: Static<Type> = Static(table(c"route", ROUTE_FIELDS.0.as_ptr()));

const fn arg(name: &'static CStr, object: *const Type, constant: i64) -> Arg {
    Arg { name: name.as_ptr(), doc: null(), object, constant, ..Arg::NONE }
}

static ARGS: Static<[Arg; 9]> = Static([
    arg(c"prefix", &raw const PREFIX.0, 0),
    arg(c"attributes", &raw const ATTRIBUTES.0, 0),
    arg(c"peer", &raw const PEER.0, 0),
    arg(c"RM_FAILURE", null(), 0),
    arg(c"RM_NOMATCH", null(), 1),
    arg(c"RM_MATCH", null(), 2),
    arg(c"RM_MATCH_AND_CHANGE", null(), 3),
    arg(c"path", &raw const PATH.0, 0),
    Arg::NONE,
]);

const fn hook(name: &'static CStr, flags: u32) -> Hook {
    Hook { name: name.as_ptr(), doc: null(), args: ARGS.0.as_ptr(), flags, ..Hook::NONE }
}

/// `match script`.
pub static MATCH: Static<Hook> = Static(hook(c"route_match", HOOK_VERDICT));
/// `set script`.
pub static SET: Static<Hook> = Static(hook(c"route_set", HOOK_SET));
