// SPDX-License-Identifier: GPL-2.0-or-later
//! Instructions instead of time: they are the same on a busy machine and on a quiet one.
//!
//! The program runs under callgrind from its start; only what its first thread does between [`zero`] and [`read`] counts. Others
//! go by the clock (the watchdog of scripts looks at it now and then), and a route takes 50 times as long here.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::step::run;

/// Where counts are written, in the program's folder.
const FILE: &str = "callgrind.out";

/// A command that runs `program` and counts its instructions; its folder must become `dir`.
pub(super) fn command(program: &Path, dir: &Path) -> Command {
    let mut command = Command::new("valgrind");
    command.arg("--tool=callgrind").arg(format!("--callgrind-out-file={}", dir.join(FILE).display()));
    // Threads run in turn under valgrind; without this one of them may wait for ever.
    command.args(["--quiet", "--fair-sched=try", "--separate-threads=yes"]).arg(program);
    command
}

/// Forgets what was counted.
pub(super) fn zero(pid: u32) -> Result<()> {
    control("--zero", pid)
}

/// What was counted since then; also left in `dir` for callgrind_annotate.
pub(super) fn read(pid: u32, dir: &Path) -> Result<u64> {
    control("--dump", pid)?;
    let file = dir.join(format!("{FILE}.1-01"));
    let text = fs::read_to_string(&file).with_context(|| format!("callgrind wrote no {}", file.display()))?;
    total(&text).with_context(|| format!("{} has no total", file.display()))
}

fn control(what: &str, pid: u32) -> Result<()> {
    run("callgrind_control").arg(what).arg(pid.to_string()).output().map(drop)
}

/// Of a file of callgrind's: `totals: N`, or `summary: N` in older ones.
fn total(text: &str) -> Option<u64> {
    let number = |label| text.lines().rev().find_map(|line| line.strip_prefix(label)?.trim().parse().ok());
    number("totals:").or_else(|| number("summary:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_the_last_of_them() {
        assert_eq!(total("summary: 5\n\nfn=(1)\n3 4\n\ntotals: 12\n"), Some(12));
        assert_eq!(total("summary: 5\n"), Some(5));
        assert_eq!(total("fn=(1)\n"), None);
    }
}
