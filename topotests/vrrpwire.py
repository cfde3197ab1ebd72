# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes each VRRP advertisement on an interface to a file, a JSON line each.

    vrrpwire.py INTERFACE FILE

RFC 5798 section 5 has the format, RFC 3768 section 5 that of version 2.
"""

import json
import socket
import struct
import sys
import time

ETH_P_ALL = 3
VRRP = 112


def parse(frame):
    """The advertisement in an Ethernet frame; None for anything else."""
    kind = struct.unpack_from("!H", frame, 12)[0]
    if kind == 0x0800 and len(frame) >= 34 and frame[23] == VRRP:
        source = socket.inet_ntop(socket.AF_INET, frame[26:30])
        packet = frame[14 + (frame[14] & 15) * 4 :]
    elif kind == 0x86DD and len(frame) >= 54 and frame[20] == VRRP:
        source = socket.inet_ntop(socket.AF_INET6, frame[22:38])
        packet = frame[54:]
    else:
        return None
    if len(packet) < 8:
        return None
    return {
        "family": "v4" if kind == 0x0800 else "v6",
        "source": source,
        "version": packet[0] >> 4,
        "vrid": packet[1],
        "priority": packet[2],
        "addresses": packet[3],
    }


def main():
    interface, file = sys.argv[1:]
    listener = socket.socket(
        socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL)
    )
    listener.bind((interface, 0))
    with open(file, "w", encoding="utf-8") as out:
        while True:
            found = parse(listener.recv(2048))
            if found:
                found["time"] = time.time()
                out.write(json.dumps(found) + "\n")
                out.flush()


main()
