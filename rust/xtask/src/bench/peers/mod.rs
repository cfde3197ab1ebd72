// SPDX-License-Identifier: GPL-2.0-or-later
//! `cargo xtask bench peers`: the same routes and the same policies in every system that people run.
//!
//! Reading order: [`facts`] (the policies and the table they lead to), [`system`] (what the systems share), [`frr`],
//! [`bird`], [`openbgpd`], [`gobgp`] (each policy in its own words), [`packages`] (where they come from), [`run`] (one
//! run), [`count`] (instructions), [`reload`] (a change
//! of a full table's policy), [`report`] (the tables),
//! [`picture`], [`write`] (what `--write` leaves).

mod bird;
mod count;
mod facts;
mod frr;
mod gobgp;
mod openbgpd;
mod packages;
mod picture;
mod reload;
mod report;
mod run;
mod system;
mod write;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use bgpfeed::feed::Feed;

use super::{installed, micro};
use crate::build;
use crate::layout::Layout;
use count::Count;
use facts::{Policy, Table, expected};
use packages::Peers;
use report::Run;
use system::{Programs, System};
use write::Measured;

/// Routes of the comparison of the tables.
const CHECKED: u32 = 40_000;
/// More than this many private prefixes can't be made.
const MOST_ROUTES: u32 = 2_000_000;

/// What `cargo xtask bench peers` takes.
#[derive(Debug, clap::Args)]
pub struct PeersArgs {
    /// Routes that each system is fed
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    pub routes: u32,
    /// Runs of every case; figures are medians
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub rounds: u32,
    /// Only systems with one of these in their name, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub system: Vec<String>,
    /// Only policies with one of these in their name, separated by commas
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub policy: Vec<String>,
    /// Compare the tables and measure nothing
    #[arg(long)]
    pub check: bool,
    /// Count instructions under callgrind and measure nothing else
    #[arg(long, conflicts_with = "check")]
    pub count: bool,
    /// Only the figures of ours alone: reloads, loads, calls
    #[arg(long, conflicts_with_all = ["system", "policy", "check"])]
    pub alone: bool,
    /// Write docs/figures and the tables in docs/benchmarks.md; with --alone the figures of the systems stay
    #[arg(long, conflicts_with_all = ["system", "policy", "check", "count"])]
    pub write: bool,
}

type Case = (System, Policy);

struct Bench<'a> {
    programs: Programs<'a>,
    dir: PathBuf,
    args: &'a PeersArgs,
    /// What is fed, by the number of routes, and how many of them each policy accepts.
    feeds: HashMap<u32, Feed>,
    accepted: HashMap<(Policy, u32), usize>,
}

/// Compares the tables, measures, and prints.
///
/// # Errors
/// A build is missing, a system fails, or two systems do not do the same.
pub fn peers(layout: &Layout, args: &PeersArgs) -> Result<()> {
    ensure!(args.routes >= 1000 && args.routes <= MOST_ROUTES, "--routes is 1000 to {MOST_ROUTES}");
    ensure!(args.rounds > 0, "--rounds must be more than 0");
    let asked = |systems: &[System]| systems.iter().any(|system| Bench::asked(&args.system, system.title()));
    if asked(&[System::Script, System::Native, System::Stock]) {
        build::build(layout, false)?;
    }
    if asked(&[System::Stock]) && !args.alone && !args.count {
        build::stock_scripting(layout)?;
    }
    let peers = Peers::fetch(layout)?;
    let ours = installed(layout, &layout.root());
    let stock = installed(layout, &layout.work.join("stock-scripting-root"));
    let mut bench = Bench {
        programs: Programs { ours: &ours, stock: &stock, peers: &peers },
        dir: layout.work.join("bench/peers"),
        args,
        feeds: HashMap::new(),
        accepted: HashMap::new(),
    };
    if args.count {
        println!("\n{}", count::table(&bench.count(layout)?));
        return Ok(());
    }
    let mut others = Vec::new();
    if args.system.is_empty() && args.policy.is_empty() && !args.check {
        bench.feed(Policy::Small, args.routes);
        others = reload::measure(&ours, &bench.dir, &bench.feeds[&args.routes], args.rounds)?;
        others.append(&mut micro::run_micro(&layout.repo, &bench.dir)?);
    }
    let (mut runs, mut counts) = (Vec::new(), Vec::new());
    if !args.alone {
        bench.check()?;
        if args.check {
            return Ok(());
        }
        runs = bench.measure()?;
    }
    if args.system.is_empty() && args.policy.is_empty() && !args.alone {
        counts = bench.count(layout)?;
    }
    let mut measured = Measured { runs, counts, others };
    println!("\n{}", write::text(&measured));
    if args.write {
        if args.alone {
            write::keep_systems(&layout.repo, &mut measured)?;
        }
        write::write(&layout.repo, &peers, &measured)?;
    }
    Ok(())
}

