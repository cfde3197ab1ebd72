# SPDX-License-Identifier: GPL-2.0-or-later
"""A BGP neighbor under a test's control, which notes when each message came.

    bgpspeaker.py ROUTER LOCAL-ADDRESS AS FILE

It offers a hold time of three seconds and writes a line to FILE for each message
that it receives: the time (time.monotonic()) and what it is. On its standard
input it takes

    announce PREFIX COUNT MED     COUNT prefixes, from PREFIX on
    withdraw PREFIX COUNT
    churn PREFIX COUNT RATE       withdraws and announces them in turn, RATE in a second
    dump FILE                     JSON of what the router has announced: prefix -> MED

and notes `done` when a command's last octet is in the socket. RFC 4271 section 4
has the messages, RFC 6793 the AS numbers of four octets, RFC 5492 capabilities.
"""

import ipaddress
import json
import os
import select
import socket
import struct
import sys
import time

HOLD = 3
TICK = 0.05
OPEN, UPDATE, NOTIFICATION, KEEPALIVE, REFRESH = 1, 2, 3, 4, 5
NAMES = {
    OPEN: "open",
    UPDATE: "update",
    NOTIFICATION: "notification",
    KEEPALIVE: "keepalive",
    REFRESH: "refresh",
}
# What one UPDATE holds at most (RFC 4271 section 4), less its attributes.
ROOM = 4096 - 19 - 4 - 64


def message(kind, body=b""):
    return b"\xff" * 16 + struct.pack("!HB", 19 + len(body), kind) + body


def opening(asn, address):
    four_octets = struct.pack("!BBI", 65, 4, asn)
    unicast = struct.pack("!BBHBB", 1, 4, 1, 0, 1)
    refresh = struct.pack("!BB", 2, 0)
    capabilities = unicast + refresh + four_octets
    options = struct.pack("!BB", 2, len(capabilities)) + capabilities
    return message(
        OPEN,
        struct.pack("!BHH", 4, min(asn, 23456), HOLD)
        + socket.inet_aton(address)
        + struct.pack("!B", len(options))
        + options,
    )


def prefixes(first, count):
    """The octets of NLRI for `count` prefixes from `first` on."""
    network = ipaddress.ip_network(first)
    length = network.prefixlen
    base = int(network.network_address)
    octets = (length + 7) // 8
    for number in range(count):
        address = base + (number << (32 - length))
        yield bytes([length]) + address.to_bytes(4, "big")[:octets]


def packed(nlri):
    """The prefixes in as few pieces as messages can hold."""
    piece = b""
    for one in nlri:
        if len(piece) + len(one) > ROOM:
            yield piece
            piece = b""
        piece += one
    if piece:
        yield piece


def attributes(asn, address, med):
    path = struct.pack("!BBI", 2, 1, asn)
    return (
        bytes([0x40, 1, 1, 0])
        + bytes([0x40, 2, len(path)])
        + path
        + bytes([0x40, 3, 4])
        + socket.inet_aton(address)
        + struct.pack("!BBBI", 0x80, 4, 4, med)
    )


def announcement(asn, address, med, nlri):
    shared = attributes(asn, address, med)
    return b"".join(
        message(UPDATE, struct.pack("!HH", 0, len(shared)) + shared + piece)
        for piece in packed(nlri)
    )


def withdrawal(nlri):
    return b"".join(
        message(UPDATE, struct.pack("!H", len(piece)) + piece + b"\0\0")
        for piece in packed(nlri)
    )


def read_prefixes(octets):
    at = 0
    while at < len(octets):
        length = octets[at]
        used = (length + 7) // 8
        address = octets[at + 1 : at + 1 + used].ljust(4, b"\0")
        yield f"{socket.inet_ntoa(address)}/{length}"
        at += 1 + used


def read_med(octets):
    at = 0
    while at < len(octets):
        flags, kind = octets[at], octets[at + 1]
        if flags & 0x10:
            (length,) = struct.unpack_from("!H", octets, at + 2)
            at += 4
        else:
            length = octets[at + 2]
            at += 3
        if kind == 4:
            return struct.unpack_from("!I", octets, at)[0]
        at += length
    return None


