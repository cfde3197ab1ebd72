#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""kill -9 of a daemon while scripts decide about a table that does not rest.

The operator is promised: it starts again as FRR's watchfrr starts it, and the
same table is there, attribute by attribute; the others stay up if watchfrr lets them.
"""

import pytest

from script_faults.faults import (
    FEED,
    PEER,
    ROUTES,
    assert_same,
    bring_to_rest,
    expect_rest,
    fed_router,
    feed,
    kill,
    pid,
    start,
    table,
    updates_read,
)
from scripttopo import (
    expect,
    expect_established,
    expect_true,
    script,
    show,
    vtysh,
)

pytestmark = [pytest.mark.bgpd]

MANY = 3000


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from fed_router(request)


class Feeder:
    """Sends routes to r2; starts again when the session has ended, as a peer does."""

    def __init__(self, host, router):
        self.host, self.router, self.before = host, router, 0
        self.process = None

    def load(self):
        """A table that changes until `rest`."""
        self.leave()
        self.before = updates_read(self.router)
        self.process = feed(self.host, MANY, "--churn", "100")

    def rest(self):
        return self.before + bring_to_rest(self.process)

    def come_back(self):
        """Its session has ended with the daemon."""
        self.process.wait(30)
        self.load()

    def leave(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.process = None


@pytest.fixture
def feeder(tgen):
    feeder = Feeder(tgen.gears["h1"], tgen.gears["r2"])
    yield feeder
    feeder.leave()


def at_rest(router, feeder):
    """The table, when it has come to rest after whatever happened."""
    expect_established(router, PEER, FEED)
    # The feeder tells when it is done; the other neighbor does not.
    expect_true(lambda: ROUTES <= table(router).keys(), f"not all routes of {PEER}")
    return expect_rest(router, feeder.rest())


def installed(router):
    """Prefixes of bgpd that zebra has installed."""
    shown = show(router, "show ip route bgp")
    return {p for p, routes in shown.items() if any(r.get("installed") for r in routes)}


def known_as_installed(router, count):
    """What zebra has installed of so many routes of bgpd: all but what no router does."""
    seen = [set()]

    def unchanged():
        before, seen[0] = seen[0], installed(router)
        return before == seen[0] and ROUTES <= seen[0] and len(seen[0]) > count * 0.9

    expect_true(unchanged, "zebra lacks routes")
    return seen[0]


@pytest.fixture
def before(r2, feeder):
    """The table at rest."""
    feeder.load()
    before = at_rest(r2, feeder)
    localprefs = {
        p["locPrf"]
        for route in before.values()
        for p in route["paths"]
        if "locPrf" in p
    }
    assert localprefs == {201}, localprefs
    feeder.installed = known_as_installed(r2, len(before))
    feeder.load()
    calls = script(r2, "edge")["calls"]
    expect_true(lambda: script(r2, "edge")["calls"] > calls + MANY, "no load")
    return before


def test_bgpd_is_killed(r2, feeder, before):
    others = {daemon: pid(r2, daemon) for daemon in ("zebra", "mgmtd")}
    kill(r2, "bgpd")
    start(r2, "bgpd")
    expect(
        lambda: script(r2, "edge"), {"state": "in service", "generation": 1}, "script"
    )
    feeder.come_back()
    assert_same(at_rest(r2, feeder), before)
    assert {daemon: pid(r2, daemon) for daemon in others} == others


def test_zebra_is_killed(r2, feeder, before):
    """bgpd does not tell a new zebra what the old one knew: FRR's watchfrr ends all
    daemons then and starts them again, zebra first (watchfrr.c, `phase_check`)."""
    kill(r2, "zebra")
    others = ("mgmtd", "staticd", "bgpd")
    for daemon in others:
        kill(r2, daemon, "TERM")
    for daemon in ("zebra", *others):
        start(r2, daemon)
    expect(
        lambda: script(r2, "edge"), {"state": "in service", "generation": 1}, "script"
    )
    feeder.come_back()
    assert_same(at_rest(r2, feeder), before)
    expect_true(lambda: installed(r2) == feeder.installed, "zebra has other routes now")


def test_mgmtd_is_killed(r2, feeder, before):
    numbers = {daemon: pid(r2, daemon) for daemon in ("zebra", "bgpd")}
    kill(r2, "mgmtd")
    start(r2, "mgmtd")
    assert_same(at_rest(r2, feeder), before)
    assert {daemon: pid(r2, daemon) for daemon in numbers} == numbers
    output = vtysh(
        r2,
        "configure terminal",
        "script edge limit time 40",
        "no script edge limit time",
    )
    assert "%" not in output, output
    assert "in service" in vtysh(r2, "script reload edge")
