// SPDX-License-Identifier: GPL-2.0-or-later
//! The etcd runtime against a real etcd.

mod server;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use etcd::Etcd as Runtime;
use etcd_client::{Permission, PermissionType};
use frr_runtime::Value;
use frr_runtime::testing::{PATIENCE, TestHost, field, text};
use serde_json::json;
use server::Etcd;

fn load(config: serde_json::Value) -> TestHost {
    TestHost::load::<Runtime>(Some(&config.to_string())).unwrap()
}

fn of(etcd: &Etcd) -> TestHost {
    load(json!({ "endpoints": [etcd.url()] }))
}

fn refused(config: serde_json::Value) -> String {
    let error = TestHost::load::<Runtime>(Some(&config.to_string())).err().expect("a refused load");
    assert_eq!(error.kind, "config");
    error.message
}

fn put(host: &TestHost, key: &str, value: &str) -> i64 {
    number(&host.call(&json!({ "op": "put", "key": key, "value": value })).unwrap(), "revision")
}

fn number(table: &Value, name: &str) -> i64 {
    field(table, name).as_integer().unwrap_or_else(|| panic!("no {name} in {table:?}")).try_into().unwrap()
}

fn list<'a>(table: &'a Value, name: &str) -> &'a [Value] {
    field(table, name).as_array().unwrap()
}

/// `key=value` of each item, or `type:key=value` of each event.
fn told(items: &[Value]) -> Vec<String> {
    let prefix = |item| match text(item, "type") {
        "" => String::new(),
        other => format!("{other}:"),
    };
    items.iter().map(|item| format!("{}{}={}", prefix(item), text(item, "key"), text(item, "value"))).collect()
}

fn kind(outcome: Result<Value, Value>) -> String {
    text(&outcome.unwrap_err(), "kind").to_string()
}

fn until(mut done: impl FnMut() -> bool) {
    let late = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < late, "not in time");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn keys_are_put_read_and_deleted() {
    let etcd = Etcd::start();
    let host = of(&etcd);
    let get = |request: serde_json::Value| host.call(&request).unwrap();
    let empty = get(json!({ "op": "get", "key": "a" }));
    assert_eq!((number(&empty, "count"), list(&empty, "items").len()), (0, 0));
    let first = put(&host, "p/a", "1");
    put(&host, "p/b", "2");
    put(&host, "q", "3");
    assert_eq!(put(&host, "p/a", "4"), first + 3);
    let all = get(json!({ "op": "get", "key": "p/", "prefix": true }));
    assert_eq!(told(list(&all, "items")), ["p/a=4", "p/b=2"]);
    assert_eq!(number(&all, "revision"), first + 3);
    let item = &list(&all, "items")[0];
    assert_eq!((number(item, "create_revision"), number(item, "mod_revision")), (first, first + 3));
    assert_eq!(number(item, "version"), 2);
    let old = get(json!({ "op": "get", "key": "p/a", "revision": first }));
    assert_eq!(told(list(&old, "items")), ["p/a=1"]);
    let one = get(json!({ "op": "get", "key": "", "prefix": true, "limit": 1 }));
    assert_eq!((list(&one, "items").len(), number(&one, "count"), field(&one, "more")), (1, 3, &true.into()));
    let range = get(json!({ "op": "get", "key": "p/b", "range_end": "z", "keys_only": true }));
    assert_eq!(told(list(&range, "items")), ["p/b=", "q="]);
    let count = get(json!({ "op": "get", "key": "", "prefix": true, "count_only": true }));
    assert_eq!((number(&count, "count"), list(&count, "items").len()), (3, 0));
    let gone = get(json!({ "op": "delete", "key": "p/", "prefix": true }));
    assert_eq!(number(&gone, "deleted"), 2);
    assert_eq!(number(&get(json!({ "op": "delete", "key": "p/a" })), "deleted"), 0);
}

#[test]
fn values_are_octets() {
    let etcd = Etcd::start();
    let host = of(&etcd);
    let value = Value::Bytes(vec![0, 0xff, b'a']);
    let request = Value::Map(vec![
        ("op".into(), "put".into()),
        ("key".into(), Value::Bytes(vec![0xfe])),
        ("value".into(), value.clone()),
    ]);
    host.call(&request).unwrap();
    let all = host.call(&json!({ "op": "get", "key": "", "prefix": true })).unwrap();
    assert_eq!(field(&list(&all, "items")[0], "value"), &value);
    // As much as etcd takes by itself, and a read of more than gRPC's usual limit.
    let much = "x".repeat(1 << 20);
    for n in 0..6 {
        put(&host, &format!("much/{n}"), &much);
    }
    let all = host.call(&json!({ "op": "get", "key": "much/", "prefix": true })).unwrap();
    assert_eq!(list(&all, "items").iter().map(|item| text(item, "value").len()).sum::<usize>(), 6 << 20);
}

