// SPDX-License-Identifier: GPL-2.0-or-later
//! Our topotests with FRR and the library under sanitizers.

use std::path::PathBuf;

use anyhow::Result;

use super::reports::Reports;
use super::{Count, topo_paths};
use crate::build;
use crate::layout::Layout;
use crate::topotest;

/// How many times longer than usual the tests wait, and how much longer an answer may take.
const SLOWER: u32 = 4;

/// Runs them, and then looks at what the sanitizers of every process wrote. A report is a failure beside those of the tests.
pub fn test(layout: &Layout, paths: &[String], pytest: &[String]) -> Result<Count> {
    let paths = if paths.is_empty() { topo_paths(layout)? } else { paths.to_vec() };
    if topotest::needs_runtimes(&paths) {
        build::runtimes(layout)?;
    }
    let layout = build::sanitized(layout)?;
    let name = "sanitized";
    let mut more = topotest::parallel();
    more.extend_from_slice(pytest);
    let slower = [("FRRSCRIPT_TEST_SLOWER", SLOWER.to_string())];
    let mut count = topotest::pytest_with(&layout, name, &paths, &more, &slower)?;
    count += reports(&layout, name)?;
    Ok(count)
}

/// One more test of a run that has ended: whether its daemons left nothing at exit, by FRR's own account, and what sanitizers
/// wrote. FRR's framework has `--memleaks` for the first, which blames the next test that happens to end.
pub fn reports(layout: &Layout, name: &str) -> Result<Count> {
    let reports = Reports::find(&topotest::rundir(layout, name), &layout.src())?;
    reports.print();
    Ok(Count::one(reports.ours() == 0))
}

/// What the sanitizers of programs are told. They write a file for each process, as topotests/lib/topotest.py has it for the
/// daemons that it starts.
pub fn options(layout: &Layout, rundir: &std::path::Path) -> [(&'static str, String); 3] {
    let suppressions: PathBuf = layout.repo.join("topotests/leaks.supp");
    [
        // A report about vtysh is not to change what a test sees of it.
        ("ASAN_OPTIONS", format!("log_path={}/other.asan", rundir.display())),
        ("LSAN_OPTIONS", format!("exitcode=0:print_suppressions=0:suppressions={}", suppressions.display())),
        ("UBSAN_OPTIONS", "print_stacktrace=1".to_owned()),
    ]
}
