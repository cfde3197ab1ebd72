// SPDX-License-Identifier: GPL-2.0-or-later
//! FRR's own tests on our build: its unit tests, and the topotests of what we
//! changed.

use std::fs;
use std::path::Path;

use anyhow::Result;

use super::Count;
use crate::build;
use crate::layout::Layout;
use crate::setup::python;
use crate::step::run;
use crate::topotest;

/// FRR's topotests of route-maps and their users.
const TOPOTESTS: [&str; 4] = [
    "bgp_route_map",
    "bgp_aggregate_address_route_map",
    "bgp_default_route_route_map_set",
    "bgp_route_map_delay_timer",
];

/// Runs both.
pub fn test(layout: &Layout) -> Result<Count> {
    let mut count = unit(layout)?;
    let paths = TOPOTESTS.map(|name| {
        let path = layout.src().join("tests/topotests").join(name);
        path.display().to_string()
    });
    count += topotest::pytest(layout, "frr", &paths, &topotest::parallel())?;
    Ok(count)
}

fn unit(layout: &Layout) -> Result<Count> {
    let build = layout.build();
    let programs = make_variable(&build, "check_PROGRAMS")?;
    let programs: Vec<&str> = programs.split_whitespace().collect();
    // FRR leaves out the tests of daemons that are not built; the folders are
    // relative to its source (tests/isisd/subdir.am).
    let ignored = make_variable(&build, "PYTEST_IGNORE")?;
    let ignored = ignored.split_whitespace().filter_map(|word| word.strip_prefix("--ignore="));
    let ignored: Vec<String> =
        ignored.map(|dir| format!("--ignore={}", layout.src().join("tests").join(dir).display())).collect();
    build::targets(layout, &programs, "build FRR's unit tests")?;
    let tests = build.join("tests");
    let results = tests.join("tests.xml");
    if results.exists() {
        fs::remove_file(&results)?;
    }
    let log = layout.log("frr-tests");
    let result = run(python::python(layout))
        .arg(layout.src().join("tests/runtests.py"))
        .arg("--junitxml=tests.xml")
        .args(["-v", "-p", "no:cacheprovider"])
        .args(&ignored)
        .arg(layout.src().join("tests"))
        // Our tests of FRR's codecs, in the form of FRR's own.
        .arg(layout.src().join("frrscript/daemons/lib"))
        .arg(layout.src().join("frrscript/daemons/zebra"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .dir(&tests)
        .step("run FRR's unit tests", &log);
    Ok(Count::from_junit(&results)?.and_run(result))
}

/// A variable of FRR's Makefile, which prints it itself (Makefile.am, `var-%`).
fn make_variable(build: &Path, name: &str) -> Result<String> {
    run("make").arg("--silent").arg(format!("var-{name}")).dir(build).output()
}
