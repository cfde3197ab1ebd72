// SPDX-License-Identifier: GPL-2.0-or-later
//! Assigning: what each kind of field refuses, and that nothing is applied then.

use super::host::{error_of, run};
use insta::assert_snapshot;

#[test]
fn whole_numbers() {
    for wrong in ["-1", "1.5", "0/0", "1/0", "4294967296", "2^53", "'7'", "true", "{}", "attributes", "print"] {
        let error = error_of(&format!("attributes.localpref = {wrong}"));
        assert!(
            error.starts_with("runtime: s:1: attributes.localpref must be a whole number from 0 to 4294967295, not "),
            "{error}"
        );
    }
    assert_snapshot!(error_of("attributes.localpref = -1"), @"runtime: s:1: attributes.localpref must be a whole number from 0 to 4294967295, not -1 (in function f, line 1)");
    assert_snapshot!(error_of("attributes.localpref = 1.5"), @"runtime: s:1: attributes.localpref must be a whole number from 0 to 4294967295, not 1.5 (in function f, line 1)");
    assert_snapshot!(error_of("attributes.localpref = 0/0"), @"runtime: s:1: attributes.localpref must be a whole number from 0 to 4294967295, not NaN (in function f, line 1)");
    assert_snapshot!(error_of("attributes.localpref = 'x'"), @r#"runtime: s:1: attributes.localpref must be a whole number from 0 to 4294967295, not "x" (in function f, line 1)"#);
    assert_snapshot!(error_of("attributes.localpref = nil"), @"runtime: s:1: attributes.localpref can't be nil (in function f, line 1)");
    assert_snapshot!(error_of("attributes.localpref = {}"), @"runtime: s:1: attributes.localpref must be a whole number from 0 to 4294967295, not a table (in function f, line 1)");
    assert_snapshot!(error_of("attributes.localpref = attributes"), @"runtime: s:1: attributes.localpref must be a whole number from 0 to 4294967295, not the object 'attributes' (in function f, line 1)");
    assert_snapshot!(error_of("attributes.localpref = attributes.communities"), @"runtime: s:1: attributes.localpref must be a whole number from 0 to 4294967295, not the list 'communities' (in function f, line 1)");
    assert_snapshot!(error_of("attributes.localpref = frr.address('::1')"), @"runtime: s:1: attributes.localpref must be a whole number from 0 to 4294967295, not Address (in function f, line 1)");
    assert_snapshot!(error_of("attributes.localpref = print"), @"runtime: s:1: attributes.localpref must be a whole number from 0 to 4294967295, not a function (in function f, line 1)");
    assert_snapshot!(error_of("attributes.octet = 256"), @"runtime: s:1: attributes.octet must be a whole number from 0 to 255, not 256 (in function f, line 1)");
    assert_snapshot!(error_of("attributes.metric = 2^32"), @"runtime: s:1: attributes.metric must be a whole number from 0 to 4294967295, not 4294967296 (in function f, line 1)");
    assert_snapshot!(error_of("attributes.balance = 0.5"), @"runtime: s:1: attributes.balance must be a whole number, not 0.5 (in function f, line 1)");
    assert_snapshot!(error_of("attributes.nexthop.ifindex = 7"), @"runtime: s:1: nexthop.ifindex may not be seven (in function f, line 1)");
    assert_eq!(run("attributes.localpref = 4294967295 return true").1.route.localpref, u32::MAX);
    assert_eq!(run("attributes.balance = -9007199254740992 return true").1.route.balance, -(1 << 53));
    assert_eq!(run("attributes.metric = 0 return true").1.route.metric, Some(0));
    assert_eq!(run("attributes.nexthop.ifindex = 8 return true").1.route.ifindex, 8);
}

#[test]
fn other_kinds() {
    assert_snapshot!(error_of("attributes.flag = 1"), @"runtime: s:1: attributes.flag must be true or false, not 1 (in function f, line 1)");
    assert_snapshot!(error_of("attributes.origin = 'EGP'"), @r#"runtime: s:1: attributes.origin must be "igp" or "egp" or "incomplete", not "EGP" (in function f, line 1)"#);
    assert_snapshot!(error_of("attributes.origin = 3"), @"runtime: s:1: attributes.origin must be a string, not 3 (in function f, line 1)");
    assert_snapshot!(error_of("attributes.origin = nil"), @"runtime: s:1: attributes.origin can't be nil (in function f, line 1)");
    assert_snapshot!(error_of("attributes.note = '\\255'"), @"runtime: s:1: attributes.note must be text (in function f, line 1)");
    assert_snapshot!(error_of("attributes.address = '192.0.2'"), @r#"runtime: s:1: attributes.address takes an IP address: "192.0.2" is not an IP address: write it as 192.0.2.1 or 2001:db8::1 (in function f, line 1)"#);
    assert_snapshot!(error_of("attributes.address = 7"), @"runtime: s:1: attributes.address must be an IP address, not 7 (in function f, line 1)");
    assert_snapshot!(error_of("attributes.network = '192.0.2.1/33'"), @r#"runtime: s:1: attributes.network takes a prefix: "192.0.2.1/33" is not a prefix: the length of an IPv4 prefix is 0-32 (in function f, line 1)"#);
    assert_snapshot!(error_of("attributes.network = {}"), @"runtime: s:1: attributes.network must be a prefix, not a table (in function f, line 1)");
    assert_snapshot!(error_of("attributes.nexthop = nil"), @"runtime: s:1: attributes.nexthop is read-only (in function f, line 1)");
    assert_snapshot!(error_of("attributes.nexthop = attributes.nexthop"), @"runtime: s:1: attributes.nexthop is read-only (in function f, line 1)");
}

#[test]
fn lists_and_paths() {
    assert_snapshot!(error_of("attributes.communities = '65000:70000'"), @r#"runtime: s:1: attributes.communities takes a list: "65000:70000" is not a community: write AS:VALUE (0-65535 each) or a well-known name such as no-export (in function f, line 1)"#);
    assert_snapshot!(error_of("attributes.community = 'blah'"), @r#"runtime: s:1: attributes.community takes a list: "blah" is not a community: write AS:VALUE (0-65535 each) or a well-known name such as no-export (in function f, line 1)"#);
    assert_snapshot!(error_of("attributes.communities = {'65000:1', {}}"), @"runtime: s:1: attributes.communities takes a list: item 2: communities are given as text, not a table (in function f, line 1)");
    assert_snapshot!(error_of("attributes.communities = attributes.communities"), @"runtime: s:1: attributes.communities can't take another list: assign its items() or text (in function f, line 1)");
    assert_snapshot!(error_of("attributes.communities = true"), @"runtime: s:1: attributes.communities takes a list: communities are given as text, not true (in function f, line 1)");
    assert_snapshot!(error_of("local t = {} for n = 1, 1001 do t[n] = `65000:{n}` end attributes.communities = t"), @"runtime: s:1: attributes.communities takes a list: item 1001: too many: a route carries at most 1000 communities (in function f, line 1)");
    assert_snapshot!(error_of("attributes.communities:add('65000:70000')"), @r#"runtime: s:1: communities: argument 1: "65000:70000" is not a community: write AS:VALUE (0-65535 each) or a well-known name such as no-export (in function f, line 1)"#);
    assert_snapshot!(error_of("attributes.communities:add(1.5)"), @"runtime: s:1: communities: argument 1: 1.5 is not a community: write AS:VALUE or a number up to 4294967295 (in function f, line 1)");
    assert_snapshot!(error_of("attributes.communities:add()  attributes.communities:has()"), @"runtime: s:1: communities: argument 1: communities are given as text, not nil (in function f, line 1)");
    assert_snapshot!(error_of("attributes.large_communities:add('1:2')"), @r#"runtime: s:1: large_communities: argument 1: "1:2" is not a large community: write GLOBAL:LOCAL1:LOCAL2 (0-4294967295 each), such as 65001:1:2 (in function f, line 1)"#);
    assert_snapshot!(error_of("attributes.ext_communities:add('rt 1')"), @r#"runtime: s:1: ext_communities: argument 1: "rt 1" is not an extended community: write RT:65001:100, SoO:192.0.2.1:1, NT:192.0.2.1, LB:65001:125000000, Color:00:100, or 0x and 16 hex digits (in function f, line 1)"#);
    assert_snapshot!(error_of("attributes.ipv6_ext_communities:add('rt 1')"), @r#"runtime: s:1: ipv6_ext_communities: argument 1: "rt" is not an IPv6 extended community: write RT:2001:db8::1:100, SoO:2001:db8::1:100, or 0x and 40 hex digits (in function f, line 1)"#);
    assert_snapshot!(error_of("attributes.as_path = '65001 x'"), @r#"runtime: s:1: attributes.as_path takes an AS path: "x" is not an AS number: write 1-4294967295, or HIGH.LOW with 0-65535 each (in function f, line 1)"#);
    assert_snapshot!(error_of("attributes.as_path = nil"), @"runtime: s:1: attributes.as_path can't be nil (in function f, line 1)");
    assert_snapshot!(error_of("attributes.as_path = 65001"), @r#"runtime: s:1: attributes.as_path must be an AS path such as "65001 65002", not 65001 (in function f, line 1)"#);
    assert_snapshot!(error_of("attributes.as_path = frr.address('::1')"), @"runtime: s:1: attributes.as_path must be an AS path, not Address (in function f, line 1)");
    assert_snapshot!(error_of("attributes.as_path = attributes.as_path"), @r#"runtime: s:1: attributes.as_path must be an AS path such as "65001 65002", not the list 'as_path' (in function f, line 1)"#);
    assert_snapshot!(error_of("attributes.as_path:prepend(0)"), @"runtime: s:1: as_path: argument 1: AS 0 may not be in an AS path (RFC 7607) (in function f, line 1)");
    assert_snapshot!(error_of("attributes.as_path:prepend(65001, 256)"), @"runtime: s:1: as_path: argument 2: must be a whole number from 0 to 255, not 256 (in function f, line 1)");
    assert_snapshot!(error_of("for n = 1, 100 do attributes.as_path:prepend(65001, 255) end"), @"runtime: s:1: as_path: argument 1: the AS path is too long: a BGP message carries about 1,000 AS numbers, at most 2000 are accepted (in function f, line 1)");
    assert_snapshot!(error_of("attributes.as_path:replace(65001)"), @"runtime: s:1: as_path: argument 2 must be a number, not nil (in function f, line 1)");
    assert_snapshot!(error_of("attributes.as_path:nth(-1)"), @"runtime: s:1: as_path: argument 1: must be a whole number from 0 to 65535, not -1 (in function f, line 1)");
    assert_snapshot!(error_of("attributes.as_path:contains('x')"), @r#"runtime: s:1: as_path: argument 1: "x" is not an AS number: write 1-4294967295, or HIGH.LOW with 0-65535 each (in function f, line 1)"#);
}

#[test]
fn what_can_not_be_written() {
    assert_snapshot!(error_of("attributes.fixed = 1"), @"runtime: s:1: attributes.fixed is read-only (in function f, line 1)");
    assert_snapshot!(error_of("attributes.fixed_communities = '1:1'"), @"runtime: s:1: attributes.fixed_communities is read-only (in function f, line 1)");
    assert_snapshot!(error_of("attributes.fixed_communities:add('1:1')"), @"runtime: s:1: attributes.fixed_communities is read-only (in function f, line 1)");
    assert_snapshot!(error_of("prefix.length = 8"), @"runtime: s:1: prefix.length is read-only (in function f, line 1)");
    assert_snapshot!(error_of("attributes.metrik = 1"), @"runtime: s:1: attributes has no field 'metrik': did you mean 'metric'? (in function f, line 1)");
    assert_snapshot!(error_of("attributes['metrik' .. ''] = 1"), @"runtime: s:1: attributes has no field 'metrik': did you mean 'metric'? (in function f, line 1)");
    assert_snapshot!(error_of("attributes.communities.x = 1"), @"runtime: s:1: only fields of a route object can be assigned (in function f, line 1)");
    assert_snapshot!(error_of("frr.prefix('192.0.2.0/24').length = 1"), @"runtime: s:1: only fields of a route object can be assigned (in function f, line 1)");
    assert_snapshot!(error_of("frr.prefix = nil"), @"runtime: s:1: attempt to modify a readonly table (in function f, line 1)");
    assert_snapshot!(error_of("log.info = nil"), @"runtime: s:1: attempt to modify a readonly table (in function f, line 1)");
}

#[test]
fn what_was_assigned_before_an_error_does_not_hold() {
    let error = error_of("attributes.localpref = 7 attributes.metric = 9 attributes.origin = 'x'");
    assert!(error.contains("origin"), "{error}"); // error_of checks that nothing is staged
}
