// SPDX-License-Identifier: GPL-2.0-or-later
//! Unary calls: values there and back, errors, headers, deadlines, TLS.

mod common;

use std::time::Instant;

use common::{Reflection, Server, descriptors, load};
use frr_runtime::Value;
use frr_runtime::testing::{TestHost, field, text};
use grpc::Grpc;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::json;
use tonic::transport::{Certificate, Identity};

fn table<const N: usize>(fields: [(&str, Value); N]) -> Value {
    Value::Map(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
}

fn call(host: &TestHost, method: &str, message: Value) -> Result<Value, Value> {
    let request =
        table([("op", "unary".into()), ("method", format!("/test.Test/{method}").into()), ("message", message)]);
    host.call(&request).map(|reply| field(&reply, "message").clone())
}

/// The message of an error of that kind.
fn refused(outcome: Result<Value, Value>, kind: &str) -> String {
    let error = outcome.expect_err("an error");
    assert_eq!(text(&error, "kind"), kind, "{error:?}");
    text(&error, "message").to_string()
}

#[test]
fn values_come_back_as_they_were() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let inner = table([("name", "outer".into()), ("more", table([("name", "inner".into())]))]);
    let sent = [
        ("flag", Value::Bool(true)),
        ("small", (-7).into()),
        ("big", (-(1_i64 << 53)).into()),
        ("huge", 12.into()),
        ("real", Value::Float(0.1)),
        ("text", "grüße".into()),
        ("raw", Value::Bytes(vec![0, 255, 128])),
        ("color", "GREEN".into()),
        ("names", Value::Array(vec!["a".into(), "b".into()])),
        ("counts", table([("one", 1.into())])),
        ("inner", inner),
        ("right", 5.into()),
    ];
    let got = call(&host, "Echo", table(sent.clone())).unwrap();
    for (name, value) in sent {
        assert_eq!(field(&got, name), &value, "{name}");
    }
    // What was not sent does not come.
    assert!(field(&got, "left").is_null());
    assert_eq!(call(&host, "Echo", Value::Null).unwrap(), Value::Map(vec![]));
    // An empty table of Lua is an empty list.
    assert_eq!(call(&host, "Echo", Value::Array(vec![])).unwrap(), Value::Map(vec![]));
}

#[test]
fn integers_of_64_bits_stay_exact() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let sent = table([("big", "-9223372036854775808".into()), ("huge", "18446744073709551615".into())]);
    let got = call(&host, "Echo", sent).unwrap();
    assert_eq!((text(&got, "big"), text(&got, "huge")), ("-9223372036854775808", "18446744073709551615"));
    // A number of Lua may arrive as one with a point.
    let got = call(&host, "Echo", table([("big", Value::Float(3.0)), ("huge", (u64::MAX).into())])).unwrap();
    assert_eq!(field(&got, "big"), &3.into());
    assert_eq!(text(&got, "huge"), "18446744073709551615");
    let too_much = table([("huge", "18446744073709551616".into())]);
    assert!(refused(call(&host, "Echo", too_much), "request").contains("18446744073709551616"));
    let numbers = table([("by_number", table([("7", "seven".into())]))]);
    let got = call(&host, "Echo", numbers).unwrap();
    assert_eq!(field(&got, "by_number"), &Value::Map(vec![(7.into(), "seven".into())]));
}

#[test]
fn a_table_that_does_not_fit_is_told_where() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let wrong = |message: Value| refused(call(&host, "Echo", message), "request");
    assert!(wrong(table([("txt", "x".into())])).contains("it has flag, small"));
    assert!(wrong(table([("small", "many".into())])).starts_with("small: int32 is needed"));
    assert!(wrong(table([("small", (1_i64 << 40).into())])).starts_with("small: 1099511627776"));
    assert!(wrong(table([("small", Value::Float(1.5))])).starts_with("small: "));
    assert!(wrong(table([("text", Value::Bytes(vec![255]))])).starts_with("text: text in UTF-8"));
    assert!(wrong(table([("color", "BLUE".into())])).contains("NONE, RED, GREEN"));
    assert!(wrong(table([("names", Value::Array(vec!["a".into(), 2.into()]))])).starts_with("names.2: "));
    let deep = table([("inner", table([("more", table([("nam", "x".into())]))]))]);
    assert!(wrong(deep).starts_with("inner.more: a test.Inner has no nam"));
}

#[test]
fn a_status_is_an_error() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let error = call(&host, "Fail", table([("small", 5.into()), ("text", "no such prefix".into())])).unwrap_err();
    assert_eq!((text(&error, "kind"), text(&error, "message")), ("not_found", "no such prefix"));
    assert_eq!(field(&error, "code"), &5.into());
    assert_eq!(text(field(&error, "metadata"), "why"), "asked for");
}

