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

/// Repeats of each case, as promised.
const REPEATS: u32 = 1000;
/// Who runs cases, in the order of the table.
const RUNNERS: [&str; 4] = ["library", "bgpd", "zebra", "vrrpd"];
/// The live daemons' part, of our topotests.
const LIVE: &str = "topotests/script_promises";
const PAGE: &str = "docs/reliability.md";
const BEGIN: &str = "<!-- The table of cases: made by `cargo xtask test hostile --write`. -->";
const END: &str = "<!-- The end of the table of cases. -->";

/// All of it, and the table, which goes to the page on reliability if `write` says so.
pub fn test(layout: &Layout, repeats: Option<u32>, write: bool) -> Result<Count> {
    let repeats = repeats.unwrap_or(REPEATS);
    let folder = results(layout);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let mut count = library(layout, repeats)?;
    let live = layout.repo.join(LIVE);
    if live.is_dir() {
        build::build(layout, false)?;
        count += daemons(layout, &live, repeats)?;
    } else {
        eprintln!("{LIVE} is not there: only the library was tested");
    }
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
fn library(layout: &Layout, repeats: u32) -> Result<Count> {
    let log = layout.log("hostile");
    let result = run("cargo")
        .args(["test", "--release", "--locked", "--package", "frrscript", "--test", "hostile"])
        .env("CARGO_TARGET_DIR", &layout.cargo_target)
        .env("HOSTILE_REPEATS", repeats.to_string())
        .env("HOSTILE_RESULTS", results(layout))
        .dir(&layout.repo)
        .step(&format!("run the hostile cases in the library, {repeats} times each"), &log);
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

fn daemons(layout: &Layout, live: &Path, repeats: u32) -> Result<Count> {
    // The framework passes the environment of this process on.
    let variables =
        [("HOSTILE_REPEATS", repeats.to_string()), ("HOSTILE_RESULTS", results(layout).display().to_string())];
    topotest::pytest_with(layout, "hostile", &[live.display().to_string()], &[], &variables)
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
    out.push_str("\nMilliseconds of wall clock from the call to its end: the median and the longest");
    let repeats = there.iter().filter_map(|&n| {
        let most = rows.values().filter_map(|row| row[n].as_ref()?["repeats"].as_u64()).max()?;
        Some(format!("{} {most}", RUNNERS[n]))
    });
    out.push_str(&format!("; repeats: {}.\n", repeats.collect::<Vec<_>>().join(", ")));
    Ok(out)
}

fn cell(value: &Value) -> String {
    let number = |key: &str| value[key].as_f64().map_or("?".to_owned(), |n| format!("{n:.1}"));
    let failed = if value["passed"] == true { "" } else { " **failed**" };
    format!("{} / {}{failed}", number("endMsec"), number("longestMsec"))
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
                r#"{{"case":"01-loop","title":"a | b","ends":"deadline","limitMsec":20,"repeats":5,"endMsec":{ends},"longestMsec":30.25,"passed":{passed}}}"#
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
        assert!(table.ends_with("repeats: library 5, zebra 5.\n"), "{table}");
    }
}
