// SPDX-License-Identifier: GPL-2.0-or-later
//! Reading records as a member of a group. The client joins, sends heartbeats and rebalances by itself; records are
//! fetched when `recv` waits for them. Every record is given at least once: what a `recv` gave counts as done when the
//! script asks for more (or commits), not before.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use frr_runtime::Error;
use krafka::consumer::{AutoOffsetReset, ConsumerRecord, OffsetAndMetadata, TopicPartition};
use krafka::{CloseOptions, KrafkaError};
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use crate::cluster::{Cluster, Pause};
use crate::config::seconds;
use crate::error::explain;
use crate::request::{ConsumerSettings, Offset, Received, Start};

/// Bytes of one answer, about: more wait for the next.
const MAX_ANSWER: usize = 4 << 20;
/// How long one look for records lasts.
const LOOK: Duration = Duration::from_secs(30);
/// How long leaving a group may take.
const LEAVE: Duration = Duration::from_secs(2);

type Assignment = HashMap<String, Vec<i32>>;

/// A member of a group.
pub struct Consumer {
    cluster: Arc<Cluster>,
    settings: ConsumerSettings,
    commit_interval: Duration,
    session_timeout: Duration,
    max_poll_interval: Duration,
    member: OnceCell<krafka::consumer::Consumer>,
    receiving: AtomicBool,
    held: Mutex<Held>,
}

struct Held {
    /// Fetched, but not given yet.
    records: VecDeque<ConsumerRecord>,
    /// Given, but not committed yet: the next offset of each partition.
    given: HashMap<(Arc<str>, i32), i64>,
    committed_at: Instant,
    used_at: Instant,
}

