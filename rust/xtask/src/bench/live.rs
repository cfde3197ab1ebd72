// SPDX-License-Identifier: GPL-2.0-or-later
//! The live part: feed bgpd a full table, in every case, several rounds, and see what it used.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bgpfeed::feed::Feed;
use bgpfeed::session::{Local, Session};
use bgpfeed::wire::Family;
use indicatif::ProgressBar;
use serde_json::{Map, Value};

use super::policy::{CUSTOMER_ROUTES, NAME, ROUTE_MAP, Work, feed};
use super::record::Record;
use super::router::{Build, FEED, FEED_AS, Router, configuration};
use super::stats::Spread;
use super::usage::Cpu;

const SESSION: Duration = Duration::from_secs(30);

/// Routes of the comparison of two forms of a policy: every customer is there.
const CHECKED_ROUTES: u32 = CUSTOMER_ROUTES;

/// Whose bgpd it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Ours,
    Stock,
}

/// A policy in one of its forms, or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    None,
    Native(Work),
    Script(Work),
}

type Case = (Side, Form);

/// Two cases that are held against each other.
struct Comparison {
    name: &'static str,
    ours: Case,
    other: Case,
    other_name: &'static str,
    goal: Option<f64>,
}

/// Every comparison; goals of design section 7.
const COMPARISONS: [Comparison; 5] = [
    Comparison {
        name: "no policy",
        ours: (Side::Ours, Form::None),
        other: (Side::Stock, Form::None),
        other_name: "FRR without scripting",
        goal: Some(1.01),
    },
    Comparison {
        name: "policy",
        ours: (Side::Ours, Form::Script(Work::Small)),
        other: (Side::Ours, Form::Native(Work::Small)),
        other_name: "native route-map",
        goal: Some(1.03),
    },
    Comparison {
        name: "policy that adds a community",
        ours: (Side::Ours, Form::Script(Work::Edge)),
        other: (Side::Ours, Form::Native(Work::Edge)),
        other_name: "native route-map",
        goal: None,
    },
    Comparison {
        name: "1,000 entries by community",
        ours: (Side::Ours, Form::Script(Work::ByCommunity)),
        other: (Side::Ours, Form::Native(Work::ByCommunity)),
        other_name: "native route-map",
        goal: Some(0.2),
    },
    Comparison {
        name: "1,000 entries by prefix",
        ours: (Side::Ours, Form::Script(Work::ByPrefix)),
        other: (Side::Ours, Form::Native(Work::ByPrefix)),
        other_name: "native route-map",
        // No goal: FRR finds these by itself, and no policy at all costs more than a fifth of that.
        goal: None,
    },
];

/// What is to be done.
pub(super) struct Live<'a> {
    /// FRR with scripts.
    pub(super) ours: &'a Build,
    /// The same FRR built without.
    pub(super) stock: &'a Build,
    /// Folder for configuration, scripts and logs; emptied before each run.
    pub(super) dir: &'a Path,
    /// Routes of every run.
    pub(super) routes: u32,
    /// Runs of every case.
    pub(super) rounds: u32,
    /// Only comparisons with this in their name.
    pub(super) only: Option<&'a str>,
}

/// What one run cost.
#[derive(Debug, Clone, Copy)]
struct Cost {
    cpu: Cpu,
    memory: f64,
    /// Memory of the script alone, in KiB.
    script: Option<f64>,
    seconds: f64,
}

/// A bgpd that has taken the whole feed. The session goes last: without it the routes go.
struct Fed {
    cost: Cost,
    router: Router,
    _session: Session,
}

