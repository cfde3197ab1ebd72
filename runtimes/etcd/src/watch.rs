// SPDX-License-Identifier: GPL-2.0-or-later
//! Watches: what happens to keys, without a gap.
//!
//! A watch outlives the connection: when a member fails, the next one is asked for what happened since the last
//! revision that arrived. When etcd has forgotten that revision (a compaction), the watch ends with an error of kind
//! `compacted`, and the script has to read the keys again.
//!
//! An answer may get lost between a runtime and a script that has just given up waiting, so each batch of events has a
//! number and is kept until the script asks for what comes after it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use etcd_client::{Client, Error as Etcd, EventType, WatchResponse, WatchStream};
use frr_runtime::{Error, Value, log};
use serde::Serialize;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::error::describe;
use crate::keys::{revision, value, watched};
use crate::pool::{LARGEST, Pool, Repeat};
use crate::request::{Item, Watch};

/// Watches of one runtime.
const MOST: usize = 1000;
/// Batches that wait for the script; etcd is not read further then.
const WAITING: usize = 16;
/// A watch that nobody asked for so long belongs to a script that is gone. One that isn't opens it again.
const ABANDONED: Duration = Duration::from_secs(120);
/// Between two attempts to reach the cluster.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

#[derive(Clone, Serialize)]
struct Batch {
    /// Counts the batches of this watch.
    number: u64,
    /// The last revision in it.
    revision: i64,
    events: Vec<Event>,
}

#[derive(Clone, Serialize)]
struct Event {
    r#type: &'static str,
    #[serde(flatten)]
    item: Item,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous: Option<Item>,
}

/// The watches of a runtime, by number.
pub struct Watches {
    pool: Arc<Pool>,
    open: Mutex<HashMap<u64, Arc<Open>>>,
    next: AtomicU64,
}

struct Open {
    receiver: tokio::sync::Mutex<Receiver>,
    /// When the script was here last.
    asked: Mutex<Instant>,
    pump: AbortHandle,
}

struct Receiver {
    batches: mpsc::Receiver<Result<Batch, Error>>,
    /// What was given last, until the script asks for what comes after it.
    last: Option<Result<Batch, Error>>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.pump.abort();
    }
}

#[derive(Serialize)]
struct Opened {
    watch: u64,
    /// Events from the one after this on.
    revision: i64,
}

