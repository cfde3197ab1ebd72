#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every hostile case in a bgpd that has work to do.

Two neighbors with a hold time of three seconds, one of which withdraws and
announces routes all the time while the other is told of them; a poller that asks
bgpd ten times a second. The operator is promised, for each case: no session goes
down, no keepalive is late, bgpd answers within a second, and what hostile/README.md
says of a case.
"""

import pytest

from live import Daemon, Poller, Sessions, Speaker, until
from promises import ROUND, Results, Trial, asking, cases, kinds, warm_up
from scripttopo import established, expect_established, topology

pytestmark = [pytest.mark.bgpd]

NEIGHBORS = ("192.0.2.1", "192.0.2.17")
# Prefixes that come and go, and how many of them in a second.
LOAD, LOAD_RATE = ("10.0.0.0/24", 2000), 2000
# Prefixes that the hostile script is asked for.
ASKED = "203.0.113.0/29"


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(
        request,
        {"s1": ["r1", "h1"], "s2": ["r1", "h2"]},
        hosts={
            "h1": ("192.0.2.1/28", "192.0.2.2"),
            "h2": ("192.0.2.17/28", "192.0.2.18"),
        },
    )


@pytest.fixture(scope="module")
def r1(tgen):
    return tgen.gears["r1"]


@pytest.fixture(scope="module")
def feeder(tgen):
    speaker = Speaker(tgen.gears["h1"], "192.0.2.2", NEIGHBORS[0], 65001)
    yield speaker
    speaker.stop()


@pytest.fixture(scope="module")
def observer(tgen):
    speaker = Speaker(tgen.gears["h2"], "192.0.2.18", NEIGHBORS[1], 65002)
    yield speaker
    speaker.stop()


@pytest.fixture(scope="module")
def ask(feeder):
    return asking(feeder, ASKED)


@pytest.fixture(scope="module")
def bgpd(r1, feeder, observer, ask):
    """bgpd with both sessions and all of its load."""
    expect_established(r1, *NEIGHBORS)
    daemon = Daemon(r1, "bgpd")
    feeder.tell(f"churn {LOAD[0]} {LOAD[1]} {LOAD_RATE}")
    # Once all of them, so that bgpd has the memory that its load takes.
    until(lambda: len(observer.table()) >= LOAD[1], "no load")
    warm_up(daemon, ask)
    feeder.tell(f"withdraw {ASKED} {ROUND}")
    return daemon


@pytest.fixture(scope="module")
def sessions(r1, bgpd):
    return Sessions(r1, *NEIGHBORS)


@pytest.fixture(scope="module")
def poller(r1, bgpd):
    poller = Poller(r1, "bgpd", "show bgp summary json")
    yield poller
    poller.stop()


@pytest.fixture(scope="module")
def results():
    return Results("bgpd")


BGPD = cases("bgpd")
WEAR = {case.name for case in kinds(BGPD)}


@pytest.mark.parametrize("case", BGPD, ids=lambda case: case.name)
def test_case(bgpd, sessions, feeder, observer, poller, results, ask, case):
    before = sessions.counts()
    watched = [one.process.pid for one in (feeder, observer, poller)]
    trial = Trial(bgpd, case, ask, watched, case.name in WEAR)
    trial.run()
    feeder.tell(f"withdraw {ASKED} {ROUND}")
    trial.check(sessions.counts() == before, "a session was reset")
    answer, gap = trial.answers(poller), trial.keepalives(feeder, observer)
    trial.end(results, answer=answer, keepaliveGap=gap)


def test_the_sessions_came_up_once_and_stayed(r1):
    assert established(r1, *NEIGHBORS) == dict.fromkeys(NEIGHBORS, 1)
