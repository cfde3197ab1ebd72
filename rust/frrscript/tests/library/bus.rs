// SPDX-License-Identifier: GPL-2.0-or-later
//! `frr.publish` and `frr.subscribe` within one daemon: what may be published, what arrives, and who is told of an end.

use super::events::turns;
use super::host::{Host, take};
use super::tables::Objects;
use frrscript::ffi::abi::Verdict;
use frrscript::ffi::exports::bus::frrscript_show_topics;
use insta::assert_snapshot;
use std::time::Duration;

fn settle(host: &Host) -> String {
    turns(Duration::from_millis(20));
    host.log().join("\n")
}

/// What a script that is loaded publishes and hears itself.
fn heard(value: &str) -> String {
    let host = Host::with(&format!(
        "frr.subscribe('t', function(v, topic, daemon) log.info(typeof(v), tostring(v), topic, daemon) end)
         frr.publish('t', {value})"
    ));
    host.load("s").expect("it loads");
    settle(&host)
}

#[test]
fn values_arrive_as_they_were() {
    assert_snapshot!(heard("nil"), @"nil	nil	t	test");
    assert_snapshot!(heard("true"), @"boolean	true	t	test");
    assert_snapshot!(heard("1.5"), @"number	1.5	t	test");
    assert_snapshot!(heard("2^60"), @"number	1152921504606847000	t	test");
    assert_snapshot!(heard("'text'"), @"string	text	t	test");
    assert_snapshot!(heard("frr.prefix('192.0.2.0/24')"), @"string	192.0.2.0/24	t	test");
    assert_snapshot!(heard("frr.address('2001:db8::1')"), @"string	2001:db8::1	t	test");
    assert_snapshot!(heard("frr.as_path('65001 65002')"), @"string	65001 65002	t	test");
}

