#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Route telemetry to Kafka: examples/telemetry_kafka.luau.

r2 writes every change of a best route to a real broker (librdkafka's), and kcat
reads it. The broker is away for a while; bgpd routes on, and nothing is lost
that has room.
"""

import json
import os
import re
import subprocess

import pytest

from scripttopo import (
    config,
    errors,
    expect_established,
    expect_path,
    expect_true,
    script,
    script_directory,
    topology,
    write_script,
)

pytestmark = [pytest.mark.bgpd]

FOLDER = os.path.dirname(os.path.realpath(__file__))
# The broker of the runtime's own tests.
BROKER = os.path.join(FOLDER, "../../runtimes/kafka/tests/common/broker.c")
TOPIC = "bgp-routes"


class Broker:
    """The broker in a router's network namespace."""

    def __init__(self, router, folder):
        program = os.path.join(folder, "broker")
        subprocess.run(
            ["cc", "-o", program, BROKER, "-lrdkafka", "-ldl"], check=True
        )
        self.router = router
        self.process = router.popen(
            [program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.address = self.line().split()[1]
        self.order(f"topic {TOPIC} 1")

    def line(self):
        line = self.process.stdout.readline()
        return line.decode() if isinstance(line, bytes) else line

    def order(self, words):
        words += "\n"
        text = getattr(self.process.stdin, "encoding", None) is not None
        self.process.stdin.write(words if text else words.encode())
        self.process.stdin.flush()
        assert self.line().strip() == "ok", words

    def kill(self):
        self.process.kill()
        self.process.wait()

    def records(self):
        """All that is in the topic: key and value of each record."""
        command = f"kcat -b {self.address} -C -t {TOPIC} -e -q -f '%k %s\\n' 2>/dev/null"
        lines = self.router.run(command).splitlines()
        pairs = [line.split(" ", 1) for line in lines if " {" in line]
        return [(key, json.loads(value)) for key, value in pairs]

    def events(self, prefix):
        return [value["event"] for key, value in self.records() if key == prefix]


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1", "r2"]})


@pytest.fixture(scope="module")
def broker(r2, tmp_path_factory):
    broker = Broker(r2, str(tmp_path_factory.mktemp("broker")))
    yield broker
    broker.kill()


def network(router, prefix, there=True):
    word = "" if there else "no "
    config(
        router,
        "router bgp 65001",
        "address-family ipv4 unicast",
        f"{word}network {prefix}",
    )


def test_changes_are_told(r1, r2, broker):
    expect_established(r2, "192.0.2.1")
    name = os.path.join(script_directory(r2.name), "telemetry_kafka.luau")
    with open(name, encoding="utf-8") as file:
        text = file.read()
    os.remove(name)
    for constant, value in (
        ("BROKERS", f'{{ "{broker.address}" }}'),
        ("ROUTER", '"r2"'),
    ):
        text, count = re.subn(
            rf"^local {constant} = .*$", f"local {constant} = {value}", text, flags=re.M
        )
        assert count == 1, constant
    write_script(r2, "telemetry_kafka", text)
    output = config(
        r2, "script telemetry_kafka permit runtime kafka", "script load telemetry_kafka"
    )
    assert not output.strip(), output
    network(r1, "198.51.100.0/24")
    expect_true(
        lambda: broker.events("198.51.100.0/24") == ["announced"], "not told", count=240
    )
    told = dict(broker.records())["198.51.100.0/24"]
    assert (told["router"], told["family"]) == ("r2", "ipv4 unicast")
    assert (told["peer"], told["as_path"]) == ("192.0.2.1", "65001")
    network(r1, "198.51.100.0/24", False)
    expect_true(
        lambda: broker.events("198.51.100.0/24") == ["announced", "withdrawn"],
        "the withdrawal is not told",
    )


def test_what_changes_while_the_broker_is_away_is_told_later(r1, r2, broker):
    broker.order("down")
    prefixes = [f"203.0.113.{16 * i}/28" for i in range(8)]
    for prefix in prefixes:
        network(r1, prefix)
    # bgpd goes on.
    for prefix in prefixes:
        expect_path(r2, prefix, {"valid": True})
    broker.order("up")
    for prefix in prefixes:
        expect_true(
            lambda: broker.events(prefix) == ["announced"], f"{prefix} is not told"
        )
    assert errors(r2, "telemetry_kafka") == 0, script(r2, "telemetry_kafka")
