// SPDX-License-Identifier: GPL-2.0-or-later
//! What this daemon has published, what it knows of the others, and who wants to hear of it.
//!
//! Times are in microseconds of the monotonic clock, which the daemons of a router share. A *line* sends a message to the
//! other daemons; it gives false when it can't now, and an empty message asks for [`Hub::tick`] soon.

use super::peer::{Held, Peer};
use super::plain::Plain;
use super::rate::Rate;
use super::wire::{self, Body, Message, Published, Sender, Unusable};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// Topics of one daemon.
pub const MOST_TOPICS: usize = 1024;
/// Subscriptions of one generation of a script.
pub const MOST_SUBSCRIPTIONS: usize = 256;
/// Other daemons.
const MOST_PEERS: usize = 64;
/// Between two words that a daemon is there.
pub const HELLO: u64 = 1_000_000;
/// A daemon that has said nothing for so long is lost.
pub const SILENCE: u64 = 3_000_000;
/// For so long nothing is believed of a daemon whose session has ended: its last messages may still be under way.
const DEAD: u64 = 500_000;
/// Milliseconds until what waits is looked at again.
const SOON: u32 = 50;

/// Sends a message.
pub type Line<'a> = &'a dyn Fn(&[u8]) -> bool;

/// A script's function that wants the values of a topic.
pub trait Subscriber {
    /// Queues a call; false: its queue is full.
    fn value(&self, value: &Plain, topic: &str, daemon: &str) -> bool;
    /// Queues a call for a topic that has lost its publisher.
    fn lost(&self, topic: &str, daemon: &str);
    /// Whether it may still be called.
    fn alive(&self) -> bool;
    /// Its script.
    fn script(&self) -> &str;
    /// Tells the generations of a script apart: a new one subscribes while the old one is still there.
    fn generation(&self) -> usize {
        0
    }
}

/// A subscription.
pub(super) struct Subscription {
    pub(super) id: u64,
    pub(super) topic: String,
    pub(super) who: Rc<dyn Subscriber>,
    /// Its queue was full: it has not got the last value.
    pub(super) behind: bool,
}

/// A value that waits because its script publishes too much.
pub(super) struct Waiting {
    pub(super) script: String,
    pub(super) topic: String,
    pub(super) value: Plain,
    pub(super) octets: usize,
}

/// What happened in a topic.
#[derive(Debug, Default, Clone, Copy)]
pub struct Traffic {
    /// Values given to subscribers.
    pub delivered: u64,
    /// Values that a subscriber's queue had no room for.
    pub dropped: u64,
    /// Values that a newer one took the place of before they were sent.
    pub coalesced: u64,
}

/// What went wrong with messages.
#[derive(Debug, Default, Clone, Copy)]
pub struct Trouble {
    /// Not what docs/wire.md says.
    pub malformed: u64,
    /// Of a version that is not ours.
    pub version: u64,
    /// More topics, or more daemons, than fit.
    pub excess: u64,
}

/// The state of the bus in this daemon.
pub struct Hub {
    pub(super) me: String,
    pub(super) instance: u64,
    pub(super) sequence: u64,
    pub(super) connected: bool,
    pub(super) next_hello: u64,
    last_tick: u64,
    pub(super) own: BTreeMap<String, Held>,
    pub(super) peers: BTreeMap<String, Peer>,
    dead: BTreeMap<String, (u64, u64)>,
    pub(super) subscriptions: Vec<Subscription>,
    last_id: u64,
    /// Own topics whose value, or retraction, is still to be sent.
    pub(super) unsent: VecDeque<String>,
    pub(super) waiting: VecDeque<Waiting>,
    pub(super) rates: BTreeMap<String, Rate>,
    pub(super) traffic: BTreeMap<String, Traffic>,
    pub(super) received: u64,
    pub(super) trouble: Trouble,
}

impl Hub {
    /// A daemon's.
    #[must_use]
    pub fn new(me: &str, instance: u64) -> Hub {
        Hub {
            me: me.to_owned(),
            instance,
            sequence: 0,
            connected: false,
            next_hello: 0,
            last_tick: 0,
            own: BTreeMap::new(),
            peers: BTreeMap::new(),
            dead: BTreeMap::new(),
            subscriptions: Vec::new(),
            last_id: 0,
            unsent: VecDeque::new(),
            waiting: VecDeque::new(),
            rates: BTreeMap::new(),
            traffic: BTreeMap::new(),
            received: 0,
            trouble: Trouble::default(),
        }
    }

    // -- what scripts do --------------------------------------------------------------------------------------------

