# SPDX-License-Identifier: GPL-2.0-or-later
"""The second version of a module."""


def init(runtime):
    def answer(request):
        return "2"

    runtime.serve(answer)
