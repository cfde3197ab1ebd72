// SPDX-License-Identifier: GPL-2.0-or-later
//! The host of runtimes, whose threads are others' code: its queues under loom, which tries their interleavings, and all of it
//! in a program in C under the thread sanitizer.

use std::fs;

use anyhow::Result;

use super::Count;
use crate::layout::Layout;
use crate::step::run;

/// Runs both.
pub fn test(layout: &Layout) -> Result<Count> {
    let mut count = interleavings(layout)?;
    count += races(layout)?;
    Ok(count)
}

/// The flag is for all crates, so they have a target folder of their own.
fn interleavings(layout: &Layout) -> Result<Count> {
    let log = layout.log("loom");
    let result = run("cargo")
        .args(["test", "--release", "--package", "runtime-host", "--test", "loom", "--no-fail-fast", "--locked"])
        .env("RUSTFLAGS", "--cfg loom")
        // Two seconds of work are not worth the linker's.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
        .env("CARGO_TARGET_DIR", layout.cargo_target.join("loom"))
        .dir(&layout.repo)
        .step("try the interleavings of the queues", &log);
    Ok(Count::from_cargo(&fs::read_to_string(&log)?).and_run(result))
}

/// `rust/runtime-host/tests-c`.
fn races(layout: &Layout) -> Result<Count> {
    let log = layout.log("races");
    let result = run("make")
        .arg("-C")
        .arg(layout.repo.join("rust/runtime-host/tests-c"))
        .arg(format!("BUILD={}", layout.cargo_target.join("races").display()))
        .arg("check")
        .step("look for races in the host of runtimes", &log);
    let text = fs::read_to_string(&log)?;
    Ok(Count::from_lines(&text).and_run(result))
}