#[test]
fn headers_go_and_come() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let metadata = table([("x-router", "r1".into()), ("key-bin", Value::Bytes(vec![0, 255]))]);
    let request = table([("op", "unary".into()), ("method", "test.Test/Headers".into()), ("metadata", metadata)]);
    let reply = host.call(&request).unwrap();
    let names: Vec<String> = field(field(&reply, "message"), "names").deserialized().unwrap();
    assert!(names.contains(&"x-router=r1".to_string()), "{names:?}");
    assert!(names.contains(&r#"key-bin=b"\0\xff""#.to_string()), "{names:?}");
    let reply = host.call(&json!({ "op": "unary", "method": "/test.Test/Echo" })).unwrap();
    assert_eq!(text(field(&reply, "metadata"), "served-by"), "tonic");
    let bad = json!({ "op": "unary", "method": "/test.Test/Echo", "metadata": { "x": "a\nb" } });
    assert!(refused(host.call(&bad), "request").contains("metadata x"));
}

#[test]
fn a_call_ends_at_its_deadline() {
    let server = Server::start(Reflection::V1);
    let host = server.load();
    let began = Instant::now();
    let request = json!({ "op": "unary", "method": "/test.Test/Slow", "timeout": 0.3 });
    let error = host.call(&request).unwrap_err();
    assert_eq!(text(&error, "kind"), "deadline_exceeded", "{error:?}");
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
}

#[test]
fn services_are_known_by_reflection_or_by_descriptors() {
    for reflection in [Reflection::V1, Reflection::V1Alpha] {
        let server = Server::start(reflection);
        let host = server.load();
        let got = call(&host, "Echo", table([("text", "x".into())])).unwrap();
        assert_eq!(text(&got, "text"), "x");
        let missing = json!({ "op": "unary", "method": "/test.Other/Echo" });
        assert!(refused(host.call(&missing), "schema").contains("test.Other"));
        assert!(refused(call(&host, "Ech", Value::Null), "schema").contains("it has Echo, Fail"));
    }
    let server = Server::start(Reflection::None);
    let host = server.load();
    assert!(refused(call(&host, "Echo", Value::Null), "schema").contains("give descriptors"));
    // As content.
    let describe = table([("op", "describe".into()), ("descriptors", Value::Bytes(descriptors()))]);
    host.call(&describe).unwrap();
    call(&host, "Echo", Value::Null).unwrap();
    // As a file.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), descriptors()).unwrap();
    let host = load(&json!({ "uri": format!("http://{}", server.address), "descriptors": file.path() }));
    call(&host, "Echo", Value::Null).unwrap();
    let broken = table([("op", "describe".into()), ("descriptors", "nothing".into())]);
    refused(host.call(&broken), "schema");
}

#[test]
fn wrong_requests_and_configurations_are_told_what_is_wrong() {
    let host = load(&json!({ "uri": "http://127.0.0.1:1", "timeout": 2.0 }));
    assert!(
        refused(host.call(&json!({ "op": "unary", "method": "Echo" })), "request").contains("/package.Service/Method")
    );
    let error = call(&host, "Echo", Value::Null).unwrap_err();
    assert_eq!(text(&error, "kind"), "unavailable", "{error:?}");
    assert!(text(&error, "message").to_lowercase().contains("refused"), "{error:?}");
    for (config, word) in [
        (json!({}), "uri"),
        (json!({ "uri": "127.0.0.1:1" }), "http://"),
        (json!({ "uri": "http://a:1", "ca": "/x" }), "https://"),
        (json!({ "uri": "https://a:1", "ca": "/there/is/none" }), "/there/is/none"),
        (json!({ "uri": "http://a:1", "url": "b" }), "url"),
    ] {
        let error = TestHost::load::<Grpc>(Some(&config.to_string())).err().expect("an error");
        assert_eq!(error.kind, "config", "{config}: {error}");
        assert!(error.message.contains(word), "{config}: {error}");
    }
}

#[test]
fn tls_verifies_both_sides() {
    let folder = tempfile::tempdir().unwrap();
    let mut ca = CertificateParams::new(vec![]).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(ca, KeyPair::generate().unwrap()).unwrap();
    let issue = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let cert = CertificateParams::new(vec![name.to_string()]).unwrap().signed_by(&key, &ca).unwrap();
        (cert.pem(), key.serialize_pem())
    };
    let (cert, key) = issue("router.example");
    let tls = (Identity::from_pem(cert, key), Certificate::from_pem(ca.pem()));
    let server = Server::start_with(Reflection::V1, Some(tls));
    let (cert, key) = issue("client.example");
    for (name, content) in [("ca", ca.pem()), ("cert", cert), ("key", key)] {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_string();
    let uri = format!("https://{}", server.address);
    let full = json!({ "uri": uri, "ca": file("ca"), "cert": file("cert"), "key": file("key"), "server_name": "router.example" });
    let got = call(&load(&full), "Echo", table([("text", "secret".into())])).unwrap();
    assert_eq!(text(&got, "text"), "secret");

    // Another name, no certificate of ours, no authority that we know: each is enough to fail.
    for (left_out, changed) in
        [("", json!("other.example")), ("cert", json!("router.example")), ("ca", json!("router.example"))]
    {
        let mut config = full.clone();
        config["server_name"] = changed;
        if left_out == "cert" {
            config.as_object_mut().unwrap().remove("key");
        }
        config.as_object_mut().unwrap().remove(left_out);
        refused(call(&load(&config), "Echo", Value::Null), "unavailable");
    }
}
