# SPDX-License-Identifier: GPL-2.0-or-later
"""A module that the test puts into a venv."""


def init(runtime):
    runtime.serve(lambda request: "of the venv")
