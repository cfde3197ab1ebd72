#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Alarms to an HTTPS server: examples/webhook_alarm.luau.

r2 tells a real server when the session with r1 comes up and goes down. The
server is away for a while, and has no time for a while; nothing gets lost.
"""

import json
import os
import re
import subprocess
import sys

import pytest

from scripttopo import (
    config,
    errors,
    expect_established,
    expect_true,
    log_lines,
    script,
    script_directory,
    show,
    topology,
    write_script,
)

pytestmark = [pytest.mark.bgpd]

FOLDER = os.path.dirname(os.path.abspath(__file__))
PORT = 8443


def openssl(folder, *words):
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"]
    command += ["-pkeyopt", "ec_paramgen_curve:prime256v1"]
    subprocess.run(
        command + list(words), cwd=folder, check=True, stderr=subprocess.DEVNULL
    )


class Server:
    """The server in a router's network namespace, with certificates of its own."""

    def __init__(self, router, folder):
        self.router = router
        self.folder = folder
        self.output = os.path.join(folder, "requests")
        self.process = None
        out = lambda name: ["-keyout", name + ".key", "-out", name + ".pem"]
        openssl(folder, "-subj", "/CN=authority", *out("ca"))
        signed = ["-CA", "ca.pem", "-CAkey", "ca.key"]
        for name, more in (
            ("subjectAltName", "IP:127.0.0.1"),
            ("basicConstraints", "critical,CA:false"),
        ):
            signed += ["-addext", f"{name}={more}"]
        openssl(folder, "-subj", "/CN=server", *signed, *out("server"))
        # The daemon is not root.
        os.chmod(folder, 0o755)

    def file(self, name):
        return os.path.join(self.folder, name)

    def start(self):
        self.process = self.router.popen(
            [sys.executable, os.path.join(FOLDER, "server.py"), str(PORT)]
            + [self.file("server.pem"), self.file("server.key"), self.output]
        )

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def busy(self, is_busy):
        if is_busy:
            with open(self.output + ".busy", "w", encoding="utf-8"):
                pass
        else:
            os.remove(self.output + ".busy")

    def requests(self, taken=True):
        if not os.path.exists(self.output):
            return []
        with open(self.output, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file if line.endswith("\n")]
        return [line for line in lines if line["taken"] == taken]

    def told(self):
        """All that the server took, as up and down."""
        return [e["up"] for r in self.requests() for e in r["body"]["events"]]


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1", "r2"]})


@pytest.fixture(scope="module")
def server(r2, tmp_path_factory):
    server = Server(r2, str(tmp_path_factory.mktemp("server")))
    # A folder of pytest's is its user's alone, and the daemon has another one.
    for folder in (os.path.dirname(server.folder), server.folder):
        os.chmod(folder, 0o755)
    yield server
    server.kill()


def session(router, up):
    word = "no " if up else ""
    config(router, "router bgp 65001", f"{word}neighbor 192.0.2.2 shutdown")


def flap(r1, r2):
    session(r1, False)
    expect_true(
        lambda: show(r2, "show bgp neighbors 192.0.2.1")["192.0.2.1"]["bgpState"]
        != "Established",
        "the session stays up",
    )
    session(r1, True)
    expect_established(r2, "192.0.2.1")


