# SPDX-License-Identifier: GPL-2.0-or-later
"""A host's traffic: numbered datagrams to a server that sends them back.

    traffic.py echo ADDRESS
    traffic.py ask ADDRESS FILE     the time of each answer, a line each
"""

import socket
import sys
import time

PORT = 4711
PERIOD = 0.01


def echo(address):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while True:
        try:
            server.bind((address, PORT))
            break
        except OSError:
            # The router has not got the address yet.
            time.sleep(PERIOD)
    while True:
        data, peer = server.recvfrom(64)
        try:
            server.sendto(data, peer)
        except OSError:
            # No route back: lost, as on any network.
            pass


def ask(address, file):
    client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    client.settimeout(PERIOD)
    number = 0
    with open(file, "w", encoding="utf-8") as out:
        while True:
            number += 1
            try:
                client.sendto(str(number).encode(), (address, PORT))
                client.recv(64)
                out.write(f"{time.time()}\n")
                out.flush()
            except OSError:
                # No gateway, or no answer in time.
                pass
            time.sleep(PERIOD)


if __name__ == "__main__":
    {"echo": echo, "ask": ask}[sys.argv[1]](*sys.argv[2:])
