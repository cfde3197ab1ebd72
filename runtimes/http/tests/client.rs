// SPDX-License-Identifier: GPL-2.0-or-later
//! The http runtime against a real server.

mod server;

use std::net::TcpListener;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use frr_runtime::testing::{TestHost, field, text};
use frr_runtime::{Octets, Value};
use http::Http;
use serde::Serialize;
use serde_json::json;
use server::{Pki, Server};

fn load(config: serde_json::Value) -> TestHost {
    TestHost::load::<Http>(Some(&config.to_string())).unwrap()
}

fn refused(config: serde_json::Value) -> String {
    let error = TestHost::load::<Http>(Some(&config.to_string())).err().expect("a refused load");
    assert_eq!(error.kind, "config");
    error.message
}

fn get(host: &TestHost, url: &str) -> Result<Value, Value> {
    host.call(&json!({ "url": url }))
}

fn header<'a>(answer: &'a Value, name: &str) -> &'a str {
    text(field(answer, "headers"), name)
}

fn kind(error: Result<Value, Value>) -> String {
    text(&error.unwrap_err(), "kind").to_string()
}

#[test]
fn methods_headers_and_bodies() {
    let server = Server::start(None);
    let host = load(json!({ "headers": { "x-site": "ams", "user-agent": "router" } }));
    let answer = host
        .call(&json!({
            "method": "put", "url": server.url("/echo?a=1"), "query": { "b c": "&", "n": 5, "yes": true },
            "headers": { "X-One": "1", "x-two": ["a", 7] }, "body": "text",
        }))
        .unwrap();
    assert_eq!(field(&answer, "status"), &Value::from(200));
    assert_eq!(text(&answer, "body"), "text");
    assert_eq!(header(&answer, "x-method"), "PUT");
    assert_eq!(header(&answer, "x-query"), "a=1&b+c=%26&n=5&yes=true");
    assert_eq!(header(&answer, "x-got-x-one"), "1");
    assert_eq!(header(&answer, "x-got-x-two"), "a, 7");
    assert_eq!(header(&answer, "x-got-x-site"), "ams");
    assert_eq!(header(&answer, "x-got-user-agent"), "router");
    let missing = get(&host, &server.url("/missing")).unwrap();
    assert_eq!((field(&missing, "status"), text(&missing, "body")), (&Value::from(404), "no such thing"));
    let cookies = get(&host, &server.url("/cookies")).unwrap();
    assert_eq!((header(&cookies, "set-cookie"), header(&cookies, "x-list")), ("a=1, 2\nb=3", "1, 2"));
    // An empty table of Lua is an empty list.
    assert!(host.call(&json!({ "url": server.url("/echo"), "headers": [], "query": [] })).is_ok());
    assert_eq!(server.connections.load(Ordering::Relaxed), 1, "the connection is kept");
}

#[test]
fn bodies_are_octets() {
    #[derive(Serialize)]
    struct Post {
        method: &'static str,
        url: String,
        body: Octets,
    }
    let server = Server::start(None);
    let host = load(json!({}));
    let body: Vec<u8> = (0..1 << 20).map(|n: u32| (n % 251) as u8 ^ 0x80).collect();
    let answer = host.call(&Post { method: "POST", url: server.url("/echo"), body: Octets(body.clone()) }).unwrap();
    assert_eq!(field(&answer, "body").as_bytes(), Some(&body));
}

#[test]
fn time_is_limited() {
    let server = Server::start(None);
    let before = Instant::now();
    let host = load(json!({ "timeout": 0.2 }));
    assert_eq!(kind(get(&host, &server.url("/slow"))), "timeout");
    let host = load(json!({}));
    assert_eq!(kind(host.call(&json!({ "url": server.url("/slow"), "timeout": 0.2 }))), "timeout");
    assert_eq!(kind(host.call(&json!({ "url": server.url("/slow"), "timeout": 0 }))), "request");
    assert!(before.elapsed() < Duration::from_secs(20));
    let hanging = host.begin(&json!({ "url": server.url("/slow") }));
    host.unload();
    assert_eq!(kind(hanging.wait()), "finished");
}

#[test]
fn size_is_limited() {
    let server = Server::start(None);
    let host = load(json!({ "max_response": 1000 }));
    assert!(get(&host, &server.url("/bytes?1000")).is_ok());
    assert_eq!(kind(get(&host, &server.url("/bytes?1001"))), "too_large");
    assert_eq!(kind(get(&host, &server.url("/endless"))), "too_large");
    assert!(host.call(&json!({ "url": server.url("/bytes?1001"), "max_response": 1001 })).is_ok());
}

