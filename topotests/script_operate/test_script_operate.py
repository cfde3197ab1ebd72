#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""The operator's commands, when several daemons have scripts.

`both` is loaded in bgpd and zebra, `alone` in bgpd alone (`vtysh -d bgpd`), and zebra has never heard
of it. The operator is promised: a command reaches every daemon that it concerns, whatever the others say; each
answer says whose it is; JSON is one document; `vtysh -d` prints what its daemon says.
"""

import json

import pytest

from scripttopo import (
    config,
    expect,
    remove_script,
    script,
    show,
    topology,
    vtysh,
    write_script,
)

pytestmark = [pytest.mark.bgpd]

GOOD = "function route_match() return RM_MATCH end"
BAD = "function route_match( return RM_MATCH end"


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1"]})


@pytest.fixture(scope="module", autouse=True)
def alone(tgen):
    router = tgen.gears["r1"]
    router.run("vtysh -d bgpd -c 'configure terminal' -c 'script load alone'")


def one(router, daemon, command):
    return router.run(f"vtysh -d {daemon} -c '{command}' 2>&1")


def generation(router, name, daemon):
    return script(router, name, daemon).get("generation")


def test_json_is_one_document_by_daemon(r1):
    expect(
        lambda: show(r1, "show script"),
        {
            "zebra": {"both": {"state": "in service"}, "alone": None},
            "bgpd": {
                "both": {"state": "in service"},
                "alone": {"state": "in service"},
            },
        },
        "show script json",
    )
    hooks = show(r1, "show script hooks")
    assert set(hooks) == {"zebra", "bgpd"}
    assert "route_match" in json.dumps(hooks["bgpd"])


def test_a_script_of_one_daemon(r1):
    assert set(show(r1, "show script alone")) == {"bgpd"}
    shown = vtysh(r1, "show script alone").splitlines()
    assert shown[0] == "bgpd:" and shown[1] == "Script alone, in service"
    assert not any("zebra" in line for line in shown)


def test_text_has_a_headline_for_each_daemon(r1):
    shown = vtysh(r1, "show script").splitlines()
    assert "zebra:" in shown and "bgpd:" in shown
    # In a configuration node too.
    assert "bgpd:" in config(r1, "router bgp 65000", "do show script alone")


def test_an_unknown_script(r1):
    assert show(r1, "show script nothere") == {}
    assert "No script nothere" in vtysh(r1, "show script nothere")
    for command in ("script reload nothere", "script resume nothere"):
        lines = vtysh(r1, command).splitlines()
        assert lines[0] == "zebra:" and "bgpd:" in lines
        assert '% no script "nothere": there is both' in lines
        assert '% no script "nothere": there is alone, both' in lines
    assert r1.net.cmd_status("vtysh -c 'script reload nothere'") != 0


def test_a_reload_reaches_those_that_know_the_script(r1):
    assert vtysh(r1, "script reload alone").startswith("bgpd:\n")
    assert generation(r1, "alone", "bgpd") == 2
    assert not script(r1, "alone", "zebra"), "zebra loaded what it had no use for"
    # What follows, of the re-evaluation, is each daemon's own.
    output = vtysh(r1, "script reload both")
    assert output.startswith("zebra") and "bgpd:\n" in output, output
    assert "script both: generation 2 in service" in output
    assert generation(r1, "both", "zebra") == generation(r1, "both", "bgpd") == 2


def test_a_reload_that_one_daemon_refuses(r1):
    write_script(r1, "both", 'assert(frr.daemon ~= "zebra", "not in zebra")\n' + GOOD)
    output = vtysh(r1, "script reload both")
    zebra, bgpd = output.split("bgpd:\n")
    assert zebra.startswith("zebra:\n") and "not in zebra" in zebra, output
    assert bgpd.splitlines() == ["script both: generation 3 in service"], output
    assert script(r1, "both", "zebra")["state"] == "reload refused"
    write_script(r1, "both", GOOD)
    vtysh(r1, "script reload")
    assert generation(r1, "both", "zebra") == 3 and generation(r1, "both", "bgpd") == 4


def test_a_load_that_one_daemon_refuses(r1):
    write_script(r1, "fresh", 'assert(frr.daemon ~= "zebra", "not in zebra")\n' + GOOD)
    output = config(r1, "script load fresh")
    assert output.startswith("zebra:\n") and "not in zebra" in output, output
    assert "bgpd" not in output
    assert script(r1, "fresh")["state"] == "in service"
    config(r1, "no script load fresh")
    remove_script(r1, "fresh")


def test_what_all_of_them_say_is_printed_once(r1):
    write_script(r1, "fresh", BAD)
    output = config(r1, "script load fresh")
    assert output.startswith("zebra, bgpd:\n% script fresh:"), output
    assert output.count("fresh.lua:1") == 1
    config(r1, "no script load fresh")
    remove_script(r1, "fresh")


def test_counters_and_options_reach_all(r1):
    assert not vtysh(r1, "clear script alone counters").strip()
    assert not vtysh(r1, "clear script counters").strip()
    assert not config(r1, "script both limit time 40").strip()
    for daemon in ("zebra", "bgpd"):
        assert script(r1, "both", daemon)["limitTimeMsecs"] == 40, daemon
    assert vtysh(r1, "show running-config").count("script both limit time 40") == 1
    config(r1, "no script both limit time")


def test_a_daemon_that_was_asked_alone(r1):
    shown = json.loads(one(r1, "bgpd", "show script both json"))
    assert shown["both"]["state"] == "in service"
    assert one(r1, "zebra", "script reload both").startswith("script both: generation")
    assert one(r1, "zebra", "show script alone").strip() == "% No script alone"


def test_a_line_is_in_the_running_configuration_once(r1):
    assert vtysh(r1, "show running-config").count("script load both") == 1


def test_a_daemon_that_does_not_run(r1):
    r1.run("kill $(cat /var/run/frr/bgpd.pid)")
    expect(
        lambda: sorted(show(r1, "show script")), ["zebra"], "only zebra is left to ask"
    )
    output = vtysh(r1, "script reload both")
    assert output.startswith("zebra:\nscript both: generation"), output
