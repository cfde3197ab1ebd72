// SPDX-License-Identifier: GPL-2.0-or-later
//! What a script reads back after it has assigned: its own values, under every name of the attribute.

use super::host::{Host, holds, run};
use super::tables::Objects;

fn after(assignment: &str, expression: &str) {
    let expression = format!("(function() {assignment} return {expression} end)()");
    assert!(holds(&expression), "{expression}");
}

#[test]
fn assigned_values_are_read_back() {
    after("attributes.localpref = 7", "attributes.localpref == 7");
    after("attributes.metric = 7 attributes.metric = nil", "attributes.metric == nil");
    after("attributes.flag = false", "attributes.flag == false");
    after("attributes.origin = 'egp'", "attributes.origin == 'egp'");
    after("attributes.note = 'x'", "attributes.note == 'x'");
    after("attributes.address = '192.0.2.9'", "tostring(attributes.address) == '192.0.2.9'");
    after("attributes.network = prefix", "attributes.network.network == '192.0.2.0/24'");
    after("attributes.nexthop.ifindex = 9", "attributes.nexthop.ifindex == 9");
    after("attributes.balance = -9", "attributes.balance == -9");
    after("attributes.localpref = 9", "attributes.fixed == 100"); // another field: not written through the same setter
}

#[test]
fn text_and_typed_names_are_one_attribute() {
    after("attributes.community = '1:1 2:2'", "attributes.communities:has('2:2') and #attributes.communities == 2");
    after("attributes.communities = {'1:1'}", "attributes.community == '1:1'");
    after("attributes.communities:add('1:1')", "attributes.community == '1:1 65000:1 65000:2'");
    after("attributes.communities:remove('65000:1')", "attributes.community == '65000:2'");
    after("attributes.communities:set()", "attributes.community == ''");
    after("attributes.community = nil", "attributes.community == nil and #attributes.communities == 0");
    after("attributes.aspath = '7 8'", "attributes.as_path:origin() == 8");
    after("attributes.as_path:prepend(65000, 2)", "attributes.aspath == '65000 65000 65001 65002'");
    after("attributes.as_path = frr.as_path('9')", "attributes.aspath == '9'");
    after("attributes.extcommunity = 'rt 1:1'", "attributes.ext_communities:has('rt 1:1')");
    after("local list = attributes.communities attributes.community = '3:3'", "list:has('3:3')");
}

#[test]
fn the_daemon_gets_the_last_value_once() {
    let host = Host::with(
        "function f(_, a) a.localpref = 1 a.localpref = 2 a.community = '1:1' a.communities:add('2:2') return true end",
    );
    let rule = host.rule("s", "f");
    let mut objects = Objects::sample();
    rule.call(&objects);
    assert_eq!(rule.staged(), 2);
    assert_eq!(rule.apply(&mut objects), 2);
    assert_eq!((objects.route.localpref, &*objects.route.communities), (2, &[0, 1, 0, 1, 0, 2, 0, 2][..]));
}

#[test]
fn a_copy_does_not_change_the_route() {
    let (_, objects) =
        run("local path = frr.as_path('1 2') local other = path:prepend(3) return #other == 3 and #path == 2");
    assert_eq!(objects.route.as_path.text(), "65001 65002");
}
