// SPDX-License-Identifier: GPL-2.0-or-later
//! Objects of a call that has ended.

use super::host::Host;
use super::tables::Objects;
use frrscript::ffi::abi::Verdict;
use insta::assert_snapshot;

/// The error of `use` in a call after `keep` has kept something in `kept`.
fn later(keep: &str, then: &str) -> String {
    let host = Host::with(&format!(
        "local kept
         function f(prefix, attributes, peer) {keep} return true end
         function g(prefix, attributes, peer) {then} end"
    ));
    let (first, second) = (host.rule("s", "f"), host.rule("s", "g"));
    let objects = Objects::sample();
    assert_eq!(first.call(&objects), Verdict::MATCH, "{}", host.last_error("s"));
    assert_eq!(second.call(&objects), Verdict::NOMATCH);
    assert_eq!(second.staged(), 0);
    host.last_error("s")
}

#[test]
fn an_object_dies_with_its_call() {
    assert_snapshot!(later("kept = attributes", "return kept.localpref"), @"runtime: s:3: attributes was used after the call that it was passed to had ended: copy what you need out of it during the call (in function g, line 3)");
    assert_snapshot!(later("KEPT = attributes", "return KEPT.localpref"), @"runtime: s:3: attributes was used after the call that it was passed to had ended: copy what you need out of it during the call (in function g, line 3)");
    assert_snapshot!(later("kept = attributes", "kept.localpref = 1"), @"runtime: s:3: attributes was used after the call that it was passed to had ended: copy what you need out of it during the call (in function g, line 3)");
    assert_snapshot!(later("kept = attributes.nexthop", "return kept.ifindex"), @"runtime: s:3: nexthop was used after the call that it was passed to had ended: copy what you need out of it during the call (in function g, line 3)");
    assert_snapshot!(later("kept = attributes.nexthop", "kept.ifindex = 1"), @"runtime: s:3: nexthop was used after the call that it was passed to had ended: copy what you need out of it during the call (in function g, line 3)");
    assert_snapshot!(later("kept = attributes.communities", "return kept:has('1:1')"), @"runtime: s:3: attributes was used after the call that it was passed to had ended: copy what you need out of it during the call (in function g, line 3)");
    assert_snapshot!(later("kept = attributes.communities", "kept:add('1:1')"), @"runtime: s:3: attributes was used after the call that it was passed to had ended: copy what you need out of it during the call (in function g, line 3)");
    assert_snapshot!(later("kept = attributes.communities", "return #kept"), @"runtime: s:3: attributes was used after the call that it was passed to had ended: copy what you need out of it during the call (in function g, line 3)");
    assert_snapshot!(later("kept = attributes.communities", "for _ in kept do end"), @"runtime: s:3: attributes was used after the call that it was passed to had ended: copy what you need out of it during the call (in function g, line 3)");
    assert_snapshot!(later("kept = attributes.as_path", "return kept:origin()"), @"runtime: s:3: attributes was used after the call that it was passed to had ended: copy what you need out of it during the call (in function g, line 3)");
    assert_snapshot!(later("kept = attributes", "for _ in pairs(kept) do end"), @"runtime: s:3: attributes was used after the call that it was passed to had ended: copy what you need out of it during the call");
    assert_snapshot!(later("kept = prefix", "return frr.prefix_set{'192.0.2.0/24'}:contains(kept)"), @"runtime: s:3: prefix was used after the call that it was passed to had ended: copy what you need out of it during the call (in function g, line 3)");
    assert_snapshot!(later("kept = prefix", "attributes.network = kept"), @"runtime: s:3: attributes.network takes a prefix: prefix was used after the call that it was passed to had ended: copy what you need out of it during the call (in function g, line 3)");
    assert_snapshot!(later("kept = attributes", "return {action = RM_MATCH_AND_CHANGE, attributes = kept}"), @"contract: attributes was used after the call that it was passed to had ended: copy what you need out of it during the call");
}

#[test]
fn a_coroutine_does_not_keep_it_alive() {
    assert_snapshot!(
        later(
            "kept = coroutine.create(function() local a = attributes coroutine.yield() return a.localpref end) coroutine.resume(kept)",
            "local ok, why = coroutine.resume(kept) error(why, 0)"
        ), @"runtime: s:2: attributes was used after the call that it was passed to had ended: copy what you need out of it during the call (in function g, line 3)");
}

#[test]
fn text_of_it_can_still_be_made() {
    let host = Host::with(
        "local kept function f(prefix, attributes) if kept then log.info(kept) log.info(tostring(kept)) end kept = prefix return true end",
    );
    let rule = host.rule("s", "f");
    rule.call(&Objects::sample());
    rule.call(&Objects::sample());
    assert_eq!(host.last_error("s"), "none");
    assert_eq!(host.log(), ["prefix", "prefix"]);
}

#[test]
fn a_parameter_that_is_only_indexed_is_not_kept_by_a_function_in_a_function() {
    assert!(
        later("kept = function() return attributes.localpref end", "return kept() == 100")
            .contains("was used after the call")
    );
    assert!(
        later(
            "kept = kept or coroutine.wrap(function() coroutine.yield() return attributes.localpref end) kept()",
            "return kept() == 100"
        )
        .contains("was used after the call")
    );
}

#[test]
fn two_functions_on_a_line_are_not_taken_for_each_other() {
    let host = Host::with(
        "local kept function f(_, a) local x = a.localpref if kept then return kept.localpref == 100 end return true end g = function(_, b) kept = b return true end",
    );
    let (f, g) = (host.rule("s", "f"), host.rule("s", "g"));
    let objects = Objects::sample();
    assert_eq!(f.call(&objects), Verdict::MATCH);
    assert_eq!(g.call(&objects), Verdict::MATCH);
    assert_eq!(g.call(&objects), Verdict::MATCH);
    assert_eq!(f.call(&objects), Verdict::NOMATCH);
    assert!(host.last_error("s").contains("was used after the call"), "{}", host.last_error("s"));
}
