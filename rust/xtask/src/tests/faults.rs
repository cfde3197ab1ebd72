// SPDX-License-Identifier: GPL-2.0-or-later
//! What fails around the daemons. The parts `rust` and `topo` have this, too, in a short form.

use anyhow::{Result, bail};

use super::Count;
use crate::layout::Layout;
use crate::step::run;
use crate::topotest;

/// Of the topotests, those with daemons.
pub const FOLDER: &str = "script_faults";

/// The tests of faults, with so many reloads under load.
pub fn test(layout: &Layout, repeats: Option<u32>) -> Result<Count> {
    let log = layout.log("cargo-test-faults");
    let result = run("cargo")
        .args(["test", "--package", "frrscript", "--no-fail-fast", "--locked", "--test", "faults", "--test", "library"])
        .args(["--", "memory::", "rust_side::", "files::"])
        .env("CARGO_TARGET_DIR", &layout.cargo_target)
        .env("INSTA_UPDATE", "no")
        .dir(&layout.repo)
        .step("test files and memory", &log);
    let mut count = Count::from_cargo(&std::fs::read_to_string(&log)?).and_run(result);
    if count.passed + count.failed == 0 {
        bail!("no test of files and memory was found");
    }
    let more = repeats.map(|n| vec![format!("--repeats={n}")]).unwrap_or_default();
    count += topotest::pytest(layout, FOLDER, &[FOLDER.to_owned()], &more)?;
    Ok(count)
}
