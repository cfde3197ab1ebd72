// SPDX-License-Identifier: GPL-2.0-or-later
//! `--write`: the figures as JSON and as pictures under docs/figures, the tables in docs/benchmarks.md.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::packages::Peers;
use super::picture;
use super::report::{Figure, Run, goals};
use crate::bench::record::{self, Record};
use crate::step::run;

const BEGIN: &str = "<!-- peers: made by `cargo xtask bench peers --write` -->\n";
const END: &str = "<!-- peers: end -->\n";

/// What is in docs/figures/peers.json.
#[derive(Serialize, Deserialize)]
pub(super) struct Written {
    /// The machine, in words.
    machine: String,
    /// Who was measured: name and version.
    versions: Vec<(String, String)>,
    /// All runs.
    runs: Vec<Run>,
    /// Figures of ours alone.
    others: Vec<Record>,
}

/// Everything of a run, for a person and for the file.
pub(super) fn text(runs: &[Run], others: &[Record]) -> String {
    let mut text = String::new();
    if !runs.is_empty() {
        for figure in Figure::ALL {
            text.push_str(&format!("{}:\n\n{}\n", figure.title(), figure.table(runs)));
        }
        text.push_str(&format!("Goals:\n\n{}", goals(runs)));
    }
    if !others.is_empty() {
        text.push_str(&format!("\nOurs alone:\n\n{}", record::table(others)));
    }
    text
}

/// Writes all of it.
///
/// # Errors
/// A file can't be written, or docs/benchmarks.md has lost its markers.
pub(super) fn write(repo: &Path, peers: &Peers, runs: &[Run], others: &[Record]) -> Result<()> {
    let figures = repo.join("docs/figures");
    fs::create_dir_all(&figures)?;
    let mut versions = vec![("frr".to_owned(), "10.3".to_owned())];
    versions.extend(peers.versions.iter().cloned());
    let written = Written { machine: machine(), versions, runs: runs.to_vec(), others: others.to_vec() };
    let mut json = serde_json::to_string_pretty(&written)?;
    json.push('\n');
    fs::write(figures.join("peers.json"), json)?;

    let names: Vec<String> = written.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let mut body = format!("{BEGIN}{}; {}.\n\n", written.machine, names.join(", "));
    body.push_str(&text(runs, others));
    body.push('\n');
    for figure in Figure::ALL {
        let groups = figure.groups(runs);
        if !groups.is_empty() {
            picture::draw(&figures.join(figure.file()), figure.title(), figure.unit(), &groups)?;
            body.push_str(&format!("![{}](figures/{})\n", figure.title(), figure.file()));
        }
    }
    body.push_str(END);
    let file = repo.join("docs/benchmarks.md");
    let old = fs::read_to_string(&file)?;
    fs::write(&file, replaced(&old, &body)?)?;
    Ok(())
}

fn replaced(old: &str, body: &str) -> Result<String> {
    let lost = "docs/benchmarks.md has lost its markers of peers";
    let (before, rest) = old.split_once(BEGIN).context(lost)?;
    let (_, after) = rest.split_once(END).context(lost)?;
    Ok(format!("{before}{body}{after}"))
}

/// Processor, how many of it, kernel and system.
fn machine() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']);
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let release = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or_default();
    let kernel = run("uname").arg("-r").output().unwrap_or_default();
    format!("{} x {model}, Linux {}, {}", crate::build::jobs(), kernel.trim(), release.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let old = format!("before\n{BEGIN}old\n{END}after\n");
        let body = format!("{BEGIN}new\n{END}");
        assert_eq!(replaced(&old, &body).expect("markers"), format!("before\n{BEGIN}new\n{END}after\n"));
        assert!(replaced("nothing", &body).is_err());
    }
}
