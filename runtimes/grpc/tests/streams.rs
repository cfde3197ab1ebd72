// SPDX-License-Identifier: GPL-2.0-or-later
//! Streams: from the server, from us, in both directions.

mod common;

use std::cell::Cell;
use std::time::Duration;

use common::{Reflection, Server, load};
use frr_runtime::Value;
use frr_runtime::testing::{Pending, TestHost, field, text};
use serde_json::json;

/// A stream as the module of Lua has it.
struct Stream<'h> {
    host: &'h TestHost,
    id: u64,
    number: Cell<u64>,
}

impl Stream<'_> {
    fn send(&self, messages: serde_json::Value) {
        self.try_send(messages).unwrap();
    }

    fn try_send(&self, messages: serde_json::Value) -> Result<Value, Value> {
        self.host.call(&json!({ "op": "send", "stream": self.id, "messages": messages }))
    }

    fn close_send(&self) {
        self.host.call(&json!({ "op": "close_send", "stream": self.id })).unwrap();
    }

    fn close(&self) {
        self.host.call(&json!({ "op": "close", "stream": self.id })).unwrap();
    }

    /// Asks for what comes after the last batch.
    fn begin(&self, max: usize) -> Pending {
        self.host.begin(&json!({ "op": "recv", "stream": self.id, "after": self.number.get(), "max": max }))
    }

    /// One message.
    fn recv(&self) -> serde_json::Value {
        let (mut messages, _) = self.recv_many(1);
        assert_eq!(messages.len(), 1);
        messages.remove(0)
    }

    fn recv_many(&self, max: usize) -> (Vec<serde_json::Value>, bool) {
        let got = self.begin(max).wait().unwrap();
        self.number.set(u64::try_from(field(&got, "number").as_integer().unwrap()).unwrap());
        (field(&got, "messages").deserialized().unwrap(), field(&got, "done").as_bool().unwrap())
    }

    fn recv_error(&self) -> Value {
        self.begin(1).wait().unwrap_err()
    }
}

fn open<'h>(host: &'h TestHost, method: &str) -> Stream<'h> {
    open_with(host, &json!({ "op": "open", "method": format!("/test.Test/{method}") }))
}

fn open_with<'h>(host: &'h TestHost, request: &serde_json::Value) -> Stream<'h> {
    let opened = host.call(request).unwrap();
    let id = u64::try_from(field(&opened, "stream").as_integer().unwrap()).unwrap();
    Stream { host, id, number: Cell::new(0) }
}

#[test]
fn the_server_sends_many() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let stream = open(&host, "Count");
    stream.send(json!([{ "small": 1000 }]));
    stream.close_send();
    let mut numbers = Vec::new();
    loop {
        let (messages, done) = stream.recv_many(50);
        assert!(messages.len() <= 50);
        numbers.extend(messages.iter().map(|message| message["small"].as_u64().unwrap()));
        if done {
            break;
        }
    }
    assert_eq!(numbers, (1..=1000).collect::<Vec<_>>());
    // The end stays the end.
    assert_eq!(stream.recv_many(1), (vec![], true));
}

#[test]
fn a_failure_comes_after_what_was_sent_before() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let stream = open(&host, "Count");
    stream.send(json!([{ "small": 3, "flag": true }]));
    for expected in 1..=3 {
        assert_eq!(stream.recv()["small"], json!(expected));
    }
    for _ in 0..2 {
        let error = stream.recv_error();
        assert_eq!((text(&error, "kind"), text(&error, "message")), ("resource_exhausted", "no more"));
    }
}

#[test]
fn we_send_many() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let stream = open(&host, "Sum");
    for round in 0..100 {
        stream.send(json!([{ "text": format!("{round}a") }, { "text": format!("{round}b") }]));
    }
    stream.close_send();
    let got = stream.recv();
    assert_eq!(got["small"], json!(200));
    assert_eq!(got["names"][199], json!("99b"));
    let error = stream.try_send(json!([{}])).unwrap_err();
    assert_eq!(text(&error, "kind"), "closed");
}

#[test]
fn both_sides_talk() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let (one, two) = (open(&host, "Chat"), open(&host, "Chat"));
    for word in ["a", "b"] {
        one.send(json!([{ "text": word }]));
        two.send(json!([{ "text": format!("2{word}") }]));
        assert_eq!(one.recv()["text"], json!(format!("you said {word}")));
        assert_eq!(two.recv()["text"], json!(format!("you said 2{word}")));
    }
    one.close_send();
    assert_eq!(one.recv_many(1), (vec![], true));
    // A message that doesn't fit hurts nothing.
    let error = two.try_send(json!([{ "txt": 1 }])).unwrap_err();
    assert_eq!(text(&error, "kind"), "request");
    two.send(json!([{ "text": "still here" }]));
    assert_eq!(two.recv()["text"], json!("you said still here"));
}

#[test]
fn a_recv_that_nobody_waits_for_loses_nothing() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let stream = open(&host, "Chat");
    let waiting = stream.begin(1);
    assert!(waiting.wait_for(Duration::from_millis(100)).is_none());
    // Whether the runtime has seen that nobody waits or not: the next one gets it.
    waiting.cancel();
    let next = stream.begin(1);
    stream.send(json!([{ "text": "x" }]));
    let got = next.wait().unwrap();
    let messages: Vec<serde_json::Value> = field(&got, "messages").deserialized().unwrap();
    assert_eq!(messages[0]["text"], json!("you said x"));
    let _ = waiting.wait();
    // That answer got lost too: it comes again, until the script asks for what is after it.
    stream.send(json!([{ "text": "y" }]));
    assert_eq!(stream.recv()["text"], json!("you said x"));
    assert_eq!(stream.recv()["text"], json!("you said y"));
}

#[test]
fn close_ends_a_recv_that_waits() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let stream = open(&host, "Chat");
    let waiting = stream.begin(1);
    assert!(waiting.wait_for(Duration::from_millis(100)).is_none());
    stream.close();
    assert_eq!(field(&waiting.wait().unwrap(), "done").as_bool(), Some(true));
    let error = stream.recv_error();
    assert_eq!(text(&error, "kind"), "closed");
}

#[test]
fn a_server_that_goes_away_ends_the_stream() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let stream = open(&host, "Chat");
    stream.send(json!([{ "text": "x" }]));
    assert_eq!(stream.recv()["text"], json!("you said x"));
    drop(server);
    let error = stream.recv_error();
    assert!(matches!(text(&error, "kind"), "unavailable" | "unknown" | "cancelled" | "internal"), "{error:?}");
    host.unload();
}

#[test]
fn a_stream_ends_at_its_deadline() {
    let server = Server::start(Reflection::V1);
    let host = load(&json!({ "uri": format!("http://{}", server.address) }));
    let stream = open_with(&host, &json!({ "op": "open", "method": "/test.Test/Chat", "timeout": 0.3 }));
    let error = stream.recv_error();
    assert_eq!(text(&error, "kind"), "deadline_exceeded", "{error:?}");
}
