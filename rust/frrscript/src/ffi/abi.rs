// SPDX-License-Identifier: GPL-2.0-or-later
//! The types that cross the boundary, laid out as C sees them.
//!
//! Tables that a daemon registers are static: the library keeps pointers into them and never frees anything of them.
//! `Option` around a function pointer is C's NULL.

#![allow(
    non_camel_case_types,
    clippy::upper_case_acronyms,
    reason = "cbindgen takes the names of the variants over as they are"
)]

use std::ffi::{c_char, c_int, c_void};

/// What a value is. In C: `enum frrscript_kind`, stored as `uint8_t`.
///
/// cbindgen:rename-all=prefix:FRRSCRIPT_
#[repr(u8)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No value.
    NIL = 0,
    /// `u.num` is 0 or 1.
    BOOL = 1,
    /// `u.num`.
    UINT = 2,
    /// `u.inum`.
    INT = 3,
    /// `len` octets at `u.ptr`; no NUL needed.
    STRING = 4,
    /// `family` (AF_INET, AF_INET6) and `u.addr` in network order.
    ADDRESS = 5,
    /// An address and `prefixlen`.
    PREFIX = 6,
    /// `u.ptr`: an object of the field's type.
    OBJECT = 7,
    /// Read: `u.ptr` is what the host's AS path operations understand. Staged: `len` segments at `u.ptr`.
    AS_PATH = 8,
    /// `len` items of 4 octets, network order (RFC 1997).
    COMMUNITY = 9,
    /// `len` items of 12 octets (RFC 8092).
    LARGE_COMMUNITY = 10,
    /// `len` items of 8 octets (RFC 4360).
    EXT_COMMUNITY = 11,
    /// `len` items of 20 octets (RFC 5701).
    IPV6_EXT_COMMUNITY = 12,
}

impl Kind {
    /// The kind of a number found in a C table.
    #[must_use]
    pub fn from_u8(n: u8) -> Option<Kind> {
        use Kind::*;
        const ALL: [Kind; 13] = [
            NIL,
            BOOL,
            UINT,
            INT,
            STRING,
            ADDRESS,
            PREFIX,
            OBJECT,
            AS_PATH,
            COMMUNITY,
            LARGE_COMMUNITY,
            EXT_COMMUNITY,
            IPV6_EXT_COMMUNITY,
        ];
        ALL.get(usize::from(n)).copied()
    }

    /// Octets of one item of a list kind.
    #[must_use]
    pub fn item_size(self) -> Option<usize> {
        match self {
            Kind::COMMUNITY => Some(4),
            Kind::LARGE_COMMUNITY => Some(12),
            Kind::EXT_COMMUNITY => Some(8),
            Kind::IPV6_EXT_COMMUNITY => Some(20),
            _ => None,
        }
    }
}

/// The body of a [`Value`].
#[repr(C)]
#[derive(Clone, Copy)]
pub union ValueBody {
    /// Unsigned number or boolean.
    pub num: u64,
    /// Signed number.
    pub inum: i64,
    /// Borrowed octets or object.
    pub ptr: *const c_void,
    /// Address, network order; IPv4 in the first four.
    pub addr: [u8; 16],
}

/// A value that crosses the boundary: 24 octets, nothing owned.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Value {
    /// `enum frrscript_kind`.
    pub kind: u8,
    /// AF_INET or AF_INET6, for addresses and prefixes.
    pub family: u8,
    /// For prefixes.
    pub prefixlen: u16,
    /// Octets of a string, items of a list, segments of an AS path.
    pub len: u32,
    /// What it is.
    pub u: ValueBody,
}

impl Value {
    /// The value that says "absent".
    #[must_use]
    pub const fn nil() -> Value {
        Value { kind: Kind::NIL as u8, family: 0, prefixlen: 0, len: 0, u: ValueBody { addr: [0; 16] } }
    }
}

const _: () = assert!(size_of::<Value>() == 24);

/// A segment of an AS path (RFC 4271 section 4.3, RFC 5065).
///
/// cbindgen:field-names=[type, len, asns]
#[repr(C)]
#[derive(Clone, Copy)]
pub struct AsSegment {
    /// 1 AS_SET, 2 AS_SEQUENCE, 3 AS_CONFED_SEQUENCE, 4 AS_CONFED_SET.
    pub kind: u8,
    /// How many AS numbers.
    pub len: u16,
    /// Borrowed AS numbers, host order.
    pub asns: *const u32,
}

