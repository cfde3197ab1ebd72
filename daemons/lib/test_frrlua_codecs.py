# SPDX-License-Identifier: GPL-2.0-or-later
"""Run the codecs' test program; each of its cases is a test of its own."""

import frrtest


class TestFrrluaCodecs(frrtest.TestMultiOut):
    program = "./test_frrlua_codecs"


for name in [
    "integers",
    "D4_results_without_decoder_are_dropped",
    "D5_a_wrong_type_leaves_the_value",
    "D10_a_number_out_of_range_leaves_the_value",
    "D10_long_long_is_exact",
    "prefixes",
    "an_evpn_prefix_comes_back",
    "interfaces",
    "an_interface_may_come_back_without_name",
    "an_interface_is_written_as_a_whole_or_not",
    "addresses",
    "D1_a_missing_address_is_nil",
    "an_ethernet_address_is_whole",
    "every_nexthop_with_a_gate_has_one",
    "every_backup_of_a_nexthop_arrives",
    "nexthop_groups",
    "a_longer_text_is_refused_not_cut",
    "names",
    "codecs_by_name",
]:
    TestFrrluaCodecs.onesimple("ok " + name)
TestFrrluaCodecs.exit_cleanly()
