// SPDX-License-Identifier: GPL-2.0-or-later
//! What a daemon tells the library at start: itself, its types, its hook points.

use super::{answer, text};
use crate::ffi::abi::{self, ErrorCode, Host, Kind};
use crate::ffi::access::{Accessor, PrefixOf};
use crate::ffi::record::Event;
use crate::ffi::wall::wall;
use crate::ffi::{deadline, host, own_events, segments};
use crate::schema::{self, Arg, ArgKind, Field, FieldKind, Hook, ItemKind, Type};
use std::ffi::{c_char, c_int};

/// Most arguments of a hook point; Luau always has 20 stack slots.
const MOST_ARGS: usize = 16;

/// Tells the library about its host: where to log, whom to tell of changes, where scripts are. The struct is copied.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_host_set(host: *const Host) -> c_int {
    wall("frrscript_host_set", ErrorCode::INTERNAL as c_int, || {
        // SAFETY: NULL or a host that is alive during the call.
        let Some(host) = (unsafe { host.as_ref() }) else { return ErrorCode::BAD_ARGUMENT as c_int };
        // SAFETY: its strings are NUL-terminated or NULL, its operations NULL or alive.
        unsafe {
            if let Some(directory) = text(host.runtimedir) {
                host::set_runtimedir(Some(directory.into()));
            }
            if let Some(runner) = text(host.runner) {
                host::set_runner(runner.into());
            }
            if let Some(directory) = text(host.scriptdir) {
                crate::script::store::set_directory(directory.into());
            }
            host::set(text(host.daemon).unwrap_or("frr"), host);
            segments::set_ops(host.as_path.as_ref().copied());
        }
        own_events::register();
        deadline::watch_forks();
        ErrorCode::OK as c_int
    })
}

/// Registers types: a NULL-terminated array of pointers to static tables. Types that a field names must be in the same
/// array or registered before; registering a table twice is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_register_types(types: *const *const abi::Type, out: *mut *mut c_char) -> c_int {
    wall("frrscript_register_types", ErrorCode::INTERNAL as c_int, || {
        let mut result = Ok(None);
        if types.is_null() {
            result = Err((ErrorCode::BAD_ARGUMENT, "types is NULL".to_owned()));
        } else {
            let mut at = types;
            // SAFETY: the array ends with NULL.
            while let Some(ty) = unsafe { (*at).as_ref() } {
                // SAFETY: a static table, as the conventions say.
                if let Err(why) = unsafe { type_of(ty, 0) } {
                    result = Err((ErrorCode::BAD_ARGUMENT, why));
                    break;
                }
                // SAFETY: not past the NULL.
                at = unsafe { at.add(1) };
            }
        }
        // SAFETY: as the conventions say.
        unsafe { answer(out, result) }
    })
}

/// The type of a C table, made with those that its fields name.
pub(super) unsafe fn type_of(table: &'static abi::Type, depth: u32) -> Result<&'static Type, String> {
    let origin = std::ptr::from_ref(table) as usize;
    if let Some(known) = schema::type_of(origin) {
        return Ok(known);
    }
    // SAFETY: static strings.
    let name = unsafe { text(table.name) }.ok_or("a type without a name")?;
    if depth > 8 {
        return Err(format!("type {name}: objects in objects more than 8 deep, or in themselves"));
    }
    // SAFETY: static strings.
    let doc = unsafe { text(table.doc) }.unwrap_or("");
    let mut fields = Vec::new();
    let mut at = table.fields;
    if at.is_null() {
        return Err(format!("type {name}: no fields"));
    }
    // SAFETY: the table ends with a field without a name.
    while let Some(field) = unsafe { text((*at).name) } {
        // SAFETY: an entry before the end; static, as all of the table.
        let entry: &'static abi::Field = unsafe { &*at };
        // SAFETY: likewise.
        let field = unsafe { field_of(field, entry, depth) }.map_err(|why| format!("{name}.{field}: {why}"))?;
        fields.push(field);
        // SAFETY: not past the end.
        at = unsafe { at.add(1) };
    }
    let mut ty = Type::new(name, doc, fields, PrefixOf(table.as_prefix))?;
    let mut at = table.methods;
    // SAFETY: NULL, or a table that ends with a method without a name; static.
    while let Some(method) = (!at.is_null()).then(|| unsafe { text((*at).name) }).flatten() {
        // SAFETY: an entry before the end.
        let (doc, call) = unsafe { (text((*at).doc).unwrap_or(""), (*at).call) };
        ty.add_method(method, doc, call.ok_or_else(|| format!("{name}:{method}() has no function"))?)?;
        // SAFETY: not past the end.
        at = unsafe { at.add(1) };
    }
    Ok(schema::add_type(origin, ty))
}

fn kind_of(kind: u8) -> Result<FieldKind, String> {
    Ok(match Kind::from_u8(kind).ok_or("unknown kind")? {
        Kind::NIL => return Err("kind NIL is for values only".to_owned()),
        Kind::BOOL => FieldKind::Bool,
        Kind::UINT => FieldKind::Uint,
        Kind::INT => FieldKind::Int,
        Kind::STRING => FieldKind::String,
        Kind::ADDRESS => FieldKind::Address,
        Kind::PREFIX => FieldKind::Prefix,
        Kind::OBJECT => FieldKind::Object,
        Kind::AS_PATH => FieldKind::AsPath,
        Kind::COMMUNITY => FieldKind::Items(ItemKind::Community),
        Kind::LARGE_COMMUNITY => FieldKind::Items(ItemKind::Large),
        Kind::EXT_COMMUNITY => FieldKind::Items(ItemKind::Ext),
        Kind::IPV6_EXT_COMMUNITY => FieldKind::Items(ItemKind::Ipv6Ext),
    })
}

unsafe fn field_of(name: &'static str, entry: &'static abi::Field, depth: u32) -> Result<Field, String> {
    let kind = kind_of(entry.kind)?;
    let plain = matches!(kind, FieldKind::Bool | FieldKind::Uint | FieldKind::Int);
    if entry.get.is_none() && kind != FieldKind::Object && !(plain && matches!(entry.width, 1 | 2 | 4 | 8)) {
        return Err("needs a getter, or for a number its width: 1, 2, 4 or 8".to_owned());
    }
    let mut choices = Vec::new();
    let mut at = entry.choices;
    // SAFETY: NULL, or an array that ends with NULL.
    while let Some(choice) = (!at.is_null()).then(|| unsafe { text(*at) }).flatten() {
        choices.push(choice);
        // SAFETY: not past the NULL.
        at = unsafe { at.add(1) };
    }
    // SAFETY: NULL or a static table.
    let object = match unsafe { entry.object.as_ref() } {
        // SAFETY: likewise.
        Some(table) => Some(unsafe { type_of(table, depth + 1) }?),
        None if kind == FieldKind::Object => return Err("an object needs its type".to_owned()),
        None => None,
    };
    let widest = match entry.width {
        1 => u64::from(u8::MAX),
        2 => u64::from(u16::MAX),
        8 => u64::MAX,
        _ => u64::from(u32::MAX),
    };
    Ok(Field {
        name,
        // SAFETY: a static string or NULL.
        doc: unsafe { text(entry.doc) }.unwrap_or(""),
        kind,
        text: entry.flags & abi::TEXT != 0,
        clearable: entry.flags & abi::CLEAR != 0,
        writable: entry.set.is_some(),
        max: if entry.max == 0 { widest } else { entry.max },
        choices,
        object,
        access: Accessor::of(entry),
    })
}

/// Registers hook points: a NULL-terminated array of pointers to static tables.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn frrscript_register_hooks(hooks: *const *const abi::Hook, out: *mut *mut c_char) -> c_int {
    wall("frrscript_register_hooks", ErrorCode::INTERNAL as c_int, || {
        let mut result = Ok(None);
        if hooks.is_null() {
            result = Err((ErrorCode::BAD_ARGUMENT, "hooks is NULL".to_owned()));
        } else {
            let mut at = hooks;
            // SAFETY: the array ends with NULL.
            while let Some(hook) = unsafe { (*at).as_ref() } {
                // SAFETY: a static table, as the conventions say.
                if let Err(why) = unsafe { add_hook(hook) } {
                    result = Err((ErrorCode::BAD_ARGUMENT, why));
                    break;
                }
                // SAFETY: not past the NULL.
                at = unsafe { at.add(1) };
            }
        }
        // SAFETY: as the conventions say.
        unsafe { answer(out, result) }
    })
}

