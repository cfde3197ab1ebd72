#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scripts written for FRR's own scripting, and the mistakes that broke FRR 10.3.

The operator is promised: a script of FRR 10.x, or of pull request 23071 with
its names for all attributes, runs unmodified; what crashed bgpd, leaked or was
taken silently for something else is now an error that is counted.
"""

import pytest

from scripttopo import (
    errors,
    expect_established,
    expect_path,
    expect_true,
    script,
    topology,
    vtysh,
    write_script,
)

pytestmark = [pytest.mark.bgpd]

PREFIX = "198.51.100.0/28"

ARGUMENTS = (
    "prefix, attributes, peer, RM_FAILURE, RM_NOMATCH, RM_MATCH, RM_MATCH_AND_CHANGE"
)

# The body of route_match, and what the route is then.
GOOD = {
    "the example of the developer guide": (
        """
    log.info("Evaluating route " .. prefix.network .. " from peer " .. peer.remote_id.string)
    function on_match (prefix, attributes)
        log.info("Match")
        return { attributes = attributes }
    end
    function on_nomatch (prefix, attributes)
        log.info("No match")
    end
    if prefix.network == "198.51.100.0/28" then
        attributes["metric"] = 101
        attributes["localpref"] = 102
        return { attributes = attributes, action = RM_MATCH_AND_CHANGE }
    end
    return { action = RM_NOMATCH }
""",
        {"metric": 101, "locPrf": 102, "weight": None},
    ),
    "no match": ("return { action = RM_NOMATCH }", {"metric": 50, "weight": 20}),
    "match": ("return { action = RM_MATCH }", {"metric": 50, "weight": None}),
    "a table of its own": (
        "return { action = RM_MATCH_AND_CHANGE, attributes = { metric = 103, localpref = 104 } }",
        {"metric": 103, "locPrf": 104},
    ),
    "a copy of the attributes": (
        """
    local new = {}
    for name, value in pairs(attributes) do
        new[name] = value
    end
    new.metric = 105
    return { action = RM_MATCH_AND_CHANGE, attributes = new }
""",
        {"metric": 105, "community": {"string": "65001:1"}},
    ),
    "arithmetic on what it reads": (
        "attributes.metric = attributes.metric + 7; attributes.localpref = prefix.length\n"
        "return { action = RM_MATCH_AND_CHANGE, attributes = attributes }",
        {"metric": 57, "locPrf": 28},
    ),
    "a failure that is declared": (
        "return { action = RM_FAILURE }",
        {"metric": 50, "weight": 20},
    ),
    "the names of pull request 23071": (
        """
    assert(attributes.aspath == "65001", attributes.aspath)
    assert(attributes.community == "65001:1", attributes.community)
    assert(attributes.large_community == nil and attributes.extcommunity == nil)
    assert(attributes.origin == "igp" and attributes.nexthop.ipv4 == "192.0.2.1")
    assert(attributes.aggregator == nil and attributes.originator_id == nil)
    assert(attributes.evpn.gateway_ip == nil and not attributes.evpn.flags.sticky)
    attributes.community = "65001:2 no-export"
    attributes.large_community = "65001:1:1"
    attributes.extcommunity = "rt 65001:5"
    attributes.weight = 9
    attributes.aspath = "65001 65001"
    attributes.origin = "egp"
    attributes.tag = 8
    return { action = RM_MATCH_AND_CHANGE, attributes = attributes }
""",
        {
            "weight": 9,
            "tag": 8,
            "origin": "EGP",
            "aspath": {"string": "65001 65001"},
            "community": {"string": "65001:2 no-export"},
            "largeCommunity": {"string": "65001:1:1"},
            "extendedCommunity": {"string": "RT:65001:5"},
        },
    ),
    "functions and state of the file": (
        """
    seen = (seen or 0) + 1
    attributes.metric = helper(attributes.metric)
    return { action = RM_MATCH_AND_CHANGE, attributes = attributes }
end
function helper(n)
    return n * 2
