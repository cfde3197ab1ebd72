// SPDX-License-Identifier: GPL-2.0-or-later
//! A broker for each test, and the words of a script.
//!
//! Two of them. librdkafka's mock cluster (Debian: librdkafka-dev) starts in no time, but knows too little of groups: a
//! member can't leave. tansu is a whole broker on crates.io; the first test that needs it builds it, which takes some
//! minutes, into the target folder. A tansu from elsewhere: its path in `KAFKA_BROKER`.
#![allow(dead_code)]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

use frr_runtime::Value;
use frr_runtime::testing::{TestHost, field};
use kafka::Kafka;
use serde_json::json;

/// A broker on loopback. It ends with the test.
pub struct Broker {
    pub address: String,
    kind: Kind,
    topics: Vec<(String, u32)>,
}

enum Kind {
    Librdkafka { process: Child, orders: ChildStdin, answers: BufReader<ChildStdout> },
    Tansu { program: PathBuf, process: Child },
}

impl Broker {
    /// tansu, with its groups.
    pub fn real() -> Broker {
        let program = tansu_program().to_path_buf();
        let address = format!("127.0.0.1:{}", free_port());
        let process = tansu(&program, &address);
        Broker { address, kind: Kind::Tansu { program, process }, topics: Vec::new() }
    }

    /// librdkafka's.
    pub fn start() -> Broker {
        let mut process = Command::new(program())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the broker");
        let orders = process.stdin.take().unwrap();
        let mut answers = BufReader::new(process.stdout.take().unwrap());
        let ready = line(&mut answers);
        let address = ready.strip_prefix("ready ").expect("the broker's address").to_string();
        Broker { address, kind: Kind::Librdkafka { process, orders, answers }, topics: Vec::new() }
    }

    /// Makes a topic.
    pub fn topic(&mut self, name: &str, partitions: u32) {
        self.topics.push((name.into(), partitions));
        match &mut self.kind {
            Kind::Librdkafka { .. } => self.order(&format!("topic {name} {partitions}")),
            Kind::Tansu { program, .. } => {
                let broker = format!("tcp://{}", self.address);
                let made = Command::new(program)
                    .args(["topic", "create", "--broker", &broker, "--partitions", &partitions.to_string(), name])
                    .stdout(Stdio::null())
                    .status();
                assert!(made.expect("tansu").success());
            }
        }
    }

    /// Closes all connections and takes no more.
    pub fn down(&mut self) {
        match &mut self.kind {
            Kind::Librdkafka { .. } => self.order("down"),
            Kind::Tansu { process, .. } => end(process),
        }
    }

    /// Takes connections again. A broker that keeps its topics in memory may have lost what was in them.
    pub fn up(&mut self) {
        match &mut self.kind {
            Kind::Librdkafka { .. } => self.order("up"),
            Kind::Tansu { program, process } => {
                *process = tansu(program, &self.address);
                for (name, partitions) in std::mem::take(&mut self.topics) {
                    self.topic(&name, partitions);
                }
            }
        }
    }

    fn order(&mut self, order: &str) {
        let Kind::Librdkafka { orders, answers, .. } = &mut self.kind else { unreachable!() };
        writeln!(orders, "{order}").unwrap();
        assert_eq!(line(answers), "ok", "{order}");
    }

    /// A runtime for this cluster.
    pub fn load(&self) -> TestHost {
        load(&self.address)
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        match &mut self.kind {
            Kind::Librdkafka { process, .. } | Kind::Tansu { process, .. } => end(process),
        }
    }
}

/// A runtime for the cluster at that address.
pub fn load(address: &str) -> TestHost {
    let config = json!({ "brokers": [address], "connect_timeout": 1.0, "request_timeout": 5.0 });
    TestHost::load::<Kafka>(Some(&config.to_string())).unwrap()
}

/// A port that nothing listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Makes a producer or a consumer: its number.
pub fn make(host: &TestHost, request: serde_json::Value) -> u64 {
    let made = host.call(&request).unwrap();
    u64::try_from(field(&made, "id").as_integer().unwrap()).unwrap()
}

/// A consumer from the start of the topic.
pub fn reader(host: &TestHost, group: &str, topic: &str) -> u64 {
    member(host, group, topic, true)
}

