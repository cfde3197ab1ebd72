// SPDX-License-Identifier: GPL-2.0-or-later
//! Requests, to producers and consumers by number.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use frr_runtime::{Error, Host, Service};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::cluster::Cluster;
use crate::config::{Config, seconds};
use crate::consumer::Consumer;
use crate::producer::Producer;
use crate::request::{Answer, NewRecord, Outcome, ProducerSettings, Request};

/// Producers and consumers that one runtime holds: more are a script that makes one for each event.
const MAX_CLIENTS: usize = 64;
/// How often consumers that a reloaded script left behind are looked for.
const SWEEP: Duration = Duration::from_secs(10);

/// One cluster.
pub struct Kafka {
    cluster: Arc<Cluster>,
    clients: Arc<Clients>,
    numbers: AtomicU64,
}

#[derive(Default)]
struct Clients {
    producers: Mutex<HashMap<u64, Arc<Producer>>>,
    consumers: Mutex<HashMap<u64, Arc<Consumer>>>,
}

impl Service for Kafka {
    type Config = Config;
    type Request = Request;
    type Answer = Answer;

    const STOP_LIMIT: Duration = Duration::from_secs(5);

    async fn start(config: Config, _host: Host) -> Result<Kafka, Error> {
        let clients = Arc::new(Clients::default());
        tokio::spawn(sweep(Arc::downgrade(&clients)));
        Ok(Kafka { cluster: Arc::new(Cluster::new(config)?), clients, numbers: AtomicU64::new(1) })
    }

    async fn call(&self, request: Request) -> Result<Answer, Error> {
        match request {
            Request::Producer(settings) => self.make_producer(settings),
            Request::Send { producer, records, wait: true } => write(&*self.producer(producer)?, records).await,
            Request::Send { producer, records, wait: false } => Ok(hand_over(&*self.producer(producer)?, records)),
            Request::Flush { producer } => {
                self.producer(producer)?.flush().await;
                Ok(Answer::Done)
            }
            Request::Counts { producer } => Ok(Answer::Counts(self.producer(producer)?.counts())),
            Request::Consumer(settings) => {
                let consumer = Arc::new(Consumer::new(self.cluster.clone(), settings)?);
                self.insert(&self.clients.consumers, consumer)
            }
            Request::Recv { consumer, max, timeout } => {
                let timeout = timeout.map(|t| if t == 0.0 { Ok(Duration::ZERO) } else { seconds("timeout", t) });
                let received = self.consumer(consumer)?.recv(max, timeout.transpose()?).await?;
                Ok(Answer::Received(received))
            }
            Request::Commit { consumer, offsets } => {
                let partitions = self.consumer(consumer)?.commit(offsets).await?;
                Ok(Answer::Committed { partitions })
            }
            Request::Assignment { consumer } => {
                let assignment = self.consumer(consumer)?.assignment().await;
                Ok(Answer::Assignment(assignment.into_iter().collect()))
            }
            Request::Close { consumer } => {
                let consumer = lock(&self.clients.consumers).remove(&consumer).ok_or_else(closed)?;
                consumer.close().await?;
                Ok(Answer::Done)
            }
        }
    }

    async fn stop(&self) {
        let mut last_words = JoinSet::new();
        for (_, consumer) in lock(&self.clients.consumers).drain() {
            last_words.spawn(async move {
                let _ = consumer.close().await;
            });
        }
        for (_, producer) in lock(&self.clients.producers).drain() {
            last_words.spawn(async move { producer.flush().await });
        }
        while last_words.join_next().await.is_some() {}
    }
}

impl Kafka {
    /// A script that is loaded again asks for the same producer again, so the same settings give the same one.
    fn make_producer(&self, settings: ProducerSettings) -> Result<Answer, Error> {
        let known = lock(&self.clients.producers).iter().find(|(_, p)| *p.settings() == settings).map(|(id, _)| *id);
        match known {
            Some(id) => Ok(Answer::Made { id }),
            None => {
                let producer = Arc::new(Producer::new(self.cluster.clone(), settings)?);
                self.insert(&self.clients.producers, producer)
            }
        }
    }

    fn insert<T>(&self, clients: &Mutex<HashMap<u64, Arc<T>>>, client: Arc<T>) -> Result<Answer, Error> {
        let mut clients = lock(clients);
        if clients.len() >= MAX_CLIENTS {
            return Err(Error::request(format!(
                "there are {MAX_CLIENTS} already; make one at the top of the script, not for each event"
            )));
        }
        let id = self.numbers.fetch_add(1, Ordering::Relaxed);
        clients.insert(id, client);
        Ok(Answer::Made { id })
    }

    fn producer(&self, id: u64) -> Result<Arc<Producer>, Error> {
        lock(&self.clients.producers).get(&id).cloned().ok_or_else(closed)
    }

    fn consumer(&self, id: u64) -> Result<Arc<Consumer>, Error> {
        lock(&self.clients.consumers).get(&id).cloned().ok_or_else(closed)
    }
}

/// Takes records and waits for their outcomes.
async fn write(producer: &Producer, records: Vec<NewRecord>) -> Result<Answer, Error> {
    let taken: Vec<_> = records
        .into_iter()
        .map(|record| {
            let (reply, outcome) = oneshot::channel();
            producer.take(record, Some(reply)).map(|()| outcome)
        })
        .collect();
    let mut outcomes = Vec::with_capacity(taken.len());
    for record in taken {
        outcomes.push(match record {
            Ok(outcome) => outcome.await.unwrap_or_else(|_| Outcome::Failed { error: closed() }),
            Err(error) => Outcome::Failed { error },
        });
    }
    let sent = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Written { .. })).count();
    Ok(Answer::Sent { sent, records: outcomes })
}

/// Takes records and waits for nothing.
fn hand_over(producer: &Producer, records: Vec<NewRecord>) -> Answer {
    let (mut taken, mut refused, mut why) = (0, 0, None);
    for record in records {
        match producer.take(record, None) {
            Ok(()) => taken += 1,
            Err(e) => {
                refused += 1;
                why.get_or_insert(e);
            }
        }
    }
    Answer::Taken { taken, refused, why }
}

/// Closes consumers that nobody asks any more: those of a script that was loaded again.
async fn sweep(clients: std::sync::Weak<Clients>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let Some(clients) = clients.upgrade() else { return };
        let forgotten: Vec<_> = lock(&clients.consumers).extract_if(|_, consumer| consumer.forgotten()).collect();
        drop(clients);
        for (_, consumer) in forgotten {
            let _ = consumer.close().await;
        }
    }
}

fn closed() -> Error {
    Error::new("closed", "this producer or consumer is closed; make a new one")
}

/// A panic while it was held left nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