#[test]
fn tables_are_copied_whole() {
    let host = Host::with(
        "local sent = { 1, 2, { deep = { 'a', [3] = 'c' } }, n = { [1.5] = true }, empty = {}, octets = '\\0\\255' }
         frr.subscribe('t', function(v)
           log.info(v[1], v[2], v[3].deep[1], v[3].deep[3], v.n[1.5], #v.empty, #v.octets, v == sent)
         end)
         frr.publish('t', sent)
         sent[1] = 'changed'",
    );
    host.load("s").expect("it loads");
    assert_snapshot!(settle(&host), @"1	2	a	c	true	0	2	false");
}

/// Sixteen tables in each other need all of the stack that a function has.
#[test]
fn the_deepest_value() {
    let heard = heard("(function() local t = 'end' for _ = 1, 16 do t = {k = t} end return t end)()");
    assert!(heard.starts_with("table\t"), "{heard}");
}

#[test]
fn integers_keep_their_64_bits() {
    let host = Host::with(
        "frr.subscribe('t', function(v) log.info(typeof(v), tostring(v)) end)
         function route_match(prefix, attributes) frr.publish('t', attributes.big) end",
    );
    host.load("s").expect("it loads");
    frrscript::bus::publish(
        frrscript::script::store::find("s").expect("loaded").current().expect("in service").vm.context().tasks(),
        "t",
        frrscript::bus::plain::Plain::Integer((1 << 60) + 1),
    )
    .expect("fine");
    assert_snapshot!(settle(&host), @"integer	1152921504606846977");
}

#[test]
fn what_can_not_be_published() {
    let error = |arguments: &str| {
        let host = Host::with(&format!("local ok, why = pcall(frr.publish, {arguments}) log.info(why)"));
        host.load("s").expect("it loads");
        host.log().join("\n")
    };
    assert_snapshot!(error("'a b', 1"), @"frr.publish: argument 1: the topic 'a b' has ' ' in it: a topic has letters, digits, '_', '-', '.' and '/'");
    assert_snapshot!(error("'', 1"), @"frr.publish: argument 1: the topic '' is empty: a topic has a name, \"uplink/healthy\"");
    assert_snapshot!(error("nil, 1"), @"frr.publish: argument 1 must be a string, not nil");
    assert_snapshot!(error("'t', print"), @"frr.publish: argument 2: the value is a function: only nil, booleans, numbers, strings and tables of them can be published");
    assert_snapshot!(error("'t', {a = {1, print}}"), @"frr.publish: argument 2: the value.a[2] is a function: only nil, booleans, numbers, strings and tables of them can be published");
    assert_snapshot!(error("'t', (function() local t = {} t.me = {t} return t end)()"), @"frr.publish: argument 2: the value.me[1] contains itself");
    assert_snapshot!(error("'t', (function() local t = {} for _ = 1, 16 do t = {t} end return t end)()"), @"frr.publish: argument 2: the value[1][1][1][1][1][1][1][1][1][1][1][1][1][1][1][1] nests deeper than 16 tables");
    assert_snapshot!(error("'t', {[true] = 1}"), @"frr.publish: argument 2: the value has a key that is neither a string nor a number");
    assert_snapshot!(error("'t', string.rep('x', 8192)"), @"frr.publish: argument 2: the value takes more than 8192 octets as a message");
    assert_snapshot!(error("'t', frr.asn_set{1}"), @"frr.publish: argument 2: the value is a AsnSet: only nil, booleans, numbers, strings and tables of them can be published");
}

#[test]
fn what_can_not_be_subscribed() {
    let error = |arguments: &str| {
        let host = Host::with(&format!("local ok, why = pcall(frr.subscribe, {arguments}) log.info(why)"));
        host.load("s").expect("it loads");
        host.log().join("\n")
    };
    assert_snapshot!(error("'t'"), @"frr.subscribe: argument 2 must be a function, not nil");
    assert_snapshot!(error("'t', print, 7"), @"frr.subscribe: argument 3 must be a table, not a number");
    assert_snapshot!(error("'t', print, {on_loss = print}"), @"frr.subscribe: argument 3: it may have 'on_lost', a function, and nothing else");
    assert_snapshot!(error("'t', print, {on_lost = 7}"), @"frr.subscribe: argument 3: it may have 'on_lost', a function, and nothing else");
}

#[test]
fn another_script_hears_it_and_is_told_of_its_end() {
    let host = Host::with("frr.publish('t', 1)");
    host.write(
        "ear",
        "frr.subscribe('t', function(v, _, daemon) log.info('heard', v, daemon) end,
           {on_lost = function(topic, daemon) log.info('lost', topic, daemon) end})",
    );
    host.load("s").expect("it loads");
    host.load("ear").expect("it loads");
    assert_snapshot!(settle(&host), @"heard	1	test");
    // A topic outlives the reload of its script.
    host.write("s", "frr.publish('other', 1)");
    host.reload("s").expect("it loads");
    assert_snapshot!(settle(&host), @"heard	1	test");
    host.unload("s").expect("it unloads");
    assert_snapshot!(settle(&host), @r"
    heard	1	test
    lost	t	test
    ");
}

/// A function that decides on a route does not wait for those that listen.
#[test]
fn a_rule_may_publish() {
    let host = Host::with(
        "frr.subscribe('last', function(v) log.info('heard', v) end)
         function route_match(prefix) frr.publish('last', prefix) log.info('decided') return RM_MATCH end",
    );
    host.load("s").expect("it loads");
    let rule = host.rule("s", "route_match");
    assert_eq!(rule.call(&Objects::sample()), Verdict::MATCH);
    assert_snapshot!(settle(&host), @r"
    decided
    heard	192.0.2.0/24
    ");
}

#[test]
fn a_file_that_is_refused_says_nothing() {
    let host = Host::with("frr.subscribe('t', function(v) log.info('heard', v) end)");
    host.load("s").expect("it loads");
    host.write("bad", "frr.publish('t', 1) error('no')");
    host.load("bad").expect_err("it does not load");
    host.write("good", "frr.publish('t', 2)");
    host.load("good").expect("it loads");
    assert_snapshot!(settle(&host).lines().last().unwrap_or_default(), @"heard	2");
}

#[test]
fn a_subscription_ends_with_cancel_and_with_its_generation() {
    let host = Host::with(
        "local s
         s = frr.subscribe('t', function(v) log.info('first', v) log.info(s:cancel(), s:cancel()) end)
         frr.publish('t', 1)",
    );
    host.load("s").expect("it loads");
    settle(&host);
    host.write("s", "frr.subscribe('t', function(v) log.info('second', v) end) frr.publish('t', 2)");
    host.reload("s").expect("it loads");
    assert_snapshot!(settle(&host), @r"
    first	1
    true	false
    second	1
    second	2
    ");
}

#[test]
fn a_handler_that_fails_is_counted() {
    let host = Host::with("frr.subscribe('t', function(v) error('no ' .. v) end) frr.publish('t', 'way')");
    host.load("s").expect("it loads");
    settle(&host);
    assert_eq!(host.errors("s", "runtime"), 1);
    assert_snapshot!(host.last_error("s"), @"runtime: s:1: no way");
}

#[test]
fn topics_are_shown() {
    let host = Host::with("frr.subscribe('t', function() end) frr.publish('t', {up = true})");
    host.load("s").expect("it loads");
    settle(&host);
    let text = take(frrscript_show_topics(false));
    let words: Vec<&str> = text.lines().last().unwrap_or_default().split_whitespace().collect();
    assert_eq!((words[0], words[1], words[2], words[3]), ("t", "test", "s", "1"), "{text}");
    assert_eq!(words.last(), Some(&"{\"up\":true}"));
    let shown: serde_json::Value = serde_json::from_str(&take(frrscript_show_topics(true))).expect("JSON");
    assert_eq!(shown["topics"]["t"]["value"]["up"], true);
    assert_eq!(shown["topics"]["t"]["subscribers"], 1);
    assert_eq!(shown["connected"], false);
}