/// The same, that commits by itself or not.
pub fn member(host: &TestHost, group: &str, topic: &str, auto_commit: bool) -> u64 {
    make(
        host,
        json!({ "op": "consumer", "group": group, "topics": [topic], "from": "earliest", "auto_commit": auto_commit }),
    )
}

/// Writes texts and waits for them.
pub fn write(host: &TestHost, producer: u64, topic: &str, values: &[String]) {
    let records: Vec<_> = values.iter().map(|v| json!({ "topic": topic, "key": v, "value": v })).collect();
    let sent = host.call(&json!({ "op": "send", "producer": producer, "records": records })).unwrap();
    assert_eq!(number(&sent, "sent"), values.len() as i64, "{sent:?}");
}

/// The same, each in a batch of its own: tansu gives nothing from the middle of a batch.
pub fn write_each(host: &TestHost, topic: &str, values: &[String]) {
    let producer = make(host, json!({ "op": "producer", "linger": 0.0 }));
    for value in values {
        write(host, producer, topic, std::slice::from_ref(value));
    }
}

/// What `recv` gives: at least one record.
pub fn recv(host: &TestHost, consumer: u64, max: usize) -> Vec<Value> {
    let got = host.call(&json!({ "op": "recv", "consumer": consumer, "max": max, "timeout": 30.0 })).unwrap();
    let records = got.into_array().unwrap();
    assert!(!records.is_empty(), "no record came");
    assert!(records.len() <= max);
    records
}

/// Reads until there are that many values; sorted.
pub fn read(host: &TestHost, consumer: u64, count: usize) -> Vec<String> {
    let mut values = Vec::new();
    while values.len() < count {
        values.extend(recv(host, consumer, count - values.len()).iter().map(value));
    }
    values.sort();
    values
}

pub fn value(record: &Value) -> String {
    field(record, "value").as_text().unwrap().to_string()
}

pub fn number(table: &Value, name: &str) -> i64 {
    let number = field(table, name).as_integer().unwrap_or_else(|| panic!("no {name} in {table:?}"));
    i64::try_from(number).unwrap()
}

fn tansu(program: &Path, address: &str) -> Child {
    let url = format!("tcp://{address}");
    let mut process = Command::new(program)
        .args(["broker", "--storage-engine", "memory://tansu/", "--listener-url", &url])
        .args(["--advertised-listener-url", &url])
        .stdout(Stdio::piped())
        .spawn()
        .expect("tansu");
    let mut said = BufReader::new(process.stdout.take().unwrap());
    while !line(&mut said).starts_with("ready") {}
    // What it says later must not fail for want of a reader.
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    process
}

fn line(from: &mut impl BufRead) -> String {
    let mut text = String::new();
    assert_ne!(from.read_line(&mut text).unwrap(), 0, "the broker ended");
    text.trim_end().to_string()
}

fn end(process: &mut Child) {
    let _ = process.kill();
    let _ = process.wait();
}

fn tansu_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(program) = std::env::var_os("KAFKA_BROKER") {
            return program.into();
        }
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let tools = target.join("tools");
        let program = tools.join("bin/tansu");
        if !program.exists() {
            eprintln!("building tansu, once; this takes some minutes");
            let built = Command::new(env!("CARGO"))
                .args(["install", "--quiet", "--debug", "--locked", "tansu", "--version", "0.6.0"])
                .args(["--no-default-features", "--features", "dynostore", "-j2", "--root"])
                .arg(&tools)
                // Not the folder that this very cargo may hold the lock of.
                .env_remove("CARGO_TARGET_DIR")
                .env("CARGO_PROFILE_DEV_DEBUG", "0")
                .status();
            assert!(built.expect("cargo").success(), "tansu can't be built; give the path of one in KAFKA_BROKER");
        }
        program
    })
}

/// Compiles the broker, once.
fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/common/broker.c");
        // Test programs may run at the same time.
        let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kafka-broker-{}", std::process::id()));
        let built = Command::new("cc")
            .args(["-Wall", "-Wextra", "-Werror", "-O1", "-o"])
            .args([&program, &source])
            .args(["-lrdkafka", "-ldl"])
            .status();
        assert!(built.expect("cc").success(), "the broker needs librdkafka-dev: cargo xtask setup --runtimes");
        program
    })
}
