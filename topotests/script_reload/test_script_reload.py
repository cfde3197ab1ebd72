#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""`script reload` on a live session.

The operator is promised: a changed file and a reload change the routes that
the script decided, without a reset, and say how many; whatever is wrong with
the new file, the old one stays in service and the error names the line.
"""

import pytest

from scripttopo import (
    config,
    errors,
    expect,
    expect_established,
    expect_path,
    expect_true,
    remove_script,
    script,
    topology,
    vtysh,
    write_script,
)

pytestmark = [pytest.mark.bgpd]

PREFIXES = ["198.51.100.0/28", "198.51.100.16/28", "198.51.100.32/28"]

SETS = """function route_match(prefix, attributes)
    attributes.localpref = %d
    return true
end
"""


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1", "r2"]})


def expect_localpref(router, localpref):
    for prefix in PREFIXES:
        expect_path(router, prefix, {"locPrf": localpref})


def reload(router):
    return vtysh(router, "script reload edge")


def test_the_script_of_the_configuration_is_in_service(r2):
    expect_established(r2, "192.0.2.1")
    expect_localpref(r2, 201)
    expect(
        lambda: script(r2, "edge"),
        {"state": "in service", "generation": 1, "configured": True},
        "show script",
    )


def test_a_changed_file_changes_nothing_by_itself(r2):
    write_script(r2, "edge", SETS % 202)
    expect_localpref(r2, 201)


def test_a_reload_changes_the_routes_and_says_how_many(r2):
    output = reload(r2)
    assert "generation 2 in service" in output
    expect_localpref(r2, 202)
    expect(
        lambda: script(r2, "edge").get("reevaluated"),
        {"evaluations": 3, "changed": 3},
        "what the reload changed",
    )
    assert "3 evaluations, 3 routes changed" in vtysh(r2, "show script edge")


def test_a_route_refresh_does_it_without_stored_routes(r2):
    config(
        r2,
        "router bgp 65002",
        "address-family ipv4 unicast",
        "no neighbor 192.0.2.1 soft-reconfiguration inbound",
    )
    write_script(r2, "edge", SETS % 203)
    assert "in service" in reload(r2)
    expect_localpref(r2, 203)


def test_a_syntax_error_leaves_the_old_one_in_service(r2):
    write_script(r2, "edge", "function route_match(prefix)\n  return 1 +\nend\n")
    output = reload(r2)
    assert "edge.lua:3:" in output and "^" in output, output
    assert "stays in service" in output
    expect(
        lambda: script(r2, "edge"),
        {"state": "reload refused", "generation": 3},
        "show script",
    )
    vtysh(r2, "clear bgp ipv4 unicast 192.0.2.1 soft in")
    expect_localpref(r2, 203)


def test_an_error_while_it_loads_leaves_the_old_one_in_service(r2):
    write_script(r2, "edge", SETS % 204 + "\nlocal x = nil\nprint(x.y)\n")
    output = reload(r2)
    assert "edge.lua:7:" in output, output
    expect_localpref(r2, 203)


def test_a_missing_function_is_named(r2):
    write_script(r2, "edge", "function other(prefix)\n  return true\nend\n")
    output = reload(r2)
    assert "route_match" in output and "other" in output, output
    assert "stays in service" in output
    expect_localpref(r2, 203)


def test_a_deleted_file_leaves_the_old_one_in_service(r2):
    remove_script(r2, "edge")
    output = reload(r2)
    assert "edge.lua" in output and "stays in service" in output, output
    vtysh(r2, "clear bgp ipv4 unicast 192.0.2.1 soft in")
    expect_localpref(r2, 203)


def test_a_mended_file_comes_into_service(r2):
    write_script(r2, "edge", SETS % 205)
    assert "generation 4 in service" in reload(r2)
    expect_localpref(r2, 205)
    expect(lambda: script(r2, "edge").get("state"), "in service", "state")


def test_failures_in_a_row_suspend_a_script(r2):
    write_script(r2, "edge", "function route_match()\n  error('on purpose')\nend\n")
    reload(r2)

    def suspended():
        vtysh(r2, "clear bgp ipv4 unicast 192.0.2.1 soft in")
        return script(r2, "edge").get("state") == "suspended"

    expect_true(suspended, "the script is not suspended")
    failed = errors(r2, "edge", "runtime")
    vtysh(r2, "clear bgp ipv4 unicast 192.0.2.1 soft in")
    expect_true(lambda: script(r2, "edge")["callsSuspended"] > 0, "nothing left out")
    assert errors(r2, "edge", "runtime") == failed


def test_a_suspended_script_can_be_resumed(r2):
    failed = errors(r2, "edge", "runtime")
    vtysh(r2, "script resume edge")
    vtysh(r2, "clear bgp ipv4 unicast 192.0.2.1 soft in")
    expect_true(lambda: errors(r2, "edge", "runtime") > failed, "it was not called")


def test_a_reload_takes_it_back_into_service(r2):
    write_script(r2, "edge", SETS % 206)
    reload(r2)
    expect_localpref(r2, 206)
    expect(lambda: script(r2, "edge").get("state"), "in service", "state")


def test_counters_can_be_cleared(r2):
    vtysh(r2, "clear script edge counters")
    expect(
        lambda: script(r2, "edge"),
        {"calls": 0, "errors": {"runtime": 0}},
        "show script",
    )
    assert script(r2, "edge")["lastError"] is None


def test_an_unknown_script_is_said_to_be_unknown(r2):
    assert "nothere" in vtysh(r2, "script reload nothere")
    assert "nothere" in vtysh(r2, "script resume nothere")
    assert "nothere" in vtysh(r2, "show script nothere")


def test_no_session_was_reset(r2):
    assert expect_established(r2, "192.0.2.1") == {"192.0.2.1": 1}
