#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Events, timers and tasks of scripts in a live bgpd.

The operator is promised: a script hears of every change with the attributes
that belong to it, of a withdrawn route too; a script that does too much of it
holds up neither sessions nor vtysh; what does not fit is dropped and shown.
"""

import re

import pytest

from scripttopo import (
    config,
    errors,
    established,
    expect,
    expect_absent,
    expect_established,
    expect_path,
    expect_true,
    log_lines,
    script,
    topology,
    vtysh,
    write_script,
)

pytestmark = [pytest.mark.bgpd]


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1", "r2"]})


def said(router, *words):
    """Log lines in which a script said these words, tab between them."""
    return log_lines(router, "bgpd", "\t".join(words))


def expect_said(router, *words):
    expect_true(lambda: said(router, *words), f"{router.name} never said {words}")


def network(router, prefix, no=""):
    config(
        router,
        "router bgp 65001",
        "address-family ipv4 unicast",
        f"{no}network {prefix}",
    )


def work(router, name):
    return script(router, name).get("work", {})


def test_a_new_route_and_its_attributes(r1, r2):
    expect_established(r2, "192.0.2.1")
    network(r1, "198.51.100.16/28")
    expect_said(
        r2,
        "route",
        "now",
        "198.51.100.16/28",
        "ipv4 unicast",
        "30",
        "65001:7",
        "192.0.2.1",
        "true",
    )


def test_a_withdrawn_route_still_has_its_attributes(r1, r2):
    network(r1, "198.51.100.16/28", no="no ")
    expect_said(
        r2,
        "route",
        "gone",
        "198.51.100.16/28",
        "ipv4 unicast",
        "30",
        "65001:7",
        "192.0.2.1",
    )


def test_a_route_that_changes_in_place(r1, r2):
    expect_said(r2, "route", "now", "198.51.100.0/28", "ipv4 unicast", "30")
    config(r1, "route-map OUT permit 10", "set metric 31")
    expect_said(r2, "route", "now", "198.51.100.0/28", "ipv4 unicast", "31")


def test_a_filter_lets_its_prefixes_through(r1, r2):
    network(r1, "203.0.113.0/28")
    expect_said(r2, "few", "203.0.113.0/28")
    assert not said(r2, "few", "198.51.100.0/28")


def test_a_session_goes_down_and_up(r1, r2):
    config(r1, "router bgp 65001", "neighbor 192.0.2.2 shutdown")
    expect_said(r2, "peer", "192.0.2.1", "Established", "Clearing", "65001")
    expect_absent(r2, "198.51.100.0/28")
    config(r1, "router bgp 65001", "no neighbor 192.0.2.2 shutdown")
    expect_established(r2, "192.0.2.1")
    expect_said(r2, "up", "192.0.2.1")
    expect_said(r2, "still", "192.0.2.1", "Established")


def test_the_events_are_in_the_documentation_of_the_daemon(r2):
    text = vtysh(r2, "show script hooks")
    for event in ("route_changed", "peer_changed", "script_loaded", "shutdown"):
        assert f"event {event}:" in text, text


def test_show_script_lists_listeners_and_queue(r2):
    events = work(r2, "events")["events"]
    assert {"route_changed", "peer_changed"} <= {e["event"] for e in events}
    text = vtysh(r2, "show script events")
    assert "Event: on route_changed, line" in text
    assert re.search(r"Event queue: \d+ of 32768 waiting", text), text


def test_an_unknown_event_is_refused_with_the_list(r2):
    write_script(r2, "unknown", "frr.on('route_change', function() end)\n")
    output = config(r2, "script load unknown")
    assert "route_changed, peer_changed" in output, output
    config(r2, "no script load unknown")


BUSY = """
if frr.daemon ~= "bgpd" then return end
frr.on("route_changed", function(prefix)
    for n = 1, 1e6 do end
    handled = (handled or 0) + 1
end)
frr.every(0.1, function() log.info("tick", handled) end)
"""


def test_a_busy_script_holds_up_nobody(r1, r2):
    """300 events of about 10 ms each, at hold time 3 s: most of a core."""
    write_script(r2, "busy", BUSY)
    assert config(r2, "script load busy") == ""
    before = established(r2, "192.0.2.1")
    lines = [f"network 10.{n // 100}.{n % 100}.0/24" for n in range(300)]
    config(r1, "router bgp 65001", "address-family ipv4 unicast", *lines)
    expect_path(r2, "10.2.99.0/24", {"valid": True})
    expect_true(lambda: work(r2, "busy")["eventQueue"]["total"] >= 300, "no events")
    expect_true(
        lambda: work(r2, "busy")["eventQueue"]["waiting"] == 0, "never done", count=480
    )
    assert established(r2, "192.0.2.1") == before
    assert errors(r2, "busy") == 0
    assert len(said(r2, "tick")) > 3
    config(r2, "no script load busy")


FLOOD = """
if frr.daemon ~= "bgpd" then return end
frr.every(0.001, function()
    local left = 0
    for n = 1, 2000 do
        if not pcall(frr.spawn, function() frr.sleep(1000) end) then left = left + 1 end
    end
    log.info("left", left > 0)
end)
"""


def test_a_flood_of_tasks_is_bounded(r2):
    write_script(r2, "flood", FLOOD)
    before = established(r2, "192.0.2.1")
    config(r2, "script load flood")
    expect_said(r2, "left", "true")
    assert len(work(r2, "flood")["tasks"]) <= 1000
    assert script(r2, "flood")["memoryBytes"] < 16 << 20
    assert established(r2, "192.0.2.1") == before
    config(r2, "no script load flood")


def test_an_unloaded_script_hears_nothing(r1, r2):
    config(r2, "no script load events")
    heard = len(said(r2, "route"))
    network(r1, "198.51.100.32/28")
    expect_path(r2, "198.51.100.32/28", {"valid": True})
    assert len(said(r2, "route")) == heard
    config(r2, "script load events")
    network(r1, "198.51.100.48/28")
    expect_said(r2, "route", "now", "198.51.100.48/28")


def test_a_reload_starts_a_new_generation(r2):
    vtysh(r2, "script reload events")
    expect_said(r2, "loaded", "2")


def test_a_handler_that_fails_is_counted_and_suspended(r1, r2):
    write_script(
        r2,
        "fails",
        "if frr.daemon == 'bgpd' then frr.on('route_changed', function() error('no') end) end\n",
    )
    config(r2, "script load fails")
    lines = [f"network 10.9.{n}.0/24" for n in range(30)]
    config(r1, "router bgp 65001", "address-family ipv4 unicast", *lines)
    expect(lambda: script(r2, "fails"), {"state": "suspended"}, "not suspended")
    assert errors(r2, "fails", "runtime") == 20
    assert "resumed" in vtysh(r2, "script resume fails")
    config(r2, "no script load fails")


def test_the_daemon_s_end_is_told(r2):
    r2.run("kill -TERM $(cat /var/run/frr/bgpd.pid)")
    expect_true(lambda: log_lines(r2, "bgpd", "goodbye"), "no goodbye")
