#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Events of zebra: routes, interfaces, tracked next hops.

The operator is promised: a script hears of each change, in order, with the
values of the moment of the change, also of what is gone when it hears of it; and zebra
tells nobody when nobody listens.
"""

import pytest

from lib.topogen import TopoRouter

from scripttopo import (
    config,
    expect_true,
    log_lines,
    log_to_file,
    script,
    topology,
    vtysh,
    write_script,
)

pytestmark = [pytest.mark.bgpd, pytest.mark.staticd]


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1"]}, daemons=[TopoRouter.RD_STATIC])


@pytest.fixture(scope="module")
def r1(tgen):
    router = tgen.gears["r1"]
    log_to_file(router, "zebra")
    return router


def said(router, *words):
    return log_lines(router, "zebra", "\t".join(words))


def expect_said(router, *words):
    expect_true(lambda: said(router, *words), f"zebra's script never said {words}")


def test_a_route_that_is_installed(r1):
    config(r1, "ip route 203.0.113.16/28 192.0.2.2 tag 7")
    expect_said(
        r1,
        "route",
        "install",
        "ipv4 unicast",
        "203.0.113.16/28",
        "static",
        "0",
        "0",
        "1",
        "7",
        "254",
        "default",
        "192.0.2.2",
        "r1-eth0",
        "1",
    )


def test_a_second_next_hop(r1):
    config(r1, "ip route 203.0.113.16/28 192.0.2.3 tag 7")
    expect_true(
        lambda: [line for line in said(r1, "r1-eth0", "2") if "203.0.113.16" in line],
        "two next hops",
    )


def test_a_route_that_is_taken_out(r1):
    config(r1, "no ip route 203.0.113.16/28 192.0.2.3 tag 7")
    config(r1, "no ip route 203.0.113.16/28 192.0.2.2 tag 7")
    expect_said(r1, "route", "uninstall", "ipv4 unicast", "203.0.113.16/28", "static")


def test_an_ipv6_route(r1):
    config(r1, "ipv6 route 2001:db8:1::/64 2001:db8::2")
    expect_said(
        r1, "route", "install", "ipv6 unicast", "2001:db8:1::/64", "static", "0"
    )
    config(r1, "no ipv6 route 2001:db8:1::/64 2001:db8::2")
    expect_said(r1, "route", "uninstall", "ipv6 unicast", "2001:db8:1::/64")


def test_a_filter_is_looked_at_before_the_script_is(r1):
    expect_said(r1, "filtered", "install", "203.0.113.16/28")
    expect_said(r1, "filtered", "uninstall", "203.0.113.16/28")
    assert not said(r1, "filtered", "install", "2001:db8:1::/64")


def test_a_connected_route_is_told_too(r1):
    r1.run("ip addr add 198.51.100.1/24 dev r1-eth0")
    expect_said(r1, "route", "install", "ipv4 unicast", "198.51.100.0/24", "connected")


def test_addresses_of_an_interface(r1):
    expect_said(
        r1,
        "interface",
        "address-add",
        "r1-eth0",
        "default",
        "true",
        "veth",
        "false",
        "198.51.100.1/24",
    )
    r1.run("ip addr del 198.51.100.1/24 dev r1-eth0")
    expect_said(
        r1,
        "interface",
        "address-delete",
        "r1-eth0",
        "default",
        "true",
        "veth",
        "false",
        "198.51.100.1/24",
    )


def test_an_interface_comes_and_goes(r1):
    r1.run("ip link add gone type bridge")
    expect_said(r1, "interface", "add", "gone", "default", "false", "bridge")
    r1.run("ip link set gone up")
    expect_said(r1, "interface", "up", "gone", "default")
    r1.run("ip link set gone down")
    expect_said(r1, "interface", "down", "gone", "default", "false", "bridge")
    r1.run("ip link del gone")
    expect_said(r1, "interface", "delete", "gone", "default")


def test_a_script_goes_over_all_interfaces(r1):
    def listed():
        lines = said(r1, "all", "")
        return (
            lines and "lo:true:65536" in lines[-1] and "r1-eth0:true:1500" in lines[-1]
        )

    expect_true(listed, f"frr.interfaces(): {said(r1, 'all', '')}")


def test_a_tracked_next_hop_is_lost_and_comes_back(r1):
    config(r1, "no ip route 203.0.113.0/28 192.0.2.2")
    expect_said(
        r1, "nexthop", "203.0.113.2", "32", "default", "false", "nil", "nil", "nil"
    )
    config(r1, "ip route 203.0.113.0/28 192.0.2.2")
    expect_said(
        r1,
        "nexthop",
        "203.0.113.2",
        "32",
        "default",
        "true",
        "203.0.113.0/28",
        "static",
        "192.0.2.2",
    )


def test_events_come_in_order(r1):
    before = len(said(r1, "route", ""))
    for _ in range(20):
        config(r1, "ip route 203.0.113.32/28 192.0.2.2")
        config(r1, "no ip route 203.0.113.32/28 192.0.2.2")
    expect_true(
        lambda: len([l for l in said(r1, "uninstall", "ipv4 unicast") if ".32/28" in l])
        >= 1,
        "no event",
    )
    reasons = [
        "install" if "\tinstall\t" in line else "uninstall"
        for line in said(r1, "route", "")[before:]
        if "203.0.113.32/28" in line
    ]
    assert reasons[0] == "install"
    assert all(a != b for a, b in zip(reasons, reasons[1:])), reasons


def test_a_script_without_listeners_hears_nothing(r1):
    write_script(r1, "events", "function nothing() end\n")
    vtysh(r1, "script reload events")
    before = len(said(r1, "route", "")) + len(said(r1, "interface", ""))
    config(r1, "ip route 203.0.113.48/28 192.0.2.2")
    expect_true(
        lambda: "203.0.113.48/28" in vtysh(r1, "show ip route static"), "no route"
    )
    assert len(said(r1, "route", "")) + len(said(r1, "interface", "")) == before


def test_an_unknown_event_is_told_with_those_that_there_are(r1):
    write_script(r1, "events", "frr.on('route_changed', function() end)\n")
    output = vtysh(r1, "script reload events")
    for name in ("route_installed", "interface_changed", "nexthop_changed"):
        assert name in output, output
    assert script(r1, "events", "zebra")
