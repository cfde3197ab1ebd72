#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scripts that burn time, eat memory, try to get out or break the contract.

The operator is promised: bgpd stays up, a session with a hold time of three
seconds stays up, vtysh answers within a second, and the case is counted under
its kind; no such script lets a route in that it did not decide. The numbers
are those of the project's list of hostile cases.
"""

import time

import pytest

from scripttopo import (
    SLOWER,
    config,
    errors,
    expect_absent,
    expect_established,
    expect_path,
    expect_true,
    log_lines,
    script,
    script_file,
    topology,
    vtysh,
    write_script,
)

pytestmark = [pytest.mark.bgpd]

PREFIX = "198.51.100.0/28"

# The body of route_match and the kind of failure.
CASES = {
    "1 endless loop": ("while true do end", "deadline"),
    "2 numeric loop": ("for i = 1, 1e12 do end", "deadline"),
    "3 pcall in a loop": (
        "while true do pcall(function() while true do end end) end",
        "deadline",
    ),
    "4 coroutine": (
        "local co = coroutine.wrap(function() while true do end end) co()",
        "deadline",
    ),
    "6 tostring of an error": (
        "error(setmetatable({}, { __tostring = function() while true do end end }))",
        "runtime",
    ),
    "8 pattern backtracking": (
        'return (("a"):rep(30000)):find((".-"):rep(12) .. "b") ~= nil',
        "deadline",
    ),
    "10 gsub with a callback": (
        '(("x"):rep(1000)):gsub(".", function() while true do end end)',
        "deadline",
    ),
    "11 inconsistent comparator": (
        "local t = {} for i = 1, 1000 do t[i] = i end\n"
        "while true do pcall(table.sort, t, function() return true end) end",
        "deadline",
    ),
    "12 table.move": ("table.move({}, 1, 2 ^ 31, 2)", "runtime"),
    # Luau has no tail calls: the stack ends before the time does.
    "14 tail recursion": (
        "local function f() return f() end return f()",
        "runtime",
    ),
    "16 string.rep": ('local s = ("x"):rep(2 ^ 30) return #s > 0', "memory"),
    "17 doubling": ('local s = "x" while true do s = s .. s end', "memory"),
    "18 table growth": (
        "local t = {} while true do t[#t + 1] = { #t } end",
        "memory",
    ),
    "19 coroutines": (
        "local t = {} while true do "
        "t[#t + 1] = coroutine.create(function() coroutine.yield() end) "
        "coroutine.resume(t[#t]) end",
        "memory",
    ),
    "20 huge error": ('error(("x"):rep(1e6))', "runtime"),
    "26 deep recursion": ("local function f() return 1 + f() end f()", "runtime"),
    "33 io": ("return io.open", "runtime"),
    "34 library tampering": ("string.find = nil return true", "runtime"),
    "35 getfenv": ("return getfenv(0)", "runtime"),
    "38 nothing": ("", "contract"),
    "38 unknown action": ("return 17", "contract"),
    "38 text": ('return "match"', "contract"),
    "39 attributes": (
        "return { action = RM_MATCH_AND_CHANGE, attributes = 5 }",
        "contract",
    ),
    "40 NaN": ("attributes.metric = 0 / 0 return true", "runtime"),
    "41 community": ('attributes.community = "65001:x" return true', "runtime"),
    "41 AS path": ('attributes.aspath = "65001 x" return true', "runtime"),
    "42 AS path": ('attributes.aspath = ("65001 "):rep(5000) return true', "runtime"),
}

# What cannot even be loaded.
REFUSED = {
    "28 nesting": "x = " + "(" * 20000 + "1" + ")" * 20000,
    "31 bytecode": "\x06\x03bytecode",
    "1 while it loads": "while true do end",
}


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    for tgen in topology(request, {"s1": ["r1", "r2"]}):
        expect_established(tgen.gears["r2"], "192.0.2.1")
        yield tgen


def load(router, text):
    write_script(router, "case", text)
    return vtysh(router, "clear script case counters", "script reload case")


def route_match(body):
    return f"function route_match(prefix, attributes, peer)\n{body}\nend\n"


def assert_answers(router):
    "vtysh within a second; processes of this machine start in part of it."
    before = time.monotonic()
    assert script(router, "case")
    assert time.monotonic() - before < SLOWER


@pytest.mark.parametrize("name", CASES)
def test_is_stopped(r2, name):
    body, kind = CASES[name]
    output = load(r2, route_match(body))
    assert "in service" in output, output
    assert_answers(r2)
    expect_true(lambda: errors(r2, "case", kind) > 0, f"{script(r2, 'case')}")
    shown = script(r2, "case")
    assert sum(shown["errors"].values()) == shown["errors"][kind]
    assert shown["lastError"]["kind"] == kind
    if kind == "deadline":
        # 50 ms, and what the watchdog and the machine take.
        assert shown["timeNsecs"]["max"] < 200e6 * SLOWER
    expect_path(r2, PREFIX, {"metric": 50, "weight": 20})


@pytest.mark.parametrize("name", REFUSED)
def test_is_not_loaded(r2, name):
    assert "in service" in load(r2, route_match("return RM_NOMATCH"))
    assert "stays in service" in load(r2, REFUSED[name])
    assert_answers(r2)
    expect_path(r2, PREFIX, {"metric": 50, "weight": 20})


def test_9_a_plain_find_is_linear(r2):
    body = (
        'local s = ("a"):rep(200000)\n'
        'return s:find(("a"):rep(100000) .. "b", 1, true) ~= nil'
    )
    load(r2, route_match(body))
    expect_true(lambda: script(r2, "case")["calls"] > 0, "not called")
    assert errors(r2, "case") == 0, script(r2, "case")["lastError"]


def test_25_many_errors_take_no_memory(r2):
    load(r2, route_match('error("on purpose")'))
    expect_true(lambda: errors(r2, "case") > 0, "no error")
    first = script(r2, "case")["memoryBytes"]
    for _ in range(20):
        vtysh(r2, "script resume case", "clear bgp ipv4 unicast 192.0.2.1 soft in")
    expect_true(lambda: errors(r2, "case") >= 10, "too few errors")
    assert script(r2, "case")["memoryBytes"] < first + 256 * 1024


def test_36_an_object_is_dead_after_the_call(r2):
    load(
        r2,
        "local kept\n"
        + route_match(
            "if kept then return kept.metric == 50 end\n"
            "kept = attributes\nreturn RM_NOMATCH"
        ),
    )

    def failed():
        vtysh(r2, "clear bgp ipv4 unicast 192.0.2.1 soft in")
        return errors(r2, "case", "runtime")

    expect_true(failed, f"{script(r2, 'case')}")


def test_37_names_outside_of_the_directory(r2):
    for name in ("../case", "a/b", "..", ".hidden"):
        assert "is not a script name" in config(r2, f"script load {name}")
        assert "is not a script name" in config(
            r2, "route-map IN permit 10", f"match script {name}"
        )


def test_37_a_file_that_everybody_may_write(r2, tgen):
    load(r2, route_match("return RM_NOMATCH"))
    file = script_file(r2, "case")
    r2.run(f"chmod o+w {file}")
    output = vtysh(r2, "script reload case")
    r2.run(f"chmod o-w {file}")
    assert "every user may write it" in output


def test_49_a_log_flood_is_cut(r2):
    load(
        r2,
        route_match('for i = 1, 2000 do log.info("flood " .. i) end return RM_NOMATCH'),
    )
    expect_true(lambda: script(r2, "case")["calls"] > 0, "not called")
    assert 0 < len(log_lines(r2, "bgpd", "flood ")) < 1000


@pytest.mark.parametrize("action", ["deny", "match", "no-match"])
def test_on_error_decides(r2, action):
    load(r2, route_match('error("on purpose")'))
    config(r2, f"script case on-error {action}")
    vtysh(r2, "clear bgp ipv4 unicast 192.0.2.1 soft in")
    if action == "deny":
        expect_absent(r2, PREFIX)
    else:
        weight = {"match": None, "no-match": 20}[action]
        expect_path(r2, PREFIX, {"metric": 50, "weight": weight})


def test_bgpd_and_the_session_stayed_up(r2):
    assert expect_established(r2, "192.0.2.1") == {"192.0.2.1": 1}
