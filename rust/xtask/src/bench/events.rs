// SPDX-License-Identifier: GPL-2.0-or-later
//! Events in a live bgpd: every route of a full table is told to a script that listens, against the same feed without a
//! listener. The session has a hold time of 3 s, so that a keepalive that comes late ends the run.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bgpfeed::feed::Feed;
use bgpfeed::session::{Local, Session};
use bgpfeed::wire::Family;

use super::policy::{NAME, feed};
use super::record::Record;
use super::router::{Build, Events, FEED, FEED_AS, Router, configuration};
use super::stats::Spread;

/// What its figures' names begin with.
pub(super) const TITLE: &str = "events: ";

/// RFC 4271's least.
const HOLD: u16 = 3;
const SESSION: Duration = Duration::from_secs(30);

/// Reads what a monitoring script reads of a route.
const SCRIPT: &str = "
local seen, tagged = 0, 0
frr.on('route_changed', function(prefix, old, new)
  seen += 1
  if new and prefix.length <= 24 and new.attributes.localpref ~= 0 then tagged += 1 end
end)
";

struct Run {
    cpu: f64,
    seconds: f64,
    events: Option<Events>,
}

/// Measures in so many rounds.
///
/// # Errors
/// The session ended, or routes were lost.
pub(super) fn run(build: &Build, dir: &Path, routes: u32, rounds: u32) -> Result<Vec<Record>> {
    let feed = Feed::new(&feed(routes));
    let (mut without, mut with) = (Vec::new(), Vec::new());
    one(build, dir, &feed, false)?;
    for _ in 0..rounds {
        without.push(one(build, dir, &feed, false)?);
        with.push(one(build, dir, &feed, true)?);
    }
    let median = |runs: &[Run], value: fn(&Run) -> f64| Spread::of(runs.iter().map(value)).median;
    let (told, dropped) = with
        .iter()
        .filter_map(|run| run.events)
        .fold((0, 0), |(told, dropped), events| (told + events.told, dropped + events.dropped));
    println!("bench: {told} events in {rounds} rounds, {dropped} of them dropped; no keepalive was late");
    let cpu = (median(&with, |r| r.cpu), median(&without, |r| r.cpu));
    Ok(vec![
        Record::against(
            format!("{TITLE}bgpd CPU, a listener for every route"),
            "s",
            cpu.0,
            (cpu.1, "no listener"),
            None,
        ),
        Record::alone(
            format!("{TITLE}CPU of an event in bgpd, told and handled"),
            "us",
            (cpu.0 - cpu.1) * 1e6 / f64::from(routes),
            Some(1.0),
        ),
        Record::alone(
            format!("{TITLE}time between events of the feed (100,000 a second are 10 us)"),
            "us",
            median(&with, |r| r.seconds) * 1e6 / f64::from(routes),
            Some(10.0),
        ),
        #[allow(clippy::cast_precision_loss, reason = "a share of some millions")]
        Record::alone(format!("{TITLE}events dropped"), "%", dropped as f64 * 100.0 / (told.max(1) as f64), Some(0.0)),
    ])
}

fn one(build: &Build, dir: &Path, feed: &Feed, listener: bool) -> Result<Run> {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    fs::create_dir_all(dir)?;
    fs::write(dir.join(format!("{NAME}.lua")), SCRIPT)?;
    let load = if listener { format!("script load {NAME}\n") } else { String::new() };
    let mut router = Router::start(build, dir, &configuration(&load, None))?;
    let local = Local { asn: FEED_AS, router_id: FEED, hold_time: HOLD, families: vec![Family::Ipv4] };
    let session =
        Session::connect(&local, router.address, Some(FEED.into()), SESSION).context("no session with bgpd")?;
    let before = router.cpu()?;
    let start = Instant::now();
    session.send(feed).context("bgpd closed the session")?;
    router.settle(feed.routes)?;
    let (cpu, seconds) = (router.cpu()?.since(before).total(), start.elapsed().as_secs_f64());
    let ended = session.ended();
    ensure!(ended.is_none(), "the session ended: {}", ended.unwrap_or_default());
    let events = if listener { Some(router.events(NAME)?) } else { None };
    if let Some(events) = events {
        ensure!(events.told >= feed.routes.into(), "{} events for {} routes", events.told, feed.routes);
    }
    Ok(Run { cpu, seconds, events })
}
