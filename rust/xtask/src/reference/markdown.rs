// SPDX-License-Identifier: GPL-2.0-or-later
//! The reference page.

use std::fmt::Write;

use super::{Daemon, Field, Function, Hook, Reference};

const HEAD: &str = "\
<!-- SPDX-License-Identifier: GPL-2.0-or-later -->
<!-- Made by `cargo xtask reference` from the type tables: edit those (daemons/*, rust/frrscript/src/lua). -->
# Script reference

What a script finds in each daemon, as the daemon itself tells it: `show script hooks [json]` in vtysh has the same.
For editors the same is in [frr.d.luau](frr.d.luau); the [guide](guide.md) says how to write, load and debug a script.

A type with `?` may be nil: the route, or the neighbor, does not have it. *rw* may be assigned, *ro* may not; *nil* says
that assigning nil removes it. A number out of its range, a fraction, a word that is not listed or text that can't
be read is an error that names the field, and then nothing of the call is applied.
";

/// The page.
pub fn page(daemons: &[Daemon]) -> String {
    let mut out = HEAD.to_owned();
    for daemon in daemons {
        let _ = write!(out, "\n## {}\n", daemon.name);
        hooks(&mut out, &daemon.reference);
        lists(&mut out, &daemon.reference);
        types(&mut out, daemon);
    }
    let Some(library) = daemons.first().map(|d| &d.reference) else { return out };
    out.push_str("\n## Objects of the library\n\nA script may make them while it loads, and keep them.\n");
    for object in &library.objects {
        let _ = write!(out, "\n### {}\n\n{}\n\n| member | type | |\n|---|---|---|\n", object.name, object.doc);
        members(&mut out, &object.members);
    }
    out.push_str("\n## Functions\n\n| function | type | |\n|---|---|---|\n");
    members(&mut out, &library.functions);
    out
}

fn hooks(out: &mut String, reference: &Reference) {
    for hook in &reference.hooks {
        let kind = if hook.event { "Event" } else { "Hook point" };
        let _ = write!(out, "\n### {kind} {}\n\n{}\n\n", hook.name, hook.doc);
        let names: Vec<&str> = hook.arguments.iter().map(|a| a.name.as_str()).collect();
        let names = names.join(", ");
        if hook.event {
            let _ = writeln!(out, "    frr.on(\"{}\", function({names}) ... end)", hook.name);
        } else {
            let _ = write!(out, "    function {}({names})\n\n", hook.name);
            let _ = writeln!(out, "Returns {}. Arguments that are not needed are left out.", hook.returns);
        }
        arguments(out, hook);
    }
}

fn arguments(out: &mut String, hook: &Hook) {
    if hook.arguments.is_empty() {
        return;
    }
    out.push_str("\n| argument | type | |\n|---|---|---|\n");
    for argument in &hook.arguments {
        let ty = argument.value.map_or_else(|| code(&argument.ty), |value| value.to_string());
        row(out, &[&code(&argument.name), &ty, &argument.doc]);
    }
}

fn lists(out: &mut String, reference: &Reference) {
    if reference.lists.is_empty() {
        return;
    }
    out.push_str("\n### Lists\n\n| function | type | |\n|---|---|---|\n");
    for list in &reference.lists {
        row(out, &[&code(&format!("frr.{}", list.name)), &code(&format!("() -> {{{}}}", list.ty)), &list.doc]);
    }
}

fn types(out: &mut String, daemon: &Daemon) {
    if daemon.reference.types.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "\n### Types of {}\n\nViews of its own data, alive during the call only, or in a task until it first waits.\n",
        daemon.name
    );
    for ty in &daemon.reference.types {
        let _ = write!(out, "\n#### {}\n\n{}\n\n| field | type | | |\n|---|---|---|---|\n", ty.name, ty.doc);
        for field in &ty.fields {
            row(out, &[&code(&field.name), &code(&field.ty), &access(field), &field_doc(field)]);
        }
        for method in &ty.methods {
            row(out, &[&code(&format!(":{}", method.name)), &code(&method.signature), "method", &method.doc]);
        }
    }
}

fn members(out: &mut String, members: &[Function]) {
    for member in members {
        row(out, &[&code(&member.name), &code(&member.signature), &member.doc]);
    }
}

fn row(out: &mut String, cells: &[&str]) {
    for cell in cells {
        let _ = write!(out, "| {} ", cell.replace('|', "\\|"));
    }
    out.push_str("|\n");
}

fn code(text: &str) -> String {
    format!("`{text}`")
}

fn access(field: &Field) -> String {
    match (field.writable, field.may_be_nil) {
        (true, true) => "rw, nil",
        (true, false) => "rw",
        (false, _) => "ro",
    }
    .to_owned()
}

fn field_doc(field: &Field) -> String {
    match &field.range {
        Some(range) => format!("{} ({range})", field.doc),
        None => field.doc.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_on_the_page() {
        let page = page(&super::super::sample());
        for line in [
            "## vrrpd",
            "### Hook point route_match",
            "    function route_match(prefix, RM_MATCH)",
            "### Event route_changed",
            "    frr.on(\"route_changed\", function(prefix) ... end)",
            "| `frr.vrrp_routers` | `() -> {router}` | all routers |",
            "| `:recompute` | `() -> ()` | method | again |",
            "| `prefix` | `prefix` | to where |",
            "| `RM_MATCH` | 2 | match |",
            "| `tag` | `number?` | rw, nil | a \\| b (0-9) |",
            "| `path` | `AsPath` | ro |  |",
            "| `match` | `(pattern: string \\| AsPathPattern) -> boolean` | does it? |",
            "| `frr.ext_community.color` | `(number) -> string` | a color |",
        ] {
            assert!(page.lines().any(|l| l == line), "{line}\n{page}");
        }
    }
}
