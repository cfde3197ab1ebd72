// SPDX-License-Identifier: GPL-2.0-or-later
//! The threads of a loaded runtime: one polls the queue, one drives tokio; and the life of a call.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::Poll;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ciborium::Value;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::oneshot;

use crate::error::Error;
use crate::ffi::{Api, Buffer, Polled, Queue, Task};
use crate::logging::{self, THREAD_PREFIX};
use crate::service::{Host, Service};

/// Return codes of answers. Any but 0 comes with an [`Error`].
const OK: i32 = 0;
const FAILED: i32 = 1;

/// Threads for what blocks: names are resolved there.
const BLOCKING_THREADS: usize = 4;
/// Taken from the queue at once.
const BATCH: usize = 64;
/// When a call that waits first asks whether somebody still waits for it, and how rarely it comes to ask.
const FIRST_LOOK: Duration = Duration::from_millis(100);
const RAREST_LOOK: Duration = Duration::from_secs(1);

/// Starts a runtime. The thread that comes back ends when the queue is finished and all calls are answered.
pub(crate) fn launch<S: Service>(
    name: &str,
    api: Arc<Api>,
    config: Option<&[u8]>,
    queue: Queue,
) -> Result<JoinHandle<()>, Error> {
    logging::install(&api);
    let config = match config {
        // An empty table of Lua is an empty list in JSON.
        None | Some(b"" | b"[]") => S::Config::default(),
        Some(text) => serde_json::from_slice(text)
            .map_err(|e| Error::new("config", format!("the configuration is not what {name} takes: {e}")))?,
    };
    let tokio = build::<S>(name).map_err(|e| Error::new("system", format!("no threads for {name}: {e}")))?;
    let handle = tokio.handle().clone();
    let (stop, stopped) = oneshot::channel();
    let (ready, started) = mpsc::channel();
    let host = Host::new(api.clone());
    let driver = spawn(name, "run", move || drive::<S>(tokio, config, host, &ready, stopped))?;
    // The driver drops its end when `start` panics.
    let service = match started.recv() {
        Ok(outcome) => outcome?,
        Err(_) => return Err(Error::new("panic", format!("{name} panicked while it started"))),
    };
    spawn(name, "poll", move || {
        poll(&api, &queue, &handle, &service);
        drop(service);
        let _ = stop.send(());
        let _ = driver.join();
    })
}

fn build<S: Service>(name: &str) -> std::io::Result<Runtime> {
    let mut builder = match S::WORKERS {
        0 => Builder::new_current_thread(),
        workers => {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(workers);
            builder
        }
    };
    builder.max_blocking_threads(BLOCKING_THREADS).thread_name(thread_name(name, "work")).enable_all().build()
}

