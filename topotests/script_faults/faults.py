# SPDX-License-Identifier: GPL-2.0-or-later
"""What the tests of faults share: their routers, vtysh in time, daemons that are
started again, a feeder of routes, a table with all its attributes."""

import json
import os
import subprocess
import time

from lib.topogen import get_topogen
from scripttopo import (
    expect_established,
    expect_true,
    log_to_file,
    script,
    script_directory,
    topology,
    vtysh,
)

# Of r1, and of the feeder.
PEER, FEED = "192.0.2.1", "192.0.2.10"
# What r1 announces.
ROUTES = {"198.51.100.0/28", "198.51.100.16/28", "198.51.100.32/28"}
PREFIX = min(ROUTES)
# The verdict of the folder's script: it is the local preference.
VERDICT = 201
SECOND = 1.0


def two_routers(request):
    """A fixture's body: r1 announces, r2 has the script and has decided."""
    for tgen in topology(request, {"s1": ["r1", "r2"]}):
        expect_established(tgen.gears["r2"], PEER)
        expect_verdict(tgen.gears["r2"])
        yield tgen


def fed_router(request):
    """A fixture's body: the same two, and h1 for the feeder."""
    yield from topology(
        request,
        {"s1": ["r1", "r2", "h1"]},
        hosts={"h1": (FEED + "/28", "192.0.2.2")},
    )


def timed(router, *commands):
    """What the commands print; within a second, whatever the script's file is.

    A slow machine is not the daemon's fault: what a vtysh that asks no daemon
    takes is not counted.
    """
    began = time.monotonic()
    output = vtysh(router, *commands)
    took = time.monotonic() - began
    if took >= SECOND:
        began = time.monotonic()
        vtysh(router, "show history")
        took -= time.monotonic() - began
    assert took < SECOND, f"{commands}: {took:.2f} s"
    return output


def expect_verdict(router, localpref=VERDICT):
    """Waits until the script has decided on all routes of r1; the table then."""
    seen = {}

    def decided():
        seen.clear()
        seen.update(table(router))
        paths = [
            path for prefix in ROUTES & seen.keys() for path in seen[prefix]["paths"]
        ]
        return ROUTES <= seen.keys() and all(
            path.get("locPrf") == localpref
            and path.get("bestpath", {}).get("overall")
            and "processScheduled" not in path
            for path in paths
        )

    expect_true(decided, f"no verdict {localpref} on all routes of r1")
    return dict(seen)


def expect_asked(router, name="edge"):
    """Has the script asked about all routes of r1 again, and waits until it was."""
    calls = script(router, name)["calls"]
    timed(router, f"clear bgp ipv4 unicast {PEER} soft in")
    expect_true(
        lambda: script(router, name)["calls"] >= calls + len(ROUTES), "it is not asked"
    )


def pid(router, daemon):
    return int(router.run(f"cat /var/run/frr/{daemon}.pid"))


def alive(number):
    return os.path.exists(f"/proc/{number}")


def status(number, key):
    """A line of /proc/PID/status."""
    with open(f"/proc/{number}/status", encoding="ascii") as file:
        for line in file:
            name, _, value = line.partition(":")
            if name == key:
                return value.strip()
    return ""


def resident(number):
    return int(status(number, "VmRSS").split()[0]) * 1024


def start(router, daemon, launcher="", options=None, logs=None):
    """Starts a daemon as FRR's service script does, and gives it its configuration.

    `launcher` stands in front of the program, `options` in place of the usual ones;
    `logs` is the folder of its log when it can't enter the usual one.
    """
    net = router.net
    options = options or net.daemons_options.get(daemon, "")
    program = os.path.join(net.daemondir, daemon)
    run = f"/var/run/frr/{daemon}"
    router.run(f"rm -f {run}.pid {run}.vty")
    output = router.run(
        f"{launcher} {program} {options} -d > {daemon}.again 2>&1; cat {daemon}.again"
    )
    expect_true(
        lambda: "yes" in router.run(f"test -s {run}.pid -a -S {run}.vty && echo yes"),
        f"{daemon} does not start: {output}",
    )
    log_to_file(router, daemon, logs)
    router.run("vtysh -f /etc/frr/frr.conf 2>&1")


def kill(router, daemon, signal="KILL"):
    number = pid(router, daemon)
    router.run(f"kill -{signal} {number}")
    expect_true(lambda: not alive(number), f"{daemon} is still there")


def feed(host, routes, *more):
    """Starts the feeder; leaves when r2 closes the session."""
    command = [os.environ["BGPFEED"], "--connect", "192.0.2.2:179", "--bind", FEED]
    command += ["--local-as", "65010", "--router-id", FEED, "--next-hop", FEED]
    command += ["--hold-time", "90", "--routes", str(routes), *more]
    return host.popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def bring_to_rest(process):
    """Ends the feeder's changes; how many UPDATEs it has sent in its session."""
    process.stdin.close()
    said = ""
    while "at rest" not in said:
        line = process.stdout.readline()
        assert line, f"the feeder has ended: {said}"
        said += line
    return int(said.split()[-2])


def neighbor(router):
    """What bgpd says of the feeder's session."""
    shown = json.loads(vtysh(router, f"show bgp neighbors {FEED} json") or "{}")
    return shown.get(FEED, {})


def updates_read(router):
    """UPDATEs of the feeder in all its sessions; waits until there is none."""
    expect_true(
        lambda: neighbor(router).get("bgpState", "Idle") != "Established",
        "the feeder's session does not end",
    )
    return neighbor(router).get("messageStats", {}).get("updatesRecv", 0)


def expect_rest(router, updates):
    """Waits until so many UPDATEs of the feeder are read and nothing changes any more;
    the table."""
    seen = [{}, None]

    def unchanged():
        before, seen[:] = seen[1], [
            neighbor(router).get("messageStats", {}),
            table(router),
        ]
        read = seen[0].get("updatesRecv", 0)
        settled = read >= updates and not seen[0].get("depthInq")
        return settled and before == seen[1] != {}

    try:
        expect_true(unchanged, "the table does not come to rest")
    except AssertionError as error:
        raise AssertionError(f"{error}: {updates} UPDATEs sent, {seen[0]}") from None
    return seen[1]


# What is not of the route: when it came, and in which order.
OWN = {
    "version",
    "tableVersion",
    "lastUpdate",
    "addPath",
    "peerUptime",
    "advertisedTo",
    "totalRoutes",
    "totalPaths",
    "bestPath",
}


def plain(value):
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k not in OWN}
    if isinstance(value, list):
        return [plain(v) for v in value]
    return value


def table(router):
    """All routes with all their attributes."""
    shown = json.loads(vtysh(router, "show bgp ipv4 unicast json detail") or "{}")
    return plain(shown.get("routes", {}))


def assert_same(now, before):
    """Two tables, attribute by attribute; names a few differences."""
    assert before, "an empty table proves nothing"
    missing, more = sorted(before.keys() - now.keys()), sorted(
        now.keys() - before.keys()
    )
    assert not missing, f"{len(missing)} routes are lost: {missing[:5]}"
    assert not more, f"{len(more)} routes are too many: {more[:5]}"
    other = [prefix for prefix in before if before[prefix] != now[prefix]]
    shown = [(before[prefix], now[prefix]) for prefix in other[:2]]
    assert not other, f"{len(other)} routes differ: {shown}"


def directory(router):
    return script_directory(router.name)


def logdir(router):
    return os.path.join(get_topogen().logdir, router.name)
