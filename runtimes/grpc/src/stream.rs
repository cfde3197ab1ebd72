// SPDX-License-Identifier: GPL-2.0-or-later
//! Streams, in one direction or both: they are the same on the wire. A task reads for each; what it has read and the
//! script has not waits in a short queue, and then the server waits.
//!
//! An answer may get lost between a runtime and a script that has just given up waiting, so each batch of messages has
//! a number and is kept until the script asks for what comes after it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use frr_runtime::{Error, Map, Octets, Value};
use prost_reflect::{DynamicMessage, MessageDescriptor, MethodDescriptor};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;

use crate::call::{Connection, overdue, path, request};
use crate::codec::DynamicCodec;
use crate::convert;
use crate::error::explain;

/// Messages that wait, in each direction.
const QUEUE: usize = 64;
/// Nobody reads or writes it for so long: a script that was loaded again left it behind.
const FORGOTTEN: Duration = Duration::from_secs(300);

/// A stream.
pub struct Stream {
    input: MessageDescriptor,
    /// The server takes one message only, and waits for the end of what we send.
    single: bool,
    /// None when there is nothing more to send.
    sender: Mutex<Option<mpsc::Sender<DynamicMessage>>>,
    receiver: tokio::sync::Mutex<Incoming>,
    task: AbortHandle,
    born: Instant,
    /// Milliseconds from then to when it was last used.
    used: AtomicU64,
}

struct Incoming {
    messages: mpsc::Receiver<Result<DynamicMessage, Status>>,
    /// Came after messages that were given first.
    failed: Option<Status>,
    /// What was given last, until the script asks for what comes after it.
    last: Batch,
}

/// What a stream got.
#[derive(Clone, Default)]
pub struct Batch {
    /// Counts the batches of this stream, from 1.
    pub number: u64,
    /// As tables.
    pub messages: Vec<Value>,
    /// Nothing comes after these.
    pub done: bool,
}

impl Stream {
    /// Begins a stream. That the server can't be reached is what `recv` says.
    pub fn open(
        connection: Connection,
        method: &MethodDescriptor,
        headers: Map<Octets>,
        timeout: Option<Duration>,
    ) -> Result<Stream, Error> {
        let (sender, outgoing) = mpsc::channel(QUEUE);
        let (incoming, messages) = mpsc::channel(QUEUE);
        let request = request(ReceiverStream::new(outgoing), headers, timeout)?;
        let codec = DynamicCodec { output: method.output() };
        let path = path(method).map_err(|status| explain(&status))?;
        let task = tokio::spawn(async move {
            let pump = async {
                let mut client = connection.client().await?;
                let mut answers = client.streaming(request, path, codec).await?.into_inner();
                while let Some(answer) = answers.next().await {
                    // The script closed it.
                    if incoming.send(Ok(answer?)).await.is_err() {
                        break;
                    }
                }
                Ok(())
            };
            // The server may not look at the time.
            let outcome = match timeout {
                None => pump.await,
                Some(limit) => {
                    let began = std::time::Instant::now();
                    tokio::time::timeout(limit, pump)
                        .await
                        .unwrap_or_else(|_| Err(Status::cancelled("")))
                        .map_err(|status| overdue(status, began, limit))
                }
            };
            if let Err(status) = outcome {
                let _ = incoming.send(Err(status)).await;
            }
        });
        Ok(Stream {
            input: method.input(),
            single: !method.is_client_streaming(),
            sender: Mutex::new(Some(sender)),
            receiver: tokio::sync::Mutex::new(Incoming { messages, failed: None, last: Batch::default() }),
            task: task.abort_handle(),
            born: Instant::now(),
            used: AtomicU64::new(0),
        })
    }

    /// Sends messages. Waits while the queue is full.
    pub async fn send(&self, messages: &[Value]) -> Result<(), Error> {
        self.touch();
        let sender =
            self.sender().clone().ok_or_else(|| Error::new("closed", "close_send() said that nothing more comes"))?;
        // All of them have to be right before the first one goes.
        let messages =
            messages.iter().map(|m| convert::message(self.input.clone(), m)).collect::<Result<Vec<_>, _>>()?;
        if self.single {
            if messages.len() > 1 {
                return Err(Error::request("this method takes one message"));
            }
            self.sender().take();
        }
        for message in messages {
            sender
                .send(message)
                .await
                .map_err(|_| Error::new("closed", "the server ended the stream; recv() says why"))?;
        }
        self.touch();
        Ok(())
    }

    /// Nothing more is sent.
    pub fn close_send(&self) {
        self.touch();
        self.sender().take();
    }

    /// Waits for the batch after that number. A failure comes after what was received before it.
    pub async fn recv(&self, after: u64, max: usize) -> Result<Batch, Error> {
        self.touch();
        // Another call that waits is one that the script has given up; what it gets is given to this one.
        let mut incoming = self.receiver.lock().await;
        if incoming.last.number > after {
            return Ok(incoming.last.clone());
        }
        if let Some(status) = &incoming.failed {
            return Err(explain(status));
        }
        // No wait after the first message: a call that is dropped loses none.
        let mut next = incoming.messages.recv().await;
        let (mut messages, mut done) = (Vec::new(), false);
        loop {
            match next {
                Some(Ok(message)) => messages.push(convert::table(&message)),
                Some(Err(status)) => {
                    let error = explain(&status);
                    incoming.failed = Some(status);
                    if messages.is_empty() {
                        return Err(error);
                    }
                    break;
                }
                None => {
                    done = true;
                    break;
                }
            }
            if messages.len() >= max.max(1) {
                break;
            }
            next = match incoming.messages.try_recv() {
                Ok(item) => Some(item),
                Err(mpsc::error::TryRecvError::Empty) => break,
                Err(mpsc::error::TryRecvError::Disconnected) => None,
            };
        }
        self.touch();
        incoming.last = Batch { number: incoming.last.number + 1, messages, done };
        Ok(incoming.last.clone())
    }

    /// Whether nobody uses it any more.
    pub fn forgotten(&self) -> bool {
        let idle = self.born.elapsed().saturating_sub(Duration::from_millis(self.used.load(Ordering::Relaxed)));
        idle > FORGOTTEN && self.receiver.try_lock().is_ok()
    }

    fn touch(&self) {
        self.used.store(self.born.elapsed().as_millis() as u64, Ordering::Relaxed);
    }

    fn sender(&self) -> std::sync::MutexGuard<'_, Option<mpsc::Sender<DynamicMessage>>> {
        self.sender.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // Tells the server with a reset; a recv that waits gets the end.
        self.task.abort();
    }
}

impl Stream {
    /// Ends it, also for a task that waits for messages.
    pub fn close(&self) {
        self.sender().take();
        self.task.abort();
    }
}
