// SPDX-License-Identifier: GPL-2.0-or-later
//! Type definitions for editors, in the syntax of Luau's definition files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::{Daemon, Function, Reference, Type};

const HEAD: &str = "\
-- SPDX-License-Identifier: GPL-2.0-or-later
-- Made by `cargo xtask reference` from the type tables of the daemons.
-- For luau-lsp: \"luau-lsp.types.definitionFiles\": { \"@frr\": \"frr.d.luau\" }
";

/// Operators of the library's objects, which are not methods.
const OPERATORS: &[(&str, &[&str])] = &[
    ("AsPath", &["function __len(self): number", "function __iter(self): any"]),
    ("CommunityList", &["function __len(self): number", "function __iter(self): any"]),
    ("ExtCommunityList", &["function __len(self): number", "function __iter(self): any"]),
    ("PrefixSet", &["function __len(self): number"]),
    ("AsnSet", &["function __len(self): number"]),
    ("CommunitySet", &["function __len(self): number"]),
];

/// The definition file: one for scripts of all daemons.
pub fn types(daemons: &[Daemon]) -> String {
    let mut out = HEAD.to_owned();
    let Some(reference) = daemons.first().map(|d| &d.reference) else { return out };
    for name in opaque(reference) {
        let _ = write!(out, "\ndeclare extern type {name} with\nend\n");
    }
    for object in &reference.objects {
        let _ = write!(out, "\n-- {}\ndeclare extern type {} with\n", object.doc, object.name);
        for member in &object.members {
            let _ = writeln!(out, "\t{}: {} -- {}", member.name, member_type(&object.name, member), member.doc);
        }
        let operators = OPERATORS.iter().find(|(name, _)| *name == object.name);
        for line in operators.map_or(&[][..], |(_, lines)| lines) {
            let _ = writeln!(out, "\t{line}");
        }
        out.push_str("end\n");
    }
    for ty in union(daemons) {
        let _ = write!(out, "\n-- {}\ndeclare extern type {} with\n", ty.doc, ty.name);
        for field in &ty.fields {
            let access = if field.writable { "" } else { "read-only: " };
            let _ = writeln!(out, "\t{}: {} -- {access}{}", field.name, field.ty, field.doc);
        }
        for method in &ty.methods {
            let _ = writeln!(out, "\t{}: {} -- {}", method.name, member_type(&ty.name, method), method.doc);
        }
        out.push_str("end\n");
    }
    out.push('\n');
    let constants: BTreeMap<&str, i64> = (daemons.iter())
        .flat_map(|daemon| &daemon.reference.hooks)
        .flat_map(|hook| &hook.arguments)
        .filter_map(|argument| argument.value.map(|value| (argument.name.as_str(), value)))
        .collect();
    for (name, value) in constants {
        let _ = writeln!(out, "declare {name}: number -- {value}");
    }
    let lists = daemons.iter().flat_map(|daemon| daemon.reference.lists.iter().map(move |list| (daemon.name, list)));
    let lists = lists.map(|(daemon, list)| Function {
        name: format!("frr.{}", list.name),
        signature: format!("() -> {{{}}}", list.ty),
        doc: format!("{daemon}: {}", list.doc),
    });
    let all: Vec<Function> = reference.functions.iter().cloned().chain(lists).collect();
    functions(&mut out, &all);
    out
}

/// Types by name. Daemons may have different ones of the same name, and a script doesn't say whose it means: it gets
/// the fields of all.
fn union(daemons: &[Daemon]) -> Vec<Type> {
    let mut all: Vec<Type> = Vec::new();
    for ty in daemons.iter().flat_map(|daemon| &daemon.reference.types) {
        match all.iter_mut().find(|known| known.name == ty.name) {
            Some(known) => join(known, ty),
            None => all.push(ty.clone()),
        }
    }
    all
}

