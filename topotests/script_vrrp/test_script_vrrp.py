#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""Scripts that decide on VRRP priorities, seen on the wire.

Two routers share a LAN with a host that listens. The operator is promised: the
script's number is what is advertised, at once when it changes; what was
configured stays in the configuration and is what counts without an answer; a
script that fails can't take the address away in an instant; the address owner
is never demoted.
"""

import functools
import os
import re
import time

import pytest

from lib.topogen import TopoRouter, get_topogen

from scripttopo import (
    config,
    end_daemon,
    expect,
    expect_true,
    log_lines,
    remove_script,
    topology,
    vtysh,
    write_script,
)
from vrrptopo import Wire, add_devices, expect_state, vrrp

import scripttopo

INTERFACE = "interface r1-eth0"
script = functools.partial(scripttopo.script, daemon="vrrpd")
errors = functools.partial(scripttopo.errors, daemon="vrrpd")


def prepare(tgen):
    for name, vrids in ("r1", (5, 6, 7, 8)), ("r2", (5, 6)):
        for vrid in vrids:
            addresses = [f"192.0.2.{259 - vrid}/24"]
            if vrid == 5:
                addresses.append("2001:db8::fe/64")
            add_devices(tgen.gears[name], f"{name}-eth0", vrid, *addresses)


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(
        request,
        {"s1": ["r1", "r2", "h1"]},
        daemons=[TopoRouter.RD_VRRP],
        hosts={"h1": ("192.0.2.100/24", "192.0.2.254")},
        prepare=prepare,
    )


@pytest.fixture(scope="module")
def wire(tgen):
    wire = Wire(tgen.gears["h1"], "h1-eth0")
    yield wire
    wire.stop()


def answer(router, name, expression):
    """Makes `vrrp_priority` of a script return something else, from now on."""
    write_script(
        router, name, f"function vrrp_priority(router)\n  return {expression}\nend\n"
    )
    output = vtysh(router, f"script reload {name}")
    assert "generation" in output.lower(), output


def priority(router, vrid, family="v4"):
    one = vrrp(router, vrid)[family]
    return one["effectivePriority"], one["effectivePriorityOrigin"]


def expect_priority(router, vrid, number, origin, family="v4"):
    expect(
        lambda: list(priority(router, vrid, family)),
        [number, origin],
        f"{router.name}: VRID {vrid} {family}",
    )


def running(router):
    return vtysh(router, "show running-config").splitlines()


def skew(number, interval=1000):
    """RFC 5798 section 6.1, in the centiseconds of FRR."""
    return (256 - number) * (interval // 10) // 256 * 10


def test_the_script_decides_for_each_family(r1):
    expect_state(r1, 5, "Master")
    expect_state(r1, 5, "Master", "v6")
    shown = vrrp(r1, 5)
    assert shown["priority"] == 120
    for family, number in ("v4", 150), ("v6", 140):
        assert shown[family]["effectivePriority"] == number
        assert shown[family]["effectivePriorityOrigin"] == "script"
        assert shown[family]["script"] == "prio"
        assert shown[family]["scriptFunction"] == "vrrp_priority"
        assert shown[family]["skewTime"] == skew(number), family
        assert shown[family]["masterDownInterval"] == 3000 + skew(number)


def test_it_is_what_the_wire_has(r1, wire):
    wire.expect(family="v4", vrid=5, source="192.0.2.1", priority=150)
    wire.expect(family="v6", vrid=5, priority=140)
    assert not wire.seen(vrid=5, priority=120)


def test_show_vrrp_says_it_in_words(r1):
    lines = [" ".join(line.split()) for line in vtysh(r1, "show vrrp 5").splitlines()]
    for line in [
        "Priority 120",
        "Effective Priority (v4) 150",
        "Effective Priority (v6) 140",
        "Priority Origin (v4) script prio",
        "Priority Origin (v6) script prio",
        "Priority Script prio",
        "Priority Script Function vrrp_priority",
    ]:
        assert line in lines, line


def test_without_a_script_the_configuration_decides(r2):
    assert priority(r2, 5) == (100, "configured")
    assert "script" not in vrrp(r2, 5)["v4"]


def test_the_configured_priority_stays_in_the_configuration(r1):
    lines = running(r1)
    assert lines.count(" vrrp 5 priority 120") == 1
    assert lines.count(" vrrp 5 script prio") == 1
    assert lines.count(" vrrp 6 script owner function low") == 1
    assert not [line for line in lines if "150" in line or "140" in line]


def test_a_change_of_the_configured_priority_does_not_touch_the_script_s(r1):
    config(r1, INTERFACE, "vrrp 5 priority 110")
    assert vrrp(r1, 5)["priority"] == 110
    assert priority(r1, 5) == (150, "script")
    config(r1, INTERFACE, "vrrp 5 priority 120")


def test_the_backup_s_script_sees_the_router(r1, r2):
    expect_state(r2, 6, "Backup")
    expect_state(r1, 6, "Master")
    wanted = (
        "fields vrid=6 version=3 interface=r2-eth0 vrf=default vrrp_interface=vrrp4-6-0"
        " family=ipv4 state=Backup configured_priority=200 priority=200"
        " origin=configured is_owner=false preempt=true accept=true"
        " advertisement_interval=1000 master_advertisement_interval=1000"
        f" skew_time={skew(200)} master_down_interval={3000 + skew(200)}"
        " primary_address=192.0.2.2 virtual_address=192.0.2.253 address_count=1"
    )
    expect_true(lambda: log_lines(r2, "vrrpd", wanted), "fields of a Backup")


def test_a_backup_is_asked_every_interval(r2):
    before = script(r2, "watch")["calls"]
    began = time.time()
    expect_true(lambda: script(r2, "watch")["calls"] >= before + 4, "not asked")
    assert time.time() - began > 2.5, "asked too often"


def test_a_master_is_asked_every_interval(wire, r1):
    expect_state(r1, 7, "Master")
    began = time.time()
    expect_true(lambda: len(wire.seen(began, vrid=7)) >= 6, "few advertisements")
    seen = [one["priority"] for one in wire.seen(began, vrid=7)]
    assert len(set(seen)) >= 3, seen


def test_a_change_is_advertised_at_once(r1, wire):
    # The next regular advertisement, and question, are up to 20 s away.
    answer(r1, "step", "101")
    expect_priority(r1, 7, 101, "script")
    config(r1, INTERFACE, "vrrp 7 advertisement-interval 20000")
    wire.expect(vrid=7, priority=101)
    expect_true(
        lambda: not wire.seen(time.time() - 2.5, vrid=7), "the long interval never began"
    )
    for number in 60, 61, 201:
        began = time.time()
        answer(r1, "step", number)
        first = wire.expect(began, vrid=7)
        assert first["priority"] == number
        assert first["time"] - began < 2, first["time"] - began
        expect_priority(r1, 7, number, "script")
        assert vrrp(r1, 7)["v4"]["skewTime"] == skew(
            number, vrrp(r1, 7)["v4"]["masterAdverInterval"]
        )
    began = time.time()
    answer(r1, "step", 201)
    assert script(r1, "step")["calls"] > 0
    assert not wire.seen(began, vrid=7), "nothing changed, nothing to advertise"
    config(r1, INTERFACE, "no vrrp 7 advertisement-interval")


def test_the_other_router_takes_over(r1, r2, wire):
    began = time.time()
    answer(r1, "prio", 'router.family == "ipv4" and 50 or 40')
    wire.expect(began, family="v4", vrid=5, source="192.0.2.1", priority=50)
    for family in "v4", "v6":
        expect_state(r2, 5, "Master", family)
        expect_state(r1, 5, "Backup", family)
    taken = wire.expect(began, family="v4", vrid=5, source="192.0.2.2", priority=100)
    # Three intervals and the skew time: the Backup waits as if nobody was there.
    assert taken["time"] - began < 3 + skew(100) / 1000 + 2
    assert vrrp(r1, 5)["v4"]["skewTime"] == skew(50)
    assert vrrp(r1, 5)["v6"]["skewTime"] == skew(40)


def test_and_gives_it_back(r1, r2):
    answer(r1, "prio", "150")
    for family in "v4", "v6":
        expect_state(r1, 5, "Master", family)
        expect_state(r2, 5, "Backup", family)


def test_the_address_owner_is_never_demoted(r1, r2, wire):
    assert priority(r1, 6) == (255, "owner")
    began = time.time()
    config(r1, INTERFACE, "vrrp 6 script step")
    answer(r1, "step", "2")
    vtysh(r1, "script reload")
    expect_true(lambda: len(wire.seen(began, vrid=6)) >= 3, "no advertisements")
    assert {one["priority"] for one in wire.seen(vrid=6)} == {255}
    assert priority(r1, 6) == (255, "owner")
    expect_state(r1, 6, "Master")
    expect_state(r2, 6, "Backup")


def test_an_owner_that_stops_to_be_one_is_asked(r1):
    config(r1, INTERFACE, "vrrp 6 priority 90")
    expect_priority(r1, 6, 2, "script")
    config(r1, INTERFACE, "vrrp 6 priority 255")
    expect_priority(r1, 6, 255, "owner")


def test_nil_keeps_the_configured_priority(r1, wire):
    answer(r1, "step", "nil")
    began = time.time()
    expect_priority(r1, 7, 100, "configured")
    wire.expect(began, vrid=7, priority=100)
    config(r1, INTERFACE, "vrrp 7 priority 33")
    expect_priority(r1, 7, 33, "configured")
    config(r1, INTERFACE, "no vrrp 7 priority")
    assert errors(r1, "step") == 0


@pytest.mark.parametrize("bad", ["0", "255", "256", "-1", "1.5", "'x'", "true", "{}"])
def test_a_bad_number_is_an_error_and_the_last_good_one_holds(r1, bad):
    answer(r1, "bad", "90")
    expect_priority(r1, 8, 90, "script")
    vtysh(r1, "clear script bad counters")
    answer(r1, "bad", bad)
    expect_priority(r1, 8, 90, "held")
    assert 0 < vrrp(r1, 8)["v4"]["heldMsecs"] <= 3000
    assert errors(r1, "bad") > 0, script(r1, "bad")


def test_a_failing_script_holds_and_then_gives_way(r1, wire):
    config(r1, "script bad on-error hold 3")
    answer(r1, "bad", "91")
    wire.expect(vrid=8, priority=91)
    began = time.time()
    answer(r1, "bad", "error('down')")
    configured = wire.expect(began, vrid=8, priority=80)
    assert 2.5 < configured["time"] - began < 5, configured["time"] - began
    assert {one["priority"] for one in wire.seen(began, vrid=8)} == {80, 91}
    assert priority(r1, 8) == (80, "configured")
    warned = log_lines(r1, "vrrpd", "script bad fails: its last priority 91 holds")
    assert len(warned) == 1
    assert log_lines(r1, "vrrpd", "the configured priority 80 is in use")
    # And what was given up does not come back with a longer time.
    config(r1, "script bad on-error hold 600")
    config(r1, INTERFACE, "vrrp 8 priority 81")
    expect_priority(r1, 8, 81, "configured")
    config(r1, INTERFACE, "vrrp 8 priority 80")


def test_hold_0_gives_way_at_once(r1, wire):
    config(r1, "script bad on-error hold 0")
    answer(r1, "bad", "92")
    wire.expect(vrid=8, priority=92)
    began = time.time()
    answer(r1, "bad", "error('down')")
    assert wire.expect(began, vrid=8)["priority"] == 80


def test_on_error_hold_in_the_configuration(r1):
    assert "script bad on-error hold 0" in running(r1)
    config(r1, "no script bad on-error hold")
    assert not [line for line in running(r1) if "on-error hold" in line]
    for bad in "3601", "-1", "x":
        output = config(r1, f"script bad on-error hold {bad}")
        assert "Unknown command" in output, output
    config(r1, "script bad on-error hold 3")
    assert "script bad on-error hold 3" in running(r1)


def test_a_script_that_comes_back_is_used_again(r1):
    answer(r1, "bad", "93")
    expect_priority(r1, 8, 93, "script")


def test_a_script_that_is_not_there(r1):
    output = config(r1, INTERFACE, "vrrp 8 script later")
    assert "later.lua" in output, output
    expect_priority(r1, 8, 80, "configured")
    assert " vrrp 8 script later" in running(r1)
    assert vrrp(r1, 8)["v4"]["script"] == "later"
    write_script(r1, "later", "function vrrp_priority() return 94 end\n")
    vtysh(r1, "script reload later")
    expect_priority(r1, 8, 94, "script")
    remove_script(r1, "later")
    vtysh(r1, "script reload later")
    expect_priority(r1, 8, 94, "script")


def test_unload_leaves_the_script_to_its_users(r1):
    config(r1, "no script load prio")
    expect_priority(r1, 5, 150, "script")
    config(r1, "script load prio")


def test_without_the_line_the_configured_priority_is_back_at_once(r1, wire):
    began = time.time()
    config(r1, INTERFACE, "no vrrp 8 script")
    assert priority(r1, 8) == (80, "configured")
    assert "script" not in vrrp(r1, 8)["v4"]
    wire.expect(began, vrid=8, priority=80)
    # One with the script's may have gone before the command came.
    seen = [advertised["priority"] for advertised in wire.seen(began, vrid=8)]
    assert seen == sorted(seen, reverse=True) and set(seen) <= {94, 80}, seen
    config(r1, INTERFACE, "vrrp 8 script bad")
    assert priority(r1, 8) == (93, "script")


def test_another_function(r1):
    write_script(
        r1,
        "bad",
        "function vrrp_priority() return 93 end\nfunction other() return 95 end\n",
    )
    vtysh(r1, "script reload bad")
    config(r1, INTERFACE, "vrrp 8 script bad function other")
    assert priority(r1, 8) == (95, "script")
    assert vrrp(r1, 8)["v4"]["scriptFunction"] == "other"
    output = config(r1, INTERFACE, "vrrp 8 script bad function none")
    assert "none" in output, output
    expect_priority(r1, 8, 80, "configured")
    config(r1, INTERFACE, "vrrp 8 script bad")
    assert priority(r1, 8) == (93, "script")


def test_bad_names_are_refused(r1):
    before = running(r1)
    for name in ("../edge", "a/b", "a..b", ".edge"):
        output = config(r1, INTERFACE, f"vrrp 8 script {name}")
        assert "is not a script name" in output, output
    output = config(r1, INTERFACE, "vrrp 8 script bad function 8x")
    assert "%" in output, output
    assert running(r1) == before


def test_shutdown_forgets_and_start_asks(r1, wire):
    config(r1, INTERFACE, "vrrp 8 shutdown")
    expect_state(r1, 8, "Initialize")
    assert priority(r1, 8) == (80, "configured")
    began = time.time()
    config(r1, INTERFACE, "no vrrp 8 shutdown")
    expect_state(r1, 8, "Master")
    assert {one["priority"] for one in wire.seen(began, vrid=8)} == {93}


def test_a_deleted_router_leaves_nothing(r1):
    config(r1, INTERFACE, "no vrrp 8")
    assert vrrp(r1, 8) == {}
    calls = script(r1, "bad").get("calls", 0)
    config(
        r1,
        INTERFACE,
        "vrrp 8",
        "vrrp 8 priority 80",
        "vrrp 8 advertisement-interval 500",
        "vrrp 8 ip 192.0.2.251",
    )
    expect_state(r1, 8, "Master")
    assert script(r1, "bad").get("calls", 0) == calls
    assert priority(r1, 8) == (80, "configured")
    config(r1, INTERFACE, "vrrp 8 script bad")


def reload_file(router, mode, text):
    """What frr-reload.py says of a configuration."""
    file = os.path.join(get_topogen().logdir, "new.conf")
    with open(file, "w", encoding="utf-8") as conf:
        conf.write(text)
    tool = os.path.join(os.environ["FRR_SRC_TREE"], "tools/frr-reload.py")
    bindir = os.path.join(os.environ["FRR_ROOT"], "usr/bin")
    return router.run(
        f"{os.environ['PYTHON']} {tool} --{mode} --bindir {bindir} --stdout {file} 2>&1"
    )


def said(router, *words):
    """Log lines in which a script said these words, tab between them."""
    return log_lines(router, "vrrpd", "\t".join(words))


def expect_said(router, *words):
    expect_true(lambda: said(router, *words), f"{router.name} never said {words}")


def test_changes_of_the_state_are_events(r1, r2):
    for router in r1, r2:
        config(router, "script load events")
    answer(r1, "prio", "3")
    for family in "ipv4", "ipv6":
        expect_said(r1, "changed", "5", family, "Master", "Backup", "Backup")
        expect_said(r2, "changed", "5", family, "Backup", "Master", "Master")
        expect_said(r2, "taken over", "5", family)
        assert not said(r1, "taken over", "5", family)
    answer(r1, "prio", "150")
    expect_said(r1, "taken over", "5", "ipv4")
    expect_said(r1, "taken over", "5", "ipv6")
    expect_said(r2, "changed", "5", "ipv6", "Master", "Backup", "Backup", "2001:db8::fe")


def test_an_event_outlives_its_router(r1):
    assert not said(r1, "changed", "8", "ipv4")
    config(r1, INTERFACE, "no vrrp 8")
    expect_said(
        r1, "changed", "8", "ipv4", "Master", "Initialize", "Initialize", "192.0.2.251"
    )
    config(
        r1,
        INTERFACE,
        "vrrp 8",
        "vrrp 8 priority 80",
        "vrrp 8 advertisement-interval 500",
        "vrrp 8 ip 192.0.2.251",
        "vrrp 8 script bad",
    )
    expect_said(
        r1, "changed", "8", "ipv4", "Initialize", "Backup", "Backup", "192.0.2.251"
    )
    expect_said(r1, "taken over", "8", "ipv4")


def test_without_a_listener_there_are_no_events(r1, r2):
    for router in r1, r2:
        config(router, "no script load events")
    expect_true(lambda: not script(r1, "events"), "events is still there")
    lines = len(said(r1, "changed", "8"))
    config(r1, INTERFACE, "vrrp 8 shutdown")
    config(r1, INTERFACE, "no vrrp 8 shutdown")
    expect_state(r1, 8, "Master")
    assert len(said(r1, "changed", "8")) == lines


TIMER = """
local level = 70

