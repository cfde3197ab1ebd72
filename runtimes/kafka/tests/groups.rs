// SPDX-License-Identifier: GPL-2.0-or-later
//! Reading as a member of a group: who gets what, and from where it goes on.

mod common;

use std::time::Duration;

use common::{Broker, free_port, load, make, member, number, read, reader, recv, value, write, write_each};
use frr_runtime::testing::{TestHost, text};
use serde_json::json;

fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|i| format!("{i:04}")).collect()
}

/// Partitions of a member, of its only topic.
fn partitions(host: &TestHost, consumer: u64) -> Vec<i32> {
    let assignment = host.call(&json!({ "op": "assignment", "consumer": consumer })).unwrap();
    let mut all: Vec<i32> = assignment
        .as_map()
        .unwrap()
        .iter()
        .flat_map(|(_, partitions)| partitions.deserialized::<Vec<i32>>().unwrap())
        .collect();
    all.sort_unstable();
    all
}

fn poll(host: &TestHost, consumer: u64) -> Vec<String> {
    let got = host.call(&json!({ "op": "recv", "consumer": consumer, "timeout": 0.2 })).unwrap();
    got.as_array().unwrap().iter().map(value).collect()
}

#[test]
fn members_share_the_partitions_and_take_over() {
    let mut broker = Broker::real();
    broker.topic("shared", 4);
    let (left, right) = (broker.load(), broker.load());
    let producer = make(&left, json!({ "op": "producer" }));
    let (a, b) = (reader(&left, "g", "shared"), reader(&right, "g", "shared"));
    // Both ask for records until the group has settled.
    let shares = loop {
        poll(&left, a);
        poll(&right, b);
        let shares = (partitions(&left, a), partitions(&right, b));
        if shares.0.len() == 2 && shares.1.len() == 2 {
            break shares;
        }
    };
    assert!(shares.0.iter().all(|partition| !shares.1.contains(partition)), "{shares:?}");

    write(&left, producer, "shared", &numbered(200));
    let (mut from_a, mut from_b) = (Vec::new(), Vec::new());
    while from_a.len() + from_b.len() < 200 {
        from_a.extend(poll(&left, a));
        from_b.extend(poll(&right, b));
    }
    assert!(!from_a.is_empty() && !from_b.is_empty(), "one member got all of it");
    let mut all = [from_a, from_b].concat();
    all.sort();
    assert_eq!(all, numbered(200));

    // The one that leaves commits first, so the other gets nothing twice.
    right.call(&json!({ "op": "close", "consumer": b })).unwrap();
    while partitions(&left, a).len() < 4 {
        assert_eq!(poll(&left, a), Vec::<String>::new());
    }
    let more: Vec<_> = (200..260).map(|i| format!("{i:04}")).collect();
    write(&left, producer, "shared", &more);
    assert_eq!(read(&left, a, 60), more);
}

#[test]
fn a_group_goes_on_where_it_committed() {
    let mut broker = Broker::real();
    broker.topic("log", 1);
    let host = broker.load();
    write_each(&host, "log", &numbered(20));
    let manual = || member(&host, "g", "log", false);
    let close = |consumer: u64| host.call(&json!({ "op": "close", "consumer": consumer })).unwrap();

    let first = manual();
    assert_eq!(read(&host, first, 5), numbered(5));
    let committed = host.call(&json!({ "op": "commit", "consumer": first })).unwrap();
    assert_eq!(number(&committed, "partitions"), 1);
    // Given, but never committed.
    assert_eq!(read(&host, first, 5), numbered(10)[5..]);
    close(first);

    let second = manual();
    assert_eq!(read(&host, second, 3), numbered(8)[5..]);
    let offsets = json!([{ "topic": "log", "partition": 0, "offset": 12 }]);
    host.call(&json!({ "op": "commit", "consumer": second, "offsets": offsets })).unwrap();
    close(second);

    // This one commits by itself: what it gave, when it is closed.
    let third = reader(&host, "g", "log");
    assert_eq!(read(&host, third, 4), numbered(16)[12..]);
    close(third);
    assert_eq!(read(&host, manual(), 4), numbered(20)[16..]);
}

