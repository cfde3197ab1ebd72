# SPDX-License-Identifier: GPL-2.0-or-later
"""Does what the test asks for; all languages have the same one."""

import asyncio
import sys

import frr_runtime
from frr_runtime import Failure, SharedDict


def init(runtime):
    async def answer(request):
        command, _, rest = (request or b"").partition(b" ")
        return await COMMANDS[command.decode()](runtime, rest)

    runtime.serve(answer)


async def cfg(runtime, rest):
    return runtime.cfg


async def rc(runtime, rest):
    code, space, body = rest.partition(b" ")
    raise Failure(int(code), body if space else None)


async def nothing(runtime, rest):
    return None


async def empty(runtime, rest):
    return b""


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError("no text")


async def worse(runtime, rest):
    raise Unspeakable


async def fail(runtime, rest):
    raise RuntimeError(rest.decode())


async def leave(runtime, rest):
    sys.exit(0)


async def log(runtime, rest):
    frr_runtime.log(frr_runtime.LOG_WARNING, rest.decode())
    return b"ok"


async def say(runtime, rest):
    print(rest.decode())
    print(rest.decode(), "twice", file=sys.stderr)
    return b"ok"


async def cancelled(runtime, rest):
    task = frr_runtime.current()
    while not task.cancelled():
        await asyncio.sleep(0.002)
    return b"seen"


async def twice(runtime, rest):
    task = frr_runtime.current()
    task.respond(b"once")
    task.respond(b"again")


async def shared(runtime, rest):
    store = SharedDict("test")
    steps = [
        store.set("key", b"a\0b"),
        store.get("key") == b"a\0b",
        store.get("none") is None,
        not store.add("key", b"c"),
        store.incr("number", 2, 40) == 42,
        store.delete("key"),
        not store.delete("key"),
        store.delete("number"),
    ]
    return b"ok" if all(steps) else repr(steps)


async def prefix(runtime, rest):
    return sys.prefix


async def big(runtime, rest):
    return b"x" * int(rest)


COMMANDS = {
    "cfg": cfg,
    "rc": rc,
    "nothing": nothing,
    "empty": empty,
    "fail": fail,
    "worse": worse,
    "exit": leave,
    "log": log,
    "say": say,
    "cancelled": cancelled,
    "twice": twice,
    "shared": shared,
    "big": big,
    "prefix": prefix,
}
