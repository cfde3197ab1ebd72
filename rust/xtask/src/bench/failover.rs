// SPDX-License-Identifier: GPL-2.0-or-later
//! The gap in a host's traffic when VRRP follows BGP: the demo's scene, which is real routers in real time.

use std::env;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::record::Record;
use crate::step::run;

/// What its figures' names begin with.
pub(super) const TITLE: &str = "failover: ";

/// Three advertisement intervals of 1 s and a second.
const GOAL: f64 = 4000.0;

/// Plays the scene once; `gap` is the file in which it leaves what it measured, in milliseconds.
///
/// # Errors
/// The scene failed.
pub(super) fn measure(repo: &Path, gap: &Path) -> Result<Vec<Record>> {
    let done = run(env::current_exe()?)
        .dir(repo)
        .args(["demo", "failover"])
        .env("CARGO_MANIFEST_DIR", repo.join("rust/xtask"))
        .output();
    if let Err(error) = done {
        bail!("the scene failed: {error:#}");
    }
    let text = fs::read_to_string(gap).with_context(|| format!("the scene left no {}", gap.display()))?;
    let gap = text.trim().parse().with_context(|| format!("{} is no number", text.trim()))?;
    Ok(vec![Record::alone(format!("{TITLE}gap in a host's traffic, VRRP at 1 s"), "ms", gap, Some(GOAL))])
}
