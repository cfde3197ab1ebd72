#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""How a daemon is started, and a wall clock that jumps.

The operator is promised: scripts work in a daemon that runs in the background,
as user frr, with few capabilities, where the system denies executable memory
(with one line in the log), and whatever the wall clock does.
"""

import os
import pwd
import struct
import subprocess
import sys
import time

import pytest

from script_faults.faults import (
    PEER,
    assert_same,
    directory,
    expect_asked,
    expect_verdict,
    kill,
    logdir,
    pid,
    start,
    status,
    two_routers,
)
from scripttopo import (
    established,
    expect_established,
    expect_true,
    log_file,
    log_lines,
    script,
    vtysh,
    write_script,
)

pytestmark = [pytest.mark.bgpd]

NATIVE = """--!native
local calls = 0
function route_match(prefix, attributes)
  local sum = 0
  for n = 1, 1000 do sum = sum + n end
  attributes.localpref = sum % 1000
  return true
end
"""

LOOP = "function route_match(prefix, attributes) while true do end end\n"

TICK = """frr.every(0.25, function() log.info("a tick") end)
frr.spawn(function() while true do frr.sleep(1) log.info("a sleep") end end)
function route_match(prefix, attributes)
  attributes.localpref = 201
  return true
end
"""


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from two_routers(request)


def again(router, **options):
    """Starts bgpd again."""
    kill(router, "bgpd", "TERM")
    start(router, "bgpd", **options)
    expect_established(router, PEER)


def watchdog(number):
    """The thread that watches over time limits."""
    tasks = f"/proc/{number}/task"
    for task in os.listdir(tasks):
        with open(f"{tasks}/{task}/comm", encoding="ascii") as name:
            if name.read().strip().startswith("frr-script-dog"):
                return int(task)
    return 0


def assert_scripts_work(router):
    """A verdict, a deadline, a reload; the old one is there again at the end."""
    before = expect_verdict(router)
    write_script(router, "probe", LOOP)
    vtysh(
        router,
        "configure terminal",
        "script load probe",
        "script probe limit time 20",
        "route-map IN permit 5",
        "match script probe",
    )
    expect_true(
        lambda: script(router, "probe")["errors"]["deadline"] > 0, "no deadline"
    )
    assert script(router, "probe")["timeNsecs"]["max"] < 200e6
    vtysh(
        router,
        "configure terminal",
        "no route-map IN permit 5",
        "no script load probe",
        "no script probe limit time",
    )
    assert "in service" in vtysh(router, "script reload edge")
    expect_asked(router)
    assert_same(expect_verdict(router), before)


def test_in_the_background(r2):
    """FRR forks after it has read its options: the watchdog is the child's own."""
    number = pid(r2, "bgpd")
    with open(f"/proc/{number}/stat", encoding="ascii") as file:
        session = int(file.read().rsplit(")", 1)[1].split()[3])
    assert session != os.getsid(0), "it has a session of its own"
    assert int(status(number, "CapEff"), 16) == 0, "capabilities are raised when needed"
    assert_scripts_work(r2)
    assert watchdog(number)


@pytest.fixture
def visible(r2):
    """The test's folder in a place that every user can enter: the checkout may lie
    under a home that only its owner can."""
    place = "/var/run/frr/visible"
    output = r2.run(
        f"mkdir -p {place} && mount --bind {os.path.dirname(directory(r2))} {place}"
    )
    assert not output.strip(), output
    yield place
    r2.run(f"umount -l {place}")


def test_as_user_frr(r2, visible):
    """What packages do: a user of its own, who can read the scripts and no more.

    Its group is that of vtysh's sockets, which this build has set to root's.
    """
    frr = pwd.getpwnam("frr")
    os.chmod(log_file(r2, "bgpd"), 0o666)
    scripts = os.path.join(visible, os.path.basename(directory(r2)))
    options = r2.net.daemons_options["bgpd"].replace(directory(r2), scripts)
    again(r2, options=options + " -u frr -g root", logs=visible)
    number = pid(r2, "bgpd")
    assert set(map(int, status(number, "Uid").split())) == {frr.pw_uid}
    assert_scripts_work(r2)
    file = os.path.join(directory(r2), "edge.lua")
    mode = os.stat(file).st_mode
    os.chmod(file, 0o600)
    try:
        output = vtysh(r2, "script reload edge")
        assert "the user that the daemon runs as must be able to read it" in output
        assert "stays in service" in output, output
    finally:
        os.chmod(file, mode)
    again(r2)


