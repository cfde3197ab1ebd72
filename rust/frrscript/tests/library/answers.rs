// SPDX-License-Identifier: GPL-2.0-or-later
//! What a function may return, and what is said of the rest.

use super::host::{Host, error_of, run};
use super::tables::Objects;
use frrscript::ffi::abi::Verdict;
use insta::assert_snapshot;

#[test]
fn wrong_answers_of_match() {
    assert_snapshot!(error_of("return"), @"contract: returned nothing: a function of route_match returns RM_MATCH, RM_NOMATCH, RM_MATCH_AND_CHANGE, RM_FAILURE, a boolean, or a table with 'action'");
    assert_snapshot!(error_of("return 'RM_MATCH'"), @r#"contract: returned "RM_MATCH": a function of route_match returns RM_MATCH, RM_NOMATCH, RM_MATCH_AND_CHANGE, RM_FAILURE, a boolean, or a table with 'action'"#);
    assert_snapshot!(error_of("return 4"), @"contract: returned the number 4: a function of route_match returns RM_MATCH, RM_NOMATCH, RM_MATCH_AND_CHANGE, RM_FAILURE, a boolean, or a table with 'action'");
    assert_snapshot!(error_of("return 1.5"), @"contract: returned the number 1.5: a function of route_match returns RM_MATCH, RM_NOMATCH, RM_MATCH_AND_CHANGE, RM_FAILURE, a boolean, or a table with 'action'");
    assert_snapshot!(error_of("return -1"), @"contract: returned the number -1: a function of route_match returns RM_MATCH, RM_NOMATCH, RM_MATCH_AND_CHANGE, RM_FAILURE, a boolean, or a table with 'action'");
    assert_snapshot!(error_of("return 0/0"), @"contract: returned the number NaN: a function of route_match returns RM_MATCH, RM_NOMATCH, RM_MATCH_AND_CHANGE, RM_FAILURE, a boolean, or a table with 'action'");
    assert_snapshot!(error_of("return print"), @"contract: returned a function: a function of route_match returns RM_MATCH, RM_NOMATCH, RM_MATCH_AND_CHANGE, RM_FAILURE, a boolean, or a table with 'action'");
    assert_snapshot!(error_of("return attributes"), @"contract: returned the object 'attributes': a function of route_match returns RM_MATCH, RM_NOMATCH, RM_MATCH_AND_CHANGE, RM_FAILURE, a boolean, or a table with 'action'");
    assert_snapshot!(error_of("return attributes.communities"), @"contract: returned the list 'communities': a function of route_match returns RM_MATCH, RM_NOMATCH, RM_MATCH_AND_CHANGE, RM_FAILURE, a boolean, or a table with 'action'");
    assert_snapshot!(error_of("return frr.address('::1')"), @"contract: returned Address: a function of route_match returns RM_MATCH, RM_NOMATCH, RM_MATCH_AND_CHANGE, RM_FAILURE, a boolean, or a table with 'action'");
    assert_snapshot!(error_of("return {}"), @"contract: returned a table without 'action': a function of route_match returns RM_MATCH, RM_NOMATCH, RM_MATCH_AND_CHANGE, RM_FAILURE, a boolean, or a table with 'action'");
    assert_snapshot!(error_of("return {action = 'x'}"), @r#"contract: returned a table whose 'action' is "x": a function of route_match returns RM_MATCH, RM_NOMATCH, RM_MATCH_AND_CHANGE, RM_FAILURE, a boolean, or a table with 'action'"#);
    assert_snapshot!(error_of("return {action = 9}"), @"contract: returned the number 9: a function of route_match returns RM_MATCH, RM_NOMATCH, RM_MATCH_AND_CHANGE, RM_FAILURE, a boolean, or a table with 'action'");
    assert_snapshot!(error_of("return RM_FAILURE"), @"failure: returned RM_FAILURE");
    assert_snapshot!(error_of("return {action = RM_FAILURE}"), @"failure: returned RM_FAILURE");
    assert_snapshot!(error_of("return {action = RM_MATCH_AND_CHANGE, attributes = 7}"), @"contract: returned a table whose 'attributes' is 7: it must be the object or a table of its fields");
    assert_snapshot!(error_of("return {action = RM_MATCH_AND_CHANGE, attributes = peer}"), @"contract: returned a table whose 'attributes' is the object 'peer': it must be the object or a table of its fields");
    assert_snapshot!(error_of("return {action = RM_MATCH_AND_CHANGE, attributes = {metrik = 7}}"), @"contract: attributes has no field 'metrik': did you mean 'metric'?");
    assert_snapshot!(error_of("return {action = RM_MATCH_AND_CHANGE, attributes = {7}}"), @"contract: attributes: a field's name is not text");
    assert_snapshot!(error_of("return {action = RM_MATCH_AND_CHANGE, attributes = {localpref = -7}}"), @"contract: attributes.localpref must be a whole number from 0 to 4294967295, not -7");
    assert_snapshot!(error_of("return {action = RM_MATCH_AND_CHANGE, attributes = {nexthop = {ifindex = 7}}}"), @"contract: nexthop.ifindex may not be seven");
}

#[test]
fn wrong_answers_of_set() {
    let error_of = |body: &str| {
        let host = Host::with(&format!("function f(prefix, attributes, peer) {body} end"));
        let rule = host.set_rule("s", "f");
        rule.call(&Objects::sample());
        host.last_error("s")
    };
    assert_snapshot!(error_of("return RM_NOMATCH"), @"contract: returned RM_NOMATCH: a function of route_set returns nothing, RM_FAILURE, or a table with attributes");
    assert_snapshot!(error_of("return 'x'"), @r#"contract: returned "x": a function of route_set returns nothing, RM_FAILURE, or a table with attributes"#);
    assert_snapshot!(error_of("return RM_FAILURE"), @"failure: returned RM_FAILURE");
    for fine in [
        "",
        "return nil",
        "return true",
        "return RM_MATCH",
        "return RM_MATCH_AND_CHANGE",
        "return {attributes = attributes}",
    ] {
        assert_eq!(error_of(fine), "none", "{fine}");
    }
}

#[test]
fn good_answers() {
    for (body, verdict) in [
        ("return RM_MATCH", Verdict::MATCH),
        ("return RM_MATCH_AND_CHANGE", Verdict::MATCH),
        ("return RM_NOMATCH", Verdict::NOMATCH),
        ("return true", Verdict::MATCH),
        ("return false", Verdict::NOMATCH),
        ("return {action = RM_MATCH}", Verdict::MATCH),
        ("return {action = RM_NOMATCH, attributes = 7}", Verdict::NOMATCH),
        (
            "return {action = RM_MATCH_AND_CHANGE, attributes = attributes, prefix = prefix, peer = peer, x = 1}",
            Verdict::MATCH,
        ),
    ] {
        assert_eq!(run(body).0, verdict, "{body}");
    }
}

#[test]
fn changes_hold_by_the_verdict() {
    for (answer, expected) in [
        ("RM_MATCH_AND_CHANGE", 7),
        ("true", 7),
        ("{action = RM_MATCH_AND_CHANGE, attributes = attributes}", 7),
        ("RM_MATCH", 100),
        ("{action = RM_MATCH, attributes = attributes}", 100),
        ("RM_NOMATCH", 100),
        ("false", 100),
    ] {
        let route = run(&format!("attributes.localpref = 7 return {answer}")).1.route;
        assert_eq!(route.localpref, expected, "{answer}");
    }
}

#[test]
fn a_table_of_attributes_is_assigned() {
    let route = run("return {action = RM_MATCH_AND_CHANGE, attributes = {localpref = 5, metric = 6, fixed = 'same',
         community = '1:1', as_path = '7 8', nexthop = {ifindex = 9}}}")
    .1
    .route;
    assert_eq!((route.localpref, route.metric, route.ifindex), (5, Some(6), 9));
    assert_eq!((&*route.communities, route.as_path.text()), (&[0, 1, 0, 1][..], "7 8"));
}

#[test]
fn frrs_own_scripts_copy_the_attributes_into_a_table() {
    let route = run("local copy = {} for k, v in pairs(attributes) do copy[k] = v end
         copy.metric = 7
         return {action = RM_MATCH_AND_CHANGE, attributes = {metric = copy.metric, localpref = copy.localpref}}")
    .1
    .route;
    assert_eq!((route.localpref, route.metric), (100, Some(7)));
}

#[test]
fn a_set_rule_changes_unless_it_fails() {
    let host = Host::with(
        "function f(_, attributes) attributes.localpref = 7 end function g(_, attributes) attributes.localpref = 8 error('x') end",
    );
    let mut objects = Objects::sample();
    let rule = host.set_rule("s", "g");
    assert_eq!((rule.call(&objects), rule.apply(&mut objects)), (Verdict::NOMATCH, 0));
    let rule = host.set_rule("s", "f");
    assert_eq!((rule.call(&objects), rule.apply(&mut objects)), (Verdict::MATCH, 1));
    assert_eq!(objects.route.localpref, 7);
    assert_eq!(rule.apply(&mut objects), 0); // once
}
