// SPDX-License-Identifier: GPL-2.0-or-later
//! From a file to a script in service: what is refused, and in what words.

use super::host::{Host, chmod, load_error};
use super::tables::{MATCH, Objects};
use frrscript::ffi::abi::{OptionKind, Verdict};
use insta::assert_snapshot;

#[test]
fn files() {
    let host = Host::start();
    assert_snapshot!(host.load("none").unwrap_err(), @"script none: no file DIR/none.lua (nor .luau): write it there, then 'script reload none'");
    for (name, why) in [("a/b", "a/b"), ("..", ".."), ("../x", "../x"), (".x", ".x"), ("-x", "-x"), ("", "")] {
        let error = host.load(name).unwrap_err();
        assert!(error.starts_with(&format!("\"{why}\" is not a script name")), "{error}");
    }
    assert_snapshot!(host.load("a/b").unwrap_err(), @r#""a/b" is not a script name: write the file's name without its folder and without .lua, up to 64 letters, digits, _ - and ."#);
    std::fs::create_dir(host.directory.join("d.lua")).unwrap();
    assert_snapshot!(host.load("d").unwrap_err(), @"script d: DIR/d.lua: is a directory, not a file: take it away and write the text there");
    let open = host.write("open", "");
    chmod(&open, 0o666);
    assert_snapshot!(host.load("open").unwrap_err(), @"script open: DIR/open.lua: every user may write it: take that away (chmod o-w)");
    host.write("large", vec![b' '; (1 << 20) + 1]);
    assert_snapshot!(host.load("large").unwrap_err(), @"script large: DIR/large.lua: has 1048577 octets: a script has at most 1048576");
    host.write("half", "function f() return true end\0\0\0\0");
    assert_snapshot!(host.load("half").unwrap_err(), @"script half: DIR/half.lua: not text: has a NUL at octet 28");
    host.write("latin", b"-- \xe9");
    assert_snapshot!(host.load("latin").unwrap_err(), @"script latin: DIR/latin.lua: not text: scripts are loaded as source in UTF-8, never as bytecode");
    std::os::unix::fs::symlink("nowhere", host.directory.join("l.lua")).unwrap();
    assert_snapshot!(host.load("l").unwrap_err(), @"script l: DIR/l.lua: No such file or directory (os error 2): it is a link to what is not there");
    assert_snapshot!(host.reload("unknown").unwrap_err(), @r#"no script "unknown": there is d, half, l, large, latin, none, open"#);
}

#[test]
fn bytecode_is_not_source() {
    let bytecode = mlua::chunk::Compiler::new().compile("function f() return true end").unwrap();
    assert_snapshot!(load_error(&bytecode).split_once(':').unwrap().0, @"script s");
    // Octets that are UTF-8 by chance are still compiled as source.
    assert_snapshot!(load_error([6u8, 3, 0, 0]), @"script s: DIR/s.lua: not text: has a NUL at octet 2");
    assert_snapshot!(load_error("\x1bLua"), @r#"
    script s: DIR/s.lua:1: Expected identifier when parsing expression, got ''
      1 |  Lua
        |  ^
    "#);
}

#[test]
fn syntax() {
    assert_snapshot!(load_error("function f()\n  return 1 +\nend\n"), @r#"
    script s: DIR/s.lua:3: Expected identifier when parsing expression, got 'end'
      3 | end
        | ^
    "#);
    assert_snapshot!(load_error("function f(\n"), @"script s: DIR/s.lua:2: Expected identifier when parsing variable name, got <eof>");
    assert_snapshot!(load_error("local x = 'abc\n"), @r#"
    script s: DIR/s.lua:1: Malformed string; did you forget to finish it?
      1 | local x = 'abc
        | ^
    "#);
    assert_snapshot!(load_error("\tlocal x == 1\n"), @r#"
    script s: DIR/s.lua:1: Expected identifier when parsing expression, got '=='
      1 |  local x == 1
        |          ^
    "#);
    assert_snapshot!(load_error("x = = 1"), @r#"
    script s: DIR/s.lua:1: Expected identifier when parsing expression, got '='
      1 | x = = 1
        |     ^
    "#);
    assert_snapshot!(load_error("--[[ never closed"), @r#"
    script s: DIR/s.lua:1: Expected identifier when parsing expression, got unfinished comment
      1 | --[[ never closed
        | ^
    "#);
}

#[test]
fn later_luas() {
    assert_snapshot!(load_error("function f()\n  goto done\n  ::done::\nend\n"), @r#"
    script s: DIR/s.lua:2: Incomplete statement: expected assignment or a function call (Luau has no goto: use continue, or a function)
      2 |   goto done
        |   ^
    "#);
    assert_snapshot!(load_error("local x <const> = 1\n"), @r#"
    script s: DIR/s.lua:1: Expected identifier when parsing expression, got '<' (Luau has no <const> and <close>)
      1 | local x <const> = 1
        |         ^
    "#);
    assert_snapshot!(load_error("local x = 1 & 2\n"), @r#"
    script s: DIR/s.lua:1: Expected identifier when parsing expression, got '&' (Luau has no bit operators: use bit32.band, bit32.bor, bit32.lshift ...)
      1 | local x = 1 & 2
        |             ^
    "#);
    assert_snapshot!(load_error("local x = 1 | 2\n"), @r#"
    script s: DIR/s.lua:1: Expected identifier when parsing expression, got '|' (Luau has no bit operators: use bit32.band, bit32.bor, bit32.lshift ...)
      1 | local x = 1 | 2
        |             ^
    "#);
    assert_snapshot!(load_error("local x = 1 << 2\n"), @r#"
    script s: DIR/s.lua:1: Expected identifier when parsing expression, got '<' (Luau has no bit operators: use bit32.band, bit32.bor, bit32.lshift ...)
      1 | local x = 1 << 2
        |              ^
    "#);
    assert_snapshot!(load_error("local x = 1 >> 2\n"), @r#"
    script s: DIR/s.lua:1: Expected identifier when parsing expression, got '>' (Luau has no bit operators: use bit32.band, bit32.bor, bit32.lshift ...)
      1 | local x = 1 >> 2
        |              ^
    "#);
    assert_snapshot!(load_error("local x = ~1\n"), @r#"
    script s: DIR/s.lua:1: Expected identifier when parsing expression, got '~' (Luau has no bit operators: use bit32.band, bit32.bor, bit32.lshift ...)
      1 | local x = ~1
        |           ^
    "#);
    let host = Host::with("local x = 7 // 2 function f() return x == 3 end");
    assert_eq!(host.rule("s", "f").call(&Objects::sample()), Verdict::MATCH);
}

#[test]
fn failures_while_it_runs() {
    assert_snapshot!(load_error("local x = nil\nlocal y = x.z\n"), @r#"
    script s: DIR/s.lua:2: attempt to index nil with 'z'
      2 | local y = x.z
        |             ^
    "#);
    assert_snapshot!(load_error("error('no')"), @r#"
    script s: DIR/s.lua:1: no
      1 | error('no')
        | ^
    "#);
    assert_snapshot!(load_error("error({})"), @"script s: the error value is not a string");
    assert_snapshot!(load_error("require('x')"), @r"
    script s: DIR/s.lua:1: module x: no file DIR/x.lua (nor .luau)
      1 | require('x')
        | ^
    ");
    assert_snapshot!(load_error("local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end"), @"script s: stopped: asked for more than its memory limit of 16384 KiB");
    assert_snapshot!(load_error("\n\nlocal function f() while true do end end\nf()"), @"script s: stopped: ran past its time limit of 800 ms");
    assert_snapshot!(load_error("coroutine.yield()"), @"script s: can't wait here: coroutine.yield, or something that waits, was called outside of a coroutine");
}

#[test]
fn functions() {
    let host = Host::with("function a() end function b() end local function c() end d = 7 e = print");
    assert_snapshot!(host.try_rule(&raw const MATCH.0, "s", "f").1, @"script s: no function f: the script has a, b, e");
    assert_snapshot!(host.try_rule(&raw const MATCH.0, "s", "c").1, @"script s: no function c: the script has a, b, e");
    assert_snapshot!(host.try_rule(&raw const MATCH.0, "s", "d").1, @"script s: no function d: the script has a, b, e");
    assert_snapshot!(host.try_rule(&raw const MATCH.0, "s", "e").1, @"script s: e is not a Lua function");
    assert_snapshot!(host.try_rule(&raw const MATCH.0, "s", "print").1, @"script s: no function print: the script has a, b, e");
    for name in ["", "a.b", "a b", "1a", "a()", "ä"] {
        assert!(host.try_rule(&raw const MATCH.0, "s", name).0.is_none(), "{name}");
    }
    assert_snapshot!(host.try_rule(&raw const MATCH.0, "s", "a.b").1, @r#""a.b" is not a function name: letters, digits and _, up to 64"#);
    assert_snapshot!(host.try_rule(&raw const MATCH.0, "../s", "a").1, @r#""../s" is not a script name: write the file's name without its folder and without .lua, up to 64 letters, digits, _ - and ."#);
    assert_snapshot!(host.try_rule(std::ptr::null(), "s", "a").1, @"the hook point is not registered");
    host.write("empty", "");
    assert_snapshot!(host.try_rule(&raw const MATCH.0, "empty", "f").1, @"script empty: no function f: the script has no functions");
    let (rule, warning) = host.try_rule(&raw const MATCH.0, "none", "f");
    assert_snapshot!(warning, @"script none: no file DIR/none.lua (nor .luau): write it there, then 'script reload none'");
    let rule = rule.unwrap();
    assert_eq!(rule.call(&Objects::sample()), Verdict::NOMATCH);
    assert_snapshot!(host.last_error("none"), @"missing: script none: no file DIR/none.lua (nor .luau): write it there, then 'script reload none'");
    assert!(!rule.takes(c"peer"));
}

#[test]
fn a_bad_reload_leaves_the_old_generation_in_service() {
    let host = Host::with("function f(p, a) return true end");
    let rule = host.rule("s", "f");
    for (source, why) in [("function f(", "syntax"), ("function g() end", "missing"), ("error('x')", "runtime")] {
        host.write("s", source);
        let error = host.reload("s").unwrap_err();
        assert!(error.ends_with("\ngeneration 1 of DIR/s.lua stays in service"), "{why}: {error}");
        assert_eq!(rule.call(&Objects::sample()), Verdict::MATCH);
    }
    assert_snapshot!(host.reload("s").unwrap_err(), @r#"
    script s: DIR/s.lua:1: x
      1 | error('x')
        | ^
    generation 1 of DIR/s.lua stays in service
    "#);
    host.write("s", "function g() end");
    assert_snapshot!(host.reload("s").unwrap_err(), @r#"
    script s: no function f: the script has g
    generation 1 of DIR/s.lua stays in service
    "#);
    std::fs::remove_file(host.directory.join("s.lua")).unwrap();
    assert_snapshot!(host.reload("s").unwrap_err(), @r#"
    script s: no file DIR/s.lua (nor .luau): write it there, then 'script reload s'
    generation 1 of DIR/s.lua stays in service
    "#);
    host.write("s", "function f(p, a, peer) return false end");
    assert!(!rule.takes(c"peer"));
    assert_snapshot!(host.reload("s").unwrap(), @"script s: generation 2 in service");
    assert_eq!(rule.call(&Objects::sample()), Verdict::NOMATCH);
    assert!(rule.takes(c"peer") && rule.takes(c"prefix") && !rule.takes(c"none"));
    assert_eq!(host.changed(), ["s"]);
}

#[test]
fn options() {
    let host = Host::with("");
    assert_snapshot!(host.option("s", OptionKind::LIMIT_TIME, 0).unwrap_err(), @"0 is out of range: 1 to 60000");
    assert_snapshot!(host.option("s", OptionKind::LIMIT_TIME, 60_001).unwrap_err(), @"60001 is out of range: 1 to 60000");
    assert_snapshot!(host.option("s", OptionKind::LIMIT_MEMORY, 1_025).unwrap_err(), @"1025 is out of range: 1 to 1024");
    assert_snapshot!(host.option("s", OptionKind::ON_ERROR, 3).unwrap_err(), @"3 is no verdict");
    assert_snapshot!(host.option("a/b", OptionKind::ON_ERROR, 1).unwrap_err(), @r#""a/b" is not a script name: write the file's name without its folder and without .lua, up to 64 letters, digits, _ - and ."#);
    assert_eq!(host.option("s", OptionKind::ON_ERROR, 2), Ok(String::new()));
    let rule = host.try_rule(&raw const MATCH.0, "s", "f").0.unwrap();
    assert_eq!(rule.call(&Objects::sample()), Verdict::DENY);
}

#[test]
fn a_function_that_was_never_there_does_not_hold_up_a_reload() {
    let host = Host::with("function f() return true end");
    let rule = host.rule("s", "f");
    // As zebra has it, from a route-map that only bgpd runs.
    let (other, warning) = host.try_rule(&raw const super::tables::MATCH.0, "s", "only_in_bgpd");
    assert!(other.is_some() && warning.contains("no function only_in_bgpd"), "{warning}");
    host.write("s", "function f() return false end");
    host.reload("s").expect("it reloads");
    assert_eq!(rule.call(&super::tables::Objects::sample()), frrscript::ffi::abi::Verdict::NOMATCH);
    host.write("s", "function g() end");
    assert!(host.reload("s").is_err(), "f was there");
}
