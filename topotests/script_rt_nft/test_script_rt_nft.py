#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scripts that change nftables, in the network namespace of a router.

r1 and r2 are VTEPs; a host behind r1 is a veth into its bridge. The operator is
promised: the map of r2 has the tags that routes bring, also after bgpd was
restarted; then nothing is missing meanwhile, and what no route confirms goes.
bgpd needs no more rights for that than it has.
"""

import json
import re

import pytest

from scripttopo import (
    config,
    errors,
    expect_established,
    expect_true,
    log_lines,
    log_to_file,
    script_file,
    topology,
    vtysh,
)

pytestmark = [pytest.mark.bgpd]

MAC = "00:00:5e:00:53:0a"
OTHER = "00:00:5e:00:53:0b"
STALE = "00:00:5e:00:53:ff"
RULES = """
table bridge group_policy {
    map tags { type ether_addr : mark; }
    chain forward {
        type filter hook forward priority filter;
        meta mark set ether saddr map @tags
    }
}
table inet t {
    set nets { type ipv4_addr; flags interval,timeout; }
    set ports { type inet_service; }
    map jumps { type ipv4_addr : verdict; }
    chain other { }
}
"""


def prepare(tgen):
    for number, name in enumerate(("r1", "r2"), 1):
        tgen.net[name].cmd_raises(f"""
set -e
ip link add br10 type bridge
ip link add vxlan10 type vxlan id 10 dstport 4789 local 192.0.2.{number} nolearning
ip link set vxlan10 master br10
ip link set br10 up
ip link set vxlan10 up
""")
    nft(tgen.net["r2"], RULES)


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1", "r2"]}, prepare=prepare)


def nft(node, lines):
    node.cmd_raises(f"nft -f - <<'END'\n{lines}\nEND\n")


def tags(router):
    """What nft says is in the map, by MAC address."""
    listed = json.loads(router.run("nft -j list map bridge group_policy tags"))
    return dict(listed["nftables"][1]["map"].get("elem", []))


def expect_tags(router, wanted):
    expect_true(lambda: tags(router) == wanted, f"the map never had {wanted}")


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


def remove_host(router, name, mac):
    """Its address first: zebra, which hears of the port and of its addresses in two
    pthreads, may not know the port any more when it hears of these, and keeps them."""
    router.cmd_raises(f"bridge fdb del {mac} dev {name}-port master")
    router.cmd_raises(f"ip link del {name}")


def change(router, old, new):
    """Other constants in the script; the next load has them."""
    with open(script_file(router, "group_policy") + "u", encoding="utf-8") as file:
        text = file.read()
    assert old in text
    with open(script_file(router, "group_policy") + "u", "w", encoding="utf-8") as file:
        file.write(text.replace(old, new))


def test_the_map_has_what_routes_bring(r1, r2):
    # Not after a minute: the routers of this test are there sooner.
    change(r2, "SETTLE = 60", "SETTLE = 10")
    output = vtysh(r2, "script reload group_policy")
    assert "stays in service" not in output, output
    expect_established(r2, "192.0.2.1")
    assert tags(r2) == {}
    add_host(r1, "host", MAC)
    expect_tags(r2, {MAC: 100})
    add_host(r1, "other", OTHER)
    expect_tags(r2, {MAC: 100, OTHER: 200})


def test_the_right_is_in_effect_in_one_thread(r2):
    """bgpd has CAP_NET_ADMIN permitted; only the runtime's thread uses it all the time."""
    pid = r2.run("cat /var/run/frr/bgpd.pid").strip()
    effective = {}
    for line in r2.run(f"cd /proc/{pid}/task; grep -H CapEff */status").splitlines():
        thread, value = re.match(r"(\d+)/.*\t(\w+)", line).groups()
        name = r2.run(f"cat /proc/{pid}/task/{thread}/comm").strip()
        effective[name] = int(value, 16)
    net_admin = 1 << 12
    able = [name for name, value in effective.items() if value & net_admin]
    assert len(able) == 1 and "nft" in able[0], effective


