// SPDX-License-Identifier: GPL-2.0-or-later
//! One run of one system: start it, feed it, wait until it rests, see what it used and what it has.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use bgpfeed::feed::Feed;
use bgpfeed::session::{Local, Session};
use bgpfeed::wire::Family;
use serde::{Deserialize, Serialize};

use super::facts::{FEED_AS, Policy, Table};
use super::system::{COLLECTOR, Daemon, FEED, Programs, ROUTER_AS, System, cpu, peak_memory, start};
use crate::bench::usage::POLL;

/// Longest start: a route-map of 100,000 entries takes long to read.
const START: Duration = Duration::from_secs(600);
/// Nothing happens for so long, and routes are missing. More than the time between two keepalives of a session with a
/// hold time of 180 s, as a bgpd that stopped to read goes on then.
const STALLED: Duration = Duration::from_secs(100);
/// Polls with hardly any CPU time in between: it is done.
const QUIET_POLLS: usize = 5;
/// What /proc counts CPU time in.
const TICK: f64 = 0.01;

/// What one run cost.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Cost {
    /// Routes that were fed.
    pub(super) routes: u32,
    /// CPU seconds of the system's own code.
    #[serde(rename = "user_seconds")]
    pub(super) user: f64,
    /// CPU seconds of the kernel for it.
    #[serde(rename = "system_seconds")]
    pub(super) system: f64,
    /// Seconds from the first octet to the last thing it did.
    pub(super) seconds: f64,
    /// Peak of resident memory, in MiB.
    pub(super) memory: f64,
}

impl Cost {
    /// CPU seconds.
    pub(super) fn cpu(&self) -> f64 {
        self.user + self.system
    }
}

/// A system that has taken the whole feed. Without the session the routes go.
struct Fed {
    daemon: Box<dyn Daemon>,
    cost: Cost,
    _session: Session,
}

/// Feeds it and returns what it cost.
///
/// # Errors
/// It did not start, closed the session, or accepted another number of routes.
pub(super) fn measure(
    system: System,
    policy: Policy,
    programs: &Programs<'_>,
    dir: &Path,
    (feed, accepted): (&Feed, usize),
) -> Result<Cost> {
    let fed = run(system, policy, programs, dir, feed, Some(accepted));
    Ok(fed.with_context(|| format!("{}, {}", system.title(), policy.title()))?.cost)
}

/// Feeds it and returns the table that it shows to a router of its own AS.
///
/// # Errors
/// It did not start or closed a session.
pub(super) fn table(
    system: System,
    policy: Policy,
    programs: &Programs<'_>,
    dir: &Path,
    (feed, accepted): (&Feed, usize),
) -> Result<Table> {
    let fed = run(system, policy, programs, dir, feed, None)
        .with_context(|| format!("{}, {}", system.title(), policy.title()))?;
    let collector = session(ROUTER_AS, COLLECTOR, &*fed.daemon)?;
    // It is done when all are there; one that shows others than it should is done when no more come.
    let mut last = 0;
    let mut moved = Instant::now();
    loop {
        let count = collector.received(|received| received.routes.len());
        let patience = if count == 0 { STALLED } else { Duration::from_secs(10) };
        if count == accepted || (count == last && moved.elapsed() > patience) {
            break;
        }
        if count != last {
            last = count;
            moved = Instant::now();
        }
        if let Some(ended) = collector.ended() {
            bail!("{}: the session with the collector ended: {ended}", system.title());
        }
        thread::sleep(POLL);
    }
    Ok(collector.received(|received| {
        let route = |attributes: &bgpfeed::wire::Attributes| {
            let mut communities = attributes.communities.clone();
            communities.sort_unstable();
            (attributes.local_pref.unwrap_or(100), communities)
        };
        received.routes.iter().map(|(prefix, attributes)| (*prefix, route(attributes))).collect()
    }))
}

/// A session with it.
pub(super) fn session(asn: u32, from: Ipv4Addr, daemon: &dyn Daemon) -> Result<Session> {
    let local = Local { asn, router_id: from, hold_time: 180, families: vec![Family::Ipv4] };
    Session::connect(&local, daemon.address(), Some(from.into()), START).context("no session")
}

fn run(
    system: System,
    policy: Policy,
    programs: &Programs<'_>,
    dir: &Path,
    feed: &Feed,
    accepted: Option<usize>,
) -> Result<Fed> {
    empty(dir)?;
    let mut daemon = start(system, policy, programs, dir)?;
    let session = session(FEED_AS, FEED, &*daemon).with_context(|| last_words(dir))?;
    let before = cpu(&*daemon)?;
    let begin = Instant::now();
    session.send(feed).context("it closed the session")?;
    let last = settle(&mut *daemon, accepted)?;
    ensure!(session.ended().is_none(), "the session ended: {}", session.ended().unwrap_or_default());
    let used = cpu(&*daemon)?.since(before);
    let cost = Cost {
        routes: feed.routes,
        user: used.user,
        system: used.system,
        seconds: last.duration_since(begin).as_secs_f64(),
        memory: peak_memory(&*daemon)?,
    };
    Ok(Fed { daemon, cost, _session: session })
}

/// Makes `dir` an empty folder.
pub(super) fn empty(dir: &Path) -> Result<()> {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    Ok(fs::create_dir_all(dir)?)
}

/// Waits until it rests and has what it should have; returns when it last did something. It is asked only when it
/// rests, so that the question costs nothing that is measured.
pub(super) fn settle(daemon: &mut dyn Daemon, accepted: Option<usize>) -> Result<Instant> {
    let mut used = cpu(daemon)?.total();
    let mut last = Instant::now();
    let mut polls = [f64::MAX; QUIET_POLLS];
    let mut seen = (u64::MAX, Instant::now());
    loop {
        thread::sleep(POLL);
        let now = cpu(daemon)?.total();
        if now - used > TICK / 2.0 {
            last = Instant::now();
        }
        polls.rotate_left(1);
        polls[QUIET_POLLS - 1] = now - used;
        used = now;
        // A daemon that rests has timers; one that has to wait for a CPU gets more than this of it.
        if polls.iter().sum::<f64>() > 2.5 * TICK {
            continue;
        }
        let Some(accepted) = accepted else { return Ok(last) };
        let has = daemon.accepted()?;
        if has == accepted as u64 {
            return Ok(last);
        }
        if has != seen.0 {
            seen = (has, Instant::now());
        }
        ensure!(seen.1.elapsed() < STALLED, "it has {has} routes and should have {accepted}");
        used = cpu(daemon)?.total();
    }
}

/// What it said before it gave up.
fn last_words(dir: &Path) -> String {
    let text = fs::read_to_string(dir.join("out")).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(10)..].join("\n")
}
