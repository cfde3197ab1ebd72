#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""One outbound route-map of two neighbors, with a script that reads `peer`.

The operator is promised: each neighbor gets what the script says of that
neighbor, and neighbors share their update group as before where the script
does not take `peer`.
"""

import pytest

from scripttopo import (
    config,
    errors,
    expect,
    expect_absent,
    expect_established,
    expect_path,
    show,
    topology,
)

pytestmark = [pytest.mark.bgpd]

PREFIX = "198.51.100.0/28"
NEIGHBORS = ["192.0.2.3", "192.0.2.4"]


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1", "r2", "r3", "r4"]})


@pytest.fixture
def clients(tgen):
    return [tgen.gears["r3"], tgen.gears["r4"]]


def groups(router):
    """How many update groups the two neighbors are in."""
    ids = set()
    for neighbor in NEIGHBORS:
        seen = show(router, f"show bgp neighbors {neighbor}")[neighbor]
        ids.add(seen["addressFamilyInfo"]["ipv4Unicast"].get("updateGroupId"))
    return len(ids - {None})


def test_each_neighbor_gets_its_own(r2, clients):
    expect_established(r2, *NEIGHBORS)
    for router, number in zip(clients, (3, 4)):
        expect_path(
            router,
            PREFIX,
            {"metric": number, "community": {"string": f"65002:6500{number}"}},
        )
    expect(lambda: groups(r2), 2, "update groups")


def test_a_script_without_peer_keeps_one_group(r2, clients):
    config(r2, "route-map OUT permit 10", "match script groups function to_all")
    for router in clients:
        expect_path(router, PREFIX, {"metric": 77, "community": None})
    expect(lambda: groups(r2), 1, "update groups")


def test_a_neighbor_can_be_left_out(r2, clients):
    config(r2, "route-map OUT permit 10", "match script groups function not_to_r4")
    expect_absent(clients[1], PREFIX)
    expect_path(clients[0], PREFIX, {"aspath": {"string": "65002 65001"}})
    expect(lambda: groups(r2), 2, "update groups")


def test_set_script_reads_peer_too(r2, clients):
    config(
        r2,
        "no route-map OUT",
        "route-map OUT permit 10",
        "set script groups function route_match",
    )
    for router, number in zip(clients, (3, 4)):
        expect_path(router, PREFIX, {"metric": number})
    expect(lambda: groups(r2), 2, "update groups")


def test_without_the_script_they_share_again(r2, clients):
    config(r2, "route-map OUT permit 10", "no set script")
    for router in clients:
        expect_path(router, PREFIX, {"community": None})
    expect(lambda: groups(r2), 1, "update groups")


def test_nothing_failed_and_no_session_was_reset(r2):
    assert errors(r2, "groups") == 0
    assert set(expect_established(r2, "192.0.2.1", *NEIGHBORS).values()) == {1}
