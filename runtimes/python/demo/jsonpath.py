# SPDX-License-Identifier: GPL-2.0-or-later
"""Takes one value out of a JSON document.

    local json = frr.load_ffi("python", "demo.jsonpath,init")
    local ok, name = json:get("routers.0.name\\n" .. document)

The first line of a request is the way to the value, the rest the document.
"""

import json

from frr_runtime import Failure


def init(runtime):
    runtime.serve(get)


def get(request):
    way, _, document = (request or b"").partition(b"\n")
    try:
        value = json.loads(document)
    except ValueError as error:
        raise Failure(2, f"no JSON: {error}") from None
    for step in filter(None, way.decode().split(".")):
        try:
            value = value[int(step)] if isinstance(value, list) else value[step]
        except (KeyError, IndexError, TypeError, ValueError):
            raise Failure(3, f'nothing at "{step}"') from None
    return value if isinstance(value, str) else json.dumps(value)
