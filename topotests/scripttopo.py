# SPDX-License-Identifier: GPL-2.0-or-later
"""Routers with scripts: what our topotests share.

A test's folder has `rN/frr.conf` for each router and `scripts/NAME.lua`; every
router runs with a script directory of its own, into which the folder's scripts
are copied and a test may write more.
"""

import functools
import glob
import json
import os
import re
import shutil

from lib import topotest
from lib.topogen import Topogen, TopoRouter, get_topogen

# How many times as long as usual something may take: `cargo xtask test sanitized` says
# 4, because daemons that check each access to memory are that much slower.
SLOWER = int(os.environ.get("FRRSCRIPT_TEST_SLOWER", "1"))

# Every 0.25 s for at most 30 s: the routers share a small machine.
COUNT, WAIT = 120 * SLOWER, 0.25

# Runtimes and their modules, beside the installed FRR.
RUNTIMES = os.path.join(os.path.dirname(os.environ["FRR_ROOT"]), "runtimes")


def script_directory(name):
    return os.path.join(get_topogen().logdir, name + "-scripts")


def script_file(router, name):
    return os.path.join(script_directory(router.name), name + ".lua")


def write_script(router, name, text):
    with open(script_file(router, name), "w", encoding="utf-8") as file:
        file.write(text)


def remove_script(router, name):
    os.remove(script_file(router, name))


# Daemons that take scripts.
SCRIPTED = {
    TopoRouter.RD_ZEBRA: "zebra",
    TopoRouter.RD_BGP: "bgpd",
    TopoRouter.RD_VRRP: "vrrpd",
}


def topology(request, links, daemons=(), hosts=None, prepare=None):
    """The body of a module's fixture: `links` has switches and their members.

    Members are routers, but for those with address and gateway in `hosts`. `daemons`
    run beside zebra, mgmtd and bgpd; `prepare(tgen)` is called before any of
    them.
    """
    folder = os.path.dirname(request.module.__file__)
    hosts = hosts or {}
    members = {name for names in links.values() for name in names}
    routers = sorted(members - set(hosts))

    def build(tgen):
        for name in routers:
            tgen.add_router(name)
        for name, (address, gateway) in hosts.items():
            tgen.add_host(name, address, "via " + gateway)
        for switch, members in links.items():
            tgen.add_switch(switch)
            for name in members:
                tgen.gears[switch].add_link(tgen.gears[name])

    tgen = Topogen(build, request.module.__name__)
    tgen.start_topology()
    if prepare:
        prepare(tgen)
    daemons = (TopoRouter.RD_BGP, *daemons)
    scripts = os.path.join(folder, "scripts")
    for name in routers:
        os.makedirs(script_directory(name), exist_ok=True)
        for file in os.listdir(scripts) if os.path.isdir(scripts) else ():
            shutil.copy(os.path.join(scripts, file), script_directory(name))
        option = f"--scriptdir {script_directory(name)} --runtimedir {RUNTIMES}"
        tgen.gears[name].load_frr_config(
            os.path.join(folder, name, "frr.conf"),
            [
                (TopoRouter.RD_ZEBRA, option),
                (TopoRouter.RD_MGMTD, None),
            ]
            + [(daemon, option if daemon in SCRIPTED else None) for daemon in daemons],
        )
    for name in routers:
        # One after the other: what a router tells the next one is in its log.
        tgen.start_router(name)
        for daemon in daemons:
            if daemon in SCRIPTED:
                log_to_file(tgen.gears[name], SCRIPTED[daemon])
    yield tgen
    tgen.stop_topology()
    check_logs(tgen)


def vtysh(router, *commands):
    """What the commands print, one after the other in one vtysh."""
    quoted = "".join(
        " -c '" + command.replace("'", "'\\''") + "'" for command in commands
    )
    return router.run("vtysh" + quoted + " 2>&1")


def config(router, *lines):
    return vtysh(router, "configure terminal", *lines)


def show(router, command):
    return json.loads(vtysh(router, command + " json") or "{}")


def expect(get, wanted, what):
    """Waits until `get()` contains `wanted`: a topotest.json_cmp of both."""

    def differs():
        return topotest.json_cmp({"": get()}, {"": wanted})

    _, result = topotest.run_and_expect(differs, None, count=COUNT, wait=WAIT)
    assert result is None, f"{what}\n{result}"


def expect_true(test, what, count=120):
    """Waits until `test()` is true."""
    _, result = topotest.run_and_expect(
        functools.partial(lambda: bool(test())), True, count=count * SLOWER, wait=WAIT
    )
    assert result, what


