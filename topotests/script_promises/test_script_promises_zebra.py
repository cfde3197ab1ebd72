#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every hostile case in a zebra that has work to do.

A neighbor of bgpd announces and withdraws routes all the time, which zebra takes
in and out of the kernel. The operator is promised, for each case: the session
stays, its keepalives are in time, zebra answers within a second, the routes that
the script was asked about are in the kernel as `on-error` says, and what
hostile/README.md says of a case.
"""

import pytest

from live import Daemon, Poller, Sessions, Speaker, until
from promises import AT_ONCE, Results, Trial, asking, cases, warm_up
from scripttopo import established, expect_established, log_to_file, topology

pytestmark = [pytest.mark.bgpd]

NEIGHBOR = "192.0.2.1"
LOAD, LOAD_RATE = ("10.0.0.0/24", 500), 500
ASKED = "203.0.113.0/29"


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(
        request, {"s1": ["z1", "h1"]}, hosts={"h1": ("192.0.2.1/28", "192.0.2.2")}
    )


@pytest.fixture(scope="module")
def feeder(tgen):
    speaker = Speaker(tgen.gears["h1"], "192.0.2.2", NEIGHBOR, 65001)
    yield speaker
    speaker.stop()


@pytest.fixture(scope="module")
def ask(feeder):
    return asking(feeder, ASKED)


@pytest.fixture(scope="module")
def zebra(z1, feeder, ask):
    """zebra with all of its load."""
    expect_established(z1, NEIGHBOR)
    log_to_file(z1, "zebra")
    daemon = Daemon(z1, "zebra")
    feeder.tell(f"churn {LOAD[0]} {LOAD[1]} {LOAD_RATE}")
    until(lambda: kernel(z1, "10.0.0.0/8") > LOAD[1] * 0.9, "no load")
    warm_up(daemon, ask)
    feeder.tell(f"withdraw {ASKED} {AT_ONCE}")
    return daemon


@pytest.fixture(scope="module")
def sessions(z1, zebra):
    return Sessions(z1, NEIGHBOR)


@pytest.fixture(scope="module")
def poller(z1, zebra):
    poller = Poller(z1, "zebra", "show ip route summary json")
    yield poller
    poller.stop()


@pytest.fixture(scope="module")
def results():
    return Results("zebra")


def kernel(router, within):
    """How many routes the kernel has in a prefix."""
    return len(router.run(f"ip -4 route show root {within}").splitlines())


@pytest.mark.parametrize("case", cases("zebra"), ids=lambda case: case.name)
def test_case(z1, zebra, sessions, feeder, poller, results, ask, case):
    before = sessions.counts()
    watched = (feeder.process.pid, poller.process.pid)
    trial = Trial(zebra, case, ask, watched)
    trial.run()
    if case.hook == "route_match":
        until(lambda: kernel(z1, "203.0.113.0/24") == AT_ONCE, "routes are lost")
    feeder.tell(f"withdraw {ASKED} {AT_ONCE}")
    until(lambda: kernel(z1, "203.0.113.0/24") == 0, "routes stay")

    trial.check(sessions.counts() == before, "the session was reset")
    answer, gap = trial.answers(poller), trial.keepalives(feeder)
    trial.end(results, answer=answer, keepaliveGap=gap)


def test_the_session_came_up_once_and_stayed(z1):
    assert established(z1, NEIGHBOR) == {NEIGHBOR: 1}
