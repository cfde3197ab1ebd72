#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile cases that need a router's routes: what neighbors have in the end.

The numbers are those of the project's list of hostile cases. One neighbor
announces, two others are in one update group; all sessions have a hold time of
three seconds, and a poller asks bgpd ten times a second.
"""

import json
import os
import subprocess

import pytest

import scripttopo
from live import HERE, Daemon, Poller, Speaker, promised, until
from promises import ROUND
from scripttopo import (
    config,
    established,
    expect,
    expect_established,
    expect_true,
    script_file,
    topology,
)

pytestmark = [pytest.mark.bgpd]

NEIGHBORS = ("192.0.2.1", "192.0.2.17", "192.0.2.19")
# Enough that a reload finds most of them in the queue.
MANY = 100_000
FIRST = "20.0.0.0/24"

# The runtime of the library's own tests.
TESTER = os.path.join(HERE, "../rust/frrscript/tests/library/runtime.c")

IN = "function route_match(prefix, attributes)\n%s\nend\n"
OUT = "function out(prefix, attributes%s)\n%s\nend\n"
PASS = "  return RM_MATCH"


@pytest.fixture(scope="module", autouse=True)
def tgen(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runtimes")
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-pthread", "-Wall", "-Werror", "-o"]
        + [str(folder / "libtester.so"), TESTER],
        check=True,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scripttopo, "RUNTIMES", str(folder))
        yield from topology(
            request,
            {"s1": ["r2", "h1"], "s2": ["r2", "h2", "h3"]},
            hosts={
                "h1": ("192.0.2.1/28", "192.0.2.2"),
                "h2": ("192.0.2.17/28", "192.0.2.18"),
                "h3": ("192.0.2.19/28", "192.0.2.18"),
            },
        )


@pytest.fixture(scope="module")
def speakers(tgen):
    hosts = [tgen.gears[name] for name in ("h1", "h2", "h3")]
    routers = ("192.0.2.2", "192.0.2.18", "192.0.2.18")
    asns = (65001, 65000, 65000)
    all_of_them = [Speaker(*what) for what in zip(hosts, routers, NEIGHBORS, asns)]
    yield all_of_them
    for one in all_of_them:
        one.stop()


@pytest.fixture(scope="module")
def feeder(speakers):
    return speakers[0]


@pytest.fixture(scope="module")
def group(speakers):
    """The neighbors that are told."""
    return speakers[1:]


@pytest.fixture(scope="module")
def bgpd(r2, speakers):
    expect_established(r2, *NEIGHBORS)
    return Daemon(r2, "bgpd")


@pytest.fixture(scope="module")
def poller(r2, bgpd):
    poller = Poller(r2, "bgpd", "show bgp summary json")
    yield poller
    poller.stop()


@pytest.fixture(autouse=True)
def kept(bgpd, speakers, poller):
    """What is promised in each of these."""
    bgpd.use("case")
    with promised(bgpd, poller, speakers):
        yield
        bgpd.use("case")


def load(bgpd, inward=PASS, outward=PASS, more=""):
    text = IN % inward + OUT % (more, outward)
    answer = bgpd.load(text)
    assert "in service" in answer, answer


def expect_routes(speaker, count, med=None):
    def right():
        table = speaker.table()
        return len(table) == count and (med is None or set(table.values()) <= {med})

    expect_true(right, f"not {count} routes with MED {med}")


SETS = "  attributes.metric = %d\n  return RM_MATCH_AND_CHANGE"


def test_44_reload_while_routes_queue(bgpd, feeder, group):
    """The last script decided on every route, whenever it came."""
    # Slow enough that a fast machine does not have them all at once.
    load(bgpd, "  for _ = 1, 3000 do end\n" + SETS % 100)
    before = bgpd.calls()
    feeder.tell(f"announce {FIRST} {MANY} 1", wait=False)
    expect_true(lambda: bgpd.calls() > before, "no route comes")
    during = 0
    for number in range(1, 6):
        during += bgpd.calls() - before < MANY
        load(bgpd, SETS % (100 + number))
    assert during, "all routes were there before the first reload"
    for one in group:
        expect_routes(one, MANY, 105)


def test_46_withdrawals_pass_a_script_that_loops(bgpd, feeder, group):
    """Only what a neighbor is told of is a script's to decide."""
    load(bgpd, outward="  while true do end")
    expect_true(lambda: bgpd.errors("deadline") >= 3, "it does not loop")
    feeder.tell(f"withdraw {FIRST} {MANY}")
    for one in group:
        expect_routes(one, 0)


