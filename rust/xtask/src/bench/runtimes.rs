// SPDX-License-Identifier: GPL-2.0-or-later
//! Calls of runtimes: the bench target [`TARGET`] of the crate `frrscript`, which is a daemon's event loop with the library
//! in it, and in the same run asks an echo server at a unix socket.

use std::path::Path;

use anyhow::{Result, bail};

use super::record::{self, Record};
use crate::layout::Layout;
use crate::step::run;

/// What its figures' names begin with.
pub(super) const TITLE: &str = "runtimes: ";

/// Name of the bench target.
const TARGET: &str = "runtimes";

/// Runs it with the runtimes that are built; its files are left in `dir`.
///
/// # Errors
/// It can't be built, or a call got no answer.
pub(super) fn run_runtimes(layout: &Layout, dir: &Path, rounds: u32) -> Result<Vec<Record>> {
    crate::build::runtimes(layout)?;
    std::fs::create_dir_all(dir)?;
    let file = dir.join(format!("{TARGET}.json"));
    let done = run("cargo")
        .dir(&layout.repo)
        .args(["bench", "--quiet", "--package", "frrscript", "--bench", TARGET, "--", "--rounds", &rounds.to_string()])
        .arg("--runtimes")
        .arg(layout.runtimes())
        .arg("--json")
        .arg(&file)
        .shown()?;
    if !done {
        bail!("the benchmark of the runtimes failed: see above");
    }
    record::read(&file)
}
