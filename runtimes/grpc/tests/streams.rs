// SPDX-License-Identifier: GPL-2.0-or-later
//! Streams: from the server, from us, in both directions.

mod common;

use std::time::Duration;

use common::{Reflection, Server, load};
use frr_runtime::testing::{TestHost, field, text};
use serde_json::json;

fn open(host: &TestHost, method: &str) -> u64 {
    let opened = host.call(&json!({ "op": "open", "method": format!("/test.Test/{method}") })).unwrap();
    u64::try_from(field(&opened, "stream").as_integer().unwrap()).unwrap()
}

fn send(host: &TestHost, stream: u64, messages: serde_json::Value) {
    host.call(&json!({ "op": "send", "stream": stream, "messages": messages })).unwrap();
}

fn close_send(host: &TestHost, stream: u64) {
    host.call(&json!({ "op": "close_send", "stream": stream })).unwrap();
}

/// One message.
fn recv(host: &TestHost, stream: u64) -> serde_json::Value {
    let (mut messages, _) = recv_many(host, stream, 1);
    assert_eq!(messages.len(), 1);
    messages.remove(0)
}

fn recv_many(host: &TestHost, stream: u64, max: usize) -> (Vec<serde_json::Value>, bool) {
    let got = host.call(&json!({ "op": "recv", "stream": stream, "max": max })).unwrap();
    (field(&got, "messages").deserialized().unwrap(), field(&got, "done").as_bool().unwrap())
}

#[test]
fn the_server_sends_many() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let stream = open(&host, "Count");
    send(&host, stream, json!([{ "small": 1000 }]));
    close_send(&host, stream);
    let mut numbers = Vec::new();
    loop {
        let (messages, done) = recv_many(&host, stream, 50);
        assert!(messages.len() <= 50);
        numbers.extend(messages.iter().map(|message| message["small"].as_u64().unwrap()));
        if done {
            break;
        }
    }
    assert_eq!(numbers, (1..=1000).collect::<Vec<_>>());
    // The end stays the end.
    assert_eq!(recv_many(&host, stream, 1), (vec![], true));
}

#[test]
fn a_failure_comes_after_what_was_sent_before() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let stream = open(&host, "Count");
    send(&host, stream, json!([{ "small": 3, "flag": true }]));
    for expected in 1..=3 {
        assert_eq!(recv(&host, stream)["small"], json!(expected));
    }
    for _ in 0..2 {
        let error = host.call(&json!({ "op": "recv", "stream": stream })).unwrap_err();
        assert_eq!((text(&error, "kind"), text(&error, "message")), ("resource_exhausted", "no more"));
    }
}

#[test]
fn we_send_many() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let stream = open(&host, "Sum");
    for round in 0..100 {
        send(&host, stream, json!([{ "text": format!("{round}a") }, { "text": format!("{round}b") }]));
    }
    close_send(&host, stream);
    let got = recv(&host, stream);
    assert_eq!(got["small"], json!(200));
    assert_eq!(got["names"][199], json!("99b"));
    let error = host.call(&json!({ "op": "send", "stream": stream, "messages": [{}] })).unwrap_err();
    assert_eq!(text(&error, "kind"), "closed");
}

#[test]
fn both_sides_talk() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let (one, two) = (open(&host, "Chat"), open(&host, "Chat"));
    for word in ["a", "b"] {
        send(&host, one, json!([{ "text": word }]));
        send(&host, two, json!([{ "text": format!("2{word}") }]));
        assert_eq!(recv(&host, one)["text"], json!(format!("you said {word}")));
        assert_eq!(recv(&host, two)["text"], json!(format!("you said 2{word}")));
    }
    close_send(&host, one);
    assert_eq!(recv_many(&host, one, 1), (vec![], true));
    // A message that doesn't fit hurts nothing.
    let error = host.call(&json!({ "op": "send", "stream": two, "messages": [{ "txt": 1 }] })).unwrap_err();
    assert_eq!(text(&error, "kind"), "request");
    send(&host, two, json!([{ "text": "still here" }]));
    assert_eq!(recv(&host, two)["text"], json!("you said still here"));
}

#[test]
fn a_recv_that_nobody_waits_for_loses_nothing() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let stream = open(&host, "Chat");
    let waiting = host.begin(&json!({ "op": "recv", "stream": stream }));
    assert!(waiting.wait_for(Duration::from_millis(100)).is_none());
    let error = host.call(&json!({ "op": "recv", "stream": stream })).unwrap_err();
    assert_eq!(text(&error, "kind"), "busy");
    waiting.cancel();
    assert_eq!(text(&waiting.wait().unwrap_err(), "kind"), "cancelled");
    send(&host, stream, json!([{ "text": "x" }]));
    assert_eq!(recv(&host, stream)["text"], json!("you said x"));
}

#[test]
fn close_ends_a_recv_that_waits() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let stream = open(&host, "Chat");
    let waiting = host.begin(&json!({ "op": "recv", "stream": stream }));
    assert!(waiting.wait_for(Duration::from_millis(100)).is_none());
    host.call(&json!({ "op": "close", "stream": stream })).unwrap();
    assert_eq!(field(&waiting.wait().unwrap(), "done").as_bool(), Some(true));
    let error = host.call(&json!({ "op": "recv", "stream": stream })).unwrap_err();
    assert_eq!(text(&error, "kind"), "closed");
}

#[test]
fn a_server_that_goes_away_ends_the_stream() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let stream = open(&host, "Chat");
    send(&host, stream, json!([{ "text": "x" }]));
    assert_eq!(recv(&host, stream)["text"], json!("you said x"));
    drop(server);
    let error = host.call(&json!({ "op": "recv", "stream": stream })).unwrap_err();
    assert!(matches!(text(&error, "kind"), "unavailable" | "unknown" | "cancelled" | "internal"), "{error:?}");
    host.unload();
}

#[test]
fn a_stream_ends_at_its_deadline() {
    let server = Server::start(Reflection::V1);
    let host = load(&json!({ "uri": format!("http://{}", server.address) }));
    let opened = host.call(&json!({ "op": "open", "method": "/test.Test/Chat", "timeout": 0.3 })).unwrap();
    let stream = field(&opened, "stream").clone();
    let error = host
        .call(&json!({ "op": "recv", "stream": u64::try_from(stream.as_integer().unwrap()).unwrap() }))
        .unwrap_err();
    assert!(matches!(text(&error, "kind"), "deadline_exceeded" | "cancelled"), "{error:?}");
}