unsafe fn add_hook(table: &'static abi::Hook) -> Result<(), String> {
    let origin = std::ptr::from_ref(table) as usize;
    if schema::hook_of(origin).is_some() {
        return Ok(());
    }
    // SAFETY: static strings.
    let name = unsafe { text(table.name) }.ok_or("a hook without a name")?;
    let event = if table.flags & abi::HOOK_EVENT == 0 {
        None
    } else {
        Some(Event::of(table).map_err(|why| format!("hook {name}: {why}"))?)
    };
    let mut args = Vec::new();
    let mut objects = 0;
    let mut at = table.args;
    // SAFETY: NULL, or a table that ends with an argument without a name.
    while let Some(arg) = (!at.is_null()).then(|| unsafe { text((*at).name) }).flatten() {
        // SAFETY: an entry before the end; static.
        let entry: &'static abi::Arg = unsafe { &*at };
        // SAFETY: NULL or a static table.
        let kind = match (unsafe { entry.object.as_ref() }, entry.get) {
            (Some(ty), _) => {
                objects += 1;
                // SAFETY: likewise.
                ArgKind::Object(unsafe { type_of(ty, 0) }?, objects - 1)
            }
            (None, Some(_)) => ArgKind::Value(kind_of(entry.kind).map_err(|why| format!("{name}.{arg}: {why}"))?),
            (None, None) => ArgKind::Constant(entry.constant),
        };
        let object = matches!(kind, ArgKind::Object(..));
        if event.is_some() && object && entry.get.is_none() || event.is_none() && entry.get.is_some() {
            return Err(format!("hook {name}: {arg}: an argument has a getter if the hook is an event"));
        }
        if let ArgKind::Value(FieldKind::Object | FieldKind::AsPath | FieldKind::Items(_)) = kind {
            return Err(format!("hook {name}: {arg}: only an object's field can be of this kind"));
        }
        // SAFETY: a static string or NULL.
        let doc = unsafe { text(entry.doc) }.unwrap_or("");
        args.push(Arg { name: arg, doc, kind, get: entry.get });
        // SAFETY: not past the end.
        at = unsafe { at.add(1) };
    }
    if args.len() > MOST_ARGS {
        return Err(format!("hook {name}: more than {MOST_ARGS} arguments"));
    }
    schema::add_hook(Hook {
        name,
        // SAFETY: a static string or NULL.
        doc: unsafe { text(table.doc) }.unwrap_or(""),
        args,
        verdict: table.flags & abi::HOOK_VERDICT != 0,
        set: table.flags & abi::HOOK_SET != 0,
        number: table.flags & abi::HOOK_NUMBER != 0,
        range: (table.min, table.max),
        event,
        listeners: std::cell::Cell::new(0),
        origin,
    });
    Ok(())
}
