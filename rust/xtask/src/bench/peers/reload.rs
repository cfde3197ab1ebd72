// SPDX-License-Identifier: GPL-2.0-or-later
//! What a change of the policy costs when the table is full: a script is reloaded, and all routes are evaluated again,
//! against `clear bgp ... soft in` with a route-map, which does the same without a change.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bgpfeed::feed::Feed;

use super::facts::FEED_AS;
use super::facts::Policy;
use super::frr::Frr;
use super::run::{empty, session, settle};
use super::system::{FEED, System, cpu};
use crate::bench::record::Record;
use crate::bench::router::Build;
use crate::bench::stats::Spread;

/// Longest wait for the last route to be evaluated again.
const PATIENCE: Duration = Duration::from_secs(120);

/// Measures in so many rounds.
///
/// # Errors
/// bgpd did not start, lost routes, or refused a command.
pub(super) fn measure(build: &Build, dir: &Path, feed: &Feed, rounds: u32) -> Result<Vec<Record>> {
    let mut figures: [Vec<(f64, f64)>; 2] = Default::default();
    for _ in 0..rounds {
        for (system, figures) in [System::Script, System::Native].into_iter().zip(&mut figures) {
            let (cpu, seconds) = one(build, dir, feed, system)?;
            println!("bench: {}: all routes again in {cpu:.2} s CPU, {seconds:.1} s", system.title());
            figures.push((cpu, seconds));
        }
    }
    let median = |runs: &[(f64, f64)], value: fn(&(f64, f64)) -> f64| Spread::of(runs.iter().map(value)).median;
    let [ours, native] = &figures;
    let other = "clear bgp soft in, route-map";
    Ok(vec![
        Record::against(
            format!("reload: CPU of a script's reload, {} routes evaluated again", feed.routes),
            "s",
            median(ours, |run| run.0),
            (median(native, |run| run.0), other),
            None,
        ),
        Record::against(
            "reload: time until bgpd rests, its delay of up to a second in it".to_owned(),
            "s",
            median(ours, |run| run.1),
            (median(native, |run| run.1), other),
            None,
        ),
    ])
}

/// CPU and seconds of one change.
fn one(build: &Build, dir: &Path, feed: &Feed, system: System) -> Result<(f64, f64)> {
    empty(dir)?;
    let mut bgpd = Frr::start_storing(build, system, Policy::Small, dir)?;
    let session = session(FEED_AS, FEED, &bgpd)?;
    session.send(feed)?;
    settle(&mut bgpd, Some(feed.routes as usize))?;
    let before = cpu(&bgpd)?;
    let start = Instant::now();
    bgpd.again(system, dir)?;
    let mut last = settle(&mut bgpd, Some(feed.routes as usize))?;
    // It may have rested before it began: bgpd says how many routes it evaluated when it is through.
    while system == System::Script && bgpd.evaluated()? < feed.routes.into() {
        ensure!(start.elapsed() < PATIENCE, "{} of {} routes evaluated again", bgpd.evaluated()?, feed.routes);
        last = settle(&mut bgpd, Some(feed.routes as usize))?;
    }
    Ok((cpu(&bgpd)?.since(before).total(), last.duration_since(start).as_secs_f64()))
}
