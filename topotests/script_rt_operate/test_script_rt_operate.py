#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""What an operator does with runtimes: permit, look, save, restart."""

import time

import pytest

from scripttopo import (
    RUNTIMES,
    SLOWER,
    config,
    established,
    expect,
    expect_established,
    expect_path,
    expect_true,
    log_lines,
    log_to_file,
    script,
    show,
    topology,
    vtysh,
    write_script,
)

pytestmark = [pytest.mark.bgpd]

PERMIT = "script zasks permit runtime echo"


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1", "r2"]})


def running(router):
    return vtysh(router, "show running-config").splitlines()


def runtime(router, name):
    """What bgpd shows of the runtime that a script has asked for."""
    found = show(router, "show script runtimes")["bgpd"]["runtimes"]
    return next((one for one in found if name in one["scripts"]), {})


def answers(router):
    return len(log_lines(router, "bgpd", "answer hello"))


def expect_answers(router):
    before = answers(router)
    expect_true(lambda: answers(router) >= before + 3, "no answers")


def test_nothing_is_loaded_without_permission(r1):
    expect_established(r1, "192.0.2.2")
    expect_true(
        lambda: log_lines(r1, "bgpd", f"has not permitted it: '{PERMIT}'"),
        "the log does not say what to write",
    )
    assert script(r1, "zasks")["state"] == "in service"
    assert runtime(r1, "zasks")["state"] == "waiting"
    maps = r1.run("cat /proc/$(cat /var/run/frr/bgpd.pid)/maps")
    assert "libfrr" in maps and "libecho" not in maps


def test_the_permission_is_enough(r1):
    assert config(r1, PERMIT).strip() == ""
    expect_answers(r1)
    wanted = {"state": "ready", "language": "rust", "process": False}
    expect(lambda: runtime(r1, "zasks"), wanted, "show script runtimes")
    assert runtime(r1, "zasks")["latencyMicrosP50"] > 0
    assert running(r1).count(PERMIT) == 1


def test_no_path_is_a_name(r1):
    for name in ("../echo", "/tmp/echo", "a/b"):
        said = vtysh(r1, "configure terminal", f"script zasks permit runtime {name}")
        assert "is not the name of a runtime" in said, said
        assert name not in "\n".join(running(r1))


def test_the_table_names_it(r1):
    table = vtysh(r1, "show script runtimes")
    assert "echo" in table and "ready" in table, table
    assert "p99" in table


def test_a_permission_that_is_taken_back(r1):
    config(r1, "no " + PERMIT)
    assert PERMIT not in running(r1)
    last = answers(r1)
    expect_true(
        lambda: runtime(r1, "zasks")["errors"]["dead"] >= 3, "its calls go on"
    )
    assert answers(r1) <= last + 1
    config(r1, PERMIT)
    expect_answers(r1)


def test_a_library_that_is_missing_is_named(r1):
    write_script(r1, "lost", 'frr.load_ffi("nosuch")\n')
    config(r1, "script lost permit runtime nosuch", "script load lost")
    wanted = f"{RUNTIMES}/libnosuch.so: No such file"
    assert wanted in script(r1, "lost")["refused"]
    config(r1, "no script load lost", "no script lost permit runtime nosuch")


def test_a_flood_of_answers_holds_up_nothing(r1, r2):
    """200 tasks that ask without a pause; hold time 10 s, keepalives each 3 s."""
    sessions = established(r1, "192.0.2.2")
    config(r1, "script flood permit runtime echo", "script load flood")
    expect_true(
        lambda: runtime(r1, "flood").get("calls", 0) > 100_000, "no flood"
    )
    for _ in range(20):
        began = time.monotonic()
        vtysh(r1, "show bgp summary")
        assert time.monotonic() - began < 2 * SLOWER, "vtysh had to wait"
    # Routing goes on meanwhile.
    config(r1, "router bgp 65001", "address-family ipv4 unicast", "network 203.0.113.0/24")
    expect_path(r2, "203.0.113.0/24", {"valid": True})
    before = runtime(r1, "flood")["calls"]
    expect_true(
        lambda: runtime(r1, "flood")["calls"] > before + 500_000, "it ended"
    )
    assert established(r1, "192.0.2.2") == sessions, "the session was reset"
    config(r1, "no script load flood", "no script flood permit runtime echo")


def test_after_a_restart_it_is_loaded_again(r1):
    vtysh(r1, "write memory")
    pid = r1.run("cat /var/run/frr/bgpd.pid").strip()
    r1.cmd_raises(f"kill -9 {pid}")
    r1.startDaemons(["bgpd"])
    r1.run("vtysh -d bgpd -b")
    log_to_file(r1, "bgpd")
    expect(
        lambda: runtime(r1, "zasks"), {"state": "ready"}, "not loaded again"
    )
    expect_answers(r1)
    expect_established(r1, "192.0.2.2")
