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

/// Repeats of each case, unless `HOSTILE_REPEATS` says otherwise.
const REPEATS: u32 = 20;

fn main() -> ExitCode {
    let repeats = std::env::var("HOSTILE_REPEATS").map_or(REPEATS, |n| n.parse().expect("HOSTILE_REPEATS is a number"));
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let cases: Vec<case::Case> = case::all()
        .into_iter()
        .filter(|c| wanted.is_empty() || wanted.iter().any(|w| c.name.contains(w.as_str())))
        .collect();
    let mut results = report::Results::new();
    println!("running {} cases, {repeats} times each", cases.len());
    let mut failed = 0;
    for case in &cases {
        let mut measured = repeat::run(case, repeats);
        // A machine that others use too is late at times; a case that is too long is so each time.
        for _ in 0..2 {
            if !measured.is_only_late() {
                break;
            }
            measured = repeat::run(case, repeats);
        }
        println!("{}", report::line(case, &measured));
        failed += usize::from(!measured.wrong.is_empty());
        results.add(case, repeats, &measured);
    }
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!("test result: {word}. {} passed; {failed} failed; 0 ignored", cases.len() - failed);
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
