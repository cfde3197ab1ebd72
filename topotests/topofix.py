# SPDX-License-Identifier: GPL-2.0-or-later
"""What FRR's topotest framework takes for granted or lacks.

A pytest plugin: `cargo xtask topotest` loads it before the framework.
"""

import lib.topotest
from lib.topogen import TopoRouter


def pytest_addoption(parser):
    parser.addoption("--repeats", type=int, help="how often tests that repeat do so")
    parser.addoption(
        "--short", action="store_true", help="without tests that are marked as long"
    )


def pytest_configure(config):
    config.addinivalue_line("markers", "long: much like another test that stays")


def pytest_collection_modifyitems(config, items):
    if not config.getoption("--short"):
        return
    left = [item for item in items if item.get_closest_marker("long")]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]


def module_present(module, load=True):
    """Whether a kernel has `module`: a kernel without modules has it or not.

    lib/topotest.py:module_present_linux reads /proc/modules, which such a
    kernel does not have. What a test needs and the kernel lacks then shows in
    the test, with the command that failed.
    """
    del module, load
    return True


lib.topotest.module_present = module_present


# vrrpd is in none of the framework's two lists of daemons. A router then
# starts, checks and stops it like any other: `TopoRouter.RD_VRRP`.
TopoRouter.RD_VRRP = max(TopoRouter.RD) + 1
TopoRouter.RD[TopoRouter.RD_VRRP] = "vrrpd"

framework_init = lib.topotest.Router.__init__


def init(self, *args, **kwargs):
    framework_init(self, *args, **kwargs)
    self.daemons.setdefault("vrrpd", 0)


lib.topotest.Router.__init__ = init


# The framework gives its logs to user frr, and then has each daemon open its own
# again. One that runs as root has given up the right to write there, so nothing is
# kept of what it says until we give it another file.
framework_start = lib.topotest.Router.startRouterDaemons


def start(self, *args, **kwargs):
    result = framework_start(self, *args, **kwargs)
    self.cmd(f"chmod -R a+rwX {self.logdir}/{self.name}")
    return result


lib.topotest.Router.startRouterDaemons = start
