#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""The configuration of scripts, in and out.

The operator is promised: what was typed is in the running configuration and
comes back when it is saved and read again, frr-reload.py applies what differs and nothing else, every
line has its `no` form, and a name that can be no script is refused.
"""

import json
import os
import socket

import pytest

from lib.topogen import get_topogen

from scripttopo import (
    config,
    expect,
    expect_true,
    script,
    script_file,
    topology,
    vtysh,
)

pytestmark = [pytest.mark.bgpd]

LINES = [
    "script load edge",
    "script edge limit time 40",
    "script edge limit memory 8",
    "script edge on-error deny",
    " match script edge",
    " set script edge function other",
]


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1"]})


def running(router):
    return vtysh(router, "show running-config").splitlines()


def reload_file(router, mode, text):
    """What frr-reload.py says of a configuration."""
    file = os.path.join(get_topogen().logdir, "new.conf")
    with open(file, "w", encoding="utf-8") as conf:
        conf.write(text)
    tool = os.path.join(os.environ["FRR_SRC_TREE"], "tools/frr-reload.py")
    bindir = os.path.join(os.environ["FRR_ROOT"], "usr/bin")
    return router.run(
        f"{os.environ['PYTHON']} {tool} --{mode} --bindir {bindir} --stdout {file} 2>&1"
    )


def current(router):
    lines = running(router)
    return "\n".join(lines[lines.index("!") :]) + "\n"


def test_the_running_configuration_has_each_line_once(r1):
    lines = running(r1)
    for line in LINES:
        assert lines.count(line) == 1, line


def test_a_script_comes_before_the_route_map_that_uses_it(r1):
    lines = running(r1)
    assert lines.index("script load edge") < lines.index("route-map RM permit 10")


def test_options_are_in_service(r1):
    expect(
        lambda: script(r1, "edge"),
        {
            "state": "in service",
            "limitTimeMsecs": 40,
            "limitMemoryBytes": 8 * 1024 * 1024,
            "onError": "deny",
        },
        "options",
    )


def test_frr_reload_finds_no_difference(r1):
    output = reload_file(r1, "test", current(r1))
    assert "vtysh show running" in output and "Lines To" not in output, output


def test_frr_reload_applies_a_difference(r1):
    new = (
        current(r1)
        .replace("limit time 40", "limit time 30")
        .replace("script edge on-error deny\n", "")
        .replace(" set script edge function other\n", "")
    )
    reload_file(r1, "reload", new)
    lines = running(r1)
    assert "script edge limit time 30" in lines
    assert "script edge on-error deny" not in lines
    assert " set script edge function other" not in lines
    assert " match script edge" in lines
    config(
        r1,
        "script edge limit time 40",
        "script edge on-error deny",
        "route-map RM permit 10",
        "set script edge function other",
    )
    for line in LINES:
        assert line in running(r1), line


def test_a_saved_configuration_comes_back(r1):
    vtysh(r1, "write memory")
    config(
        r1,
        "no route-map RM",
        "no script edge limit time",
        "no script edge on-error",
        "no script load edge",
    )
    assert not set(LINES[3:]) & set(running(r1))
    r1.run("vtysh -b")
    for line in LINES:
        assert running(r1).count(line) == 1, line


def test_a_default_function_is_not_written(r1):
    config(r1, "route-map RM permit 10", "set script edge function route_set")
    assert " set script edge" in running(r1)
    config(r1, "route-map RM permit 10", "set script edge function other")
    assert " set script edge function other" in running(r1)


def test_bad_names_are_refused(r1):
    before = running(r1)
    for name in ("../edge", "a/b", "a..b", ".edge"):
        assert "is not a script name" in config(r1, f"script load {name}")
        for rule in ("match", "set"):
            output = config(r1, "route-map RM permit 10", f"{rule} script {name}")
            assert "is not a script name" in output
    assert running(r1) == before


def test_a_missing_file_is_told_with_its_path_and_kept(r1):
    output = config(r1, "script load later")
    assert "later.lua" in output, output
    assert "script load later" in running(r1)
    config(r1, "no script load later")
    assert "script load later" not in running(r1)


@pytest.mark.parametrize(
    "line",
    [
        "script edge limit time",
        "script edge limit memory",
        "script edge on-error",
        "script load edge",
    ],
)
def test_no_forms(r1, line):
    assert any(found.startswith(line) for found in running(r1))
    config(r1, "no " + line)
    assert not any(found.startswith(line) for found in running(r1))


@pytest.mark.parametrize("rule", ["match script", "set script"])
def test_no_forms_of_rules(r1, rule):
    config(r1, "route-map RM permit 10", f"no {rule}")
    assert not any(found.startswith(f" {rule}") for found in running(r1))


def test_nothing_of_the_script_is_left(r1):
    expect_true(lambda: not script(r1, "edge"), vtysh(r1, "show script"))


# What a management tool wrote for FRR 10.3, in which bgpd alone knew the rule.
OLD_LEAF = {
    "frr-route-map:lib": {
        "route-map": [
            {
                "name": "OLD",
                "entry": [
                    {
                        "sequence": 10,
                        "action": "permit",
                        "match-condition": [
                            {
                                "condition": "frr-bgp-route-map:match-script",
                                "rmap-match-condition": {
                                    "frr-bgp-route-map:script": "edge"
                                },
                            }
                        ],
                    }
                ],
            }
        ]
    }
}


class Transactions:
    """A bgpd of its own that takes configuration in transactions, as tools do.

    Its commands are not vtysh's: they go to its socket.
    """

    def __init__(self, router, folder):
        self.router = router
        self.pid_file = os.path.join(folder, "bgpd.pid")
        bgpd = os.path.join(os.environ["FRR_ROOT"], "usr/lib/frr/bgpd")
        conf = os.path.join(folder, "bgpd.conf")
        with open(conf, "w", encoding="utf-8"):
            pass
        router.run(
            f"{bgpd} -d -Z -S -n -p 0 --tcli --vty_socket {folder} -i {self.pid_file}"
            f" -f {conf} --scriptdir {os.path.dirname(script_file(router, 'edge'))}"
            " >/dev/null 2>&1 </dev/null"
        )
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(30)
        self.path = os.path.join(folder, "bgpd.vty")
        expect_true(self.connected, "no second bgpd")

    def connected(self):
        """A socket's file is there before its daemon listens."""
        try:
            self.socket.connect(self.path)
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        return True

    def run(self, *commands):
        """What the last command prints: it ends with three NULs and a status."""
        text = b""
        for command in commands:
            self.socket.sendall(command.encode() + b"\0")
            text = b""
            while text[-4:-1] != b"\0\0\0":
                text += self.socket.recv(65536)
        return text[:-4].decode()

    def close(self):
        """Waits for the end: the next one takes over this one's socket."""
        self.socket.close()
        with open(self.pid_file, encoding="utf-8") as file:
            pid = int(file.read())
        self.router.run(f"kill {pid}")
        expect_true(lambda: not os.path.exists(f"/proc/{pid}"), "the second bgpd stays")


