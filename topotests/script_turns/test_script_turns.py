#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Slow scripts for many routes: bgpd's event loop has its turns.

Each call is within its limit, and an UPDATE or a re-evaluation has hundreds of them. A
neighbor with a hold time of three seconds announces, and a poller asks bgpd ten times a
second.
"""

import json
import re

import pytest

from live import Daemon, Poller, Speaker, promised
from scripttopo import (
    config,
    expect_established,
    expect_true,
    topology,
    vtysh,
)

pytestmark = [pytest.mark.bgpd]

NEIGHBOR = "192.0.2.1"
# All of them fit into one UPDATE.
FIRST, LAST, MANY = "20.0.0.0/24", "20.3.131.0/24", 900

QUICK = "function route_match() return RM_NOMATCH end\n"
# The last entry of the route-map away, the others are accepted.
ALL_BUT = """function route_match(prefix)
  return if tostring(prefix) == "%s" then RM_NOMATCH else RM_MATCH
end
"""
# Uses the CPU for some milliseconds, and sets a MED.
SLOW = """function route_match(prefix, attributes)
  local began = frr.monotonic()
  while frr.monotonic() - began < %f do end
  attributes.metric = %d
  return RM_MATCH_AND_CHANGE
end
"""


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    hosts = {"h1": (f"{NEIGHBOR}/28", "192.0.2.2")}
    yield from topology(request, {"s1": ["r1", "h1"]}, hosts=hosts)


@pytest.fixture(scope="module")
def feeder(tgen):
    speaker = Speaker(tgen.gears["h1"], "192.0.2.2", NEIGHBOR, 65001)
    yield speaker
    speaker.stop()


@pytest.fixture(scope="module")
def bgpd(r1, feeder):
    expect_established(r1, NEIGHBOR)
    return Daemon(r1, "bgpd")


@pytest.fixture(scope="module")
def poller(r1, bgpd):
    poller = Poller(r1, "bgpd", "show bgp summary json")
    yield poller
    poller.stop()


@pytest.fixture(autouse=True)
def kept(bgpd, feeder, poller):
    """What is promised in each of these."""
    with promised(bgpd, poller, [feeder]):
        yield


def load(bgpd, text):
    answer = bgpd.load(text)
    assert "in service" in answer, answer


def meds(r1):
    """How many routes of the neighbor's have each MED."""
    routes = json.loads(vtysh(r1, "show bgp ipv4 unicast json"))["routes"]
    counts = {}
    for paths in routes.values():
        med = paths[0].get("metric", 0)
        counts[med] = counts.get(med, 0) + 1
    return counts


def nodes(r1):
    """Nodes of bgpd's tables, with routes or kept by somebody."""
    return int(re.search(r"(\d+) RIB nodes", vtysh(r1, "show bgp memory"))[1])


def test_a_script_just_below_its_limit_is_suspended(r1, bgpd, feeder):
    """900 calls of 20 ms: 18 s, in which nobody would be served."""
    load(bgpd, SLOW % (0.02, 7))
    size = bgpd.log_size()
    feeder.tell(f"announce {FIRST} {MANY} 1")
    expect_true(lambda: sum(meds(r1).values()) == MANY, "routes are missing")
    shown = bgpd.script()
    assert shown["state"] == "suspended"
    assert shown["errors"]["deadline"] == 1, shown["errors"]
    assert len(bgpd.logged(size, ("suspended", "hold the daemon"))) == 1


def test_a_slow_script_is_evaluated_in_slices(r1, bgpd, feeder):
    """900 calls of 2 ms, for stored routes: a slice has a time, too."""
    load(bgpd, QUICK)
    expect_true(lambda: meds(r1) == {1: MANY}, "not evaluated again")
    load(bgpd, SLOW % (0.002, 8))
    expect_true(lambda: meds(r1) == {8: MANY}, "not evaluated again")
    assert bgpd.script()["state"] != "suspended"


def test_slices_leave_no_nodes_behind(r1, bgpd, feeder):
    """Each slice ended with a node's lock that nobody ever gave back."""
    feeder.tell(f"withdraw {FIRST} {MANY}")
    expect_true(lambda: not meds(r1), "routes were not withdrawn")
    load(bgpd, QUICK)
    few = nodes(r1)
    feeder.tell(f"announce {FIRST} {MANY} 1")
    expect_true(lambda: meds(r1) == {1: MANY}, "routes are missing")
    load(bgpd, SLOW % (0.002, 9))
    expect_true(lambda: meds(r1) == {9: MANY}, "not evaluated again")
    feeder.tell(f"withdraw {FIRST} {MANY}")
    expect_true(lambda: nodes(r1) == few, f"{few} nodes before")


def test_a_route_between_slices_has_a_best_path(r1, bgpd, feeder):
    """bgpd chose none for what came before the walk did (patch 0070)."""
    config(r1, "no route-map IN permit 20")
    load(bgpd, ALL_BUT % LAST)
    feeder.tell(f"announce {FIRST} {MANY} 1")
    expect_true(lambda: meds(r1) == {1: MANY - 1}, "routes are missing")
    load(bgpd, SLOW % (0.004, 10))
    expect_true(lambda: 10 in meds(r1), "not evaluated again")
    # It is stored, and has no path yet.
    feeder.tell(f"announce {LAST} 1 2")
    assert 1 in meds(r1), "all were evaluated before the route came"
    expect_true(lambda: meds(r1) == {10: MANY}, "not evaluated again")
    routes = json.loads(vtysh(r1, "show bgp ipv4 unicast json"))["routes"]
    assert not [prefix for prefix in routes if not routes[prefix][0].get("bestpath")]
    config(r1, "route-map IN permit 20")
