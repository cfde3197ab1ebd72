// SPDX-License-Identifier: GPL-2.0-or-later
//! Results: a line for a person, a line of JSON for the table.

use super::case::Case;
use super::repeat::Measured;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

fn msec(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e4).round() / 10.0
}

/// `test NAME ... ok`, and what was measured.
pub fn line(case: &Case, measured: &Measured) -> String {
    let word = if measured.wrong.is_empty() { "ok" } else { "FAILED" };
    let mut out = format!(
        "test {} ... {word} ({}, {} ms, at most {} ms, CPU {} ms)",
        case.name,
        case.ends,
        msec(measured.median),
        msec(measured.longest),
        msec(measured.cpu)
    );
    for why in &measured.wrong {
        out.push_str(&format!("\n    {why}"));
    }
    out
}

/// The file of results.
pub struct Results(File);

impl Results {
    pub fn new() -> Results {
        let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/hostile");
        let folder = std::env::var_os("HOSTILE_RESULTS").map_or(default, Into::into);
        std::fs::create_dir_all(&folder).expect("the folder of results");
        Results(File::create(folder.join("library.jsonl")).expect("the file of results"))
    }

    pub fn add(&mut self, case: &Case, measured: &Measured) {
        let line = serde_json::json!({
            "case": case.name,
            "number": case.number,
            "title": case.title,
            "ends": case.ends,
            "limitMsec": measured.limit.as_millis() as u64,
            "timed": measured.timed,
            "repeats": measured.timed + measured.worn,
            "endMsec": msec(measured.median),
            "longestMsec": msec(measured.longest),
            "cpuMedianMsec": msec(measured.cpu_median),
            "cpuMsec": msec(measured.cpu),
            "memoryBefore": measured.before.heap,
            "memoryAfter": measured.after.heap,
            "residentBefore": measured.before.resident,
            "residentAfter": measured.after.resident,
            "scriptBefore": measured.script.0,
            "scriptAfter": measured.script.1,
            "logged": measured.logged,
            "counted": measured.counted,
            "passed": measured.wrong.is_empty(),
        });
        writeln!(self.0, "{line}").expect("a line is written");
    }
}
