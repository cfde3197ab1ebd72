#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""A script's file, or a module's, is no longer what it was; the disk is full.

The operator is promised: the script in service stays, vtysh answers within a
second, the error says what to do, no route changes, and all is well once the
file is back.
"""

import os
import shutil
import socket
import threading

import pytest

from script_faults.faults import (
    PEER,
    PREFIX,
    VERDICT,
    assert_same,
    directory,
    expect_asked,
    expect_verdict,
    pid,
    timed,
    two_routers,
)
from scripttopo import (
    config,
    established,
    expect,
    expect_established,
    expect_path,
    expect_true,
    log_file,
    log_lines,
    script,
    vtysh,
    write_script,
)

pytestmark = [pytest.mark.bgpd]


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from two_routers(request)


def truncated(file):
    with open(file, "w", encoding="ascii"):
        pass


def half(file):
    text = "function route_match(prefix, attributes)\n  attributes.localpref = 99\n"
    with open(file, "w", encoding="ascii") as out:
        out.write(text)


def listening(file):
    # The name of a socket may have 108 characters.
    before = os.getcwd()
    os.chdir(os.path.dirname(file))
    try:
        with socket.socket(socket.AF_UNIX) as at:
            at.bind(os.path.basename(file))
    finally:
        os.chdir(before)


def sparse(file):
    with open(file, "wb") as out:
        out.truncate(1 << 30)


def unreadable(file):
    half(file)
    os.chmod(file, 0o000)


def everybody(file):
    half(file)
    os.chmod(file, 0o666)


# What takes the file's place, and what the error says of it.
FAULTS = {
    "deleted": (lambda file: None, "no file"),
    "truncated": (truncated, "has no text: write it again"),
    "half-written": (half, "Expected 'end'"),
    "unreadable": (unreadable, "must be able to read it"),
    "writable by everybody": (everybody, "chmod o-w"),
    "a directory": (os.mkdir, "is a directory, not a file"),
    "a FIFO": (os.mkfifo, "is a FIFO, not a file"),
    "a socket": (listening, "is a socket, not a file"),
    "a link to a device": (lambda file: os.symlink("/dev/zero", file), "is a device"),
    "a link to nothing": (lambda file: os.symlink("none", file), "link to what is not"),
    "a link to itself": (lambda file: os.symlink(file, file), "symbolic links"),
    "1 GiB": (sparse, "a script has at most"),
}


def remove(file):
    if os.path.isdir(file) and not os.path.islink(file):
        os.rmdir(file)
    elif os.path.lexists(file):
        os.remove(file)


@pytest.mark.parametrize("name", ["edge", pytest.param("part", marks=pytest.mark.long)])
@pytest.mark.parametrize("fault", FAULTS)
def test_the_script_in_service_stays(r2, name, fault):
    take_place, says = FAULTS[fault]
    file = os.path.join(directory(r2), name + ".lua")
    before, sessions = expect_verdict(r2), established(r2, PEER)
    generation = script(r2, "edge")["generation"]
    shutil.move(file, file + ".kept")
    try:
        take_place(file)
        output = timed(r2, "script reload edge")
        assert says in output and "stays in service" in output, output
        shown = timed(r2, "show script edge")
        assert "reload refused" in shown, shown
        expect_asked(r2)
        assert script(r2, "edge")["generation"] == generation
        assert_same(expect_verdict(r2), before)
    finally:
        remove(file)
        shutil.move(file + ".kept", file)
    assert f"generation {generation + 1} in service" in timed(r2, "script reload edge")
    expect_asked(r2)
    assert_same(expect_verdict(r2), before)
    assert established(r2, PEER) == sessions


def test_a_file_that_is_renamed_while_it_is_reloaded(r2):
    """Each version is whole; a session sees nothing of it."""
    file = os.path.join(directory(r2), "edge.lua")
    with open(file, encoding="ascii") as text:
        good = text.read()
    sessions, stop = established(r2, PEER), threading.Event()

    def rename():
        number = 0
        while not stop.is_set():
            number += 1
            with open(file + ".new", "w", encoding="ascii") as out:
                out.write(good + f"-- {number}\n" * 500)
            os.replace(file + ".new", file)

    writer = threading.Thread(target=rename)
    writer.start()
    try:
        for _ in range(20):
            assert "in service" in timed(r2, "script reload edge")
    finally:
        stop.set()
        writer.join()
    write_script(r2, "edge", good)
    assert "in service" in timed(r2, "script reload edge")
    expect_path(r2, PREFIX, {"locPrf": VERDICT})
    assert established(r2, PEER) == sessions


def test_a_file_that_is_written_while_it_is_reloaded(r2):
    """It is refused or whole, and the routes are never without a verdict."""
    file = os.path.join(directory(r2), "edge.lua")
    with open(file, encoding="ascii") as text:
        good = text.read()
    stop = threading.Event()
    # What is cut off is no chunk: the text is one function to the end.
    whole = good.replace("return prefix", "-- filler\n" * 20000 + "return prefix")

    def write():
        while not stop.is_set():
            write_script(r2, "edge", whole)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(20):
            output = timed(r2, "script reload edge")
            assert "in service" in output, output
            expect_path(r2, PREFIX, {"locPrf": VERDICT})
    finally:
        stop.set()
        writer.join()
    write_script(r2, "edge", good)
    assert "in service" in timed(r2, "script reload edge")


@pytest.fixture
def full(r2):
    """A small file system that is full, in the router's own mount namespace."""
    place = "/tmp/full"
    r2.run(f"mkdir -p {place} && mount -t tmpfs -o size=256k,mode=755 none {place}")
    yield place
    r2.run(f"umount -l {place}")