def test_a_session_is_told(r1, r2, server):
    server.start()
    expect_established(r2, "192.0.2.1")
    name = os.path.join(script_directory(r2.name), "webhook_alarm.luau")
    with open(name, encoding="utf-8") as file:
        text = file.read()
    os.remove(name)
    for constant, value in (
        ("URL", f'"https://127.0.0.1:{PORT}/bgp"'),
        ("ROUTER", '"r2"'),
        ("HEADERS", '{ authorization = "Bearer secret" }'),
        ("OPTIONS", f'{{ timeout = 5, ca = "{server.file("ca.pem")}" }}'),
        ("LONGEST", "1"),
    ):
        text, count = re.subn(
            rf"^local {constant} = .*$", f"local {constant} = {value}", text, flags=re.M
        )
        assert count == 1, constant
    write_script(r2, "webhook_alarm", text)
    output = config(
        r2, "script webhook_alarm permit runtime http", "script load webhook_alarm"
    )
    assert not output.strip(), output
    flap(r1, r2)
    expect_true(lambda: server.told() == [False, True], "not told", count=240)
    request = server.requests()[0]
    assert request["path"] == "/bgp" and request["type"] == "application/json"
    assert request["authorization"] == "Bearer secret"
    assert (request["body"]["router"], request["body"]["lost"]) == ("r2", 0)
    event = request["body"]["events"][0]
    assert (event["peer"], event["remote_as"]) == ("192.0.2.1", 65001)
    assert (event["vrf"], event["description"]) == ("default", "west")
    assert event["state"] != "Established"


def test_nothing_is_lost_while_the_server_is_away(r1, r2, server):
    server.kill()
    flap(r1, r2)
    expect_true(
        lambda: log_lines(r2, "bgpd", "webhook_alarm: connect"), "no failed attempt"
    )
    flap(r1, r2)
    assert server.told() == [False, True]
    server.start()
    expect_true(lambda: server.told() == [False, True] * 3, "not told")
    assert len(server.requests()[-1]["body"]["events"]) >= 2, "they wait together"


def test_a_busy_server_is_asked_again(r1, r2, server):
    server.busy(True)
    flap(r1, r2)
    expect_true(lambda: len(server.requests(taken=False)) >= 2, "not tried again")
    assert server.told() == [False, True] * 3
    server.busy(False)
    expect_true(lambda: server.told() == [False, True] * 4, "not told")
    assert errors(r2, "webhook_alarm") == 0, script(r2, "webhook_alarm")


# Each line of `told` is what one function of the module gave.
MODULE = """
local http = require "frr.http"
local client = http.new { ca = "CA", timeout = 5, max_response = 60 }
local stranger = http.new { timeout = 5 }
local url = "https://127.0.0.1:PORT"
local told = {}

local function tell(name, value, err)
	told[name] = if err then `{err.kind}` else value
end

frr.spawn(function()
	local response = client:get(url .. "/a", { query = { b = 1 } })
	tell("status", response.status)
	tell("path", response:json().path)
	tell("twice", response.headers["x-twice"])
	local missing = client:request { url = url .. "/missing" }
	tell("missing", missing.status)
	tell("large", client:get(url .. "/" .. string.rep("x", 100)))
	tell("slow", client:get(url .. "/slow", { timeout = 0.3 }))
	tell("untrusted", stranger:get(url .. "/a"))
	tell("refused", client:get("https://127.0.0.1:1/"))
	tell("mistake", client:get("no URL"))
	local _, why = setmetatable({ body = "{" }, getmetatable(response)):json()
	tell("json", nil, why)
	frr.publish("told", told)
end)
"""


def test_the_module(r2, server):
    text = MODULE.replace("CA", server.file("ca.pem")).replace("PORT", str(PORT))
    write_script(r2, "module", f"if frr.daemon == 'bgpd' then\n{text}\nend")
    output = config(r2, "script module permit runtime http", "script load module")
    assert not output.strip(), output

    def told():
        topics = show(r2, "show script topics").get("bgpd", {}).get("topics", {})
        return topics.get("told", {}).get("value")

    expect_true(lambda: told() is not None, "the script did not come to its end")
    assert told() == {
        "status": 200,
        "path": "/a?b=1",
        "twice": "1, 2",
        "missing": 404,
        "large": "too_large",
        "slow": "timeout",
        "untrusted": "tls",
        "refused": "connect",
        "mistake": "request",
        "json": "json",
    }
    assert errors(r2, "module") == 0, script(r2, "module")
