#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runtimes in five languages in one bgpd.

Rust, Go, Python, Java and Node.js share a daemon that routes, keeps its
signals, takes new code of the script while calls are on their way, and ends
when it is told to.
"""

import os

import pytest

from scripttopo import (
    errors,
    established,
    expect,
    expect_established,
    expect_true,
    log_file,
    log_lines,
    show,
    topology,
    vtysh,
)

pytestmark = [pytest.mark.bgpd]

ALL = "go java nodejs python rust"


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1", "r2"]})


@pytest.fixture(scope="module")
def sessions(r1):
    """How often the session came up: more would be a reset."""
    return expect_established(r1, "192.0.2.2")


def rounds(router):
    """Rounds in which all languages answered with what they were sent."""
    return len([line for line in log_lines(router, "bgpd", ALL)])


def expect_rounds(router, more=3):
    before = rounds(router)
    expect_true(
        lambda: rounds(router) >= before + more, f"no {more} more rounds with {ALL}"
    )


def pid(router):
    return router.run("cat /var/run/frr/bgpd.pid").strip()


def signal(router, name):
    output = router.run(f"kill -{name} {pid(router)} 2>&1")
    assert not output.strip(), output


def test_all_languages_answer(r1, sessions):
    expect_rounds(r1)
    wanted = {
        "echo": "rust",
        "go_echo": "go",
        "java": "java",
        "nodejs": "nodejs",
        "python": "python",
    }
    expect(
        lambda: {
            runtime["name"]: [runtime["language"], runtime["state"]]
            for runtime in show(r1, "show script runtimes")["bgpd"]["runtimes"]
        },
        {name: [language, "ready"] for name, language in wanted.items()},
        "show script runtimes",
    )
    assert errors(r1, "languages") == 0
    assert established(r1, "192.0.2.2") == sessions


def test_the_log_is_rotated(r1):
    """USR1 is bgpd's own: it opens its log file anew."""
    file = log_file(r1, "bgpd")
    os.rename(file, file + ".old")
    signal(r1, "USR1")
    expect_true(lambda: os.path.exists(file), "bgpd did not open its log again")
    expect_rounds(r1)


def test_hup_is_the_daemons(r1, sessions):
    signal(r1, "HUP")
    expect_true(lambda: log_lines(r1, "bgpd", "SIGHUP"), "bgpd did not see HUP")
    expect_rounds(r1)
    assert established(r1, "192.0.2.2") == sessions


def test_reload_while_calls_are_on_their_way(r1, sessions):
    def in_flight():
        runtimes = show(r1, "show script runtimes")["bgpd"]["runtimes"]
        return sum(runtime["inFlight"] for runtime in runtimes)

    for _ in range(10):
        expect_true(in_flight, "nothing is on its way")
        output = vtysh(r1, "script reload languages")
        assert "rror" not in output, output
    expect_rounds(r1)
    assert not log_lines(r1, "bgpd", "slow: another answer")
    assert errors(r1, "languages") == 0
    assert established(r1, "192.0.2.2") == sessions


def test_it_ends_when_it_is_told(r1):
    """TERM ends it, with five languages' threads in it, and without a core."""
    number = pid(r1)
    signal(r1, "TERM")
    expect_true(
        lambda: not r1.run(f"ps -o pid= -p {number}").strip(), "bgpd is still there"
    )
    assert log_lines(r1, "bgpd", "Terminating on signal")