    /// A script publishes a value.
    ///
    /// # Errors
    /// It is too large, or there are too many topics.
    pub fn publish(&mut self, script: &str, topic: &str, value: Plain, now: u64, line: Line<'_>) -> Result<(), String> {
        let published = Published { topic: topic.to_owned(), script: script.to_owned(), at: now, value };
        // The size of the largest message that it may ever be in.
        let message = Message { sender: self.sender(u64::MAX), body: Body::Retained(published) };
        let octets = wire::encode(&message).map(|m| m.len());
        let Body::Retained(Published { value, .. }) = message.body else { return Ok(()) };
        let octets = octets.ok_or_else(|| format!("the value takes more than {} octets as a message", wire::MOST))?;
        if !self.own.contains_key(topic)
            && self.own.len() + self.waiting.iter().filter(|w| !self.own.contains_key(&w.topic)).count() >= MOST_TOPICS
        {
            return Err(format!("{} has {MOST_TOPICS} topics already", self.me));
        }
        let in_line = self.waiting.iter().any(|w| w.script == script);
        if in_line || !self.rates.entry(script.to_owned()).or_insert_with(|| Rate::new(now)).take(octets, now) {
            // The newest value of a topic is what counts; the order is that of the last publications.
            if let Some(at) = self.waiting.iter().position(|w| w.topic == topic) {
                self.waiting.remove(at);
                self.traffic.entry(topic.to_owned()).or_default().coalesced += 1;
            }
            self.waiting.push_back(Waiting { script: script.to_owned(), topic: topic.to_owned(), value, octets });
            line(&[]);
            return Ok(());
        }
        self.put(script, topic, value, now, line);
        Ok(())
    }

    pub(super) fn put(&mut self, script: &str, topic: &str, value: Plain, now: u64, line: Line<'_>) {
        self.sequence += 1;
        let held = Held { script: script.to_owned(), value, sequence: self.sequence, at: now };
        let published = held.published(topic);
        self.own.insert(topic.to_owned(), held);
        self.deliver(topic);
        self.send_or_keep(topic, Body::Value(published), line);
    }

    /// Takes a topic of this daemon back; false: it has none of that name.
    pub fn retract(&mut self, topic: &str, line: Line<'_>) -> bool {
        let waited = self.waiting.iter().position(|w| w.topic == topic).and_then(|at| self.waiting.remove(at));
        if self.own.remove(topic).is_none() {
            return waited.is_some();
        }
        self.sequence += 1;
        let me = self.me.clone();
        self.tell_lost(topic, &me);
        self.send_or_keep(topic, Body::Retract(topic.to_owned()), line);
        true
    }

    /// A script has gone: so have its topics.
    pub fn script_gone(&mut self, script: &str, line: Line<'_>) {
        self.waiting.retain(|w| w.script != script);
        self.rates.remove(script);
        let gone: Vec<String> = self.own.iter().filter(|(_, h)| h.script == script).map(|(t, _)| t.clone()).collect();
        for topic in gone {
            self.retract(&topic, line);
        }
    }

    /// Scripts that have published something.
    #[must_use]
    pub fn publishers(&self) -> Vec<String> {
        let mut scripts: Vec<String> = self.own.values().map(|h| h.script.clone()).collect();
        scripts.sort();
        scripts.dedup();
        scripts
    }

    /// Topics whose word could not be sent yet.
    #[must_use]
    pub fn unsent(&self) -> usize {
        self.unsent.len()
    }

    /// Topics that have counters.
    #[must_use]
    pub fn counted(&self) -> usize {
        self.traffic.len()
    }

    /// Adds a subscription, which gets the topic's value at once if it has one: its number.
    ///
    /// # Errors
    /// The script has too many.
    pub fn subscribe(&mut self, topic: &str, who: Rc<dyn Subscriber>, line: Line<'_>) -> Result<u64, String> {
        self.subscriptions.retain(|s| s.who.alive());
        let owner = (who.generation(), who.script());
        if self.subscriptions.iter().filter(|s| (s.who.generation(), s.who.script()) == owner).count()
            >= MOST_SUBSCRIPTIONS
        {
            return Err(format!("this script has {MOST_SUBSCRIPTIONS} subscriptions already"));
        }
        self.last_id += 1;
        let id = self.last_id;
        self.subscriptions.push(Subscription { id, topic: topic.to_owned(), who, behind: true });
        self.catch_up();
        line(&[]);
        Ok(id)
    }

    /// Takes a subscription away; whether there was one.
    pub fn unsubscribe(&mut self, id: u64) -> bool {
        let before = self.subscriptions.len();
        self.subscriptions.retain(|s| s.id != id);
        before != self.subscriptions.len()
    }

    // -- what the daemon's event loop does --------------------------------------------------------------------------

    /// The line to the other daemons is there, or is gone.
    pub fn connected(&mut self, on: bool, now: u64, line: Line<'_>) {
        self.unsent.clear();
        self.connected = on;
        if on {
            self.next_hello = now + HELLO;
            self.send(Body::Hello, line);
            self.send(Body::Sync(None), line);
        } else {
            let peers: Vec<String> = self.peers.keys().cloned().collect();
            peers.iter().for_each(|daemon| self.lose(daemon));
        }
    }

    /// A daemon has lost its session with zebra.
    pub fn gone(&mut self, daemon: &str, now: u64) {
        if let Some(peer) = self.peers.get(daemon) {
            self.dead.insert(daemon.to_owned(), (peer.instance, now + DEAD));
            self.lose(daemon);
        }
    }

