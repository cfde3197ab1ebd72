#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Failover: two routers with one VRRP address, each with an eBGP uplink to r3.

The same script runs in bgpd and vrrpd of r1 and r2. The operator is promised:
when the master's uplink dies, the other router takes the address and a host's
traffic goes on; when it is back, so is the master. The gap is at most what VRRP
takes at its default timers: three advertisement intervals, skew time and a
second for everything else.
"""

import os
import sys

import pytest

import traffic as tool
from lib.topogen import TopoRouter, get_topogen

from scripttopo import errors, expect_established, expect_path, expect_true, topology
from vrrptopo import add_devices, expect_state, vrrp

pytestmark = [pytest.mark.bgpd]

NAME = "vrrp_follows_bgp"
SERVER = "203.0.113.1"
# 3 x 1 s, (256 - 120) / 256 s of skew (RFC 5798 section 6.1), and a second.
MOST = 3 + 136 / 256 + 1
TRAFFIC = os.path.abspath(tool.__file__)


def prepare(tgen):
    for name in ("r1", "r2"):
        router = tgen.gears[name]
        add_devices(router, f"{name}-eth0", 5, "192.0.2.14/28")
        router.cmd_raises("sysctl -w net.ipv4.ip_forward=1")
        # What comes for the virtual address comes in on another device than
        # its network's.
        for device in ("all", "default", f"{name}-eth0", "vrrp4-5-0"):
            router.cmd_raises(f"sysctl -w net.ipv4.conf.{device}.rp_filter=0")
        router.cmd_raises("sysctl -w net.ipv4.conf.all.arp_ignore=1")


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(
        request,
        {"s1": ["r1", "r2", "h1"], "s2": ["r1", "r3"], "s3": ["r2", "r3"]},
        daemons=[TopoRouter.RD_VRRP],
        hosts={"h1": ("192.0.2.10/28", "192.0.2.14")},
        prepare=prepare,
    )


@pytest.fixture(scope="module")
def traffic(tgen):
    file = os.path.join(get_topogen().logdir, "answers")
    server = tgen.gears["r3"].popen([sys.executable, TRAFFIC, "echo", SERVER])
    client = tgen.gears["h1"].popen([sys.executable, TRAFFIC, "ask", SERVER, file])

    def answers():
        if not os.path.exists(file):
            return []
        with open(file, encoding="utf-8") as lines:
            return [float(line) for line in lines if line.endswith("\n")]

    yield answers
    for process in (client, server):
        process.terminate()
        process.wait()


def gap(answers, before):
    """The longest time without an answer, in s, since so many answers."""
    times = answers()[max(before - 1, 0) :]
    return max(b - a for a, b in zip(times, times[1:]))


def expect_more(answers):
    count = len(answers())
    expect_true(lambda: len(answers()) > count + 20, "the server does not answer")


def uplink(r1, r3, state):
    """Both ends: between them is a switch, which would keep the other one up."""
    r1.run(f"ip link set r1-eth1 {state}")
    r3.run(f"ip link set r3-eth0 {state}")


def effective(router):
    return vrrp(router, 5).get("v4", {}).get("effectivePriority")


def test_the_master_is_the_one_of_higher_priority(r1, r2, r3, traffic):
    expect_established(r3, "198.51.100.1", "198.51.100.5")
    expect_path(r1, "0.0.0.0/0", {"valid": True})
    expect_path(r2, "0.0.0.0/0", {"valid": True})
    expect_true(lambda: effective(r1) == 150, "r1's uplink is not healthy")
    expect_true(lambda: effective(r2) == 120, "r2's uplink is not healthy")
    expect_state(r1, 5, "Master")
    expect_state(r2, 5, "Backup")
    expect_more(traffic)


def test_the_master_s_uplink_dies(r1, r2, r3, traffic):
    before = len(traffic())
    uplink(r1, r3, "down")
    expect_state(r2, 5, "Master")
    expect_state(r1, 5, "Backup")
    assert effective(r1) == 50 and vrrp(r1, 5)["priority"] == 150
    expect_more(traffic)
    seen = gap(traffic, before)
    print(f"gap: {seen:.3f} s")
    assert seen <= MOST, f"no answer for {seen:.3f} s"


def test_the_uplink_comes_back(r1, r2, r3, traffic):
    before = len(traffic())
    uplink(r1, r3, "up")
    expect_state(r1, 5, "Master")
    expect_state(r2, 5, "Backup")
    expect_more(traffic)
    assert gap(traffic, before) <= MOST


def test_no_script_failed(r1, r2):
    for router in (r1, r2):
        for daemon in ("bgpd", "vrrpd"):
            assert errors(router, NAME, daemon=daemon) == 0
