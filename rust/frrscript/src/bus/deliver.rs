// SPDX-License-Identifier: GPL-2.0-or-later
//! What the hub holds of the others, and how subscribers hear of it: values as they come, the last one when their queue was
//! full, and what is lost.

use super::hub::{Hub, MOST_TOPICS};
use super::peer::Held;
use super::wire::{Published, Sender};
use std::collections::BTreeSet;

impl Hub {
    pub(super) fn hold(&mut self, sender: &Sender, published: Published, live: bool, now: u64) {
        let Published { topic, script, at, value } = published;
        let newest = self.current(&topic).map_or(0, |(_, held)| held.at);
        let Some(peer) = self.peers.get_mut(&sender.daemon) else { return };
        if live {
            peer.count(sender.sequence);
        } else {
            peer.sequence = peer.sequence.max(sender.sequence);
        }
        match peer.topics.get(&topic) {
            Some(held) if held.sequence >= sender.sequence => return,
            None if peer.topics.len() >= MOST_TOPICS => {
                self.trouble.excess += 1;
                return;
            }
            _ => {}
        }
        // Nobody has published in the future.
        let at = at.min(now);
        peer.topics.insert(topic.clone(), Held { script, value, sequence: sender.sequence, at });
        if at >= newest {
            self.deliver(&topic);
        }
    }

    /// The value that counts: the one that was published last, by whichever daemon.
    pub(super) fn current(&self, topic: &str) -> Option<(&str, &Held)> {
        let own = self.own.get(topic).map(|held| (self.me.as_str(), held));
        let others = self.peers.iter().filter_map(|(daemon, p)| p.topics.get(topic).map(|h| (daemon.as_str(), h)));
        others.chain(own).max_by_key(|(_, held)| held.at)
    }

    /// Gives the topic's value to its subscribers.
    pub(super) fn deliver(&mut self, topic: &str) {
        for s in self.subscriptions.iter_mut().filter(|s| s.topic == topic) {
            s.behind = true;
        }
        let missed = self.catch_up_with(topic);
        if missed > 0 {
            self.traffic.entry(topic.to_owned()).or_default().dropped += missed;
        }
    }

    /// Gives the last value to those that have not got it.
    pub(super) fn catch_up(&mut self) {
        let mut topics: Vec<String> = self.subscriptions.iter().filter(|s| s.behind).map(|s| s.topic.clone()).collect();
        topics.sort();
        topics.dedup();
        for topic in topics {
            self.catch_up_with(&topic);
        }
    }

    /// Likewise, for one topic; how many have no room for it.
    pub(super) fn catch_up_with(&mut self, topic: &str) -> u64 {
        let Some((daemon, held)) = self.current(topic) else { return 0 };
        let (mut missed, mut done) = (0, Vec::new());
        for s in self.subscriptions.iter().filter(|s| s.topic == topic && s.behind) {
            if s.who.value(&held.value, topic, daemon) {
                done.push(s.id);
            } else {
                missed += 1;
            }
        }
        for s in self.subscriptions.iter_mut().filter(|s| done.contains(&s.id)) {
            s.behind = false;
        }
        if !done.is_empty() {
            self.traffic.entry(topic.to_owned()).or_default().delivered += done.len() as u64;
        }
        missed
    }

    /// Tells subscribers that a daemon's topic is gone, and what another one still says of it.
    pub(super) fn tell_lost(&mut self, topic: &str, daemon: &str) {
        for s in self.subscriptions.iter_mut().filter(|s| s.topic == topic) {
            s.who.lost(topic, daemon);
            s.behind = true;
        }
        self.catch_up_with(topic);
        if self.current(topic).is_none() && !self.subscriptions.iter().any(|s| s.topic == topic) {
            self.traffic.remove(topic);
        }
    }

    pub(super) fn lose(&mut self, daemon: &str) {
        let Some(peer) = self.peers.remove(daemon) else { return };
        peer.topics.keys().for_each(|topic| self.tell_lost(topic, daemon));
    }

    /// Topics come and go: what happened in those that have gone is not kept.
    pub(super) fn forget_traffic(&mut self) {
        if self.traffic.is_empty() {
            return;
        }
        let mut traffic = std::mem::take(&mut self.traffic);
        let wanted: BTreeSet<&str> = self.subscriptions.iter().map(|s| s.topic.as_str()).collect();
        let waiting: BTreeSet<&str> = self.waiting.iter().map(|w| w.topic.as_str()).collect();
        traffic.retain(|topic, _| {
            let topic = topic.as_str();
            wanted.contains(topic) || waiting.contains(topic) || self.current(topic).is_some()
        });
        self.traffic = traffic;
    }
}
