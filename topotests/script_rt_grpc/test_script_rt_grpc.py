#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""The module frr.grpc in a live bgpd, against tonic servers on r2.

One server describes itself (reflection), the other doesn't.
"""

import os
import subprocess

import pytest

import scripttopo
from scripttopo import (
    config,
    errors,
    expect,
    expect_true,
    script,
    show,
    topology,
    write_script,
)
from script_rt_grpc import scripts

pytestmark = [pytest.mark.bgpd]

# `cargo xtask build --runtimes` makes it of runtimes/grpc/examples.
PROGRAM = os.path.join(
    os.path.dirname(scripttopo.RUNTIMES), "runtimes-tools", "grpc_server"
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
def r2(tgen):
    return tgen.gears["r2"]


@pytest.fixture(scope="module")
def descriptors(tmp_path_factory):
    folder = tmp_path_factory.mktemp("descriptors")
    # A folder of pytest's is its user's alone, and the daemon has another one.
    for name in (folder.parent, folder):
        os.chmod(name, 0o755)
    file = folder / "test.binpb"
    command = ["protoc", "--include_imports", f"--descriptor_set_out={file}"]
    subprocess.run(command + ["test.proto"], cwd=PROTO, check=True)
    return str(file)


@pytest.fixture(scope="module")
def server(r2, descriptors):
    servers = [Server(r2, SERVER, descriptors), Server(r2, PLAIN, descriptors, "plain")]
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
    output = config(
        router, f"script {name} permit runtime grpc", f"script load {name}"
    )
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
        ("unary", scripts.UNARY, scripts.UNARY_TOLD),
        ("streams", scripts.STREAMS, scripts.STREAMS_TOLD),
    ],
    ids=["unary", "streams"],
)
def test_the_module(r2, server, descriptors, name, text, wanted):
    load(r2, name, text, descriptors)
    expect_true(lambda: told(r2, name), "the script did not come to its end")
    assert told(r2, name) == wanted
    unload(r2, name)


def test_a_server_that_goes_and_comes_back(r2, server, descriptors):
    load(r2, "lasting", scripts.LASTING, descriptors)
    expect(lambda: told(r2, "lasting"), "you said a", "no stream")
    server.kill()
    expect(lambda: told(r2, "lasting"), "lost", "the end of the stream was not told")
    server.start()
    expect(lambda: told(r2, "lasting"), "back", "no answer of the new server")
    unload(r2, "lasting")
