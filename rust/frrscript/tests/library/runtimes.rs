// SPDX-License-Identifier: GPL-2.0-or-later
//! Runtimes: what a script gets for its calls, whatever the runtime does. The runtime is a real library, in runtime.c.

use super::events::{WAKE, settle};
use super::host::Host;
use frrscript::ffi::exports::events::frrscript_turn;
use frrscript::ffi::exports::operate::{frrscript_script_permit_runtime, frrscript_show_runtimes};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The directory of runtimes, with the library in it.
pub fn directory() -> PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let directory = std::env::temp_dir().join(format!("frrscript-runtimes-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a directory for runtimes");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/library/runtime.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-pthread", "-Wall", "-Werror", "-o"])
            .arg(directory.join("libtester.so"))
            .arg(source)
            .status();
        assert!(built.expect("a C compiler").success());
        // Libraries of their own, which no other test has mapped.
        for copy in ["liblate.so", "libgone.so", "libbusy.so"] {
            std::fs::copy(directory.join("libtester.so"), directory.join(copy)).expect("a copy of the library");
        }
        directory
    });
    made.clone()
}

/// A host whose script may load the runtime.
pub fn host(source: &str) -> Host {
    let host = Host::with(source);
    ["tester", "late", "gone", "busy", "missing"].into_iter().for_each(permit);
    host
}

/// `script s permit runtime NAME`.
fn permit(runtime: &str) {
    permission(runtime, true);
}

fn permission(runtime: &str, on: bool) {
    let (name, runtime) = (super::host::c_text("s"), super::host::c_text(runtime));
    // SAFETY: live names, and no text is wanted.
    let result = unsafe { frrscript_script_permit_runtime(name.as_ptr(), runtime.as_ptr(), on, std::ptr::null_mut()) };
    assert_eq!(result, 0);
}

/// What a task of a script logs, when it says "done" or after ten seconds.
fn logged(source: &str) -> String {
    let host = host(&format!("frr.spawn(function() {source} log.info('done') end)"));
    finish(&host)
}

fn finish(host: &Host) -> String {
    host.load("s").expect("it loads");
    settle(Duration::from_secs(10), || host.log().iter().any(|line| line == "done"));
    let own = ["runtime tester: ", "runtime late: ", "runtime gone: ", "runtime busy: "];
    let lines = host.log().into_iter().filter(|line| !own.iter().any(|start| line.starts_with(start)));
    let directory = directory();
    lines.collect::<Vec<_>>().join("\n").replace(directory.to_str().expect("a path in UTF-8"), "RUNTIMES")
}

/// A function for scripts that shows values.
const SHOW: &str = r##"
local function show(...)
  local out = {}
  for i = 1, select("#", ...) do
    local v = select(i, ...)
    if type(v) == "table" and v.kind then v = `{v.kind}: {v.message}` .. (v.rc and ` ({v.rc})` or "") end
    out[i] = tostring(v)
  end
  log.info(table.concat(out, " | "))
end
"##;

pub fn shown(source: &str) -> String {
    let host = host(&format!("{SHOW}\nfrr.spawn(function() {source}\nlog.info('done') end)"));
    finish(&host)
}

