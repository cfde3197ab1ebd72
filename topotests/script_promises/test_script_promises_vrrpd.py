#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every hostile case as the script that decides on a VRRP priority.

One router is Master of two VRIDs, one of which has the script; a host listens.
The operator is promised, for each case: both stay Master, both advertise in
time, vrrpd answers within a second, and what hostile/README.md says of a case.
"""

import json
import time

import pytest

from lib.topogen import TopoRouter

from live import Daemon, Poller, starved
from promises import AT_ONCE, Results, Trial, cases, warm_up
from scripttopo import topology
from vrrptopo import Wire, add_devices, expect_state

pytestmark = [pytest.mark.bgpd]

VRIDS = (5, 6)
# Seconds from one advertisement to the next, as configured.
INTERVAL = 0.2
ASK = ("interface v1-eth0", "vrrp 5 script case function route_match")
FORGET = ("interface v1-eth0", "no vrrp 5 script")


def prepare(tgen):
    for vrid in VRIDS:
        add_devices(tgen.gears["v1"], "v1-eth0", vrid, f"192.0.2.{259 - vrid}/24")


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(
        request,
        {"s1": ["v1", "h1"]},
        daemons=[TopoRouter.RD_VRRP],
        hosts={"h1": ("192.0.2.100/24", "192.0.2.254")},
        prepare=prepare,
    )


@pytest.fixture(scope="module")
def wire(tgen):
    wire = Wire(tgen.gears["h1"], "h1-eth0")
    yield wire
    wire.stop()


def ask(vrrpd, number, many=AT_ONCE):
    """Has the function called so often: vrrpd asks when a router gets a script."""
    del number
    before = vrrpd.calls()
    while vrrpd.calls() < before + many:
        vrrpd.config(*FORGET)
        vrrpd.config(*ASK)


@pytest.fixture(scope="module")
def vrrpd(tgen, wire):
    for vrid in VRIDS:
        expect_state(tgen.gears["v1"], vrid, "Master")
        wire.expect(vrid=vrid)
    daemon = Daemon(tgen.gears["v1"], "vrrpd")
    warm_up(daemon, ask)
    return daemon


@pytest.fixture(scope="module")
def poller(tgen, vrrpd):
    poller = Poller(tgen.gears["v1"], "vrrpd", "show vrrp summary")
    yield poller
    poller.stop()


@pytest.fixture(scope="module")
def results():
    return Results("vrrpd")


def masters(vrrpd):
    """How often each router has changed its state; all are Master."""
    shown = json.loads(vrrpd.ask("show vrrp json"))
    states = {one["vrid"]: one["v4"]["status"] for one in shown}
    assert states == dict.fromkeys(VRIDS, "Master")
    return {one["vrid"]: one["v4"]["stats"]["transitions"] for one in shown}


def longest_gap(wire, vrid, since):
    """The longest time without an advertisement, from the last one before on."""
    times = [one["time"] for one in wire.seen(vrid=vrid)]
    before = [one for one in times if one < since][-1:]
    times = before + [one for one in times if one >= since] + [time.time()]
    return max(later - one for one, later in zip(times, times[1:]))


# What vrrpd takes for an answer is a number: cases that are about a match's answer
# have no form here.
HERE = [
    case
    for case in cases("vrrpd")
    if case.hook != "route_match" or case.ends not in ("contract", "fine")
]


@pytest.mark.parametrize("case", HERE, ids=lambda case: case.name)
def test_case(vrrpd, wire, poller, results, case):
    changes = masters(vrrpd)
    trial = Trial(vrrpd, case, ask, (wire.process.pid, poller.process.pid))
    since = time.time()
    trial.run()
    trial.check(masters(vrrpd) == changes, "a router did not stay Master")
    answer = trial.answers(poller)
    gap = max(longest_gap(wire, vrid, since) for vrid in VRIDS)
    late = starved(*trial.watched) - trial.hungry
    # When the time has come one call may be running, and one is made for it.
    bound = INTERVAL + 2 * 1.2 * case.time / 1e3 + late
    if case.hook != "load":
        trial.check(
            gap <= bound, f"{gap} s without an advertisement, {bound} are allowed"
        )
    trial.end(results, answer=answer, advertisementGap=gap)
