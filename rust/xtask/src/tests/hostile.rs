// SPDX-License-Identifier: GPL-2.0-or-later
//! `cargo xtask test hostile`: the cases of `hostile/cases` in the library and in live daemons, and the table of what they took.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::Count;
use crate::build;
use crate::layout::Layout;
use crate::step::run;
use crate::topotest;

/// Calls of each case that are measured, and in a short run.
const TIMED: u32 = 10;
const TIMED_QUICK: u32 = 3;
/// Repeats of each case after them, as promised.
const REPEATS: u32 = 1000;
/// Who runs cases, in the order of the table.
const RUNNERS: [&str; 4] = ["library", "bgpd", "zebra", "vrrpd"];
/// The folder of our topotests with the live daemons' part.
pub const FOLDER: &str = "script_promises";
const PAGE: &str = "docs/reliability.md";
const BEGIN: &str = "<!-- The table of cases: made by `cargo xtask test hostile --write`. -->";
const END: &str = "<!-- The end of the table of cases. -->";

/// How much of it.
#[derive(Clone, Copy)]
pub enum Extent {
    /// Each case some times in the library, one of each kind in daemons
    Quick,
    /// Every case everywhere, and so many repeats
    Whole(u32),
}

impl Extent {
    /// What was asked for.
    pub fn new(quick: bool, repeats: Option<u32>) -> Self {
        if quick { Self::Quick } else { Self::Whole(repeats.unwrap_or(REPEATS)) }
    }

    fn numbers(self) -> (u32, u32) {
        match self {
            Self::Quick => (TIMED_QUICK, 0),
            Self::Whole(repeats) => (TIMED, repeats),
        }
    }

