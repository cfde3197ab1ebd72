// SPDX-License-Identifier: GPL-2.0-or-later
//! Writing records. A record is taken or refused at once; what was taken waits in the lane of its topic, so that a topic
//! that doesn't exist holds up no other. Two tasks serve a lane: one hands records to the client in their order, one
//! waits for the brokers to acknowledge them.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use frr_runtime::Error;
use krafka::producer::{DeliveryHandle, RecordMetadata};
use krafka::{KrafkaError, Record};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};

use crate::cluster::{Cluster, Pause};
use crate::config::seconds;
use crate::error::explain;
use crate::request::{Acks, Compression, Counts, NewRecord, Outcome, ProducerSettings};

/// Topics that one producer may write to. Each has its lane until the producer ends.
const MAX_TOPICS: usize = 256;
/// How long the client may hold a lane up before the lane looks at its deadline again.
const MAX_BLOCK: Duration = Duration::from_secs(5);

/// A producer.
pub struct Producer {
    shared: Arc<Shared>,
    lanes: Mutex<HashMap<String, mpsc::UnboundedSender<Item>>>,
}

struct Shared {
    cluster: Arc<Cluster>,
    settings: ProducerSettings,
    linger: Duration,
    delivery_timeout: Duration,
    /// Made by the first record, and made anew when it is beyond repair.
    client: tokio::sync::Mutex<Option<Arc<krafka::producer::Producer>>>,
    waiting: Mutex<Room>,
    taken: AtomicU64,
    refused: AtomicU64,
    written: AtomicU64,
    failed: AtomicU64,
}

#[derive(Default)]
struct Room {
    records: usize,
    bytes: usize,
}

/// What a lane carries.
enum Item {
    Record(Waiting),
    /// Answered when all before it have an outcome.
    Mark(oneshot::Sender<()>),
}

struct Waiting {
    record: Record,
    size: usize,
    deadline: Instant,
    reply: Option<oneshot::Sender<Outcome>>,
}

/// What waits for an acknowledgement.
enum Placed {
    Record { handle: DeliveryHandle, size: usize, reply: Option<oneshot::Sender<Outcome>> },
    Mark(oneshot::Sender<()>),
}

impl Producer {
    /// Checks the settings; connects to nothing.
    pub fn new(cluster: Arc<Cluster>, settings: ProducerSettings) -> Result<Producer, Error> {
        if settings.idempotent && settings.acks != Acks::All {
            return Err(Error::request("idempotent needs acks = \"all\"; say idempotent = false"));
        }
        if settings.max_records == 0 || settings.max_bytes == 0 || settings.batch_bytes == 0 {
            return Err(Error::request("max_records, max_bytes and batch_bytes are more than 0"));
        }
        let linger = if settings.linger == 0.0 { Duration::ZERO } else { seconds("linger", settings.linger)? };
        let delivery_timeout = seconds("delivery_timeout", settings.delivery_timeout)?;
        let shared = Shared {
            cluster,
            settings,
            linger,
            delivery_timeout,
            client: Default::default(),
            waiting: Default::default(),
            taken: Default::default(),
            refused: Default::default(),
            written: Default::default(),
            failed: Default::default(),
        };
        Ok(Producer { shared: Arc::new(shared), lanes: Mutex::default() })
    }

    /// The settings that it was made with.
    pub fn settings(&self) -> &ProducerSettings {
        &self.shared.settings
    }

    /// Takes a record, or says why not. Never waits.
    pub fn take(&self, new: NewRecord, reply: Option<oneshot::Sender<Outcome>>) -> Result<(), Error> {
        let outcome = self.try_take(new, reply);
        let counter = if outcome.is_ok() { &self.shared.taken } else { &self.shared.refused };
        counter.fetch_add(1, Ordering::Relaxed);
        outcome
    }

    fn try_take(&self, new: NewRecord, reply: Option<oneshot::Sender<Outcome>>) -> Result<(), Error> {
        let size = new.size();
        let record = Record::from(new);
        record.validate().map_err(|e| Error::request(format!("this record can't be written: {e}")))?;
        let lane = self.lane(&record.topic)?;
        self.shared.reserve(size)?;
        let deadline = Instant::now() + self.shared.delivery_timeout;
        // A lane lives as long as its sender.
        let _ = lane.send(Item::Record(Waiting { record, size, deadline, reply }));
        Ok(())
    }

    fn lane(&self, topic: &str) -> Result<mpsc::UnboundedSender<Item>, Error> {
        let mut lanes = lock(&self.lanes);
        if let Some(lane) = lanes.get(topic) {
            return Ok(lane.clone());
        }
        if lanes.len() >= MAX_TOPICS {
            return Err(Error::request(format!("a producer writes to at most {MAX_TOPICS} topics")));
        }
        let (sender, items) = mpsc::unbounded_channel();
        let (placed, acknowledged) = mpsc::unbounded_channel();
        tokio::spawn(place(self.shared.clone(), items, placed));
        tokio::spawn(settle(self.shared.clone(), acknowledged));
        lanes.insert(topic.to_string(), sender.clone());
        Ok(sender)
    }

    /// Waits until all that was taken before has an outcome.
    pub async fn flush(&self) {
        let marks: Vec<_> = lock(&self.lanes)
            .values()
            .map(|lane| {
                let (mark, reached) = oneshot::channel();
                let _ = lane.send(Item::Mark(mark));
                reached
            })
            .collect();
        for reached in marks {
            let _ = reached.await;
        }
    }

