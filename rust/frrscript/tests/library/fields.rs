// SPDX-License-Identifier: GPL-2.0-or-later
//! Reading: fields and methods that are not there, and what is there.

use super::host::{error_of, holds, run};
use frrscript::ffi::abi::Verdict;
use insta::assert_snapshot;

#[test]
fn fields_that_are_not_there() {
    assert_snapshot!(error_of("return attributes.metrik"), @"runtime: s:1: attributes has no field 'metrik': did you mean 'metric'? (in function f, line 1)");
    assert_snapshot!(error_of("return peer.zzzzzz"), @"runtime: s:1: peer has no field 'zzzzzz': it has remote_as, name (in function f, line 1)");
    assert_snapshot!(error_of("return attributes['met' .. 'rik']"), @"runtime: s:1: attributes has no field 'metrik': did you mean 'metric'? (in function f, line 1)");
    assert_snapshot!(error_of("return attributes[1]"), @"runtime: s:1: attributes has no field '?': it has octet, flag, localpref, counter, balance, metric, origin, note, address, network, nexthop, as_path, aspath, communities, community, large_communities, ext_communities, extcommunity, ipv6_ext_communities, fixed, fixed_communities (in function f, line 1)");
    assert_snapshot!(error_of("return attributes.nexthop.metric"), @"runtime: s:1: nexthop has no field 'metric': it has ifindex (in function f, line 1)");
    assert_snapshot!(error_of("return attributes.communities.metric"), @"runtime: s:1: attributes.communities has no field 'metric'; call a method with ':' (in function f, line 1)");
    assert_snapshot!(error_of("return attributes.communities[1]"), @"runtime: s:1: there is no field '?' (in function f, line 1)");
    assert_snapshot!(error_of("return frr.prefix('192.0.2.0/24').metric"), @"runtime: s:1: Prefix has no field 'metric'; call a method with ':' (in function f, line 1)");
    assert_snapshot!(error_of("return frr.prefix('192.0.2.0/24').zzz"), @"runtime: s:1: there is no field 'zzz' (in function f, line 1)");
}

#[test]
fn methods_that_are_not_there() {
    assert_snapshot!(error_of("return attributes:has(1)"), @"runtime: s:1: attributes has no method 'has' (in function f, line 1)");
    assert_snapshot!(error_of("return attributes:zzz()"), @"runtime: s:1: there is no method 'zzz' (in function f, line 1)");
    assert_snapshot!(error_of("return attributes.communities:prepend(1)"), @"runtime: s:1: a community list has no method 'prepend' (in function f, line 1)");
    assert_snapshot!(error_of("return attributes.large_communities:zzz()"), @"runtime: s:1: there is no method 'zzz' (in function f, line 1)");
    assert_snapshot!(error_of("return attributes.as_path:has(1)"), @"runtime: s:1: an AS path has no method 'has' (in function f, line 1)");
    assert_snapshot!(error_of("return frr.asn_set{1}:has(1)"), @"runtime: s:1: AsnSet has no method 'has' (in function f, line 1)");
    assert_snapshot!(error_of("return frr.address('192.0.2.1'):has(1)"), @"runtime: s:1: Address has no method 'has' (in function f, line 1)");
    assert_snapshot!(error_of("return attributes.communities.has('1:1')"), @"runtime: s:1: attributes.communities has no field 'has'; call a method with ':' (in function f, line 1)");
    assert_snapshot!(error_of("return #attributes"), @"runtime: s:1: a route object has no length (in function f, line 1)");
    assert_snapshot!(error_of("return #frr.address('192.0.2.1')"), @"runtime: s:1: Address has no length (in function f, line 1)");
    assert_snapshot!(error_of("for _ in frr.address('192.0.2.1') do end"), @"runtime: s:1: Address can't be iterated (in function f, line 1)");
    assert_snapshot!(error_of("return attributes < attributes"), @"runtime: s:1: attempt to compare route object < route object (in function f, line 1)");
    assert_snapshot!(error_of("return attributes .. 'x'"), @"runtime: s:1: attempt to concatenate route object with string (in function f, line 1)");
    assert_snapshot!(error_of("return attributes()"), @"runtime: s:1: attempt to call a route object value (in function f, line 1)");
}

#[test]
fn every_kind_is_read() {
    for expression in [
        "attributes.octet == 255",
        "attributes.flag == true",
        "attributes.localpref == 100",
        "attributes.metric == nil",
        "attributes.balance == -5",
        "attributes.origin == 'igp'",
        "attributes.note == 'a\\0b'",
        "tostring(attributes.address) == '2001:db8::1' and #attributes.address.value == 16",
        "attributes.network.network == '198.51.100.0/22' and attributes.network.length == 22",
        "attributes.nexthop.ifindex == 3",
        "attributes.aspath == '65001 65002' and attributes.as_path:origin() == 65002 and #attributes.as_path == 2",
        "attributes.community == '65000:1 65000:2' and attributes.communities:has('65000:2')",
        "tostring(attributes.large_communities) == '65000:1:2'",
        "attributes.extcommunity == 'RT:65000:7'",
        "#attributes.ipv6_ext_communities == 0",
        "peer.name == 'r2' and peer.remote_as == 65001",
        "prefix.length == 24 and tostring(prefix) == '192.0.2.0/24'",
        "typeof(attributes) == 'route object' and type(attributes) == 'userdata'",
        "attributes == attributes and attributes ~= peer and attributes.nexthop ~= attributes",
    ] {
        assert!(holds(expression), "{expression}");
    }
}

#[test]
fn a_number_beyond_2_to_the_53_is_exact() {
    assert!(holds("tostring(attributes.counter) == '1152921504606846977'"));
    assert_eq!(run("attributes.counter = attributes.counter return true").1.route.counter, (1 << 60) + 1);
}

#[test]
fn objects_are_gone_over_as_tables() {
    assert!(holds("(function() local n = 0 for k, v in pairs(attributes) do n += 1 end return n end)() == 20"));
    assert!(holds("(function() for k, v in peer do if k == 'remote_as' then return v end end end)() == 65001"));
    assert!(holds(
        "(function() local t = {} for i, c in attributes.communities do t[i] = c end return table.concat(t, ' ') end)() == '65000:1 65000:2'"
    ));
    assert!(holds(
        "(function() local n = 0 for _, a in pairs(attributes.as_path) do n += a end return n end)() == 130003"
    ));
    assert_eq!(run("for k, v in pairs(frr.prefix_set{'192.0.2.0/24'}:size() == 1 and {} or {1}) do return false end return true").0, Verdict::MATCH);
}