#[test]
fn any_name_posts_and_waits() {
    insta::assert_snapshot!(shown(r#"
        local rt = frr.load_ffi("tester")
        show(rt:echo("one"))
        show(rt:another_name("two"))
        show(rt("three"))
        show(rt.f(rt, "four"))
        show(rt:call_with{ request = "five", timeout = 5 })
        show(rt:key("six"), (rt:finished("seven")))
        show(rt:echo())
        show(rt:echo(""))
        show(string.len(select(2, rt:echo(string.rep("x", 1048576)))))
        show(select(2, rt:echo("a\0b")) == "a\0b")
    "#), @r#"
    true | one | nil
    true | two | nil
    true | three | nil
    true | four | nil
    true | five | nil
    true | true
    true | nil | nil
    true |  | nil
    1048576
    true
    done
    "#);
}

#[test]
fn failures_are_upstreams_values_and_a_table() {
    insta::assert_snapshot!(shown(r#"
        local rt = frr.load_ffi("tester")
        show(rt:echo("!5"))
        show(rt:echo("!6 with a body"))
        show(frr.load_ffi("tester", "fail"))
        local rt = frr.load_ffi("tester", "never", { max_queue = 5, max_inflight = 2 })
        rt:__start("a") rt:__start("b")
        show(rt:__start("c"))
        local rt = frr.load_ffi("tester", "other", { max_queue = 1 })
        rt:__start("a")
        show(rt:x("b"))
        local rt = frr.load_ffi("tester", "dies")
        show(rt:x("a"))
        show(rt:x("a"))
        local rt = frr.load_ffi("tester", "never, ever")
        show((select(4, rt:call_with{ request = "x", timeout = 0.01 })).kind)
        local call = rt:__start("x", { timeout = false })
        show(call:cancel(), call:cancel())
        show(call:wait())
        show(rt:__unload())
        show(rt:x("after"))
    "#), @r#"
    false | 5 | nil | runtime: the runtime answered 5 (5)
    false | 6 | with a body | runtime: with a body (6)
    nil | 7
    nil | false | post failed, queue full | nil | full: 2 requests are not answered
    false | post failed, queue full | nil | full: 1 requests wait in the queue
    false | dead: its poller thread has ended by itself | nil | dead: its poller thread has ended by itself
    false | dead: its poller thread has ended by itself | nil | dead: its poller thread has ended by itself
    timeout
    true | false
    false | cancelled: the script took it back | nil | cancelled: the script took it back
    true
    false | task queue is finished | nil | finished: the runtime was unloaded
    done
    "#);
}

#[test]
fn the_same_key_is_the_same_object() {
    insta::assert_snapshot!(shown(r#"
        local rt = frr.load_ffi("tester")
        show(rt == frr.load_ffi("libtester.so"), rt == ngx.load_ffi("tester"), rt == frr.load_ffi("tester", ""))
        show(rt:__unload())
        show(rt:x("after"))
        local again = frr.load_ffi("tester")
        show(rt == again, again:x("again"))
    "#), @r#"
    true | true | false
    true
    false | task queue is finished | nil | finished: the runtime was unloaded
    false | true | again | nil
    done
    "#);
}

#[test]
fn what_is_wrong_is_said() {
    insta::assert_snapshot!(shown(r#"
        show(pcall(frr.load_ffi, "/tmp/libx.so"))
        show(pcall(frr.load_ffi, "unpermitted"))
        show(pcall(frr.load_ffi, "missing"))
        show(pcall(frr.load_ffi, "tester", nil, { max_que = 1 }))
        show(pcall(frr.load_ffi, "tester", nil, { max_queue = 0 }))
        show(pcall(frr.load_ffi, "tester", nil, { timeout = true }))
        local rt = frr.load_ffi("tester")
        show(pcall(rt.x, rt, 5))
        show(pcall(rt.x, "five"))
        show(pcall(rt.call_with, rt, "five"))
        show(pcall(rt.call_with, rt, { requst = "five" }))
        show(pcall(rt.call_with, rt, { timeout = -1 }))
    "#), @r#"
    false | frr.load_ffi: '/tmp/libx.so' is not the name of a runtime: write the library's name without 'lib' and '.so' (letters, digits, _ - . +, at most 64); it is looked for in the runtime directory only
    false | frr.load_ffi: the operator has not permitted it: 'script s permit runtime unpermitted'
    false | frr.load_ffi: runtime missing: RUNTIMES/libmissing.so: No such file or directory (os error 2)
    false | frr.load_ffi: argument 3: there is no option 'max_que': did you mean 'max_queue'?
    false | frr.load_ffi: argument 3: 'max_queue' must be a whole number from 1 to 1048576
    false | frr.load_ffi: argument 3: 'timeout' must be a number of seconds, at most 86400, or false for no end
    false | a runtime's request must be a string or nil, not 5
    false | call a method of a runtime with a colon: runtime:name(request)
    false | runtime:call_with: write runtime:call_with{ request = text, timeout = seconds }
    false | runtime:call_with: there is no 'requst': there are 'request' and 'timeout'
    false | runtime: 'timeout' must be a number of seconds, at most 86400, or false for no end
    done
    "#);
}

#[test]
fn load_ffi_at_the_top_gives_the_object_at_once() {
    let host = host(&format!(
        r#"{SHOW}
        local rt = frr.load_ffi("tester")
        local bad = frr.load_ffi("tester", "fail")
        show(pcall(rt.x, rt, "too early"))
        frr.spawn(function() show(rt:x("in service")) show(bad:x("a")) log.info("done") end)"#
    ));
    insta::assert_snapshot!(finish(&host), @r#"
    false | runtime.call can't wait here: it can in a handler of frr.on, frr.every, frr.after, frr.spawn or frr.subscribe, outside of a coroutine of your own
    true | in service | nil
    false | dead: its init gave 7 | nil | dead: its init gave 7
    done
    "#);
}

#[test]
fn a_permission_may_come_after_the_script() {
    let host = Host::with(&format!(
        r#"{SHOW}
        local rt = frr.load_ffi("tester")
        frr.spawn(function()
          show(rt:x("a"))
          repeat frr.sleep(0.005) until rt:x("b")
          show(rt:x("c"))
          log.info("done")
        end)"#
    ));
    host.load("s").expect("it loads");
    settle(Duration::from_secs(10), || !host.log().is_empty());
    assert!(shown_runtimes().contains(r#""state": "waiting""#), "{}", shown_runtimes());
    permit("tester");
    insta::assert_snapshot!(finish(&host), @r"
    false | dead: the operator has not permitted it: 'script s permit runtime tester' | nil | dead: the operator has not permitted it: 'script s permit runtime tester'
    true | c | nil
    done
    ");
}

#[test]
fn a_permission_that_is_gone_ends_the_calls() {
    let host = host(&format!(
        r#"{SHOW}
        frr.spawn(function()
          local rt = frr.load_ffi("tester")
          show(rt:x("a"))
          log.info("now")
          repeat frr.sleep(0.005) until not rt:x("b")
          show((select(4, rt:x("c"))).kind)
          log.info("done")
        end)"#
    ));
    host.load("s").expect("it loads");
    settle(Duration::from_secs(10), || host.log().iter().any(|line| line == "now"));
    permission("tester", false);
    insta::assert_snapshot!(finish(&host), @r"
    true | a | nil
    now
    dead
    done
    ");
}

#[test]
fn a_runtime_that_is_loaded_takes_the_timeout_of_who_asks() {
    let host = host(&format!(
        r#"{SHOW}
        frr.spawn(function()
          frr.sleep(0.1)
          local rt = frr.load_ffi("tester", "never shared", {{ timeout = 0.01 }})
          show((select(4, rt:x("a"))).kind)
          log.info("done")
        end)"#
    ));
    host.write("t", r#"frr.load_ffi("tester", "never shared")"#);
    let (name, runtime) = (super::host::c_text("t"), super::host::c_text("tester"));
    // SAFETY: live names, and no text is wanted.
    let result =
        unsafe { frrscript_script_permit_runtime(name.as_ptr(), runtime.as_ptr(), true, std::ptr::null_mut()) };
    assert_eq!(result, 0);
    host.load("t").expect("it loads");
    insta::assert_snapshot!(finish(&host), @r"
    timeout
    done
    ");
}

#[test]
fn answers_come_in_any_order_and_from_any_thread() {
    assert_eq!(
        logged(
            r#"
            local rt = frr.load_ffi("tester", "threads")
            local calls, good = {}, 0
            for i = 1, 500 do calls[i] = rt:__start(tostring(i)) end
            for i = 500, 1, -1 do
              local ok, answer = calls[i]:wait()
              if ok and answer == tostring(i) then good += 1 end
            end
            log.info(`{good} good`)
        "#
        ),
        "500 good\ndone"
    );
}

#[test]
fn a_double_answer_harms_nothing() {
    assert_eq!(
        logged(
            r#"
            local rt = frr.load_ffi("tester", "twice")
            local good = 0
            for i = 1, 1000 do
              local ok, answer = rt:x(tostring(i))
              if ok and answer == tostring(i) then good += 1 end
            end
            log.info(`{good} good`)
        "#
        )
        .lines()
        .filter(|line| !line.starts_with("runtimes: "))
        .collect::<Vec<_>>(),
        ["1000 good", "done"]
    );
}

#[test]
fn a_hundred_thousand_calls() {
    assert_eq!(
        logged(
            r#"
            local rt = frr.load_ffi("tester")
            local good, left = 0, 50
            for worker = 1, 50 do
              frr.spawn(function()
                for i = 1, 2000 do
                  local ok, answer = rt:x("x")
                  if ok and answer == "x" then good += 1 end
                end
                left -= 1
              end)
            end
            while left > 0 do frr.sleep(0.01) end
            log.info(`{good} good`)
        "#
        ),
        "100000 good\ndone"
    );
}

#[test]
fn a_reload_cancels_what_is_in_flight() {
    let host =
        host(r#"frr.spawn(function() local rt = frr.load_ffi("tester", "slow") rt:x("a") log.info("never") end)"#);
    host.load("s").expect("it loads");
    settle(Duration::from_secs(5), || shown_runtimes().contains(r#""inFlight": 1"#));
    let again =
        r#"frr.spawn(function() log.info((select(2, frr.load_ffi("tester", "slow"):x("b")))) log.info("done") end)"#;
    host.write("s", again);
    host.reload("s").expect("it reloads");
    settle(Duration::from_secs(5), || host.log().iter().any(|line| line == "done"));
    let log = host.log();
    assert!(log.contains(&"b".to_owned()) && !log.contains(&"never".to_owned()), "{log:?}");
    assert!(shown_runtimes().contains(r#""cancelled": 1"#), "{}", shown_runtimes());
}

pub fn shown_runtimes() -> String {
    super::host::take(frrscript_show_runtimes(true))
}

#[test]
fn an_answer_past_the_memory_limit_is_an_error() {
    let host = host(&format!(
        r#"{SHOW}
        frr.spawn(function()
          local rt = frr.load_ffi("tester", "large")
          show((select(4, rt:x("64"))).kind)
          show(string.len(select(2, rt:x("2"))))
          log.info("done")
        end)"#
    ));
    insta::assert_snapshot!(finish(&host), @r"
    full
    2097152
    done
    ");
}

#[test]
fn turns_stay_short_when_answers_flood() {
    let host = host(
        r#"
        local rt = frr.load_ffi("tester")
        for worker = 1, 64 do frr.spawn(function() while true do rt:x("x") end end) end
    "#,
    );
    host.load("s").expect("it loads");
    let mut lasted = Vec::new();
    let until = Instant::now() + Duration::from_secs(2);
    while Instant::now() < until {
        WAKE.take();
        let began = Instant::now();
        frrscript_turn();
        lasted.push(began.elapsed());
    }
    lasted.sort_unstable();
    // Others use the machine, too.
    let long = lasted[lasted.len() * 99 / 100];
    assert!(long < Duration::from_millis(5), "{long:?} of {} turns", lasted.len());
}

#[test]
fn a_library_with_unpin_is_unmapped_when_it_has_ended() {
    let library = directory().join("libunpinned.so");
    std::fs::copy(directory().join("libtester.so"), &library).expect("a copy");
    let mapped = || std::fs::read_to_string("/proc/self/maps").expect("maps").contains("libunpinned.so");
    let host = Host::with(&format!(
        r#"{SHOW}
        frr.spawn(function()
          local rt = frr.load_ffi("unpinned", nil, {{ unpin = true }})
          show(rt:x("a"))
          log.info("mapped")
          frr.sleep(0.2)
          show(rt:__unload())
          log.info("done")
        end)"#
    ));
    permit("unpinned");
    host.load("s").expect("it loads");
    settle(Duration::from_secs(10), || host.log().iter().any(|line| line == "mapped"));
    assert!(mapped());
    settle(Duration::from_secs(10), || host.log().iter().any(|line| line == "done"));
    settle(Duration::from_secs(10), || !mapped());
    assert!(!mapped(), "{:?}", host.log());
}
