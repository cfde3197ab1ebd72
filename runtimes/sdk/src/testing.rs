// SPDX-License-Identifier: GPL-2.0-or-later
//! A small host inside the process, for the tests of runtimes (feature `testing`): the same ABI, without a daemon.
//!
//! ```no_run
//! # use frr_runtime::testing::TestHost;
//! # fn of<S: frr_runtime::Service>() {
//! let host = TestHost::load::<S>(Some(r#"{ "endpoint": "127.0.0.1:2379" }"#)).unwrap();
//! let answer = host.call(&serde_json::json!({ "op": "get", "key": "a" })).unwrap();
//! # }
//! ```
//!
//! Every task is checked to be answered exactly once; unloading (also by a drop) waits for the runtime's threads.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ciborium::Value;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::ffi;
use crate::ffi::test_host::{self, Answer, Shared, State};
use crate::service::Service;

/// Longer than anything that a test waits for: reaching it is a failure.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A loaded runtime.
pub struct TestHost {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// A call in flight.
pub struct Pending {
    answer: Receiver<Answer>,
    task: Arc<State>,
}

impl TestHost {
    /// Loads a runtime; an error is what it would have written to the log.
    pub fn load<S: Service>(config: Option<&str>) -> Result<TestHost, Error> {
        TestHost::load_on::<S>(config, true)
    }

    /// The same on a host that has no more than upstream's three functions.
    pub fn load_plain<S: Service>(config: Option<&str>) -> Result<TestHost, Error> {
        TestHost::load_on::<S>(config, false)
    }

    fn load_on<S: Service>(config: Option<&str>, extended: bool) -> Result<TestHost, Error> {
        let shared = Arc::new(Shared::default());
        let queue = test_host::register(&shared);
        let api = Arc::new(test_host::api(extended));
        let queue = ptr::without_provenance_mut::<c_void>(queue);
        let thread = ffi::launch::<S>("test", api, config.map(str::as_bytes), queue)?;
        Ok(TestHost { shared, thread: Some(thread) })
    }

    /// Asks, and waits for the answer. An error is the table that a script would get.
    pub fn call(&self, request: &impl Serialize) -> Result<Value, Value> {
        self.begin(request).wait()
    }

    /// Asks, and decodes the answer.
    pub fn ask<T: DeserializeOwned>(&self, request: &impl Serialize) -> Result<T, Value> {
        self.call(request).map(|value| value.deserialized().expect("the answer has another shape"))
    }

    /// Asks, without waiting.
    pub fn begin(&self, request: &impl Serialize) -> Pending {
        let mut bytes = Vec::new();
        ciborium::into_writer(request, &mut bytes).expect("a request that can be written");
        self.begin_raw(Some(bytes))
    }

    /// Asks with these very bytes, or with none.
    pub fn begin_raw(&self, request: Option<Vec<u8>>) -> Pending {
        let (task, answer) = self.shared.post(request);
        Pending { answer, task }
    }

    /// Unloads the runtime and waits until its threads are gone.
    pub fn unload(mut self) {
        self.finish();
    }

    fn finish(&mut self) {
        self.shared.finish();
        let Some(thread) = self.thread.take() else { return };
        let late = Instant::now() + PATIENCE;
        while !thread.is_finished() {
            assert!(Instant::now() < late, "the poller did not return after the unload");
            std::thread::sleep(Duration::from_millis(1));
        }
        thread.join().expect("a poller that does not panic");
    }
}

impl Drop for TestHost {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.finish();
        }
    }
}

impl Pending {
    /// The answer, or the error table.
    pub fn wait(&self) -> Result<Value, Value> {
        self.wait_for(PATIENCE).expect("no answer")
    }

    /// The same with a limit; `None` when there is no answer until then.
    pub fn wait_for(&self, limit: Duration) -> Option<Result<Value, Value>> {
        let (rc, body) = self.wait_raw(limit)?;
        let value =
            body.as_deref().map(|b| ciborium::from_reader(b).expect("an answer in CBOR")).unwrap_or(Value::Null);
        Some(if rc == 0 { Ok(value) } else { Err(value) })
    }

    /// Return code and bytes.
    pub fn wait_raw(&self, limit: Duration) -> Option<(c_int, Option<Vec<u8>>)> {
        match self.answer.recv_timeout(limit) {
            Ok(answer) => Some(answer),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("the answer was taken before"),
        }
    }

    /// Tells the runtime that nobody waits any more; it still has to answer.
    pub fn cancel(&self) {
        self.task.cancelled.store(true, Ordering::Release);
    }
}

/// The field of a table that an answer or an error is.
pub fn field<'a>(table: &'a Value, name: &str) -> &'a Value {
    const NONE: &Value = &Value::Null;
    let map = table.as_map().unwrap_or_else(|| panic!("no table: {table:?}"));
    map.iter().find(|(key, _)| key.as_text() == Some(name)).map_or(NONE, |(_, value)| value)
}

/// The text of a field; empty when it is none.
pub fn text<'a>(table: &'a Value, name: &str) -> &'a str {
    field(table, name).as_text().unwrap_or_default()
}
