// SPDX-License-Identifier: GPL-2.0-or-later
//! What a runtime can rely on, seen from a host.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use frr_runtime::testing::{TestHost, field, text};
use frr_runtime::{Dict, Error, Host, Map, Octets, Service, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    #[serde(default)]
    name: String,
    #[serde(default)]
    refuse: bool,
    #[serde(default)]
    panic: bool,
}

struct Probe {
    name: String,
    dict: Result<Dict, Error>,
    calls: AtomicUsize,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
enum Request {
    Echo { body: Octets },
    Name,
    Fail,
    Panic,
    Hang,
    Table { names: Map<i64> },
    Dict { key: Octets },
    Calls,
    Numbers { whole: u64, real: f64 },
}

static DROPPED: AtomicBool = AtomicBool::new(false);

struct Noticed;

impl Drop for Noticed {
    fn drop(&mut self) {
        DROPPED.store(true, Ordering::Release);
    }
}

impl Service for Probe {
    type Config = Config;
    type Request = Request;
    type Answer = Value;

    async fn start(config: Config, host: Host) -> Result<Probe, Error> {
        assert!(!config.panic, "asked to");
        if config.refuse {
            return Err(Error::new("config", "asked to refuse"));
        }
        Ok(Probe { name: config.name, dict: host.dict("probe"), calls: AtomicUsize::new(0) })
    }

    async fn call(&self, request: Request) -> Result<Value, Error> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(match request {
            Request::Echo { body } => Value::serialized(&body).unwrap(),
            Request::Name => self.name.clone().into(),
            Request::Fail => return Err(Error::new("refused", "no").code(42).with("where", "here")),
            Request::Panic => panic!("asked to"),
            Request::Hang => {
                let _noticed = Noticed;
                std::future::pending().await
            }
            Request::Table { names } => names.values().sum::<i64>().into(),
            Request::Dict { key } => {
                let dict = self.dict.clone()?;
                dict.delete(&key);
                assert!(dict.add(&key, b"1", None));
                assert!(!dict.add(&key, b"1", None));
                dict.incr(&key, 2.5, 0.0)?;
                Value::Bytes(dict.get(&key).unwrap_or_default())
            }
            Request::Numbers { whole, real } => (whole as f64 + real).into(),
            Request::Calls => (self.calls.load(Ordering::Relaxed) as u64).into(),
        })
    }
}

#[derive(Serialize)]
struct Echo<'a> {
    op: &'a str,
    body: Octets,
}

fn echo(host: &TestHost, body: &[u8]) -> Vec<u8> {
    host.ask::<Octets>(&Echo { op: "echo", body: body.into() }).unwrap().0
}

#[test]
fn answers_text_bytes_and_much() {
    for host in [TestHost::load::<Probe>(None).unwrap(), TestHost::load_plain::<Probe>(None).unwrap()] {
        assert_eq!(echo(&host, b""), b"");
        assert_eq!(echo(&host, "Wörter".as_bytes()), "Wörter".as_bytes());
        assert_eq!(echo(&host, b"a\0\xff"), b"a\0\xff");
        let much = vec![0xfe; 1 << 20];
        assert_eq!(echo(&host, &much), much);
    }
}

#[test]
fn many_at_once_and_in_any_order() {
    let host = TestHost::load::<Probe>(None).unwrap();
    let hanging = host.begin(&json!({ "op": "hang" }));
    let pending: Vec<_> =
        (0..1000).map(|n| (n, host.begin(&Echo { op: "echo", body: format!("{n}").into() }))).collect();
    for (n, call) in pending.iter().rev() {
        assert_eq!(call.wait().unwrap().as_text(), Some(format!("{n}").as_str()));
    }
    assert!(hanging.wait_for(Duration::ZERO).is_none());
    host.unload();
    assert_eq!(text(&hanging.wait().unwrap_err(), "kind"), "finished");
}

