// SPDX-License-Identifier: GPL-2.0-or-later
//! Errors of what a script makes itself: sets, patterns, addresses, paths.

use super::host::{error_of, load_error};
use insta::assert_snapshot;

#[test]
fn sets() {
    assert_snapshot!(error_of("frr.prefix_set{'192.0.2.0/33'}"), @r#"runtime: s:1: frr.prefix_set: item 1: "192.0.2.0/33" is not a prefix: the length of an IPv4 prefix is 0-32 (in function f, line 1)"#);
    assert_snapshot!(error_of("frr.prefix_set{'192.0.2.0/24', '192.0.2.0/24 le 8'}"), @r#"runtime: s:1: frr.prefix_set: item 2: "192.0.2.0/24 le 8" is not a prefix-list entry: prefix length <= ge <= le (in function f, line 1)"#);
    assert_snapshot!(error_of("frr.prefix_set{{}}"), @"runtime: s:1: frr.prefix_set: item 1: must be a string (in function f, line 1)");
    assert_snapshot!(error_of("frr.prefix_set{frr.address('::1')}"), @"runtime: s:1: frr.prefix_set: item 1: must be a prefix, not Address (in function f, line 1)");
    assert_snapshot!(error_of("frr.prefix_set('x')"), @r#"runtime: s:1: frr.prefix_set: argument 1: "x" is not a prefix: write ADDRESS/LENGTH, such as 192.0.2.0/24 or 2001:db8::/32 (in function f, line 1)"#);
    assert_snapshot!(error_of("frr.prefix_set{}:contains(1)"), @"runtime: s:1: PrefixSet: argument 1 must be a prefix, not a number (in function f, line 1)");
    assert_snapshot!(error_of("frr.prefix_set{}:contains('x')"), @r#"runtime: s:1: PrefixSet: argument 1: "x" is not a prefix: write ADDRESS/LENGTH, such as 192.0.2.0/24 or 2001:db8::/32 (in function f, line 1)"#);
    assert_snapshot!(error_of("frr.asn_set{0, -1}"), @r#"runtime: s:1: frr.asn_set: item 1: "0" is not an AS number: write 1-4294967295, or HIGH.LOW with 0-65535 each (in function f, line 1)"#);
    assert_snapshot!(error_of("frr.asn_set{'65002-65001'}"), @r#"runtime: s:1: frr.asn_set: item 1: "65002-65001" is not a range of AS numbers: write the smaller one first, such as 64512-65534 (in function f, line 1)"#);
    assert_snapshot!(error_of("frr.asn_set{1.5}"), @"runtime: s:1: frr.asn_set: item 1: must be a string (in function f, line 1)");
    assert_snapshot!(error_of("frr.asn_set{}:contains(-1)"), @"runtime: s:1: AsnSet: argument 1: must be a whole number from 0 to 4294967295, not -1 (in function f, line 1)");
    assert_snapshot!(error_of("frr.community_set{'1:2:3:4'}"), @r#"runtime: s:1: frr.community_set: item 1: "1:2:3:4" is not a community or a group of them: write 65001:100, no-export, 65001:*, 65001:100-199 or *:666 (in function f, line 1)"#);
    assert_snapshot!(error_of("frr.community_set{'1:70000'}"), @r#"runtime: s:1: frr.community_set: item 1: "1:70000" is not a community or a group of them: write 65001:100, no-export, 65001:*, 65001:100-199 or *:666 (in function f, line 1)"#);
    assert_snapshot!(error_of("frr.community_set{}:contains('x')"), @r#"runtime: s:1: CommunitySet: argument 1: "x" is not a community: write AS:VALUE (0-65535 each) or a well-known name such as no-export (in function f, line 1)"#);
    assert_snapshot!(error_of("attributes.ext_communities:has_any(frr.community_set{'1:1'})"), @"runtime: s:1: ext_communities: argument 1: a community set can't be compared with extended community lists (in function f, line 1)");
    assert_snapshot!(load_error("local customers = frr.prefix_set {\n  \"192.0.2.0/24\",\n  \"192.0.2.0/24 ge 99\",\n}\n"), @r#"
    script s: DIR/s.lua:1: frr.prefix_set: item 2: "192.0.2.0/24 ge 99" is not a prefix-list entry: one number of 0-32 follows ge
      1 | local customers = frr.prefix_set {
        | ^
    "#);
}

#[test]
fn patterns() {
    assert_snapshot!(error_of("attributes.as_path:match('(')"), @r#"runtime: s:1: as_path: argument 1: "(" is not a pattern: a ( is not closed by ): write \( for the bracket itself (in function f, line 1)"#);
    assert_snapshot!(error_of("attributes.as_path:match(7)"), @"runtime: s:1: as_path: argument 1 must be a string, not a number (in function f, line 1)");
    assert_snapshot!(error_of("attributes.communities:match('[')"), @r#"runtime: s:1: communities: argument 1: "[" is not a pattern: a [ is not closed by ]: write \[ for the bracket itself (in function f, line 1)"#);
    assert_snapshot!(error_of("frr.as_path_pattern('a{70000}')"), @r#"runtime: s:1: frr.as_path_pattern: argument 1: "a{70000}" is not a pattern: { } holds one number or two, at most 32767, the smaller one first: write \{ for the bracket of an AS set (in function f, line 1)"#);
    assert_snapshot!(error_of("frr.community_pattern('\\\\1')"), @r#"runtime: s:1: frr.community_pattern: argument 1: "\\1" is not a pattern: \1 repeats the text of a group, which has no bound on time: write what it stands for (in function f, line 1)"#);
    assert_snapshot!(error_of("frr.as_path_pattern(('x'):rep(2000))"), @r#"runtime: s:1: frr.as_path_pattern: argument 1: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..." is not a pattern: it is longer than 1000 characters (in function f, line 1)"#);
    assert_snapshot!(error_of("attributes.as_path:match(frr.community_pattern('1'))"), @"runtime: s:1: as_path: argument 1 must be a string, not CommunityPattern (in function f, line 1)");
}

#[test]
fn addresses_paths_and_communities() {
    assert_snapshot!(error_of("frr.address('192.0.2')"), @r#"runtime: s:1: frr.address: argument 1: "192.0.2" is not an IP address: write it as 192.0.2.1 or 2001:db8::1 (in function f, line 1)"#);
    assert_snapshot!(error_of("frr.address({})"), @"runtime: s:1: frr.address: argument 1: must be text or an address (in function f, line 1)");
    assert_snapshot!(error_of("frr.prefix('192.0.2.0')"), @"contract: returned nothing: a function of route_match returns RM_MATCH, RM_NOMATCH, RM_MATCH_AND_CHANGE, RM_FAILURE, a boolean, or a table with 'action'");
    assert_snapshot!(error_of("frr.prefix(7)"), @"runtime: s:1: frr.prefix: argument 1 must be a prefix, not a number (in function f, line 1)");
    assert_snapshot!(error_of("frr.as_path('1 {2')"), @r#"runtime: s:1: frr.as_path: argument 1: "1 {2" is not an AS path: } is missing at the end (in function f, line 1)"#);
    assert_snapshot!(error_of("frr.as_path()"), @"runtime: s:1: frr.as_path: argument 1 must be a string, not nil (in function f, line 1)");
    assert_snapshot!(error_of("frr.ext_community.route_target('x')"), @r#"runtime: s:1: frr.ext_community.route_target: argument 1: "RT:x" is not an extended community: write RT:65001:100, SoO:192.0.2.1:1, NT:192.0.2.1, LB:65001:125000000, Color:00:100, or 0x and 16 hex digits (in function f, line 1)"#);
    assert_snapshot!(error_of("frr.ext_community.color(2^32)"), @"runtime: s:1: frr.ext_community.color: argument 1: must be a whole number from 0 to 4294967295, not 4294967296 (in function f, line 1)");
    assert_snapshot!(error_of("frr.ext_community.color(1, 4)"), @"runtime: s:1: frr.ext_community.color: argument 2: must be a whole number from 0 to 3, not 4 (in function f, line 1)");
    assert_snapshot!(error_of("frr.ext_community.link_bandwidth(65001, -1)"), @"runtime: s:1: frr.ext_community.link_bandwidth: argument 2: -1 is not a link bandwidth: octets per second, 0 or more (in function f, line 1)");
    assert_snapshot!(error_of("frr.ext_community.group_policy_id(65536)"), @"runtime: s:1: frr.ext_community.group_policy_id: argument 1: must be a whole number from 0 to 65535, not 65536 (in function f, line 1)");
    assert_snapshot!(error_of("frr.ext_community.generic('x')"), @"runtime: s:1: frr.ext_community.generic: argument 1: an extended community has 8 octets, not 1 (in function f, line 1)");
    assert_snapshot!(error_of("frr.ext_community.text('x')"), @"runtime: s:1: frr.ext_community.text: argument 1: an extended community has 8 octets, not 1 (in function f, line 1)");
}
