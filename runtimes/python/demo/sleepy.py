# SPDX-License-Identifier: GPL-2.0-or-later
"""Waits as many milliseconds as the request says, any number at a time."""

import asyncio


def init(runtime):
    runtime.serve(wait)


async def wait(request):
    await asyncio.sleep(int(request or b"0") / 1000)
    return request
