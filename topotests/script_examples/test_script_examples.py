#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""The scripts of examples/ as the comments in them say to configure them.

r2 runs them all. r1 is its customer, r3 a peer with a public AS number (what
hygiene lets in has no documentation AS in its path), r4 a neighbor that is
about to go down.
"""

import pytest

from scripttopo import (
    config,
    errors,
    established,
    expect_absent,
    expect_established,
    expect_path,
    expect_true,
    path,
    script,
    script_file,
    topology,
    vtysh,
)

pytestmark = [pytest.mark.bgpd]

SESSIONS = ["192.0.2.11", "192.0.2.13", "192.0.2.9"]
EXAMPLES = [
    "blackhole",
    "customer_filter",
    "edge",
    "graceful_shutdown",
    "hygiene",
    "route_server",
    "time_region",
]


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1", "r2", "r3", "r4"]})


def communities(router, prefix):
    found = path(router, prefix)
    return (
        found.get("community", {}).get("string"),
        found.get("largeCommunity", {}).get("string"),
    )


def test_all_are_in_service(r2):
    expect_established(r2, *SESSIONS)
    for name in EXAMPLES:
        assert script(r2, name)["state"] == "in service", name


def test_edge_on_a_network_statement(r2):
    expect_path(
        r2,
        "198.51.100.192/28",
        {"locPrf": 200, "community": {"string": "65000:100"}},
    )


def test_customer_filter(r2):
    "What is registered is taken and marked, all else is refused."
    marked = {"locPrf": 200, "community": {"string": "64500:1001"}}
    expect_path(r2, "198.51.100.0/25", marked)
    expect_path(r2, "198.51.100.128/25", marked)
    expect_absent(r2, "203.0.113.0/24")


def test_blackhole(r2, r3):
    "A host route of the customer's own is discarded, and stays here."
    expect_path(
        r2,
        "198.51.100.7/32",
        {
            "locPrf": 1000,
            "community": {"string": "blackhole no-export"},
            "nexthops": [{"ip": "192.0.2.1"}],
        },
    )
    expect_absent(r2, "203.0.113.7/32")
    expect_absent(r3, "198.51.100.7/32")


def test_hygiene_and_region(r2):
    expect_path(r2, "11.2.0.0/16", {"locPrf": 150})
    expect_path(r2, "11.3.0.0/16", {"locPrf": 100})
    expect_absent(r2, "10.1.0.0/16")


def test_route_server_tells_members_apart(r3, r4):
    "198.51.100.128/25 says 64500:0:3333; nobody sees such a community."
    expect_path(r3, "198.51.100.0/25", {"aspath": {"string": "64500 64501"}})
    expect_absent(r3, "198.51.100.128/25")
    expect_path(r4, "198.51.100.128/25", {"aspath": {"string": "64500 64501"}})
    assert communities(r3, "198.51.100.0/25") == (None, None)
    assert communities(r4, "198.51.100.128/25")[1] is None


def test_graceful_shutdown(r2, r3, r4):
    "Only to and from the neighbor that drains."
    expect_path(r2, "203.0.113.128/25", {"locPrf": 0})
    expect_path(r4, "198.51.100.0/25", {"community": {"string": "graceful-shutdown"}})
    assert communities(r3, "198.51.100.0/25") == (None, None)


def test_the_end_of_the_work(r2, r4):
    "The neighbor is taken out of the list: a reload, no reset."
    before = established(r2, *SESSIONS)
    # scripttopo writes NAME.lua, which is looked for before NAME.luau.
    with open(script_file(r2, "graceful_shutdown") + "u", encoding="utf-8") as file:
        text = file.read().replace('["192.0.2.9"] = true,', "")
    with open(script_file(r2, "graceful_shutdown"), "w", encoding="utf-8") as file:
        file.write(text)
    vtysh(r2, "script reload graceful_shutdown")
    expect_true(
        lambda: communities(r4, "198.51.100.0/25")[0] is None,
        "r4 still reads graceful-shutdown",
    )
    expect_true(
        lambda: path(r2, "203.0.113.128/25").get("locPrf") is None,
        "r2 still prefers others",
    )
    assert established(r2, *SESSIONS) == before


def test_metric_by_time(r2, r4):
    "Day and night are told by the clock; one of the two is announced."
    config(
        r2,
        "route-map TO-MEMBER permit 10",
        "set script time_region function announce",
    )
    expect_true(
        lambda: path(r4, "198.51.100.0/25").get("metric") in (50, 500),
        "no metric of time_region",
    )


def test_no_call_failed(r2):
    for name in EXAMPLES:
        assert script(r2, name)["calls"] > 0, name
        assert errors(r2, name) == 0, name
