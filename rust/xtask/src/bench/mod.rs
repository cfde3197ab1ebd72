// SPDX-License-Identifier: GPL-2.0-or-later
//! `cargo xtask bench`: figures side by side from one run. Never a test: a busy machine may miss
//! a goal, and the exit code does not say so.
//!
//! Reading order: [`live`] (the cases and the rounds), [`policy`] (what is compared),
//! [`router`] (bgpd under test), [`events`] (a script that listens), [`pubsub`] (from daemon to daemon), [`failover`] (the demo's scene),
//! [`runtimes`] (calls of other languages), [`micro`] (the library's own benchmark), [`peers`]
//! (other systems), [`record`] (the file).
//! The method is in `docs/benchmarks.md`.

mod callgrind;
mod events;
mod failover;
mod live;
mod micro;
mod peers;
mod policy;
mod pubsub;
mod record;
mod router;
mod runtimes;
mod stats;
mod usage;
mod vty;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};

use crate::layout::Layout;
use live::Live;
use peers::PeersArgs;
use router::Build;

/// What `cargo xtask bench` takes.
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Write the figures to this file as JSON
    #[arg(long, value_name = "FILE")]
    pub json: Option<PathBuf>,
    /// Routes that bgpd is fed in each run
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub routes: u32,
    /// Runs of every live case; figures are medians
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub rounds: u32,
    /// Only what has this in its name ("live", "1,000 entries", "calls")
    #[arg(long, value_name = "NAME")]
    pub only: Option<String>,
    #[command(subcommand)]
    pub part: Option<Part>,
}

/// A benchmark of its own.
#[derive(Debug, clap::Subcommand)]
pub enum Part {
    /// The same routes and policies in FRR, BIRD, OpenBGPD and GoBGP
    Peers(PeersArgs),
}

impl BenchArgs {
    /// Whether FRR itself is needed.
    pub fn needs_frr(&self) -> bool {
        self.part.is_none() && !self.is_only(&[runtimes::TITLE])
    }

    /// Whether FRR without our patches is one of the sides.
    pub fn needs_stock(&self) -> bool {
        !self.is_only(&[events::TITLE, pubsub::TITLE, failover::TITLE, runtimes::TITLE])
    }

    fn is_only(&self, titles: &[&str]) -> bool {
        let is = |only: &String| titles.iter().any(|title| only.starts_with(title.trim_end_matches(": ")));
        self.only.as_ref().is_some_and(is)
    }
}

/// Measures, prints the table and writes the file. Both builds must be there.
///
/// # Errors
/// A build is missing, routes are lost, or two forms of a policy do not do the same.
pub fn run(layout: &Layout, args: &BenchArgs) -> Result<()> {
    if let Some(Part::Peers(args)) = &args.part {
        return peers::peers(layout, args);
    }
    ensure!(args.routes > 0, "--routes must be more than 0");
    ensure!(args.rounds > 0, "--rounds must be more than 0");
    let only = args.only.as_deref();
    let dir = layout.work.join("bench");

    let live = Live {
        ours: &installed(layout, &layout.root()),
        stock: &installed(layout, &layout.work.join("stock-root")),
        dir: &dir.join("bgpd"),
        routes: args.routes,
        rounds: args.rounds,
        only,
    };
    let mut records = Vec::new();
    if only.is_none() || (!live.wanted() && args.needs_stock()) {
        records = micro::run_micro(&layout.repo, &dir)?;
        records.retain(|record| only.is_none_or(|only| record.name.contains(only)));
    }
    if live.wanted() {
        records.append(&mut live.run()?);
    }
    let asked = |title: &str| only.is_none_or(|only| only.starts_with(title.trim()) || title.contains(only));
    if asked(events::TITLE) {
        records.append(&mut events::run(live.ours, &dir.join("events"), args.routes, args.rounds)?);
    }
    if asked(pubsub::TITLE) {
        records.append(&mut pubsub::run(live.ours, &dir.join("pubsub"))?);
    }
    if asked(failover::TITLE) {
        records.append(&mut failover::measure(&layout.repo, &crate::demo::gap_file(layout))?);
    }
    if asked(runtimes::TITLE) {
        records.append(&mut runtimes::run_runtimes(layout, &dir, args.rounds)?);
    }
    if records.is_empty() {
        bail!("no figure has \"{}\" in its name", only.unwrap_or_default());
    }
    print!("\n{}", record::table(&records));
    if let Some(file) = &args.json {
        record::write(file, &records)?;
    }
    Ok(())
}

/// The bgpd of an install root.
fn installed(layout: &Layout, root: &Path) -> Build {
    let mut libraries = OsString::from(root.join("usr/lib"));
    libraries.push(":");
    libraries.push(layout.libyang().join("lib"));
    Build { bgpd: Layout::daemons(root).join("bgpd"), libraries, counted: false }
}
