// SPDX-License-Identifier: GPL-2.0-or-later
//! Writing: what arrives, in what numbers, and what happens without a broker.

mod common;

use std::collections::HashMap;

use common::{Broker, free_port, load, make, number, read, reader, recv, write};
use frr_runtime::testing::{TestHost, field, text};
use frr_runtime::{Octets, Value};
use kafka::Kafka;
use serde_json::json;

/// A value with bytes in it, which JSON has not.
fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

fn table<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Map(fields.into_iter().map(|(name, value)| (Value::from(name), value)).collect())
}

fn octets(record: &Value, name: &str) -> Vec<u8> {
    field(record, name).deserialized::<Octets>().unwrap().0
}

#[test]
fn every_byte_of_a_record_arrives() {
    let mut broker = Broker::start();
    broker.topic("all", 1);
    let host = broker.load();
    let producer = make(&host, json!({ "op": "producer" }));
    let every: Vec<u8> = (0..=255).collect();
    let record = table([
        ("topic", "all".into()),
        ("key", bytes(b"\xff\x00")),
        ("value", bytes(&every)),
        ("headers", table([("origin", "r1".into()), ("raw", bytes(b"\x80"))])),
        ("timestamp", 1_700_000_000_000_u64.into()),
    ]);
    let request =
        table([("op", "send".into()), ("producer", producer.into()), ("records", Value::Array(vec![record]))]);
    let sent = host.call(&request).unwrap();
    let written = &field(&sent, "records").as_array().unwrap()[0];
    assert_eq!((number(written, "partition"), number(written, "offset")), (0, 0));

    let got = recv(&host, reader(&host, "g", "all"), 10);
    assert_eq!(got.len(), 1);
    assert_eq!(octets(&got[0], "key"), b"\xff\x00");
    assert_eq!(octets(&got[0], "value"), every);
    assert_eq!(number(&got[0], "timestamp"), 1_700_000_000_000);
    let headers = field(&got[0], "headers");
    assert_eq!(octets(headers, "origin"), b"r1");
    assert_eq!(octets(headers, "raw"), b"\x80");
}

#[test]
fn an_empty_value_is_not_a_missing_one() {
    let mut broker = Broker::start();
    broker.topic("empty", 1);
    let host = broker.load();
    let producer = make(&host, json!({ "op": "producer", "acks": "leader", "idempotent": false }));
    let records = json!([
        { "topic": "empty", "key": "a", "value": "" },
        { "topic": "empty", "key": "a" },
        { "topic": "empty", "value": "no key" },
    ]);
    host.call(&json!({ "op": "send", "producer": producer, "records": records })).unwrap();
    let consumer = reader(&host, "g", "empty");
    let mut got = Vec::new();
    while got.len() < 3 {
        got.extend(recv(&host, consumer, 3));
    }
    assert_eq!(octets(&got[0], "value"), b"");
    assert!(field(&got[1], "value").is_null());
    assert!(field(&got[2], "key").is_null());
}

#[test]
fn a_key_stays_in_its_partition() {
    let mut broker = Broker::start();
    broker.topic("keys", 4);
    let host = broker.load();
    let producer = make(&host, json!({ "op": "producer" }));
    let mut seen: HashMap<String, i64> = HashMap::new();
    for round in 0..3 {
        let records: Vec<_> = (0..16)
            .map(|key| json!({ "topic": "keys", "key": format!("k{key}"), "value": round.to_string() }))
            .collect();
        let sent = host.call(&json!({ "op": "send", "producer": producer, "records": records })).unwrap();
        for (key, written) in field(&sent, "records").as_array().unwrap().iter().enumerate() {
            let partition = number(written, "partition");
            assert_eq!(*seen.entry(format!("k{key}")).or_insert(partition), partition);
        }
    }
    let used: std::collections::HashSet<_> = seen.values().collect();
    assert!(used.len() > 1, "16 keys in one partition");
    let one = json!([{ "topic": "keys", "key": "k0", "value": "here", "partition": 3 }]);
    let sent = host.call(&json!({ "op": "send", "producer": producer, "records": one })).unwrap();
    assert_eq!(number(&field(&sent, "records").as_array().unwrap()[0], "partition"), 3);
}

#[test]
fn twenty_thousand_records_arrive_once() {
    const CALLS: usize = 40;
    const EACH: usize = 500;
    let mut broker = Broker::start();
    broker.topic("many", 4);
    let host = broker.load();
    let producer = make(&host, json!({ "op": "producer", "max_records": CALLS * EACH, "compression": "lz4" }));
    for call in 0..CALLS {
        let records: Vec<_> = (0..EACH)
            .map(|i| json!({ "topic": "many", "key": format!("{i}"), "value": format!("{:06}", call * EACH + i) }))
            .collect();
        let taken =
            host.call(&json!({ "op": "send", "producer": producer, "records": records, "wait": false })).unwrap();
        assert_eq!((number(&taken, "taken"), number(&taken, "refused")), (EACH as i64, 0));
    }
    host.call(&json!({ "op": "flush", "producer": producer })).unwrap();
    let counts = host.call(&json!({ "op": "counts", "producer": producer })).unwrap();
    assert_eq!(number(&counts, "written"), (CALLS * EACH) as i64, "{counts:?}");
    assert_eq!((number(&counts, "waiting"), number(&counts, "waiting_bytes")), (0, 0));

    let got = read(&host, reader(&host, "g", "many"), CALLS * EACH);
    let expected: Vec<_> = (0..CALLS * EACH).map(|i| format!("{i:06}")).collect();
    assert!(got == expected, "{} records, not the ones that were written", got.len());
}

