// SPDX-License-Identifier: GPL-2.0-or-later
//! FRR's own tests on our build: its unit tests, and the topotests of what we
//! changed.

use std::fs;

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
    count += topotest::pytest(layout, "frr", &paths, &[])?;
    Ok(count)
}

fn unit(layout: &Layout) -> Result<Count> {
    let build = layout.build();
    let programs = run("make").args(["--silent", "var-check_PROGRAMS"]).dir(&build).output()?;
    let programs: Vec<&str> = programs.split_whitespace().collect();
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
        .arg(layout.src().join("tests"))
        // Our test of FRR's codecs, in the form of FRR's own.
        .arg(layout.src().join("frrscript/daemons/lib"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .dir(&tests)
        .step("run FRR's unit tests", &log);
    let mut count = Count::from_junit(&results)?;
    if let Err(error) = result {
        eprintln!("{error:#}");
        count.failed = count.failed.max(1);
    }
    Ok(count)
}
