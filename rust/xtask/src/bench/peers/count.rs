// SPDX-License-Identifier: GPL-2.0-or-later
//! Instructions that a policy adds to a route, counted by callgrind: a figure that another program on the machine does not
//! change. Of systems that run in one process without a runtime of their own: ours and BIRD.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use bgpfeed::feed::Feed;
use serde::{Deserialize, Serialize};

use super::facts::{FEED_AS, Policy, expected, feed};
use super::run::{session, settle};
use super::system::{FEED, Programs, System, start};
use crate::bench::callgrind;
use crate::bench::router::Build;

/// Above the table.
pub(super) const TITLE: &str = "Instructions that the policy adds to a route";
/// Routes that are fed: callgrind takes 50 times as long.
const ROUTES: u32 = 10_000;
/// Who is counted.
const SYSTEMS: [System; 3] = [System::Script, System::Native, System::Bird];

/// Instructions of one case.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Count {
    pub(super) system: System,
    pub(super) policy: Policy,
    /// For each route, all of it.
    pub(super) instructions: f64,
}

/// Counts every case that `wanted` takes. The files for callgrind_annotate stay in folders of `dir`.
///
/// # Errors
/// A system does not start under callgrind, or loses routes.
pub(super) fn measure(
    programs: &Programs<'_>,
    dir: &Path,
    wanted: impl Fn(System, Policy) -> bool,
) -> Result<Vec<Count>> {
    let ours = Build { counted: true, ..programs.ours.clone() };
    let peers = programs.peers.counted();
    let programs = Programs { ours: &ours, stock: programs.stock, peers: &peers };
    let feed = Feed::new(&feed(ROUTES));
    let mut counts = Vec::new();
    for policy in Policy::ALL {
        let accepted = expected(policy, ROUTES).len();
        for system in SYSTEMS {
            // 1,000 entries that are tried one by one take ten minutes under callgrind; without it their cost can't be missed.
            let long = (system, policy) == (System::Native, Policy::Entries);
            if long || !wanted(system, policy) || system.base() != system && policy == Policy::None {
                continue;
            }
            let name = format!("{}-{}", system.file(), policy.file());
            let instructions = one(system, policy, &programs, &dir.join(name), (&feed, accepted))
                .with_context(|| format!("{}, {}, counted", system.title(), policy.title()))?;
            println!("bench: {:<22} {:<17} {instructions:8.0} instructions a route", system.title(), policy.title());
            counts.push(Count { system, policy, instructions });
        }
    }
    Ok(counts)
}

fn one(
    system: System,
    policy: Policy,
    programs: &Programs<'_>,
    dir: &Path,
    (feed, accepted): (&Feed, usize),
) -> Result<f64> {
    super::run::empty(dir)?;
    let mut daemon = start(system, policy, programs, dir)?;
    let session = session(FEED_AS, FEED, &*daemon)?;
    let pids = daemon.pids()?;
    ensure!(pids.len() == 1, "{} processes can't be counted", pids.len());
    // What the session itself costs is not to be counted.
    settle(&mut *daemon, None)?;
    callgrind::zero(pids[0])?;
    session.send(feed)?;
    settle(&mut *daemon, Some(accepted))?;
    Ok(callgrind::read(pids[0], dir)? as f64 / f64::from(feed.routes))
}

/// Instructions that a policy adds to a route.
pub(super) fn above(counts: &[Count], system: System, policy: Policy) -> Option<f64> {
    let of = |system: System, policy: Policy| {
        let case = counts.iter().find(|count| count.system == system && count.policy == policy)?;
        Some(case.instructions)
    };
    Some(of(system, policy)? - of(system.base(), Policy::None)?)
}

/// One row per policy.
pub(super) fn table(counts: &[Count]) -> String {
    let mut text = String::from("| instructions a route |");
    for system in SYSTEMS {
        text.push_str(&format!(" {} |", system.title()));
    }
    text.push_str(&format!("\n|---|{}\n", "---|".repeat(SYSTEMS.len())));
    for policy in Policy::ALL {
        let cells = SYSTEMS.map(|system| {
            let count = if policy == Policy::None {
                counts
                    .iter()
                    .find(|count| count.system == system.base() && count.policy == policy)
                    .map(|c| c.instructions)
            } else {
                above(counts, system, policy)
            };
            count.map_or_else(|| "-".to_owned(), |count| format!("{count:.0}"))
        });
        let title = if policy == Policy::None { "no policy, all of it" } else { policy.title() };
        text.push_str(&format!("| {title} | {} |\n", cells.join(" | ")));
    }
    text
}

/// The same as bars.
pub(super) fn groups(counts: &[Count]) -> Vec<super::picture::Group> {
    let group = |policy: Policy| super::picture::Group {
        title: policy.title().to_owned(),
        bars: SYSTEMS
            .into_iter()
            .enumerate()
            .filter_map(|(at, system)| Some((system.title().to_owned(), at, above(counts, system, policy)?)))
            .collect(),
    };
    Policy::ALL.into_iter().skip(1).map(group).filter(|group| !group.bars.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_what_it_adds() {
        let count = |system, policy, instructions| Count { system, policy, instructions };
        let counts = [
            count(System::Script, Policy::None, 20_000.0),
            count(System::Script, Policy::Small, 21_000.0),
            count(System::Native, Policy::Small, 22_500.0),
        ];
        assert_eq!(table(&counts).lines().nth(3), Some("| small | 1000 | 2500 | - |"), "{}", table(&counts));
        assert_eq!(groups(&counts)[0].bars.len(), 2);
    }
}
