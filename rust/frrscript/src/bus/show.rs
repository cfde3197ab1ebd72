// SPDX-License-Identifier: GPL-2.0-or-later
//! `show script topics`.

use super::hub::Hub;
use super::peer::Held;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Characters of a value in the table.
const WIDEST: usize = 60;

/// Topics that have a value or a subscriber.
fn topics(hub: &Hub) -> BTreeSet<&str> {
    let others = hub.peers.values().flat_map(|p| p.topics.keys());
    let wanted = hub.subscriptions.iter().filter(|s| s.who.alive()).map(|s| &s.topic);
    hub.own.keys().chain(others).chain(wanted).map(String::as_str).collect()
}

fn subscribers(hub: &Hub, topic: &str) -> usize {
    hub.subscriptions.iter().filter(|s| s.topic == topic && s.who.alive()).count()
}

fn age(held: &Held, now: u64) -> u64 {
    now.saturating_sub(held.at) / 1000
}

/// A table for operators.
pub fn text(hub: &Hub, now: u64) -> String {
    let state = if hub.connected { "connected" } else { "not connected" };
    let mut out = format!("Topics in {}, {state} with the other daemons\n", hub.me);
    for (daemon, peer) in &hub.peers {
        let _ = writeln!(
            out,
            "  {daemon}: {} topics, heard {} ms ago, {} values missed",
            peer.topics.len(),
            now.saturating_sub(peer.heard) / 1000,
            peer.gaps
        );
    }
    let trouble = hub.trouble;
    if trouble.malformed + trouble.version + trouble.excess > 0 {
        let _ = writeln!(
            out,
            "  Messages not used: {} malformed, {} of another version, {} beyond the limits",
            trouble.malformed, trouble.version, trouble.excess
        );
    }
    let topics = topics(hub);
    if topics.is_empty() {
        out.push_str("No topic has a value or a subscriber.\n");
        return out;
    }
    let width = topics.iter().map(|t| t.len()).max().unwrap_or(0).max(5);
    let _ = writeln!(
        out,
        "{:width$}  {:20}  {:>8}  {:>10}  {:>11}  {:>9}  Value",
        "Topic", "Publisher", "Sequence", "Age", "Subscribers", "Dropped"
    );
    for topic in topics {
        let wanted = subscribers(hub, topic);
        let traffic = hub.traffic.get(topic).copied().unwrap_or_default();
        let (publisher, sequence, aged, value) = match hub.current(topic) {
            Some((daemon, held)) => (
                format!("{daemon} {}", held.script),
                held.sequence.to_string(),
                format!("{} ms", age(held, now)),
                short(held.value.to_json().to_string()),
            ),
            None => ("-".to_owned(), "-".to_owned(), "-".to_owned(), "-".to_owned()),
        };
        let dropped = traffic.dropped + traffic.coalesced;
        let _ = writeln!(
            out,
            "{topic:width$}  {publisher:20}  {sequence:>8}  {aged:>10}  {wanted:>11}  {dropped:>9}  {value}"
        );
    }
    out
}

fn short(text: String) -> String {
    if text.chars().count() <= WIDEST {
        return text;
    }
    text.chars().take(WIDEST - 3).collect::<String>() + "..."
}

fn held(daemon: &str, held: &Held, now: u64) -> Value {
    json!({
        "value": held.value.to_json(),
        "daemon": daemon,
        "script": held.script,
        "sequence": held.sequence,
        "ageMsecs": age(held, now),
    })
}

/// The same for programs.
pub fn json(hub: &Hub, now: u64) -> String {
    let daemons: Map<String, Value> = hub
        .peers
        .iter()
        .map(|(daemon, p)| {
            let said = json!({
                "instance": format!("{:016x}", p.instance),
                "sequence": p.sequence,
                "missed": p.gaps,
                "topics": p.topics.len(),
                "heardMsecs": now.saturating_sub(p.heard) / 1000,
            });
            (daemon.clone(), said)
        })
        .collect();
    let topics: Map<String, Value> = topics(hub)
        .into_iter()
        .map(|topic| {
            let mut one = match hub.current(topic) {
                Some((daemon, h)) => held(daemon, h, now),
                None => json!({}),
            };
            let traffic = hub.traffic.get(topic).copied().unwrap_or_default();
            let own = hub.own.get(topic).map(|h| (hub.me.clone(), h));
            let others = hub.peers.iter().filter_map(|(d, p)| p.topics.get(topic).map(|h| (d.clone(), h)));
            let publishers: Vec<Value> = own.into_iter().chain(others).map(|(d, h)| held(&d, h, now)).collect();
            if let Some(one) = one.as_object_mut() {
                one.insert("subscribers".to_owned(), json!(subscribers(hub, topic)));
                one.insert("delivered".to_owned(), json!(traffic.delivered));
                one.insert("dropped".to_owned(), json!(traffic.dropped));
                one.insert("coalesced".to_owned(), json!(traffic.coalesced));
                one.insert("publishers".to_owned(), json!(publishers));
            }
            (topic.to_owned(), one)
        })
        .collect();
    let all = json!({
        "connected": hub.connected,
        "instance": format!("{:016x}", hub.instance),
        "sequence": hub.sequence,
        "received": hub.received,
        "malformed": hub.trouble.malformed,
        "otherVersion": hub.trouble.version,
        "beyondLimits": hub.trouble.excess,
        "daemons": daemons,
        "topics": topics,
    });
    serde_json::to_string_pretty(&all).unwrap_or_else(|_| "{}".to_owned()) + "\n"
}
