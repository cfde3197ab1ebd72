#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""A script as match and set rule of a neighbor's route-maps.

The operator is promised: a script decides which routes of IPv4 and IPv6 come
in and go out, and with which attributes; what it assigns holds only when the
whole entry matches and permits.
"""

import pytest

from scripttopo import (
    config,
    errors,
    expect,
    expect_absent,
    expect_established,
    expect_path,
    path,
    paths,
    script,
    show,
    topology,
)

pytestmark = [pytest.mark.bgpd]

CUSTOMERS = [
    "198.51.100.0/28",
    "198.51.100.16/28",
    "2001:db8:100::/48",
    "2001:db8:101::/48",
]
OTHERS = ["203.0.113.0/28", "2001:db8:200::/48"]
SESSIONS = ["192.0.2.1", "2001:db8:12::1", "192.0.2.18", "2001:db8:23::3"]

AS_SENT = {
    "metric": 50,
    "community": {"string": "65001:1"},
    "aspath": {"string": "65001"},
}
UNTOUCHED = dict(AS_SENT, locPrf=None)


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1", "r2"], "s2": ["r2", "r3"]})


def route_map(router, name, *lines):
    """Replaces a route-map in one go, so that nothing in between is seen."""
    return config(router, f"no route-map {name}", *lines)


def test_without_a_script_routes_are_as_sent(r2, r3):
    expect_established(r2, "192.0.2.1", "192.0.2.18")
    for prefix in CUSTOMERS + OTHERS:
        expect_path(r2, prefix, UNTOUCHED)
        expect_path(r3, prefix, {"aspath": {"string": "65002 65001"}})


def test_match_in_chooses_and_changes(r2):
    "What the script refuses is gone, what it takes is marked; both families."
    route_map(r2, "IN", "route-map IN permit 10", "match script edge")
    for prefix in CUSTOMERS:
        expect_path(
            r2,
            prefix,
            dict(AS_SENT, locPrf=200, community={"string": "65001:1 65002:100"}),
        )
    for prefix in OTHERS:
        expect_absent(r2, prefix)
    assert errors(r2, "edge") == 0


def test_match_out_is_seen_by_the_neighbor_alone(r2, r3):
    config(r2, "route-map IN permit 20")
    for prefix in OTHERS:
        expect_path(r2, prefix, UNTOUCHED)
    route_map(r2, "OUT", "route-map OUT permit 10", "match script edge function export")
    for prefix in CUSTOMERS:
        expect_path(
            r3,
            prefix,
            {
                "metric": 77,
                "aspath": {"string": "65002 65002 65002 65001"},
                "community": {"string": "65002:100 65002:200"},
            },
        )
        expect_path(
            r2,
            prefix,
            dict(AS_SENT, locPrf=200, community={"string": "65001:1 65002:100"}),
        )
    for prefix in OTHERS:
        expect_absent(r3, prefix)


def test_hooks_in_use_are_shown(r2):
    expect(
        lambda: script(r2, "edge").get("hooks", []),
        [
            {"hook": "route_match", "function": "route_match", "suspended": False},
            {"hook": "route_match", "function": "export", "suspended": False},
        ],
        "hooks in use",
    )


def test_a_later_match_that_fails_leaves_attributes_alone(r2):
    route_map(
        r2,
        "IN",
        "route-map IN permit 10",
        "match script edge",
        "match metric 51",
        "route-map IN permit 20",
        "set weight 7",
    )
    for prefix in CUSTOMERS + OTHERS:
        expect_path(r2, prefix, dict(UNTOUCHED, weight=7))


def test_a_later_match_that_holds_lets_the_change_through(r2):
    route_map(
        r2, "IN", "route-map IN permit 10", "match script edge", "match metric 50"
    )
    for prefix in CUSTOMERS:
        expect_path(r2, prefix, {"locPrf": 200})
    for prefix in OTHERS:
        expect_absent(r2, prefix)


def test_a_deny_entry_leaves_attributes_alone(r2):
    "The neighbor's routes as received still are what the neighbor sent."
    route_map(
        r2,
        "IN",
        "route-map IN deny 10",
        "match script edge",
        "route-map IN permit 20",
    )
    for prefix in CUSTOMERS:
        expect_absent(r2, prefix)
    for prefix in OTHERS:
        expect_path(r2, prefix, UNTOUCHED)
    received = show(r2, "show bgp ipv4 unicast neighbors 192.0.2.1 received-routes")
    expect(
        lambda: received["receivedRoutes"],
        {"198.51.100.0/28": {"metric": 50, "locPrf": None}},
        "received routes",
    )


def test_a_deny_entry_on_output_leaves_the_table_alone(r2, r3):
    route_map(r2, "IN", "route-map IN permit 10", "match script edge")
    route_map(
        r2,
        "OUT",
        "route-map OUT deny 10",
        "match script edge function export",
        "route-map OUT permit 20",
    )
    for prefix in CUSTOMERS:
        expect_path(
            r2,
            prefix,
            dict(AS_SENT, locPrf=200, community={"string": "65001:1 65002:100"}),
        )
        expect_absent(r3, prefix)
    config(r2, "no route-map OUT deny 10")
    for prefix in CUSTOMERS:
        expect_path(r3, prefix, {"community": {"string": "65001:1 65002:100"}})


def test_a_plain_match_does_not_change(r2):
    route_map(
        r2,
        "IN",
        "route-map IN permit 10",
        "match script edge function look",
        "set weight 8",
    )
    for prefix in CUSTOMERS + OTHERS:
        expect_path(r2, prefix, dict(UNTOUCHED, weight=8))


def test_a_declared_failure_does_not_match(r2):
    route_map(
        r2,
        "IN",
        "route-map IN permit 10",
        "match script edge function declares",
        "route-map IN permit 20",
        "set weight 9",
    )
    for prefix in CUSTOMERS + OTHERS:
        expect_path(r2, prefix, dict(UNTOUCHED, weight=9))
    assert errors(r2, "edge", "failure") > 0


def test_a_table_is_an_answer(r2):
    route_map(r2, "IN", "route-map IN permit 10", "match script edge function as_table")
    for prefix in CUSTOMERS + OTHERS:
        expect_path(r2, prefix, dict(AS_SENT, locPrf=300))


def test_set_script_changes(r2):
    route_map(
        r2,
        "IN",
        "route-map IN permit 10",
        "set script edge function set_metric",
        "set weight 10",
    )
    for prefix in CUSTOMERS + OTHERS:
        expect_path(r2, prefix, {"metric": 11, "weight": 10, "locPrf": None})


@pytest.mark.parametrize(
    "goes_on,weight",
    [("on-match next", 21), ("on-match goto 30", 22), ("continue 30", 23)],
)
def test_the_next_entry_sees_what_the_entry_changed(r2, goes_on, weight):
    route_map(
        r2,
        "IN",
        "route-map IN permit 10",
        "match script edge",
        goes_on,
        "route-map IN permit 30",
        "set script edge",
        f"set weight {weight}",
    )
    for prefix in CUSTOMERS:
        expect_path(
            r2,
            prefix,
            {
                "locPrf": 200,
                "community": {"string": "65001:1 65002:100 65002:200"},
                "weight": weight,
            },
        )


def test_a_called_route_map_may_have_a_script(r2):
    "FRR calls after the entry's own set commands, and the call decides."
    config(r2, "route-map CALLED permit 10", "match script edge")
    route_map(
        r2,
        "IN",
        "route-map IN permit 10",
        "set script edge function set_metric",
        "call CALLED",
    )
    for prefix in CUSTOMERS:
        expect_path(
            r2,
            prefix,
            {"locPrf": 200, "metric": 11, "community": {"string": "65001:1 65002:100"}},
        )
    for prefix in OTHERS:
        expect_absent(r2, prefix)


def test_a_withdrawn_route_goes(r1, r2, r3):
    "Hostile case 46: nothing of the script holds it back."
    expect_path(r3, "198.51.100.0/28", {"aspath": {"string": "65002 65001"}})
    config(
        r1,
        "router bgp 65001",
        "address-family ipv4 unicast",
        "no network 198.51.100.0/28",
    )
    expect_absent(r2, "198.51.100.0/28")
    expect_absent(r3, "198.51.100.0/28")
    assert paths(r2, "198.51.100.16/28") and path(r3, "198.51.100.16/28")


def test_no_session_was_reset(r2):
    assert set(expect_established(r2, "192.0.2.1", "192.0.2.18").values()) == {1}
