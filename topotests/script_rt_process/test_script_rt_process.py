#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""A runtime in a process of its own crashes again and again; bgpd does not care."""

import os
import subprocess
import time

import pytest

import scripttopo
from scripttopo import (
    SLOWER,
    config,
    errors,
    established,
    expect_established,
    expect_path,
    expect_true,
    log_lines,
    script,
    show,
    topology,
    vtysh,
)

pytestmark = [pytest.mark.bgpd]

# The runtime of the library's own tests.
SOURCE = os.path.join(
    os.path.dirname(os.path.realpath(__file__)),
    "../../rust/frrscript/tests/library/runtime.c",
)


@pytest.fixture(scope="module", autouse=True)
def tgen(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runtimes")
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-pthread", "-Wall", "-Werror", "-o"]
        + [str(folder / "libtester.so"), SOURCE],
        check=True,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scripttopo, "RUNTIMES", str(folder))
        yield from topology(request, {"s1": ["r1", "r2"]})


def runtime(router, cfg):
    """What bgpd shows of the runtime with this configuration, by its length."""
    found = show(router, "show script runtimes").get("bgpd", {}).get("runtimes", [])
    return next((one for one in found if one["cfgBytes"] == len(cfg)), {})


def bgpd(router):
    return int(router.run("cat /var/run/frr/bgpd.pid"))


def children(router):
    """The processes of runtimes that bgpd has: pid and state."""
    text = router.run(f"ps -ww -o pid=,stat=,args= --ppid {bgpd(router)}")
    return [line.split(None, 2) for line in text.splitlines()]


def steady(router):
    """The process that the runtime that does not crash has said last."""
    lines = log_lines(router, "bgpd", "steady: process")
    return int(lines[-1].split()[-1]) if lines else 0


def test_crashes_do_not_touch_bgp(r1, r2):
    before = expect_established(r2, "192.0.2.1")
    expect_path(r2, "198.51.100.0/28", {"valid": True})
    pid = bgpd(r2)
    for number in range(1, 6):
        expect_true(
            lambda: runtime(r2, "command crash").get("restarts", 0) >= number,
            f"not restarted {number} times",
        )
        config(
            r1,
            "router bgp 65001",
            "address-family ipv4 unicast",
            f"network 198.51.100.{16 * number}/28",
        )
        expect_path(r2, f"198.51.100.{16 * number}/28", {"valid": True})
        began = time.monotonic()
        assert "192.0.2.1" in vtysh(r2, "show bgp summary")
        assert time.monotonic() - began < 5 * SLOWER, "vtysh waits"
    assert established(r2, "192.0.2.1") == before, "the session was reset"
    assert bgpd(r2) == pid
    assert errors(r2, "crasher") == 0, script(r2, "crasher")


def test_it_is_said_and_counted(r2):
    assert log_lines(r2, "bgpd", "its process was killed by SIGSEGV")
    assert log_lines(r2, "bgpd", "it is started again in 0.8 s")
    assert log_lines(r2, "bgpd", "crashing: dead: dead: its process was killed")
    shown = runtime(r2, "command crash")
    assert shown["process"] and shown["errors"]["dead"] >= 5, shown
    assert runtime(r2, "command")["restarts"] == 0
    # Each time another process.
    said = {line.split()[-1] for line in log_lines(r2, "bgpd", "crashing: process")}
    assert len(said) >= 5, said


def test_no_zombie_is_left(r2):
    expect_true(lambda: steady(r2), "the other runtime does not answer")
    found = children(r2)
    assert 1 <= len(found) <= 2, found
    assert all(args.endswith("frr-runtime tester bgpd") for _, _, args in found), found
    assert str(steady(r2)) in [pid for pid, _, _ in found], found
    expect_true(
        lambda: not any("Z" in state for _, state, _ in children(r2)), "a zombie"
    )


def test_a_killed_bgpd_leaves_no_process(r2):
    pid = steady(r2)
    assert r2.run(f"cat /proc/{pid}/comm").strip() == "frr-runtime"
    program = os.path.join(os.environ["FRR_ROOT"], "usr/lib/frr/frr-runtime")

    def left():
        text = r2.run("ps -ww -eo stat=,args=")
        lines = [line for line in text.splitlines() if not line.startswith("Z")]
        return any(f"{program} tester bgpd" in line for line in lines)

    assert left()
    r2.run(f"kill -9 {bgpd(r2)}")
    expect_true(lambda: not left(), "a process of a runtime has outlived bgpd")
