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
    expect,
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
    write_script,
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


def runtime(router, name="etcd_prefixes"):
    """What `show script runtimes` says of the runtime that a script asked for."""
    found = show(router, "show script runtimes").get("bgpd", {}).get("runtimes", [])
    mine = [r for r in found if name in r["scripts"]]
    return mine[0] if mine else {}


def test_without_etcd_nothing_is_accepted(r2, etcd):
    expect_established(r2, "192.0.2.1")
    expect_true(
        lambda: runtime(r2).get("errors", {}).get("runtime", 0) > 0,
        "etcd was not asked",
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


def test_the_runtime_is_shown(r2, etcd):
    # One call is in flight: the watch.
    wanted = {"name": "etcd", "language": "rust", "inFlight": 1, "late": 0}
    expect(lambda: runtime(r2), wanted, "show script runtimes")


def test_a_lost_etcd_keeps_the_last_set(r2, etcd):
    etcd.kill()
    expect_true(lambda: log_lines(r2, "bgpd", "is interrupted"), "nothing in the log")
    assert accepted(r2) == {SECOND}
    # What is decided anew is decided by the same set.
    vtysh(r2, "clear bgp ipv4 unicast 192.0.2.1 soft in")
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
    # The watch of the script before the reload is gone.
    expect(lambda: runtime(r2), {"inFlight": 1}, "calls are left over")
    assert show(r2, "show script runtimes")["bgpd"]["strayAnswers"] == 0
    assert errors(r2, "etcd_prefixes") == 0, script(r2, "etcd_prefixes")


# Each line of `told` is what one function of the module gave.
MODULE = r"""
local etcd = require "frr.etcd"
local client = etcd.new { endpoints = { "http://127.0.0.1:2379" }, timeout = 2 }
local told = {}

local function tell(name, value, err)
	told[name] = if err then `{err.kind}` else value
end

local function events(batch, err)
	if err then
		return nil, err
	end
	local list = {}
	for _, event in batch.events do
		table.insert(list, `{event.type} {event.key} {event.value}`)
	end
	return table.concat(list, ", ")
end

local function count(key, options)
	local found, err = client:get(key, options)
	return found and found.count, err
end

frr.spawn(function()
	local watch = client:watch("m/", { prefix = true })
	tell("quiet", watch:recv(0.2))
	local put = client:put("m/a", "1\0\255")
	tell("put", put.revision > 1)
	tell("octets", client:get("m/a").items[1].value == "1\0\255")
	tell("conflict", client:put("m/a", "2", { if_revision = 0 }))
	tell("known", client:put("m/a", "2", { if_revision = put.revision }) ~= nil)
	tell("first", #watch:recv().events)
	tell("second", events(watch:recv(5)))
	tell("count", count("m/", { prefix = true }))
	tell("deleted", client:delete("m/", { prefix = true }).deleted)
	tell("gone", events(watch:recv()))
	-- As the runtime does after two minutes without a question.
	client.runtime:ask({ op = "close", watch = watch.id })
	client:put("m/b", "3")
	tell("reopened", events(watch:recv()))
	frr.spawn(function()
		tell("closed", watch:recv())
	end)
	frr.sleep(0.1)
	watch:close()

	local lease = client:lease(5)
	lease:keep(function(err)
		tell("lost", err.kind)
	end)
	client:put("m/c", "4", { lease = lease })
	tell("leased", count("m/c"))
	tell("revoked", lease:revoke())
	tell("ended", count("m/c"))
	tell("mistake", client:get("m/", { perfix = true }))
	tell("empty", client:get(""))
	frr.publish("told", told)
end)
"""


def test_the_module(r2, etcd):
    write_script(r2, "module", f"if frr.daemon == 'bgpd' then\n{MODULE}\nend")
    output = config(r2, "script module permit runtime etcd", "script load module")
    assert not output.strip(), output

    def told():
        topics = show(r2, "show script topics").get("bgpd", {}).get("topics", {})
        return topics.get("told", {}).get("value")

    expect_true(lambda: told() is not None, "the script did not come to its end")
    assert told() == {
        "quiet": "timeout",
        "put": True,
        "octets": True,
        "conflict": "conflict",
        "known": True,
        "first": 1,
        "second": "put m/a 2",
        "count": 1,
        "deleted": 1,
        "gone": "delete m/a ",
        "reopened": "put m/b 3",
        "closed": "closed",
        "leased": 1,
        "revoked": True,
        "ended": 0,
        "mistake": "request",
        "empty": "request",
    }
    assert errors(r2, "module") == 0, script(r2, "module")
    # What it held is let go with it.
    config(r2, "no script load module")
    expect(lambda: runtime(r2, "module"), {"inFlight": 0}, "calls are left over")
