#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Reloads under a table that is being fed.

`cargo xtask test faults --repeats 10000` says how many, 300 without. Each loads a policy that gives other attributes to other routes. Promised: no route
is lost, comes twice or keeps the verdict of an old generation: the table is that
of a bgpd that has only ever known the last policy, attribute by attribute. The
memory goes back to within 5 percent.
"""

import os
import sys
from contextlib import contextmanager

import pytest

from script_faults.faults import (
    FEED,
    PEER,
    assert_same,
    bring_to_rest,
    directory,
    expect_rest,
    fed_router,
    feed,
    kill,
    pid,
    resident,
    start,
    table,
    updates_read,
)
from scripttopo import (
    established,
    expect_established,
    expect_true,
    script,
    write_script,
)

pytestmark = [pytest.mark.bgpd]

MANY = 2000
REPEATS = 300
# The heap takes its shape in the first ones.
WARM = 200

# Denies one in three, another one in each version, and tags with its number. One list of
# communities for all: FRR keeps 8 KiB for the text of each that is different
# (bgp_community.c: set_community_string), a quarter of this bgpd's memory, and how many
# of them the old and the new verdicts have at one time is chance.
POLICY = """
local version = %d
local many = {}
for n = 1, 2000 do many[n] = { n, tostring(n) } end

function route_match(prefix, attributes)
  local length = prefix.length
  local hash = attributes.as_path:length() * 7 + length
  if (hash + version) %% 3 == 0 then return RM_NOMATCH end
  attributes.localpref = 1000 + version
  attributes.metric = (hash * version) %% 1000
  attributes.community = `65002:{version}`
  if hash %% 2 == 0 then attributes.large_communities:add(`65002:{version}:{length}`) end
  return RM_MATCH_AND_CHANGE
end
"""


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from fed_router(request)


def reload(router, count, first):
    """So many versions of the policy, each in service before the next is written."""
    helper = os.path.join(os.path.dirname(__file__), "reloads.py")
    policy = os.path.join(directory(router), "policy")
    with open(policy, "w", encoding="ascii") as file:
        file.write(POLICY)
    file = os.path.join(directory(router), "edge.lua")
    output = router.run(
        f"{sys.executable} {helper} {policy} {file} {first} {count} {FEED} 2>&1"
    )
    assert output.strip() == f"{count} reloads", output[-2000:]


@contextmanager
def at_rest(tgen, router, reloads=0, first=0):
    """The table after so many reloads, while the feeder's session is there.

    Routes come and go meanwhile, until its standard input is closed. What bgpd has
    not dealt with yet is memory, too: reloads.py waits for it.
    """
    read = updates_read(router)
    process = feed(tgen.gears["h1"], MANY, "--churn", "400" if reloads else "60000")
    try:
        expect_established(router, PEER, FEED)
        sessions = established(router, PEER, FEED)
        if reloads:
            reload(router, reloads, first)
        routes = expect_rest(router, read + bring_to_rest(process))
        assert established(router, PEER, FEED) == sessions
        yield routes
    finally:
        process.kill()
        process.wait()


def paths(routes):
    """The feeder's, with their prefixes."""
    for prefix, route in routes.items():
        for path in route["paths"]:
            if path.get("peer", {}).get("peerId") == FEED:
                yield prefix, path


@contextmanager
def at_rest(tgen, router, reloads=0, first=0):
    """The table after so many reloads, while the feeder's session is there.

    Routes come and go meanwhile, until its standard input is closed. What bgpd has
    not dealt with yet is memory, too: reloads.py waits for it.
    """
    read = updates_read(router)
    process = feed(tgen.gears["h1"], MANY, "--churn", "400" if reloads else "60000")
    try:
        expect_established(router, PEER, FEED)
        sessions = established(router, PEER, FEED)
        if reloads:
            reload(router, reloads, first)
        routes = expect_rest(router, read + bring_to_rest(process))
        assert established(router, PEER, FEED) == sessions
        yield routes
    finally:
        process.kill()
        process.wait()


def paths(routes):
    """The feeder's, with their prefixes."""
    for prefix, route in routes.items():
        for path in route["paths"]:
            if path.get("peer", {}).get("peerId") == FEED:
                yield prefix, path


def assert_verdicts(routes, version):
    """Every path of the feeder has the last policy's attributes, and no other's."""
    for prefix, path in paths(routes):
            assert path["locPrf"] == 1000 + version, (prefix, path)
            # It is the only one.
            assert path.get("bestpath", {}).get("overall"), (prefix, path)
            own = [c for c in path["community"]["list"] if c.startswith("65002:")]
            assert own == [f"65002:{version}"], (prefix, path)


@pytest.fixture
def repeats(request):
    return request.config.getoption("--repeats") or REPEATS


def test_reloads_while_routes_come_and_go(tgen, r2, repeats):
    number = pid(r2, "bgpd")
    # What a session and its end take at most is in both figures of memory.
    with at_rest(tgen, r2, WARM // 2):
        pass
    with at_rest(tgen, r2, WARM // 2, WARM // 2):
        warm = resident(number)

    # As many routes are denied by one policy in three.
    repeats += -repeats % 3
    version = WARM + repeats - 1
    with at_rest(tgen, r2, repeats, WARM) as seen:
        after = resident(number)
        assert pid(r2, "bgpd") == number
        shown = script(r2, "edge")
        assert shown["generation"] == 1 + WARM + repeats
        assert shown["errors"] == dict.fromkeys(shown["errors"], 0)
        assert_verdicts(seen, version)
        print(f"{repeats} reloads: {warm} -> {after} octets")
        assert after < warm * 1.05, (warm, after)

    # From scratch: a bgpd that has only ever known the last policy. One that ends while
    # it removes a neighbor's routes forgets to free what it has not come to yet.
    expect_true(lambda: not any(paths(table(r2))), "the feeder's routes stay")
    kill(r2, "bgpd", "TERM")
    write_script(r2, "edge", POLICY % version)
    start(r2, "bgpd")
    with at_rest(tgen, r2) as scratch:
        assert_verdicts(scratch, version)
        assert len(scratch) > MANY // 3
        assert_same(seen, scratch)
