// SPDX-License-Identifier: GPL-2.0-or-later
//! Objects of a daemon and the tables that describe them: a field of every kind.

use frrscript::ffi::abi::{
    Arg, AsPathOps, AsSegment, CLEAR, Field, HOOK_SET, HOOK_VERDICT, Hook, Kind, TEXT, Type, Value, ValueBody,
};
use std::ffi::{CStr, CString, c_char, c_void};
use std::mem::offset_of;
use std::net::IpAddr;
use std::ptr::null;

/// An AS path: (segment type, AS numbers).
#[derive(Default)]
pub struct Path {
    pub segments: Vec<(u8, Vec<u32>)>,
    text: CString,
}

impl Path {
    fn new(segments: Vec<(u8, Vec<u32>)>) -> Path {
        let words: Vec<String> = segments.iter().flat_map(|s| s.1.iter().map(u32::to_string)).collect();
        Path { segments, text: CString::new(words.join(" ")).expect("digits") }
    }

    pub fn text(&self) -> &str {
        self.text.to_str().expect("digits")
    }
}

/// Attributes.
#[derive(Default)]
pub struct Route {
    pub octet: u8,
    pub flag: u8,
    pub localpref: u32,
    pub counter: u64,
    pub metric: Option<u32>,
    pub balance: i64,
    pub origin: String,
    pub note: Option<Vec<u8>>,
    pub address: Option<IpAddr>,
    pub network: Option<(IpAddr, u8)>,
    pub ifindex: u32,
    pub as_path: Path,
    pub communities: Vec<u8>,
    pub large: Vec<u8>,
    pub ext: Vec<u8>,
    pub ext6: Vec<u8>,
}

/// A prefix.
pub struct Prefix {
    pub address: IpAddr,
    pub length: u16,
}

/// A neighbor.
pub struct Peer {
    pub asn: u32,
    pub name: CString,
}

/// What a hook is called with.
pub struct Objects {
    pub prefix: Prefix,
    pub route: Route,
    pub peer: Peer,
}

impl Objects {
    pub fn sample() -> Objects {
        Objects {
            prefix: Prefix { address: "192.0.2.0".parse().expect("an address"), length: 24 },
            route: Route {
                octet: 255,
                flag: 1,
                localpref: 100,
                counter: (1 << 60) + 1,
                metric: None,
                balance: -5,
                origin: "igp".to_owned(),
                note: Some(b"a\0b".to_vec()),
                address: Some("2001:db8::1".parse().expect("an address")),
                network: Some(("198.51.100.0".parse().expect("an address"), 22)),
                ifindex: 3,
                as_path: Path::new(vec![(2, vec![65001, 65002])]),
                communities: [0xfde8_0001u32, 0xfde8_0002].iter().flat_map(|c| c.to_be_bytes()).collect(),
                large: [65000u32, 1, 2].iter().flat_map(|c| c.to_be_bytes()).collect(),
                ext: vec![0, 2, 0xfd, 0xe8, 0, 0, 0, 7],
                ext6: Vec::new(),
            },
            peer: Peer { asn: 65001, name: c"r2".to_owned() },
        }
    }
}

macro_rules! getter {
    ($name:ident, $type:ty, |$object:ident, $out:ident| $body:expr) => {
        unsafe extern "C" fn $name(object: *const c_void, out: *mut Value) -> bool {
            // SAFETY: the library passes an object of the field's type and a value to fill.
            let ($object, $out) = unsafe { (&*object.cast::<$type>(), &mut *out) };
            $body
        }
    };
}

macro_rules! setter {
    ($name:ident, |$route:ident, $value:ident| $body:expr) => {
        unsafe extern "C" fn $name(object: *mut c_void, value: *const Value) {
            // SAFETY: the library passes a route and a checked value.
            let ($route, $value) = unsafe { (&mut *object.cast::<Route>(), &*value) };
            $body
        }
    };
}

fn is_nil(value: &Value) -> bool {
    value.kind == Kind::NIL as u8
}