#[test]
fn what_has_no_room_is_refused_at_once() {
    let host = load(&format!("127.0.0.1:{}", free_port()));
    let producer = make(&host, json!({ "op": "producer", "max_records": 10, "delivery_timeout": 3600.0 }));
    let records: Vec<_> = (0..15).map(|i| json!({ "topic": "t", "value": i.to_string() })).collect();
    let taken = host.call(&json!({ "op": "send", "producer": producer, "records": records, "wait": false })).unwrap();
    assert_eq!((number(&taken, "taken"), number(&taken, "refused")), (10, 5));
    assert_eq!(text(field(&taken, "why"), "kind"), "full");
    let counts = host.call(&json!({ "op": "counts", "producer": producer })).unwrap();
    assert_eq!((number(&counts, "waiting"), number(&counts, "refused")), (10, 5));

    let small = make(&host, json!({ "op": "producer", "max_bytes": 1000, "delivery_timeout": 3600.0 }));
    let records = json!([{ "topic": "t", "value": "x".repeat(2000) }]);
    let taken = host.call(&json!({ "op": "send", "producer": small, "records": records, "wait": false })).unwrap();
    assert_eq!(number(&taken, "refused"), 1);
    // It ends all the same, with records that nobody can take.
    host.unload();
}

#[test]
fn without_a_broker_a_record_fails_when_its_time_is_over() {
    let host = load(&format!("127.0.0.1:{}", free_port()));
    let producer = make(&host, json!({ "op": "producer", "delivery_timeout": 1.5 }));
    let records = json!([{ "topic": "t", "value": "1" }, { "topic": "t", "value": "2" }]);
    let sent = host.call(&json!({ "op": "send", "producer": producer, "records": records })).unwrap();
    assert_eq!(number(&sent, "sent"), 0);
    for outcome in field(&sent, "records").as_array().unwrap() {
        let error = field(outcome, "error");
        assert_eq!(text(error, "kind"), "unreachable", "{error:?}");
    }
}

#[test]
fn a_broker_that_comes_back_gets_what_waited() {
    let mut broker = Broker::start();
    broker.topic("back", 2);
    let host = broker.load();
    let producer = make(&host, json!({ "op": "producer" }));
    write(&host, producer, "back", &["first".into()]);
    broker.down();
    let records: Vec<_> = (0..100).map(|i| json!({ "topic": "back", "value": format!("{i:03}") })).collect();
    let taken = host.call(&json!({ "op": "send", "producer": producer, "records": records, "wait": false })).unwrap();
    assert_eq!(number(&taken, "taken"), 100);
    let flush = host.begin(&json!({ "op": "flush", "producer": producer }));
    broker.up();
    flush.wait().unwrap();
    let counts = host.call(&json!({ "op": "counts", "producer": producer })).unwrap();
    assert_eq!((number(&counts, "written"), number(&counts, "failed")), (101, 0), "{counts:?}");
}

#[test]
fn the_same_settings_are_the_same_producer() {
    let host = load("127.0.0.1:1");
    let one = make(&host, json!({ "op": "producer", "linger": 0.1 }));
    assert_eq!(make(&host, json!({ "op": "producer", "linger": 0.1 })), one);
    assert_ne!(make(&host, json!({ "op": "producer" })), one);
}

#[test]
fn wrong_requests_are_told_what_is_wrong() {
    let host = load("127.0.0.1:1");
    let producer = make(&host, json!({ "op": "producer" }));
    let refused = |request: serde_json::Value| {
        let error = host.call(&request).unwrap_err();
        assert_eq!(text(&error, "kind"), "request", "{request}: {error:?}");
        text(&error, "message").to_string()
    };
    assert!(refused(json!({ "op": "produce" })).contains("produce"));
    assert!(refused(json!({ "op": "producer", "ack": "all" })).contains("ack"));
    assert!(refused(json!({ "op": "producer", "acks": "leader" })).contains("idempotent"));
    assert!(refused(json!({ "op": "producer", "delivery_timeout": -1.0 })).contains("delivery_timeout"));
    assert!(refused(json!({ "op": "consumer", "group": "g", "topics": [] })).contains("topics"));
    assert!(refused(json!({ "op": "send", "producer": producer, "records": [{ "value": "x" }] })).contains("topic"));
    let error = host.call(&json!({ "op": "counts", "producer": 99 })).unwrap_err();
    assert_eq!(text(&error, "kind"), "closed");
    let records = json!([{ "topic": "a b", "value": "x" }]);
    let taken = host.call(&json!({ "op": "send", "producer": producer, "records": records, "wait": false })).unwrap();
    assert_eq!(number(&taken, "refused"), 1);
    assert_eq!(text(field(&taken, "why"), "kind"), "request");
}

#[test]
fn wrong_configurations_are_refused() {
    let refused = |config: serde_json::Value| {
        let error = TestHost::load::<Kafka>(Some(&config.to_string())).err().expect("an error");
        assert_eq!(error.kind, "config", "{config}: {error}");
        error.message
    };
    assert!(refused(json!({})).contains("brokers"));
    assert!(refused(json!({ "brokers": "a:1", "tls": { "cert": "/x" } })).contains("key"));
    let plain = json!({ "brokers": "a:1", "sasl": { "mechanism": "plain", "username": "u", "password": "p" } });
    assert!(refused(plain).contains("tls"));
    assert!(refused(json!({ "brokers": "a:1", "broker": "b" })).contains("broker"));
}
