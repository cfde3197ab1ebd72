// SPDX-License-Identifier: GPL-2.0-or-later
//! `frr.publish` and `frr.subscribe`: facts that scripts share, in one daemon and between the daemons of a router.
//!
//! Reading order: [`plain`] (what may be published), [`topic`], [`wire`] (the messages, docs/wire.md), [`hub`] (what is
//! kept and who hears of it), `deliver`, `send`, [`rate`]. The session with the other daemons is the host's (script_bus.c).

mod deliver;
pub mod hub;
pub mod peer;
pub mod plain;
pub mod rate;
mod send;
mod show;
pub mod topic;
pub mod wire;

use crate::ffi::{clock, host};
use crate::script::store;
use crate::task::{Tasks, turn};
use hub::{Hub, Subscriber};
use plain::Plain;
use std::cell::RefCell;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::rc::{Rc, Weak};

thread_local! {
    static HUB: RefCell<Option<Hub>> = const { RefCell::new(None) };
    /// What scripts published while they were loaded: it counts when they are in service.
    static EARLY: RefCell<Vec<(Weak<Tasks>, String, Plain)>> = const { RefCell::new(Vec::new()) };
}

/// Runs with the hub, which is made by the first who needs it.
fn with<R>(f: impl FnOnce(&mut Hub) -> R) -> R {
    HUB.with_borrow_mut(|hub| {
        let hub = hub.get_or_insert_with(|| {
            // Seeded by the system, differently at each start.
            let instance = RandomState::new().build_hasher().finish();
            Hub::new(&host::daemon(), instance)
        });
        f(hub)
    })
}

/// Runs with the hub if there is one.
fn if_any<R: Default>(f: impl FnOnce(&mut Hub) -> R) -> R {
    let result = HUB.with_borrow_mut(|hub| hub.as_mut().map(f)).unwrap_or_default();
    turn::soon();
    result
}

/// A script publishes a value.
///
/// # Errors
/// The value or the number of topics is too large.
pub fn publish(tasks: &Rc<Tasks>, topic: &str, value: Plain) -> Result<(), String> {
    if !tasks.is_in_service() {
        if tasks.ended() {
            return Err("this script was loaded again, and this is the old one".to_owned());
        }
        return EARLY.with_borrow_mut(|early| {
            early.retain(|(owner, ..)| owner.strong_count() > 0);
            if early.iter().filter(|(owner, ..)| owner.as_ptr() == Rc::as_ptr(tasks)).count() >= hub::MOST_TOPICS {
                return Err(format!("at most {} values while a script is loaded", hub::MOST_TOPICS));
            }
            early.push((Rc::downgrade(tasks), topic.to_owned(), value));
            Ok(())
        });
    }
    let result = with(|hub| hub.publish(&tasks.script(), topic, value, clock::microseconds(), &host::send));
    turn::soon();
    result
}

/// Takes a topic of this daemon back; whether there was one.
pub fn retract(topic: &str) -> bool {
    if_any(|hub| hub.retract(topic, &host::send))
}

/// Adds a subscription: its number.
///
/// # Errors
/// There are too many.
pub fn subscribe(topic: &str, who: Rc<dyn Subscriber>) -> Result<u64, String> {
    let result = with(|hub| hub.subscribe(topic, who, &host::send));
    turn::soon();
    result
}

/// Takes a subscription away; whether there was one.
pub fn unsubscribe(id: u64) -> bool {
    if_any(|hub| hub.unsubscribe(id))
}

/// A script has come into service.
pub fn began(tasks: &Rc<Tasks>) {
    let early = EARLY.with_borrow_mut(|early| {
        early.retain(|(owner, ..)| owner.strong_count() > 0);
        let (mine, others) =
            std::mem::take(early).into_iter().partition(|(owner, ..)| owner.as_ptr() == Rc::as_ptr(tasks));
        *early = others;
        let mine: Vec<(Weak<Tasks>, String, Plain)> = mine;
        mine
    });
    for (_, topic, value) in early {
        if let Err(why) = publish(tasks, &topic, value) {
            log::error!("script {}: frr.publish: topic '{topic}': {why}", tasks.script());
        }
    }
    turn::soon();
}

/// A script has gone out of service, and no other generation of it has come.
pub fn script_gone(script: &str) {
    if_any(|hub| hub.script_gone(script, &host::send));
}

/// The line to the other daemons is there, or is gone.
pub fn connected(on: bool) {
    if_any(|hub| hub.connected(on, clock::microseconds(), &host::send));
}

/// A message came.
pub fn receive(octets: &[u8]) {
    if_any(|hub| hub.receive(octets, clock::microseconds(), &host::send));
}

/// A daemon's session with zebra has ended.
pub fn gone(daemon: &str) {
    if_any(|hub| hub.gone(daemon, clock::microseconds()));
}

/// This daemon ends.
pub fn bye() {
    if_any(|hub| hub.bye(&host::send));
}

/// What is to be done from time to time: in how many milliseconds again, 0: not any more.
pub fn tick() -> u32 {
    if_any(|hub| {
        for script in hub.publishers() {
            if store::find(&script).is_none_or(|s| s.current().is_none()) {
                hub.script_gone(&script, &host::send);
            }
        }
        hub.tick(clock::microseconds(), &host::send)
    })
}

/// `show script topics [json]`.
#[must_use]
pub fn shown(json: bool) -> String {
    let now = clock::microseconds();
    with(|hub| if json { show::json(hub, now) } else { show::text(hub, now) })
}

/// Forgets everything.
pub fn clear() {
    let hub = HUB.take();
    let early = EARLY.take();
    drop((hub, early));
}
