# SPDX-License-Identifier: GPL-2.0-or-later
"""What FRR's topotest framework takes for granted and a small machine lacks.

A pytest plugin: `cargo xtask topotest` loads it before the framework.
"""

import lib.topotest


def module_present(module, load=True):
    """Whether a kernel has `module`: a kernel without modules has it or not.

    lib/topotest.py:module_present_linux reads /proc/modules, which such a
    kernel does not have. What a test needs and the kernel lacks then shows in
    the test, with the command that failed.
    """
    del module, load
    return True


lib.topotest.module_present = module_present
