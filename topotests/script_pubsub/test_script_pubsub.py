#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Facts that scripts share between bgpd, zebra and vrrpd.

The operator is promised: what one daemon publishes, all of them hear, in order and once; who comes late, or comes back after
a crash, gets the last value; who has lost a publisher is told; a flood hurts nobody; and the
session that carries all this takes nothing of the router's state with it when it ends.
"""

import json
import os
import sys
import time

import pytest

from lib.topogen import TopoRouter

from scripttopo import (
    config,
    expect,
    expect_true,
    remove_script,
    show,
    topology,
    vtysh,
    write_script,
)

pytestmark = [pytest.mark.bgpd]

DAEMONS = ("zebra", "bgpd", "vrrpd")

# Sessions that come and go, and what they hear meanwhile.
COMERS = 500
STREAM = """
if frr.daemon == "bgpd" then
  local n = 0
  frr.every(0.01, function()
    for _ = 1, 20 do
      n += 1
      frr.publish(`stream/{n % 20}`, n)
    end
  end)
end
"""


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1"]}, daemons=(TopoRouter.RD_VRRP,))


def topics(router, daemon):
    """What a daemon says in `show script topics json`."""
    return show(router, "show script topics").get(daemon, {})


def value(router, topic, daemon="zebra"):
    """The last value of a topic as a daemon knows it."""
    return topics(router, daemon).get("topics", {}).get(topic, {}).get("value")


def words(router, of):
    """What a daemon has heard of t/state, as that daemon says."""
    return (value(router, f"heard/{of}", of) or {}).get("words", [])


def say(router, text):
    """Has a new script `say` publish in bgpd."""
    write_script(router, "say", f'if frr.daemon == "bgpd" then {text} end')
    return vtysh(router, "script reload say")


def expect_words(router, wanted, of=DAEMONS):
    """Waits until the last words that daemons have heard are these."""
    for daemon in of:
        expect_true(
            lambda: words(router, daemon)[-len(wanted) :] == wanted,
            f"{daemon} did not hear {wanted}",
        )


def fresh(router):
    """Daemons begin to note from the start."""
    vtysh(router, "script reload relay")


def stop(router, daemon):
    """Kills a daemon; when, on the clock of frr.monotonic()."""
    pid = router.run(f"cat /var/run/frr/{daemon}.pid").strip()
    at = time.monotonic()
    router.run(f"kill -9 {pid}")
    return at


def start(router, daemon):
    """Starts it again, with the configuration that was saved."""
    router.startDaemons([daemon])
    router.run(f"vtysh -d {daemon} -b")


def lost_at(router, of):
    return (value(router, f"heard/{of}", of) or {}).get("at", 0)


def test_all_daemons_hear_and_answer(r1):
    expect_words(r1, ["bgpd 1"])
    for daemon in DAEMONS:
        # vrrpd publishes what it has heard of what bgpd has heard.
        expect(lambda: value(r1, "echo", daemon), 1, f"{daemon}: echo")


def test_topics_are_shown(r1):
    expect(
        lambda: topics(r1, "zebra"),
        {
            "connected": True,
            "malformed": 0,
            "otherVersion": 0,
            "daemons": {"bgpd": {"missed": 0}, "vrrpd": {"missed": 0}},
            "topics": {
                "t/state": {
                    "value": {"n": 1},
                    "daemon": "bgpd",
                    "script": "say",
                    "subscribers": 1,
                    "delivered": 1,
                    "dropped": 0,
                }
            },
        },
        "show script topics json",
    )
    text = vtysh(r1, "show script topics")
    for daemon in DAEMONS:
        assert f"Topics in {daemon}, connected with the other daemons" in text, text
    line = [l for l in text.splitlines() if l.startswith("t/state")][0]
    assert line.split()[1:3] == ["bgpd", "say"] and line.endswith('{"n":1}'), line


def test_a_new_value_and_a_reload_that_keeps_the_last_one(r1):
    say(r1, 'frr.publish("t/state", { n = 2 })')
    expect_words(r1, ["bgpd 1", "bgpd 2"])
    say(r1, "")
    assert value(r1, "t/state") == {"n": 2}
    assert words(r1, "zebra") == ["bgpd 1", "bgpd 2"]


def test_a_refused_file_says_nothing(r1):
    say(r1, 'frr.publish("t/state", { n = 99 }) error("no")')
    say(r1, 'frr.publish("t/state", { n = 3 })')
    expect_words(r1, ["bgpd 2", "bgpd 3"])


def test_a_late_subscriber_gets_the_last_value(r1):
    fresh(r1)
    for daemon in DAEMONS:
        expect(lambda: words(r1, daemon), ["bgpd 3"], daemon)


def test_a_retraction_is_told(r1):
    say(r1, 'frr.retract("t/state")')
    expect_words(r1, ["bgpd 3", "bgpd lost"])
    assert value(r1, "t/state") is None


def test_an_unloaded_script_takes_its_topics_with_it(r1):
    say(r1, 'frr.publish("t/state", { n = 4 })')
    expect_words(r1, ["bgpd 4"])
    config(r1, "no script load say")
    expect_words(r1, ["bgpd 4", "bgpd lost"])
    config(r1, "script load say")
    expect_words(r1, ["bgpd lost", "bgpd 4"])


def test_ten_thousand_values_in_order(r1):
    config(r1, "script load count")
    for daemon in ("zebra", "vrrpd"):
        expect(
            lambda: value(r1, f"count/{daemon}", daemon),
            {"received": 10000, "disorder": 0},
            f"{daemon} counted",
        )
    expect(
        lambda: topics(r1, "vrrpd")["topics"]["t/count"],
        {"delivered": 10000, "dropped": 0},
        "vrrpd's account",
    )
    config(r1, "no script load count")


def test_a_flood_is_thinned_out_and_its_last_value_arrives(r1):
    config(r1, "script load flood")
    for daemon in ("zebra", "vrrpd"):
        expect_true(
            lambda: 0 < (value(r1, f"flood/{daemon}", daemon) or 0) < 40000,
            f"{daemon}: {value(r1, f'flood/{daemon}', daemon)}",
        )
    assert topics(r1, "bgpd")["topics"]["t/flood"]["coalesced"] > 1000
    config(r1, "no script load flood")


def test_a_value_takes_a_millisecond(r1):
    config(r1, "script load latency")
    for daemon in ("zebra", "vrrpd"):
        expect_true(lambda: value(r1, f"latency/{daemon}", daemon), f"{daemon}: none")
        found = value(r1, f"latency/{daemon}", daemon)
        print(f"bgpd to {daemon}: {found}")
        # The machine has other things to do; the figure is in docs/benchmarks.md.
        assert found["median"] < 20000, found
    config(r1, "no script load latency")


def test_what_may_not_be_published(r1):
    config(r1, "script load wrong")
    expect_true(lambda: value(r1, "wrong", "bgpd"), "wrong.lua did not run")
    said = value(r1, "wrong", "bgpd")
    where = "frr.publish: argument 2: the value"
    only = ": only nil, booleans, numbers, strings and tables of them can be published"
    wanted = {
        "space": "the topic 'a b' has ' ' in it: a topic has letters, digits",
        "empty": "the topic '' is empty",
        "long": "has 65 octets: a topic has at most 64",
        "number": "frr.publish: argument 1 must be a string, not a number",
        "function": f"{where} is a function{only}",
        "inside": f"{where}.peers[2] is a function{only}",
        "cycle": f"{where}.inner.outer contains itself",
        "deep": "nests deeper than 16 tables",
        "large": "takes more than 8192 octets as a message",
        "many": "takes more than 8192 octets as a message",
        "key": "has a key that is neither a string nor a number",
        "set": f"{where} is a PrefixSet{only}",
        "thread": f"{where} is a thread{only}",
    }
    for name, text in wanted.items():
        assert text in said[name], said[name]
    # What may be: it arrives as it was.
    expect(
        lambda: value(r1, "right", "vrrpd"),
        {
            "prefix": "192.0.2.0/24",
            "address": "2001:db8::1",
            "list": [1, 2.5, False],
            "5": "five",
            "empty": [],
        },
        "plain data",
    )
    config(r1, "no script load wrong")


def test_a_dead_bgpd_is_noticed_and_its_return_too(r1, tgen):
    say(r1, 'frr.publish("t/state", { n = 5 })')
    expect_words(r1, ["bgpd 5"])
    vtysh(r1, "write memory")
    at = stop(r1, "bgpd")
    for daemon in ("zebra", "vrrpd"):
        expect_words(r1, ["bgpd 5", "bgpd lost"], of=[daemon])
        took = lost_at(r1, daemon) - at
        print(f"{daemon} noticed the end of bgpd after {took * 1000:.1f} ms")
        assert took < 1, f"{daemon} noticed after {took} s"
    start(r1, "bgpd")
    expect_words(r1, ["bgpd lost", "bgpd 5"], of=["zebra", "vrrpd"])
    expect_words(r1, ["bgpd 5"], of=["bgpd"])


def test_a_daemon_that_hangs_is_lost_after_three_seconds(r1):
    def heard():
        # Asked alone: vtysh would wait for the daemon that hangs.
        shown = json.loads(r1.run("vtysh -d zebra -c 'show script topics json'"))
        return shown["topics"]["heard/zebra"]["value"]

    before = len(heard()["words"])
    pid = r1.run("cat /var/run/frr/bgpd.pid").strip()
    at = time.monotonic()
    r1.run(f"kill -STOP {pid}")
    try:
        expect_true(lambda: heard()["words"][before:] == ["bgpd lost"], "not lost")
        took = heard()["at"] - at
    finally:
        r1.run(f"kill -CONT {pid}")
    print(f"zebra noticed that bgpd hangs after {took:.1f} s")
    assert 2 < took < 5, took
    expect_true(
        lambda: heard()["words"][before:] == ["bgpd lost", "bgpd 5"], "not found again"
    )


def test_a_dead_vrrpd_comes_back_and_hears(r1):
    stop(r1, "vrrpd")
    expect_true(
        lambda: "vrrpd" not in topics(r1, "bgpd")["daemons"], "bgpd still knows vrrpd"
    )
    start(r1, "vrrpd")
    expect_words(r1, ["bgpd 5"], of=["vrrpd"])
    expect(lambda: value(r1, "echo", "zebra"), 1, "vrrpd publishes again")


def test_a_dead_zebra_is_told_and_survived(r1):
    before = {daemon: words(r1, daemon) for daemon in ("bgpd", "vrrpd")}
    at = stop(r1, "zebra")
    # vrrpd has lost bgpd with zebra, bgpd has itself.
    expect_words(r1, ["bgpd 5", "bgpd lost"], of=["vrrpd"])
    took = lost_at(r1, "vrrpd") - at
    print(f"vrrpd noticed the end of zebra after {took * 1000:.1f} ms")
    assert took < 1, took
    assert words(r1, "bgpd") == before["bgpd"]
    start(r1, "zebra")
    expect_words(r1, ["bgpd lost", "bgpd 5"], of=["vrrpd"])
    expect_words(r1, ["bgpd 5"], of=["zebra"])


def bus_sessions(router):
    lines = vtysh(router, "show zebra client summary").splitlines()
    return sum(line.startswith("sharp") for line in lines)


def routes(router):
    """Routes with their age, and nexthop groups."""
    found = {}
    for prefix, entries in show(router, "show ip route").items():
        found[prefix] = [(e["protocol"], e.get("installed")) for e in entries]
    groups = sorted(show(router, "show nexthop-group rib").get("default", {}))
    return found, groups


def test_a_session_that_ends_while_values_are_on_their_way(r1):
    """Patch 0071: zebra sent to a session whose pthread it had freed."""
    pid = r1.run("cat /var/run/frr/zebra.pid")
    write_script(r1, "stream", STREAM)
    config(r1, "script load stream")
    comers = os.path.join(os.path.dirname(__file__), "comers.py")
    heard = r1.run(f"{sys.executable} {comers} {COMERS}")
    config(r1, "no script load stream")
    remove_script(r1, "stream")
    assert heard == f"{COMERS} heard\n", heard
    assert r1.run("cat /var/run/frr/zebra.pid") == pid
    expect_words(r1, ["bgpd 5"])


def test_the_end_of_a_session_takes_nothing_with_it(r1):
    expect_true(lambda: "203.0.113.0/24" in routes(r1)[0], "no static route")
    before = routes(r1)
    assert bus_sessions(r1) == 3
    for name in ("relay", "say"):
        config(r1, f"no script load {name}")
    expect(lambda: bus_sessions(r1), 0, "sessions of daemons that need none")
    assert routes(r1) == before
    config(r1, "script load relay", "script load say")
    expect(lambda: bus_sessions(r1), 3, "sessions")
    expect_words(r1, ["bgpd 5"])
    assert routes(r1) == before


def test_a_daemon_that_ends_in_peace_says_so(r1):
    pid = r1.run("cat /var/run/frr/bgpd.pid").strip()
    r1.run(f"kill {pid}")
    expect_words(r1, ["bgpd 5", "bgpd lost"], of=["zebra", "vrrpd"])
    remove_script(r1, "say")