#[test]
fn a_member_that_is_unloaded_commits_and_leaves() {
    let mut broker = Broker::real();
    broker.topic("bye", 1);
    let host = broker.load();
    write_each(&host, "bye", &numbered(10));
    let first = broker.load();
    assert_eq!(read(&first, reader(&first, "g", "bye"), 4), numbered(4));
    first.unload();
    assert_eq!(read(&host, reader(&host, "g", "bye"), 6), numbered(10)[4..]);
}

#[test]
fn a_recv_that_nobody_waits_for_loses_nothing() {
    let mut broker = Broker::real();
    broker.topic("late", 1);
    let host = broker.load();
    let consumer = reader(&host, "g", "late");
    let waiting = host.begin(&json!({ "op": "recv", "consumer": consumer }));
    // One at a time.
    let error = loop {
        match host.call(&json!({ "op": "recv", "consumer": consumer, "timeout": 0.01 })) {
            Err(error) => break error,
            // It came first.
            Ok(_) => continue,
        }
    };
    assert_eq!(text(&error, "kind"), "busy");
    waiting.cancel();
    let error = waiting.wait().unwrap_err();
    assert_eq!(text(&error, "kind"), "cancelled");
    let producer = make(&host, json!({ "op": "producer" }));
    write(&host, producer, "late", &numbered(3));
    assert_eq!(read(&host, consumer, 3), numbered(3));
}

#[test]
fn a_recv_waits_for_what_comes_later() {
    let mut broker = Broker::real();
    broker.topic("later", 1);
    let host = broker.load();
    let consumer = reader(&host, "g", "later");
    let nothing = host.call(&json!({ "op": "recv", "consumer": consumer, "timeout": 0.5 })).unwrap();
    assert_eq!(nothing.as_array().unwrap().len(), 0);
    let waiting = host.begin(&json!({ "op": "recv", "consumer": consumer }));
    assert!(waiting.wait_for(Duration::from_millis(200)).is_none(), "an answer without a record");
    let producer = make(&host, json!({ "op": "producer" }));
    write(&host, producer, "later", &numbered(1));
    assert_eq!(waiting.wait().unwrap().as_array().unwrap().len(), 1);
}

#[test]
fn more_than_was_asked_for_waits() {
    let mut broker = Broker::real();
    broker.topic("some", 1);
    let host = broker.load();
    let producer = make(&host, json!({ "op": "producer" }));
    write(&host, producer, "some", &numbered(10));
    let consumer = reader(&host, "g", "some");
    let mut got = Vec::new();
    while got.len() < 10 {
        let records = recv(&host, consumer, 3);
        assert!(records.len() <= 3);
        got.extend(records.iter().map(value));
    }
    assert_eq!(got, numbered(10));
}

#[test]
fn without_a_broker_a_recv_says_so() {
    let host = load(&format!("127.0.0.1:{}", free_port()));
    let consumer = reader(&host, "g", "t");
    let error = host.call(&json!({ "op": "recv", "consumer": consumer, "timeout": 0.5 })).unwrap_err();
    assert_eq!(text(&error, "kind"), "unreachable", "{error:?}");
}

#[test]
fn a_broker_that_comes_back_is_read_again() {
    let mut broker = Broker::start();
    broker.topic("again", 1);
    let host = broker.load();
    let producer = make(&host, json!({ "op": "producer" }));
    write(&host, producer, "again", &numbered(2));
    let consumer = reader(&host, "g", "again");
    assert_eq!(read(&host, consumer, 2), numbered(2));
    broker.down();
    let waiting = host.begin(&json!({ "op": "recv", "consumer": consumer }));
    assert!(waiting.wait_for(Duration::from_millis(500)).is_none(), "an answer while the broker was gone");
    broker.up();
    write(&host, producer, "again", &["after".into()]);
    let got = waiting.wait().unwrap();
    assert_eq!(value(&got.as_array().unwrap()[0]), "after");
}