    /// What it did so far.
    pub fn counts(&self) -> Counts {
        let shared = &self.shared;
        let room = lock(&shared.waiting);
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counts {
            taken: of(&shared.taken),
            refused: of(&shared.refused),
            written: of(&shared.written),
            failed: of(&shared.failed),
            waiting: room.records,
            waiting_bytes: room.bytes,
        }
    }
}

/// Hands the records of a lane to the client, in their order.
async fn place(shared: Arc<Shared>, mut items: mpsc::UnboundedReceiver<Item>, placed: mpsc::UnboundedSender<Placed>) {
    while let Some(item) = items.recv().await {
        let next = match item {
            Item::Mark(mark) => Placed::Mark(mark),
            Item::Record(Waiting { record, size, deadline, reply }) => match shared.enqueue(record, deadline).await {
                Ok(handle) => Placed::Record { handle, size, reply },
                Err(e) => {
                    shared.done(size, reply, Err(e));
                    continue;
                }
            },
        };
        let _ = placed.send(next);
    }
}

/// Waits for the acknowledgements of a lane. One after the other: the client bounds each.
async fn settle(shared: Arc<Shared>, mut placed: mpsc::UnboundedReceiver<Placed>) {
    while let Some(next) = placed.recv().await {
        match next {
            Placed::Mark(mark) => {
                let _ = mark.send(());
            }
            Placed::Record { handle, size, reply } => {
                let outcome = handle.await;
                if let Err(e) = &outcome
                    && e.is_fatal()
                {
                    shared.discard().await;
                }
                shared.done(size, reply, outcome.map_err(|e| explain(&e)));
            }
        }
    }
}

impl Shared {
    fn reserve(&self, size: usize) -> Result<(), Error> {
        let mut room = lock(&self.waiting);
        if room.records >= self.settings.max_records || room.bytes + size > self.settings.max_bytes {
            let Room { records, bytes } = *room;
            return Err(Error::new("full", format!("{records} records with {bytes} bytes wait to be written")));
        }
        room.records += 1;
        room.bytes += size;
        Ok(())
    }

    fn done(&self, size: usize, reply: Option<oneshot::Sender<Outcome>>, outcome: Result<RecordMetadata, Error>) {
        {
            let mut room = lock(&self.waiting);
            room.records -= 1;
            room.bytes -= size;
        }
        let outcome = match outcome {
            Ok(meta) => {
                self.written.fetch_add(1, Ordering::Relaxed);
                Outcome::Written { partition: meta.partition, offset: meta.is_success().then_some(meta.offset) }
            }
            Err(error) => {
                let failed = self.failed.fetch_add(1, Ordering::Relaxed) + 1;
                // Who doesn't wait finds the number in the counts. The log says why, ever more rarely.
                if reply.is_none() && failed.is_power_of_two() {
                    log::warn!("{failed} records were not written, the last one since: {error}");
                }
                Outcome::Failed { error }
            }
        };
        if let Some(reply) = reply {
            let _ = reply.send(outcome);
        }
    }

    /// Puts a record into the client's buffer. Tries until the deadline when no broker answers.
    async fn enqueue(&self, record: Record, deadline: Instant) -> Result<DeliveryHandle, Error> {
        let mut pause = Pause::default();
        loop {
            let client = self.client(deadline).await?;
            let failure = match timeout_at(deadline, client.enqueue(record.clone())).await {
                Ok(Ok(handle)) => return Ok(handle),
                Ok(Err(e)) => e,
                Err(_) => KrafkaError::timeout("waiting for the topic's partitions"),
            };
            if failure.is_fatal() {
                self.discard().await;
                return Err(explain(&failure));
            }
            if !failure.is_retriable() || Instant::now() >= deadline {
                return Err(explain(&failure));
            }
            pause.wait().await;
        }
    }

    async fn client(&self, deadline: Instant) -> Result<Arc<krafka::producer::Producer>, Error> {
        let mut slot = self.client.lock().await;
        if let Some(client) = &*slot {
            return Ok(client.clone());
        }
        let kafka = self.cluster.connect(Some(deadline)).await?;
        let settings = &self.settings;
        let client = kafka
            .producer()
            .acks(match settings.acks {
                Acks::All => krafka::producer::Acks::All,
                Acks::Leader => krafka::producer::Acks::Leader,
                Acks::None => krafka::producer::Acks::None,
            })
            .idempotent(settings.idempotent)
            .compression(match settings.compression {
                Compression::None => krafka::Compression::None,
                Compression::Gzip => krafka::Compression::Gzip,
                Compression::Snappy => krafka::Compression::Snappy,
                Compression::Lz4 => krafka::Compression::Lz4,
            })
            .linger(self.linger)
            .batch_size(settings.batch_bytes)
            .delivery_timeout(self.delivery_timeout.max(self.linger + self.cluster.request_timeout()))
            .max_block(MAX_BLOCK)
            // What waits is bounded here, not there.
            .buffer_memory(settings.max_bytes.saturating_mul(2))
            // A router tells nobody about itself unless its script does.
            .metrics_push(false)
            .build()
            .await
            .map_err(|e| explain(&e))?;
        let client = Arc::new(client);
        *slot = Some(client.clone());
        Ok(client)
    }

    async fn discard(&self) {
        *self.client.lock().await = None;
    }
}

/// A panic while it was held left nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
