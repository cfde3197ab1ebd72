// SPDX-License-Identifier: GPL-2.0-or-later
//! How a field of a C object is read, written and checked: the only place that calls a daemon's getters and setters.

use super::abi;
use std::ffi::{CStr, c_char, c_void};

/// How a daemon goes over the objects of a list.
pub type Each = unsafe extern "C" fn(
    add: Option<unsafe extern "C" fn(ctx: *mut c_void, obj: *const c_void) -> bool>,
    ctx: *mut c_void,
);

/// The C side of a field.
#[derive(Clone, Copy)]
pub struct Accessor {
    get: Option<unsafe extern "C" fn(*const c_void, *mut abi::Value) -> bool>,
    set: Option<unsafe extern "C" fn(*mut c_void, *const abi::Value)>,
    check: Option<unsafe extern "C" fn(*const c_void, *const abi::Value) -> *const c_char>,
    kind: u8,
    width: u8,
    offset: u32,
}

impl std::fmt::Debug for Accessor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accessor").field("offset", &self.offset).finish_non_exhaustive()
    }
}

impl Accessor {
    /// The accessor that a field of a C table describes.
    pub fn of(field: &abi::Field) -> Accessor {
        Accessor {
            get: field.get,
            set: field.set,
            check: field.check,
            kind: field.kind,
            width: field.width,
            offset: field.offset,
        }
    }

    /// Reads the field; `None` when it is absent.
    ///
    /// # Safety
    /// `object` is alive and of the type that the field belongs to.
    #[inline]
    pub unsafe fn get(&self, object: *const c_void) -> Option<abi::Value> {
        let mut out = abi::Value::nil();
        if let Some(get) = self.get {
            // SAFETY: the caller's promise is the getter's contract; `out` lives through the call.
            let present = unsafe { get(object, &raw mut out) };
            return present.then_some(out);
        }
        out.kind = self.kind;
        if self.kind == abi::Kind::OBJECT as u8 {
            out.u.ptr = object;
            return Some(out);
        }
        // SAFETY: the daemon's table says that `width` octets at `offset` of the object are this field; C lays it out
        // aligned, and an unaligned read is right in any case.
        out.u.num = unsafe {
            let at = object.cast::<u8>().add(self.offset as usize);
            match self.width {
                1 => u64::from(at.read()),
                2 => u64::from(at.cast::<u16>().read_unaligned()),
                4 => u64::from(at.cast::<u32>().read_unaligned()),
                _ => at.cast::<u64>().read_unaligned(),
            }
        };
        if self.kind == abi::Kind::INT as u8 {
            // SAFETY: `num` was written just above. The shift pair extends the sign.
            let bits = unsafe { out.u.num };
            let unused = 64 - u32::from(self.width) * 8;
            #[allow(clippy::cast_possible_wrap, reason = "reads the octets as the signed number that they are")]
            let number = ((bits << unused) as i64) >> unused;
            out.u.inum = number;
        } else if self.kind == abi::Kind::BOOL as u8 {
            // SAFETY: `num` was written just above.
            out.u.num = u64::from(unsafe { out.u.num } != 0);
        }
        Some(out)
    }

    /// Whether the field may be assigned.
    pub fn writable(&self) -> bool {
        self.set.is_some()
    }

    /// Whether both write through one setter: then they are two names of one attribute.
    #[inline]
    pub fn writes_the_same(&self, other: &Accessor) -> bool {
        match (self.set, other.set) {
            (Some(a), Some(b)) => std::ptr::fn_addr_eq(a, b),
            _ => false,
        }
    }

    /// Whether the daemon has a check of its own.
    #[inline]
    pub fn checks(&self) -> bool {
        self.check.is_some()
    }

    /// The daemon's own check of a value; the text says why it is refused.
    ///
    /// # Safety
    /// As [`Accessor::get`]; what `value` points to is alive.
    pub unsafe fn check(&self, object: *const c_void, value: &abi::Value) -> Option<&'static str> {
        let check = self.check?;
        // SAFETY: the caller's promise is the check's contract.
        let why = unsafe { check(object, value) };
        if why.is_null() {
            return None;
        }
        // SAFETY: the contract of `check` is static text.
        Some(unsafe { CStr::from_ptr(why) }.to_str().unwrap_or("is refused"))
    }

    /// Writes a value that has been checked.
    ///
    /// # Safety
    /// As [`Accessor::get`], and `object` may be written; what `value` points to is alive.
    pub unsafe fn set(&self, object: *mut c_void, value: &abi::Value) {
        if let Some(set) = self.set {
            // SAFETY: the caller's promise is the setter's contract.
            unsafe { set(object, value) };
        }
    }
}

/// How the prefix of an object is told.
#[derive(Clone, Copy)]
pub struct PrefixOf(pub Option<unsafe extern "C" fn(*const c_void, *mut abi::Value) -> bool>);

impl std::fmt::Debug for PrefixOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() { "PrefixOf(..)" } else { "PrefixOf(-)" })
    }
}

impl PrefixOf {
    /// Whether the type has one.
    pub fn is_there(self) -> bool {
        self.0.is_some()
    }

    /// The object's prefix, when its type has one and this object does.
    ///
    /// # Safety
    /// `object` is alive and of the type that this belongs to.
    #[inline]
    pub unsafe fn get(self, object: *const c_void) -> Option<ipnet::IpNet> {
        let get = self.0?;
        let mut out = abi::Value::nil();
        // SAFETY: the caller's promise is the getter's contract; `out` lives through the call.
        if !unsafe { get(object, &raw mut out) } {
            return None;
        }
        prefix(&out)
    }
}

/// The address of a value of kind ADDRESS or PREFIX.
#[inline]
pub fn address(value: &abi::Value) -> Option<std::net::IpAddr> {
    // SAFETY: all 16 octets of the body are initialised (`Value::nil` writes them all), and any octets are an address.
    let octets = unsafe { value.u.addr };
    match i32::from(value.family) {
        libc::AF_INET => {
            let [a, b, c, d, ..] = octets;
            Some(std::net::Ipv4Addr::new(a, b, c, d).into())
        }
        libc::AF_INET6 => Some(std::net::Ipv6Addr::from(octets).into()),
        _ => None,
    }
}

/// The prefix of a value of kind PREFIX.
#[inline]
pub fn prefix(value: &abi::Value) -> Option<ipnet::IpNet> {
    let length = u8::try_from(value.prefixlen).ok()?;
    ipnet::IpNet::new(address(value)?, length).ok()
}
