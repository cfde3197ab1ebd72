# SPDX-License-Identifier: GPL-2.0-or-later
"""Hostile scripts in live daemons: the cases of hostile/cases, and what is promised.

hostile/README.md says what a case looks like, and what a line of results has. A
test measures each case HOSTILE_TIMED times, repeats one of each kind
HOSTILE_REPEATS times more in bgpd, and writes to HOSTILE_RESULTS. Without
HOSTILE_TIMED there is only one of each kind, as in all of our tests together.
"""

import glob
import json
import os
import re
import time

from live import HERE, KEEPALIVE, resident, starved, until

REPOSITORY = os.path.dirname(HERE)
CASES = os.path.join(REPOSITORY, "hostile", "cases")
RESULTS = os.environ.get("HOSTILE_RESULTS") or os.path.join(
    REPOSITORY, "target", "hostile"
)
# Calls in a row that may fail until a function is suspended: rust/frrscript's
# script/guard.rs.
ROUND = 20
# Calls that are measured, and those that come after them.
TIMED = int(os.environ.get("HOSTILE_TIMED") or 3)
REPEATS = int(os.environ.get("HOSTILE_REPEATS") or 0)
# Their time limit, where it is time that ends a call, and seconds that they may take.
SHORT, LONGEST = 2, 3
# In repeats as many at once as two times are no reason to suspend: a reload has those
# routes evaluated that are there.
WORN_AT_ONCE = ROUND // 2 - 1
# Calls that a trigger makes at once: so many of them do not suspend a function.
AT_ONCE = min(5, TIMED)
# Milliseconds that they may take together: who allows a call seconds, allows an UPDATE
# as many times that, and has no promise that the daemon answers within one.
TOGETHER = 500
# The library logs a kind of failure once in so many seconds (script/stats.rs).
QUIET = 60

# A load has ten times the limit of a call, and this at least (script/options.rs).
LOAD_MSEC = 800

BENIGN = """function route_match()
  return if frr.daemon == "vrrpd" then nil else RM_NOMATCH
end
"""
# How a complaint of more memory begins.
MEMORY = "resident memory:"
# What the C library keeps in pieces that are too small to give back.
SLACK = 1024 * 1024


class Case:
    """A file of hostile/cases."""

    def __init__(self, file):
        self.name = os.path.splitext(os.path.basename(file))[0]
        with open(file, encoding="utf-8") as source:
            text = source.read()
        header = dict(re.findall(r"^--@(\w+) (.*)$", text, re.MULTILINE))
        self.number = header["case"]
        self.title = header["title"]
        self.hook = header["hook"]
        self.ends = header["ends"]
        self.says = header.get("says", "")
        self.burns = header.get("time") == "yes"
        self.most = float(header["most"]) if "most" in header else None
        limits = dict(re.findall(r"(\w+)=(\d+)", header.get("limits", "")))
        self.time = int(limits.get("time", 50))
        self.memory = int(limits.get("memory", 16))
        self.daemons = header.get("daemons", "bgpd").split()
        self.text = re.sub(
            r"^--@repeat (\d+) (.*)$",
            lambda found: found[2] * int(found[1]),
            text,
            flags=re.MULTILINE,
        )

    def longest(self):
        """Milliseconds that a call or load may take; None: as long as it needs."""
        if self.burns:
            load = self.hook == "load"
            return 1.2 * (max(10 * self.time, LOAD_MSEC) if load else self.time)
        return self.most


def kinds(every):
    """One of each kind: of those with a number, a hook and an end in common."""
    first = {}
    for case in every:
        first.setdefault((case.number, case.hook, case.ends), case)
    return list(first.values())


def cases(daemon):
    """The cases that have a form in a daemon; in an ordinary run one of each kind."""
    every = [Case(file) for file in sorted(glob.glob(f"{CASES}/*.luau"))]
    here = [case for case in every if daemon in case.daemons]
    return here if "HOSTILE_TIMED" in os.environ else kinds(here)


def asking(feeder, prefixes):
    """What has the function called for AT_ONCE routes, or so many."""

    def ask(daemon, number, many=AT_ONCE):
        before = daemon.calls()
        feeder.tell(f"announce {prefixes} {many} {number % 65536}")
        until(lambda: daemon.calls() >= before + many, "not asked")

    return ask


def together(many, msec):
    """How many calls at once: up to `many`, of which each may take so long."""
    return max(1, min(many, int(TOGETHER / max(msec, 1))))


