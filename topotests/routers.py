# SPDX-License-Identifier: GPL-2.0-or-later
"""The routers of a test's topology as fixtures: `r1` is the one of that name.

A pytest plugin: `cargo xtask topotest` loads it. `tgen` is the test file's own.
"""

import pytest


def gear(name):
    @pytest.fixture(scope="module", name=name)
    def fixture(tgen):
        return tgen.gears[name]

    return fixture


r1, r2, r3, r4 = (gear(name) for name in ("r1", "r2", "r3", "r4"))
v1 = gear("v1")
z1 = gear("z1")