    /// This daemon ends.
    pub fn bye(&mut self, line: Line<'_>) {
        self.send(Body::Bye, line);
    }

    /// What is to be done from time to time; in how many milliseconds it wants to be called again, 0: there is nothing to do
    /// any more.
    pub fn tick(&mut self, now: u64, line: Line<'_>) -> u32 {
        self.subscriptions.retain(|s| s.who.alive());
        self.dead.retain(|_, (_, until)| *until > now);
        self.forget_traffic();
        self.send_waiting(now, line);
        self.send_unsent(line);
        self.catch_up();
        // We were busy for long, and have not read what they said.
        if now > self.last_tick + HELLO * 2 {
            self.peers.values_mut().for_each(|peer| peer.heard = now);
        }
        self.last_tick = now;
        let silent: Vec<String> =
            self.peers.iter().filter(|(_, p)| p.heard + SILENCE < now).map(|(d, _)| d.clone()).collect();
        silent.iter().for_each(|daemon| self.lose(daemon));
        let idle = self.own.is_empty() && self.subscriptions.is_empty() && self.waiting.is_empty();
        if idle && self.unsent.is_empty() {
            self.bye(line);
            return 0;
        }
        // Not before what waits: it would tell of values that have not been sent.
        if self.connected && now >= self.next_hello && self.unsent.is_empty() {
            self.next_hello = now + HELLO;
            self.send(Body::Hello, line);
            self.ask_again(line);
        }
        let behind = self.subscriptions.iter().any(|s| s.behind && self.current(&s.topic).is_some());
        if !self.waiting.is_empty() || behind || (self.connected && !self.unsent.is_empty()) {
            return SOON;
        }
        let left = if self.connected { self.next_hello.saturating_sub(now) } else { HELLO };
        u32::try_from(left / 1000 + 1).unwrap_or(1000)
    }

    /// A message of another daemon.
    pub fn receive(&mut self, octets: &[u8], now: u64, line: Line<'_>) {
        self.received += 1;
        let message = match wire::decode(octets) {
            Ok(message) => message,
            Err(Unusable::Version) => {
                self.trouble.version += 1;
                return;
            }
            Err(Unusable::Malformed) => {
                self.trouble.malformed += 1;
                return;
            }
        };
        let Message { sender, body } = message;
        if sender.daemon == self.me || self.is_dead(&sender, now) {
            return;
        }
        if body == Body::Bye {
            self.lose(&sender.daemon);
            return;
        }
        if !self.meet(&sender, now, line) {
            return;
        }
        match body {
            Body::Hello | Body::Bye => self.check(&sender, line),
            Body::Sync(to) => {
                if to.is_none_or(|to| to == self.me) {
                    self.send_all(line);
                }
            }
            Body::Value(published) => self.hold(&sender, published, true, now),
            Body::Retained(published) => self.hold(&sender, published, false, now),
            Body::Retract(topic) => {
                let Some(peer) = self.peers.get_mut(&sender.daemon) else { return };
                peer.count(sender.sequence);
                if peer.topics.remove(&topic).is_some() {
                    self.tell_lost(&topic, &sender.daemon);
                }
            }
        }
    }

    // -- the parts of it --------------------------------------------------------------------------------------------

    fn is_dead(&self, sender: &Sender, now: u64) -> bool {
        self.dead.get(&sender.daemon).is_some_and(|&(instance, until)| instance == sender.instance && now < until)
    }

    /// Makes sure that the sender is known as it is now; false: there is no room for it.
    fn meet(&mut self, sender: &Sender, now: u64, line: Line<'_>) -> bool {
        if let Some(peer) = self.peers.get_mut(&sender.daemon)
            && peer.instance == sender.instance
        {
            peer.heard = now;
            return true;
        }
        // If it is known, it was started again, and this is the first that we hear of it.
        self.lose(&sender.daemon);
        if self.peers.len() >= MOST_PEERS {
            self.trouble.excess += 1;
            return false;
        }
        self.peers.insert(sender.daemon.clone(), Peer::new(sender, now));
        self.ask(&sender.daemon, line);
        true
    }

    /// Asks a daemon for what it has retained.
    fn ask(&mut self, daemon: &str, line: Line<'_>) {
        let asked = self.send(Body::Sync(Some(daemon.to_owned())), line);
        if let Some(peer) = self.peers.get_mut(daemon) {
            peer.asked = asked;
        }
    }

    fn ask_again(&mut self, line: Line<'_>) {
        let unasked: Vec<String> = self.peers.iter().filter(|(_, p)| !p.asked).map(|(d, _)| d.clone()).collect();
        unasked.iter().for_each(|daemon| self.ask(daemon, line));
    }

    /// A daemon says how far it is: what we have missed of it, it is asked for.
    fn check(&mut self, sender: &Sender, line: Line<'_>) {
        let Some(peer) = self.peers.get_mut(&sender.daemon) else { return };
        if peer.reaches(sender.sequence) {
            self.ask(&sender.daemon, line);
        }
    }
}