@pytest.mark.parametrize("action,med", [("deny", 0), ("match", 1), ("no-match", 20)])
def test_on_error_decides(bgpd, feeder, group, action, med):
    """What a failing script does not decide, the operator has."""
    bgpd.config(f"script case on-error {action}")
    load(bgpd, inward="  attributes.metric = 5 error('on purpose')")
    feeder.tell(f"announce {FIRST} 10 1")
    expect_true(lambda: bgpd.errors("runtime") >= 10, "it is not called")
    for one in group:
        expect_routes(one, 10 if med else 0, med)
    feeder.tell(f"withdraw {FIRST} 10")
    bgpd.config("no script case on-error")


def test_37_names_outside_of_the_directory(r2):
    for name in ("../case", "a/b", "..", ".hidden"):
        assert "is not a script name" in config(r2, f"script load {name}")
        rule = config(r2, "route-map IN permit 10", f"match script {name}")
        assert "is not a script name" in rule


def test_37_a_file_that_everybody_may_write(bgpd, r2):
    load(bgpd)
    file = script_file(r2, "case")
    r2.run(f"chmod o+w {file}")
    output = bgpd.ask("script reload case")
    r2.run(f"chmod o-w {file}")
    assert "every user may write it" in output


@pytest.mark.parametrize("action", ["deny", "match", "no-match"])
def test_46_withdrawals_of_what_a_failing_script_let_through(
    bgpd, feeder, group, action
):
    bgpd.config(f"script case on-error {action}")
    load(bgpd, outward="  error('on purpose')")
    feeder.tell(f"announce {FIRST} 50 1")
    denied = action == "deny"
    expect_true(lambda: bgpd.errors("runtime") >= ROUND, "it is not called")
    for one in group:
        expect_routes(one, 0 if denied else 50)
    feeder.tell(f"withdraw {FIRST} 50")
    for one in group:
        expect_routes(one, 0)
    bgpd.config("no script case on-error")


def test_45_each_neighbor_of_a_group_has_its_own(bgpd, feeder, group):
    """The function takes the peer, so the group is split."""
    load(
        bgpd,
        outward="  attributes.metric = tonumber(tostring(peer.remote_address):match('%d+$'))\n"
        "  return RM_MATCH_AND_CHANGE",
        more=", peer",
    )
    feeder.tell(f"announce {FIRST} 500 1")
    for one in group:
        expect_routes(one, 500, int(one.address.rsplit(".", 1)[1]))


def test_45_a_function_that_answers_differently_each_time(bgpd, feeder, group):
    """What neighbors have is by chance, but nothing of it outlives the script."""
    load(
        bgpd,
        outward="  calls = (calls or 0) + 1\n"
        "  attributes.metric = calls\n"
        "  if calls % 3 == 0 then error('on purpose') end\n"
        "  return calls % 2 == 0 and RM_MATCH_AND_CHANGE or RM_NOMATCH",
    )
    feeder.tell(f"announce {FIRST} 500 2")
    expect_true(lambda: bgpd.errors("runtime") > 0, "it does not fail")
    for one in group:
        expect_true(lambda one=one: len(one.table()) == 500, "routes are missing")
    load(bgpd, outward=SETS % 7)
    for one in group:
        expect_routes(one, 500, 7)
    feeder.tell(f"withdraw {FIRST} 500")
    for one in group:
        expect_routes(one, 0)


ASK = """
local runtime = frr.load_ffi("tester", "%s", %s)
frr.on("route_changed", function(prefix, old, new)
  local route = new
  local ok, why, _, err = runtime:call("what about it")
  log.info(`asked: {if ok then "answered" else err.kind}`)
  %s
end)
"""


def runtime(bgpd):
    found = json.loads(bgpd.ask("show script runtimes json"))
    return found["runtimes"][-1], found["strayAnswers"]


def ask(bgpd, mode, options="{}", then=""):
    load(bgpd)
    bgpd.use("task")
    bgpd.ask("clear script task counters")
    answer = bgpd.load(ASK % (mode, options, then))
    assert "in service" in answer, answer
    wanted = {"state": "ready"}
    expect(lambda: runtime(bgpd)[0], wanted, "not ready")


def said(bgpd, size, what):
    return len(bgpd.logged(size, (f"asked: {what}",)))


def test_47_a_runtime_that_takes_no_more(bgpd, feeder, group):
    # Withdrawals are asked about, too, and no more than 200 lines are logged in a second.
    ask(bgpd, "never", "{ max_inflight = 10, timeout = 1 }")
    size = bgpd.log_size()
    feeder.tell(f"announce {FIRST} 40 1")
    expect_true(lambda: said(bgpd, size, "full") >= 30, "its limit is not kept")
    expect_true(lambda: said(bgpd, size, "timeout") == 10, "calls wait on")
    for one in group:
        expect_routes(one, 40)
    feeder.tell(f"withdraw {FIRST} 40")
    for one in group:
        expect_routes(one, 0)


