// SPDX-License-Identifier: GPL-2.0-or-later
//! A file of the catalogue; its form is described in `hostile/README.md`.

use std::path::{Path, PathBuf};

/// What calls the script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hook {
    /// Its function `route_match`.
    Route,
    /// Nobody: it runs by itself.
    Task,
    /// Its text is hostile.
    Load,
}

/// One case.
#[derive(Debug)]
pub struct Case {
    pub name: String,
    pub number: String,
    pub title: String,
    pub hook: Hook,
    pub ends: String,
    pub says: Option<String>,
    pub time: bool,
    pub most: Option<u32>,
    pub msec: u32,
    pub mebibytes: u32,
    pub text: String,
}

/// The catalogue.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../hostile/cases")
}

/// All cases, in the order of their names.
pub fn all() -> Vec<Case> {
    let entries = std::fs::read_dir(folder()).expect("the folder of cases");
    let mut paths: Vec<PathBuf> = entries.map(|e| e.expect("an entry").path()).collect();
    paths.retain(|p| p.extension().is_some_and(|e| e == "luau"));
    paths.sort();
    paths.iter().map(|p| read(p)).collect()
}

fn read(path: &Path) -> Case {
    let source = std::fs::read_to_string(path).expect("a case");
    let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let key = |key: &str| {
        let start = format!("--@{key} ");
        source.lines().find_map(|line| line.strip_prefix(&start)).map(str::to_owned)
    };
    let need = |k: &str| key(k).unwrap_or_else(|| panic!("{name}: no --@{k}"));
    let hook = match need("hook").as_str() {
        "route_match" => Hook::Route,
        "task" => Hook::Task,
        "load" => Hook::Load,
        other => panic!("{name}: no hook is called {other}"),
    };
    let ends = need("ends");
    let kinds = ["deadline", "memory", "runtime", "contract", "load", "fine"];
    assert!(kinds.contains(&ends.as_str()), "{name}: no case ends as {ends}");
    let limits = key("limits").unwrap_or_default();
    let limit = |what: &str, default| {
        let of = limits.split_whitespace().find_map(|w| w.strip_prefix(what)?.strip_prefix('='));
        of.map_or(default, |n| n.parse().unwrap_or_else(|_| panic!("{name}: --@limits {limits}")))
    };
    Case {
        number: need("case"),
        title: need("title"),
        hook,
        ends,
        says: key("says"),
        time: key("time").is_some_and(|t| t == "yes"),
        most: key("most").map(|m| m.parse().unwrap_or_else(|_| panic!("{name}: --@most {m}"))),
        msec: limit("time", 50),
        mebibytes: limit("memory", 16),
        text: expand(&source, &name),
        name,
    }
}

fn expand(source: &str, name: &str) -> String {
    let mut out = String::new();
    for line in source.lines() {
        match line.strip_prefix("--@repeat ").map(|rest| rest.split_once(' ')) {
            Some(Some((count, text))) => {
                let count: usize = count.parse().unwrap_or_else(|_| panic!("{name}: {line}"));
                out.push_str(&text.repeat(count));
            }
            Some(None) => panic!("{name}: {line}"),
            None => out.push_str(line),
        }
        out.push('\n');
    }
    out
}