@pytest.fixture
def transactions(r1):
    folder = os.path.join(get_topogen().logdir, "old")
    os.makedirs(folder, exist_ok=True)
    bgpd = Transactions(r1, folder)
    with open(os.path.join(folder, "old.json"), "w", encoding="utf-8") as file:
        json.dump(OLD_LEAF, file)
    bgpd.run("enable", "configure")
    bgpd.load = f"configuration load file json {folder}/old.json"
    yield bgpd
    bgpd.close()


def test_the_leaf_of_FRR_is_the_same_rule(transactions):
    "Configuration of tools that know FRR 10.3's YANG stays good and is shown."
    assert "committed" in transactions.run(transactions.load, "commit")
    shown = transactions.run("do show running-config")
    assert shown.count(" match script edge\n") == 1
    # the command takes its place
    assert "committed" in transactions.run(
        "route-map OLD permit 10", "match script edge function other", "commit"
    )
    shown = transactions.run("do show running-config")
    assert shown.count(" match script ") == 1
    assert " match script edge function other\n" in shown
    # and both at once are refused
    output = transactions.run("exit", transactions.load, "commit")
    assert "this entry has a frr-route-map:match-script" in output


def test_the_command_takes_back_the_leaf_of_FRR(transactions):
    transactions.run(transactions.load, "commit")
    assert "committed" in transactions.run(
        "route-map OLD permit 10", "no match script", "commit"
    )
    assert " match script" not in transactions.run("do show running-config")
