# SPDX-License-Identifier: GPL-2.0-or-later
"""Answers with the request: frr.load_ffi("python", "demo.echo,init")."""


def init(runtime):
    if runtime.cfg == "fail":
        raise ValueError("told to fail")
    runtime.serve(lambda request: request)