fn join(known: &mut Type, other: &Type) {
    if known.doc != other.doc {
        known.doc = format!("{}; {}", known.doc, other.doc);
    }
    for field in &other.fields {
        match known.fields.iter_mut().find(|f| f.name == field.name) {
            Some(same) => {
                if !same.ty.split(" | ").any(|ty| ty == field.ty) {
                    same.ty = format!("{} | {}", same.ty, field.ty);
                }
                same.writable |= field.writable;
            }
            None => known.fields.push(field.clone()),
        }
    }
    for method in &other.methods {
        if !known.methods.iter().any(|m| m.name == method.name) {
            known.methods.push(method.clone());
        }
    }
}

/// Functions by table; a table in a table is a field of it.
fn functions(out: &mut String, functions: &[Function]) {
    let (tables, globals): (Vec<_>, Vec<_>) = functions.iter().partition(|f| f.name.contains('.'));
    for function in globals {
        let _ = writeln!(out, "declare {}: {} -- {}", function.name, variadic(&function.signature), function.doc);
    }
    let names: BTreeSet<&str> = tables.iter().filter_map(|f| f.name.split('.').next()).collect();
    for name in names {
        let _ = write!(out, "\ndeclare {name}: {{\n");
        table(out, name, &tables, 1);
        out.push_str("}\n");
    }
}

fn table(out: &mut String, name: &str, all: &[&Function], depth: usize) {
    let indent = "\t".repeat(depth);
    let mut nested = BTreeSet::new();
    for function in all {
        let Some(rest) = function.name.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else { continue };
        match rest.split_once('.') {
            Some((table, _)) => {
                nested.insert(table);
            }
            None => {
                let _ = writeln!(out, "{indent}{rest}: {}, -- {}", variadic(&function.signature), function.doc);
            }
        }
    }
    for inner in nested {
        let _ = writeln!(out, "{indent}{inner}: {{");
        table(out, &format!("{name}.{inner}"), all, depth + 1);
        let _ = writeln!(out, "{indent}}},");
    }
}

/// A method's type takes the object first; a field's is what it is.
fn member_type(object: &str, member: &Function) -> String {
    match member.signature.strip_prefix('(') {
        Some(rest) => {
            let comma = if rest.starts_with(')') { "" } else { ", " };
            variadic(&format!("(self: {object}{comma}{rest}"))
        }
        None => member.signature.clone(),
    }
}

/// `(asn: number, ...)`: any number of values more.
fn variadic(signature: &str) -> String {
    signature.replace("...)", "...any)")
}

/// Types of the library that signatures name and nothing describes.
fn opaque(reference: &Reference) -> BTreeSet<&str> {
    let members = reference.objects.iter().flat_map(|o| &o.members);
    let words = members
        .chain(&reference.functions)
        .flat_map(|f| f.signature.split(|c: char| !c.is_ascii_alphanumeric() && c != '_'));
    words
        .filter(|word| word.starts_with(|c: char| c.is_ascii_uppercase()))
        .filter(|word| !reference.objects.iter().any(|o| o.name == *word))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_declaration() {
        let types = types(&super::super::sample());
        for line in [
            "declare extern type AsPathPattern with",
            "declare extern type AsPath with",
            "\tprepend: (self: AsPath, asn: number, ...any) -> () -- in front",
            "\ttext: string -- as text",
            "declare extern type prefix with",
            "-- a prefix; its prefix",
            "\ttag: number? | string? -- a | b",
            "\tvni: number -- read-only: v",
            "\trecompute: (self: router) -> () -- again",
            "\tvrrp_routers: () -> {router}, -- vrrpd: all routers",
            "\tpath: AsPath -- read-only: ",
            "declare RM_MATCH: number -- 2",
            "declare print: (...any) -> () -- prints",
            "declare frr: {",
            "\ttime: () -> number, -- now",
            "\text_community: {",
            "\t\tcolor: (number) -> string, -- a color",
        ] {
            assert!(types.lines().any(|l| l == line), "{line}\n{types}");
        }
    }
}
