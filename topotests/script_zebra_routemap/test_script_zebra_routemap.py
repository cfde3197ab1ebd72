#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""`match script` and `set script` in the route-maps that zebra runs.

The operator is promised: one line in the configuration reaches zebra through
mgmtd and bgpd beside it; what a script decides is what `show ip route` and the kernel
have; it goes when the script, the rule or the route-map goes; and a route that a
protocol withdraws is gone whatever a script made of it.
"""

import os

import pytest

from lib.topogen import TopoRouter, get_topogen

from scripttopo import (
    config,
    expect,
    expect_true,
    log_file,
    log_lines,
    log_to_file,
    show,
    topology,
    vtysh,
    write_script,
)

pytestmark = [pytest.mark.bgpd, pytest.mark.staticd]

CHANGED = "203.0.113.0/28"
DENIED = "203.0.113.16/28"
TWO_HOPS = "203.0.113.32/28"
FLOATING = "203.0.113.48/28"
IN_TABLE = "203.0.113.64/28"

SCRIPT = os.path.join(os.path.dirname(__file__), "scripts", "rib.lua")


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1"]}, daemons=[TopoRouter.RD_STATIC])


@pytest.fixture(scope="module")
def r1(tgen):
    router = tgen.gears["r1"]
    log_to_file(router, "zebra")
    return router


def routes(router, prefix, table=None):
    family = "ipv6" if ":" in prefix else "ip"
    table = f" table {table}" if table else ""
    return show(router, f"show {family} route{table} {prefix}").get(prefix, [])


def route(router, prefix):
    """The selected route."""
    for entry in routes(router, prefix):
        if entry.get("selected"):
            return entry
    return {}


def expect_route(router, prefix, wanted):
    expect(lambda: route(router, prefix), wanted, f"{prefix} in zebra")


def kernel(router, prefix):
    family = "-6" if ":" in prefix else "-4"
    return router.run(f"ip {family} route show {prefix}").strip()


def expect_kernel(router, prefix, *texts):
    expect_true(
        lambda: all(text in kernel(router, prefix) for text in texts),
        f"{prefix} in the kernel: {kernel(router, prefix)!r}, wanted {texts}",
    )


def expect_not_in_kernel(router, prefix):
    expect_true(lambda: not kernel(router, prefix), f"{prefix} is in the kernel")


def seen(router, text):
    return log_lines(router, "zebra", text)


def reload(router, text):
    write_script(router, "rib", text)
    output = vtysh(router, "script reload rib")
    assert "in service" in output, output
    return output


def original(router):
    with open(SCRIPT, encoding="utf-8") as file:
        return reload(router, file.read())


def test_each_field_that_a_script_assigns_is_shown_by_zebra(r1):
    expect_route(
        r1,
        CHANGED,
        {
            "metric": 78,
            "distance": 33,
            "tag": 4000000000,
            "installed": True,
            "beforeScript": {"metric": 0, "distance": 1, "tag": 0},
            "nexthops": [{"rmapSource": "198.51.100.1", "active": True, "fib": True}],
        },
    )
    shown = vtysh(r1, f"show ip route {CHANGED}")
    assert "distance 33, metric 78, tag 4000000000" in shown
    assert "came with distance 1, metric 0, tag 0" in shown


def test_the_source_address_is_in_the_kernel(r1):
    expect_kernel(r1, CHANGED, "src 198.51.100.1", "192.0.2.2")


def test_the_kernels_metric_stays_frrs(r1):
    "FRR gives every route of its own the same; the metric is for protocols."
    assert "metric 20" in kernel(r1, CHANGED)


def test_the_metric_is_told_to_protocols(r1):
    expect(
        lambda: bgp_paths(r1, CHANGED),
        [{"metric": 78}],
        "the redistributed route",
    )


def bgp_paths(router, prefix):
    return show(router, f"show bgp ipv4 unicast {prefix}").get("paths", [])


def test_an_ipv6_route_is_changed_too(r1):
    expect_route(r1, "2001:db8:1::/64", {"metric": 600, "installed": True})
    expect_kernel(r1, "2001:db8:1::/64", "src 2001:db8:f::1")


def test_a_script_denies_a_route(r1):
    expect_not_in_kernel(r1, DENIED)
    assert not route(r1, DENIED)


def test_a_script_reads_what_the_route_is(r1):
    expect_true(
        lambda: seen(
            r1,
            f"seen {CHANGED} static 0 0 1 0 254 default r1-eth0 protocol"
            " 192.0.2.2 r1-eth0 ipv4",
        ),
        "fields of the route",
    )


def test_a_route_with_two_next_hops_is_changed_once(r1):
    "The script is asked for each next hop, and each time begins with what came."
    expect_route(r1, TWO_HOPS, {"metric": 10})
    assert len(route(r1, TWO_HOPS)["nexthops"]) == 2
    config(r1, "interface r1-eth0", "ip address 192.0.2.200/24")
    config(r1, "interface r1-eth0", "no ip address 192.0.2.200/24")
    original(r1)
    expect_route(r1, TWO_HOPS, {"metric": 10})


def test_distance_decides_which_route_is_installed(r1):
    expect_route(r1, FLOATING, {"distance": 10})
    expect_kernel(r1, FLOATING, "192.0.2.3")
    assert sorted(e["distance"] for e in routes(r1, FLOATING)) == [10, 50]


def test_a_protocol_withdraws_what_it_sent(r1):
    "staticd knows its routes by the distance that it gave them, not by the script's."
    config(r1, "no ip route 203.0.113.48/28 192.0.2.2")
    expect_true(lambda: len(routes(r1, FLOATING)) == 1, "the first route stays")
    expect_kernel(r1, FLOATING, "192.0.2.3")
    config(r1, "ip route 203.0.113.48/28 192.0.2.2")
    expect_true(lambda: len(routes(r1, FLOATING)) == 2, "it does not come back")
    config(r1, "no ip route 203.0.113.48/28 192.0.2.3 10")
    expect_kernel(r1, FLOATING, "192.0.2.2")
    expect_route(r1, FLOATING, {"distance": 50, "installed": True})
    config(r1, "ip route 203.0.113.48/28 192.0.2.3 10")
    expect_kernel(r1, FLOATING, "192.0.2.3")


def test_two_static_routes_of_one_distance_stay_apart(r1):
    "zebra matches the kernel's answers to static routes by distance."
    reload(
        r1,
        "function route_match(p, a) a.distance = 40 return true end\n"
        "function last() end\nfunction set6() end\n",
    )
    expect_true(
        lambda: [e["distance"] for e in routes(r1, FLOATING)] == [40, 40], "distances"
    )

    def entries():
        return routes(r1, FLOATING)

    expect_true(
        lambda: len([e for e in entries() if e.get("installed")]) == 1
        and not [e for e in entries() if e.get("queued")],
        "one route is installed, none waits",
    )
    config(r1, "no ip route 203.0.113.48/28 192.0.2.2")
    expect_true(lambda: len(entries()) == 1, "the withdrawn route stays")
    expect_kernel(r1, FLOATING, "192.0.2.3")
    config(r1, "ip route 203.0.113.48/28 192.0.2.2")
    expect_true(lambda: len(entries()) == 2, "it does not come back")
    original(r1)
    expect_route(r1, FLOATING, {"distance": 10})


def test_the_running_configuration_has_each_line_once(r1):
    lines = vtysh(r1, "show running-config").splitlines()
    for line in (
        " match script rib",
        " set script rib function last",
        " set script rib function set6",
        "script load rib",
        "ip protocol static route-map STATIC",
    ):
        assert lines.count(line) == 1, line


def test_bgpd_and_mgmtd_both_know_the_rule(r1):
    for daemon in ("bgpd", "mgmtd"):
        shown = r1.run(f"vtysh -d {daemon} -c 'show running-config'")
        assert shown.count(" match script rib\n") == 1, daemon


def test_frr_reload_finds_no_difference(r1):
    lines = vtysh(r1, "show running-config").splitlines()
    text = "\n".join(lines[lines.index("!") :]) + "\n"
    output = frr_reload(r1, "test", text)
    assert "Lines To" not in output, output


def frr_reload(router, mode, text):
    file = os.path.join(get_topogen().logdir, "new.conf")
    with open(file, "w", encoding="utf-8") as conf:
        conf.write(text)
    tool = os.path.join(os.environ["FRR_SRC_TREE"], "tools/frr-reload.py")
    bindir = os.path.join(os.environ["FRR_ROOT"], "usr/bin")
    return router.run(
        f"{os.environ['PYTHON']} {tool} --{mode} --bindir {bindir} --stdout {file} 2>&1"
    )


def test_frr_reload_changes_a_rule_in_zebra(r1):
    lines = vtysh(r1, "show running-config").splitlines()
    text = "\n".join(lines[lines.index("!") :]) + "\n"
    frr_reload(r1, "reload", text.replace(" set script rib function last\n", ""))
    expect_route(r1, CHANGED, {"metric": 77})
    frr_reload(r1, "reload", text)
    expect_route(r1, CHANGED, {"metric": 78})


def test_a_reload_evaluates_again(r1):
    reload(
        r1,
        "function route_match(prefix, attributes)\n"
        f"  if prefix.network == '{DENIED}' then attributes.metric = 5 return true end\n"
        "  return RM_MATCH\nend\nfunction last() end\nfunction set6() end\n",
    )
    expect_route(r1, DENIED, {"metric": 5, "installed": True})
    # nothing that the old script assigned is left
    expect_route(r1, CHANGED, {"metric": 0, "distance": 1})
    assert "tag" not in route(r1, CHANGED) and "beforeScript" not in route(r1, CHANGED)
    expect_true(lambda: "src" not in kernel(r1, CHANGED), kernel(r1, CHANGED))
    expect_route(r1, FLOATING, {"distance": 1})
    expect_kernel(r1, FLOATING, "192.0.2.2")
    expect(lambda: bgp_paths(r1, CHANGED), [{"metric": 0}], "redistributed")


def test_a_broken_file_changes_nothing(r1):
    original(r1)
    expect_route(r1, CHANGED, {"metric": 78})
    write_script(r1, "rib", "function route_match(")
    assert "stays in service" in vtysh(r1, "script reload rib")
    expect_route(r1, CHANGED, {"metric": 78})
    original(r1)


@pytest.mark.parametrize("on_error,installed", [("deny", False), ("match", True)])
def test_a_failing_script_answers_on_error(r1, on_error, installed):
    config(r1, f"script rib on-error {on_error}")
    reload(
        r1,
        "function route_match(p, attributes) attributes.metric = 9 error('no') end\n"
        "function last() end\nfunction set6() end\n",
    )
    if installed:
        expect_route(r1, CHANGED, {"installed": True, "metric": 0})
    else:
        expect_not_in_kernel(r1, CHANGED)
    config(r1, "no script rib on-error")
    original(r1)
    expect_route(r1, CHANGED, {"metric": 78})


@pytest.mark.parametrize(
    "assignment,reason",
    [
        ("attributes.distance = 0", "must not be 0"),
        ("attributes.distance = 256", "distance"),
        ("attributes.metric = -1", "metric"),
        ("attributes.source = frr.address('198.51.100.77')", "address of this router"),
        ("attributes.source = frr.address('2001:db8:f::1')", "prefix's family"),
        ("attributes.type = 'ospf'", "type"),
    ],
)
def test_a_wrong_assignment_says_why(r1, assignment, reason):
    before = len(log_lines(r1, "zebra", reason))
    vtysh(r1, "clear script rib counters")
    reload(
        r1,
        f"function route_match(p, attributes) {assignment} return true end\n"
        "function last() end\nfunction set6() end\n",
    )
    expect_true(
        lambda: len(log_lines(r1, "zebra", reason)) > before,
        f"not in the log of zebra: {reason}",
    )
    original(r1)
    expect_route(r1, CHANGED, {"metric": 78})


def test_what_is_assigned_waits_for_the_whole_entry(r1):
    "A later match fails: nothing of the script's stays."
    config(
        r1,
        "access-list NONE deny any",
        "route-map STATIC permit 10",
        "match ip address NONE",
        "route-map STATIC permit 20",
    )
    expect_route(r1, CHANGED, {"metric": 0, "distance": 1, "installed": True})
    config(
        r1,
        "route-map STATIC permit 10",
        "no match ip address NONE",
        "no route-map STATIC permit 20",
    )
    expect_route(r1, CHANGED, {"metric": 78})
    expect_not_in_kernel(r1, DENIED)


def test_nothing_stays_when_the_route_map_is_taken_off(r1):
    config(r1, "no ip protocol static route-map STATIC")
    expect_route(r1, CHANGED, {"metric": 0, "distance": 1, "installed": True})
    assert "beforeScript" not in route(r1, CHANGED)
    expect_true(lambda: "src" not in kernel(r1, CHANGED), kernel(r1, CHANGED))
    expect_route(r1, DENIED, {"installed": True})
    config(r1, "ip protocol static route-map STATIC")
    expect_route(r1, CHANGED, {"metric": 78, "distance": 33})
    expect_not_in_kernel(r1, DENIED)


def test_a_source_address_of_FRRs_own_rule_comes_and_goes(r1):
    "FRR 10.3 kept the old nexthop group, so a route kept what it had."
    config(r1, "route-map SRC permit 10", "set src 198.51.100.1")
    config(r1, "ip route 203.0.113.80/28 192.0.2.2")
    config(r1, "no ip protocol static route-map STATIC")
    expect_true(lambda: "src" not in kernel(r1, "203.0.113.80/28"), "a source")
    config(r1, "ip protocol static route-map SRC")
    expect_kernel(r1, "203.0.113.80/28", "src 198.51.100.1")
    config(r1, "no ip protocol static route-map SRC")
    expect_kernel(r1, "203.0.113.80/28", "192.0.2.2")
    expect_true(lambda: "src" not in kernel(r1, "203.0.113.80/28"), "it stays")
    config(r1, "no ip route 203.0.113.80/28 192.0.2.2", "no route-map SRC")
    config(r1, "ip protocol static route-map STATIC")
    expect_route(r1, CHANGED, {"metric": 78, "distance": 33})


def test_an_imported_table_is_changed(r1):
    write_script(
        r1,
        "table",
        "function route_set(prefix, attributes)\n"
        "  log.info(`import {prefix.network} {attributes.policy} {attributes.table}`)\n"
        "  attributes.metric = 11 attributes.distance = 22 attributes.tag = 33\n"
        "end\n"
        "function route_match(prefix, attributes)\n"
        "  attributes.source = frr.address('198.51.100.1')\n"
        "end\n",
    )
    config(r1, "route-map TABLE permit 10", "set script table")
    config(r1, "ip import-table 20 route-map TABLE")
    expect_route(
        r1, IN_TABLE, {"protocol": "table", "metric": 11, "distance": 22, "tag": 33}
    )
    expect_kernel(r1, IN_TABLE, "192.0.2.2")
    assert seen(r1, f"import {IN_TABLE} import-table 20")


def test_an_import_table_has_no_source_address(r1):
    config(r1, "route-map TABLE permit 10", "match script table")
    expect_true(lambda: seen(r1, "use one of `ip protocol table`"), "why not")
    config(r1, "route-map TABLE permit 10", "no match script")
    expect_route(r1, IN_TABLE, {"metric": 11})
    config(r1, "no ip import-table 20 route-map TABLE")
    config(r1, "no ip import-table 20")
    expect_not_in_kernel(r1, IN_TABLE)


def test_a_script_decides_on_next_hops(r1):
    write_script(
        r1,
        "nht",
        "function route_match(prefix, attributes)\n"
        "  log.info(`nht {prefix.network} {attributes.policy} {attributes.client}"
        " {attributes.type}`)\n"
        "  return false\n"
        "end\n"
        "function changes(prefix, attributes) attributes.metric = 1 return true end\n",
    )
    config(r1, "ip route 203.0.113.128/28 192.0.2.2")
    config(r1, "route-map NHT permit 10", "match script nht")
    config(r1, "router bgp 65000", "neighbor 203.0.113.130 remote-as 65009")
    config(r1, "router bgp 65000", "neighbor 203.0.113.130 ebgp-multihop")

    def resolved():
        shown = vtysh(r1, "show ip nht 203.0.113.130")
        return "203.0.113.130" in shown and "via" in shown

    expect_true(resolved, "the next hop is not tracked")
    config(r1, "ip nht bgp route-map NHT")
    expect_true(
        lambda: seen(r1, "nht 203.0.113.128/28 nht bgp static"),
        "the script is not asked",
    )
    expect_true(
        lambda: "filtered" in vtysh(r1, "show ip nht 203.0.113.130"),
        vtysh(r1, "show ip nht 203.0.113.130"),
    )


def test_a_script_assigns_nothing_to_a_next_hop(r1):
    config(r1, "route-map NHT permit 10", "match script nht function changes")
    expect_true(lambda: seen(r1, "route-map of `ip nht`"), "why not")
    config(r1, "no ip nht bgp route-map NHT")
    config(r1, "no route-map NHT")
    config(r1, "router bgp 65000", "no neighbor 203.0.113.130")
    config(r1, "no ip route 203.0.113.128/28 192.0.2.2")


def test_the_operator_is_told_of_a_missing_function(r1):
    output = config(r1, "route-map X permit 10", "match script rib function nosuch")
    assert "nosuch" in output
    config(r1, "no route-map X")


def test_a_saved_configuration_comes_back(r1):
    original(r1)
    vtysh(r1, "write memory")
    config(r1, "no route-map STATIC", "no route-map STATIC6", "no script load rib")
    expect_not_in_kernel(r1, CHANGED)
    r1.run("vtysh -b")
    expect_route(r1, CHANGED, {"metric": 78, "distance": 33})
    expect_not_in_kernel(r1, DENIED)
    lines = vtysh(r1, "show running-config").splitlines()
    assert lines.count(" match script rib") == 1


def test_zebra_restarts_with_its_scripts(r1):
    vtysh(r1, "write memory")
    os.remove(log_file(r1, "zebra"))
    r1.net.killRouterDaemons(["zebra"])
    r1.net.startRouterDaemons(["zebra"])
    expect_route(r1, CHANGED, {"metric": 78, "distance": 33, "installed": True})
    expect_kernel(r1, CHANGED, "src 198.51.100.1")
    expect_not_in_kernel(r1, DENIED)


def test_zebra_frees_what_it_kept(r1):
    "At its exit FRR lists memory that is still in use."
    r1.net.killRouterDaemons(["zebra"])
    left = r1.run("cat /var/log/frr/zebra.err 2>/dev/null; true") + r1.run(
        f"cat {get_topogen().logdir}/r1/zebra.err"
    )
    for kind in ("Route values before a script", "Script", "Route map compiled"):
        assert kind not in left, left
    r1.net.startRouterDaemons(["zebra"])
    expect_route(r1, CHANGED, {"metric": 78})
