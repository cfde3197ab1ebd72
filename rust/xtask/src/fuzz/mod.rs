// SPDX-License-Identifier: GPL-2.0-or-later
//! `cargo xtask fuzz`: the targets of `fuzz/` under AddressSanitizer, for a time, with a line of figures for each.
//!
//! cargo-fuzz is not needed: libFuzzer comes with a crate, and the flags are here. With a nightly compiler `cargo fuzz run
//! TARGET` does the same.

mod build;
mod corpus;
mod figures;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;

use crate::layout::Layout;
use crate::tests::Count;
use figures::{Figures, Outcome};

/// The targets: the files of `fuzz/fuzz_targets`.
pub const TARGETS: [&str; 7] = ["access", "api", "codec", "patterns", "prefix_set", "source", "wire"];

/// What is asked of the command.
#[derive(Args)]
pub struct FuzzArgs {
    /// Minutes in all, shared by the targets
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Only this target
    #[arg(long, value_parser = TARGETS)]
    target: Option<String>,
    /// Only this input, such as one that crashed
    #[arg(long, requires = "target")]
    input: Option<PathBuf>,
    /// Then bring what was found into fuzz/corpus, as little of it as covers the same
    #[arg(long)]
    merge: bool,
}

/// Runs the targets; false when one of them crashed.
pub fn fuzz(layout: &Layout, args: &FuzzArgs) -> Result<bool> {
    build::build(layout)?;
    if let (Some(target), Some(input)) = (&args.target, &args.input) {
        return rerun(layout, target, input);
    }
    let targets: Vec<&str> = match &args.target {
        Some(target) => vec![target],
        None => TARGETS.to_vec(),
    };
    let workers = workers(targets.len());
    let seconds = args.minutes * 60 * workers as u64 / targets.len() as u64;
    let outcomes = all(layout, &targets, workers, &Limit::Time(Duration::from_secs(seconds.max(1))))?;
    print(layout, &outcomes);
    if args.merge {
        for target in &targets {
            corpus::merge(layout, target)?;
        }
    }
    Ok(outcomes.iter().all(|outcome| outcome.crash.is_none()))
}

/// The short form that is part of the tests: the inputs of the repository, and some seconds more for each target.
pub fn short(layout: &Layout) -> Result<Count> {
    build::build(layout)?;
    let outcomes = all(layout, &TARGETS, workers(TARGETS.len()), &Limit::Time(SHORT))?;
    print(layout, &outcomes);
    let mut count = Count::default();
    for outcome in outcomes {
        count += Count::one(outcome.crash.is_none());
    }
    Ok(count)
}

/// For each target in the tests.
const SHORT: Duration = Duration::from_secs(10);

/// When a target ends.
enum Limit {
    Time(Duration),
}

fn workers(targets: usize) -> usize {
    std::thread::available_parallelism().map_or(2, usize::from).min(targets)
}

/// Runs targets, some at once.
fn all(layout: &Layout, targets: &[&str], workers: usize, limit: &Limit) -> Result<Vec<Outcome>> {
    let left = Mutex::new(targets.iter().rev().collect::<Vec<_>>());
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        let work = || -> Result<()> {
            while let Some(target) = { left.lock().expect("no panic").pop() } {
                let outcome = one(layout, target, limit)?;
                done.lock().expect("no panic").push(outcome);
            }
            Ok(())
        };
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().expect("no panic"))
    })?;
    let mut outcomes = done.into_inner()?;
    outcomes.sort_by(|a, b| a.target.cmp(&b.target));
    Ok(outcomes)
}

fn one(layout: &Layout, target: &str, limit: &Limit) -> Result<Outcome> {
    let found = corpus::found(layout, target);
    let crashes = folder(layout).join("crashes").join(target);
    fs::create_dir_all(&found)?;
    fs::create_dir_all(&crashes)?;
    let before = files(&crashes)?;
    let Limit::Time(time) = limit;
    let log = layout.log(&format!("fuzz-{target}"));
    let result = build::program(layout, target)?
        .arg(format!("-max_total_time={}", time.as_secs()))
        .arg(format!("-artifact_prefix={}/", crashes.display()))
        .args(OPTIONS)
        .arg(&found)
        .args(corpus::seeds(layout, target))
        .step(&format!("fuzz {target}"), &log);
    let figures = Figures::read(&fs::read_to_string(&log)?);
    let crash = match result {
        Ok(()) => None,
        Err(error) => {
            eprintln!("{error:#}");
            let new = files(&crashes)?.into_iter().find(|file| !before.contains(file));
            Some(new.unwrap_or(log))
        }
    };
    Ok(Outcome { target: target.to_owned(), figures, crash })
}

/// Of libFuzzer: how long one input may take, and how large it may be; large ones at once, because a grammar makes nothing of
/// a few octets.
const OPTIONS: [&str; 5] =
    ["-timeout=30", "-rss_limit_mb=3000", "-print_final_stats=1", "-max_len=2048", "-len_control=0"];

fn files(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir)? {
        files.push(entry?.path());
    }
    Ok(files)
}

/// Where builds, finds and crashes are.
fn folder(layout: &Layout) -> PathBuf {
    layout.target.join("fuzz")
}

fn rerun(layout: &Layout, target: &str, input: &Path) -> Result<bool> {
    if !input.is_file() {
        bail!("{} is no file: name an input, such as one in target/fuzz/crashes/{target}", input.display());
    }
    build::program(layout, target)?.arg(input).shown()
}

fn print(layout: &Layout, outcomes: &[Outcome]) {
    println!(
        "{:<12}{:>14}{:>12}{:>8}{:>10}{:>8}  crashes",
        "target", "executions", "a second", "edges", "features", "corpus"
    );
    for Outcome { target, figures: f, crash } in outcomes {
        println!(
            "{target:<12}{:>14}{:>12}{:>8}{:>10}{:>8}  {}",
            f.executions,
            f.a_second,
            f.edges,
            f.features,
            f.corpus,
            u32::from(crash.is_some())
        );
    }
    for outcome in outcomes {
        if let Some(crash) = &outcome.crash {
            let (target, crash) = (&outcome.target, layout.show(crash));
            println!("{target} crashed. Again: cargo xtask fuzz --target {target} --input {crash}");
        }
    }
}
