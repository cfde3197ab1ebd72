// SPDX-License-Identifier: GPL-2.0-or-later
//! The Rust tests of the whole workspace.

use anyhow::Result;

use super::Count;
use crate::layout::Layout;
use crate::step::run;

/// Runs `cargo test`, with the checks of the debug profile.
pub fn test(layout: &Layout) -> Result<Count> {
    let log = layout.log("cargo-test");
    let result = run("cargo")
        .args(["test", "--workspace", "--no-fail-fast", "--locked"])
        .env("CARGO_TARGET_DIR", &layout.cargo_target)
        .env("INSTA_UPDATE", "no")
        .dir(&layout.repo)
        .step("test the Rust code", &log);
    Ok(Count::from_cargo(&std::fs::read_to_string(&log)?).and_run(result))
}