impl Watches {
    /// No watches yet.
    pub fn new(pool: Arc<Pool>) -> Arc<Watches> {
        let watches = Arc::new(Watches { pool, open: Mutex::default(), next: AtomicU64::new(1) });
        let weak = Arc::downgrade(&watches);
        tokio::spawn(async move {
            loop {
                sleep(ABANDONED / 4).await;
                let Some(watches) = weak.upgrade() else { return };
                watches.sweep();
            }
        });
        watches
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Arc<Open>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes what nobody asks for any more.
    fn sweep(&self) {
        self.lock().retain(|_, open| {
            // Held while somebody waits.
            let waiting = open.receiver.try_lock().is_err();
            waiting || open.asked.lock().unwrap_or_else(PoisonError::into_inner).elapsed() < ABANDONED
        });
    }

    /// Begins a watch. With a revision that needs no answer from etcd; without one it says from which on.
    pub async fn open(&self, watch: Watch) -> Result<Value, Error> {
        watched(&watch)?;
        if watch.revision < 0 {
            return Err(Error::request("a revision is not below 0"));
        }
        if self.lock().len() >= MOST {
            return Err(Error::new("limit", format!("there are {MOST} watches already: close some")));
        }
        let (mut stream, mut since) = (None, watch.revision - 1);
        if watch.revision == 0 {
            let started = self.pool.run(None, Repeat::Always, |client| start(client, &watch, 0)).await?;
            since = started.1;
            stream = Some(started.0);
        }
        let (sender, batches) = mpsc::channel(WAITING);
        let mut pump = Pump { pool: self.pool.clone(), watch, next: since + 1, number: 0, lost: false, sender };
        let task = tokio::spawn(async move { pump.run(stream).await });
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let open = Open {
            receiver: tokio::sync::Mutex::new(Receiver { batches, last: None }),
            asked: Mutex::new(Instant::now()),
            pump: task.abort_handle(),
        };
        self.lock().insert(id, Arc::new(open));
        value(&Opened { watch: id, revision: since })
    }

    /// Waits for the batch after that number.
    pub async fn recv(&self, id: u64, after: u64) -> Result<Value, Error> {
        let closed = || Error::new("closed", "the watch is closed");
        let open = self.lock().get(&id).cloned().ok_or_else(closed)?;
        let touch = || *open.asked.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        touch();
        let mut receiver = open.receiver.lock().await;
        let given = match &receiver.last {
            Some(Ok(batch)) if batch.number <= after => None,
            last => last.clone(),
        };
        let batch = match given {
            Some(batch) => batch,
            None => {
                // Waiting is cancel safe: a batch is taken only when this call goes on to answer it.
                let batch = receiver.batches.recv().await.ok_or_else(closed)?;
                receiver.last = Some(batch.clone());
                batch
            }
        };
        touch();
        value(&batch?)
    }

    /// Ends a watch; whoever waits for it is told. False when there is none.
    pub fn close(&self, id: u64) -> bool {
        match self.lock().remove(&id) {
            // The end of the pump is the end of the channel.
            Some(open) => {
                open.pump.abort();
                true
            }
            None => false,
        }
    }
}

/// Opens the stream of a watch: with it the revision of the store when the watch began.
async fn start(client: Client, watch: &Watch, from: i64) -> Result<(WatchStream, i64), Etcd> {
    let options = watched(watch).map_err(|e| Etcd::InvalidArgs(e.message))?;
    let mut options = options.with_start_revision(from).with_progress_notify();
    if watch.previous {
        options = options.with_prev_key();
    }
    let mut watches = client.watch_client().max_decoding_message_size(LARGEST);
    let mut stream = watches.watch(watch.key.0.clone(), Some(options)).await?;
    loop {
        let Some(first) = stream.message().await? else {
            return Err(Etcd::WatchError("the stream ended before it began".into()));
        };
        if first.canceled() {
            return Err(Etcd::WatchError(first.cancel_reason().to_string()));
        }
        if first.created() {
            return Ok((stream, revision(first.header())));
        }
    }
}

/// The task that reads one watch.
struct Pump {
    pool: Arc<Pool>,
    watch: Watch,
    /// The first revision that the script doesn't know.
    next: i64,
    number: u64,
    lost: bool,
    sender: mpsc::Sender<Result<Batch, Error>>,
}

/// Why a stream ended.
enum End {
    /// The script doesn't want more, or can't get more.
    Done,
    /// Another member, or the same one later, goes on.
    Lost(String),
}

impl Pump {
    async fn run(&mut self, mut stream: Option<WatchStream>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let (index, url) = self.pool.current();
            let url = url.to_string();
            if stream.is_none() {
                let started = match self.pool.client(index).await {
                    Ok(client) => timeout(self.pool.timeout(), start(client, &self.watch, self.next)).await,
                    Err(e) => Ok(Err(e)),
                };
                match started {
                    Ok(Ok((started, _))) => stream = Some(started),
                    Ok(Err(e)) => {
                        let error = describe(&e);
                        if error.kind == "auth" || error.kind == "request" || is_refusal(&e) {
                            self.fail(error).await;
                            return;
                        }
                        self.tell_lost(&url, &error.message);
                    }
                    Err(_) => self.tell_lost(&url, "no answer in time"),
                }
            }
            if let Some(stream) = stream.as_mut() {
                if std::mem::take(&mut self.lost) {
                    log::info!("etcd at {url} is watched from revision {} on", self.next);
                }
                match self.read(stream, &mut pause).await {
                    End::Done => return,
                    End::Lost(why) => self.tell_lost(&url, &why),
                }
            }
            stream = None;
            self.pool.failed(index);
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn read(&mut self, stream: &mut WatchStream, pause: &mut Duration) -> End {
        loop {
            let response = match stream.message().await {
                Ok(Some(response)) => response,
                Ok(None) => return End::Lost("the stream ended".into()),
                Err(e) => return End::Lost(describe(&e).message),
            };
            *pause = FIRST_PAUSE;
            if response.compact_revision() > 0 {
                let text = format!(
                    "etcd has forgotten what happened from revision {} on: get the keys again, and watch from the \
                     revision after that of the answer",
                    self.next
                );
                self.fail(Error::new("compacted", text).with("revision", response.compact_revision())).await;
                return End::Done;
            }
            if response.canceled() {
                let reason = response.cancel_reason().to_string();
                if reason.contains("permission denied") || reason.contains("future revision") {
                    self.fail(Error::new("etcd", reason)).await;
                    return End::Done;
                }
                return End::Lost(reason);
            }
            if let Some(batch) = self.batch(&response)
                && self.sender.send(Ok(batch)).await.is_err()
            {
                return End::Done;
            }
        }
    }

    fn batch(&mut self, response: &WatchResponse) -> Option<Batch> {
        let events: Vec<Event> = response
            .events()
            .iter()
            .filter_map(|event| {
                let item = Item::from(event.kv()?);
                let r#type = if event.event_type() == EventType::Put { "put" } else { "delete" };
                Some(Event { r#type, item, previous: event.prev_kv().map(Item::from) })
            })
            .collect();
        match events.last() {
            Some(last) => {
                let revision = last.item.mod_revision;
                self.next = revision + 1;
                self.number += 1;
                Some(Batch { number: self.number, revision, events })
            }
            // A notice of progress: nothing happened up to there, so nothing is missed from there on.
            None => {
                self.next = self.next.max(revision(response.header()) + 1);
                None
            }
        }
    }

    async fn fail(&self, error: Error) {
        let _ = self.sender.send(Err(error)).await;
    }

    fn tell_lost(&mut self, url: &str, why: &str) {
        if !self.lost {
            self.lost = true;
            log::warn!("the watch of etcd {url} is interrupted, events since revision {} come later: {why}", self.next);
        }
    }
}

/// Whether etcd refused this watch, which it will do again.
fn is_refusal(error: &Etcd) -> bool {
    matches!(error, Etcd::WatchError(reason) if reason.contains("permission denied") || reason.contains("future revision"))
}
