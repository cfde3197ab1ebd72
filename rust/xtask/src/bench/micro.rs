// SPDX-License-Identifier: GPL-2.0-or-later
//! The in-process part: the library's own benchmark, which knows what a hook call is made of.
//!
//! It is the bench target [`TARGET`] of the crate `frrscript`, a plain program (`harness = false`)
//! that takes `--json FILE` and writes the list that [`super::record`] describes. Its figures' names
//! begin with `calls: `.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use super::record::{self, Record};
use crate::step::run;

/// Name of the bench target.
const TARGET: &str = "calls";

/// Runs the library's benchmark; its files are left in `dir`.
pub(super) fn run_micro(repo: &Path, dir: &Path) -> Result<Vec<Record>> {
    std::fs::create_dir_all(dir)?;
    let file: PathBuf = dir.join(format!("{TARGET}.json"));
    let done = run("cargo")
        .dir(repo)
        .args(["bench", "--quiet", "--package", "frrscript", "--bench", TARGET, "--"])
        .arg("--json")
        .arg(&file)
        .shown()?;
    if !done {
        bail!("the library's benchmark failed: see above");
    }
    record::read(&file)
}
