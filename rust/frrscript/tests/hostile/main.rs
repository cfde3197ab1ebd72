// SPDX-License-Identifier: GPL-2.0-or-later
//! Every case of `hostile/cases` in the library, again and again: it ends as it says, in time, counted and logged, and nothing of it
//! is left. `cargo xtask test hostile` runs this; by hand: `cargo test --release --test hostile -- NAME...`.
//!
//! Reading order: `case` (a file of the catalogue), `repeat` (one case, measured), `usage` (clocks and memory), `report` (a line of results).

#![allow(unsafe_code)]

#[allow(dead_code, reason = "of the tests' event loop not all is used here")]
#[path = "../library/events.rs"]
mod events;
#[allow(dead_code, reason = "of the tests' host not all is used here")]
#[path = "../library/host.rs"]
mod host;
#[allow(dead_code, reason = "of the tests' objects not all is used here")]
#[path = "../library/tables.rs"]
mod tables;

mod case;
mod repeat;
mod report;
mod usage;

/// What `host` asks for: there are none here.
mod runtimes {
    pub fn directory() -> std::path::PathBuf {
        std::env::temp_dir().join("frrscript-hostile-has-no-runtimes")
    }
}

/// What `host` asks for: there is none here.
mod runtimes_process {
    pub fn runner() -> std::path::PathBuf {
        super::runtimes::directory().join("frr-runtime")
    }
}

use std::process::ExitCode;

/// Repeats of each case that are measured, unless `HOSTILE_TIMED` says otherwise. `HOSTILE_REPEATS` more are made.
const TIMED: u32 = 10;

fn number(variable: &str, default: u32) -> u32 {
    std::env::var(variable).map_or(default, |n| n.parse().unwrap_or_else(|_| panic!("{variable} is no number: {n}")))
}

fn main() -> ExitCode {
    let (timed, worn) = (number("HOSTILE_TIMED", TIMED), number("HOSTILE_REPEATS", 0));
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let cases: Vec<case::Case> = case::all()
        .into_iter()
        .filter(|c| wanted.is_empty() || wanted.iter().any(|w| c.name.contains(w.as_str())))
        .collect();
    let mut results = report::Results::new();
    println!("running {} cases, {timed} times each, and {worn} times more", cases.len());
    let mut failed = 0;
    for case in &cases {
        let mut measured = repeat::run(case, timed, worn);
        // A machine that others use too is late at times; a case that is too long is so each time.
        for _ in 0..2 {
            if !measured.is_only_late() {
                break;
            }
            measured = repeat::run(case, timed, worn);
        }
        println!("{}", report::line(case, &measured));
        failed += usize::from(!measured.wrong.is_empty());
        results.add(case, &measured);
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {word}. {} passed; {failed} failed; 0 ignored", cases.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