def test_another_tag_and_a_host_that_goes(r1, r2):
    change(r1, f'["{MAC}"] = 100', f'["{MAC}"] = 300')
    vtysh(r1, "script reload group_policy")
    expect_tags(r2, {MAC: 300, OTHER: 200})
    remove_host(r1, "other", OTHER)
    expect_tags(r2, {MAC: 300})


def test_what_others_change_is_put_right(r2):
    nft(
        r2,
        f"flush map bridge group_policy tags\n"
        f"add element bridge group_policy tags {{ {STALE} : 7 }}",
    )
    expect_tags(r2, {MAC: 300})


def test_a_map_that_is_gone_is_told_and_taken_up_again(r1, r2):
    r2.cmd_raises("nft delete table bridge group_policy")
    add_host(r1, "other", OTHER)
    told = "group_policy: nftables: set bridge group_policy tags: there is no such"
    expect_true(lambda: log_lines(r2, "bgpd", told), "it was not told")
    nft(r2, RULES)
    expect_tags(r2, {MAC: 300, OTHER: 200})
    assert len(log_lines(r2, "bgpd", told)) == 1, "told once, though tried each second"


def test_a_restart_of_bgpd_leaves_nothing_stale_and_nothing_out(r1, r2):
    vtysh(r2, "write memory")
    pid = r2.run("cat /var/run/frr/bgpd.pid").strip()
    r2.cmd_raises(f"kill -9 {pid}")
    # Meanwhile one host goes, and what it had stays in the map.
    remove_host(r1, "other", OTHER)
    nft(r2, f"add element bridge group_policy tags {{ {STALE} : 7 }}")
    r2.startDaemons(["bgpd"])
    r2.run("vtysh -d bgpd -b")
    log_to_file(r2, "bgpd")

    def clean():
        found = tags(r2)
        assert found.get(MAC) == 300, f"packets of {MAC} had no tag: {found}"
        return found == {MAC: 300}

    expect_true(clean, "what no route confirms stays in the map", count=240)


def test_a_script_changes_sets_of_all_kinds(r2):
    output = config(r2, "script elements permit runtime nft", "script load elements")
    assert "rror" not in output, output
    expect_true(lambda: log_lines(r2, "bgpd", "elements done"), "the script never ended")
    said = log_lines(r2, "bgpd", "BGP: elements ")
    lines = [line.split("elements ", 1)[1].strip() for line in said]
    assert lines == [
        "add: {added=3 deleted=0}",
        "again: conflict: set inet t nets: element 192.0.2.0/25: overlaps an element"
        " that is there already [set inet t nets] [192.0.2.0/25]",
        "sync: {added=2 deleted=3}",
        "discard: {added=0 deleted=1}",
        "list: {1={key=198.51.100.1-198.51.100.9}}",
        "ports: {added=2 deleted=0}",
        "both: missing: set inet t nets: element 192.0.2.0/24: is not in the set"
        " [set inet t nets] [192.0.2.0/24]",
        "ports: {1={key=22} 2={key=443}}",
        "map: {added=2 deleted=0}",
        "empty: {added=0 deleted=2}",
        "flush: {added=0 deleted=0}",
        "none: no_set: set inet t none: there is no such table or set; make it with nft first"
        " [set inet t none] [nil]",
        "wrong: element: set inet t nets: element not an address: not an address is not"
        " an IPv4 address [set inet t nets] [not an address]",
        "misuse: false " + lines[-2].split("false ", 1)[-1],
        "done",
    ]
    assert "a list of elements is needed, this is a string" in lines[-2]
    listed = r2.run("nft list table inet t")
    assert "192.0.2.1 : accept" in listed and "192.0.2.2 : jump other" in listed, listed


def test_no_call_failed(r1, r2):
    for router in (r1, r2):
        assert errors(router, "group_policy") == 0
