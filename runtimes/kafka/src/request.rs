// SPDX-License-Identifier: GPL-2.0-or-later
//! What a script asks, and what it gets.

use std::collections::BTreeMap;

use bytes::Bytes;
use frr_runtime::{Error, Map, Octets};
use krafka::consumer::ConsumerRecord;
use serde::{Deserialize, Serialize};

/// A request. `op` says which. Times are in seconds.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Request {
    /// A producer with these settings; the same settings give the same producer. Answers `Made`.
    Producer(ProducerSettings),
    /// Writes records. Answers `Sent` when it waits, else `Taken`.
    Send {
        /// From `Made`.
        producer: u64,
        /// What to write.
        records: Vec<NewRecord>,
        /// Whether to wait until the brokers have them.
        #[serde(default = "yes")]
        wait: bool,
    },
    /// Waits until all that was sent before has an outcome.
    Flush {
        /// From `Made`.
        producer: u64,
    },
    /// What a producer did. Answers `Counts`.
    Counts {
        /// From `Made`.
        producer: u64,
    },
    /// A consumer, which joins its group at the first `recv`. Answers `Made`.
    Consumer(ConsumerSettings),
    /// Waits for records. Answers `Received`, empty after the timeout.
    Recv {
        /// From `Made`.
        consumer: u64,
        /// At most so many records, 100 when not said.
        #[serde(default = "hundred")]
        max: usize,
        /// How long to wait; for ever when not said.
        timeout: Option<f64>,
    },
    /// Commits what `recv` gave so far, or these offsets. Answers how many partitions.
    Commit {
        /// From `Made`.
        consumer: u64,
        /// Topic, partition, and the offset of the next record to read.
        #[serde(default)]
        offsets: Vec<Offset>,
    },
    /// What a consumer has. Answers `Assignment`.
    Assignment {
        /// From `Made`.
        consumer: u64,
    },
    /// Leaves the group.
    Close {
        /// From `Made`.
        consumer: u64,
    },
}

/// How a producer writes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProducerSettings {
    /// Who has to have a record before it counts as written.
    pub acks: Acks,
    /// No duplicates when a broker fails; needs acks = all.
    pub idempotent: bool,
    /// How long a record may wait for others to share a request with.
    pub linger: f64,
    /// Bytes of such a batch.
    pub batch_bytes: usize,
    /// How batches are packed.
    pub compression: Compression,
    /// Records that may wait; more are refused.
    pub max_records: usize,
    /// Bytes that may wait; more are refused.
    pub max_bytes: usize,
    /// From when a record was taken to when it has failed.
    pub delivery_timeout: f64,
}

impl Default for ProducerSettings {
    fn default() -> ProducerSettings {
        ProducerSettings {
            acks: Acks::All,
            idempotent: true,
            linger: 0.02,
            batch_bytes: 64 << 10,
            compression: Compression::None,
            max_records: 10_000,
            max_bytes: 16 << 20,
            delivery_timeout: 60.0,
        }
    }
}

/// Who has to have a record.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Acks {
    /// All replicas that are in sync.
    All,
    /// The leader.
    Leader,
    /// Nobody: written to the connection.
    None,
}

/// How batches are packed.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all.
    None,
    /// RFC 1952.
    Gzip,
    /// Fast.
    Snappy,
    /// Faster.
    Lz4,
}

/// A record to write.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewRecord {
    /// Where to.
    pub topic: String,
    /// Records with the same key go to the same partition.
    pub key: Option<Octets>,
    /// Without one, the record deletes the key of a compacted topic.
    pub value: Option<Octets>,
    /// More about it.
    #[serde(default)]
    pub headers: Map<Octets>,
    /// This partition, whatever the key.
    pub partition: Option<i32>,
    /// Milliseconds since 1970; now when not said.
    pub timestamp: Option<i64>,
}

impl NewRecord {
    /// What it takes in memory, about.
    pub fn size(&self) -> usize {
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        let field = |octets: &Option<Octets>| octets.as_ref().map_or(0, |o| o.len());
        128 + self.topic.len() + field(&self.key) + field(&self.value) + headers
    }
}

