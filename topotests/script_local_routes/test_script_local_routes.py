#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scripts on routes that a router originates itself.

The operator is promised: a script works wherever bgpd runs a route-map on a
route of its own; the peer of such a route has no addresses, which is nil to
the script (FRR 10.3 crashed there: D1).
"""

import pytest

from lib.topogen import TopoRouter

from scripttopo import (
    config,
    end_daemon,
    errors,
    expect_absent,
    expect_established,
    expect_path,
    expect_true,
    left_at_exit,
    log_lines,
    topology,
    write_script,
    vtysh,
)

pytestmark = [pytest.mark.bgpd]

LOCAL = {
    "198.51.100.0/28": "network",
    "203.0.113.0/28": "redistribute",
    "192.0.2.0/28": "redistribute",
    "198.51.100.128/25": "aggregate",
    "2001:db8:100::/48": "network",
}


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    links = {"s1": ["r1", "r2"]}
    yield from topology(request, links, daemons=[TopoRouter.RD_STATIC])


@pytest.mark.parametrize("prefix", LOCAL)
def test_D1_a_route_of_this_router(r2, prefix):
    expect_path(r2, prefix, {"metric": 42, "community": {"string": "65002:42"}})


def test_the_peer_has_no_addresses(r2):
    vtysh(r2, "script reload local")
    for prefix in LOCAL:
        expect_true(
            lambda: log_lines(r2, "bgpd", f"local {prefix} nil nil true"),
            f"{prefix}: {log_lines(r2, 'bgpd', f'local {prefix}')}",
        )


def test_the_script_knows_where_the_route_comes_from(r2):
    for prefix, origin in LOCAL.items():
        lines = log_lines(r2, "bgpd", f"local {prefix}")
        assert any(line.rstrip().endswith(origin) for line in lines), (prefix, lines)


def test_the_neighbor_gets_them(r1, r2):
    expect_established(r2, "192.0.2.1")
    for prefix in ("198.51.100.0/28", "203.0.113.0/28", "198.51.100.128/25"):
        expect_path(r1, prefix, {"metric": 42, "community": {"string": "65002:42"}})


def test_the_default_route(r1):
    expect_path(r1, "0.0.0.0/0", {"metric": 43})


def test_a_refusal_takes_the_routes_back(r1, r2):
    write_script(
        r2,
        "local",
        "function route_match() return false end\n"
        "function route_set() end\n"
        "function to_table() return true end\n",
    )
    vtysh(r2, "script reload local")
    for prefix in ("198.51.100.0/28", "203.0.113.0/28", "192.0.2.0/28"):
        expect_absent(r2, prefix)
        expect_absent(r1, prefix)


def test_D1_a_failure_on_a_route_of_this_router(r2):
    write_script(
        r2,
        "local",
        "function route_match(prefix, attributes, peer)\n"
        "  return peer.remote_address.string == ''\nend\n"
        "function route_set() end\n"
        "function to_table() return true end\n",
    )
    vtysh(r2, "clear script local counters", "script reload local")
    config(r2, "router bgp 65002", "network 198.51.100.64/28 route-map LOCAL")
    expect_true(lambda: errors(r2, "local", "runtime") > 0, "no error")
    expect_absent(r2, "198.51.100.64/28")


def test_the_session_stayed_up(r2):
    assert expect_established(r2, "192.0.2.1") == {"192.0.2.1": 1}


def test_routes_of_its_own_do_not_keep_memory_at_exit(r2):
    """What was queued at exit held the peer, the instance and all tables (patch 0067)."""
    assert vtysh(r2, "show bgp ipv4 unicast").count("0.0.0.0") > 0
    end_daemon(r2, "bgpd")
    assert not left_at_exit(r2, "bgpd")