impl Bench<'_> {
    fn asked(list: &[String], title: &str) -> bool {
        let title = title.to_lowercase();
        list.is_empty() || list.iter().any(|name| title.contains(&name.to_lowercase()))
    }

    fn wanted(&self, system: System, policy: Policy) -> bool {
        Self::asked(&self.args.system, system.title())
            && (policy == Policy::None || Self::asked(&self.args.policy, policy.title()))
            && system.cannot(policy).is_none()
    }

    fn count(&self, layout: &Layout) -> Result<Vec<Count>> {
        crate::setup::packages::install(layout, &["valgrind"])?;
        let dir = layout.work.join("bench/counted");
        count::measure(&self.programs, &dir, |system, policy| self.wanted(system, policy))
    }

    fn cases(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for policy in Policy::ALL {
            for system in System::ALL {
                if self.wanted(system, policy) {
                    let system = if policy == Policy::None { system.base() } else { system };
                    if !cases.contains(&(system, policy)) {
                        cases.push((system, policy));
                    }
                }
            }
        }
        cases
    }

    /// The feed of a case, and how many of it are accepted.
    fn feed(&mut self, policy: Policy, routes: u32) -> (&Feed, usize) {
        let feed = self.feeds.entry(routes).or_insert_with(|| Feed::new(&facts::feed(routes)));
        let accepted = match policy {
            Policy::Hygiene => *self.accepted.entry((policy, routes)).or_insert_with(|| expected(policy, routes).len()),
            _ => routes as usize,
        };
        (feed, accepted)
    }

    /// Every system arrives at the table that the policy means.
    fn check(&mut self) -> Result<()> {
        let dir = self.dir.clone();
        let mut tables: HashMap<(Policy, u32), Table> = HashMap::new();
        for (system, policy) in self.cases() {
            let routes = CHECKED.min((self.args.routes / system.share(policy)).max(100));
            let table = tables.entry((policy, routes)).or_insert_with(|| expected(policy, routes));
            let feed = Feed::new(&facts::feed(routes));
            let has = run::table(system, policy, &self.programs, &dir, (&feed, table.len()))?;
            same(table, &has).map_err(|error| error.context(format!("{}, {}", system.title(), policy.title())))?;
            println!("bench: {}, {}: the same {} of {routes} routes", system.title(), policy.title(), has.len());
        }
        Ok(())
    }

    fn measure(&mut self) -> Result<Vec<Run>> {
        let cases = self.cases();
        let dir = self.dir.clone();
        let mut runs = Vec::new();
        for round in 0..self.args.rounds {
            // Every other round backwards: a drift of the machine hits all cases alike.
            let mut order = cases.clone();
            if round % 2 == 1 {
                order.reverse();
            }
            for (system, policy) in order {
                let cost = self.one(system, policy, &dir)?;
                println!(
                    "bench: round {} {:<22} {:<17} {:7.2} s CPU ({:.2} user, {:.2} system), {:.1} s, {:.0} MiB, {} routes",
                    round + 1,
                    system.title(),
                    policy.title(),
                    cost.cpu(),
                    cost.user,
                    cost.system,
                    cost.seconds,
                    cost.memory,
                    cost.routes
                );
                runs.push(Run { system, policy, cost });
            }
        }
        Ok(runs)
    }

    fn one(&mut self, system: System, policy: Policy, dir: &Path) -> Result<run::Cost> {
        let routes = (self.args.routes / system.share(policy)).max(100);
        self.feed(policy, routes);
        let accepted = self.feed(policy, routes).1;
        run::measure(system, policy, &self.programs, dir, (&self.feeds[&routes], accepted))
    }
}

/// The first difference is the error.
fn same(expected: &Table, has: &Table) -> Result<()> {
    let mut wrong = expected.iter().filter(|(prefix, route)| has.get(*prefix) != Some(route));
    let more = has.keys().find(|prefix| !expected.contains_key(*prefix));
    ensure!(more.is_none(), "{} is accepted and should not be", more.expect("one"));
    if let Some((prefix, route)) = wrong.next() {
        anyhow::bail!(
            "{} of {} routes differ, {prefix} is {:?} and should be {route:?}",
            wrong.count() + 1,
            expected.len(),
            has.get(prefix)
        );
    }
    Ok(())
}
