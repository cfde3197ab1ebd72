# SPDX-License-Identifier: GPL-2.0-or-later
"""A daemon's vty socket: ask it, and note how long each answer takes.

    vtypoll.py SOCKET FILE PERIOD COMMAND

Asks again and again, each PERIOD seconds, and writes a line for each answer: the
time (time.monotonic()) of the question and the seconds until the answer. It
ends with the daemon.

A command ends with a NUL; the answer is text, three NULs and an octet of result
(FRR lib/vty.c:vtysh_read).
"""

import socket
import sys
import time

END = b"\0\0\0"


class Vty:
    """A connection to one daemon, without vtysh's start-up on the CPU."""

    def __init__(self, path, patience=30):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(patience)
        self.socket.connect(path)
        self.ask("enable")

    def ask(self, command):
        """What the daemon prints, and whether it says that the command worked."""
        self.socket.sendall(command.encode() + b"\0")
        answer = b""
        while len(answer) < 4 or answer[-4:-1] != END:
            got = self.socket.recv(65536)
            if not got:
                raise ConnectionError(f"the daemon closed its vty during {command!r}")
            answer += got
        return answer[:-4].decode(errors="replace"), answer[-1] == 0


def main():
    path, file, period, command = sys.argv[1:]
    vty = Vty(path)
    with open(file, "w", encoding="utf-8") as out:
        while True:
            began = time.monotonic()
            vty.ask(command)
            took = time.monotonic() - began
            out.write(f"{began:.6f} {took:.6f}\n")
            out.flush()
            time.sleep(max(0, float(period) - took))


if __name__ == "__main__":
    main()
