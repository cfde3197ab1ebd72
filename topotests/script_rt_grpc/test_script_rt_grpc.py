#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""The module frr.grpc in a live bgpd, against tonic servers on r2, and
examples/policy_hints.luau.

One server describes itself (reflection), the other doesn't.
"""

import os
import re
import subprocess

import pytest

import scripttopo
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
    script,
    script_directory,
    show,
    topology,
    vtysh,
    write_script,
)
from script_rt_grpc import modules

pytestmark = [pytest.mark.bgpd]

# `cargo xtask build --runtimes` makes it of runtimes/grpc/examples, for every build of FRR.
PROGRAM = os.path.join(
    os.path.dirname(os.path.realpath(scripttopo.RUNTIMES)),
    "runtimes-tools",
    "grpc_server",
)
PROTO = os.path.join(
    os.path.dirname(os.path.realpath(__file__)), "../../runtimes/grpc/tests/common"
)
SERVER, PLAIN = 50051, 50052


class Server:
    """A server in a router's network namespace."""

    def __init__(self, router, port, *words):
        self.router = router
        self.words = [f"127.0.0.1:{port}", *words]
        self.process = None

    def start(self):
        self.process = self.router.popen(
            [PROGRAM, *self.words], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout.readline() == "ready\n", "no server"

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.process = None


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1", "r2"]})


@pytest.fixture(scope="module")
def descriptors(tmp_path_factory):
    folder = tmp_path_factory.mktemp("descriptors")
    # A folder of pytest's is its user's alone, and the daemon has another one.
    for name in (folder.parent, folder):
        os.chmod(name, 0o755)
    file = folder / "test.binpb"
    command = ["protoc", "--include_imports", f"--descriptor_set_out={file}"]
    subprocess.run(command + ["test.proto", "policy.proto"], cwd=PROTO, check=True)
    return str(file)


@pytest.fixture(scope="module")
def hints(tmp_path_factory):
    """What the policy service says: AS numbers and their local preference."""
    return tmp_path_factory.mktemp("policy") / "hints"


@pytest.fixture(scope="module")
def server(r2, descriptors, hints):
    words = [descriptors, str(hints)]
    servers = [Server(r2, SERVER, *words), Server(r2, PLAIN, *words, "plain")]
    try:
        for server in servers:
            server.start()
        yield servers[0]
    finally:
        for server in servers:
            server.kill()


def runtimes(router, name):
    """What `show script runtimes` says of those that a script asked for."""
    found = show(router, "show script runtimes").get("bgpd", {}).get("runtimes", [])
    return [r for r in found if name in r["scripts"]]


def told(router, name):
    """What a script published, in the topic of its name."""
    topics = show(router, "show script topics").get("bgpd", {}).get("topics", {})
    return topics.get(name, {}).get("value")


def load(router, name, text, descriptors):
    with open(descriptors, "rb") as file:
        octets = "".join(f"\\x{octet:02x}" for octet in file.read())
    for word, value in (
        ("SERVER", str(SERVER)),
        ("PLAIN", str(PLAIN)),
        ("FILE", descriptors),
        ("DESCRIPTORS", octets),
    ):
        text = text.replace(word, value)
    write_script(router, name, text)
    output = config(router, f"script {name} permit runtime grpc", f"script load {name}")
    assert not output.strip(), output


def unload(router, name):
    """Its topic goes with it, and nothing that it asked is left over."""
    assert errors(router, name) == 0, script(router, name)
    config(router, f"no script load {name}")
    expect_true(lambda: told(router, name) is None, "the topic is left over")
    expect_true(
        lambda: all(r["inFlight"] == 0 for r in runtimes(router, name)),
        "calls are left over",
    )


@pytest.mark.parametrize(
    "name, text, wanted",
    [
        ("unary", modules.UNARY, modules.UNARY_TOLD),
        ("streams", modules.STREAMS, modules.STREAMS_TOLD),
    ],
    ids=["unary", "streams"],
)
def test_the_module(r2, server, descriptors, name, text, wanted):
    load(r2, name, text, descriptors)
    expect_true(lambda: told(r2, name), "the script did not come to its end")
    assert told(r2, name) == wanted
    unload(r2, name)


def test_a_server_that_goes_and_comes_back(r2, server, descriptors):
    load(r2, "lasting", modules.LASTING, descriptors)
    expect(lambda: told(r2, "lasting"), "you said a", "no stream")
    server.kill()
    expect(lambda: told(r2, "lasting"), "lost", "the end of the stream was not told")
    server.start()
    expect(lambda: told(r2, "lasting"), "back", "no answer of the new server")
    unload(r2, "lasting")


FIRST, SECOND, THIRD = "198.51.100.0/28", "198.51.100.16/28", "198.51.100.32/28"


def say(hints, text):
    """Never half of it: the server may be reading."""
    part = hints.with_suffix(".part")
    part.write_text(text)
    part.rename(hints)


def load_hints(router):
    """The example, with less patience."""
    name = os.path.join(script_directory(router.name), "policy_hints.luau")
    with open(name, encoding="utf-8") as file:
        text = file.read()
    os.remove(name)
    text, count = re.subn("^local AGAIN = .*$", "local AGAIN = 1", text, flags=re.M)
    assert count == 1
    write_script(router, "policy_hints", text)
    output = config(
        router,
        "script policy_hints permit runtime grpc",
        "script policy_hints on-error deny",
        "script load policy_hints",
        "route-map FROM-TRANSIT permit 10",
        "match script policy_hints",
    )
    assert not output.strip(), output


def test_hints_decide(r2, server, hints):
    load_hints(r2)
    expect_established(r2, "192.0.2.1")
    # The service has nothing to answer with.
    expect_true(lambda: log_lines(r2, "bgpd", "the last hints stay"), "not asked")
    for prefix in (FIRST, SECOND, THIRD):
        expect_absent(r2, prefix)
    before = established(r2, "192.0.2.1")
    say(hints, "64501 200\n65001 50\n")
    expect_path(r2, FIRST, {"valid": True, "locPrf": 200})
    expect_path(r2, THIRD, {"valid": True, "locPrf": 50})
    expect_absent(r2, SECOND)
    say(hints, "64501 300\n64502 120\n")
    expect_path(r2, FIRST, {"locPrf": 300})
    expect_path(r2, SECOND, {"locPrf": 120})
    expect_absent(r2, THIRD)
    assert established(r2, "192.0.2.1") == before, "the session was reset"


def test_hints_outlive_the_service_and_the_script(r2, server):
    server.kill()
    known = len(log_lines(r2, "bgpd", "the last hints stay"))
    vtysh(r2, "script reload policy_hints")
    expect_true(
        lambda: len(log_lines(r2, "bgpd", "the last hints stay")) > known,
        "the new script does not ask",
    )
    vtysh(r2, "clear bgp ipv4 unicast 192.0.2.1 soft in")
    expect_path(r2, FIRST, {"locPrf": 300})
    expect_path(r2, SECOND, {"locPrf": 120})
    expect_absent(r2, THIRD)
    server.start()
    assert errors(r2, "policy_hints") == 0, script(r2, "policy_hints")
