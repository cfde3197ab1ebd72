// SPDX-License-Identifier: GPL-2.0-or-later
//! `require`: where modules come from, when they may, and in what words they fail.

use super::events::turns;
use super::host::{Host, chmod, take};
use super::tables::Objects;
use frrscript::ffi::abi::{OptionKind, Verdict};
use frrscript::ffi::exports::operate::frrscript_show;
use frrscript::ffi::host::set_runtimedir;
use insta::assert_snapshot;
use std::time::Duration;

/// Loads script `s` beside these modules; what it logs, or why not.
fn loaded(source: &str, modules: &[(&str, &str)]) -> String {
    let host = Host::with(source);
    for (name, text) in modules {
        host.write(name, text);
    }
    match host.load("s") {
        Ok(_) => host.log().join("\n"),
        Err(why) => why,
    }
}

/// A module of the runtimes.
fn write_runtime_module(host: &Host, name: &str, text: &str) {
    let directory = host.directory.join("runtimes/lua");
    std::fs::create_dir_all(&directory).expect("a directory for modules");
    std::fs::write(directory.join(format!("{name}.luau")), text).expect("the module is written");
    set_runtimedir(Some(host.directory.join("runtimes")));
}

#[test]
fn a_module_runs_once_and_gives_what_it_returns() {
    let modules = [("m", "log.info('runs') return { n = 7 }"), ("silent", "shared = 1"), ("no", "return false")];
    let log = loaded(
        "local m, again = require 'm', require('m')
         log.info(m.n, m == again)
         log.info(require 'silent', require 'silent', shared)
         log.info(require 'no', require 'no')",
        &modules,
    );
    assert_snapshot!(log, @r"
    runs
    7	true
    true	true	1
    false	false
    ");
}

#[test]
fn a_module_of_the_runtimes_is_told_by_its_name() {
    let host = Host::with("log.info(require('frr.http').where, require('http').where)");
    host.write("http", "return { where = 'script' }");
    write_runtime_module(&host, "http", "return { where = 'runtimes' }");
    host.load("s").expect("it loads");
    assert_snapshot!(host.log().join("\n"), @"runtimes	script");
}

#[test]
fn modules_require_modules_and_may_yield_functions_that_rules_call() {
    let host = Host::with("require 'policy'");
    host.write("policy", "local base = require 'base' function route_match(prefix) return base.answer end");
    host.write("base", "return { answer = RM_MATCH }");
    host.load("s").expect("it loads");
    assert_eq!(host.rule("s", "route_match").call(&Objects::sample()), Verdict::MATCH);
}

/// What the script's own text says of a line does not count for a module's function on that line: it keeps its prefix.
#[test]
fn a_function_of_a_module_is_not_taken_for_one_of_the_script() {
    let host = Host::with("function f(prefix) return prefix.length == 24 end\nrequire 'm'\n");
    host.write("m", "function route_match(prefix) old = old or prefix log.info(pcall(tostring, old)) return true end");
    host.load("s").expect("it loads");
    let rule = host.rule("s", "route_match");
    rule.call(&Objects::sample());
    rule.call(&Objects::sample());
    let log = host.log();
    assert_eq!(log.len(), 2);
    assert!(log[1].starts_with("true\tprefix") || log[1].starts_with("false"), "{log:?}");
    assert_ne!(log[0], log[1], "the second call sees a view of its own");
}

#[test]
fn names_and_files() {
    assert_snapshot!(loaded("require '../m'", &[]), @r#"
    script s: DIR/s.lua:1: "../m" is not a module name: write the file's name without its folder and ending, up to 64 letters, digits, _ - and ., or "frr.NAME" for one of the runtimes
      1 | require '../m'
        | ^
    "#);
    assert_snapshot!(loaded("require 'a/b'", &[]), @r#"
    script s: DIR/s.lua:1: "a/b" is not a module name: write the file's name without its folder and ending, up to 64 letters, digits, _ - and ., or "frr.NAME" for one of the runtimes
      1 | require 'a/b'
        | ^
    "#);
    assert_snapshot!(loaded("require ''", &[]), @r#"
    script s: DIR/s.lua:1: "" is not a module name: write the file's name without its folder and ending, up to 64 letters, digits, _ - and ., or "frr.NAME" for one of the runtimes
      1 | require ''
        | ^
    "#);
    assert_snapshot!(loaded("require 'frr.'", &[]), @r#"
    script s: DIR/s.lua:1: "frr." is not a module name: write the file's name without its folder and ending, up to 64 letters, digits, _ - and ., or "frr.NAME" for one of the runtimes
      1 | require 'frr.'
        | ^
    "#);
    assert_snapshot!(loaded("require 'frr.../m'", &[]), @r#"
    script s: DIR/s.lua:1: "frr.../m" is not a module name: write the file's name without its folder and ending, up to 64 letters, digits, _ - and ., or "frr.NAME" for one of the runtimes
      1 | require 'frr.../m'
        | ^
    "#);
    assert_snapshot!(loaded("require(7)", &[]), @r"
    script s: DIR/s.lua:1: global.require: argument 1 must be a string, not a number
      1 | require(7)
        | ^
    ");
    assert_snapshot!(loaded("require 'none'", &[]), @r"
    script s: DIR/s.lua:1: module none: no file DIR/none.lua (nor .luau)
      1 | require 'none'
        | ^
    ");
    let host = Host::with("require 'frr.none'");
    set_runtimedir(Some(host.directory.join("runtimes")));
    assert_snapshot!(host.load("s").unwrap_err(), @r"
    script s: DIR/s.lua:1: module frr.none: no file DIR/runtimes/lua/none.luau
      1 | require 'frr.none'
        | ^
    ");
    drop(host);
    let host = Host::with("require 'open'");
    chmod(&host.write("open", ""), 0o666);
    assert_snapshot!(host.load("s").unwrap_err(), @r"
    script s: DIR/s.lua:1: module open: DIR/open.lua: every user may write it: take that away (chmod o-w)
      1 | require 'open'
        | ^
    ");
}

#[test]
fn circles() {
    assert_snapshot!(loaded("require 'a'", &[("a", "require 'b'"), ("b", "\nrequire 'c'"), ("c", "require 'a'")]), @r"
    script s: module c: DIR/c.lua:1: modules require each other in a circle: a -> b -> c -> a
      1 | require 'a'
        | ^
    ");
    assert_snapshot!(loaded("require 'a'", &[("a", "require 'a'")]), @r"
    script s: module a: DIR/a.lua:1: modules require each other in a circle: a -> a
      1 | require 'a'
        | ^
    ");
    assert_snapshot!(loaded("require 's'", &[]), @r"
    script s: DIR/s.lua:1: a script can't require itself: s -> s
      1 | require 's'
        | ^
    ");
    assert_snapshot!(loaded("require 'a'", &[("a", "require 's'")]), @r"
    script s: module a: DIR/a.lua:1: a script can't require itself: s -> a -> s
      1 | require 's'
        | ^
    ");
}

#[test]
fn errors_name_the_module_and_the_line() {
    assert_snapshot!(loaded("\nrequire 'm'", &[("m", "local x =\n= 7")]), @r"
    script s: DIR/s.lua:2: module m: DIR/m.lua:2: Expected identifier when parsing expression, got '='
      2 | require 'm'
        | ^
    ");
    assert_snapshot!(loaded("require 'm'", &[("m", "\nlocal x = nil\nx.y = 7")]), @r"
    script s: module m: DIR/m.lua:3: attempt to index nil with 'y'
      3 | x.y = 7
        |   ^
    ");
    assert_snapshot!(loaded("require 'm'", &[("m", "require 'inner'"), ("inner", "error('no')")]), @r"
    script s: module inner: DIR/inner.lua:1: no
      1 | error('no')
        | ^
    ");
    assert_snapshot!(loaded("require 's2'", &[("s2", "error('no')")]), @r"
    script s: module s2: DIR/s2.lua:1: no
      1 | error('no')
        | ^
    ");
    assert_snapshot!(loaded("require 'm'", &[("m", "coroutine.yield()")]), @"script s: can't wait here: coroutine.yield, or something that waits, was called outside of a coroutine");
    // A failed module may be tried again, and is none.
    assert_snapshot!(loaded(
        "log.info(pcall(require, 'm')) ready = true log.info(pcall(require, 'm'))",
        &[("m", "if not ready then error('not yet') end return 'now'")]
    ), @r"
    false	m:1: not yet
    true	now
    ");
    let host = Host::with("local m = require 'm'\nfunction f() return m.broken() end");
    host.write("m", "return {\n  broken = function() error('no') end }");
    host.load("s").expect("it loads");
    host.rule("s", "f").call(&Objects::sample());
    assert_snapshot!(host.last_error("s"), @"runtime: m:2: no (in function broken, line 2)");
}

#[test]
fn only_while_the_script_is_loaded() {
    let host = Host::with(
        "require 'm'
         frr.spawn(function() log.info(pcall(require, 'm')) end)
         function f() require 'm' end",
    );
    host.write("m", "-- nothing");
    host.load("s").expect("it loads");
    host.rule("s", "f").call(&Objects::sample());
    assert_snapshot!(host.last_error("s"), @r#"runtime: s:3: require works while a script is loaded: write local m = require("m") at the top of the script (in function f, line 3)"#);
    turns(Duration::from_millis(20));
    assert_snapshot!(host.log().last().expect("it ran"), @r#"false	require works while a script is loaded: write local m = require("m") at the top of the script"#);
}

#[test]
fn the_limits_are_those_of_the_script() {
    let host = Host::with("require 'm'");
    host.write("m", "while true do end");
    host.option_time("s", 20);
    assert_snapshot!(host.load("s").unwrap_err(), @"script s: stopped: ran past its time limit of 800 ms");
    host.write("m", "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end");
    assert_eq!(host.option("s", OptionKind::LIMIT_MEMORY, 2), Ok(String::new()));
    assert_snapshot!(host.load("s").unwrap_err(), @"script s: stopped: asked for more than its memory limit of 2048 KiB");
}

#[test]
fn how_much_there_may_be() {
    let many: Vec<(String, String)> = (0..=64).map(|n| (format!("m{n}"), format!("require 'm{}'", n + 1))).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(n, t)| (n.as_str(), t.as_str())).collect();
    let error = loaded("require 'm0'", &many);
    assert!(error.contains("module m64: a script has at most 64 modules"), "{error}");
    let large = "--".to_owned() + &"x".repeat((1 << 20) - 2);
    let modules: Vec<(String, &str)> = (0..4).map(|n| (format!("m{n}"), large.as_str())).collect();
    let modules: Vec<(&str, &str)> = modules.iter().map(|(n, t)| (n.as_str(), *t)).collect();
    assert_snapshot!(loaded("require 'm0' require 'm1' require 'm2' require 'm3'", &modules), @r"
    script s: DIR/s.lua:1: module m3: a script and its modules have at most 4194304 octets
      1 | require 'm0' require 'm1' require 'm2' require 'm3'
        | ^
    ");
}

#[test]
fn what_upstreams_scripts_require_is_there_already() {
    assert_snapshot!(loaded("local t = require('resty_ffi') log.info(type(t), next(t))", &[]), @"table	nil");
}

#[test]
fn modules_are_shown() {
    let host = Host::with("require 'a' require 'b' pcall(require, 'bad')");
    host.write("a", "require 'b'");
    host.write("b", "-- nothing");
    host.write("bad", "error('no')");
    host.load("s").expect("it loads");
    let shown = &host.show("s")["modules"];
    let names: Vec<&str> = shown.as_array().expect("a list").iter().filter_map(|m| m["name"].as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(shown[1]["hash"].as_str().map(str::len), Some(16));
    // SAFETY: a live name.
    let text = host.shorten(&take(unsafe { frrscript_show(c"s".as_ptr(), false) }));
    assert!(text.contains("\n  Module a: DIR/a.lua (text "), "{text}");
    // A module that has changed counts from the next reload on.
    host.write("b", "function f() return true end");
    host.reload("s").expect("it reloads");
    host.rule("s", "f");
}