#[test]
fn a_put_may_depend_on_a_revision() {
    let etcd = Etcd::start();
    let host = of(&etcd);
    let put =
        |value: &str, known: i64| host.call(&json!({ "op": "put", "key": "k", "value": value, "if_revision": known }));
    let first = number(&put("1", 0).unwrap(), "revision");
    assert_eq!(kind(put("2", 0)), "conflict");
    let second = number(&put("2", first).unwrap(), "revision");
    assert_eq!(kind(put("3", first)), "conflict");
    assert!(put("3", second).is_ok());
}

#[test]
fn watches_tell_everything_in_order() {
    let etcd = Etcd::start();
    let host = of(&etcd);
    let first = put(&host, "w/a", "1");
    put(&host, "w/b", "2");
    let watch = |request: serde_json::Value| number(&host.call(&request).unwrap(), "watch");
    let from = watch(json!({ "op": "watch", "key": "w/", "prefix": true, "revision": first }));
    let now = watch(json!({ "op": "watch", "key": "w/", "prefix": true, "previous": true }));
    let recv = |watch: i64, after: i64| host.begin(&json!({ "op": "recv", "watch": watch, "after": after }));
    let waiting = recv(now, 0);
    assert!(waiting.wait_for(Duration::from_millis(100)).is_none(), "nothing happened yet");
    put(&host, "w/a", "3");
    put(&host, "other", "0");
    host.call(&json!({ "op": "delete", "key": "w/b" })).unwrap();
    let batch = waiting.wait().unwrap();
    assert_eq!(told(list(&batch, "events")), ["put:w/a=3"]);
    assert_eq!(told(std::slice::from_ref(field(&list(&batch, "events")[0], "previous"))), ["w/a=1"]);
    // An answer that got lost is given again.
    assert_eq!(recv(now, 0).wait().unwrap(), batch);
    let batch = recv(now, number(&batch, "number")).wait().unwrap();
    assert_eq!(told(list(&batch, "events")), ["delete:w/b="]);
    let (mut events, mut after) = (Vec::new(), 0);
    while events.len() < 4 {
        let batch = recv(from, after).wait().unwrap();
        after = number(&batch, "number");
        events.extend(told(list(&batch, "events")));
    }
    assert_eq!(events, ["put:w/a=1", "put:w/b=2", "put:w/a=3", "delete:w/b="]);
    let waiting = recv(from, after);
    assert_eq!(host.call(&json!({ "op": "close", "watch": from })), Ok(true.into()));
    assert_eq!(kind(waiting.wait()), "closed");
    assert_eq!(kind(recv(from, after).wait()), "closed");
    assert_eq!(host.call(&json!({ "op": "close", "watch": from })), Ok(false.into()));
    // A cancelled wait leaves the watch as it was.
    let waiting = recv(now, 2);
    waiting.cancel();
    assert_eq!(kind(waiting.wait()), "cancelled");
    put(&host, "w/a", "5");
    assert_eq!(told(list(&recv(now, 2).wait().unwrap(), "events")), ["put:w/a=5"]);
    let waiting = recv(now, 3);
    host.unload();
    assert_eq!(kind(waiting.wait()), "finished");
}

#[test]
fn watches_survive_etcd() {
    let mut etcd = Etcd::start();
    let host = of(&etcd);
    let opened = host.call(&json!({ "op": "watch", "key": "k" })).unwrap();
    let watch = number(&opened, "watch");
    let recv = |after: i64| host.begin(&json!({ "op": "recv", "watch": watch, "after": after }));
    put(&host, "k", "1");
    assert_eq!(told(list(&recv(0).wait().unwrap(), "events")), ["put:k=1"]);
    let waiting = recv(1);
    etcd.kill();
    let before = Instant::now();
    assert_eq!(kind(host.call(&json!({ "op": "get", "key": "k" }))), "unavailable");
    assert!(before.elapsed() < Duration::from_secs(4), "a refused connection is told at once");
    assert!(waiting.wait_for(Duration::from_millis(300)).is_none(), "the watch waits for etcd");
    // A watch that begins while etcd is down goes on from its revision, too.
    let from = number(&opened, "revision") + 1;
    let late = number(&host.call(&json!({ "op": "watch", "key": "k", "revision": from })).unwrap(), "watch");
    assert_eq!(kind(host.call(&json!({ "op": "watch", "key": "k" }))), "unavailable");
    assert!(etcd.run());
    until(|| host.call(&json!({ "op": "put", "key": "k", "value": "2" })).is_ok());
    assert_eq!(told(list(&waiting.wait().unwrap(), "events")), ["put:k=2"]);
    let late = host.call(&json!({ "op": "recv", "watch": late })).unwrap();
    assert_eq!(told(&list(&late, "events")[..1]), ["put:k=1"]);
}

