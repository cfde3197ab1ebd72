// SPDX-License-Identifier: GPL-2.0-or-later
//! Another daemon, and a value with its origin.

use super::plain::Plain;
use super::wire::{Published, Sender};
use std::collections::BTreeMap;

/// The last value of a topic of one daemon.
#[derive(Debug)]
pub struct Held {
    /// The script that published it.
    pub script: String,
    /// The value.
    pub value: Plain,
    /// Its number among what its daemon published.
    pub sequence: u64,
    /// When it was published.
    pub at: u64,
}

impl Held {
    /// For a message.
    #[must_use]
    pub fn published(&self, topic: &str) -> Published {
        Published { topic: topic.to_owned(), script: self.script.clone(), at: self.at, value: self.value.clone() }
    }
}

/// What is known of another daemon.
#[derive(Debug)]
pub struct Peer {
    /// Which start of it this is.
    pub instance: u64,
    /// The number of what it published last, as far as we know.
    pub sequence: u64,
    /// It has said how far it is, so that gaps can be counted.
    counted: bool,
    /// When it was heard last.
    pub heard: u64,
    /// It was asked for its values.
    pub asked: bool,
    /// Values of it that never came.
    pub gaps: u64,
    /// Its values.
    pub topics: BTreeMap<String, Held>,
}

impl Peer {
    /// One that is heard for the first time: what it published before is no gap, it is asked for.
    #[must_use]
    pub fn new(sender: &Sender, now: u64) -> Peer {
        Peer {
            instance: sender.instance,
            sequence: 0,
            counted: false,
            heard: now,
            asked: false,
            gaps: 0,
            topics: BTreeMap::new(),
        }
    }

    /// Counts a value or retraction, and those that are missing before it.
    pub fn count(&mut self, sequence: u64) {
        self.reaches(sequence.saturating_sub(1));
        self.sequence = self.sequence.max(sequence);
    }

    /// It has published so much: counts what never came; whether there is any.
    pub fn reaches(&mut self, sequence: u64) -> bool {
        let missing = sequence.saturating_sub(self.sequence);
        self.sequence += missing;
        if !std::mem::replace(&mut self.counted, true) {
            return false;
        }
        self.gaps += missing;
        missing > 0
    }
}