impl Live<'_> {
    /// Whether there is anything to do.
    pub(super) fn wanted(&self) -> bool {
        self.comparisons().next().is_some()
    }

    /// Checks that the forms of each policy do the same, then measures.
    pub(super) fn run(&self) -> Result<Vec<Record>> {
        for comparison in self.comparisons() {
            self.check(comparison)?;
        }
        let runs = self.measure()?;
        let mut records = Vec::new();
        for comparison in self.comparisons() {
            self.records(comparison, &runs, &mut records);
        }
        Ok(records)
    }

    fn comparisons(&self) -> impl Iterator<Item = &'static Comparison> {
        let only = self.only.map(str::to_owned);
        COMPARISONS.iter().filter(move |comparison| {
            let name = format!("live: {}", comparison.name);
            only.as_ref().is_none_or(|only| name.contains(only.as_str()))
        })
    }

    /// The cases of the chosen comparisons, each once; "no policy" is there whenever the cost of a
    /// policy is to be told apart.
    fn cases(&self) -> Vec<Case> {
        let mut cases = vec![(Side::Ours, Form::None)];
        for comparison in self.comparisons() {
            for case in [comparison.other, comparison.ours] {
                if !cases.contains(&case) {
                    cases.push(case);
                }
            }
        }
        cases
    }

    fn measure(&self) -> Result<Vec<(Case, Cost)>> {
        let feed = Feed::new(&feed(self.routes));
        let cases = self.cases();
        let total = cases.len() as u64 * u64::from(self.rounds);
        println!(
            "bench: {} routes in {} UPDATEs, {} cases, {} rounds",
            feed.routes,
            feed.updates,
            cases.len(),
            self.rounds
        );
        // Not counted: a virtual machine has to get its memory from its host first.
        self.feed(cases[0], &feed)?;
        let bar = ProgressBar::new(total);
        let mut runs = Vec::new();
        for round in 0..self.rounds {
            // Every other round backwards: a drift of the machine hits all cases alike.
            let mut order = cases.clone();
            if round % 2 == 1 {
                order.reverse();
            }
            for case in order {
                let cost = self.feed(case, &feed)?.cost;
                let line = format!(
                    "bench: round {} {:<45} {:7.2} s CPU ({:.2} user, {:.2} system), {:.0} MiB, {:.1} s",
                    round + 1,
                    describe(case),
                    cost.cpu.total(),
                    cost.cpu.user,
                    cost.cpu.system,
                    cost.memory,
                    cost.seconds
                );
                if bar.is_hidden() {
                    println!("{line}");
                } else {
                    bar.println(line);
                }
                bar.inc(1);
                runs.push((case, cost));
            }
        }
        bar.finish_and_clear();
        Ok(runs)
    }

    /// One run: start, feed, wait until all is decided.
    fn feed(&self, case: Case, feed: &Feed) -> Result<Fed> {
        let context = || format!("in the case \"{}\"", describe(case));
        self.feed_inner(case, feed).with_context(context)
    }

    fn feed_inner(&self, (side, form): Case, feed: &Feed) -> Result<Fed> {
        if self.dir.exists() {
            fs::remove_dir_all(self.dir)?;
        }
        fs::create_dir_all(self.dir)?;
        let policy = match form {
            Form::None => None,
            Form::Native(work) => Some(work.native()),
            Form::Script(work) => Some(work.script()),
        };
        let text = match &policy {
            None => configuration("", None),
            Some(policy) => configuration(&policy.configuration, Some(ROUTE_MAP)),
        };
        if let Some(script) = policy.and_then(|policy| policy.script) {
            fs::write(self.dir.join(format!("{NAME}.lua")), script)?;
        }
        let build = match side {
            Side::Ours => self.ours,
            Side::Stock => self.stock,
        };
        let mut router = Router::start(build, self.dir, &text)?;
        let local = Local { asn: FEED_AS, router_id: FEED, hold_time: 180, families: vec![Family::Ipv4] };
        let session =
            Session::connect(&local, router.address, Some(FEED.into()), SESSION).context("no session with bgpd")?;
        let before = router.cpu()?;
        let start = Instant::now();
        session.send(feed).context("bgpd closed the session")?;
        router.settle(feed.routes)?;
        let mut cost = Cost {
            cpu: router.cpu()?.since(before),
            memory: router.peak_memory()?,
            script: None,
            seconds: start.elapsed().as_secs_f64(),
        };
        if let Form::Script(_) = form {
            let state = router.script(NAME)?;
            ensure!(
                state.calls >= feed.routes.into() && state.errors == 0,
                "{} calls for {} routes, {} of them failed",
                state.calls,
                feed.routes,
                state.errors
            );
            cost.script = Some(state.memory);
        }
        Ok(Fed { cost, router, _session: session })
    }

    /// Both forms of a policy leave the same table, attribute by attribute, and it is not the
    /// table of no policy.
    fn check(&self, comparison: &Comparison) -> Result<()> {
        let routes = CHECKED_ROUTES.min(self.routes);
        let feed = Feed::new(&feed(routes));
        let table = |case| -> Result<Map<String, Value>> { self.feed(case, &feed)?.router.table() };
        let ours = table(comparison.ours)?;
        let other = table(comparison.other)?;
        ensure!(ours.len() == routes as usize, "{} routes in the table", ours.len());
        same(&ours, &other).with_context(|| format!("\"{}\" differs", comparison.name))?;
        if comparison.ours.1 == Form::None {
            return Ok(());
        }
        let changed = |(_, route): &(&String, &Value)| route.pointer("/paths/0/locPrf").is_some();
        let changed = ours.iter().filter(changed).count();
        ensure!(
            changed > 0 && changed < ours.len(),
            "\"{}\" changed {changed} of {routes} routes: it measures nothing",
            comparison.name
        );
        println!(
            "bench: \"{}\": both forms leave the same {routes} routes, {changed} of them changed",
            comparison.name
        );
        Ok(())
    }

    fn records(&self, comparison: &Comparison, runs: &[(Case, Cost)], out: &mut Vec<Record>) {
        let of = |case: Case, value: fn(&Cost) -> f64| {
            let runs = runs.iter().filter(move |run| run.0 == case);
            Spread::of(runs.map(|run| value(&run.1)))
        };
        let cpu = |case| of(case, |cost| cost.cpu.total());
        let (ours, other) = (cpu(comparison.ours), cpu(comparison.other));
        println!(
            "bench: {}: {:.2} s ({:.2}-{:.2}) against {:.2} s ({:.2}-{:.2})",
            comparison.name, ours.median, ours.least, ours.most, other.median, other.least, other.most
        );
        let name = |what: &str| format!("live: {}, {what}", comparison.name);
        out.push(Record::against(
            name("bgpd CPU"),
            "s",
            ours.median,
            (other.median, comparison.other_name),
            comparison.goal,
        ));
        // Page faults of a growing process depend on what else the machine does, and far more on a
        // virtual one: its own code alone is the steadier figure.
        let user = |case| of(case, |cost| cost.cpu.user).median;
        out.push(Record::against(
            name("bgpd CPU in user space"),
            "s",
            user(comparison.ours),
            (user(comparison.other), comparison.other_name),
            None,
        ));
        if comparison.ours.1 != Form::None {
            let none = user((Side::Ours, Form::None));
            let per_route = |case| (user(case) - none) * 1e6 / f64::from(self.routes);
            out.push(Record::against(
                name("user CPU per route above no policy"),
                "us",
                per_route(comparison.ours),
                (per_route(comparison.other), comparison.other_name),
                None,
            ));
        }
        let memory = |case| of(case, |cost| cost.memory).median;
        out.push(Record::against(
            name("peak memory"),
            "MiB",
            memory(comparison.ours),
            (memory(comparison.other), comparison.other_name),
            None,
        ));
        let scripts = runs.iter().filter(|run| run.0 == comparison.ours);
        let scripts: Vec<f64> = scripts.filter_map(|run| run.1.script).collect();
        if !scripts.is_empty() {
            out.push(Record::alone(name("memory of the script"), "KiB", Spread::of(scripts).median, None));
        }
    }
}