fn spawn(name: &str, role: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Error> {
    thread::Builder::new()
        .name(thread_name(name, role))
        .spawn(body)
        .map_err(|e| Error::new("system", format!("no thread for {name}: {e}")))
}

fn thread_name(name: &str, role: &str) -> String {
    // The kernel keeps 15 bytes.
    let name = name.strip_prefix("frr-").unwrap_or(name);
    let room = 14 - THREAD_PREFIX.len() - role.len();
    let short: String = name.chars().filter(char::is_ascii_graphic).take(room).collect();
    format!("{THREAD_PREFIX}{short}-{role}")
}

/// The thread of tokio: starts the service, serves until told to stop, then drops what is in flight, which answers it.
fn drive<S: Service>(
    tokio: Runtime,
    config: S::Config,
    host: Host,
    ready: &mpsc::Sender<Result<Arc<S>, Error>>,
    stopped: oneshot::Receiver<()>,
) {
    let outcome = tokio.block_on(async {
        let service = Arc::new(S::start(config, host).await?);
        Ok::<_, Error>(service)
    });
    match outcome {
        Err(e) => {
            let _ = ready.send(Err(e));
        }
        Ok(service) => {
            let served = service.clone();
            if ready.send(Ok(service)).is_ok() {
                tokio.block_on(async {
                    let _ = stopped.await;
                    let stop = guarded(served.stop());
                    match tokio::time::timeout(S::STOP_LIMIT, stop).await {
                        Ok(Ok(())) => (),
                        Ok(Err(message)) => log::error!("panic while it stopped: {message}"),
                        Err(_) => log::warn!("gave up after {:?} of stopping", S::STOP_LIMIT),
                    }
                });
            }
        }
    }
    // A blocking call (a name that resolves slowly) isn't waited for.
    tokio.shutdown_timeout(Duration::from_millis(500));
}

/// Until the host says that there is nothing more to come.
fn poll<S: Service>(api: &Arc<Api>, queue: &Queue, tokio: &Handle, service: &Arc<S>) {
    let mut batch = Polled::new(BATCH);
    while batch.wait(api, queue) {
        for task in batch.take(api) {
            tokio.spawn(serve(service.clone(), task));
        }
    }
}

/// The whole life of a call. Whatever happens to this future, the task is answered: dropping it does that too.
async fn serve<S: Service>(service: Arc<S>, task: Task) {
    let request = match decode(task.request()) {
        Ok(request) => request,
        Err(e) => return fail(task, &e),
    };
    let mut call = pin!(guarded(service.call(request)));
    let outcome = {
        let mut gone = pin!(abandoned(&task));
        tokio::select! {
            biased;
            outcome = &mut call => Some(outcome),
            () = &mut gone => None,
        }
    };
    match outcome {
        Some(Ok(Ok(answer))) => match encode(&answer) {
            Ok(body) => task.respond(OK, body),
            Err(e) => fail(task, &e),
        },
        Some(Ok(Err(e))) => fail(task, &e),
        Some(Err(message)) => fail(task, &Error::new("panic", format!("the runtime panicked: {message}"))),
        None => fail(task, &Error::new("cancelled", "nobody waited for the answer")),
    }
}

/// Ready when nobody waits for the answer any more.
async fn abandoned(task: &Task) {
    if !task.tells_cancelled() {
        return std::future::pending().await;
    }
    let mut pause = FIRST_LOOK;
    loop {
        tokio::time::sleep(pause).await;
        if task.cancelled() {
            return;
        }
        pause = (pause * 2).min(RAREST_LOOK);
    }
}

/// Turns a panic of the future into an error.
async fn guarded<F: Future>(future: F) -> Result<F::Output, String> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // The future is never polled again after a panic.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(payload) => Poll::Ready(Err(panic_text(&*payload))),
        }
    })
    .await
}

fn panic_text(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").to_string()
}

fn decode<T: serde::de::DeserializeOwned>(request: &[u8]) -> Result<T, Error> {
    // No request at all is nil.
    let request = if request.is_empty() { b"\xf6" } else { request };
    let unreadable = |why: String| Error::request(format!("the request can't be read: {why}"));
    let mut value: Value = ciborium::from_reader(request).map_err(|e| {
        unreadable(match e {
            ciborium::de::Error::Semantic(_, text) => text,
            ciborium::de::Error::Io(_) => "it ends too early".to_string(),
            ciborium::de::Error::Syntax(at) => format!("no CBOR at byte {at}; use frr.cbor.encode"),
            ciborium::de::Error::RecursionLimitExceeded => "it is nested too deeply".to_string(),
        })
    })?;
    whole(&mut value);
    value.deserialized().map_err(|ciborium::value::Error::Custom(text)| unreadable(text))
}

/// Makes numbers without a fraction integers: Lua has one type of number, and serde doesn't read a float as an integer
/// (but an integer as a float).
fn whole(value: &mut Value) {
    /// Up to there a float has all integers.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Float(number) if number.fract() == 0.0 && number.abs() <= EXACT => {
            *value = Value::from(*number as i64);
        }
        Value::Array(items) => items.iter_mut().for_each(whole),
        Value::Map(entries) => entries.iter_mut().for_each(|(_, value)| whole(value)),
        Value::Tag(_, inner) => whole(inner),
        _ => (),
    }
}

fn encode<T: serde::Serialize>(answer: &T) -> Result<Buffer, Error> {
    let mut buffer = Buffer::new();
    ciborium::into_writer(answer, &mut buffer)
        .map_err(|e| Error::new("answer", format!("the answer can't be written: {e}")))?;
    Ok(buffer)
}

pub(crate) fn fail(task: Task, error: &Error) {
    task.respond(FAILED, encode(error).unwrap_or_default());
}