function vrrp_priority(router)
  log.info("asked", router.vrid, router.state, level)
  return level
end

frr.after(1, function()
  level = {level}
  {what}
end)
"""


@pytest.mark.parametrize(
    "level, what",
    [
        (
            99,
            """
  for _, router in frr.vrrp_routers() do
    log.info("listed", router.vrid, router.family, router.state)
    if router.vrid == 7 then
      router:recompute()
    end
  end""",
        ),
        (98, "frr.reevaluate()"),
    ],
)
def test_a_task_has_the_priority_computed_again(r1, wire, level, what):
    config(r1, INTERFACE, "vrrp 7 script step", "vrrp 7 advertisement-interval 20000")
    wire.expect(vrid=7)
    write_script(
        r1,
        "step",
        TIMER.replace("{level}", str(level)).replace("{what}", what),
    )
    began = time.time()
    vtysh(r1, "script reload step")
    assert wire.expect(began, vrid=7)["priority"] == 70
    then = wire.expect(began, vrid=7, priority=level)
    assert 0.9 < then["time"] - began < 4, then["time"] - began
    assert len(wire.seen(began, vrid=7)) == 2, "more than the two changes"
    config(r1, INTERFACE, "no vrrp 7 advertisement-interval")


def test_the_list_of_routers(r1):
    listed = [
        re.search(r"listed\t(.*)", line).group(1).split("\t")
        for line in said(r1, "listed")
    ]
    wanted = [
        ["5", "ipv4", "Master"],
        ["5", "ipv6", "Master"],
        ["6", "ipv4", "Master"],
        ["7", "ipv4", "Master"],
        ["8", "ipv4", "Master"],
    ]
    assert listed[: len(wanted)] == wanted


def test_frr_reload(r1):
    lines = running(r1)
    text = "\n".join(lines[lines.index("!") :]) + "\n"
    output = reload_file(r1, "test", text)
    assert "vtysh show running" in output and "Lines To" not in output, output
    reload_file(r1, "reload", text.replace(" vrrp 8 script bad\n", ""))
    assert " vrrp 8 script bad" not in running(r1)
    expect_priority(r1, 8, 80, "configured")
    reload_file(
        r1,
        "reload",
        text.replace(" vrrp 8 script bad\n", " vrrp 8 script bad function other\n"),
    )
    assert " vrrp 8 script bad function other" in running(r1)
    expect_priority(r1, 8, 95, "script")
    reload_file(r1, "reload", text)
    assert running(r1) == lines
    expect_priority(r1, 8, 93, "script")


def ours(router):
    return [
        line for line in running(router) if line.startswith((" vrrp", "script", "vrrp"))
    ]


def test_a_saved_configuration_comes_back_after_a_restart(r1):
    before = ours(r1)
    assert " vrrp 5 script prio" in before and " vrrp 8 script bad" in before
    vtysh(r1, "write memory")
    # There are no routers any more when a script hears of vrrpd's end.
    config(r1, "script load events")
    end_daemon(r1, "vrrpd")
    expect_said(r1, "ended", "0")
    with open(os.path.join(get_topogen().logdir, "r1/vrrpd.err"), encoding="utf-8") as left:
        assert "VRRP script" not in left.read(), "memory was left"
    r1.startDaemons(["vrrpd"])
    r1.run("vtysh -b")
    # zebra and bgpd, which ran on, have this line still.
    config(r1, "no script load events")
    assert ours(r1) == before
    expect_priority(r1, 5, 150, "script")
    expect_priority(r1, 8, 93, "script")
    expect_state(r1, 5, "Master")


def test_nobody_died(tgen):
    for name in "r1", "r2":
        assert tgen.gears[name].check_router_running() == ""
