#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""zebra's on_rib_process_dplane_results: what a script sees, and what it can't do."""

import functools
import os

import pytest

from lib import topotest
from lib.topogen import Topogen, TopoRouter, get_topogen

pytestmark = [pytest.mark.staticd]

CWD = os.path.dirname(os.path.realpath(__file__))

# One line for each operation on a route or a nexthop: the prefix (a nexthop has
# none), the gates, and how many members the kernel's nexthop group gets.
TELLS = """
function on_rib_process_dplane_results(ctx)
    local route = ctx.rinfo
    if not route then
        return {}
    end
    local gates = {}
    for i, nexthop in ipairs(route.zd_ng) do
        gates[i] = nexthop.gate and nexthop.gate.string or "none"
    end
    log.info(`%s {route.zd_dest.network} via {table.concat(gates, ",")} members {#route.nhe.nh_grp}`)
    return {}
end
"""

# ctx has no decoder: FRR 10.3 aborted when it came back (D4).
GIVES_BACK = """
function on_rib_process_dplane_results(ctx)
    if ctx.rinfo then
        log.info(`back {ctx.rinfo.zd_dest.network}`)
    end
    return { ctx = ctx, action = 1 }
end
"""

LOOPS = """
function on_rib_process_dplane_results(ctx)
    while true do
    end
end
"""


def script_directory():
    return os.path.join(get_topogen().logdir, "r1-scripts")


def log_file():
    return os.path.join(script_directory(), "r1.log")


def write_script(text):
    with open(os.path.join(script_directory(), "rib.lua"), "w") as file:
        file.write(text)


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    def build(topology):
        topology.add_router("r1")
        topology.add_switch("s1").add_link(topology.gears["r1"])

    tgen = Topogen(build, request.module.__name__)
    tgen.start_topology()
    os.makedirs(script_directory(), exist_ok=True)
    os.chmod(script_directory(), 0o1777)
    write_script(TELLS % "first")
    option = "--scriptdir " + script_directory()
    tgen.gears["r1"].load_frr_config(
        os.path.join(CWD, "r1/frr.conf"),
        [
            (TopoRouter.RD_ZEBRA, option),
            (TopoRouter.RD_MGMTD, None),
            (TopoRouter.RD_STATIC, None),
        ],
    )
    tgen.start_router()
    # the framework's own log file is a relative path, which only works for
    # daemons that may write where they were started
    config(tgen.gears["r1"], f"log file {log_file()} informational")
    yield tgen
    tgen.stop_topology()


@pytest.fixture
def r1(tgen):
    if tgen.routers_have_failure():
        pytest.fail(tgen.errors)
    return tgen.gears["r1"]


def config(router, *lines):
    return router.vtysh_cmd("\n".join(("configure terminal",) + lines))


def add_route(router, prefix, *gates):
    config(router, *[f"ip route {prefix} {gate}" for gate in gates])


def lines(text):
    with open(log_file()) as log:
        return [line for line in log if text in line]


def expect_line(text):
    found, _ = topotest.run_and_expect(
        lambda: bool(lines(text)), True, count=60, wait=0.5
    )
    assert found, f"zebra did not log: {text}"


def running(router):
    return router.vtysh_cmd("show running-config")


def test_a_script_sees_a_route(r1):
    "The prefix and the gate of a route with one nexthop."
    add_route(r1, "198.51.100.0/24", "192.0.2.2")
    expect_line("first 198.51.100.0/24 via 192.0.2.2 ")


def test_a_script_sees_every_member_of_a_nexthop_group(r1):
    "FRR 10.3 told of the first only."
    add_route(r1, "198.51.101.0/24", "192.0.2.2", "192.0.2.3")
    expect_line("first 198.51.101.0/24 via 192.0.2.2,192.0.2.3")
    expect_line("members 2")


def test_the_configuration_has_the_command(r1):
    assert "zebra on-rib-process script rib\n" in running(r1)


def test_the_command_given_again_takes_the_new_file(r1):
    write_script(TELLS % "second")
    add_route(r1, "198.51.102.0/24", "192.0.2.2")
    expect_line("first 198.51.102.0/24")
    output = config(r1, "zebra on-rib-process script rib")
    assert "in service" in output
    add_route(r1, "198.51.103.0/24", "192.0.2.2")
    expect_line("second 198.51.103.0/24")


def test_a_broken_file_leaves_the_old_version(r1):
    write_script("function on_rib_process_dplane_results(ctx) return {")
    output = config(r1, "zebra on-rib-process script rib")
    assert "stays in service" in output
    add_route(r1, "198.51.104.0/24", "192.0.2.2")
    expect_line("second 198.51.104.0/24")


def test_a_name_outside_of_the_directory_is_refused(r1):
    output = config(r1, "zebra on-rib-process script ../r1-scripts/rib")
    assert "Failed" in output
    assert "zebra on-rib-process script rib\n" in running(r1)


def test_D4_a_context_that_comes_back_is_dropped(r1):
    write_script(GIVES_BACK)
    config(r1, "zebra on-rib-process script rib")
    add_route(r1, "198.51.105.0/24", "192.0.2.2")
    expect_line("back 198.51.105.0/24")
    add_route(r1, "198.51.106.0/24", "192.0.2.2")
    expect_line("back 198.51.106.0/24")


def test_D11_a_loop_does_not_stop_zebra(r1):
    write_script(LOOPS)
    config(r1, "zebra on-rib-process script rib")
    add_route(r1, "198.51.107.0/24", "192.0.2.2")
    expect_line("deadline")
    shown = functools.partial(
        topotest.router_json_cmp,
        r1,
        "show ip route 198.51.107.0/24 json",
        {"198.51.107.0/24": [{"installed": True}]},
    )
    _, result = topotest.run_and_expect(shown, None, count=60, wait=0.5)
    assert result is None, "the route is not installed"


def test_no_command_takes_the_script_back(r1):
    write_script(TELLS % "third")
    config(r1, "zebra on-rib-process script rib")
    add_route(r1, "198.51.108.0/24", "192.0.2.2")
    expect_line("third 198.51.108.0/24")
    config(r1, "no zebra on-rib-process script")
    assert "on-rib-process" not in running(r1)
    add_route(r1, "198.51.109.0/24", "192.0.2.2")
    shown = functools.partial(
        topotest.router_json_cmp,
        r1,
        "show ip route 198.51.109.0/24 json",
        {"198.51.109.0/24": [{"installed": True}]},
    )
    _, result = topotest.run_and_expect(shown, None, count=60, wait=0.5)
    assert result is None, "the route is not installed"
    assert not lines("third 198.51.109.0/24")
