// SPDX-License-Identifier: GPL-2.0-or-later
//! Runtimes in processes of their own, as scripts see them. The processes themselves are tested in runtime-runner.

use super::events::settle;
use super::runtimes::{host, shown, shown_runtimes};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

/// The program `frr-runtime` of this build.
pub fn runner() -> PathBuf {
    let exe = std::env::current_exe().expect("this program");
    // target/PROFILE/deps/library-HASH
    exe.ancestors().nth(2).expect("a profile's folder").join("frr-runtime")
}

/// Built, also where only this package is tested.
fn built() {
    static BUILT: OnceLock<()> = OnceLock::new();
    BUILT.get_or_init(|| {
        if !runner().is_file() {
            let target = runner().ancestors().nth(2).map(Path::to_owned).expect("a target folder");
            let status = Command::new(env!("CARGO"))
                .args(["build", "--quiet", "--offline", "--package", "runtime-runner"])
                .env("CARGO_TARGET_DIR", target)
                .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
                .status();
            assert!(status.expect("cargo").success());
        }
    });
}

#[test]
fn the_values_are_the_same() {
    built();
    insta::assert_snapshot!(shown(r#"
        local rt = frr.load_ffi("tester", nil, { process = true })
        show(rt == frr.load_ffi("tester", nil, { process = true }), rt == frr.load_ffi("tester"))
        show(rt:echo("one"))
        show(rt:echo())
        show(rt:echo(""))
        show(rt:echo("!5"))
        show(rt:echo("!6 with a body"))
        show(string.len(select(2, rt:echo(string.rep("x", 1048576)))))
        show(select(2, rt:echo("a\0b")) == "a\0b")
        show(frr.load_ffi("tester", "fail", { process = true }))
        local rt = frr.load_ffi("tester", "never", { process = true })
        show((select(4, rt:call_with{ request = "x", timeout = 0.01 })).kind)
        show(rt:__unload())
        show(rt:x("after"))
    "#), @r#"
    true | false
    true | one | nil
    true | nil | nil
    true |  | nil
    false | 5 | nil | runtime: the runtime answered 5 (5)
    false | 6 | with a body | runtime: with a body (6)
    1048576
    true
    nil | 7
    timeout
    true
    false | task queue is finished | nil | finished: the runtime was unloaded
    done
    "#);
}

#[test]
fn a_crash_is_an_error_of_the_call() {
    built();
    let source = r#"
        local rt = frr.load_ffi("tester", "command", { process = true })
        show(rt:x("one"))
        local held = rt:__start("hold")
        show(rt:x("segv"))
        show(held:wait())
        show(rt:x("two"))
        show(rt:__unload())
    "#;
    insta::assert_snapshot!(shown(source), @r#"
    true | one | nil
    false | dead: its process was killed by SIGSEGV | nil | dead: its process was killed by SIGSEGV
    false | dead: its process was killed by SIGSEGV | nil | dead: its process was killed by SIGSEGV
    true | two | nil
    true
    done
    "#);
}

#[test]
fn it_sees_the_daemons_dicts() {
    built();
    insta::assert_snapshot!(shown(r#"
        local dict = frr.shared_dict("of_tests")
        dict:set("script", "of the script")
        dict:set("gone", 1)
        local rt = frr.load_ffi("tester", "command of dicts", { process = true })
        show(rt:x("dict"))
        show(dict:get("runtime") == "a\0b", dict:get("sum"), dict:get("gone"))
        show(rt:__unload())
    "#), @r#"
    true | 1 of the script 41.5 1 | nil
    true | 41.5 | nil
    true
    done
    "#);
}

#[test]
fn it_is_shown() {
    built();
    let host = host(
        r#"
        local rt = frr.load_ffi("tester", "command and more", { process = true })
        frr.spawn(function()
          while true do rt:x("segv") end
        end)"#,
    );
    host.load("s").expect("it loads");
    settle(Duration::from_secs(20), || shown_runtimes().contains(r#""restarts": 2"#));
    settle(Duration::from_secs(20), || shown_runtimes().contains(r#""state": "restarting""#));
    let shown = shown_runtimes();
    assert!(shown.contains(r#""why": "its process was killed by SIGSEGV""#), "{shown}");
    assert!(shown.contains(r#""process": true"#), "{shown}");
}

#[test]
fn a_child_that_asks_and_does_not_read_is_ended() {
    built();
    insta::assert_snapshot!(shown(r#"
        local dict = frr.shared_dict("of_tests", { size = 16 * 1024 * 1024 })
        assert(dict:set("large", string.rep("x", 4 * 1024 * 1024)))
        local rt = frr.load_ffi("tester", "command to ask", { process = true })
        show(rt:x("ask"))
        dict:flush()
        show(rt:x("still there"))
        show(rt:__unload())
    "#), @r#"
    false | dead: its process has broken the protocol: it asks shared dicts and does not read what they say | nil | dead: its process has broken the protocol: it asks shared dicts and does not read what they say
    true | still there | nil
    true
    done
    "#);
}
