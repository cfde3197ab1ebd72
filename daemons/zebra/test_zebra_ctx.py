# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the test program of zebra's context; each of its cases is a test of its own."""

import frrtest


class TestZebraCtx(frrtest.TestMultiOut):
    program = "./test_zebra_ctx"


for name in [
    "probes_of_a_neighbor_table_are_not_swapped",
    "a_mac_address_has_all_octets",
    "the_link_of_a_neighbor_is_what_the_operation_says",
    "an_operation_without_fields",
]:
    TestZebraCtx.onesimple("ok " + name)
TestZebraCtx.exit_cleanly()
