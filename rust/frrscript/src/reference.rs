// SPDX-License-Identifier: GPL-2.0-or-later
//! What there is to script, from the type tables: `show script hooks`, the reference page and the editor's types.

use crate::lua::value::Doc;
use crate::lua::{as_path, ext, functions, items, patterns, sets};
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
        ("CommunityPattern", "a compiled pattern for communities:match()", patterns::DOCS.iter().collect()),
    ]
}

/// A field's type as Luau writes it.
#[must_use]
pub fn luau_type(field: &Field) -> String {
    let name = match field.kind {
        FieldKind::Bool => "boolean",
        FieldKind::Uint | FieldKind::Int => "number",
        FieldKind::String => "string",
        FieldKind::Address => "Address",
        FieldKind::Prefix => "Prefix",
        FieldKind::Object => return field.object.map_or("any", |t| t.name).to_owned(),
        FieldKind::AsPath | FieldKind::Items(_) if field.text => "string",
        FieldKind::AsPath => return "AsPath".to_owned(),
        FieldKind::Items(ItemKind::Ext) => return "ExtCommunityList".to_owned(),
        FieldKind::Items(_) => return "CommunityList".to_owned(),
    };
    format!("{name}?")
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
    json!({ "name": ty.name, "doc": ty.doc, "fields": fields })
}

fn hook_json(hook: &Hook) -> Value {
    let args: Vec<Value> = hook
        .args
        .iter()
        .map(|a| match a.kind {
            ArgKind::Object(ty, _) => json!({ "name": a.name, "type": ty.name, "doc": a.doc }),
            ArgKind::Constant(n) => json!({ "name": a.name, "type": "number", "value": n, "doc": a.doc }),
        })
        .collect();
    json!({ "name": hook.name, "doc": hook.doc, "arguments": args, "returns": returns(hook) })
}

fn returns(hook: &Hook) -> &'static str {
    match (hook.verdict, hook.set) {
        (_, true) => "nothing, RM_FAILURE, or { attributes = attributes }",
        (true, false) => "RM_*, a boolean, or { action = RM_*, attributes = attributes }",
        (false, false) => "nothing",
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
        let _ = writeln!(out, "{}: {}", hook.name, hook.doc);
        for arg in &hook.args {
            let _ = match arg.kind {
                ArgKind::Object(ty, _) => writeln!(out, "  {:22} {:22} {}", arg.name, ty.name, arg.doc),
                ArgKind::Constant(n) => writeln!(out, "  {:22} {:22} {}", arg.name, n, arg.doc),
            };
        }
        let _ = writeln!(out, "  returns {}\n", returns(hook));
    }
    for ty in schema::types() {
        let _ = writeln!(out, "{}: {}", ty.name, ty.doc);
        for field in &ty.fields {
            let access = if field.writable { "read-write" } else { "read-only" };
            let range = range(field).map_or(String::new(), |r| format!(" ({r})"));
            let _ = writeln!(out, "  {:22} {:22} {access:11} {}{range}", field.name, luau_type(field), field.doc);
        }
        out.push('\n');
    }
    out
}
