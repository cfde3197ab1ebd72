// SPDX-License-Identifier: GPL-2.0-or-later
//! `show script dicts`.

use serde_json::{Map, Value, json};
use std::fmt::Write;
use std::time::Instant;

/// A table for operators, or JSON for programs.
#[must_use]
pub fn shown(as_json: bool) -> String {
    let now = Instant::now();
    let dicts: Vec<_> = super::all()
        .into_iter()
        .map(|dict| {
            let (entries, (octets, limit), counts) = dict.with(|s| (s.count(now), s.octets(), s.counts()));
            (dict, entries, octets, limit, counts)
        })
        .collect();
    if as_json {
        let all: Map<String, Value> = dicts
            .iter()
            .map(|(dict, entries, octets, limit, counts)| {
                let one = json!({
                    "entries": entries,
                    "octets": octets,
                    "limit": limit,
                    "hits": counts.hits,
                    "misses": counts.misses,
                    "expired": counts.expired,
                    "refused": counts.refused,
                });
                (dict.name.clone(), one)
            })
            .collect();
        return serde_json::to_string_pretty(&all).unwrap_or_else(|_| "{}".to_owned()) + "\n";
    }
    if dicts.is_empty() {
        return "There is no shared dict.\n".to_owned();
    }
    let width = dicts.iter().map(|d| d.0.name.len()).max().unwrap_or(0).max(4);
    let mut out = format!(
        "{:width$}  {:>9}  {:>10}  {:>10}  {:>12}  {:>12}  {:>10}  {:>10}\n",
        "Dict", "Entries", "Octets", "Limit", "Hits", "Misses", "Expired", "Refused"
    );
    for (dict, entries, octets, limit, counts) in dicts {
        let _ = writeln!(
            out,
            "{:width$}  {entries:>9}  {octets:>10}  {limit:>10}  {:>12}  {:>12}  {:>10}  {:>10}",
            dict.name, counts.hits, counts.misses, counts.expired, counts.refused
        );
    }
    out
}