    /// Variables for a runner.
    fn variables(self) -> [(&'static str, String); 2] {
        let (timed, repeats) = self.numbers();
        [("HOSTILE_TIMED", timed.to_string()), ("HOSTILE_REPEATS", repeats.to_string())]
    }
}

/// All of it, and the table, which goes to the page on reliability if `write` says so.
pub fn test(layout: &Layout, extent: Extent, write: bool) -> Result<Count> {
    let folder = results(layout);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let mut count = library(layout, extent)?;
    build::build(layout, false)?;
    count += daemons(layout, extent)?;
    let table = table(&folder)?;
    let file = folder.join("table.md");
    fs::write(&file, &table)?;
    println!("the table is in {}", layout.show(&file));
    if write {
        let page = layout.repo.join(PAGE);
        let text = fs::read_to_string(&page).unwrap_or_else(|_| new_page());
        fs::write(&page, with_table(&text, &table)?)?;
        println!("and in {PAGE}");
    }
    Ok(count)
}

fn results(layout: &Layout) -> PathBuf {
    layout.target.join("hostile")
}

/// With the release profile, as in a daemon: it is the engine's own loops that are measured.
fn library(layout: &Layout, extent: Extent) -> Result<Count> {
    let log = layout.log("hostile");
    let (timed, repeats) = extent.numbers();
    let mut test = run("cargo");
    for (name, value) in extent.variables() {
        test = test.env(name, value);
    }
    let result = test
        .args(["test", "--release", "--locked", "--package", "frrscript", "--test", "hostile"])
        .env("CARGO_TARGET_DIR", &layout.cargo_target)
        .env("HOSTILE_RESULTS", results(layout))
        .dir(&layout.repo)
        .step(&format!("run the hostile cases in the library, {timed} times and {repeats} times more"), &log);
    let text = fs::read_to_string(&log)?;
    let mut failed = false;
    for line in text.lines() {
        failed =
            if line.starts_with("test ") { line.contains(" ... FAILED ") } else { failed && line.starts_with(' ') };
        if failed {
            println!("{line}");
        }
    }
    let mut count = Count::from_cargo(&text);
    if let Err(error) = result {
        if count.failed == 0 {
            eprintln!("{error:#}");
        }
        count.failed = count.failed.max(1);
    }
    Ok(count)
}

fn daemons(layout: &Layout, extent: Extent) -> Result<Count> {
    // The framework passes the environment of this process on. Without numbers a runner takes one case of each kind.
    let mut variables = vec![("HOSTILE_RESULTS", results(layout).display().to_string())];
    if !matches!(extent, Extent::Quick) {
        variables.extend(extent.variables());
    }
    topotest::pytest_with(layout, "hostile", &[FOLDER.to_owned()], &[], &variables)
}

/// A row for each case, with what each runner measured.
fn table(folder: &Path) -> Result<String> {
    let mut rows: BTreeMap<String, [Option<Value>; RUNNERS.len()]> = BTreeMap::new();
    for (place, runner) in RUNNERS.iter().enumerate() {
        let file = folder.join(format!("{runner}.jsonl"));
        let Ok(text) = fs::read_to_string(&file) else { continue };
        for line in text.lines() {
            let value: Value = serde_json::from_str(line).with_context(|| format!("{}: {line}", file.display()))?;
            let name = value["case"].as_str().context("a line without a case")?.to_owned();
            rows.entry(name).or_default()[place] = Some(value);
        }
    }
    let there: Vec<usize> = (0..RUNNERS.len()).filter(|&n| rows.values().any(|row| row[n].is_some())).collect();
    let mut out = String::from("| case | what it does | ends as | limit |");
    there.iter().for_each(|&n| out.push_str(&format!(" {} |", RUNNERS[n])));
    out.push_str("\n|---|---|---|---:|");
    there.iter().for_each(|_| out.push_str("---:|"));
    out.push('\n');
    for (name, row) in &rows {
        let Some(first) = row.iter().flatten().next() else { continue };
        let text = |key: &str| first[key].as_str().unwrap_or_default().replace('|', "\\|");
        let limit = first["limitMsec"].as_u64().map_or(String::new(), |n| n.to_string());
        out.push_str(&format!("| {name} | {} | {} | {limit} |", text("title"), text("ends")));
        for &n in &there {
            out.push_str(&format!(" {} |", row[n].as_ref().map_or("-".to_owned(), cell)));
        }
        out.push('\n');
    }
    out.push_str(
        "\nMilliseconds from a call's begin to its end, the median and the longest: in the library of CPU time, in daemons by the \
         clock. Their number, and repeats after which memory was back:",
    );
    for &n in &there {
        let numbers = |key: &'static str| rows.values().filter_map(move |row| row[n].as_ref()?[key].as_u64());
        let timed = numbers("timed").max().unwrap_or_default();
        let worn = rows.values().filter_map(|row| {
            let row = row[n].as_ref()?;
            row["repeats"].as_u64()?.checked_sub(row["timed"].as_u64()?).filter(|&n| n > 0)
        });
        let worn: Vec<u64> = worn.collect();
        let most = worn.iter().copied().max().unwrap_or_default();
        let fewer = worn.iter().filter(|&&n| n < most).count();
        out.push_str(&format!("\n- {}: {timed}", RUNNERS[n]));
        if most > 0 {
            let least = worn.iter().copied().min().unwrap_or_default();
            out.push_str(&format!("; {most} repeats of {} cases", worn.len() - fewer));
            if fewer > 0 {
                out.push_str(&format!(", {least} and more of {fewer} that take 3 s for fewer"));
            }
        }
    }
    out.push('\n');
    Ok(out)
}

fn cell(value: &Value) -> String {
    // The library tells its CPU time, which is what the limit is of.
    let number = |cpu: &str, clock: &str| {
        let n = value[cpu].as_f64().or_else(|| value[clock].as_f64());
        n.map_or("?".to_owned(), |n| format!("{n:.1}"))
    };
    let failed = if value["passed"] == true { "" } else { " **failed**" };
    format!("{} / {}{failed}", number("cpuMedianMsec", "endMsec"), number("cpuMsec", "longestMsec"))
}

fn new_page() -> String {
    format!(
        "<!-- SPDX-License-Identifier: GPL-2.0-or-later -->\n# Reliability\n\n## Hostile scripts\n\n{BEGIN}\n{END}\n"
    )
}

/// The page with another table between its marks.
fn with_table(page: &str, table: &str) -> Result<String> {
    let (Some(begin), Some(end)) = (page.find(BEGIN), page.find(END)) else {
        bail!("{PAGE} has no place for the table: it needs the lines\n{BEGIN}\n{END}");
    };
    Ok(format!("{}{BEGIN}\n\n{table}\n{}", &page[..begin], &page[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_takes_the_place_of_another() {
        let page = with_table(&new_page(), "| a |\n").unwrap();
        let page = with_table(&format!("{page}\nmore\n"), "| b |\n").unwrap();
        assert!(page.contains("| b |") && !page.contains("| a |") && page.ends_with("more\n"), "{page}");
        assert!(with_table("# Reliability\n", "").is_err());
    }

    #[test]
    fn rows_have_what_each_runner_measured() {
        let folder = std::env::temp_dir().join(format!("frrscript-hostile-table-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let line = |ends: f64, passed: bool| {
            format!(
                r#"{{"case":"01-loop","title":"a | b","ends":"deadline","limitMsec":20,"timed":5,"repeats":15,"endMsec":{ends},"longestMsec":30.25,"passed":{passed}}}"#
            )
        };
        fs::write(folder.join("library.jsonl"), line(20.04, true)).unwrap();
        fs::write(folder.join("zebra.jsonl"), line(21.0, false)).unwrap();
        let table = table(&folder).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert!(table.starts_with("| case | what it does | ends as | limit | library | zebra |\n"), "{table}");
        assert!(
            table.contains("| 01-loop | a \\| b | deadline | 20 | 20.0 / 30.2 | 21.0 / 30.2 **failed** |\n"),
            "{table}"
        );
        assert!(
            table.ends_with("\n- library: 5; 10 repeats of 1 cases\n- zebra: 5; 10 repeats of 1 cases\n"),
            "{table}"
        );
    }
}
