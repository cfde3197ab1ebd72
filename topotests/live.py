# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon at work, and who watches it: speakers, pollers, and what both are promised."""

import contextlib
import glob
import json
import os
import re
import sys
import time

from lib.topogen import get_topogen

from scripttopo import COUNT, WAIT, established, log_file, write_script
from vtypoll import Vty

HERE = os.path.dirname(os.path.realpath(__file__))
# Seconds between KEEPALIVEs with the speaker's hold time, and how much earlier or
# later bgpd may send one (FRR bgpd/bgp_keepalives.c:peer_process).
KEEPALIVE = 1.0 + 0.1


def until(test, what, wait=0.01):
    """Waits until `test()` is true, as long as our topotests wait for anything."""
    end = time.monotonic() + COUNT * WAIT
    while not test():
        assert time.monotonic() < end, what
        time.sleep(wait)


def pid(router, daemon):
    return int(router.run(f"cat /var/run/frr/{daemon}.pid"))


def socket_path(number, daemon):
    """A daemon's vty socket, as seen from outside of its mount namespace."""
    # A link in the path would lead out of the namespace.
    run = os.path.realpath("/var/run")
    return f"/proc/{number}/root{run}/frr/{daemon}.vty"


def resident(number):
    """Octets of a process that are in memory."""
    with open(f"/proc/{number}/status", encoding="utf-8") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) * 1024


def starved(*numbers):
    """Seconds that threads of these processes were ready to run and did not.

    What the machine takes away by running something else is no fault of the
    daemon's: bounds are about what it does with the CPU that it gets.
    """
    total = 0
    for number in numbers:
        for file in glob.glob(f"/proc/{number}/task/*/schedstat"):
            try:
                with open(file, encoding="utf-8") as text:
                    total += int(text.read().split()[1])
            except OSError:
                pass  # the thread has ended
    return total / 1e9


class Speaker:
    """A BGP neighbor on a host: bgpspeaker.py."""

    def __init__(self, host, router, address, asn):
        self.file = os.path.join(get_topogen().logdir, f"speaker-{host.name}.log")
        tool = os.path.join(HERE, "bgpspeaker.py")
        self.address = address
        self.process = host.popen(
            [sys.executable, tool, router, address, str(asn), self.file],
            stdin=-1,
        )
        until(lambda: self.lines("established"), f"no session for {host.name}")

    def tell(self, command, wait=True):
        """Gives a command, and waits until its last octet is on the way."""
        before = len(self.lines("done"))
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        if wait and not command.startswith("dump"):
            until(lambda: len(self.lines("done")) > before, command)

    def lines(self, what, since=0):
        """Times at which this came."""
        if not os.path.exists(self.file):
            return []
        with open(self.file, encoding="utf-8") as lines:
            words = [line.split(None, 1) for line in lines if line.endswith("\n")]
        return [
            float(one[0])
            for one in words
            if one[1].startswith(what) and float(one[0]) >= since
        ]

    def table(self):
        """What the router has announced: prefix -> MED."""
        file = self.file + ".json"
        if os.path.exists(file):
            os.remove(file)
        self.tell(f"dump {file}")
        until(lambda: os.path.exists(file), "no table")
        with open(file, encoding="utf-8") as text:
            return json.load(text)

    def longest_gap(self, since):
        """The longest time without a KEEPALIVE, from the last one before `since` on."""
        times = self.lines("keepalive")
        before = [one for one in times if one < since][-1:]
        times = before + [one for one in times if one >= since]
        times.append(time.monotonic())
        return max(later - one for one, later in zip(times, times[1:]))

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class Poller:
    """Asks a daemon all the time, as monitoring does: vtypoll.py."""

    PERIOD = 0.1

    def __init__(self, router, daemon, command):
        name = f"poll-{router.name}-{daemon}.log"
        self.file = os.path.join(get_topogen().logdir, name)
        path = socket_path(pid(router, daemon), daemon)
        tool = os.path.join(HERE, "vtypoll.py")
        self.process = router.popen(
            [sys.executable, tool, path, self.file, str(self.PERIOD), command]
        )
        until(self.answers, f"{daemon} does not answer")

    def answers(self, since=0):
        """Seconds that each answer took, of the questions since then."""
        if not os.path.exists(self.file):
            return []
        with open(self.file, encoding="utf-8") as lines:
            words = [line.split() for line in lines if line.endswith("\n")]
        return [float(took) for began, took in words if float(began) >= since]

    def longest(self, since):
        """The longest answer; waits for the one to a question that is open."""
        asked = time.monotonic()
        until(lambda: self.answers(asked), "no answer any more")
        return max(self.answers(since))

    def stop(self):
        self.process.terminate()
        self.process.wait()


@contextlib.contextmanager
def promised(bgpd, poller, speakers):
    """Around a test: no session is reset, no answer and no KEEPALIVE is late."""
    neighbors = [one.address for one in speakers]
    sessions = established(bgpd.router, *neighbors)
    began = time.monotonic()
    pids = [one.process.pid for one in (poller, *speakers)] + [bgpd.pid]
    hungry = starved(*pids)
    yield
    assert established(bgpd.router, *neighbors) == sessions, "a session was reset"
    late = starved(*pids) - hungry
    assert poller.longest(began) < 1 + late, "bgpd did not answer within a second"
    gap = max(one.longest_gap(began) for one in speakers)
    assert gap <= KEEPALIVE + late, "a KEEPALIVE was late"


class Sessions:
    """Sessions of a router's bgpd."""

    def __init__(self, router, *neighbors):
        self.neighbors = neighbors
        self.vty = Vty(socket_path(pid(router, "bgpd"), "bgpd"))

    def counts(self):
        """How often each came up; all are there."""
        counts = {}
        for neighbor in self.neighbors:
            shown = json.loads(self.vty.ask(f"show bgp neighbors {neighbor} json")[0])
            assert shown[neighbor]["bgpState"] == "Established", f"{neighbor} is down"
            counts[neighbor] = shown[neighbor]["connectionsEstablished"]
        return counts


class Daemon:
    """A daemon, and what it says of the script in which it runs cases."""

    def __init__(self, router, name):
        self.router, self.name = router, name
        self.use("case")
        self.pid = pid(router, name)
        self.vty = Vty(socket_path(self.pid, name))

    def use(self, name):
        """The script: `case`, which rules have, or `task`, which none has."""
        self.case = name

    def ask(self, command):
        return self.vty.ask(command)[0]

    def config(self, *lines):
        for line in ("configure terminal", *lines, "end"):
            text, worked = self.vty.ask(line)
            assert worked, f"{line}: {text}"

    def script(self):
        shown = json.loads(self.ask(f"show script {self.case} json"))
        return shown.get(self.case, {})

    def calls(self):
        return self.script().get("calls", 0)

    def errors(self, kind=None):
        counts = self.script().get("errors", {})
        return counts.get(kind, 0) if kind else sum(counts.values())

    def load(self, text):
        write_script(self.router, self.case, text)
        return self.ask(f"script reload {self.case}")

    def logged(self, since, words):
        """Lines about the script that came after the log had `since` octets."""
        with open(log_file(self.router, self.name), encoding="utf-8") as log:
            log.seek(since)
            return [line for line in log if all(word in line for word in words)]

    def log_size(self):
        return os.path.getsize(log_file(self.router, self.name))