""",
        {"metric": 100},
    ),
    "D4: arguments that come back": (
        "attributes.metric = 106\n"
        "return { action = RM_MATCH_AND_CHANGE, attributes = attributes, prefix = prefix, "
        "peer = peer, RM_MATCH = 700 }",
        {"metric": 106},
    ),
    "D6: log without an argument, or with two": (
        'log.info(); log.info("a", "b"); log.warn(nil); log.error({})\n'
        "attributes.metric = 107\n"
        "return { action = RM_MATCH_AND_CHANGE, attributes = attributes }",
        {"metric": 107},
    ),
    "D9: an AS path that comes back": (
        'attributes.aspath = "65001 65077"\n'
        "return { action = RM_MATCH_AND_CHANGE, attributes = attributes }",
        {"aspath": {"string": "65001 65077"}},
    ),
}

# The same, and the kind under which the mistake is counted; the route is what
# the next entry makes of it.
BAD = {
    "D2: attributes that are a number": (
        "return { action = RM_MATCH_AND_CHANGE, attributes = RM_MATCH }",
        "contract",
    ),
    "D3: no action": ("return { attributes = attributes }", "contract"),
    "D5: an action that is no number": ('return { action = "match" }', "contract"),
    "D5: text for a number": (
        'attributes.metric = "many"\nreturn { action = RM_MATCH_AND_CHANGE, attributes = attributes }',
        "runtime",
    ),
    "D5: text for a number in a table": (
        'return { action = RM_MATCH_AND_CHANGE, attributes = { metric = "many" } }',
        "contract",
    ),
    "D8: an error": ('error("on purpose")', "runtime"),
    "D10: 2^32": (
        "return { action = RM_MATCH_AND_CHANGE, attributes = { metric = 2 ^ 32 } }",
        "contract",
    ),
    "D10: a fraction": (
        "return { action = RM_MATCH_AND_CHANGE, attributes = { metric = 1.7 } }",
        "contract",
    ),
    "D11: a loop": ("while true do end", "deadline"),
    "D11: memory": (
        'local s = "x"\nwhile true do s = s .. s end',
        "memory",
    ),
    "D12: os": ('os.execute("true")\nreturn { action = RM_MATCH }', "runtime"),
    "D12: io": ('io.open("/etc/passwd")\nreturn { action = RM_MATCH }', "runtime"),
    "D12: require": ('require("os")\nreturn { action = RM_MATCH }', "runtime"),
    "D12: package": ("return package.path and { action = RM_MATCH }", "runtime"),
    "D12: debug": ("debug.getregistry()\nreturn { action = RM_MATCH }", "runtime"),
    "nothing returned": ("local x = 1", "contract"),
    "an unknown action": ("return { action = 17 }", "contract"),
    "the password": ("return peer.password", "runtime"),
}


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    for tgen in topology(request, {"s1": ["r1", "r2"]}):
        expect_established(tgen.gears["r2"], "192.0.2.1")
        yield tgen


def run_case(router, body):
    write_script(router, "case", f"function route_match({ARGUMENTS})\n{body}\nend\n")
    output = vtysh(router, "clear script case counters", "script reload case")
    assert "in service" in output and "stays" not in output, output
    expect_true(lambda: script(router, "case")["calls"] > 0, "not called")


@pytest.mark.parametrize("name", GOOD)
def test_runs(r2, name):
    body, route = GOOD[name]
    run_case(r2, body)
    expect_path(r2, PREFIX, route)
    if "declared" in name:
        assert errors(r2, "case") == errors(r2, "case", "failure") > 0
    else:
        assert errors(r2, "case") == 0, script(r2, "case")["lastError"]


@pytest.mark.parametrize("name", BAD)
def test_is_contained(r2, name):
    body, kind = BAD[name]
    run_case(r2, body)
    expect_true(lambda: errors(r2, "case", kind) > 0, f"{script(r2, 'case')}")
    assert errors(r2, "case") == errors(r2, "case", kind)
    assert script(r2, "case")["lastError"]["kind"] == kind
    expect_path(r2, PREFIX, {"metric": 50, "locPrf": None, "weight": 20})


def test_bgpd_and_the_session_stayed_up(r2):
    assert expect_established(r2, "192.0.2.1") == {"192.0.2.1": 1}
