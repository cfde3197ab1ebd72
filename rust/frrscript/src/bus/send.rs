// SPDX-License-Identifier: GPL-2.0-or-later
//! What the hub sends: the word of a topic at once, or behind those that wait for the line or for their script's rate.

use super::hub::{Hub, Line, MOST_TOPICS};
use super::rate::Rate;
use super::wire::{self, Body, Message, Sender};

/// Topics whose word could not be sent yet.
const MOST_UNSENT: usize = 2 * MOST_TOPICS;

impl Hub {
    pub(super) fn sender(&self, sequence: u64) -> Sender {
        Sender { daemon: self.me.clone(), instance: self.instance, sequence }
    }

    pub(super) fn send(&self, body: Body, line: Line<'_>) -> bool {
        let message = Message { sender: self.sender(self.sequence), body };
        self.connected && wire::encode(&message).is_some_and(|octets| line(&octets))
    }

    /// Sends the word of a topic, behind those that wait.
    pub(super) fn send_or_keep(&mut self, topic: &str, body: Body, line: Line<'_>) {
        if !self.connected {
            // The others ask when the line is there.
            line(&[]);
        } else if !self.unsent.is_empty() || !self.send(body, line) {
            self.keep(topic);
        }
    }

    pub(super) fn keep(&mut self, topic: &str) {
        // To the end, so that the order stays that of the sequence.
        if let Some(at) = self.unsent.iter().position(|t| t == topic) {
            self.unsent.remove(at);
            self.traffic.entry(topic.to_owned()).or_default().coalesced += 1;
        }
        self.unsent.push_back(topic.to_owned());
        if self.unsent.len() > MOST_UNSENT {
            // A script publishes and retracts ever new topics while nothing can be sent. To the others this daemon has
            // been started again: they forget what they have of it, and ask.
            self.instance = self.instance.wrapping_add(1);
            self.unsent.clear();
            self.next_hello = 0;
        }
    }

    pub(super) fn send_all(&mut self, line: Line<'_>) {
        let mut topics: Vec<(u64, String)> = self.own.iter().map(|(t, h)| (h.sequence, t.clone())).collect();
        topics.sort();
        for (_, topic) in topics {
            if !self.unsent.contains(&topic) {
                self.unsent.push_back(topic);
            }
        }
        self.send_unsent(line);
    }

    pub(super) fn send_unsent(&mut self, line: Line<'_>) {
        while self.connected
            && let Some(topic) = self.unsent.front()
        {
            let (sequence, body) = match self.own.get(topic) {
                Some(held) => (held.sequence, Body::Retained(held.published(topic))),
                None => (self.sequence, Body::Retract(topic.clone())),
            };
            let message = Message { sender: self.sender(sequence), body };
            if !wire::encode(&message).is_some_and(|octets| line(&octets)) {
                line(&[]);
                return;
            }
            self.unsent.pop_front();
        }
    }

    pub(super) fn send_waiting(&mut self, now: u64, line: Line<'_>) {
        // A script's values keep their order: what is behind one that is too large for now waits with it.
        let mut stuck: Vec<String> = Vec::new();
        for _ in 0..self.waiting.len() {
            let Some(w) = self.waiting.pop_front() else { return };
            let may = !stuck.contains(&w.script)
                && self.rates.entry(w.script.clone()).or_insert_with(|| Rate::new(now)).take(w.octets, now);
            if may {
                self.put(&w.script, &w.topic, w.value, now, line);
            } else {
                if !stuck.contains(&w.script) {
                    stuck.push(w.script.clone());
                }
                self.waiting.push_back(w);
            }
        }
    }
}