#[test]
fn redirects_are_counted_and_never_leave_tls() {
    let pki = Pki::new();
    let (plain, secure) = (Server::start(None), Server::start(Some(pki.server(false))));
    let host = load(json!({ "redirects": 2, "ca": pki.path("ca.pem") }));
    let to = |from: &Server, to: String| from.url(&format!("/redirect?{to}"));
    let answer = get(&host, &to(&plain, "/redirect?/missing".into())).unwrap();
    assert_eq!(text(&answer, "url"), plain.url("/missing"));
    assert_eq!(kind(get(&host, &plain.url("/loop"))), "redirect");
    assert!(get(&host, &to(&plain, secure.url("/missing"))).is_ok());
    let error = get(&host, &to(&secure, plain.url("/missing"))).unwrap_err();
    assert_eq!(text(&error, "kind"), "redirect");
    assert!(text(&error, "message").contains("from https to http://"), "{error:?}");
    let host = load(json!({ "redirects": 0 }));
    assert_eq!(field(&get(&host, &plain.url("/loop")).unwrap(), "status"), &Value::from(302));
}

#[test]
fn servers_are_verified() {
    let pki = Pki::new();
    let server = Server::start(Some(pki.server(false)));
    // The system's authorities don't know ours.
    assert_eq!(kind(get(&load(json!({})), &server.url("/echo"))), "tls");
    assert_eq!(kind(get(&load(json!({ "ca": pki.path("other.pem") })), &server.url("/echo"))), "tls");
    let host = load(json!({ "ca": pki.path("ca.pem") }));
    assert_eq!(header(&get(&host, &server.url("/echo")).unwrap(), "x-version"), "HTTP/2.0");
    let named = format!("https://localhost:{}/echo", server.address.port());
    let error = get(&host, &named).unwrap_err();
    assert_eq!(text(&error, "kind"), "tls");
    assert!(text(&error, "message").contains("localhost"), "{error:?}");
    let host = load(json!({ "verify": false }));
    assert!(get(&host, &named).is_ok());
}

#[test]
fn clients_have_certificates() {
    let pki = Pki::new();
    let server = Server::start(Some(pki.server(true)));
    let ca = pki.path("ca.pem");
    // The alert comes after the handshake (RFC 8446 section 4.4.2.4), so a closed connection may overtake it.
    let without = kind(get(&load(json!({ "ca": ca })), &server.url("/echo")));
    assert!(["tls", "http", "connect"].contains(&without.as_str()), "{without}");
    let (cert, key) = (pki.path("client.pem"), pki.path("client.key"));
    let host = load(json!({ "ca": ca, "cert": cert, "key": key }));
    assert!(get(&host, &server.url("/echo")).is_ok());
}

#[test]
fn versions_of_http() {
    let pki = Pki::new();
    let (plain, secure) = (Server::start(None), Server::start(Some(pki.server(false))));
    let spoken = |version: &str, server: &Server| {
        let host = load(json!({ "version": version, "ca": pki.path("ca.pem") }));
        header(&get(&host, &server.url("/echo")).unwrap(), "x-version").to_string()
    };
    assert_eq!((spoken("1.1", &plain).as_str(), spoken("1.1", &secure).as_str()), ("HTTP/1.1", "HTTP/1.1"));
    assert_eq!((spoken("2", &plain).as_str(), spoken("2", &secure).as_str()), ("HTTP/2.0", "HTTP/2.0"));
    assert_eq!((spoken("auto", &plain).as_str(), spoken("auto", &secure).as_str()), ("HTTP/1.1", "HTTP/2.0"));
}

#[test]
fn many_at_once() {
    let server = Server::start(None);
    let host = load(json!({}));
    let slow = host.begin(&json!({ "url": server.url("/slow") }));
    let calls: Vec<_> =
        (0..50).map(|n| host.begin(&json!({ "url": server.url("/echo"), "body": n.to_string() }))).collect();
    for (n, call) in calls.iter().enumerate() {
        assert_eq!(text(&call.wait().unwrap(), "body"), n.to_string());
    }
    slow.cancel();
    assert_eq!(kind(slow.wait()), "cancelled");
}

#[test]
fn mistakes_are_told() {
    let host = load(json!({}));
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert_eq!(kind(get(&host, &format!("http://{free}/"))), "connect");
    for url in ["", "127.0.0.1/path", "file:///etc/passwd", "http://"] {
        assert_eq!(kind(get(&host, url)), "request", "{url}");
    }
    let with = |name: &str, value: serde_json::Value| {
        let mut request = json!({ "url": format!("http://{free}/") });
        request[name] = value;
        kind(host.call(&request))
    };
    assert_eq!(with("method", json!("A B")), "request");
    assert_eq!(with("headers", json!({ "a b": "1" })), "request");
    assert_eq!(with("headers", json!({ "a": "1\r\nb: 2" })), "request");
    assert_eq!(with("hedaers", json!({ "a": "1" })), "request");
    assert!(refused(json!({ "verfiy": false })).contains("unknown field `verfiy`"));
    assert!(refused(json!({ "ca": "/nonexistent.pem" })).contains("/nonexistent.pem"));
    assert!(refused(json!({ "cert": "/nonexistent.pem" })).contains("both cert and key"));
    assert!(refused(json!({ "verify": false, "ca": "/nonexistent.pem" })).contains("leave one out"));
    assert!(refused(json!({ "headers": { "a": "1\n" } })).contains("header a"));
    assert!(refused(json!({ "proxy": "::" })).contains("relative URL"));
    assert!(refused(json!({ "timeout": -1 })).contains("seconds above 0"));
}
