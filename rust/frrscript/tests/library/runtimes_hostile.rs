// SPDX-License-Identifier: GPL-2.0-or-later
//! Runtimes and scripts that mean harm: nothing fills up, nothing is held, and nobody reaches what is another script's.

use super::events::settle;
use super::host::LOG_TAKES;
use super::runtimes::{host, shown, shown_runtimes};
use std::time::Duration;

/// Runtimes that the process knows.
fn known() -> usize {
    runtime_host::host::host().runtimes().len()
}

#[test]
fn runtimes_that_have_ended_take_no_place() {
    let before = known();
    let log = shown(
        r#"
        for i = 1, 100 do
          local rt = frr.load_ffi("tester", `echo {i}`)
          assert(rt:x("a"))
          assert(rt:__unload())
          assert(frr.load_ffi("tester", "fail") == nil)
        end
    "#,
    );
    assert_eq!(log, "done");
    assert!(known() <= before + 64, "{before}, then {}", known());
}

#[test]
fn a_script_that_does_not_load_leaves_no_runtime() {
    let host = host("");
    for n in 0..80 {
        host.write("s", format!(r#"frr.load_ffi("tester", "echo {n}") error("no")"#));
        assert!(host.load("s").is_err());
    }
    host.write("s", r#"frr.load_ffi("tester")"#);
    host.load("s").expect("it loads");
    assert_eq!(shown_runtimes().matches(r#""name""#).count(), 1, "{}", shown_runtimes());
}

#[test]
fn a_script_without_permission_ends_no_runtime() {
    let host = host(
        r#"frr.spawn(function()
          local rt = frr.load_ffi("tester")
          assert(rt:x("a"))
          log.info("loaded")
          repeat frr.sleep(0.005) until frr.shared_dict("of_hostile"):get("tried")
          log.info(tostring(rt:x("b")))
          log.info("done")
        end)"#,
    );
    host.load("s").expect("it loads");
    settle(Duration::from_secs(5), || host.log().iter().any(|line| line == "loaded"));
    host.write(
        "t",
        r#"
        local rt = frr.load_ffi("tester")
        log.info(select(2, pcall(rt.__unload, rt)))
        frr.spawn(function()
          log.info(select(2, pcall(rt.__unload, rt)))
          frr.shared_dict("of_hostile"):set("tried", true)
        end)"#,
    );
    host.load("t").expect("it loads");
    settle(Duration::from_secs(5), || host.log().iter().any(|line| line == "done"));
    let log: Vec<String> = host.log().into_iter().filter(|line| !line.starts_with("runtime tester: ")).collect();
    insta::assert_snapshot!(log.join("\n"), @r"
    loaded
    runtime:__unload() works when the script is in service
    runtime:__unload: the operator has not permitted it: 'script t permit runtime tester'
    true
    done
    ");
}

#[test]
fn calls_that_are_taken_back_take_no_memory() {
    let host = host(
        r#"frr.spawn(function()
          local rt = frr.load_ffi("tester", "other")
          for i = 1, 20000 do
            assert(rt:__start("x")):cancel()
            if i % 500 == 0 then frr.sleep(0) end
          end
          for i = 1, 3000 do assert(rt:__start("y")) end
          log.info("done")
        end)"#,
    );
    host.load("s").expect("it loads");
    settle(Duration::from_secs(10), || host.log().iter().any(|line| line == "done"));
    let all = runtime_host::host::host().runtimes();
    let longest = all.iter().map(|runtime| runtime.queue.looks_long()).max();
    assert!((3000..10_000).contains(&longest.unwrap_or(0)), "{longest:?}");
}

#[test]
fn an_unload_waits_for_a_poller_that_is_on_its_way() {
    let began = std::time::Instant::now();
    let log = shown(
        r#"
        for i = 1, 3 do
          local rt = frr.load_ffi("late", `late {i}`, { unpin = true })
          show(rt:__unload())
        end
    "#,
    );
    assert_eq!(log, "true\ntrue\ntrue\ndone");
    // Each comes after 100 ms.
    assert!(began.elapsed() >= Duration::from_millis(300));
}

#[test]
fn a_poller_that_ends_before_its_init_is_a_death() {
    let host = host(
        r#"
        local rt = frr.load_ffi("tester", "early")
        frr.spawn(function()
          log.info((select(4, rt:x("a"))).message)
          log.info((select(4, rt:x("b"))).message)
          log.info("done")
        end)"#,
    );
    host.load("s").expect("it loads");
    settle(Duration::from_secs(5), || host.log().iter().any(|line| line == "done"));
    assert!(shown_runtimes().contains(r#""state": "dead""#), "{}", shown_runtimes());
    assert_eq!(host.log().iter().filter(|line| *line == "its poller thread has ended by itself").count(), 2);
}

#[test]
fn an_unpinned_library_goes_also_when_it_was_loaded_again_at_once() {
    let log = shown(
        r#"
        for i = 1, 20 do
          local rt = frr.load_ffi("gone", nil, { unpin = true })
          assert(rt:x("a"))
          assert(rt:__unload())
        end
    "#,
    );
    assert_eq!(log, "done");
    let maps = || std::fs::read_to_string("/proc/self/maps").expect("the mappings");
    let host = host("");
    host.load("s").expect("it loads");
    settle(Duration::from_secs(5), || !maps().contains("libgone.so"));
    assert!(!maps().contains("libgone.so"));
}

#[test]
fn a_flood_of_lines_is_logged_in_pieces() {
    let host = host(
        r#"frr.spawn(function()
          local rt = frr.load_ffi("tester", "noise")
          assert(rt:x("900"))
          log.info("done")
        end)"#,
    );
    host.load("s").expect("it loads");
    LOG_TAKES.set(Duration::from_micros(50));
    let noise = || host.log().iter().filter(|line| line.ends_with(": noise")).count();
    let (mut before, mut most) = (0, 0);
    settle(Duration::from_secs(5), || {
        let lines = noise();
        most = most.max(lines - before);
        before = lines;
        lines >= 900
    });
    LOG_TAKES.set(Duration::ZERO);
    assert_eq!(noise(), 900);
    assert!(most <= 100, "{most} lines in a turn");
}

#[test]
fn answers_that_nobody_asks_for_are_bounded() {
    let host = host(
        r#"frr.spawn(function()
          local rt = frr.load_ffi("tester", "large")
          local function count(calls)
            local good, full = 0, 0
            for _, call in calls do
              local ok, _, _, err = call:wait()
              if ok then good += 1 elseif err.kind == "full" then full += 1 end
            end
            log.info(`{good} good, {full} full`)
          end
          for round = 1, 2 do
            local calls = {}
            for i = 1, 12 do calls[i] = rt:__start("8") end
            for _, call in calls do repeat frr.sleep(0.002) until call:done() end
            count(calls)
          end
          log.info("done")
        end)"#,
    );
    // 64 MiB of answers become strings.
    host.option_time("s", 10_000);
    host.load("s").expect("it loads");
    settle(Duration::from_secs(10), || host.log().iter().any(|line| line == "done"));
    let log: Vec<String> = host.log().into_iter().filter(|line| !line.starts_with("runtime ")).collect();
    assert_eq!(log, ["8 good, 4 full", "8 good, 4 full", "done"]);
}

#[test]
fn a_script_without_permission_sets_no_limits() {
    let host = host(
        r#"frr.spawn(function()
          local rt = frr.load_ffi("tester", "never, never")
          for i = 1, 10 do assert(rt:__start("x")) end
          log.info("done")
        end)"#,
    );
    host.write(
        "t",
        r#"
        frr.load_ffi("tester", "never, never", { max_inflight = 1 })
        for i = 1, 70 do pcall(frr.load_ffi, "tester", tostring(i)) end"#,
    );
    host.load("t").expect("it loads");
    host.load("s").expect("it loads");
    settle(Duration::from_secs(5), || host.log().iter().any(|line| line == "done"));
    assert!(host.log().iter().any(|line| line == "done"), "{:?}", host.log());
}

#[test]
fn waits_are_where_they_can_be() {
    insta::assert_snapshot!(shown(r#"
        local rt = frr.load_ffi("tester")
        show(pcall(rt.x, rt, "in pcall"))
        show(pcall(function() return pcall(rt.x, rt, "in pcalls") end))
        show(coroutine.resume(coroutine.create(function() return rt:x("in a coroutine") end)))
        show(pcall(table.sort, { 2, 1 }, function() return rt:x("in a sort") end))
        show(pcall(string.gsub, "x", "x", function() return rt:x("in gsub") end))
        local odd = setmetatable({}, { __index = function(_, name) return rt:x(name) end, __add = rt.x })
        show(pcall(function() return odd.name end))
        show(pcall(function() return odd + 1 end))
        for _, answer in function(_, last) if not last then return rt:x("in a loop") end end do show(answer) end

        local call = rt:__start("a")
        local first, second
        frr.spawn(function() first = { pcall(call.wait, call) } end)
        frr.spawn(function() second = { pcall(call.wait, call) } end)
        repeat frr.sleep(0.001) until first and second
        show(table.unpack(first))
        show(table.unpack(second))
        show(pcall(call.wait, call))
        show(call:cancel(), call:done())
        show(pcall(call.wait, {}), pcall(call.wait, rt))
        show(pcall(rt.__unload, call))
        rt[1] = nil
        show(pcall(rt.x, rt, "b"))
    "#), @r"
    true | true | in pcall | nil
    true | true | true | in pcalls | nil
    false | s:16: runtime.call can't wait here: it can in a handler of frr.on, frr.every, frr.after, frr.spawn or frr.subscribe, outside of a coroutine of your own
    false | s:17: runtime.call can't wait here: inside of a metamethod or table.sort
    false | string.gsub: invalid replacement value (a boolean)
    false | s:19: runtime.call can't wait here: inside of a metamethod or table.sort
    false | s:21: runtime.call can't wait here: inside of a metamethod or table.sort
    in a loop
    true | true | a
    false | call:wait(): the answer of a call is given once
    false | call:wait(): the answer of a call is given once
    false | true
    false | false | call a method of a call with a colon: call:wait()
    false | call a method of a runtime with a colon: runtime:name(request)
    false | call a method of a runtime with a colon: runtime:name(request)
    done
    ");
}

/// Its threads run its code after its poller has ended: unmapped then, it would end the process.
#[test]
fn a_library_stays_while_it_owes_answers() {
    let log = shown(
        r#"
        for round = 1, 20 do
          local rt = frr.load_ffi("busy", "threads", { unpin = true })
          local calls = {}
          for i = 1, 20 do calls[i] = rt:__start("x") end
          assert(rt:__unload())
          for _, call in calls do assert(call:wait()) end
        end
    "#,
    );
    assert_eq!(log, "done");
}