impl Consumer {
    /// Checks the settings; connects to nothing.
    pub fn new(cluster: Arc<Cluster>, settings: ConsumerSettings) -> Result<Consumer, Error> {
        if settings.group.is_empty() {
            return Err(Error::request("a consumer needs a group"));
        }
        if settings.topics.is_empty() {
            return Err(Error::request(r#"no topics; give topics = { "name" }"#));
        }
        if !(1..=100_000).contains(&settings.max_records) {
            return Err(Error::request("max_records is from 1 to 100000"));
        }
        let now = Instant::now();
        Ok(Consumer {
            cluster,
            commit_interval: seconds("commit_interval", settings.commit_interval)?,
            session_timeout: seconds("session_timeout", settings.session_timeout)?,
            max_poll_interval: seconds("max_poll_interval", settings.max_poll_interval)?,
            settings,
            member: OnceCell::new(),
            receiving: AtomicBool::new(false),
            held: Mutex::new(Held { records: VecDeque::new(), given: HashMap::new(), committed_at: now, used_at: now }),
        })
    }

    /// Waits for records: at least one, at most `max`; none after the timeout. When the caller stops waiting, no record
    /// is lost: the next call gives it.
    pub async fn recv(&self, max: usize, timeout: Option<Duration>) -> Result<Vec<Received>, Error> {
        if max == 0 {
            return Err(Error::request("max is more than 0"));
        }
        let _one = One::enter(&self.receiving)?;
        let deadline = timeout.map(|limit| Instant::now() + limit);
        self.held().used_at = Instant::now();
        let member = match self.member(deadline).await {
            Ok(member) => member,
            Err(e) if deadline.is_some_and(|at| Instant::now() >= at) && e.kind == "timeout" => return Ok(Vec::new()),
            Err(e) => return Err(e),
        };
        if self.settings.auto_commit {
            self.commit_now_and_then(member).await;
        }
        self.fetch(member, deadline).await?;
        let assignment = member.assignment().await;
        let received = self.give(max, &assignment);
        self.held().used_at = Instant::now();
        Ok(received)
    }

    /// Until there is something to give, or the deadline.
    async fn fetch(&self, member: &krafka::consumer::Consumer, deadline: Option<Instant>) -> Result<(), Error> {
        let mut pause = Pause::default();
        while self.held().records.is_empty() {
            let left = deadline.map_or(LOOK, |at| at.saturating_duration_since(Instant::now()).min(LOOK));
            match member.poll(left).await {
                // No wait between the two: a call that is dropped loses nothing.
                Ok(records) => self.held().records.extend(records),
                Err(e) if e.is_retriable() => {
                    log::debug!("group {}: {e}", self.settings.group);
                    match deadline {
                        Some(at) if timeout_at(at, pause.wait()).await.is_err() => return Err(explain(&e)),
                        Some(_) => (),
                        None => pause.wait().await,
                    }
                }
                Err(e) => return Err(explain(&e)),
            }
            if deadline.is_some_and(|at| Instant::now() >= at) {
                break;
            }
        }
        Ok(())
    }

    /// Takes records out of what is held. Those of partitions that went to another member are its to give.
    fn give(&self, max: usize, assignment: &Assignment) -> Vec<Received> {
        let mut held = self.held();
        held.records.retain(|record| ours(assignment, &record.topic, record.partition));
        let mut received = Vec::new();
        let mut bytes = 0;
        while received.len() < max && bytes < MAX_ANSWER {
            let Some(record) = held.records.pop_front() else { break };
            bytes +=
                record.value.as_ref().map_or(0, |value| value.len()) + record.key.as_ref().map_or(0, |key| key.len());
            held.given.insert((record.topic.clone(), record.partition), record.offset + 1);
            received.push(Received::from(record));
        }
        received
    }

    /// Commits what was given, or these offsets.
    pub async fn commit(&self, offsets: Vec<Offset>) -> Result<usize, Error> {
        let Some(member) = self.member.get() else {
            return Err(Error::request("nothing was received yet, so there is nothing to commit"));
        };
        if !offsets.is_empty() {
            let offsets: Vec<_> = offsets.into_iter().map(|o| ((Arc::from(o.topic), o.partition), o.offset)).collect();
            return self.commit_these(member, &offsets).await.map_err(|e| explain(&e));
        }
        self.commit_given(member).await.map_err(|e| explain(&e))
    }

    async fn commit_now_and_then(&self, member: &krafka::consumer::Consumer) {
        let due = {
            let held = self.held();
            !held.given.is_empty() && held.committed_at.elapsed() >= self.commit_interval
        };
        if due && let Err(e) = self.commit_given(member).await {
            // The next one covers it; a record may be given twice.
            log::debug!("group {}: not committed: {e}", self.settings.group);
        }
    }

    async fn commit_given(&self, member: &krafka::consumer::Consumer) -> Result<usize, KrafkaError> {
        let assignment = member.assignment().await;
        let offsets: Vec<_> = {
            let mut held = self.held();
            held.committed_at = Instant::now();
            // Another member's offsets are not ours to set back.
            held.given.retain(|(topic, partition), _| ours(&assignment, topic, *partition));
            held.given.iter().map(|(place, next)| (place.clone(), *next)).collect()
        };
        let done = self.commit_these(member, &offsets).await?;
        let mut held = self.held();
        for (place, next) in offsets {
            if held.given.get(&place) == Some(&next) {
                held.given.remove(&place);
            }
        }
        Ok(done)
    }

    async fn commit_these(
        &self,
        member: &krafka::consumer::Consumer,
        offsets: &[((Arc<str>, i32), i64)],
    ) -> Result<usize, KrafkaError> {
        if !offsets.is_empty() {
            let places = offsets.iter().map(|((topic, partition), next)| {
                (TopicPartition::new(&**topic, *partition), OffsetAndMetadata::new(*next))
            });
            member.commit_offsets(places).await?;
        }
        Ok(offsets.len())
    }

    /// Which partitions are ours.
    pub async fn assignment(&self) -> Assignment {
        match self.member.get() {
            Some(member) => member.assignment().await,
            None => Assignment::new(),
        }
    }

    /// Whether nobody asked for records for so long that the group gave the partitions to others.
    pub fn forgotten(&self) -> bool {
        !self.receiving.load(Ordering::Relaxed) && self.held().used_at.elapsed() > self.max_poll_interval
    }

    /// Commits what was given, when it does so by itself, and leaves the group.
    pub async fn close(&self) -> Result<(), Error> {
        let Some(member) = self.member.get() else { return Ok(()) };
        if self.settings.auto_commit
            && let Err(e) = tokio::time::timeout(LEAVE, self.commit_given(member)).await
        {
            log::debug!("group {}: not committed: {e}", self.settings.group);
        }
        member.close_with(CloseOptions::new().timeout(LEAVE)).await.map_err(|e| explain(&e))
    }

    async fn member(&self, deadline: Option<Instant>) -> Result<&krafka::consumer::Consumer, Error> {
        let joining = self.member.get_or_try_init(|| async {
            let kafka = self.cluster.connect(deadline).await?;
            let settings = &self.settings;
            let mut builder = kafka
                .consumer(&settings.group)
                .auto_offset_reset(match settings.from {
                    Start::Earliest => AutoOffsetReset::Earliest,
                    Start::Latest => AutoOffsetReset::Latest,
                })
                // The client would commit what is still held here.
                .enable_auto_commit(false)
                .max_poll_records(settings.max_records as i32)
                .max_buffered_records(settings.max_records as i32)
                .session_timeout(self.session_timeout)
                .heartbeat_interval(self.session_timeout / 10)
                .max_poll_interval(self.max_poll_interval)
                .metrics_push(false);
            if let Some(name) = &settings.instance {
                builder = builder.group_instance_id(name);
            }
            let member = builder.build().await.map_err(|e| explain(&e))?;
            member.subscribe(&settings.topics).await.map_err(|e| explain(&e))?;
            Ok(member)
        });
        match deadline {
            None => joining.await,
            Some(at) => timeout_at(at, joining)
                .await
                .unwrap_or_else(|_| Err(Error::new("timeout", "the cluster didn't answer in time"))),
        }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

fn ours(assignment: &Assignment, topic: &str, partition: i32) -> bool {
    assignment.get(topic).is_some_and(|partitions| partitions.contains(&partition))
}

/// One `recv` at a time: two would share out the records in an order that nobody knows.
struct One<'a>(&'a AtomicBool);

impl One<'_> {
    fn enter(flag: &AtomicBool) -> Result<One<'_>, Error> {
        match flag.swap(true, Ordering::Acquire) {
            false => Ok(One(flag)),
            true => Err(Error::new("busy", "another task waits for records of this consumer")),
        }
    }
}

impl Drop for One<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}
