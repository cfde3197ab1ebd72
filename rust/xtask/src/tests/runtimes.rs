// SPDX-License-Identifier: GPL-2.0-or-later
//! The runtimes: their own tests, and what every language has to do on a small
//! host.

use std::fs;

use anyhow::Result;

use super::Count;
use crate::build;
use crate::layout::Layout;
use crate::runtimes;
use crate::step::run;

/// Runs both. A language that is not installed is left out, and counted so.
pub fn test(layout: &Layout) -> Result<Count> {
    build::runtimes(layout)?;
    let mut count = cargo(layout)?;
    count += languages(layout)?;
    Ok(count)
}

/// The tests of the cargo workspace, with the profile that the runtimes were
/// built with, so that their dependencies are built once.
fn cargo(layout: &Layout) -> Result<Count> {
    let manifest = layout.repo.join("runtimes/Cargo.toml");
    if !manifest.is_file() {
        return Ok(Count::default());
    }
    let log = layout.log("runtimes-test");
    let result = run("cargo")
        .args(["test", "--release", "--workspace", "--no-fail-fast", "--locked", "--manifest-path"])
        .arg(&manifest)
        .env("CARGO_TARGET_DIR", runtimes::cargo_target(layout))
        .env("RUNTIMEDIR", layout.runtimes())
        .step("test the runtimes in Rust", &log);
    Ok(Count::from_cargo(&fs::read_to_string(&log)?).and_run(result))
}

/// The cases of `runtimes/tests-c`.
fn languages(layout: &Layout) -> Result<Count> {
    let (there, missing) = runtimes::languages(layout);
    let log = layout.log("runtimes-languages");
    let result = run("make")
        .arg("-C")
        .arg(layout.repo.join("runtimes/tests-c"))
        .arg(format!("RUNTIMEDIR={}", layout.runtimes().display()))
        .arg(format!("BUILD={}", layout.work.join("runtimes-build/tests-c").display()))
        .arg(format!("LANGUAGES={}", there.join(" ")))
        .arg("check")
        .step(&format!("test the languages {}", there.join(", ")), &log);
    let text = fs::read_to_string(&log)?;
    let mut count = Count::from_lines(&text).and_run(result);
    count.skipped += u32::try_from(missing.len()).unwrap_or(u32::MAX);
    Ok(count)
}