/// A field of a type.
///
/// cbindgen:field-names=[name, doc, kind, flags, width, offset, max, choices, type, get, set, check]
#[repr(C)]
pub struct Field {
    /// As scripts write it; NULL ends the table.
    pub name: *const c_char,
    /// One line for `show script hooks` and the reference.
    pub doc: *const c_char,
    /// `enum frrscript_kind`.
    pub kind: u8,
    /// `FRRSCRIPT_TEXT`, `FRRSCRIPT_CLEAR`.
    pub flags: u8,
    /// Without `get`: octets at `offset` (1, 2, 4, 8).
    pub width: u8,
    /// Without `get`: where in the object.
    pub offset: u32,
    /// Largest UINT that an assignment accepts; 0: what `width` holds, or 2^32-1.
    pub max: u64,
    /// STRING: the accepted words, NULL-terminated; NULL: any.
    pub choices: *const *const c_char,
    /// OBJECT: its type.
    pub object: *const Type,
    /// Reads the field; false means absent. NULL: read `width` octets at `offset` (an OBJECT: the same pointer).
    pub get: Option<unsafe extern "C" fn(obj: *const c_void, out: *mut Value) -> bool>,
    /// Writes a checked value by FRR's ownership rules; NULL: read-only. Called by `frrscript_rule_apply` only.
    pub set: Option<unsafe extern "C" fn(obj: *mut c_void, value: *const Value)>,
    /// A further check at assignment: NULL, or why not, as static text that goes on after the field's name.
    pub check: Option<unsafe extern "C" fn(obj: *const c_void, value: *const Value) -> *const c_char>,
}

/// A method of a type, without arguments and results: `router:recompute()`.
#[repr(C)]
pub struct Method {
    /// As scripts write it; NULL ends the table.
    pub name: *const c_char,
    /// One line.
    pub doc: *const c_char,
    /// Does it. A script is running: note what is to be done and do it from the event loop.
    pub call: Option<unsafe extern "C" fn(obj: *const c_void)>,
}

/// A C struct that scripts may see.
#[repr(C)]
pub struct Type {
    /// Name for messages and documentation.
    pub name: *const c_char,
    /// One line.
    pub doc: *const c_char,
    /// Ends with a field whose name is NULL.
    pub fields: *const Field,
    /// The object's prefix, so that sets take the object itself; may be NULL.
    pub as_prefix: Option<unsafe extern "C" fn(obj: *const c_void, out: *mut Value) -> bool>,
    /// NULL, or ends with a method whose name is NULL.
    pub methods: *const Method,
}

/// An argument of a hook point.
///
/// cbindgen:field-names=[name, doc, type, constant, kind, get]
#[repr(C)]
pub struct Arg {
    /// NULL ends the table.
    pub name: *const c_char,
    /// One line.
    pub doc: *const c_char,
    /// An object of this type; NULL: a constant or, with `get`, a value.
    pub object: *const Type,
    /// The constant.
    pub constant: i64,
    /// Of an event, with `get` and without `type`: BOOL, UINT, INT, STRING, ADDRESS or PREFIX, `enum frrscript_kind`.
    pub kind: u8,
    /// Of an event: finds the argument in its record (of an object, `out->u.ptr`); false: nil. An object's pointer stays
    /// good as long as the record is held.
    pub get: Option<unsafe extern "C" fn(record: *const c_void, out: *mut Value) -> bool>,
}

/// A place where a daemon calls a script.
#[repr(C)]
pub struct Hook {
    /// Its name, which is also the function's default name.
    pub name: *const c_char,
    /// One line.
    pub doc: *const c_char,
    /// Ends with an argument whose name is NULL.
    pub args: *const Arg,
    /// `FRRSCRIPT_HOOK_*`.
    pub flags: u32,
    /// NUMBER: the smallest answer.
    pub min: u32,
    /// NUMBER: the largest answer.
    pub max: u32,
    /// EVENT: octets of the record that stands for a queued event, at most 256.
    pub record: u32,
    /// EVENT: the first script listens (true), the last one has stopped (false). May be NULL. Here FRR's own hook is
    /// registered, so that an event without a listener costs nothing.
    pub listen: Option<unsafe extern "C" fn(on: bool)>,
    /// EVENT: a copy of the record was queued: takes references to what it points to. May be NULL.
    pub hold: Option<unsafe extern "C" fn(record: *mut c_void)>,
    /// EVENT: the copy is no longer needed: gives the references back. May be NULL.
    pub release: Option<unsafe extern "C" fn(record: *mut c_void)>,
}

