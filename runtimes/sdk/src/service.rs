// SPDX-License-Identifier: GPL-2.0-or-later
//! What a runtime writes: its configuration, its requests and what answers them.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::dict::Dict;
use crate::error::Error;
use crate::ffi::Api;

/// A runtime: started once for each configuration, then called by any number of tasks at the same time.
pub trait Service: Send + Sync + Sized + 'static {
    /// What the script gave as the second argument of `frr.load_ffi`, as JSON. Default when it gave nothing.
    type Config: DeserializeOwned + Default + Send;
    /// What a call asks, from CBOR. An enum with `#[serde(tag = "op")]` gives a runtime several calls.
    type Request: DeserializeOwned + Send;
    /// What a call answers, as CBOR. [`Value`](crate::Value) when it depends.
    type Answer: Serialize + Send;

    /// Threads for the calls: 0 for a single one, which is enough for what waits for a network.
    const WORKERS: usize = 0;
    /// How long [`Service::stop`] may take when the runtime is unloaded.
    const STOP_LIMIT: Duration = Duration::from_secs(3);

    /// Makes the runtime of a configuration. The script that loads it waits, so connect in the first call or in a task
    /// of your own, not here. An error refuses the load; the operator finds it in the log.
    fn start(config: Self::Config, host: Host) -> impl Future<Output = Result<Self, Error>> + Send;

    /// Answers one request. When nobody waits for the answer any more (a timeout, a cancelled call, a script that is
    /// gone), the future is dropped within about a second. What must be finished all the same belongs into a
    /// `tokio::spawn`. A panic answers with an error of kind `panic`.
    fn call(&self, request: Self::Request) -> impl Future<Output = Result<Self::Answer, Error>> + Send;

    /// Called when the runtime is unloaded, before the calls in flight are dropped (each answers with an error of kind
    /// `finished`): the place to flush and to say goodbye.
    fn stop(&self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// What the host gives to a runtime beside calls. Cheap to clone.
#[derive(Clone)]
pub struct Host {
    api: Arc<Api>,
}

impl Host {
    pub(crate) fn new(api: Arc<Api>) -> Host {
        Host { api }
    }

    /// The process-wide store of that name, which scripts see as `frr.shared_dict(name)`.
    /// Fails when the name has a NUL, or when the host has no shared dicts.
    pub fn dict(&self, name: &str) -> Result<Dict, Error> {
        Dict::open(self.api.clone(), name)
    }
}
