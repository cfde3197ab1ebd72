// SPDX-License-Identifier: GPL-2.0-or-later
//! The C interface: a program under sanitizers and under valgrind, and what libfrr exports.

use anyhow::Result;

use super::Count;
use crate::layout::Layout;
use crate::setup::packages;
use crate::step::run;

/// Runs the C program against the library that FRR was linked with, and looks
/// at libfrr's symbols.
pub fn test(layout: &Layout) -> Result<Count> {
    let mut count = program(layout, "check", "test the C interface")?;
    packages::install(layout, &["valgrind"])?;
    count += program(layout, "memcheck", "test the C interface under valgrind")?;
    let symbols = exported(layout)?;
    count += none("libfrr exports no symbol of the engine", &engine_symbols(&symbols));
    let header = std::fs::read_to_string(layout.repo.join(ABI))?;
    count += none("libfrr exports what runtimes look for", &missing(&header, &symbols));
    Ok(count)
}

/// What runtimes see of libfrr.
const ABI: &str = "runtimes/include/frr_ffi.h";

/// A test that has passed when it found nothing.
fn none(what: &str, found: &[&str]) -> Count {
    if found.is_empty() {
        return Count::from_lines(&format!("ok {what}"));
    }
    Count::from_lines(&format!("not ok {what}: {}", found.join(" ")))
}

/// The functions of the runtimes' header that are not among the symbols.
fn missing<'a>(header: &'a str, symbols: &str) -> Vec<&'a str> {
    let words = header.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let there = |name: &str| symbols.lines().any(|line| line.split(' ').next() == Some(name));
    words.filter(|word| word.starts_with("ngx_http_lua_ffi_") && !there(word)).collect()
}

fn program(layout: &Layout, target: &str, what: &str) -> Result<Count> {
    let log = layout.log(&format!("tests-c-{target}"));
    let library = layout.cargo_target.join("release/libfrrscript.a");
    let result = run("make")
        .arg("-C")
        .arg(layout.repo.join("rust/frrscript/tests-c"))
        .arg(format!("-j{}", crate::build::jobs()))
        .arg(format!("LIBRARY={}", library.display()))
        .arg(format!("BUILD={}", layout.target.join("tests-c").display()))
        .arg(target)
        .step(what, &log);
    let text = std::fs::read_to_string(&log)?;
    Ok(Count::from_lines(&text).and_run(result))
}

fn exported(layout: &Layout) -> Result<String> {
    let library = layout.root().join("usr/lib/libfrr.so.0");
    run("nm").args(["-D", "--defined-only", "--format=posix"]).arg(library).output()
}

/// Functions of a Lua engine, of Rust or of C++ among exported symbols. FRR's
/// own codecs (`lua_pushprefix`, `lua_decode_prefix`, ...) are C of ours and
/// stay; the engine's names are those of Lua's manual.
fn engine_symbols(symbols: &str) -> Vec<&str> {
    let engine = |name: &str| {
        let starts = ["luaL_", "luau_", "luaopen_", "luaV_", "luaD_", "luaH_", "_Z", "_R", "rust_"];
        starts.iter().any(|start| name.starts_with(start)) || ENGINE.contains(&name)
    };
    symbols.lines().filter_map(|line| line.split(' ').next()).filter(|name| engine(name)).collect()
}

const ENGINE: [&str; 24] = [
    "lua_call",
    "lua_close",
    "lua_createtable",
    "lua_error",
    "lua_gc",
    "lua_getfield",
    "lua_getglobal",
    "lua_gettop",
    "lua_load",
    "lua_newstate",
    "lua_newthread",
    "lua_newuserdata",
    "lua_next",
    "lua_pcall",
    "lua_pushboolean",
    "lua_pushcclosure",
    "lua_pushnil",
    "lua_pushnumber",
    "lua_pushstring",
    "lua_resume",
    "lua_setfield",
    "lua_settop",
    "lua_tolstring",
    "lua_yield",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_header_has_is_exported() {
        let header = "void *ngx_http_lua_ffi_task_poll(void *tq);\nvoid ngx_http_lua_ffi_log(int);";
        assert_eq!(missing(header, "ngx_http_lua_ffi_task_poll T 0 1\n"), ["ngx_http_lua_ffi_log"]);
        assert!(missing(header, "ngx_http_lua_ffi_task_poll T 0\nngx_http_lua_ffi_log T 0\n").is_empty());
    }

    #[test]
    fn the_engine_is_told_from_frrs_codecs() {
        let symbols = "lua_pcall T 0 1\nlua_pushprefix T 0 1\nluaL_newstate T 0\n\
                       frrscript_init T 0 1\n_ZN4Luau3AstE u 0\nlua_decode_prefix T 0\n";
        assert_eq!(engine_symbols(symbols), ["lua_pcall", "luaL_newstate", "_ZN4Luau3AstE"]);
    }
}