fn describe((side, form): Case) -> String {
    let work = |work| match work {
        Work::Small => "policy",
        Work::Edge => "policy that adds a community",
        Work::ByCommunity => "1,000 entries by community",
        Work::ByPrefix => "1,000 entries by prefix",
    };
    let form = match form {
        Form::None => "no policy".to_owned(),
        Form::Native(of) => format!("{}, native", work(of)),
        Form::Script(of) => format!("{}, script", work(of)),
    };
    match side {
        Side::Ours => form,
        Side::Stock => format!("{form}, FRR without scripting"),
    }
}

/// The first difference is the error.
fn same(ours: &Map<String, Value>, other: &Map<String, Value>) -> Result<()> {
    ensure!(ours.len() == other.len(), "{} routes against {}", ours.len(), other.len());
    for (prefix, route) in ours {
        let against = other.get(prefix);
        ensure!(
            against == Some(route),
            "{prefix}: {route} against {}",
            against.map_or("nothing".to_owned(), Value::to_string)
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_different_attribute_is_found() {
        let table = |preference| {
            let value = serde_json::json!({ "192.0.2.0/24": { "locPrf": preference } });
            value.as_object().expect("an object").clone()
        };
        assert!(same(&table(1), &table(1)).is_ok());
        let error = same(&table(1), &table(2)).expect_err("different");
        assert_eq!(error.to_string(), "192.0.2.0/24: {\"locPrf\":1} against {\"locPrf\":2}");
    }
}