/// Objects of the daemon that tasks of a script can go over: `for _, peer in frr.peers() do`.
///
/// cbindgen:field-names=[name, doc, type, each]
#[repr(C)]
pub struct List {
    /// The function's name under `frr`.
    pub name: *const c_char,
    /// One line.
    pub doc: *const c_char,
    /// What they are.
    pub object: *const Type,
    /// Calls `add` for each; stops when it gives false.
    pub each: Option<
        unsafe extern "C" fn(
            add: Option<unsafe extern "C" fn(ctx: *mut c_void, obj: *const c_void) -> bool>,
            ctx: *mut c_void,
        ),
    >,
}

/// How the host walks its AS paths.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct AsPathOps {
    /// `*cursor` is NULL at first; false at the end; the AS numbers are borrowed.
    pub segment:
        unsafe extern "C" fn(aspath: *const c_void, cursor: *mut *const c_void, segment: *mut AsSegment) -> bool,
    /// FRR's text of the path, borrowed.
    pub text: unsafe extern "C" fn(aspath: *const c_void) -> *const c_char,
}

/// What the library needs of the daemon. Copied. Callbacks run on the main pthread.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Host {
    /// `"bgpd"`.
    pub daemon: *const c_char,
    /// The script directory; NULL: keep the one of `frrscript_library_init`.
    pub scriptdir: *const c_char,
    /// Writes a line to the log; `priority` is syslog's.
    pub log: Option<unsafe extern "C" fn(priority: c_int, message: *const c_char)>,
    /// A script now answers differently (loaded, reloaded, unloaded, resumed): re-evaluate what it decided.
    pub changed: Option<unsafe extern "C" fn(script: *const c_char)>,
    /// May be NULL.
    pub as_path: *const AsPathOps,
    /// Calls `frrscript_turn` from the event loop in so many milliseconds (0: as soon as other events had their turn);
    /// takes the place of an earlier wish that was later. NULL: scripts have no events and timers.
    pub wake: Option<unsafe extern "C" fn(msec: u32)>,
    /// Runs a show command of this daemon and gives its output to `answer`, once; false: the text says why not. `most`
    /// octets are enough. Runs outside of any script.
    pub show: Option<
        unsafe extern "C" fn(
            command: *const c_char,
            most: usize,
            answer: Option<unsafe extern "C" fn(ctx: *mut c_void, text: *const c_char, len: usize)>,
            ctx: *mut c_void,
        ) -> bool,
    >,
    /// Applies configuration lines (each ends with a newline) as vtysh would; false: the text names the line and says
    /// why, and lines before it are applied. Runs outside of any script.
    pub configure: Option<
        unsafe extern "C" fn(
            lines: *const c_char,
            answer: Option<unsafe extern "C" fn(ctx: *mut c_void, text: *const c_char, len: usize)>,
            ctx: *mut c_void,
        ) -> bool,
    >,
    /// Sends a message to the other daemons of this router, over zebra; false: not now. The first call makes the session:
    /// `frrscript_bus_connected` tells when it is there. `len` 0 sends nothing and has `frrscript_bus_tick` called soon.
    /// Called from inside of scripts.
    pub send: Option<unsafe extern "C" fn(data: *const c_void, len: usize) -> bool>,
    /// The directory of runtimes and their modules; NULL: the default.
    pub runtimedir: *const c_char,
    /// The program that runs runtimes in processes of their own; it is first looked for beside the daemon's own program.
    /// NULL: the default.
    pub runner: *const c_char,
    /// Calls `frrscript_turn` from the event loop whenever the descriptor is readable. Called once. NULL: scripts have no
    /// runtimes.
    pub watch: Option<unsafe extern "C" fn(fd: c_int)>,
}

