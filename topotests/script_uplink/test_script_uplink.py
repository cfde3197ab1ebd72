#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""VRRP follows BGP: one script in bgpd and vrrpd of r1.

r2 is its uplink, r3 a router of its own network that always has a default
route to give. The operator is promised: the priority is the configured one
while the uplink's default route is the best, and no longer; a reload changes
nothing of that.
"""

import pytest

from lib.topogen import TopoRouter

from scripttopo import (
    config,
    errors,
    expect_established,
    expect_path,
    expect_true,
    log_lines,
    topology,
    vtysh,
)
from vrrptopo import add_devices, vrrp

pytestmark = [pytest.mark.bgpd]

NAME = "vrrp_follows_bgp"


def prepare(tgen):
    add_devices(tgen.gears["r1"], "r1-eth0", 5, "192.0.2.14/28")


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(
        request,
        {"s1": ["r1", "r2", "r3"]},
        daemons=[TopoRouter.RD_VRRP],
        prepare=prepare,
    )


def default_route(router, no=""):
    config(
        router,
        "router bgp 65002",
        "address-family ipv4 unicast",
        f"{no}network 0.0.0.0/0",
    )


def expect_priority(router, wanted):
    expect_true(
        lambda: vrrp(router, 5).get("v4", {}).get("effectivePriority") == wanted,
        f"the priority is not {wanted}",
    )


def said(router, text):
    return len(log_lines(router, "vrrpd", f"the uplink is {text}"))


def test_without_an_uplink(r1):
    expect_established(r1, "192.0.2.2", "192.0.2.3")
    expect_path(r1, "0.0.0.0/0", {"peer": {"type": "internal"}})
    expect_priority(r1, 50)
    assert vrrp(r1, 5)["priority"] == 150


def test_with_one(r1, r2):
    default_route(r2)
    expect_priority(r1, 150)
    assert said(r1, "healthy") == 1


def test_a_reload_keeps_it(r1):
    vtysh(r1, f"script reload {NAME}")
    expect_true(lambda: said(r1, "healthy") == 2, "vrrpd did not get the last value")
    expect_priority(r1, 150)
    assert said(r1, "not healthy") == 0


def test_loaded_when_the_route_is_there(r1):
    config(r1, f"no script load {NAME}")
    expect_priority(r1, 50)
    config(r1, f"script load {NAME}")
    expect_priority(r1, 150)


def test_the_uplink_takes_its_route_back(r1, r2):
    default_route(r2, no="no ")
    expect_priority(r1, 50)
    expect_path(r1, "0.0.0.0/0", {"peer": {"type": "internal"}})


def test_the_session_goes_down(r1, r2):
    default_route(r2)
    expect_priority(r1, 150)
    config(r2, "router bgp 65002", "neighbor 192.0.2.1 shutdown")
    expect_priority(r1, 50)
    config(r2, "router bgp 65002", "no neighbor 192.0.2.1 shutdown")
    expect_priority(r1, 150)


def test_bgpd_ends(r1):
    assert errors(r1, NAME) == 0
    r1.run("kill -TERM $(cat /var/run/frr/bgpd.pid)")
    expect_priority(r1, 50)
    assert errors(r1, NAME, daemon="vrrpd") == 0