#[test]
fn a_compaction_is_told() {
    let etcd = Etcd::start();
    let host = of(&etcd);
    let first = put(&host, "k", "1");
    let last = put(&host, "k", "2");
    let (runtime, mut client) = etcd.client();
    runtime.block_on(client.compact(last, None)).unwrap();
    let watch = number(&host.call(&json!({ "op": "watch", "key": "k", "revision": first })).unwrap(), "watch");
    for _ in 0..2 {
        let error = host.call(&json!({ "op": "recv", "watch": watch })).unwrap_err();
        assert_eq!((text(&error, "kind"), number(&error, "revision")), ("compacted", last));
    }
    assert_eq!(kind(host.call(&json!({ "op": "get", "key": "k", "revision": first }))), "compacted");
}

#[test]
fn leases_end_their_keys() {
    let mut etcd = Etcd::start();
    let host = of(&etcd);
    let lease = |ttl: u32| text(&host.call(&json!({ "op": "lease", "ttl": ttl })).unwrap(), "lease").to_string();
    let there = |key: &str| number(&host.call(&json!({ "op": "get", "key": key })).unwrap(), "count") == 1;
    let put = |key: &str, lease: &str| host.call(&json!({ "op": "put", "key": key, "value": "", "lease": lease }));
    let (left, kept) = (lease(1), lease(5));
    let hold = host.begin(&json!({ "op": "hold", "lease": kept }));
    put("left", &left).unwrap();
    put("kept", &kept).unwrap();
    assert!(there("left") && there("kept"));
    until(|| !there("left"));
    assert!(there("kept"));
    assert_eq!(kind(host.call(&json!({ "op": "hold", "lease": left }))), "not_found");
    assert_eq!(kind(put("left", &left)), "not_found");
    // The lease is kept also after etcd was away for a moment.
    etcd.kill();
    assert_eq!(hold.wait_for(Duration::from_millis(200)), None);
    assert!(etcd.run());
    until(|| host.call(&json!({ "op": "get", "key": "kept" })).is_ok());
    assert_eq!(hold.wait_for(Duration::from_secs(6)), None);
    assert!(there("kept"));
    // The script that held it is gone.
    hold.cancel();
    assert_eq!(kind(hold.wait()), "cancelled");
    until(|| !there("kept"));
    let revoked = lease(60);
    put("revoked", &revoked).unwrap();
    assert_eq!(host.call(&json!({ "op": "revoke", "lease": revoked })), Ok(true.into()));
    assert!(!there("revoked"));
    assert_eq!(host.call(&json!({ "op": "revoke", "lease": revoked })), Ok(false.into()));
}

#[test]
fn the_next_member_takes_over() {
    let (mut one, two) = (Etcd::start(), Etcd::start());
    // Two of their own stand for two members: what matters is who is asked.
    put(&of(&one), "who", "one");
    put(&of(&two), "who", "two");
    let dead = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let host = load(json!({ "endpoints": [format!("http://{dead}"), one.url(), two.url()] }));
    let who = || host.call(&json!({ "op": "get", "key": "who" })).map(|all| told(list(&all, "items")).join(""));
    assert_eq!(who(), Ok("who=one".into()));
    one.kill();
    // A put that was certainly not sent goes to the next one, too.
    put(&host, "put", "1");
    assert_eq!(who(), Ok("who=two".into()));
    // One that takes connections and never answers.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_url = format!("http://{}", silent.local_addr().unwrap());
    let host = load(json!({ "endpoints": [silent_url, two.url()], "timeout": 2 }));
    assert_eq!(told(list(&host.call(&json!({ "op": "get", "key": "who" })).unwrap(), "items")), ["who=two"]);
    let host = load(json!({ "endpoints": [silent_url], "timeout": 0.3 }));
    let before = Instant::now();
    assert_eq!(kind(host.call(&json!({ "op": "put", "key": "who", "value": "" }))), "timeout");
    assert!(before.elapsed() < Duration::from_secs(5));
}

