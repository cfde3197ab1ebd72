#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""A route-map that is decided by data from etcd: examples/etcd_prefixes.luau.

r2 accepts from r1 what a real etcd on r2 says. The data is changed while the
session is up; etcd is killed and comes back.
"""

import os
import subprocess

import pytest

from scripttopo import (
    config,
    errors,
    established,
    expect_absent,
    expect_established,
    expect_path,
    expect_true,
    log_lines,
    path,
    script,
    show,
    topology,
    vtysh,
)

pytestmark = [pytest.mark.bgpd]

URL = "http://127.0.0.1:2379"
PEER_URL = "http://127.0.0.1:2380"


class Etcd:
    """etcd in a router's network namespace; its data outlives the process."""

    def __init__(self, router, folder):
        self.router = router
        self.data = os.path.join(folder, "etcd")
        self.process = None

    def start(self):
        self.process = self.router.popen(
            ["etcd", "--data-dir", self.data]
            + ["--listen-client-urls", URL, "--advertise-client-urls", URL]
            + ["--listen-peer-urls", PEER_URL]
            + ["--initial-advertise-peer-urls", PEER_URL]
            + ["--initial-cluster", "default=" + PEER_URL],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        expect_true(lambda: "is healthy" in self.ctl("endpoint health"), "no etcd")

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def ctl(self, command):
        return self.router.run(
            f"ETCDCTL_API=3 etcdctl --endpoints={URL} {command} 2>&1"
        )

    def put(self, name, entries):
        assert self.ctl(f"put bgp/accept/{name} '{entries}'").strip() == "OK"

    def delete(self, name):
        assert self.ctl(f"del bgp/accept/{name}").strip() == "1"


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1", "r2"]})


@pytest.fixture(scope="module")
def r2(tgen):
    return tgen.gears["r2"]


@pytest.fixture(scope="module")
def etcd(r2, tmp_path_factory):
    etcd = Etcd(r2, str(tmp_path_factory.mktemp("etcd")))
    yield etcd
    etcd.kill()


FIRST, SECOND, THIRD = "198.51.100.0/28", "198.51.100.16/28", "198.51.100.32/28"


def accepted(router):
    return {prefix for prefix in (FIRST, SECOND, THIRD) if path(router, prefix)}


def expect_accepted(router, *prefixes):
    for prefix in prefixes:
        expect_path(router, prefix, {"valid": True})
    for prefix in {FIRST, SECOND, THIRD} - set(prefixes):
        expect_absent(router, prefix)


def test_without_etcd_nothing_is_accepted(r2, etcd):
    expect_established(r2, "192.0.2.1")
    expect_true(
        lambda: log_lines(r2, "bgpd", "the last set stays in force"),
        "nobody said that there is no etcd",
    )
    assert accepted(r2) == set()
    assert script(r2, "etcd_prefixes")["state"] == "in service"


def test_what_etcd_has_is_accepted(r2, etcd):
    before = established(r2, "192.0.2.1")
    etcd.start()
    etcd.put("first", FIRST)
    expect_accepted(r2, FIRST)
    etcd.put("more", f"{SECOND}, {THIRD}")
    expect_accepted(r2, FIRST, SECOND, THIRD)
    etcd.delete("first")
    expect_accepted(r2, SECOND, THIRD)
    etcd.put("more", "198.51.100.0/24 ge 28")
    expect_accepted(r2, FIRST, SECOND, THIRD)
    assert established(r2, "192.0.2.1") == before, "the session was reset"


def test_a_bad_entry_is_told_and_left_out(r2, etcd):
    etcd.put("more", f"{SECOND}, 198.51.100.300/28")
    expect_accepted(r2, SECOND)
    expect_true(
        lambda: log_lines(r2, "bgpd", '"198.51.100.300/28" is left out'),
        "nothing in the log",
    )


def test_the_runtime_is_shown(r2):
    def runtime():
        shown = str(show(r2, "show script runtimes").get("bgpd", {}))
        return "etcd" in shown and "rust" in shown

    expect_true(runtime, "no runtime in show script runtimes")


def test_a_lost_etcd_keeps_the_last_set(r2, etcd):
    etcd.kill()
    expect_true(lambda: log_lines(r2, "bgpd", "is interrupted"), "nothing in the log")
    assert accepted(r2) == {SECOND}
    # What is decided anew is decided by the same set.
    vtysh(r2, "clear bgp ipv4 unicast 192.0.2.1 soft in")
    config(r2, "script load etcd_prefixes")
    generation = script(r2, "etcd_prefixes").get("generation")
    vtysh(r2, "script reload etcd_prefixes")
    expect_true(
        lambda: script(r2, "etcd_prefixes").get("generation") != generation,
        "not reloaded",
    )
    expect_accepted(r2, SECOND)


def test_etcd_comes_back(r2, etcd):
    etcd.start()
    etcd.put("first", FIRST)
    expect_accepted(r2, FIRST, SECOND)
    etcd.delete("more")
    expect_accepted(r2, FIRST)
    assert errors(r2, "etcd_prefixes") == 0, script(r2, "etcd_prefixes")
