// SPDX-License-Identifier: GPL-2.0-or-later
//! Requests, to the server and to streams by number.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use frr_runtime::{Error, Host, Service};

use crate::call::{Connection, unary};
use crate::config::{Config, read, seconds};
use crate::request::{Answer, Request};
use crate::schema::Schema;
use crate::stream::{Batch, Stream};

/// Streams that one runtime holds: more are a script that opens one for each event.
const MAX_STREAMS: usize = 256;
/// How often streams that nobody uses are looked for.
const SWEEP: Duration = Duration::from_secs(10);

/// One server.
pub struct Grpc {
    connection: Connection,
    schema: Schema,
    timeout: Duration,
    streams: Arc<Mutex<HashMap<u64, Arc<Stream>>>>,
    numbers: AtomicU64,
}

impl Service for Grpc {
    type Config = Config;
    type Request = Request;
    type Answer = Answer;

    async fn start(config: Config, _host: Host) -> Result<Grpc, Error> {
        let channel = config.channel()?;
        let schema = Schema::new(channel.clone());
        if let Some(path) = &config.descriptors {
            schema.add(&read("descriptors", path)?)?;
        }
        let streams = Arc::default();
        tokio::spawn(sweep(Arc::downgrade(&streams)));
        Ok(Grpc {
            connection: Connection { channel, max_message: config.max_message },
            schema,
            timeout: seconds("timeout", config.timeout)?,
            streams,
            numbers: AtomicU64::new(1),
        })
    }

    async fn call(&self, request: Request) -> Result<Answer, Error> {
        match request {
            Request::Unary { method, message, metadata, timeout } => {
                let limit = timeout.map_or(Ok(self.timeout), |t| seconds("timeout", t))?;
                let call = async {
                    let method = self.schema.method(&method).await?;
                    unary(&self.connection, &method, &message, metadata, limit).await
                };
                // Also when the server doesn't look at the time.
                tokio::time::timeout(limit, call).await.unwrap_or_else(|_| Err(late(limit)))
            }
            Request::Open { method, metadata, timeout } => {
                let timeout = timeout.map(|t| seconds("timeout", t)).transpose()?;
                let limit = timeout.unwrap_or(self.timeout);
                let method = tokio::time::timeout(limit, self.schema.method(&method))
                    .await
                    .unwrap_or_else(|_| Err(late(limit)))?;
                self.insert(Stream::open(self.connection.clone(), &method, metadata, timeout)?)
            }
            Request::Send { stream, messages } => {
                self.stream(stream)?.send(&messages).await?;
                Ok(Answer::Done)
            }
            Request::Recv { stream, after, max } => {
                let Batch { number, messages, done } = self.stream(stream)?.recv(after, max).await?;
                Ok(Answer::Messages { number, messages, done })
            }
            Request::CloseSend { stream } => {
                self.stream(stream)?.close_send();
                Ok(Answer::Done)
            }
            Request::Close { stream } => {
                lock(&self.streams).remove(&stream).ok_or_else(closed)?.close();
                Ok(Answer::Done)
            }
            Request::Describe { descriptors } => {
                self.schema.add(&descriptors)?;
                Ok(Answer::Done)
            }
        }
    }
}

impl Grpc {
    fn insert(&self, stream: Stream) -> Result<Answer, Error> {
        let mut streams = lock(&self.streams);
        if streams.len() >= MAX_STREAMS {
            return Err(Error::request(format!("there are {MAX_STREAMS} streams already; close those that ended")));
        }
        let number = self.numbers.fetch_add(1, Ordering::Relaxed);
        streams.insert(number, Arc::new(stream));
        Ok(Answer::Opened { stream: number })
    }

    fn stream(&self, number: u64) -> Result<Arc<Stream>, Error> {
        lock(&self.streams).get(&number).cloned().ok_or_else(closed)
    }
}

/// Ends streams that a script left behind.
async fn sweep(streams: Weak<Mutex<HashMap<u64, Arc<Stream>>>>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(streams) = streams.upgrade() else { return };
        lock(&streams).retain(|_, stream| !stream.forgotten());
    }
}

fn late(limit: Duration) -> Error {
    Error::new("deadline_exceeded", format!("no answer in {} seconds", limit.as_secs_f64()))
        .code(i32::from(tonic::Code::DeadlineExceeded).into())
}

fn closed() -> Error {
    Error::new("closed", "this stream is closed")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