#[test]
fn tls_and_certificates() {
    let pki = server::pki();
    let etcd = Etcd::start_with(Some(pki.path()));
    let file = |name| pki.path().join(name);
    let with = |extra: serde_json::Value| {
        let mut config = json!({ "endpoints": [etcd.url()], "timeout": 3 });
        config.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        load(config).call(&json!({ "op": "get", "key": "k" }))
    };
    let (ca, cert, key) = (file("ca.pem"), file("client.pem"), file("client.key"));
    with(json!({ "ca": ca, "cert": cert, "key": key })).unwrap();
    // The system's authorities don't know ours; without a certificate we aren't let in; another name isn't that server.
    for extra in [
        json!({ "cert": cert, "key": key }),
        json!({ "ca": ca }),
        json!({ "ca": ca, "cert": cert, "key": key, "server_name": "etcd.example" }),
    ] {
        assert_eq!(kind(with(extra.clone())), "unavailable", "{extra}");
    }
}

#[test]
fn users_and_passwords() {
    let etcd = Etcd::start();
    let (runtime, mut client) = etcd.client();
    runtime.block_on(async {
        client.user_add("root", "secret", None).await.unwrap();
        client.user_grant_role("root", "root").await.unwrap();
        client.user_add("router", "word", None).await.unwrap();
        client.role_add("routers").await.unwrap();
        let own = Permission::new(PermissionType::Readwrite, "own/").with_prefix();
        client.role_grant_permission("routers", own).await.unwrap();
        client.user_grant_role("router", "routers").await.unwrap();
        client.auth_enable().await.unwrap();
    });
    let get = |host: &TestHost, key: &str| host.call(&json!({ "op": "get", "key": key }));
    assert_eq!(kind(get(&of(&etcd), "own/a")), "auth");
    let wrong = load(json!({ "endpoints": [etcd.url()], "user": "router", "password": "wrong" }));
    assert_eq!(kind(get(&wrong, "own/a")), "auth");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "word\n").unwrap();
    let host = load(json!({ "endpoints": [etcd.url()], "user": "router", "password_file": file.path() }));
    put(&host, "own/a", "1");
    assert_eq!(kind(get(&host, "other")), "auth");
    assert_eq!(kind(host.call(&json!({ "op": "watch", "key": "other" }))), "etcd");
    let watch = number(&host.call(&json!({ "op": "watch", "key": "own/", "prefix": true })).unwrap(), "watch");
    put(&host, "own/a", "2");
    let batch = host.call(&json!({ "op": "recv", "watch": watch })).unwrap();
    assert_eq!(told(list(&batch, "events")), ["put:own/a=2"]);
}

#[test]
fn mistakes_are_told() {
    assert!(TestHost::load::<Runtime>(None).err().unwrap().message.contains("endpoints is missing"));
    let url = "http://127.0.0.1:1";
    assert!(refused(json!({ "endpoints": ["127.0.0.1:2379"] })).contains("begins with http://"));
    assert!(refused(json!({ "endpoints": [url], "ca": "/nonexistent" })).contains("https://"));
    assert!(refused(json!({ "endpoints": ["https://a"], "ca": "/nonexistent" })).contains("/nonexistent"));
    assert!(refused(json!({ "endpoints": [url], "user": "a" })).contains("go together"));
    assert!(refused(json!({ "endpoints": [url], "password": "a", "password_file": "b" })).contains("leave one out"));
    assert!(refused(json!({ "endpoint": url })).contains("unknown field `endpoint`"));
    let host = load(json!({ "endpoints": [url] }));
    let wrong = |request: serde_json::Value| {
        let error = host.call(&request).unwrap_err();
        assert_eq!(text(&error, "kind"), "request", "{error:?}");
        text(&error, "message").to_string()
    };
    assert!(wrong(json!({ "op": "get", "key": "" })).contains("prefix = true"));
    assert!(wrong(json!({ "op": "get", "key": "a", "perfix": true })).contains("unknown field `perfix`"));
    assert!(wrong(json!({ "op": "get", "key": "a", "prefix": true, "range_end": "b" })).contains("leave one out"));
    assert!(wrong(json!({ "op": "put", "key": "a" })).contains("missing field `value`"));
    assert!(wrong(json!({ "op": "hold", "lease": "no" })).contains("no lease"));
    assert!(wrong(json!({ "op": "watch", "key": "a", "revision": -1 })).contains("not below 0"));
    assert!(wrong(json!({ "op": "lease", "ttl": 0 })).contains("seconds above 0"));
    assert_eq!(kind(host.call(&json!({ "op": "get", "key": "a" }))), "unavailable");
}