#[test]
fn two_with_other_configurations_and_again_after_an_unload() {
    let one = TestHost::load::<Probe>(Some(r#"{ "name": "one" }"#)).unwrap();
    let two = TestHost::load::<Probe>(Some(r#"{ "name": "two" }"#)).unwrap();
    let name = |host: &TestHost| host.ask::<String>(&json!({ "op": "name" })).unwrap();
    assert_eq!((name(&one).as_str(), name(&two).as_str()), ("one", "two"));
    one.unload();
    assert_eq!(name(&two), "two");
    let one = TestHost::load::<Probe>(Some(r#"{ "name": "again" }"#)).unwrap();
    assert_eq!(name(&one), "again");
    assert_eq!(one.ask::<u32>(&json!({ "op": "calls" })).unwrap(), 2);
}

#[test]
fn a_refused_load_says_why() {
    let refused = |config| TestHost::load::<Probe>(Some(config)).err().unwrap();
    assert_eq!(refused(r#"{ "refuse": true }"#).message, "asked to refuse");
    assert_eq!(refused(r#"{ "panic": true }"#).kind, "panic");
    let unknown = refused(r#"{ "nmae": "one" }"#);
    assert!(unknown.message.contains("unknown field `nmae`"), "{unknown}");
    assert!(refused("{").message.contains("EOF"), "{unknown}");
    for nothing in ["", "[]", "{}"] {
        assert!(TestHost::load::<Probe>(Some(nothing)).is_ok());
    }
}

#[test]
fn errors_are_tables() {
    let host = TestHost::load::<Probe>(None).unwrap();
    let error = host.call(&json!({ "op": "fail" })).unwrap_err();
    assert_eq!((text(&error, "kind"), text(&error, "message"), text(&error, "where")), ("refused", "no", "here"));
    assert_eq!(field(&error, "code"), &Value::from(42));
    let error = host.call(&json!({ "op": "fly" })).unwrap_err();
    assert_eq!(text(&error, "kind"), "request");
    assert!(text(&error, "message").contains("unknown variant `fly`"), "{error:?}");
    for garbage in [None, Some(vec![]), Some(vec![0xff]), Some(b"\x9f\x9f".to_vec()), Some(vec![0x81; 4096])] {
        let error = host.begin_raw(garbage.clone()).wait().unwrap_err();
        assert_eq!(text(&error, "kind"), "request", "{garbage:?}");
    }
}

#[test]
fn a_panic_is_an_answer() {
    let host = TestHost::load::<Probe>(None).unwrap();
    for _ in 0..3 {
        let error = host.call(&json!({ "op": "panic" })).unwrap_err();
        assert_eq!(text(&error, "kind"), "panic");
        assert!(text(&error, "message").ends_with("asked to"), "{error:?}");
    }
    assert_eq!(echo(&host, b"alive"), b"alive");
}

#[test]
fn a_cancelled_call_is_dropped() {
    let host = TestHost::load::<Probe>(None).unwrap();
    let call = host.begin(&json!({ "op": "hang" }));
    assert!(call.wait_for(Duration::from_millis(300)).is_none());
    call.cancel();
    assert_eq!(text(&call.wait().unwrap_err(), "kind"), "cancelled");
    drop(host);
    assert!(DROPPED.load(Ordering::Acquire));
}

#[test]
fn tables_and_dicts() {
    let host = TestHost::load::<Probe>(None).unwrap();
    assert_eq!(host.ask::<i64>(&json!({ "op": "table", "names": { "a": 1, "b": 2 } })), Ok(3));
    // An empty table of Lua.
    assert_eq!(host.ask::<i64>(&json!({ "op": "table", "names": [] })), Ok(0));
    let list = host.call(&json!({ "op": "table", "names": [1] })).unwrap_err();
    assert!(text(&list, "message").contains("this one is a list"), "{list:?}");
    assert_eq!(host.ask::<Octets>(&json!({ "op": "dict", "key": "k" })).unwrap().0, b"3.5");
    let plain = TestHost::load_plain::<Probe>(None).unwrap();
    assert_eq!(text(&plain.call(&json!({ "op": "dict", "key": "k" })).unwrap_err(), "kind"), "unsupported");
}

#[test]
fn a_number_is_a_number() {
    let host = TestHost::load::<Probe>(None).unwrap();
    let sum = |whole: Value, real: Value| {
        let fields = [("op", Value::from("numbers")), ("whole", whole), ("real", real)];
        host.call(&Value::Map(fields.map(|(name, value)| (name.into(), value)).into()))
    };
    for (whole, real) in [(3.into(), 1.5.into()), (3.0.into(), 1.5.into()), (4.into(), Value::from(0.5))] {
        assert_eq!(sum(whole, real), Ok(4.5.into()));
    }
    assert_eq!(sum(3.0.into(), 1.into()), Ok(4.0.into()));
    assert!(sum(3.5.into(), 1.into()).is_err());
}

struct Slow {
    stopped: Arc<AtomicBool>,
}

static STOPPED: AtomicUsize = AtomicUsize::new(0);

impl Service for Slow {
    type Config = ();
    type Request = ();
    type Answer = bool;
    const WORKERS: usize = 2;

    async fn start(_config: (), _host: Host) -> Result<Slow, Error> {
        Ok(Slow { stopped: Arc::default() })
    }

    async fn call(&self, _request: ()) -> Result<bool, Error> {
        while !self.stopped.load(Ordering::Acquire) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(true)
    }

    async fn stop(&self) {
        STOPPED.fetch_add(1, Ordering::Relaxed);
        self.stopped.store(true, Ordering::Release);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[test]
fn stop_may_finish_what_is_in_flight() {
    let host = TestHost::load::<Slow>(None).unwrap();
    let calls: Vec<_> = (0..10).map(|_| host.begin(&())).collect();
    host.unload();
    for call in calls {
        assert_eq!(call.wait(), Ok(Value::from(true)));
    }
    assert_eq!(STOPPED.load(Ordering::Relaxed), 1);
}
