#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes versions of a policy and has bgpd reload each: POLICY FILE FIRST COUNT NEIGHBOR.

Talks to bgpd's own socket, as vtysh does: a process for each of ten thousand
reloads would take longer than the reloads. It waits when bgpd has too much left to
read of the neighbor: a table that is not read is not fed, and the queue is memory
of bgpd that is not the script's.
"""

import json
import os
import socket
import sys
import time

# What ends an answer (vtysh/vtysh.c, vtysh_client_run): three NULs and a status.
MARK = b"\0\0\0"
# UPDATEs that may wait, seconds until they no longer do, reloads until it is asked.
QUEUE, PATIENCE, EVERY = 200, 60, 5


def ask(vty, command):
    vty.sendall(command.encode() + b"\0")
    answer = b""
    while len(answer) < 4 or answer[-4:-1] != MARK:
        part = vty.recv(65536)
        if not part:
            raise SystemExit("bgpd closed its socket")
        answer += part
    return answer[:-4].decode(), answer[-1]


def catch_up(vty, neighbor):
    """Waits until bgpd has read nearly all that the neighbor has sent."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        answer, _ = ask(vty, f"show bgp neighbors {neighbor} json")
        if json.loads(answer)[neighbor]["messageStats"]["depthInq"] <= QUEUE:
            return
        time.sleep(0.05)
    raise SystemExit(f"bgpd has not read what {neighbor} sent for {PATIENCE} s")


def main():
    policy, file, neighbor = sys.argv[1], sys.argv[2], sys.argv[5]
    first, count = map(int, sys.argv[3:5])
    with open(policy, encoding="ascii") as text:
        policy = text.read()
    with socket.socket(socket.AF_UNIX) as vty:
        vty.connect("/var/run/frr/bgpd.vty")
        vty.settimeout(10)
        ask(vty, "enable")
        for version in range(first, first + count):
            with open(file + ".new", "w", encoding="ascii") as out:
                out.write(policy % version)
            os.replace(file + ".new", file)
            answer, status = ask(vty, "script reload edge")
            if status != 0 or "in service" not in answer or "stays" in answer:
                raise SystemExit(f"version {version}: {status}: {answer}")
            if version % EVERY == 0:
                catch_up(vty, neighbor)
    print(f"{count} reloads")


if __name__ == "__main__":
    main()
