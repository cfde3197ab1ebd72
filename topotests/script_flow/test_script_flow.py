#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""The examples that watch neighbors and hold back what changes too fast.

r2 runs peer_alarm, prefix_guard and flap_damping as their comments say to
configure them, with seconds where they have minutes. r1 is its neighbor.
"""

import os
import re

import pytest

from scripttopo import (
    config,
    errors,
    established,
    expect_absent,
    expect_established,
    expect_path,
    expect_true,
    log_lines,
    path,
    script,
    script_directory,
    show,
    topology,
    vtysh,
    write_script,
)

pytestmark = [pytest.mark.bgpd]

EXAMPLES = {
    "peer_alarm": {"FLAP": 6},
    "prefix_guard": {"EVERY": 0.5, "FEW": 5, "STEADY": 5, "TABLE": 5},
    "flap_damping": {
        "SUPPRESS": 1500,
        "CEILING": 3000,
        "HALF_LIFE": 5,
        "UPDATES": 3,
        "CALM": 4,
        "TABLE": 3,
        "EVERY": 0.5,
    },
}


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1", "r2"]})


def hasten(router, name, constants):
    """Writes an example with other constants as a script of the router."""
    file = os.path.join(script_directory(router.name), name + ".luau")
    with open(file, encoding="utf-8") as example:
        text = example.read()
    for constant, value in constants.items():
        text, count = re.subn(
            rf"^local {constant} = [\d.]+",
            f"local {constant} = {value}",
            text,
            flags=re.M,
        )
        assert count == 1, f"{name}: {constant}"
    write_script(router, name, text)


def said(router, text):
    return log_lines(router, "bgpd", text)


def expect_said(router, text, count=1):
    expect_true(lambda: len(said(router, text)) >= count, f"never said: {text}")


def network(router, *prefixes, no=""):
    config(
        router,
        "router bgp 65001",
        "address-family ipv4 unicast",
        *[f"{no}network {prefix}" for prefix in prefixes],
    )


def expect_localpref(router, prefix, wanted):
    expect_true(
        lambda: path(router, prefix) and path(router, prefix).get("locPrf") == wanted,
        f"{prefix}: local preference is not {wanted}",
    )


def test_all_are_in_service(r2):
    expect_established(r2, "192.0.2.1")
    for name, constants in EXAMPLES.items():
        hasten(r2, name, constants)
        assert config(r2, f"script load {name}") == ""
        assert script(r2, name)["state"] == "in service", name
    output = config(
        r2,
        "route-map IN permit 10",
        "match script flap_damping",
        "set script prefix_guard",
    )
    assert output == ""
    expect_path(r2, "198.51.100.0/28", {"valid": True})


def test_evaluations_are_no_flaps(r2):
    "Route refresh makes r1 send all again."
    calls = script(r2, "flap_damping")["calls"]
    for _ in range(3):
        vtysh(r2, "clear bgp ipv4 unicast 192.0.2.1 soft in")
    expect_true(lambda: script(r2, "flap_damping")["calls"] > calls + 4, "no refresh")
    assert not said(r2, "flap_damping:")
    expect_path(r2, "198.51.100.0/28", {"valid": True})


def test_a_flapping_prefix_is_held_back(r1, r2):
    network(r1, "198.51.100.0/28", no="no ")
    expect_absent(r2, "198.51.100.0/28")
    network(r1, "198.51.100.0/28")
    expect_path(r2, "198.51.100.0/28", {"valid": True})
    network(r1, "198.51.100.0/28", no="no ")
    expect_absent(r2, "198.51.100.0/28")
    network(r1, "198.51.100.0/28")
    expect_said(
        r2, "flap_damping: 198.51.100.0/28 from 192.0.2.1 in vrf default is held"
    )
    expect_absent(r2, "198.51.100.0/28")
    expect_path(r2, "198.51.100.16/28", {"valid": True})


def test_it_comes_back_by_itself(r1, r2):
    assert path(r1, "198.51.100.0/28"), "r1 has it all the time"
    expect_said(
        r2, "flap_damping: 198.51.100.0/28 from 192.0.2.1 in vrf default is back"
    )
    expect_path(r2, "198.51.100.0/28", {"valid": True})
    assert len(said(r2, "is held back")) == 1


CHURN = """
if frr.daemon ~= "bgpd" then return end
local n = 0
frr.every(0.05, function() frr.reevaluate() end)
function route_set(prefix, attributes)
    n += 1 -- another one for each route, so that each has an UPDATE of its own
    attributes.metric = n
