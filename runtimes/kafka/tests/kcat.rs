// SPDX-License-Identifier: GPL-2.0-or-later
//! With another client at the other end: kcat, which is librdkafka.

mod common;

use std::io::Write;
use std::process::{Command, Stdio};

use common::{Broker, make, recv};
use frr_runtime::testing::{field, text};
use serde_json::json;

#[test]
fn kcat_reads_what_we_write() {
    let mut broker = Broker::start();
    broker.topic("out", 1);
    let host = broker.load();
    for compression in ["none", "gzip", "snappy", "lz4"] {
        let producer = make(&host, json!({ "op": "producer", "compression": compression }));
        let record =
            json!({ "topic": "out", "key": "192.0.2.0/24", "value": compression, "headers": { "router": "r1" } });
        host.call(&json!({ "op": "send", "producer": producer, "records": [record] })).unwrap();
    }
    let read = Command::new("kcat")
        .args(["-b", &broker.address, "-C", "-t", "out", "-c", "4", "-q", "-f", "%p %k %h %s\n"])
        .output()
        .expect("kcat");
    let lines: Vec<_> = ["none", "gzip", "snappy", "lz4"]
        .map(|value| format!("0 192.0.2.0/24 router=r1 {value}\n"))
        .into_iter()
        .collect();
    assert_eq!(String::from_utf8_lossy(&read.stdout), lines.concat());
}

#[test]
fn we_read_what_kcat_writes() {
    let mut broker = Broker::start();
    broker.topic("in", 1);
    let host = broker.load();
    let consumer = common::reader(&host, "g", "in");
    let mut kcat = Command::new("kcat")
        .args(["-b", &broker.address, "-P", "-t", "in", "-p", "0", "-K", ":", "-H", "from=kcat", "-z", "lz4"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("kcat");
    kcat.stdin.take().unwrap().write_all(b"a:one\nb:two\n").unwrap();
    assert!(kcat.wait().unwrap().success());
    let mut got = Vec::new();
    while got.len() < 2 {
        got.extend(recv(&host, consumer, 2));
    }
    assert_eq!((text(&got[0], "key"), text(&got[0], "value")), ("a", "one"));
    assert_eq!((text(&got[1], "key"), text(&got[1], "value")), ("b", "two"));
    assert_eq!(text(field(&got[1], "headers"), "from"), "kcat");
}
