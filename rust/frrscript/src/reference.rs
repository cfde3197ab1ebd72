// SPDX-License-Identifier: GPL-2.0-or-later
//! What there is to script, from the type tables: `show script hooks`, the reference page and the editor's types.

use crate::lua::value::Doc;
use crate::lua::{as_path, dicts, ext, functions, items, patterns, sets};
use crate::schema::{self, ArgKind, Field, FieldKind, Hook, ItemKind, Type};
use serde_json::{Value, json};
use std::fmt::Write;

/// The objects of Rust's own: name, what it is, its fields and methods. A method's signature begins with `(`.
#[must_use]
pub fn objects() -> Vec<(&'static str, &'static str, Vec<&'static Doc>)> {
    let lists: Vec<&Doc> = items::DOCS.iter().collect();
    let ext_lists: Vec<&Doc> = items::DOCS.iter().chain(ext::READERS).collect();
    vec![
        ("AsPath", "an AS path; # is its length, iteration gives place and AS number", as_path::DOCS.iter().collect()),
        ("CommunityList", "communities of one kind; # counts them, iteration gives place and text", lists),
        ("ExtCommunityList", "extended communities", ext_lists),
        ("Address", "an IP address; tostring gives its text", sets::ADDRESS_DOCS.iter().collect()),
        ("Prefix", "a prefix that a script may keep", sets::PREFIX_DOCS.iter().collect()),
        ("PrefixSet", "prefix-list entries in a trie", sets::PREFIXES_DOCS.iter().collect()),
        ("AsnSet", "AS numbers and ranges", sets::ASNS_DOCS.iter().collect()),
        ("CommunitySet", "communities", sets::COMMUNITIES_DOCS.iter().collect()),
        ("AsPathPattern", "a compiled pattern for as_path:match()", patterns::DOCS.iter().collect()),
        ("SharedDict", "a store of the daemon; # counts its entries", dicts::DOCS.iter().collect()),
        (
            "Subscription",
            "what was asked for, and can be taken back",
            crate::lua::tasks::SUBSCRIPTION_DOCS.iter().collect(),
        ),
        (
            "Runtime",
            "code in another language; any name that is not one of these is a method that posts its request: (string?) -> (boolean, any, any, any)",
            crate::lua::runtime::RUNTIME_DOCS.iter().collect(),
        ),
        ("RuntimeCall", "a call that goes on while the task does", crate::lua::runtime::CALL_DOCS.iter().collect()),
        ("CommunityPattern", "a compiled pattern for communities:match()", patterns::DOCS.iter().collect()),
    ]
}

/// A plain value's type as Luau writes it.
fn value_type(kind: FieldKind) -> &'static str {
    match kind {
        FieldKind::Bool => "boolean?",
        FieldKind::Uint | FieldKind::Int => "number?",
        FieldKind::String => "string?",
        FieldKind::Address => "Address?",
        FieldKind::Prefix => "Prefix?",
        FieldKind::Object => "any",
        FieldKind::AsPath => "AsPath",
        FieldKind::Items(ItemKind::Ext) => "ExtCommunityList",
        FieldKind::Items(_) => "CommunityList",
    }
}

/// A field's type as Luau writes it.
#[must_use]
pub fn luau_type(field: &Field) -> String {
    match field.kind {
        FieldKind::Object => field.object.map_or("any", |t| t.name),
        FieldKind::AsPath | FieldKind::Items(_) if field.text => "string?",
        kind => value_type(kind),
    }
    .to_owned()
}

fn range(field: &Field) -> Option<String> {
    match field.kind {
        FieldKind::Uint if field.writable => Some(format!("0-{}", field.max)),
        FieldKind::String if !field.choices.is_empty() => Some(field.choices.join(", ")),
        _ => None,
    }
}

fn type_json(ty: &Type) -> Value {
    let fields: Vec<Value> = ty
        .fields
        .iter()
        .map(|f| {
            json!({
                "name": f.name,
                "type": luau_type(f),
                "writable": f.writable,
                "mayBeNil": f.clearable,
                "range": range(f),
                "doc": f.doc,
            })
        })
        .collect();
    let methods: Vec<Value> =
        ty.methods.iter().map(|m| json!({ "name": m.name, "signature": "() -> ()", "doc": m.doc })).collect();
    json!({ "name": ty.name, "doc": ty.doc, "fields": fields, "methods": methods })
}