class Results:
    """Lines of target/hostile/NAME.jsonl."""

    def __init__(self, name):
        os.makedirs(RESULTS, exist_ok=True)
        self.file = os.path.join(RESULTS, f"{name}.jsonl")
        with open(self.file, "w", encoding="utf-8"):
            pass

    def add(self, line):
        with open(self.file, "a", encoding="utf-8") as out:
            out.write(json.dumps(line) + "\n")


def warm_up(daemon, trigger):
    """The first failure fills what is kept for good: a thread, tables, the log."""
    for hook in "route_match", "task", "load":
        first = next(one for one in cases(daemon.name) if one.hook == hook)
        Trial(daemon, first, trigger).run()


class Trial:
    """Repeats one case in a daemon; what it measured, and which promises it broke.

    `trigger(daemon, number, many)` has the function called, so many times or more, AT_ONCE
    if nobody says, and returns when that is done.
    `watched` are processes whose waiting for a CPU is taken into account.
    """

    def __init__(self, daemon, case, trigger, watched=(), wears=False):
        self.daemon, self.case, self.trigger = daemon, case, trigger
        self.wears, self.worn = wears and REPEATS > 0, 0
        self.watched = (daemon.pid, *watched)
        self.broken = []
        self.result = {}

    def check(self, right, what):
        if not right:
            self.broken.append(what)

    def run(self):
        """Once, and again if nothing but memory was more: what is kept for good is taken
        the first time, what leaks is so each time."""
        self.once()
        if self.broken and all(one.startswith(MEMORY) for one in self.broken):
            self.broken = []
            self.once()

    def once(self):
        case, daemon = self.case, self.daemon
        daemon.use("task" if case.hook == "task" else "case")
        daemon.config(
            f"script {daemon.case} limit time {case.time}",
            f"script {daemon.case} limit memory {case.memory}",
        )
        answer = daemon.load(BENIGN)
        assert "in service" in answer, answer
        before, script_before = resident(daemon.pid), daemon.script()["memoryBytes"]
        daemon.ask(f"clear script {daemon.case} counters")
        self.size = daemon.log_size()
        self.began = time.monotonic()
        self.hungry = starved(*self.watched)
        repeat = {"load": self.loads, "task": self.tasks}.get(case.hook, self.calls)
        self.many = together(AT_ONCE, case.time)
        ends = repeat(TIMED)
        took = time.monotonic() - self.began
        self.late = starved(*self.watched) - self.hungry
        shown = daemon.script()
        counted = self.count(shown)
        logged = self.logs()
        timed = self.repeats
        if self.wears and not self.broken:
            self.wear(repeat, ends)
        shown = daemon.script()
        answer = daemon.load(BENIGN)
        self.check("in service" in answer, f"the next script: {answer}")
        if case.hook == "route_match":
            # The next script serves. A rule lets go of the last one when it is called.
            daemon.ask("script resume case")
            self.trigger(daemon, self.repeats)
            failed = daemon.errors() - sum(shown["errors"].values())
            self.late = starved(*self.watched) - self.hungry
            self.check(failed <= self.interrupted(), f"the next one fails: {failed}")
        after, script_after = resident(daemon.pid), daemon.script()["memoryBytes"]
        allowed = max(before * 1.05, before + SLACK)
        self.check(after <= allowed, f"{MEMORY} {before} before, {after} after it")
        self.check(script_after <= script_before * 1.05, "memory of the next script")
        longest = ends[-1] if ends else None
        bound = case.longest()
        if bound and longest is not None:
            allowed = bound + 1e3 * self.late
            self.check(longest <= allowed, f"{longest} ms, {allowed} are allowed")
        self.result = {
            "case": case.name,
            "number": case.number,
            "title": case.title,
            "ends": case.ends,
            "limitMsec": case.time,
            "timed": timed,
            "repeats": timed + self.worn,
            "endMsec": ends[0] if ends else None,
            "longestMsec": longest,
            "memoryBefore": before,
            "memoryAfter": after,
            "logged": logged,
            "counted": counted,
            "wallSeconds": round(took, 3),
            "machineMsec": round(1e3 * self.late, 1),
        }

    def wear(self, repeat, ends):
        """What is left behind by many, at a short limit where it is time that ends them."""
        each = ends[0] if ends else 0
        if self.case.ends == "deadline":
            self.daemon.config(f"script {self.daemon.case} limit time {SHORT}")
            each = SHORT
        self.many = together(WORN_AT_ONCE, each)
        self.daemon.load(BENIGN)
        self.daemon.ask(f"clear script {self.daemon.case} counters")
        repeat(REPEATS, time.monotonic() + LONGEST)
        self.worn = self.repeats
        self.check(self.worn > 0, "it was not repeated")
        self.daemon.config(f"script {self.daemon.case} limit time {self.case.time}")

    def calls(self, repeats, end=float("inf")):
        """A function that something calls; the median and the longest end."""
        answer = self.daemon.load(self.case.text)
        self.check("in service" in answer, f"it is not loaded: {answer}")
        self.repeats = 0
        while self.repeats < repeats and time.monotonic() < end and not self.broken:
            self.daemon.ask("script resume case")
            self.trigger(self.daemon, self.repeats, self.many)
            self.repeats = self.daemon.calls()
        return self.ends()

    def tasks(self, repeats, end=float("inf")):
        """A script that runs by itself: each reload has it begin anew."""
        for self.repeats in range(1, repeats + 1):
            answer = self.daemon.load(self.case.text)
            self.check("in service" in answer, f"it is not loaded: {answer}")
            if self.case.ends != "fine":
                self.wait(lambda: self.daemon.errors(self.case.ends) >= self.repeats)
            if time.monotonic() > end or self.broken:
                break
        return self.ends()

    def wait(self, test):
        until(test, f"{self.case.name}: nothing happens: {self.daemon.script()}")

    def loads(self, repeats, end=float("inf")):
        """A text that is refused, each time."""
        took = []
        for self.repeats in range(1, repeats + 1):
            began = time.monotonic()
            answer = self.daemon.load(self.case.text)
            took.append(1e3 * (time.monotonic() - began))
            self.check(
                "stays in service" in answer and self.case.says in answer,
                f"it is loaded, or refused for another reason: {answer[:500]}",
            )
            if time.monotonic() > end or self.broken:
                break
        took.sort()
        return [round(took[len(took) // 2], 3), round(took[-1], 3)]

    def ends(self):
        times = self.daemon.script()["timeNsecs"]
        if times["max"] is None:
            return []
        return [round(times[key] / 1e6, 3) for key in ("p50", "max")]

    def count(self, shown):
        """The counter of its kind moved, once for each call, and no other did."""
        case, errors = self.case, shown["errors"]
        if case.ends == "load":
            return self.repeats
        counted = errors.get(case.ends, 0)
        others = {k: n for k, n in errors.items() if n and k != case.ends}
        if others.get("deadline", 0) <= self.interrupted():
            counted += others.pop("deadline", 0)
        self.check(not others, f"other kinds were counted: {others}")
        if case.ends == "fine":
            return counted
        self.check(counted >= self.repeats, f"{counted} of {self.repeats} are counted")
        said = (shown["lastError"] or {}).get("message", "")
        self.check(case.says in said, f"the error says {said[:500]!r}")
        return counted

    def interrupted(self):
        """Calls that may be late because the machine ran something else meanwhile."""
        return int(1e3 * self.late / self.case.time)

    def logs(self):
        """The log has its kind once in an interval, and never more."""
        if self.case.ends in ("load", "fine"):
            return 0
        words = (f"script {self.daemon.case}: ", f": {self.case.ends}: ")
        logged = len(self.daemon.logged(self.size, words))
        most = 1 + int((time.monotonic() - self.began) / QUIET)
        self.check(1 <= logged <= most, f"{logged} lines in the log, {most} at most")
        return logged

    def answers(self, poller):
        """The daemon answered within a second; the longest answer."""
        answer = poller.longest(self.began)
        late = starved(*self.watched) - self.hungry
        name = self.daemon.name
        self.check(answer < 1 + late, f"{name} took {answer} s to answer")
        return answer

    def keepalives(self, *speakers):
        """No KEEPALIVE was late; the longest time without one."""
        gap = max(one.longest_gap(self.began) for one in speakers)
        bound = KEEPALIVE + starved(*self.watched) - self.hungry
        self.check(gap <= bound, f"{gap} s without a KEEPALIVE, {bound} are allowed")
        return gap

    def end(self, results, **seconds):
        """Writes what was measured; fails if a promise was broken."""
        more = {f"{name}Msec": round(1e3 * took, 1) for name, took in seconds.items()}
        results.add(self.result | more | {"passed": not self.broken})
        assert not self.broken, "\n".join(self.broken)