def test_47_a_runtime_that_is_dead(bgpd, feeder, group):
    ask(bgpd, "dies")
    size = bgpd.log_size()
    feeder.tell(f"announce {FIRST} 40 1")
    expect_true(lambda: said(bgpd, size, "dead") == 40, "calls wait for the dead")
    for one in group:
        expect_routes(one, 40)
    feeder.tell(f"withdraw {FIRST} 40")
    for one in group:
        expect_routes(one, 0)


def test_47_an_answer_after_the_route_is_gone(bgpd, feeder, group):
    """What the event told of is dead after the wait; it is an error to look at it."""
    ask(bgpd, "slow", then="return route and route.attributes.metric")
    size = bgpd.log_size()

    def answered():
        feeder.tell(f"announce {FIRST} 10 1")
        # One that bgpd hears of together with its withdrawal is no event.
        until(lambda: runtime(bgpd)[0]["inFlight"] > 0, "the runtime is not asked")
        feeder.tell(f"withdraw {FIRST} 10")
        return said(bgpd, size, "answered") >= 10

    expect_true(answered, "no answers")
    expect_true(lambda: bgpd.errors("runtime") >= 1, "a dead route was read")
    for one in group:
        expect_routes(one, 0)


def test_47_an_answer_after_a_reload(bgpd, feeder):
    ask(bgpd, "slow")
    late = runtime(bgpd)[0]["late"]
    for number in range(20):
        feeder.tell(f"announce {FIRST} 10 {number}")
        answer = bgpd.load(ASK % ("slow", "{}", ""))
        assert "in service" in answer, answer
    expect_true(lambda: runtime(bgpd)[0]["late"] > late, "no answer came late")
    size = bgpd.log_size()
    feeder.tell(f"announce {FIRST} 10 99")
    expect_true(lambda: said(bgpd, size, "answered") == 10, "it does not serve")
    feeder.tell(f"withdraw {FIRST} 10")


def test_48_threads_of_a_daemon_began_after_its_fork(bgpd):
    """-d forks: a thread or runtime from before it would be lost."""
    with open(f"/proc/{bgpd.pid}/cmdline", "rb") as line:
        assert b"-d" in line.read().split(b"\0")
    names = []
    for task in os.listdir(f"/proc/{bgpd.pid}/task"):
        with open(f"/proc/{bgpd.pid}/task/{task}/comm", encoding="utf-8") as name:
            names.append(name.read().strip())
    assert "frr-script-dog" in names, names
    assert runtime(bgpd)[0]["state"] == "ready"


def test_a_function_that_fails_every_other_time_is_suspended(bgpd, feeder, group):
    """Not 20 times in a row, and yet it would hold bgpd for seconds."""
    load(
        bgpd,
        "  calls = (calls or 0) + 1\n"
        "  while calls % 2 == 1 do end\n"
        "  return RM_NOMATCH",
    )
    bgpd.ask("clear script case counters")
    feeder.tell(f"announce {FIRST} 500 1")
    for one in group:
        expect_routes(one, 500)
    # 50 ms each, and half a second in all.
    assert bgpd.errors() == bgpd.errors("deadline") == 10
    assert bgpd.script()["state"] == "suspended"
    feeder.tell(f"withdraw {FIRST} 500")


def test_23_the_system_has_no_memory(bgpd, feeder, group):
    """The script's limit is larger than what the system gives to bgpd."""
    bgpd.config("script case limit memory 1024", "script case limit time 1000")
    load(bgpd, "  return #string.rep('x', 600 * 1024 * 1024) > 0")
    with open(f"/proc/{bgpd.pid}/statm", encoding="utf-8") as text:
        size = int(text.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    most = size + 300 * 1024 * 1024
    subprocess.run(["prlimit", f"--pid={bgpd.pid}", f"--as={most}:"], check=True)
    bgpd.ask("clear script case counters")
    feeder.tell(f"announce {FIRST} 10 1")
    expect_true(lambda: bgpd.errors("memory") == 10, "not refused")
    assert bgpd.errors() == 10
    for one in group:
        expect_routes(one, 10)
    subprocess.run(["prlimit", f"--pid={bgpd.pid}", "--as=unlimited:"], check=True)
    feeder.tell(f"withdraw {FIRST} 10")
    bgpd.config("no script case limit memory", "no script case limit time")


def test_the_sessions_came_up_once_and_stayed(r2):
    assert established(r2, *NEIGHBORS) == dict.fromkeys(NEIGHBORS, 1)