end
"""


def test_a_neighbor_that_sends_too_fast_comes_last(r1, r2):
    assert not said(r2, "sends too fast")
    write_script(r1, "churn", CHURN)
    config(r1, "route-map OUT permit 10", "set script churn")
    expect_said(r2, "flap_damping: 192.0.2.1 in vrf default sends too fast")
    expect_localpref(r2, "198.51.100.16/28", 50)
    config(r1, "route-map OUT permit 10", "no set script churn", "set metric 7")


def test_it_is_calm_again(r2):
    expect_said(r2, "flap_damping: 192.0.2.1 in vrf default is calm")
    expect_localpref(r2, "198.51.100.16/28", None)
    assert len(said(r2, "sends too fast")) == 1
    assert len(said(r2, "is held back")) == 1


def test_many_routes_at_once_raise_an_alarm(r1, r2):
    assert not said(r2, "prefix_guard:")
    network(r1, *[f"203.0.113.{n * 4}/30" for n in range(30)])
    expect_said(r2, "prefix_guard: 192.0.2.1 has ")
    network(r1, "203.0.113.252/30")
    expect_localpref(r2, "203.0.113.252/30", 10)
    assert path(r2, "198.51.100.16/28").get("locPrf") is None, "it was there before"


def test_it_is_trusted_again(r2):
    expect_said(r2, "prefix_guard: 192.0.2.1 is steady at 33 routes")
    expect_localpref(r2, "203.0.113.252/30", None)
    assert len(said(r2, "new ones come last")) == 1


def test_a_flap_raises_no_alarm(r1, r2):
    before = established(r2, "192.0.2.1")["192.0.2.1"]
    vtysh(r1, "clear bgp ipv4 unicast 192.0.2.2")

    def times():
        return show(r2, "show bgp neighbors 192.0.2.1")["192.0.2.1"].get(
            "connectionsEstablished"
        )

    expect_true(lambda: times() == before + 1, "the session was not reset")
    expect_established(r2, "192.0.2.1")
    expect_path(r2, "198.51.100.16/28", {"valid": True})


def test_a_neighbor_that_stays_down_does(r1, r2):
    config(r1, "router bgp 65001", "neighbor 192.0.2.2 shutdown")
    expect_said(r2, 'peer_alarm: 192.0.2.1 (AS 65001, "west") is down for 6 s')
    assert not said(r2, "is back after")
    config(r1, "router bgp 65001", "no neighbor 192.0.2.2 shutdown")
    expect_said(r2, 'peer_alarm: 192.0.2.1 (AS 65001, "west") is back after')
    assert len(said(r2, "peer_alarm:")) == 2, said(r2, "peer_alarm:")


def test_a_session_that_goes_down_is_no_flap(r1, r2):
    expect_path(r2, "198.51.100.16/28", {"valid": True})
    assert len(said(r2, "is held back")) == 1


def test_zebra_takes_them_too(r2):
    """It has the route-map, so it looks for the functions that are named there."""
    for name in EXAMPLES:
        output = vtysh(r2, f"script reload {name}")
        assert "generation 2 in service" in output, output
        assert "stays in service" not in output, output
        assert script(r2, name, daemon="zebra")["state"] == "in service", name


def test_no_call_failed(r2):
    for name in EXAMPLES:
        assert script(r2, name)["calls"] > 0, name
        assert errors(r2, name) == 0, name
