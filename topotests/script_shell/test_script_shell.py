#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""`frr.show` and `frr.configure` in bgpd and zebra.

A script is promised: a show command's text, or its JSON as a table; configuration as from vtysh, if the operator
permits it; and a reason for whatever did not work.
"""

import pytest

from scripttopo import (
    config,
    errors,
    expect,
    expect_true,
    remove_script,
    script,
    show,
    topology,
    vtysh,
    write_script,
)

pytestmark = [pytest.mark.bgpd]


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1"]})


def run(router, text, daemon="bgpd", permit=False):
    """What a task of a new script gives: it publishes a list of results."""
    config(router, "no script load case")
    write_script(
        router,
        "case",
        f"""
        local function task()
          {text}
        end
        if frr.daemon == "{daemon}" then
          frr.spawn(function()
            frr.publish("result", table.pack(task()))
          end)
        end
        """,
    )
    permit = ["script case permit configure"] if permit else []
    output = config(router, *permit, "script load case")
    assert not output.strip(), output

    def result():
        topics = show(router, "show script topics")[daemon]["topics"]
        return topics.get("result", {}).get("value")

    expect_true(lambda: result() is not None, f"no result of {text}")
    found = result()
    assert errors(router, "case", daemon=daemon) == 0, script(router, "case", daemon)
    config(router, "no script load case", "no script case permit configure")
    remove_script(router, "case")
    count = found.pop("n")
    return [found.get(str(place)) for place in range(1, count + 1)]


def running(router):
    return vtysh(router, "show running-config").splitlines()


@pytest.mark.parametrize("daemon", ["bgpd", "zebra"])
def test_text(r1, daemon):
    (text,) = run(r1, 'return frr.show("show version"):sub(1, 200)', daemon)
    assert text.startswith("FRRouting"), text


def test_json_is_a_table(r1):
    (asn, peers) = run(
        r1,
        """
        local shown = frr.show("show bgp ipv4 unicast summary json")
        return shown.as, shown.totalPeers
        """,
    )
    assert (asn, peers) == (65001, 1)
    (kind,) = run(r1, 'return type(frr.show("show ip route json"))', "zebra")
    assert kind == "table"


def test_a_filter_of_the_command_line(r1):
    (text,) = run(r1, 'return frr.show("show running-config | include remote-as")')
    assert text.strip() == "neighbor 192.0.2.2 remote-as 65002"


def test_an_unknown_command(r1):
    (text, why) = run(r1, 'return frr.show("show nonsense")')
    assert text is None and why == "Unknown command: show nonsense"
    (text, why) = run(r1, 'return frr.show("show bgp nexthop-group 1")')
    assert text is None and why.startswith("Unknown command"), why
    (text, why) = run(r1, 'return frr.show("show")')
    assert text is None and why, why


def test_what_is_no_show_command(r1):
    for command in ("configure terminal", "clear bgp *", "showx", "do show version"):
        (fine, why) = run(r1, f'return pcall(frr.show, "{command}")')
        assert fine is False and "must be a show command" in why, why


def test_several_in_a_row(r1):
    (count,) = run(
        r1,
        """
        local n = 0
        for _ = 1, 50 do
          if frr.show("show bgp summary json").ipv4Unicast.totalPeers == 1 then n += 1 end
        end
        return n
        """,
    )
    assert count == 50


def test_a_function_of_a_route_map_can_not_wait(r1):
    write_script(
        r1, "wait", 'function route_match() frr.show("show version") return true end'
    )
    config(
        r1,
        "route-map WAIT permit 10",
        "match script wait",
        "exit",
        "router bgp 65001",
        "address-family ipv4 unicast",
        "network 198.51.100.0/24 route-map WAIT",
        "exit",
        "no bgp network import-check",
    )
    expect_true(lambda: errors(r1, "wait", "runtime") > 0, "no error")
    assert "frr.show" in script(r1, "wait")["lastError"]["message"]
    config(
        r1,
        "router bgp 65001",
        "address-family ipv4 unicast",
        "no network 198.51.100.0/24",
        "exit",
        "exit",
        "no route-map WAIT",
    )


SHUT = '"router bgp 65001", "neighbor 192.0.2.2 shutdown"'


def test_configure_needs_the_operator(r1):
    (fine, why) = run(r1, f"return pcall(frr.configure, {{ {SHUT} }})")
    assert fine is False and "script NAME permit configure" in why, why
    assert " neighbor 192.0.2.2 shutdown" not in running(r1)


def test_configure(r1):
    result = run(r1, f"return frr.configure {{ {SHUT} }}", permit=True)
    assert result == [True]
    assert " neighbor 192.0.2.2 shutdown" in running(r1)
    lines = '"! a comment", "", "  router bgp 65001", "   no neighbor 192.0.2.2 shutdown", "exit", "end"'
    assert run(r1, f"return frr.configure {{ {lines} }}", permit=True) == [True]
    assert " neighbor 192.0.2.2 shutdown" not in running(r1)


def test_configure_walks_up_as_vtysh_does(r1):
    lines = """
      "router bgp 65001",
      "address-family ipv4 unicast",
      "network 203.0.113.0/24",
      "route-map MADE permit 10",
      "set metric 7",
      "ip prefix-list MADE seq 5 permit 203.0.113.0/24"
    """
    assert run(r1, f"return frr.configure {{ {lines} }}", permit=True) == [True]
    for line in ("  network 203.0.113.0/24", "route-map MADE permit 10"):
        assert line in running(r1), line


def test_configure_in_zebra(r1):
    lines = '"zebra on-rib-process script nosuch"'
    assert run(r1, f"return frr.configure {{ {lines} }}", "zebra", True) == [True]
    assert "zebra on-rib-process script nosuch" in running(r1)
    lines = '"no zebra on-rib-process script"'
    assert run(r1, f"return frr.configure {{ {lines} }}", "zebra", True) == [True]


def test_the_first_line_that_fails_is_named(r1):
    lines = """
      "router bgp 65001",
      "neighbor 192.0.2.2 description kept",
      "neighbor 192.0.2.9 shutdown",
      "neighbor 192.0.2.2 description late"
    """
    (fine, why) = run(r1, f"return frr.configure {{ {lines} }}", permit=True)
    assert fine is False
    assert why.startswith('line 3, "neighbor 192.0.2.9 shutdown": '), why
    assert len(why) > len('line 3, "neighbor 192.0.2.9 shutdown": '), why
    assert " neighbor 192.0.2.2 description kept" in running(r1)
    assert " neighbor 192.0.2.2 description late" not in running(r1)
    (fine, why) = run(r1, 'return frr.configure { "no such line" }', permit=True)
    assert fine is False and why == 'line 1, "no such line": Unknown command'


def test_only_configuration(r1):
    (fine, why) = run(
        r1, 'return frr.configure { "do clear bgp *" }', permit=True
    )
    assert fine is False and "only lines of configuration" in why, why
    (fine, why) = run(
        r1, 'return frr.configure { "exit", "clear bgp *" }', permit=True
    )
    assert fine is False and why == 'line 2, "clear bgp *": Unknown command', why


def test_the_permission_is_configuration(r1):
    config(r1, "script case permit configure")
    assert running(r1).count("script case permit configure") == 1
    config(r1, "no script case permit configure")
    assert "script case permit configure" not in running(r1)