class Speaker:
    def __init__(self, router, address, asn, file):
        self.router, self.address, self.asn = router, address, asn
        self.log = open(file, "w", encoding="utf-8")
        self.socket = None
        self.table = {}
        self.forget()
        # Ranges that come and go: prefix -> state.
        self.churning = []

    def forget(self):
        self.received, self.sending, self.waiting = b"", b"", []
        self.up = False
        self.keepalive = time.monotonic()

    def note(self, what):
        self.log.write(f"{time.monotonic():.6f} {what}\n")
        self.log.flush()

    def connect(self):
        self.forget()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.bind((self.address, 0))
        self.socket.settimeout(1)
        try:
            self.socket.connect((self.router, 179))
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            self.socket.close()
            self.socket = None
            time.sleep(0.2)
            return
        self.socket.setblocking(False)
        self.send(opening(self.asn, self.address))

    def send(self, octets, tell=None):
        self.sending += octets
        if tell:
            self.waiting.append((len(self.sending), tell))

    def close(self, why):
        self.note(f"closed {why}")
        self.socket.close()
        self.socket = None
        self.table.clear()

    def flush(self):
        sent = self.socket.send(self.sending)
        self.sending = self.sending[sent:]
        self.waiting = [(left - sent, tell) for left, tell in self.waiting]
        while self.waiting and self.waiting[0][0] <= 0:
            self.note(self.waiting.pop(0)[1])

    def read(self):
        got = self.socket.recv(1 << 18)
        if not got:
            return self.close("by the router")
        self.received += got
        at = 0
        while len(self.received) - at >= 19:
            length, kind = struct.unpack_from("!HB", self.received, at + 16)
            if len(self.received) - at < length:
                break
            self.take(kind, self.received[at + 19 : at + length])
            if self.socket is None:
                return None
            at += length
        self.received = self.received[at:]
        return None

    def take(self, kind, body):
        if kind == NOTIFICATION:
            return self.close(f"notification {body[0]}/{body[1]}")
        self.note(NAMES.get(kind, kind))
        if kind == OPEN:
            self.send(message(KEEPALIVE))
        elif kind == KEEPALIVE and not self.up:
            self.up = True
            self.note("established")
        elif kind == UPDATE:
            (gone,) = struct.unpack_from("!H", body)
            (shared,) = struct.unpack_from("!H", body, 2 + gone)
            med = read_med(body[4 + gone : 4 + gone + shared])
            for prefix in read_prefixes(body[2 : 2 + gone]):
                self.table.pop(prefix, None)
            for prefix in read_prefixes(body[4 + gone + shared :]):
                self.table[prefix] = med
        return None

    def command(self, line):
        words = line.split()
        if words[0] == "dump":
            with open(words[1] + ".new", "w", encoding="utf-8") as out:
                json.dump(self.table, out)
            os.rename(words[1] + ".new", words[1])
        elif words[0] == "announce":
            nlri = prefixes(words[1], int(words[2]))
            text = announcement(self.asn, self.address, int(words[3]), nlri)
            self.send(text, "done")
        elif words[0] == "withdraw":
            self.send(withdrawal(prefixes(words[1], int(words[2]))), "done")
        elif words[0] == "churn":
            self.churn(list(prefixes(words[1], int(words[2]))), float(words[3]))
            self.note("done")

    def churn(self, nlri, rate):
        step = max(1, int(rate * TICK))
        self.send(announcement(self.asn, self.address, 1, nlri))
        self.churning.append({"nlri": nlri, "step": step, "at": 0, "gone": False})

    def tick(self):
        now = time.monotonic()
        if self.up and now - self.keepalive >= HOLD / 3:
            self.keepalive = now
            self.send(message(KEEPALIVE))
        for one in self.churning if self.up and len(self.sending) < 65536 else ():
            nlri, at = one["nlri"], one["at"]
            some = nlri[at : at + one["step"]]
            if one["gone"]:
                med = int(now) & 0xFFFF
                self.send(announcement(self.asn, self.address, med, some))
            else:
                self.send(withdrawal(some))
            one["at"] = at + one["step"]
            if one["at"] >= len(nlri):
                one["at"], one["gone"] = 0, not one["gone"]

    def run(self):
        due, line = time.monotonic(), b""
        os.set_blocking(0, False)
        while True:
            if self.socket is None:
                self.connect()
                continue
            readers = [0, self.socket] if self.up else [self.socket]
            writers = [self.socket] if self.sending else []
            left = max(0, due - time.monotonic())
            try:
                readable, writable, _ = select.select(readers, writers, [], left)
                if self.socket in readable:
                    self.read()
                if self.socket and writable:
                    self.flush()
            except BlockingIOError:
                continue
            except OSError as error:
                self.close(str(error))
                continue
            if 0 in readable:
                got = os.read(0, 65536)
                if not got:
                    return
                *lines, line = (line + got).split(b"\n")
                for one in lines:
                    self.command(one.decode())
            if time.monotonic() >= due:
                due = time.monotonic() + TICK
                self.tick()


if __name__ == "__main__":
    Speaker(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]).run()
