# SPDX-License-Identifier: GPL-2.0-or-later
"""Routers that run VRRP: devices, states, and advertisements on the wire."""

import json
import os
import sys
import time

from lib.topogen import get_topogen

from scripttopo import expect_true, show


def add_devices(router, interface, vrid, *addresses):
    """The macvlan devices that vrrpd needs for a VRID, with virtual addresses.

    vrrpd does not make them (FRR's doc/user/vrrp.rst).
    """
    for octet, family in (1, "4"), (2, "6"):
        name = f"vrrp{family}-{vrid}-{interface[-1]}"
        own = [a for a in addresses if (":" in a) == (family == "6")]
        for command in [
            f"ip link add {name} link {interface} type macvlan mode bridge",
            f"ip link set {name} address 00:00:5e:00:0{octet}:{vrid:02x}",
            f"ip link set {name} addrgenmode random",
            *(f"ip address add {address} dev {name}" for address in own),
            f"ip link set {name} up",
        ]:
            router.cmd_raises(command)


def vrrp(router, vrid):
    """`show vrrp VRID json`."""
    shown = show(router, f"show vrrp {vrid}")
    return shown[0] if shown else {}


def state(router, vrid, family="v4"):
    return vrrp(router, vrid).get(family, {}).get("status")


def expect_state(router, vrid, wanted, family="v4"):
    expect_true(
        lambda: state(router, vrid, family) == wanted,
        f"{router.name}: VRID {vrid} {family} is not {wanted}",
    )


class Wire:
    """Listens for advertisements on a host's interface, in the background."""

    def __init__(self, host, interface):
        self.file = os.path.join(get_topogen().logdir, "wire.json")
        tool = os.path.join(os.path.dirname(__file__), "vrrpwire.py")
        self.process = host.popen([sys.executable, tool, interface, self.file])
        expect_true(lambda: os.path.exists(self.file), "nobody listens on the wire")

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def seen(self, since=0, **wanted):
        """Advertisements since a time (time.time()) that have these values."""
        with open(self.file, encoding="utf-8") as lines:
            all_of_them = [json.loads(line) for line in lines if line.endswith("\n")]
        return [
            one
            for one in all_of_them
            if one["time"] >= since
            and all(one[key] == value for key, value in wanted.items())
        ]

    def expect(self, since=None, what="", **wanted):
        """Waits for an advertisement from now on; the first of them."""
        since = time.time() if since is None else since
        expect_true(
            lambda: self.seen(since, **wanted), f"not on the wire: {wanted} {what}"
        )
        return self.seen(since, **wanted)[0]
