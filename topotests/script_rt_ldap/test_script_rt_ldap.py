#!/usr/bin/env python
# SPDX-License-Identifier: GPL-2.0-or-later
"""A route-map that is decided by groups in a directory: examples/directory_peers.luau.

r2 asks a real slapd, in its own network namespace, which is changed while the
session is up, stopped, and started again.
"""

import os
import subprocess

import pytest

from scripttopo import (
    errors,
    established,
    expect_absent,
    expect_established,
    expect_path,
    expect_true,
    log_lines,
    path,
    script_file,
    topology,
    vtysh,
)

pytestmark = [pytest.mark.bgpd]

PREFIX = "198.51.100.0/24"
URL = "ldap://127.0.0.1:389/"
ADMIN = "cn=admin,dc=example,dc=org"
MEMBER = "cn=192.0.2.1,ou=peers,dc=example,dc=org"
CONFIGURATION = """
include /etc/ldap/schema/core.schema
pidfile FOLDER/slapd.pid
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix "dc=example,dc=org"
rootdn "cn=admin,dc=example,dc=org"
rootpw test-only
directory FOLDER/db
access to * by * read
"""
ENTRIES = """
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=groups,dc=example,dc=org
objectClass: organizationalUnit
ou: groups

dn: cn=customers,ou=groups,dc=example,dc=org
objectClass: groupOfNames
cn: customers
member: cn=203.0.113.1,ou=peers,dc=example,dc=org
"""


class Slapd:
    """slapd in a router's network namespace; its data outlives the process."""

    def __init__(self, router, folder):
        self.router = router
        self.process = None
        os.makedirs(os.path.join(folder, "db"))
        self.conf = os.path.join(folder, "slapd.conf")
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(CONFIGURATION.replace("FOLDER", folder))
        ldif = os.path.join(folder, "start.ldif")
        with open(ldif, "w", encoding="utf-8") as file:
            file.write(ENTRIES)
        router.cmd_raises(f"/usr/sbin/slapadd -f {self.conf} -l {ldif}")

    def start(self):
        self.process = self.router.popen(
            ["/usr/sbin/slapd", "-f", self.conf, "-h", URL, "-d", "0"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        ask = f"ldapsearch -x -H {URL} -s base -b dc=example,dc=org"
        expect_true(lambda: "numEntries: 1" in self.router.run(ask), "no slapd")

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def group(self, name, verb):
        """Has a member added to a group or deleted from it."""
        self.router.cmd_raises(f"""ldapmodify -x -H {URL} -D {ADMIN} -w test-only <<'END'
dn: cn={name},ou=groups,dc=example,dc=org
changetype: modify
{verb}: member
member: {MEMBER}
END
""")


@pytest.fixture(scope="module", autouse=True)
def tgen(request):
    yield from topology(request, {"s1": ["r1", "r2"]})


@pytest.fixture(scope="module", autouse=True)
def slapd(r2, tmp_path_factory):
    server = Slapd(r2, str(tmp_path_factory.mktemp("slapd")))
    yield server
    server.kill()


def preferred(r2, preference):
    expect_path(r2, PREFIX, {"locPrf": preference})


def test_without_a_directory_nothing_is_accepted(r2):
    # It looks each minute; the routers of this test are quicker.
    with open(script_file(r2, "directory_peers") + "u", encoding="utf-8") as file:
        text = file.read()
    assert "EVERY = 60" in text
    with open(script_file(r2, "directory_peers") + "u", "w", encoding="utf-8") as file:
        file.write(text.replace("EVERY = 60", "EVERY = 1"))
    output = vtysh(r2, "script reload directory_peers")
    assert "stays in service" not in output, output
    expect_established(r2, "192.0.2.1")
    told = "directory_peers: what the directory said last stays in force: "
    expect_true(lambda: log_lines(r2, "bgpd", told), "nobody was told")
    assert not path(r2, PREFIX)


def test_a_group_lets_a_neighbor_in(r2, slapd):
    before = established(r2, "192.0.2.1")
    slapd.start()
    slapd.group("customers", "add")
    preferred(r2, 200)
    assert established(r2, "192.0.2.1") == before


def test_what_was_said_last_stays_in_force(r2, slapd):
    slapd.kill()
    told = "directory_peers: what the directory said last stays in force: "
    expect_true(lambda: len(log_lines(r2, "bgpd", told)) == 2, "told once each time")
    assert path(r2, PREFIX).get("locPrf") == 200
    # Also when the script is loaded again meanwhile.
    vtysh(r2, "script reload directory_peers")
    expect_true(lambda: len(log_lines(r2, "bgpd", told)) == 3, "it never asked again")
    assert path(r2, PREFIX).get("locPrf") == 200


def test_a_group_that_it_leaves(r2, slapd):
    slapd.start()
    slapd.group("customers", "delete")
    expect_absent(r2, PREFIX)
    slapd.group("customers", "add")
    preferred(r2, 200)


def test_no_call_failed(r2):
    assert errors(r2, "directory_peers") == 0