# What bgpd keeps (bgp_main.c, `_caps_p`), and what it takes to become user frr.
NEEDED = ("net_bind_service", "net_raw", "net_admin", "sys_admin", "setuid", "setgid")


def test_with_few_capabilities(r2):
    """As in a container: none but those that bgpd itself asks for can be had."""
    kept = ",".join("+" + name for name in NEEDED)
    again(r2, launcher=f"setpriv --bounding-set -all,{kept}")
    number = pid(r2, "bgpd")
    assert bin(int(status(number, "CapBnd"), 16)).count("1") == len(NEEDED)
    assert int(status(number, "CapEff"), 16) == 0
    assert_scripts_work(r2)
    again(r2)


def native_lines(router):
    return len(log_lines(router, "bgpd", "denies executable memory"))


def test_executable_memory_is_there(r2):
    write_script(r2, "edge", NATIVE)
    assert "in service" in vtysh(r2, "script reload edge")
    assert "Native code: yes" in vtysh(r2, "show script edge")
    expect_verdict(r2, 500)
    assert native_lines(r2) == 0


def test_executable_memory_is_denied(r2):
    """Native code is the interpreter's then; the log says so once."""
    launcher = os.path.join(os.path.dirname(__file__), "launcher.py")
    write_script(r2, "edge", NATIVE)
    again(r2, launcher=f"{sys.executable} {launcher}")
    expect_verdict(r2, 500)
    assert "in service" in vtysh(r2, "script reload edge")
    shown = vtysh(r2, "show script edge")
    assert "Native code: no: the system denies executable memory" in shown, shown
    assert script(r2, "edge")["native"] is False
    expect_verdict(r2, 500)
    said = r2.run(f"cat {log_file(r2, 'bgpd')} {logdir(r2)}/bgpd.again")
    assert said.count("denies executable memory") <= 1
    write_script(r2, "edge", TICK)
    assert "in service" in vtysh(r2, "script reload edge")
    assert_scripts_work(r2)
    again(r2)


@pytest.fixture
def clock(r2):
    """Sets the wall clock of bgpd off by so many seconds."""
    source = os.path.join(os.path.dirname(__file__), "clock.c")
    library, file = f"{logdir(r2)}/clock.so", f"{logdir(r2)}/clock.off"
    command = ["cc", "-O2", "-Wall", "-shared", "-fPIC", "-o", library, source, "-ldl"]
    subprocess.run(command, check=True)

    def set_off(seconds):
        with open(file, "r+b" if os.path.exists(file) else "w+b") as out:
            out.write(struct.pack("l", seconds))

    set_off(0)
    write_script(r2, "edge", TICK)
    again(r2, launcher=f"LD_PRELOAD={library} CLOCK_OFF={file}")
    yield set_off
    again(r2)


def assert_time_passes(router):
    """The script's timer and its sleep go on as the clock on the wall of this room."""

    def seen():
        return [len(log_lines(router, "bgpd", what)) for what in ("a tick", "a sleep")]

    ticks, sleeps = seen()
    began = time.monotonic()
    expect_true(lambda: seen()[0] >= ticks + 8, "no ticks any more")
    took = time.monotonic() - began
    assert 1 < took < 8, f"8 ticks of 0.25 s took {took:.1f} s"
    expect_true(lambda: seen()[1] >= sleeps + 2, "no sleep ends any more", count=40)


HOUR, YEAR = 3600, 365 * 86400
LONG = pytest.mark.long


@pytest.mark.parametrize(
    "seconds",
    [-HOUR, 10 * YEAR, pytest.param(HOUR, marks=LONG), pytest.param(-YEAR, marks=LONG)],
)
def test_the_wall_clock_jumps(r2, clock, seconds):
    """Deadlines, timers and sleeps keep to the clock that does not jump."""
    assert_time_passes(r2)
    sessions = established(r2, PEER)
    clock(seconds)
    assert_time_passes(r2)
    written = time.strptime(
        log_lines(r2, "bgpd", "a tick")[-1][:19], "%Y/%m/%d %H:%M:%S"
    )
    off = time.mktime(written) - time.time()
    assert abs(off - seconds) < 60, f"the log's clock is off by {off} s"
    assert_scripts_work(r2)
    clock(0)
    assert_time_passes(r2)
    assert_scripts_work(r2)
    assert established(r2, PEER) == sessions