def end_daemon(router, daemon):
    """Ends it as an operator does, and waits until it is gone.

    The framework's killDaemons() sends SIGKILL.
    """
    pid = router.run(f"cat /var/run/frr/{daemon}.pid").strip()
    assert pid.isdigit(), pid
    router.run(f"kill -TERM {pid}")
    expect_true(
        lambda: router.run(f"test -e /proc/{pid} || echo gone").strip() == "gone",
        f"{router.name}: {daemon} does not end",
    )


def left_at_exit(router, daemon):
    """Types of memory of which a daemon that ended has something left, with how much.

    FRR's own account (lib/memory.c: log_memstats).
    """
    files = glob.glob(os.path.join(get_topogen().logdir, router.name, daemon + ".err"))
    assert files, f"{router.name}: {daemon} has no file of errors"
    with open(files[0], encoding="utf-8", errors="replace") as file:
        found = re.findall(r"memstats:\s+(.*?)\s*:\s+(.*)", file.read())
    return dict(found)


def family(prefix):
    return "ipv6" if ":" in prefix else "ipv4"


def paths(router, prefix, afi=None):
    """The paths of a prefix in the BGP table, best first or as bgpd lists them."""
    return show(router, f"show bgp {afi or family(prefix)} unicast {prefix}").get(
        "paths", []
    )


def path(router, prefix, afi=None):
    """The only path of a prefix; without one, nothing."""
    found = paths(router, prefix, afi)
    return found[0] if found else {}


def expect_path(router, prefix, wanted):
    expect(lambda: path(router, prefix), wanted, f"{router.name}: {prefix}")


def expect_absent(router, prefix):
    expect_true(lambda: not paths(router, prefix), f"{router.name} still has {prefix}")


def expect_established(router, *neighbors):
    """Waits for sessions; the times that each came up, by neighbor."""

    def states():
        summary = show(router, "show bgp summary")
        peers = {}
        for family in summary.values():
            if isinstance(family, dict):
                peers.update(family.get("peers", {}))
        return {n: peers.get(n, {}).get("state") for n in neighbors}

    expect(states, {n: "Established" for n in neighbors}, f"{router.name}: no session")
    return established(router, *neighbors)


def established(router, *neighbors):
    """Times that each session came up: unchanged means that none was reset."""
    counts = {}
    for neighbor in neighbors:
        seen = show(router, f"show bgp neighbors {neighbor}")[neighbor]
        assert seen["bgpState"] == "Established", f"{router.name}: {neighbor} is down"
        counts[neighbor] = seen["connectionsEstablished"]
    return counts


def log_file(router, daemon):
    return os.path.join(get_topogen().logdir, f"{router.name}-{daemon}.log")


def check_logs(tgen):
    """Backtraces in the logs that we keep; the framework looks in its own."""
    for name in glob.glob(os.path.join(tgen.logdir, "*-*d.log")):
        with open(name, encoding="utf-8", errors="replace") as log:
            assert "Backtrace:" not in log.read(), f"a backtrace is in {name}"


def log_to_file(router, daemon, folder=None):
    """Keeps the log of a started daemon, which may know its folder by another name.

    The framework does too, but in a folder that belongs to user frr, where a
    daemon that runs as root has given up the right to write.
    """
    file = log_file(router, daemon)
    if folder:
        file = os.path.join(folder, os.path.basename(file))
    lines = ["configure terminal", f"log file {file} debug"]
    quoted = "".join(f" -c '{line}'" for line in lines)
    output = router.run(f"vtysh -d {daemon}{quoted} 2>&1")
    assert not output.strip(), f"{router.name}: {output}"


def script(router, name, daemon="bgpd"):
    """What a daemon says in `show script NAME json`; nothing when it has no such script."""
    return show(router, f"show script {name}").get(daemon, {}).get(name, {})


def errors(router, name, kind=None, daemon="bgpd"):
    """Failures of a script, of all kinds or one."""
    counts = script(router, name, daemon).get("errors", {})
    return counts.get(kind, 0) if kind else sum(counts.values())


def log_lines(router, daemon, text):
    """Lines of a daemon's log that have a text in them.

    What it said before log_to_file() is in the framework's file: on a slow machine
    routes come as early as that.
    """
    early = os.path.join(get_topogen().logdir, router.name, daemon + ".log")
    lines = []
    for name in early, log_file(router, daemon):
        if os.path.exists(name):
            with open(name, encoding="utf-8", errors="replace") as log:
                lines += [line for line in log if text in line]
    return lines
