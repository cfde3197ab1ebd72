#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""What daemons with scripts have left when they end, by FRR's own account.

r1 has scripts and r2, with the same neighbor and as many routes, has none. At
exit FRR names each type of memory of which something is still allocated
(lib/memory.c: log_memstats): r1 may name nothing that r2 does not.
"""

import pytest

from lib.topogen import TopoRouter

from scripttopo import (
    config,
    end_daemon,
    errors,
    expect_established,
    expect_path,
    expect_true,
    left_at_exit,
    script,
    topology,
    vtysh,
)
from vrrptopo import add_devices

pytestmark = [pytest.mark.bgpd]

DAEMONS = ["bgpd", "vrrpd", "zebra"]


def prepare(tgen):
    add_devices(tgen.gears["r1"], "r1-eth0", 5, "192.0.2.14/28")
    # With addresses on both sides neither session has the source it expects.
    add_devices(tgen.gears["r2"], "r2-eth0", 6)


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(
        request,
        {"s1": ["r1", "r2"]},
        daemons=[TopoRouter.RD_VRRP],
        prepare=prepare,
    )


def family_of(router, asn, *lines):
    config(router, f"router bgp {asn}", "address-family ipv4 unicast", *lines)


def work(r1, r2):
    """Routes that come, change and go; a function that fails; reloads."""
    for prefix in range(32, 128, 16):
        family_of(r2, 65002, f"network 203.0.113.{prefix}/28")
    expect_path(r1, "203.0.113.112/28", {"locPrf": 300})
    family_of(r1, 65001, "neighbor 192.0.2.2 route-map FAILS in")
    expect_true(lambda: errors(r1, "use", "runtime") > 0, "it never failed")
    vtysh(r1, "script reload use")
    family_of(r1, 65001, "neighbor 192.0.2.2 route-map POLICY in")
    expect_path(r1, "203.0.113.112/28", {"locPrf": 300})
    vtysh(r1, "script reload use", "clear bgp * soft")
    for prefix in range(32, 128, 16):
        family_of(r2, 65002, f"no network 203.0.113.{prefix}/28")
    expect_true(
        lambda: "203.0.113.112" not in vtysh(r1, "show bgp ipv4 unicast"),
        "the route never went",
    )


def test_daemons_that_ran_scripts_leave_nothing_behind(tgen):
    r1, r2 = tgen.gears["r1"], tgen.gears["r2"]
    expect_established(r1, "192.0.2.2")
    for daemon in DAEMONS:
        expect_true(
            lambda: script(r1, "use", daemon).get("state") == "in service",
            f"{daemon} has no script: {script(r1, 'use', daemon)}",
        )
    for _ in range(3):
        work(r1, r2)
    # vrrpd and zebra had something to do, too.
    for daemon in ("vrrpd", "zebra"):
        assert script(r1, "use", daemon)["calls"] > 0, daemon
    for router in r1, r2:
        for daemon in DAEMONS:
            end_daemon(router, daemon)
    for daemon in DAEMONS:
        ours, theirs = left_at_exit(r1, daemon), left_at_exit(r2, daemon)
        more = {name: ours[name] for name in ours if name not in theirs}
        assert not more, f"{daemon}: {more}"
