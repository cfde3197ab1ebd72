#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scripts on EVPN routes, with VXLAN and bridge devices.

r1 and r2 are VTEPs of VNI 10, and VNI 20 is that of the default VRF. A host
behind r1 is a veth into its bridge. The operator is promised: a script reads the parts of an EVPN route and its extended
communities, stamps routes on the way out, and hears of a withdrawn route with
the attributes that it had. group_policy is the example of that name.
"""

import pytest

from scripttopo import (
    config,
    errors,
    established,
    expect_established,
    expect_true,
    log_lines,
    script,
    script_file,
    show,
    topology,
    vtysh,
    write_script,
)

pytestmark = [pytest.mark.bgpd]

MAC = "00:00:5e:00:53:0a"
OTHER = "00:00:5e:00:53:0c"
HOST = "198.51.100.10"


def prepare(tgen):
    for number, name in enumerate(("r1", "r2"), 1):
        for vni in (10, 20):
            tgen.net[name].cmd_raises(f"""
set -e
ip link add br{vni} type bridge
ip link add vxlan{vni} type vxlan id {vni} dstport 4789 local 192.0.2.{number} nolearning
ip link set vxlan{vni} master br{vni}
ip link set br{vni} up
ip link set vxlan{vni} up
""")


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1", "r2"]}, prepare=prepare)


def add_host(router, name, mac):
    "A host that has sent a frame: the bridge knows its address."
    router.cmd_raises(f"""
set -e
ip link add {name} type veth peer name {name}-port
ip link set {name} address {mac}
ip link set {name}-port master br10 up
ip link set {name} up
ip addr add 198.51.100.1/24 dev {name}
""")
    router.run(f"ping -c 1 -W 1 -I {name} 198.51.100.99")


def said(router, *words):
    """Lines in which a script said these words, one after the other."""
    return log_lines(router, "bgpd", "\t".join(str(word) for word in words))


def expect_said(router, *words, count=1):
    expect_true(
        lambda: len(said(router, *words)) >= count, f"{router.name} never said {words}"
    )


def communities(router, network):
    """Extended communities of a route of r1."""
    table = show(router, "show bgp l2vpn evpn")
    found = table.get("192.0.2.1:2", {}).get(network, {}).get("paths", [{}])
    return found[0].get("extendedCommunity", {}).get("string", "")


def replace_tag(router, tag):
    """Another tag for MAC in the table of group_policy, without a reload."""
    with open(script_file(router, "group_policy") + "u", encoding="utf-8") as file:
        text = file.read()
    assert f'["{MAC}"] = 100' in text
    write_script(router, "group_policy", text.replace('"] = 100', f'"] = {tag}'))


# Prefix, route type, RD, MAC, IP and its length, VNI and that of the VRF,
# Ethernet tag, encapsulation: the same wherever a script looks at the route.
MULTICAST = (
    "[3]:[0]:[32]:[192.0.2.1]",
    *(3, "192.0.2.1:2", "nil", "192.0.2.1", "nil", 10, "nil", 0, 8),
)
IP_PREFIX = (
    "[5]:[0]:[24]:[203.0.113.0]",
    *(5, "192.0.2.1:1", "nil", "203.0.113.0", 24, 20, "nil", 0, 8),
)


def host_route(mac, l3vni="nil"):
    return (
        f"[2]:[0]:[48]:[{mac}]",
        *(2, "192.0.2.1:2", mac, "nil", "nil", 10, l3vni, 0, 8),
    )


def test_a_multicast_route_and_its_parts(r1, r2):
    expect_established(r2, "192.0.2.1")
    for router, what in ((r1, "out"), (r2, "in"), (r2, "now")):
        expect_said(router, what, *MULTICAST, "RT:65000:10", "nil")


def test_an_ip_prefix_route_and_its_parts(r1, r2):
    for router, what in ((r1, "out"), (r2, "in"), (r2, "now")):
        expect_said(router, what, *IP_PREFIX, "RT:65000:20", "nil")


def test_a_host_s_route_and_its_parts(r1, r2):
    add_host(r1, "other", OTHER)
    # bgpd keeps the VRF's VNI beside a local MAC address, but does not send it.
    expect_said(r1, "now", *host_route(OTHER, 20), "RT:65000:10", "nil")
    expect_said(r1, "out", *host_route(OTHER, 20), "RT:65000:10", "nil")
    expect_said(r2, "in", *host_route(OTHER), "RT:65000:10", 7)
    expect_said(r2, "now", *host_route(OTHER), "RT:65000:10,RT:65000:999", "nil")
    found = communities(r2, f"[2]:[0]:[48]:[{OTHER}]")
    assert "RT:65000:999" in found and "Color" not in found, found
    assert not said(r2, f"group_policy: {MAC}"), "it has no tag"


def test_a_tag_is_stamped_and_learned(r1, r2):
    add_host(r1, "host", MAC)
    expect_said(r2, f"group_policy: {MAC} has tag 100, behind 192.0.2.1")
    assert not said(r1, f"group_policy: {MAC}"), "its own host is no news"


def test_a_route_with_an_ip_address(r1, r2):
    r1.cmd_raises(f"ip neigh replace {HOST} lladdr {MAC} dev br10 nud permanent")
    network = f"[2]:[0]:[48]:[{MAC}]:[32]:[{HOST}]"
    parts = (2, "192.0.2.1:2", MAC, HOST, "nil", 10, 20, 0, 8)
    expect_said(r2, "in", network, *parts, "RT:65000:10,RT:65000:20", 7)
    expect_said(r2, f"group_policy: {MAC} has tag 100", count=2)


def test_another_tag(r1, r2):
    replace_tag(r1, 300)
    vtysh(r1, "script reload group_policy")
    expect_said(r2, f"group_policy: {MAC} has tag 300, behind 192.0.2.1", count=2)


def test_a_reload_learns_anew(r2):
    before = established(r2, "192.0.2.1")
    output = config(
        r2, "route-map FROM-FABRIC permit 10", "set script group_policy function learn"
    )
    assert output == ""
    output = vtysh(r2, "script reload group_policy")
    assert "stays in service" not in output, output
    expect_said(r2, f"group_policy: {MAC} has tag 300", count=4)
    assert established(r2, "192.0.2.1") == before


def test_a_host_that_goes_away_is_forgotten(r1, r2):
    """The withdrawn route still has its attributes."""
    r1.cmd_raises(f"ip neigh del {HOST} dev br10")
    # Before its port, with which zebra may forget to remove it.
    r1.cmd_raises(f"bridge fdb del {MAC} dev host-port master; ip link del host")
    expect_said(r2, f"group_policy: {MAC} lost tag 300, behind 192.0.2.1", count=2)
    expect_said(r2, "gone", *host_route(MAC), "RT:65000:10,RT:65000:999", "nil")
    assert communities(r2, f"[2]:[0]:[48]:[{OTHER}]"), "the other one is still there"
    assert not said(r2, "gone", *host_route(OTHER))


def test_a_session_that_goes_down_forgets_all(r1, r2):
    add_host(r1, "host", MAC)
    expect_said(r2, f"group_policy: {MAC} has tag 300", count=5)
    config(r1, "router bgp 65000", "neighbor 192.0.2.2 shutdown")
    expect_said(r2, f"group_policy: {MAC} lost tag 300", count=3)
    expect_said(r2, "gone", *MULTICAST)


def test_no_call_failed(r1, r2):
    for router in (r1, r2):
        for name in ("evpn", "group_policy"):
            assert script(router, name)["calls"] > 0, name
            assert errors(router, name) == 0, name