def fill(router, place):
    router.run(f"dd if=/dev/zero of={place}/filler bs=4k 2>/dev/null")
    said = router.run(f"dd if=/dev/zero of={place}/more bs=4k count=1 2>&1")
    assert "No space" in said, said


def test_a_full_disk_under_the_configuration(r2, full):
    r2.run(f"cp -a /etc/frr/. {full}/")
    fill(r2, full)
    r2.run(f"mount --bind {full} /etc/frr")
    try:
        before = expect_verdict(r2)
        output = vtysh(r2, "write memory")
        assert "[OK]" not in output.replace("Building", ""), output
        assert "script load edge" in r2.run("cat /etc/frr/frr.conf")
        assert_same(expect_verdict(r2), before)
    finally:
        r2.run("umount /etc/frr")


def test_a_full_disk_under_the_log(r2, full):
    """What can't be logged is lost; calls go on, and nothing waits."""
    r2.run(f"touch {full}/bgpd.log && chmod 666 {full}/bgpd.log")
    config(r2, f"log file {full}/bgpd.log debug")
    fill(r2, full)
    number = pid(r2, "bgpd")
    file = os.path.join(directory(r2), "edge.lua")
    with open(file, encoding="ascii") as text:
        good = text.read()
    noisy = good.replace(
        "return prefix", 'log.info("route " .. tostring(prefix))\nreturn prefix'
    )
    write_script(r2, "edge", noisy)
    calls = script(r2, "edge")["calls"]
    assert "in service" in timed(r2, "script reload edge")
    expect_true(lambda: script(r2, "edge")["calls"] > calls, "no calls")
    timed(r2, "show bgp summary")
    expect_path(r2, PREFIX, {"locPrf": VERDICT})
    assert pid(r2, "bgpd") == number
    write_script(r2, "edge", good)
    assert "in service" in timed(r2, "script reload edge")
    config(r2, f"log file {log_file(r2, 'bgpd')} debug")
    vtysh(r2, "send log again")
    expect_true(lambda: log_lines(r2, "bgpd", "") != [], "no log any more")


def test_a_full_disk_under_the_scripts(r2, full):
    """An editor that could not write to the end leaves a part: it is refused."""
    scripts = directory(r2)
    r2.run(f"cp -a {scripts}/. {full}/")
    fill(r2, full)
    before = expect_verdict(r2)
    r2.run(f"mount --bind {full} {scripts}")
    try:
        long = "function route_match(prefix, attributes)\\n" + "-- filler\\n" * 2000
        output = r2.run(f"printf '{long}  return true\\nend\\n' > {scripts}/edge.lua")
        del output
        output = timed(r2, "script reload edge")
        assert "stays in service" in output, output
        assert_same(expect_verdict(r2), before)
    finally:
        r2.run(f"umount {scripts}")
    assert "in service" in timed(r2, "script reload edge")
    expect(lambda: script(r2, "edge"), {"state": "in service"}, "show script")


def test_bgpd_and_the_session_stayed_up(r2):
    assert expect_established(r2, PEER) == {PEER: 1}