impl From<NewRecord> for krafka::Record {
    fn from(new: NewRecord) -> krafka::Record {
        let mut record = krafka::Record::new(new.topic, Bytes::new());
        record.key = new.key.map(|key| key.0.into());
        record.value = new.value.map(|value| value.0.into());
        record.partition = new.partition;
        record.timestamp = new.timestamp;
        record.headers = new.headers.0.into_iter().map(|(name, value)| (name, Some(value.0.into()))).collect();
        record
    }
}

/// What a consumer reads.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsumerSettings {
    /// The members of a group share the partitions of its topics.
    pub group: String,
    /// What to read.
    pub topics: Vec<String>,
    /// Where a group starts that has no offset yet.
    #[serde(default)]
    pub from: Start,
    /// Whether a `recv` commits what the one before gave.
    #[serde(default = "yes")]
    pub auto_commit: bool,
    /// How often that is done at most.
    #[serde(default = "one")]
    pub commit_interval: f64,
    /// Records that are fetched ahead.
    #[serde(default = "five_hundred")]
    pub max_records: usize,
    /// A member that the coordinator doesn't hear for so long is out.
    #[serde(default = "session")]
    pub session_timeout: f64,
    /// A member that doesn't ask for records for so long leaves, and is closed.
    #[serde(default = "poll_interval")]
    pub max_poll_interval: f64,
    /// A member of that name keeps its partitions when it comes back within the session timeout.
    pub instance: Option<String>,
}

/// Where a group starts.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Start {
    /// With the oldest record.
    Earliest,
    /// With the next record.
    #[default]
    Latest,
}

/// A place in a partition.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offset {
    /// Of this topic.
    pub topic: String,
    /// In this partition.
    pub partition: i32,
    /// The next record to read.
    pub offset: i64,
}

/// An answer.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// A producer or consumer.
    Made {
        /// Its number.
        id: u64,
    },
    /// Records with their outcomes.
    Sent {
        /// How many the brokers have.
        sent: usize,
        /// In the order of the request.
        records: Vec<Outcome>,
    },
    /// Records without.
    Taken {
        /// How many are on their way.
        taken: usize,
        /// How many are not, since there is no room for them or they can't be written.
        refused: usize,
        /// Why the first of those is not.
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<Error>,
    },
    /// What a producer did.
    Counts(Counts),
    /// What a consumer got.
    Received(Vec<Received>),
    /// How many partitions were committed.
    Committed {
        /// Of any topic.
        partitions: usize,
    },
    /// Which partitions are ours, by topic.
    Assignment(BTreeMap<String, Vec<i32>>),
    /// Nothing to say.
    Done,
}

/// What became of a record.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Outcome {
    /// The brokers have it.
    Written {
        /// Where it is.
        partition: i32,
        /// Its number in there; not known when nobody acknowledges, or when it is there from an earlier try.
        #[serde(skip_serializing_if = "Option::is_none")]
        offset: Option<i64>,
    },
    /// They have not.
    Failed {
        /// Why.
        error: Error,
    },
}

/// What a producer did since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Records that were taken.
    pub taken: u64,
    /// Records that were refused.
    pub refused: u64,
    /// Records that the brokers have.
    pub written: u64,
    /// Records that were taken and lost.
    pub failed: u64,
    /// Records that wait.
    pub waiting: usize,
    /// Bytes that wait.
    pub waiting_bytes: usize,
}

/// A record that was read.
#[derive(Serialize)]
pub struct Received {
    /// Where it is from.
    pub topic: String,
    /// Of that topic.
    pub partition: i32,
    /// In that partition.
    pub offset: i64,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    /// What it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Octets>,
    /// What it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Octets>,
    /// More about it. Of several headers with one name, the last.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Octets>,
}

impl From<ConsumerRecord> for Received {
    fn from(record: ConsumerRecord) -> Received {
        let headers = record.headers.into_iter();
        Received {
            topic: record.topic.to_string(),
            partition: record.partition,
            offset: record.offset,
            timestamp: record.timestamp,
            key: record.key.map(|key| Octets(key.into())),
            value: record.value.map(|value| Octets(value.into())),
            headers: headers.map(|(name, value)| (name, Octets(value.unwrap_or_default().into()))).collect(),
        }
    }
}

fn yes() -> bool {
    true
}

fn hundred() -> usize {
    100
}

fn five_hundred() -> usize {
    500
}

fn one() -> f64 {
    1.0
}

fn session() -> f64 {
    45.0
}

fn poll_interval() -> f64 {
    300.0
}
