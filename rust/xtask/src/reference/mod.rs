// SPDX-License-Identifier: GPL-2.0-or-later
//! `cargo xtask reference`: the reference page and the editor's types, from
//! what the built daemons themselves say that they have (`show script hooks json`).

mod daemon;
mod luau;
mod markdown;

use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::layout::Layout;

const PAGE: &str = "docs/reference.md";
const TYPES: &str = "docs/frr.d.luau";

/// Those that take scripts, in the order of the page.
const DAEMONS: [&str; 3] = ["bgpd", "zebra", "vrrpd"];

/// What one daemon has.
struct Daemon {
    name: &'static str,
    reference: Reference,
}

/// `show script hooks json`.
#[derive(Deserialize)]
struct Reference {
    hooks: Vec<Hook>,
    lists: Vec<List>,
    types: Vec<Type>,
    /// The library's, the same in each daemon; so are the functions.
    objects: Vec<Object>,
    functions: Vec<Function>,
}

#[derive(Deserialize)]
struct Hook {
    name: String,
    doc: String,
    /// Scripts listen with `frr.on`; otherwise it is a function of theirs.
    event: bool,
    arguments: Vec<Argument>,
    returns: String,
}

#[derive(Deserialize)]
struct Argument {
    name: String,
    #[serde(rename = "type")]
    ty: String,
    /// Of a constant.
    value: Option<i64>,
    doc: String,
}

/// A function under `frr` that gives objects of the daemon.
#[derive(Deserialize)]
struct List {
    name: String,
    #[serde(rename = "type")]
    ty: String,
    doc: String,
}

/// A type that the daemon's tables describe.
#[derive(Clone, Deserialize)]
struct Type {
    name: String,
    doc: String,
    fields: Vec<Field>,
    methods: Vec<Function>,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Field {
    name: String,
    #[serde(rename = "type")]
    ty: String,
    writable: bool,
    may_be_nil: bool,
    range: Option<String>,
    doc: String,
}

/// A type of the library's own.
#[derive(Deserialize)]
struct Object {
    name: String,
    doc: String,
    members: Vec<Function>,
}

/// A function, a method, or (its signature then has no parentheses) a field.
#[derive(Clone, Deserialize)]
struct Function {
    name: String,
    signature: String,
    doc: String,
}

/// Writes both files, or with `check` says whether the committed ones are what
/// would be written.
pub fn reference(layout: &Layout, check: bool) -> Result<bool> {
    let mut daemons = Vec::new();
    for name in DAEMONS {
        let text = daemon::ask(layout, name, "show script hooks json")?;
        let reference: Reference = serde_json::from_str(&text)
            .with_context(|| format!("{name}'s `show script hooks json` is not understood"))?;
        daemons.push(Daemon { name, reference });
    }
    let mut fine = true;
    for (name, made) in [(PAGE, markdown::page(&daemons)), (TYPES, luau::types(&daemons))] {
        let file = layout.repo.join(name);
        if fs::read_to_string(&file).is_ok_and(|now| now == made) {
            continue;
        }
        if check {
            eprintln!("{name} is not what the daemons say of themselves: run `cargo xtask reference` and commit it");
            fine = false;
        } else {
            fs::write(&file, made).with_context(|| format!("{name} can't be written"))?;
            eprintln!("wrote {name}");
        }
    }
    Ok(fine)
}

#[cfg(test)]
fn sample() -> Vec<Daemon> {
    let bgpd = serde_json::from_str(
        r##"{
            "hooks": [
                { "name": "route_match", "doc": "does it match?", "event": false, "returns": "RM_*", "arguments": [
                    { "name": "prefix", "type": "prefix", "doc": "to where" },
                    { "name": "RM_MATCH", "type": "number", "value": 2, "doc": "match" }] },
                { "name": "route_changed", "doc": "another", "event": true, "returns": "nothing", "arguments": [
                    { "name": "prefix", "type": "prefix", "doc": "to where" }] }],
            "lists": [],
            "types": [{ "name": "prefix", "doc": "a prefix", "methods": [], "fields": [
                { "name": "tag", "type": "number?", "writable": true, "mayBeNil": true, "range": "0-9", "doc": "a | b" },
                { "name": "path", "type": "AsPath", "writable": false, "mayBeNil": false, "range": null, "doc": "" }] }],
            "objects": [{ "name": "AsPath", "doc": "an AS path", "members": [
                { "name": "prepend", "signature": "(asn: number, ...) -> ()", "doc": "in front" },
                { "name": "match", "signature": "(pattern: string | AsPathPattern) -> boolean", "doc": "does it?" },
                { "name": "text", "signature": "string", "doc": "as text" }] }],
            "functions": [
                { "name": "print", "signature": "(...any) -> ()", "doc": "prints" },
                { "name": "frr.time", "signature": "() -> number", "doc": "now" },
                { "name": "frr.ext_community.color", "signature": "(number) -> string", "doc": "a color" }]
        }"##,
    );
    let vrrpd = serde_json::from_str(
        r##"{
            "hooks": [],
            "lists": [{ "name": "vrrp_routers", "type": "router", "doc": "all routers" }],
            "types": [
                { "name": "router", "doc": "a router", "fields": [],
                  "methods": [{ "name": "recompute", "signature": "() -> ()", "doc": "again" }] },
                { "name": "prefix", "doc": "its prefix", "methods": [], "fields": [
                    { "name": "tag", "type": "string?", "writable": false, "mayBeNil": false, "range": null, "doc": "t" },
                    { "name": "vni", "type": "number", "writable": false, "mayBeNil": false, "range": null, "doc": "v" }] }],
            "objects": [],
            "functions": []
        }"##,
    );
    vec![
        Daemon { name: "bgpd", reference: bgpd.expect("as bgpd writes it") },
        Daemon { name: "vrrpd", reference: vrrpd.expect("as vrrpd writes it") },
    ]
}
