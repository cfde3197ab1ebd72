#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions with zebra that listen to scripts' messages and end while some come: COUNT.

Prints how many of them heard one. Numbers are of lib/zclient.h and lib/route_types.txt.
"""

import socket
import struct
import sys

SOCKET = "/var/run/frr/zserv.api"
HELLO, OPAQUE_MESSAGE, OPAQUE_REGISTER = 19, 122, 123
# zclient.h: SCRIPT_BUS.
SCRIPT_BUS = 0x46525253
RIP = 5
# Length, marker, version, VRF, command.
HEADER = struct.Struct("!HBBIH")


def message(command, body):
    return HEADER.pack(HEADER.size + len(body), 0xFE, 6, 0, command) + body


def read(zebra, count):
    data = b""
    while len(data) < count:
        part = zebra.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def come(session):
    with socket.socket(socket.AF_UNIX) as zebra:
        zebra.settimeout(5)
        zebra.connect(SOCKET)
        hello = struct.pack("!BHIB", RIP, 0, session, 0)
        zebra.sendall(message(HELLO, hello))
        register = struct.pack("!IBHI", SCRIPT_BUS, RIP, 0, session)
        zebra.sendall(message(OPAQUE_REGISTER, register))
        while True:
            length, _, _, _, command = HEADER.unpack(read(zebra, HEADER.size))
            read(zebra, length - HEADER.size)
            if command == OPAQUE_MESSAGE:
                return


def main():
    heard = 0
    for session in range(1, int(sys.argv[1]) + 1):
        try:
            come(session)
        except (EOFError, OSError) as error:
            print(f"session {session}: {error!r}")
            break
        heard += 1
    print(f"{heard} heard")


if __name__ == "__main__":
    main()
