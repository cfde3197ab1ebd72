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
)
from scripttopo import (
    established,
    expect,
    expect_established,
    script,
    write_script,
)

pytestmark = [pytest.mark.bgpd]

MANY = 2000
REPEATS = 300
# The heap takes its shape in the first ones.
WARM = 200

# Denies one in three, another one in each version, and tags with its number.
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
  attributes.communities:add(`65002:{version}`)
  if hash %% 2 == 0 then attributes.large_communities:add(`65002:{version}:{length}`) end
  return RM_MATCH_AND_CHANGE
end
"""


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from fed_router(request)


@pytest.fixture
def process(tgen):
    """A table that changes all the time, until its standard input is closed.

    What bgpd has not dealt with yet is memory, too: reloads.py waits for it.
    """
    process = feed(tgen.gears["h1"], MANY, "--churn", "400")
    yield process
    process.kill()
    process.wait()


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


def assert_verdicts(routes, version):
    """Every path of the feeder has the last policy's attributes, and no other's."""
    for prefix, route in routes.items():
        for path in route["paths"]:
            if path.get("peer", {}).get("peerId") != FEED:
                continue
            assert path["locPrf"] == 1000 + version, (prefix, path)
            # It is the only one.
            assert path.get("bestpath", {}).get("overall"), (prefix, path)
            own = [c for c in path["community"]["list"] if c.startswith("65002:")]
            assert own == [f"65002:{version}"], (prefix, path)


@pytest.fixture
def repeats(request):
    return request.config.getoption("--repeats") or REPEATS


def test_reloads_while_routes_come_and_go(tgen, r2, process, repeats):
    expect_established(r2, PEER, FEED)
    reload(r2, WARM, 0)
    number, sessions = pid(r2, "bgpd"), established(r2, PEER, FEED)
    # What the answer takes is in both figures.
    table(r2)
    warm = resident(number)
    reload(r2, repeats, WARM)
    version = WARM + repeats - 1
    expect(
        lambda: script(r2, "edge"), {"generation": 1 + WARM + repeats}, "generations"
    )
    seen = expect_rest(r2, bring_to_rest(process))
    assert_verdicts(seen, version)
    assert established(r2, PEER, FEED) == sessions
    assert pid(r2, "bgpd") == number
    assert script(r2, "edge")["errors"] == dict.fromkeys(
        script(r2, "edge")["errors"], 0
    )
    after = resident(number)
    print(f"{repeats} reloads: {warm} -> {after} octets")
    assert after < warm * 1.05, (warm, after)

    # From scratch: a bgpd that has only ever known the last policy.
    process.kill()
    process.wait()
    kill(r2, "bgpd", "TERM")
    write_script(r2, "edge", POLICY % version)
    start(r2, "bgpd")
    again = feed(tgen.gears["h1"], MANY, "--churn", "60000")
    try:
        expect_established(r2, PEER, FEED)
        scratch = expect_rest(r2, bring_to_rest(again))
    finally:
        again.kill()
        again.wait()
    assert_verdicts(scratch, version)
    assert len(scratch) > MANY // 3
    assert_same(seen, scratch)
