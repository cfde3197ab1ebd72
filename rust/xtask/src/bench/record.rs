// SPDX-License-Identifier: GPL-2.0-or-later
//! One figure of the benchmark, and the file that holds them all.
//!
//! The file is a JSON array of objects, each with exactly these keys:
//!
//! | key | value |
//! |---|---|
//! | `name` | string, unique in the file |
//! | `unit` | string: `s`, `us`, `MiB`, `KiB`, ... |
//! | `ours` | number: what our build or a script costs |
//! | `other` | number in the same unit, or null: what it is held against |
//! | `other_name` | string or null: what `other` is |
//! | `ratio` | `ours` / `other`, less is better; null without `other` |
//! | `goal` | number or null: for `ratio`, or for `ours` when there is no `other` |
//!
//! Every benchmark of the project writes it, so that `cargo xtask bench` can put them together.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// One figure; the module's table says what the fields mean.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Record {
    pub(super) name: String,
    pub(super) unit: String,
    pub(super) ours: f64,
    pub(super) other: Option<f64>,
    pub(super) other_name: Option<String>,
    pub(super) ratio: Option<f64>,
    pub(super) goal: Option<f64>,
}

impl Record {
    /// A figure that is held against another of the same run.
    pub(super) fn against(name: String, unit: &str, ours: f64, other: (f64, &str), goal: Option<f64>) -> Self {
        Self {
            name,
            unit: unit.to_owned(),
            ours,
            other: Some(other.0),
            other_name: Some(other.1.to_owned()),
            // A cost that is lost in the noise (0 or less) has no ratio.
            ratio: (other.0 > 0.0).then(|| ours / other.0),
            goal,
        }
    }

    /// A figure by itself.
    pub(super) fn alone(name: String, unit: &str, ours: f64, goal: Option<f64>) -> Self {
        Self { name, unit: unit.to_owned(), ours, other: None, other_name: None, ratio: None, goal }
    }

    /// Whether the goal is reached, if there is one and a figure for it.
    pub(super) fn reached(&self) -> Option<bool> {
        let figure = if self.other.is_some() { self.ratio? } else { self.ours };
        Some(figure <= self.goal?)
    }
}

/// Reads the figures that another benchmark wrote.
pub(super) fn read(file: &Path) -> Result<Vec<Record>> {
    let text = fs::read_to_string(file).with_context(|| format!("the benchmark wrote no {}", file.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} is not a list of figures", file.display()))
}

/// Writes the figures; two of one name are a mistake of ours.
pub(super) fn write(file: &Path, records: &[Record]) -> Result<()> {
    for (at, record) in records.iter().enumerate() {
        let twice = records[..at].iter().any(|other| other.name == record.name);
        ensure!(!twice, "two figures are named \"{}\"", record.name);
    }
    let mut text = serde_json::to_string_pretty(records)?;
    text.push('\n');
    fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

/// The figures as a Markdown table, columns aligned.
pub(super) fn table(records: &[Record]) -> String {
    let header = ["figure", "unit", "ours", "other", "ratio", "goal", ""].map(str::to_owned);
    let mut rows = vec![header];
    for record in records {
        let number = |n: Option<f64>| n.map(short).unwrap_or_default();
        let other = match (&record.other_name, record.other) {
            (Some(name), Some(other)) => format!("{} ({name})", short(other)),
            _ => String::new(),
        };
        let reached = match record.reached() {
            Some(true) => "reached",
            Some(false) => "missed",
            None => "",
        };
        rows.push([
            record.name.clone(),
            record.unit.clone(),
            short(record.ours),
            other,
            number(record.ratio),
            record.goal.map(|goal| format!("<= {goal}")).unwrap_or_default(),
            reached.to_owned(),
        ]);
    }
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max();
    let widths: Vec<usize> = (0..7).filter_map(width).collect();
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        for (cell, width) in row.iter().zip(&widths) {
            text.push_str(&format!("| {cell:width$} "));
        }
        text.push_str("|\n");
        if at == 0 {
            for width in &widths {
                text.push_str(&format!("|{}", "-".repeat(width + 2)));
            }
            text.push_str("|\n");
        }
    }
    text
}

/// Three digits that matter.
fn short(number: f64) -> String {
    match number.abs() {
        n if n >= 100.0 => format!("{number:.0}"),
        n if n >= 10.0 => format!("{number:.1}"),
        n if n >= 0.1 || n == 0.0 => format!("{number:.3}"),
        _ => format!("{number:.5}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<Record> {
        let with = Record::against("a".into(), "s", 10.3, (10.0, "native"), Some(1.03));
        let without = Record::alone("b".into(), "us", 0.25, Some(0.2));
        vec![with, without]
    }

    #[test]
    fn figures_survive_the_file() {
        let file = std::env::temp_dir().join(format!("bench-{}.json", std::process::id()));
        write(&file, &records()).expect("written");
        assert_eq!(read(&file).expect("read"), records());
        fs::remove_file(&file).expect("removed");
    }

    #[test]
    fn a_name_is_there_once() {
        let twice = [records(), records()].concat();
        let error = write(Path::new("/nonexistent/file"), &twice).expect_err("refused");
        assert_eq!(error.to_string(), "two figures are named \"a\"");
    }

    #[test]
    fn goals_are_for_the_ratio_or_for_ours() {
        let reached: Vec<_> = records().iter().map(Record::reached).collect();
        assert_eq!(reached, [Some(true), Some(false)]);
        let lost = Record::against("c".into(), "us", 0.1, (-0.1, "native"), Some(1.0));
        assert_eq!((lost.ratio, lost.reached()), (None, None));
    }

    #[test]
    fn the_table_is_aligned() {
        assert_eq!(
            table(&records()),
            "\
| figure | unit | ours  | other         | ratio | goal    |         |
|--------|------|-------|---------------|-------|---------|---------|
| a      | s    | 10.3  | 10.0 (native) | 1.030 | <= 1.03 | reached |
| b      | us   | 0.250 |               |       | <= 0.2  | missed  |
"
        );
    }
}