fn hook_json(hook: &Hook) -> Value {
    let args: Vec<Value> = hook
        .args
        .iter()
        .map(|a| match a.kind {
            ArgKind::Object(ty, _) => json!({ "name": a.name, "type": ty.name, "doc": a.doc }),
            ArgKind::Constant(n) => json!({ "name": a.name, "type": "number", "value": n, "doc": a.doc }),
            ArgKind::Value(kind) => json!({ "name": a.name, "type": value_type(kind), "doc": a.doc }),
        })
        .collect();
    json!({
        "name": hook.name,
        "doc": hook.doc,
        "event": hook.event.is_some(),
        "arguments": args,
        "returns": returns(hook),
    })
}

fn returns(hook: &Hook) -> String {
    match (hook.verdict, hook.set) {
        _ if hook.number => format!("a whole number from {} to {}, or nil", hook.range.0, hook.range.1),
        (_, true) => "nothing, RM_FAILURE, or { attributes = attributes }".to_owned(),
        (true, false) => "RM_*, a boolean, or { action = RM_*, attributes = attributes }".to_owned(),
        (false, false) => "nothing".to_owned(),
    }
}

/// Everything, for programs and for the reference page.
#[must_use]
pub fn json() -> String {
    let objects: Vec<Value> = objects()
        .into_iter()
        .map(|(name, doc, members)| {
            let members: Vec<Value> =
                members.iter().map(|d| json!({ "name": d.name, "signature": d.signature, "doc": d.doc })).collect();
            json!({ "name": name, "doc": doc, "members": members })
        })
        .collect();
    let functions: Vec<Value> = functions::tables()
        .into_iter()
        .flat_map(|(table, list)| list.iter().map(move |f| (table, f)))
        .filter(|(_, f)| !f.signature.is_empty())
        .map(|(table, f)| {
            let name = if table.is_empty() { f.name.to_owned() } else { format!("{table}.{}", f.name) };
            json!({ "name": name, "signature": f.signature, "doc": f.doc })
        })
        .collect();
    let all = json!({
        "hooks": schema::hooks().iter().map(|h| hook_json(h)).collect::<Vec<_>>(),
        "lists": schema::lists()
            .iter()
            .map(|l| json!({ "name": l.name, "type": l.ty.name, "doc": l.doc }))
            .collect::<Vec<_>>(),
        "types": schema::types().iter().map(|t| type_json(t)).collect::<Vec<_>>(),
        "objects": objects,
        "functions": functions,
    });
    serde_json::to_string_pretty(&all).unwrap_or_else(|_| "{}".to_owned()) + "\n"
}

/// Hook points with their arguments, then types with their fields.
#[must_use]
pub fn text() -> String {
    let mut out = String::new();
    for hook in schema::hooks() {
        let event = if hook.event.is_some() { "event " } else { "" };
        let _ = writeln!(out, "{event}{}: {}", hook.name, hook.doc);
        for arg in &hook.args {
            let _ = match arg.kind {
                ArgKind::Object(ty, _) => writeln!(out, "  {:22} {:22} {}", arg.name, ty.name, arg.doc),
                ArgKind::Constant(n) => writeln!(out, "  {:22} {:22} {}", arg.name, n, arg.doc),
                ArgKind::Value(kind) => writeln!(out, "  {:22} {:22} {}", arg.name, value_type(kind), arg.doc),
            };
        }
        if hook.event.is_none() {
            let _ = writeln!(out, "  returns {}", returns(hook));
        }
        out.push('\n');
    }
    for ty in schema::types() {
        let _ = writeln!(out, "{}: {}", ty.name, ty.doc);
        for field in &ty.fields {
            let access = if field.writable { "read-write" } else { "read-only" };
            let range = range(field).map_or(String::new(), |r| format!(" ({r})"));
            let _ = writeln!(out, "  {:22} {:22} {access:11} {}{range}", field.name, luau_type(field), field.doc);
        }
        for method in &ty.methods {
            let _ = writeln!(out, "  {:22} {:22} {:11} {}", format!(":{}()", method.name), "method", "", method.doc);
        }
        out.push('\n');
    }
    for list in schema::lists() {
        let _ = writeln!(out, "frr.{}(): {}; each is {}", list.name, list.doc, list.ty.name);
    }
    out
}