fn number(value: &Value) -> u64 {
    // SAFETY: the setters that call this are of number fields.
    unsafe { value.u.num }
}

fn octets(value: &Value, size: usize) -> Vec<u8> {
    if is_nil(value) || value.len == 0 {
        return Vec::new();
    }
    // SAFETY: the library gives `len` items of `size` octets.
    unsafe { std::slice::from_raw_parts(value.u.ptr.cast::<u8>(), value.len as usize * size) }.to_vec()
}

fn give(out: &mut Value, octets: &[u8], size: usize) -> bool {
    out.u.ptr = octets.as_ptr().cast();
    out.len = u32::try_from(octets.len() / size).expect("a short list");
    !octets.is_empty()
}

fn give_address(out: &mut Value, address: IpAddr) -> bool {
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

fn address_of(value: &Value) -> IpAddr {
    // SAFETY: all octets of the body are there.
    let addr = unsafe { value.u.addr };
    if i32::from(value.family) == libc::AF_INET {
        IpAddr::from([addr[0], addr[1], addr[2], addr[3]])
    } else {
        IpAddr::from(addr)
    }
}

getter!(get_metric, Route, |route, out| {
    out.u.num = route.metric.unwrap_or(0).into();
    route.metric.is_some()
});
setter!(set_metric, |route, value| route.metric = (!is_nil(value)).then(|| number(value) as u32));
setter!(set_octet, |route, value| route.octet = number(value) as u8);
setter!(set_flag, |route, value| route.flag = number(value) as u8);
setter!(set_localpref, |route, value| route.localpref = number(value) as u32);
setter!(set_counter, |route, value| route.counter = number(value));
setter!(set_balance, |route, value| route.balance = number(value) as i64);
getter!(get_origin, Route, |route, out| give(out, route.origin.as_bytes(), 1));
setter!(set_origin, |route, value| route.origin = String::from_utf8(octets(value, 1)).expect("a word"));
getter!(get_note, Route, |route, out| route.note.as_ref().is_some_and(|n| give(out, n, 1) || n.is_empty()));
setter!(set_note, |route, value| route.note = (!is_nil(value)).then(|| octets(value, 1)));
getter!(get_address, Route, |route, out| route.address.is_some_and(|a| give_address(out, a)));
setter!(set_address, |route, value| route.address = (!is_nil(value)).then(|| address_of(value)));
getter!(get_network, Route, |route, out| route.network.is_some_and(|(a, length)| {
    out.prefixlen = length.into();
    give_address(out, a)
}));
setter!(set_network, |route, value| route.network = Some((address_of(value), value.prefixlen as u8)));
setter!(set_ifindex, |route, value| route.ifindex = number(value) as u32);
getter!(get_path, Route, |route, out| {
    out.u.ptr = (&raw const route.as_path).cast();
    true
});
setter!(set_path, |route, value| {
    // SAFETY: the library gives `len` segments.
    let segments = unsafe { std::slice::from_raw_parts(value.u.ptr.cast::<AsSegment>(), value.len as usize) };
    let list = segments.iter().map(|s| {
        // SAFETY: each has `len` AS numbers.
        (s.kind, unsafe { std::slice::from_raw_parts(s.asns, s.len.into()) }.to_vec())
    });
    route.as_path = Path::new(list.collect());
});
getter!(get_communities, Route, |route, out| give(out, &route.communities, 4));
setter!(set_communities, |route, value| route.communities = octets(value, 4));
getter!(get_large, Route, |route, out| give(out, &route.large, 12));
setter!(set_large, |route, value| route.large = octets(value, 12));
getter!(get_ext, Route, |route, out| give(out, &route.ext, 8));
setter!(set_ext, |route, value| route.ext = octets(value, 8));
getter!(get_ext6, Route, |route, out| give(out, &route.ext6, 20));
setter!(set_ext6, |route, value| route.ext6 = octets(value, 20));
getter!(get_name, Peer, |peer, out| give(out, peer.name.as_bytes(), 1));
getter!(as_prefix, Prefix, |prefix, out| {
    out.prefixlen = prefix.length;
    give_address(out, prefix.address)
});

unsafe extern "C" fn check_ifindex(_object: *const c_void, value: *const Value) -> *const c_char {
    // SAFETY: a checked number.
    if number(unsafe { &*value }) == 7 { c"may not be seven".as_ptr() } else { null() }
}

unsafe extern "C" fn segment(path: *const c_void, cursor: *mut *const c_void, out: *mut AsSegment) -> bool {
    // SAFETY: the library passes a route's path and places to write to. The cursor is the segment's number.
    unsafe {
        let path = &*path.cast::<Path>();
        let at = (*cursor).addr();
        let Some((kind, asns)) = path.segments.get(at) else { return false };
        *cursor = std::ptr::without_provenance(at + 1);
        *out = AsSegment { kind: *kind, len: asns.len() as u16, asns: asns.as_ptr() };
    }
    true
}

unsafe extern "C" fn path_text(path: *const c_void) -> *const c_char {
    // SAFETY: the library passes a route's path.
    unsafe { (*path.cast::<Path>()).text.as_ptr() }
}

pub static AS_PATHS: AsPathOps = AsPathOps { segment, text: path_text };

/// A table that C would have as a static.
#[repr(transparent)]
pub struct Static<T>(pub T);
// SAFETY: the tables are never written.
unsafe impl<T> Sync for Static<T> {}

static ORIGINS: Static<[*const c_char; 4]> = Static([c"igp".as_ptr(), c"egp".as_ptr(), c"incomplete".as_ptr(), null()]);

const fn field(name: &'static CStr, kind: Kind) -> Field {
    Field {
        name: name.as_ptr(),
        doc: null(),
        kind: kind as u8,
        flags: 0,
        width: 0,
        offset: 0,
        max: 0,
        choices: null(),
        object: null(),
        get: None,
        set: None,
        check: None,
    }
}

const fn at(name: &'static CStr, kind: Kind, width: u8, offset: usize) -> Field {
    Field { width, offset: offset as u32, ..field(name, kind) }
}

const fn end() -> Field {
    Field { name: null(), ..field(c"", Kind::NIL) }
}

static HOP_FIELDS: Static<[Field; 2]> = Static([
    Field {
        set: Some(set_ifindex),
        check: Some(check_ifindex),
        ..at(c"ifindex", Kind::UINT, 4, offset_of!(Route, ifindex))
    },
    end(),
]);
static HOP: Static<Type> = Static(Type {
    name: c"nexthop".as_ptr(),
    doc: null(),
    fields: HOP_FIELDS.0.as_ptr(),
    as_prefix: None,
    ..Type::NONE
});

static ROUTE_FIELDS: Static<[Field; 22]> = Static([
    Field { set: Some(set_octet), ..at(c"octet", Kind::UINT, 1, offset_of!(Route, octet)) },
    Field { set: Some(set_flag), ..at(c"flag", Kind::BOOL, 1, offset_of!(Route, flag)) },
    Field { set: Some(set_localpref), ..at(c"localpref", Kind::UINT, 4, offset_of!(Route, localpref)) },
    Field { set: Some(set_counter), ..at(c"counter", Kind::UINT, 8, offset_of!(Route, counter)) },
    Field { set: Some(set_balance), ..at(c"balance", Kind::INT, 8, offset_of!(Route, balance)) },
    Field { flags: CLEAR, get: Some(get_metric), set: Some(set_metric), ..field(c"metric", Kind::UINT) },
    Field {
        choices: ORIGINS.0.as_ptr(),
        get: Some(get_origin),
        set: Some(set_origin),
        ..field(c"origin", Kind::STRING)
    },
    Field { flags: CLEAR, get: Some(get_note), set: Some(set_note), ..field(c"note", Kind::STRING) },
    Field { flags: CLEAR, get: Some(get_address), set: Some(set_address), ..field(c"address", Kind::ADDRESS) },
    Field { get: Some(get_network), set: Some(set_network), ..field(c"network", Kind::PREFIX) },
    Field { object: &raw const HOP.0, ..field(c"nexthop", Kind::OBJECT) },
    Field { get: Some(get_path), set: Some(set_path), ..field(c"as_path", Kind::AS_PATH) },
    Field { flags: TEXT, get: Some(get_path), set: Some(set_path), ..field(c"aspath", Kind::AS_PATH) },
    Field {
        flags: CLEAR,
        get: Some(get_communities),
        set: Some(set_communities),
        ..field(c"communities", Kind::COMMUNITY)
    },
    Field {
        flags: CLEAR | TEXT,
        get: Some(get_communities),
        set: Some(set_communities),
        ..field(c"community", Kind::COMMUNITY)
    },
    Field {
        flags: CLEAR,
        get: Some(get_large),
        set: Some(set_large),
        ..field(c"large_communities", Kind::LARGE_COMMUNITY)
    },
    Field { flags: CLEAR, get: Some(get_ext), set: Some(set_ext), ..field(c"ext_communities", Kind::EXT_COMMUNITY) },
    Field {
        flags: CLEAR | TEXT,
        get: Some(get_ext),
        set: Some(set_ext),
        ..field(c"extcommunity", Kind::EXT_COMMUNITY)
    },
    Field {
        flags: CLEAR,
        get: Some(get_ext6),
        set: Some(set_ext6),
        ..field(c"ipv6_ext_communities", Kind::IPV6_EXT_COMMUNITY)
    },
    at(c"fixed", Kind::UINT, 4, offset_of!(Route, localpref)),
    Field { get: Some(get_communities), ..field(c"fixed_communities", Kind::COMMUNITY) },
    end(),
]);
static ROUTE: Static<Type> = Static(Type {
    name: c"attributes".as_ptr(),
    doc: null(),
    fields: ROUTE_FIELDS.0.as_ptr(),
    as_prefix: None,
    ..Type::NONE
});

static PREFIX_FIELDS: Static<[Field; 2]> = Static([at(c"length", Kind::UINT, 2, offset_of!(Prefix, length)), end()]);
pub static PREFIX: Static<Type> = Static(Type {
    name: c"prefix".as_ptr(),
    doc: null(),
    fields: PREFIX_FIELDS.0.as_ptr(),
    as_prefix: Some(as_prefix),
    ..Type::NONE
});

static PEER_FIELDS: Static<[Field; 3]> = Static([
    at(c"remote_as", Kind::UINT, 4, offset_of!(Peer, asn)),
    Field { get: Some(get_name), ..field(c"name", Kind::STRING) },
    end(),
]);
pub static PEER: Static<Type> =
    Static(Type { name: c"peer".as_ptr(), doc: null(), fields: PEER_FIELDS.0.as_ptr(), as_prefix: None, ..Type::NONE });

const fn arg(name: &'static CStr, object: *const Type) -> Arg {
    Arg { name: name.as_ptr(), doc: null(), object, ..Arg::NONE }
}

static ARGS: Static<[Arg; 5]> = Static([
    arg(c"prefix", &raw const PREFIX.0),
    arg(c"attributes", &raw const ROUTE.0),
    arg(c"peer", &raw const PEER.0),
    Arg { constant: 3, ..arg(c"RM_MATCH_AND_CHANGE", null()) },
    Arg { name: null(), ..arg(c"", null()) },
]);
pub static MATCH: Static<Hook> = Static(Hook {
    name: c"route_match".as_ptr(),
    doc: null(),
    args: ARGS.0.as_ptr(),
    flags: HOOK_VERDICT,
    ..Hook::NONE
});
pub static SET: Static<Hook> = Static(Hook {
    name: c"route_set".as_ptr(),
    doc: null(),
    args: ARGS.0.as_ptr(),
    flags: HOOK_VERDICT | HOOK_SET,
    ..Hook::NONE
});