/// What a rule of a NUMBER hook says.
///
/// cbindgen:rename-all=prefix:FRRSCRIPT_NUMBER_
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberAnswer {
    /// The function returned nil: it has no opinion.
    NIL = 0,
    /// It returned a number, which was written.
    VALUE = 1,
    /// It failed, was suspended, or is not there.
    FAILED = 2,
}

/// What a rule says of an object, with `on-error` applied.
///
/// cbindgen:rename-all=prefix:FRRSCRIPT_
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The rule does not match.
    NOMATCH = 0,
    /// The rule matches.
    MATCH = 1,
    /// The script failed and `on-error deny` is set: deny the route if the entry matches otherwise.
    DENY = 2,
}

/// What `frrscript_script_option` sets.
///
/// cbindgen:rename-all=prefix:FRRSCRIPT_
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionKind {
    /// Milliseconds for one call.
    LIMIT_TIME = 0,
    /// MiB for the script's VM.
    LIMIT_MEMORY = 1,
    /// A verdict, `enum frrscript_verdict`.
    ON_ERROR = 2,
    /// 0 or 1: the script may call `frr.configure`.
    PERMIT_CONFIGURE = 3,
    /// Seconds for which the last good answer of a NUMBER hook holds when calls fail.
    ON_ERROR_HOLD = 4,
}

/// Results of functions that return `int`.
///
/// cbindgen:rename-all=prefix:FRRSCRIPT_ERROR_
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// Fine.
    OK = 0,
    /// An argument is NULL or not text.
    BAD_ARGUMENT = 1,
    /// The name may not be used.
    BAD_NAME = 2,
    /// There is no such script.
    NO_SCRIPT = 3,
    /// The file can't be read.
    FILE = 4,
    /// The source does not compile.
    SYNTAX = 5,
    /// The script failed while it was loaded.
    LOAD = 6,
    /// A function in use is missing.
    NO_FUNCTION = 7,
    /// A value is out of range.
    RANGE = 8,
    /// A panic was stopped at the boundary: a defect of the library.
    INTERNAL = 9,
}

/// Lists and AS paths as FRR's text, read and written.
pub const TEXT: u8 = 0x01;
/// The field may be set to nil: `set` gets NIL and removes the attribute.
pub const CLEAR: u8 = 0x02;
/// The hook takes a verdict (`RM_*`) from the function.
pub const HOOK_VERDICT: u32 = 0x01;
/// Staged changes hold unless the function returns RM_FAILURE.
pub const HOOK_SET: u32 = 0x02;
/// The hook takes a whole number from `min` to `max`, or nil, from the function; see `frrscript_rule_number`.
pub const HOOK_NUMBER: u32 = 0x04;
/// An event: scripts listen with `frr.on`, the daemon tells with `frrscript_event`.
pub const HOOK_EVENT: u32 = 0x08;

/// What C's `{}` is: tables in Rust name what they have, and take the rest from here.
impl Type {
    /// Nothing.
    pub const NONE: Type = Type {
        name: std::ptr::null(),
        doc: std::ptr::null(),
        fields: std::ptr::null(),
        as_prefix: None,
        methods: std::ptr::null(),
    };
}

impl Arg {
    /// The end of a table.
    pub const NONE: Arg = Arg {
        name: std::ptr::null(),
        doc: std::ptr::null(),
        object: std::ptr::null(),
        constant: 0,
        kind: 0,
        get: None,
    };
}

impl Hook {
    /// Nothing.
    pub const NONE: Hook = Hook {
        name: std::ptr::null(),
        doc: std::ptr::null(),
        args: std::ptr::null(),
        flags: 0,
        min: 0,
        max: 0,
        record: 0,
        listen: None,
        hold: None,
        release: None,
    };
}

impl Host {
    /// A host that does nothing.
    pub const NONE: Host = Host {
        daemon: std::ptr::null(),
        scriptdir: std::ptr::null(),
        log: None,
        changed: None,
        as_path: std::ptr::null(),
        wake: None,
        show: None,
        configure: None,
        send: None,
        runtimedir: std::ptr::null(),
        runner: std::ptr::null(),
        watch: None,
    };
}
