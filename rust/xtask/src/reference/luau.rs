// SPDX-License-Identifier: GPL-2.0-or-later
//! Type definitions for editors, in the syntax of Luau's definition files.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::{Function, Reference};

const HEAD: &str = "\
-- SPDX-License-Identifier: GPL-2.0-or-later
-- Made by `cargo xtask reference` from bgpd's type tables.
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

/// The definition file.
pub fn types(reference: &Reference) -> String {
    let mut out = HEAD.to_owned();
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
    for ty in &reference.types {
        let _ = write!(out, "\n-- {}\ndeclare extern type {} with\n", ty.doc, ty.name);
        for field in &ty.fields {
            let access = if field.writable { "" } else { "read-only: " };
            let _ = writeln!(out, "\t{}: {} -- {access}{}", field.name, field.ty, field.doc);
        }
        out.push_str("end\n");
    }
    out.push('\n');
    let constants: BTreeMap<&str, i64> = (reference.hooks.iter())
        .flat_map(|hook| &hook.arguments)
        .filter_map(|argument| argument.value.map(|value| (argument.name.as_str(), value)))
        .collect();
    for (name, value) in constants {
        let _ = writeln!(out, "declare {name}: number -- {value}");
    }
    functions(&mut out, &reference.functions);
    out
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
            "\ttag: number? -- a | b",
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
