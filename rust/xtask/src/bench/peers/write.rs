// SPDX-License-Identifier: GPL-2.0-or-later
//! `--write`: the figures as JSON and as pictures under docs/figures, the tables in docs/benchmarks.md.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use super::count::{self, Count};
use super::packages::Peers;
use super::picture;
use super::report::{Figure, Run, goal_groups, goals};
use crate::bench::record::{self, Record};
use crate::step::run;

const BEGIN: &str = "<!-- peers: made by `cargo xtask bench peers --write` -->\n";
const END: &str = "<!-- peers: end -->\n";
const FILE: &str = "docs/figures/peers.json";

/// What is in docs/figures/peers.json.
#[derive(Serialize, Deserialize)]
pub(super) struct Written {
    /// The machine, in words.
    machine: String,
    /// Who was measured: name and version.
    versions: Vec<(String, String)>,
    /// All runs.
    runs: Vec<Run>,
    /// Instructions.
    counts: Vec<Count>,
    /// Figures of ours alone.
    others: Vec<Record>,
}

/// All that was measured.
pub(super) struct Measured {
    pub(super) runs: Vec<Run>,
    pub(super) counts: Vec<Count>,
    pub(super) others: Vec<Record>,
}

/// Everything of a run, for a person and for the file.
pub(super) fn text(measured: &Measured) -> String {
    let Measured { runs, counts, others } = measured;
    let mut text = String::new();
    if !runs.is_empty() {
        for figure in Figure::ALL {
            text.push_str(&format!("{}:\n\n{}\n", figure.title(), figure.table(runs)));
        }
        text.push_str(&format!("Goals:\n\n{}", goals(runs, counts)));
    }
    if !counts.is_empty() {
        text.push_str(&format!("\n{}:\n\n{}", count::TITLE, count::table(counts)));
    }
    if !others.is_empty() {
        text.push_str(&format!("\nOurs alone:\n\n{}", record::table(others)));
    }
    text
}

/// The runs and counts of the systems as the file has them.
///
/// # Errors
/// The file can't be read.
pub(super) fn keep_systems(repo: &Path, measured: &mut Measured) -> Result<()> {
    let text =
        fs::read_to_string(repo.join(FILE)).with_context(|| format!("{FILE} can't be read: leave out --alone"))?;
    let written: Written = serde_json::from_str(&text).with_context(|| FILE.to_owned())?;
    measured.runs = written.runs;
    measured.counts = written.counts;
    Ok(())
}

/// Writes all of it.
///
/// # Errors
/// A file can't be written, or docs/benchmarks.md has lost its markers.
pub(super) fn write(repo: &Path, peers: &Peers, measured: &Measured) -> Result<()> {
    let Measured { runs, counts, others } = measured;
    let figures = repo.join("docs/figures");
    fs::create_dir_all(&figures)?;
    let mut versions = vec![("frr".to_owned(), "10.3".to_owned())];
    versions.extend(peers.versions.iter().cloned());
    let written =
        Written { machine: machine(), versions, runs: runs.clone(), counts: counts.clone(), others: others.clone() };
    let mut json = serde_json::to_string_pretty(&written)?;
    json.push('\n');
    fs::write(repo.join(FILE), json)?;

    let names: Vec<String> = written.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let mut body = format!("{BEGIN}{}; {}.\n\n", written.machine, names.join(", "));
    body.push_str(&text(measured));
    body.push('\n');
    for (title, unit, name, groups) in pictures(measured) {
        picture::draw(&figures.join(&name), &title, &unit, &groups)?;
        body.push_str(&format!("![{title}](figures/{name})\n"));
    }
    body.push_str(END);
    let file = repo.join("docs/benchmarks.md");
    let old = fs::read_to_string(&file)?;
    fs::write(&file, replaced(&old, &body)?)?;
    Ok(())
}

/// Title, unit, file and bars of a picture for each table.
fn pictures(measured: &Measured) -> Vec<(String, String, String, Vec<picture::Group>)> {
    let Measured { runs, counts, others } = measured;
    let mut pictures: Vec<_> = Figure::ALL
        .into_iter()
        .map(|figure| {
            (figure.title().to_owned(), figure.unit().to_owned(), figure.file().to_owned(), figure.groups(runs))
        })
        .collect();
    let ratios = "How many times as much the policy costs others";
    pictures.push((ratios.to_owned(), "times".to_owned(), "peers-goals.svg".to_owned(), goal_groups(runs)));
    pictures.push((
        count::TITLE.to_owned(),
        "instructions".to_owned(),
        "peers-instructions.svg".to_owned(),
        count::groups(counts),
    ));
    // Figures of ours alone have many units: a picture for each.
    let mut units: Vec<&str> = others.iter().map(|record| record.unit.as_str()).collect();
    units.sort_unstable();
    units.dedup();
    for unit in units {
        let groups = others.iter().filter(|record| record.unit == unit).map(|record| picture::Group {
            title: record.name.clone(),
            bars: [Some(("ours", record.ours)), record.other_name.as_deref().zip(record.other)]
                .into_iter()
                .flatten()
                .enumerate()
                .map(|(at, (name, value))| (name.to_owned(), at, value))
                .collect(),
        });
        let file = format!("peers-alone-{}.svg", unit.to_lowercase());
        pictures.push((format!("Ours alone, in {unit}"), unit.to_owned(), file, groups.collect()));
    }
    pictures.retain(|picture| !picture.3.is_empty());
    pictures
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
    fn figures_of_one_unit_share_a_picture() {
        let record = |name: &str, unit: &str| Record::against(name.into(), unit, 1.0, (2.0, "theirs"), None);
        let others = vec![record("a", "us"), record("b", "MiB"), record("c", "us")];
        let measured = Measured { runs: Vec::new(), counts: Vec::new(), others };
        let drawn: Vec<_> = pictures(&measured).into_iter().map(|(_, _, file, groups)| (file, groups.len())).collect();
        assert_eq!(drawn, [("peers-alone-mib.svg".to_owned(), 1), ("peers-alone-us.svg".to_owned(), 2)]);
    }

    #[test]
    fn what_is_written_can_be_kept() {
        let repo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut measured = Measured { runs: Vec::new(), counts: Vec::new(), others: Vec::new() };
        keep_systems(&repo, &mut measured).expect("the committed file");
        let again = serde_json::to_string(&measured.runs).expect("JSON");
        let runs: Vec<Run> = serde_json::from_str(&again).expect("what was written");
        assert!(!runs.is_empty() && runs.len() == measured.runs.len());
    }

    #[test]
    fn only_what_is_between_the_markers_changes() {
        let old = format!("before\n{BEGIN}old\n{END}after\n");
        let body = format!("{BEGIN}new\n{END}");
        assert_eq!(replaced(&old, &body).expect("markers"), format!("before\n{BEGIN}new\n{END}after\n"));
        assert!(replaced("nothing", &body).is_err());
    }
}
