# SPDX-License-Identifier: GPL-2.0-or-later
"""The first version of a module."""


def init(runtime):
    def answer(request):
        return "1"

    runtime.serve(answer)
