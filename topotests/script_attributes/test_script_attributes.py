#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every attribute of a BGP route, read, written and cleared by a script.

The operator is promised: a script reads what the route carries and nil where
it carries nothing, what it assigns is what the table and the neighbor have,
and a value that an attribute does not take is refused by the attribute's
name, changes nothing and is counted.
"""

import pytest

from lib.topogen import TopoRouter

from scripttopo import (
    config,
    errors,
    expect_established,
    expect_path,
    expect_true,
    log_lines,
    path,
    script,
    script_file,
    topology,
)

pytestmark = [pytest.mark.bgpd]

RICH, PLAIN = "203.0.113.1/32", "203.0.113.2/32"

# What a case writes; what a script reads afterwards; what the table of the
# router and that of its neighbor show. None: the field must not be there.
CASES = {
    "metric": ("a.metric = 4294967295", "metric=4294967295", {"metric": 4294967295}),
    "metric zero": ("a.metric = 0", "metric=0", {"metric": 0}),
    "localpref": ("a.localpref = 0", "localpref=0", {"locPrf": 0}),
    "localpref cleared": ("a.localpref = nil", "localpref=nil", {}),
    "origin": ('a.origin = "egp"', "origin=egp", {"origin": "EGP"}),
    "origin incomplete": (
        'a.origin = "incomplete"',
        "origin=incomplete",
        {"origin": "incomplete"},
    ),
    "weight": ("a.weight = 65535", "weight=65535", {"weight": 65535}),
    "distance": ("a.distance = 255", "distance=255", {}),
    "tag": ("a.tag = 4294967295", "tag=4294967295", {"tag": 4294967295}),
    "table": ("a.table = 100", "table=100", {}),
    "label_index": ("a.label_index = 33", "label_index=33", {"labelIndex": 33}),
    "label_index cleared": (
        "a.label_index = 33; a.label_index = nil",
        "label_index=nil",
        {"labelIndex": None},
    ),
    "aigp_metric": (
        "a.aigp_metric = 2 ^ 53",
        "aigp_metric=9007199254740992",
        {"aigpMetric": 9007199254740992},
    ),
    "atomic_aggregate": (
        "a.atomic_aggregate = true",
        "atomic_aggregate=true",
        {"atomicAggregate": True},
    ),
    "aspath": (
        'a.aspath = "65030 65031 {65032,65033}"',
        "aspath=65030 65031 {65032,65033}",
        {"aspath": {"string": "65030 65031 {65032,65033}"}},
    ),
    "aspath cleared": (
        'a.aspath = "65030"; a.aspath = nil',
        "hops=0",
        {"aspath": {"string": "Local"}},
    ),
    "as_path prepend": (
        'a.aspath = "65030 65031"; a.as_path:prepend(4200000000, 3)',
        "aspath=4200000000 4200000000 4200000000 65030 65031",
        {"aspath": {"length": 5}},
    ),
    "as_path replace and exclude": (
        'a.aspath = "65030 65031 65032"; a.as_path:replace(65031, 65099); '
        "a.as_path:exclude(65030)",
        "aspath=65099 65032",
        {"aspath": {"string": "65099 65032"}},
    ),
    "as_path own": (
        'a.as_path = frr.as_path("65040 65041"):prepend(65042)',
        "aspath=65042 65040 65041",
        {"aspath": {"string": "65042 65040 65041"}},
    ),
    "community": (
        'a.community = "65001:9 65001:8 no-export"',
        "community=65001:8 65001:9 no-export",
        {"community": {"list": ["65001:8", "65001:9", "noExport"]}},
    ),
    "communities": (
        'a.communities:set("65001:1", "65001:2"); a.communities:add(4294967041, "65001:3"); '
        'a.communities:remove("65001:1")',
        "community=65001:2 65001:3 no-export",
        {"community": {"list": ["65001:2", "65001:3", "noExport"]}},
    ),
    "communities matching": (
        'a.community = "65001:1 65001:2 65003:1"; a.communities:remove_matching("^65001:")',
        "community=65003:1",
        {"community": {"string": "65003:1"}},
    ),
    "community cleared": (
        'a.community = "65001:1"; a.community = nil',
        "community=nil",
        {"community": None},
    ),
    "communities emptied": (
        'a.communities:add("65001:1"); a.communities:set()',
        "sizes=0,0,0",
        {"community": None},
    ),
    "large_community": (
        'a.large_community = "4294967295:4294967295:4294967295 1:2:3"',
        "large_community=1:2:3 4294967295:4294967295:4294967295",
        {
            "largeCommunity": {
                "string": "1:2:3 4294967295:4294967295:4294967295",
            }
        },
    ),
    "large_communities": (
        'a.large_communities:add("65001:1:1", "65001:1:2"); '
        'a.large_communities:remove("65001:1:1")',
        "sizes=0,1,0",
        {"largeCommunity": {"string": "65001:1:2"}},
    ),
    "large_community cleared": (
        'a.large_community = "1:2:3"; a.large_community = nil',
        "large_community=nil",
        {"largeCommunity": None},
    ),
    "extcommunity": (
        'a.extcommunity = "rt 65001:100 soo 65001:200"',
        "extcommunity=RT:65001:100 SoO:65001:200",
        {"extendedCommunity": {"string": "RT:65001:100 SoO:65001:200"}},
    ),
    "ext_communities raw": (
        'a.ext_communities:add(pack(">BBI2I4", 0, 2, 65001, 4294967295)); '
        "local raw = a.ext_communities:raw()[1]; "
        'local _, _, _, n = string.unpack(">BBI2I4", raw); a.metric = n',
        "metric=4294967295",
        {"extendedCommunity": {"string": "RT:65001:4294967295"}},
    ),
    "ext_communities made": (
        'a.ext_communities:add(frr.ext_community.route_target("192.0.2.1:5")); '
        'a.ext_communities:add(frr.ext_community.site_of_origin("65001:6")); '
        "a.ext_communities:add(frr.ext_community.color(300, 1))",
        "sizes=0,0,3",
        {"extendedCommunity": {"string": "SoO:65001:6 RT:192.0.2.1:5 Color:01:300"}},
    ),
    "ext_communities link bandwidth": (
        "a.ext_communities:add(frr.ext_community.link_bandwidth(65002, 125000000)); "
        "a.metric = a.ext_communities:bandwidth()",
        "metric=125000000",
        {"extendedCommunity": {"string": "LB:65002:125000000 (1.000 Gbps)"}},
    ),
    "ext_communities group policy id": (
        "a.ext_communities:add(frr.ext_community.group_policy_id(4711)); "
        "a.metric = a.ext_communities:group_policy_id()",
        "metric=4711",
        {"extendedCommunity": {}},
    ),
    "ext_communities generic": (
        'a.ext_communities:add(frr.ext_community.generic("\\3\\11\\1\\2\\3\\4\\5\\6"))',
        "sizes=0,0,1",
        {"extendedCommunity": {}},
    ),
    "extcommunity cleared": (
        'a.extcommunity = "rt 1:1"; a.extcommunity = nil',
        "extcommunity=nil",
        {"extendedCommunity": None},
    ),
    "aggregator": (
        'a.aggregator_as = 65010; a.aggregator_address = "192.0.2.99"',
        "aggregator=65010",
        {"aggregatorAs": 65010, "aggregatorId": "192.0.2.99"},
    ),
    "aggregator cleared": (
        "a.aggregator_as = 65010; a.aggregator_as = nil",
        "aggregator_as=nil",
        {"aggregatorAs": None},
    ),
    "originator_id": (
        'a.originator_id = "192.0.2.77"',
        "originator_id=192.0.2.77",
        {"originatorId": "192.0.2.77"},
    ),
    "nexthop.ipv4": (
        'a.nexthop.ipv4 = "192.0.2.5"',
        "nexthop.ipv4=192.0.2.5",
        {"nexthops": [{"ip": "192.0.2.5"}]},
    ),
    "nexthop.address": (
        'a.nexthop.address = frr.address("192.0.2.6")',
        "nexthop.ipv4=192.0.2.6",
        {"nexthops": [{"ip": "192.0.2.6"}]},
    ),
    "srte_color": ("path.srte_color = 300", "srte_color=300", {}),
}

# Of IPv6 routes; the next hop is on the link, so that the route stays valid.
IPV6_CASES = {
    "2001:db8:100::/48": (
        'a.nexthop.ipv6_global = "2001:db8:12::99"',
        "nexthop.ipv6_global=2001:db8:12::99",
        {"nexthops": [{"ip": "2001:db8:12::99", "scope": "global"}]},
    ),
    "2001:db8:101::/48": (
        'a.nexthop.ipv6_local = "fe80::99"',
        "nexthop.ipv6_local=fe80::99",
        {"nexthops": [{}, {"ip": "fe80::99", "scope": "link-local"}]},
    ),
    "2001:db8:102::/48": (
        "a.nexthop.prefer_global = true",
        "nexthop.prefer_global=true",
        {},
    ),
    "2001:db8:103::/48": (
        'a.metric = 6; a.communities:add("65001:6")',
        "metric=6",
        {"metric": 6, "community": {"string": "65001:6"}},
    ),
}

# What a neighbor never gets: local to a router.
LOCAL = {"weight", "tag", "labelIndex"}

# What an attribute does not take, and the part of the message that says so.
REFUSED = [
    ("a.metric = -1", "metric must be a whole number from 0 to 4294967295"),
    ("a.metric = 1.5", "metric must be"),
    ("a.metric = 0 / 0", "metric must be"),
    ("a.metric = 1 / 0", "metric must be"),
    ("a.metric = 2 ^ 32", "metric must be"),
    ("a.metric = true", "metric must be"),
    ("a.metric = {}", "metric must be"),
    ("a.localpref = -1", "localpref must be a whole number"),
    ("a.localpref = 1e300", "localpref must be"),
    ("a.weight = 2 ^ 32", "weight must be"),
    ("a.weight = nil", "weight can't be nil"),
    ("a.distance = 256", "distance must be a whole number from 0 to 255"),
    ("a.tag = -0.5", "tag must be"),
    ("a.table = 2 ^ 53", "table must be"),
    ("a.aigp_metric = 2 ^ 64", "aigp_metric must be"),
    ("a.label_index = 2 ^ 32", "label_index must be"),
    ('a.origin = "egb"', 'origin must be "igp" or "egp" or "incomplete"'),
    ("a.origin = nil", "origin can't be nil"),
    ("a.atomic_aggregate = 1", "atomic_aggregate must be true or false"),
    ('a.aspath = "65001 x"', "aspath takes an AS path"),
    ('a.aspath = "4294967296"', "aspath takes an AS path"),
    ('a.aspath = "65001 0"', "aspath takes an AS path"),
    ("a.aspath = 65001", "aspath must be"),
    ('a.aspath = ("65001 "):rep(1001)', "aspath must not have more than 1000"),
    ("a.as_path:prepend(0)", "AS 0"),
    ("a.as_path:prepend(-1)", "as_path: argument 1: must be a whole number"),
    ('a.community = "65536:1"', "community takes a list"),
    ('a.community = "nonsense"', "community takes a list"),
    ("a.communities:add(2 ^ 32)", "4294967296 is not a community"),
    ('a.communities:add("1:65536")', "65536"),
    ('a.large_community = "1:2"', "large_community takes a list"),
    ('a.extcommunity = "rt 65001"', "extcommunity takes a list"),
    ('a.ext_communities:add(frr.ext_community.generic("short"))', "8 octets"),
    ("a.aggregator_as = 0", "aggregator_as must not be 0"),
    ('a.aggregator_address = "192.0.2"', "aggregator_address must be an IPv4 address"),
    ('a.originator_id = "2001:db8::1"', "originator_id must be an IPv4 address"),
    ('a.nexthop.ipv4 = "192.0.2.256"', "nexthop.ipv4 must be"),
    ('a.nexthop.ipv4 = "224.0.0.5"', "nexthop.ipv4 must be a unicast address"),
    ('a.nexthop.ipv6_global = "::"', "nexthop.ipv6_global must be a unicast address"),
    ("a.nexthop.mp_len = 7", "nexthop.mp_len must be"),
    ('a.cluster_list = "192.0.2.1"', "cluster_list is read-only"),
    ("a.otc = 1", "otc is read-only"),
    ("a.metrik = 1", "metrik"),
    ("path.type = 1", "type is read-only"),
]

# Not caught by the script: nothing of the call holds. Fewer than the failures
# in a row after which a script is suspended.
UNCAUGHT = [
    "a.localpref = 999; a.metric = -1",
    "a.localpref = 999; a.metric = 0.5",
    "a.localpref = 999; a.metric = 0 / 0",
    "a.localpref = 999; a.metric = 2 ^ 32",
    'a.localpref = 999; a.aspath = "x"',
    'a.localpref = 999; a.communities:add("x")',
    "a.localpref = 999; a.nonsense = 1",
    'a.localpref = 999; a.weight = "many"',
]


def prefix_of(number):
    return f"198.51.100.{number}/32"


PREFIXES = {name: prefix_of(1 + i) for i, name in enumerate(CASES)}
REFUSING = prefix_of(200)
FAILING = {code: prefix_of(201 + i) for i, code in enumerate(UNCAUGHT)}


def add_cases(router):
    """Completes the script with the cases above."""
    with open(script_file(router, "cases"), "a", encoding="utf-8") as file:

        def case(prefix, code):
            file.write(f'cases["{prefix}"] = function(a, path)\n\t{code}\nend\n')

        for name, (code, _, _) in CASES.items():
            case(PREFIXES[name], code)
        for prefix, (code, _, _) in IPV6_CASES.items():
            case(prefix, code)
        tries = "\n".join(
            "\ttold, why = pcall(function() %s end)\n"
            "\tlog.info(`refused %d {told} {why}`)" % (code, i)
            for i, (code, _) in enumerate(REFUSED)
        )
        case(REFUSING, "local told, why\n" + tries)
        for code, prefix in FAILING.items():
            case(prefix, code)


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    for tgen in topology(
        request,
        {"s1": ["r1", "r2"], "s2": ["r2", "r3"]},
        daemons=[TopoRouter.RD_STATIC],
    ):
        add_cases(tgen.gears["r2"])
        networks = [*PREFIXES.values(), REFUSING, *FAILING.values()]
        r2 = tgen.gears["r2"]
        expect_established(r2, "192.0.2.1", "192.0.2.18")
        r2.vtysh_cmd("script reload cases")
        config(
            tgen.gears["r1"],
            "router bgp 65002",
            "address-family ipv4 unicast",
            *[f"network {prefix}" for prefix in networks],
        )
        yield tgen


def reported(router, prefix):
    """What a script of the router read last of a route."""
    lines = log_lines(router, "bgpd", f"report {prefix} |")
    return [part.strip() for part in lines[-1].split("|")[1:-1]] if lines else []


def expect_reported(router, prefix, *values):
    expect_true(
        lambda: set(values) <= set(reported(router, prefix)),
        f"{router.name}: {prefix} is not {values}",
    )


def test_a_script_reads_what_the_route_carries(r2):
    expect_reported(
        r2,
        RICH,
        "metric=50",
        "localpref=150",
        "origin=incomplete",
        "weight=0",
        "aigp_metric=777",
        "atomic_aggregate=true",
        "aspath=65020 65021",
        "hops=2",
        "community=65001:1 no-export",
        "large_community=65001:2:3",
        "aggregator_as=65010",
        "aggregator_address=192.0.2.99",
        "aggregator=65010",
        "nexthop.ipv4=192.0.2.1",
        "link_bandwidth=125000000",
        "sizes=2,1,4",
    )


def test_a_script_reads_nil_where_the_route_carries_nothing(r2):
    expect_reported(
        r2,
        PLAIN,
        "metric=nil",
        "origin=igp",
        "label_index=nil",
        "aigp_metric=nil",
        "atomic_aggregate=false",
        "hops=0",
        "community=nil",
        "large_community=nil",
        "extcommunity=nil",
        "ipv6_extcommunity=nil",
        "aggregator=nil",
        "aggregator_as=nil",
        "aggregator_address=nil",
        "originator_id=nil",
        "cluster_list=nil",
        "otc=nil",
        "link_bandwidth=nil",
        "label=nil",
        "srv6_sid=nil",
        "nexthop.ipv6_global=nil",
        "nexthop.ipv6_local=nil",
        "sizes=0,0,0",
    )


def test_a_script_reads_what_a_route_reflector_added(r3):
    expect_reported(r3, PLAIN, "originator_id=192.0.2.1", "cluster_list=192.0.2.2")


@pytest.mark.parametrize("name", CASES)
def test_written(r2, r3, name):
    "Read back by the next entry, shown by the router, and by its neighbor."
    _, value, shown = CASES[name]
    prefix = PREFIXES[name]
    expect_reported(r2, prefix, value)
    expect_path(r2, prefix, shown)
    sent = {key: value for key, value in shown.items() if key not in LOCAL}
    expect_path(r3, prefix, dict(sent, valid=True))


@pytest.mark.parametrize("prefix", IPV6_CASES)
def test_written_to_ipv6(r2, r3, prefix):
    _, value, shown = IPV6_CASES[prefix]
    expect_reported(r2, prefix, value)
    expect_path(r2, prefix, shown)
    expect_true(lambda: path(r3, prefix), f"r3: no {prefix}")


@pytest.mark.parametrize("number", range(len(REFUSED)), ids=[c for c, _ in REFUSED])
def test_refused(r2, number):
    "A script that catches the error reads which attribute takes what."
    _, why = REFUSED[number]
    expect_true(
        lambda: any(
            why in line for line in log_lines(r2, "bgpd", f"refused {number} false")
        ),
        f"{log_lines(r2, 'bgpd', f'refused {number} ')}",
    )


def test_what_was_refused_changes_nothing(r2):
    expect_path(
        r2,
        REFUSING,
        {
            "locPrf": 100,
            "weight": None,
            "community": None,
            "largeCommunity": None,
            "aggregatorAs": None,
            "originatorId": None,
            "aspath": {"string": "Local"},
            "nexthops": [{"ip": "192.0.2.1"}],
        },
    )


@pytest.mark.parametrize("code", UNCAUGHT)
def test_an_error_changes_nothing(r2, code):
    "The rule does not match then, and the next entry has the route as it came."
    expect_path(r2, FAILING[code], {"locPrf": 100, "weight": None, "community": None})


def test_errors_are_counted(r2):
    expect_true(lambda: errors(r2, "cases") >= len(UNCAUGHT), "too few errors")
    assert errors(r2, "cases") == errors(r2, "cases", "runtime")
    assert "cases" in script(r2, "cases")["lastError"]["message"]


def test_sessions_stayed_up(r2):
    assert set(expect_established(r2, "192.0.2.1", "192.0.2.18").values()) == {1}
