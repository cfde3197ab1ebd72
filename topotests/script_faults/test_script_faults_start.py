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
    directory,
    kill,
    logdir,
    pid,
    start,
    status,
    table,
)
from scripttopo import (
    established,
    expect,
    expect_established,
    expect_path,
    expect_true,
    log_file,
    log_lines,
    script,
    topology,
    vtysh,
    write_script,
)

pytestmark = [pytest.mark.bgpd]

PEER = "192.0.2.1"
PREFIX = "198.51.100.0/28"

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

TICK = """ticks = 0
frr.every(0.25, function() ticks = ticks + 1 log.info(`tick {ticks}`) end)
frr.spawn(function() frr.sleep(1) log.info("slept") end)
function route_match(prefix, attributes)
  attributes.localpref = 201
  return true
end
"""


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    for tgen in topology(request, {"s1": ["r1", "r2"]}):
        expect_established(tgen.gears["r2"], PEER)
        expect_path(tgen.gears["r2"], PREFIX, {"locPrf": 201})
        yield tgen


@pytest.fixture
def r2(tgen):
    return tgen.gears["r2"]


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
    expect_path(router, PREFIX, {"locPrf": 201})
    before = table(router)
    write_script(router, "probe", LOOP)
    vtysh(
        router,
        "configure terminal",
        "script load probe",
        "script probe limit time 20",
        "route-map IN permit 5",
        "match script probe",
    )
    expect_true(lambda: script(router, "probe")["errors"]["deadline"] > 0, "no deadline")
    assert script(router, "probe")["timeNsecs"]["max"] < 200e6
    vtysh(
        router,
        "configure terminal",
        "no route-map IN permit 5",
        "no script load probe",
        "no script probe limit time",
    )
    assert "in service" in vtysh(router, "script reload edge")
    expect_path(router, PREFIX, {"locPrf": 201})
    expect_true(lambda: table(router) == before, "another table than before")


def test_in_the_background(r2):
    """FRR forks after it has read its options: the watchdog is the child's own."""
    number = pid(r2, "bgpd")
    with open(f"/proc/{number}/stat", encoding="ascii") as file:
        session = int(file.read().rsplit(")", 1)[1].split()[3])
    assert session != os.getsid(0), "it has a session of its own"
    assert int(status(number, "CapEff"), 16) == 0, "capabilities are raised when needed"
    assert_scripts_work(r2)
    assert watchdog(number)


def test_as_user_frr(r2):
    """What packages do: a user of its own, who can read the scripts and no more.

    Its group is that of vtysh's sockets, which this build has set to root's.
    """
    frr = pwd.getpwnam("frr")
    os.chmod(log_file(r2, "bgpd"), 0o666)
    again(r2, option=r2.net.daemons_options["bgpd"] + " -u frr -g root")
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
    expect_path(r2, PREFIX, {"locPrf": 500})
    assert native_lines(r2) == 0


def test_executable_memory_is_denied(r2):
    """Native code is the interpreter's then; the log says so once."""
    launcher = os.path.join(os.path.dirname(__file__), "launcher.py")
    write_script(r2, "edge", NATIVE)
    again(r2, launcher=f"{sys.executable} {launcher}")
    expect_path(r2, PREFIX, {"locPrf": 500})
    assert "in service" in vtysh(r2, "script reload edge")
    shown = vtysh(r2, "show script edge")
    assert "Native code: no: the system denies executable memory" in shown, shown
    assert script(r2, "edge")["native"] is False
    expect_path(r2, PREFIX, {"locPrf": 500})
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


def ticks(router):
    lines = log_lines(router, "bgpd", "tick ")
    return int(lines[-1].rsplit(" ", 1)[1]) if lines else 0


@pytest.mark.parametrize("seconds", [3600, -3600, 86400 * 3650, -86400 * 365])
def test_the_wall_clock_jumps(r2, clock, seconds):
    """Deadlines, timers and sleeps keep to the clock that does not jump."""
    expect_true(lambda: ticks(r2) > 0, "no tick")
    sessions = established(r2, PEER)
    clock(seconds)
    first, began = ticks(r2), time.monotonic()
    expect_true(lambda: ticks(r2) >= first + 8, "ticks have ended")
    took = time.monotonic() - began
    assert 1 < took < 8, f"8 ticks of 0.25 s took {took:.1f} s"
    year = time.gmtime(time.time() + seconds).tm_year
    expect_true(
        lambda: any(line.startswith(str(year)) for line in log_lines(r2, "bgpd", "tick ")[-3:]),
        "the log has another year: the clock has not jumped",
    )
    assert_scripts_work(r2)
    clock(0)
    first = ticks(r2)
    expect_true(lambda: ticks(r2) >= first + 8, "ticks have ended")
    assert_scripts_work(r2)
    assert established(r2, PEER) == sessions
