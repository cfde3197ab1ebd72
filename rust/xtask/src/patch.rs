// SPDX-License-Identifier: GPL-2.0-or-later
//! `cargo xtask patch`: the series and the commits that it is made from.

use std::collections::HashMap;
use std::fs;

use anyhow::{Context, Result, bail};
use clap::Subcommand;

use crate::build;
use crate::build::source::{self, LINKED, git};
use crate::layout::Layout;
use crate::series::series;

/// What to do with the series.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum Patch {
    /// Apply the series to the pristine tarball, and check every header
    Check,
    /// Make the series again from the commits in target/frr-10.3/src
    Refresh,
}

/// Runs one of them.
pub fn patch(layout: &Layout, what: Patch) -> Result<bool> {
    match what {
        Patch::Check => check(layout),
        Patch::Refresh => refresh(layout),
    }
}

fn check(layout: &Layout) -> Result<bool> {
    build::unpack_source(layout)?;
    source::commits(layout, &layout.src())?;
    let names = series(&layout.patches())?;
    let mut good = true;
    for name in &names {
        let text = fs::read_to_string(layout.patches().join(name))?;
        for problem in problems(&text) {
            eprintln!("{name}: {problem}");
            good = false;
        }
    }
    for entry in fs::read_dir(layout.patches())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".patch") && !names.contains(&name) {
            eprintln!("{name}: is not in series");
            good = false;
        }
    }
    if good {
        eprintln!("{} patches apply to FRR 10.3", names.len());
    }
    Ok(good)
}

/// What is wrong with the head of a patch.
fn problems(patch: &str) -> Vec<String> {
    let head = patch.split("\n---\n").next().unwrap_or_default();
    let mut problems = Vec::new();
    let mut need = |good: bool, what: &str| {
        if !good {
            problems.push(what.to_owned());
        }
    };
    let has = |start: &str| head.lines().any(|line| line.starts_with(start));
    need(has("From: "), "has no From: line");
    need(has("Date: "), "has no Date: line");
    need(has("Signed-off-by: "), "has no Signed-off-by: line");
    need(has("Upstream-Status: "), "has no Upstream-Status: line");
    let subject = subject(head).unwrap_or_default();
    need(
        subject.split_once(": ").is_some_and(|(what, _)| !what.contains(' ')),
        "has no subject of the form `subsystem: imperative`",
    );
    let body = head.split_once("\n\n").map_or("", |(_, body)| body);
    let why = body
        .lines()
        .any(|line| line.contains(' ') && !line.starts_with("Signed-off") && !line.starts_with("Upstream-"));
    need(why, "does not say why");
    problems
}

/// The subject without `[PATCH]`, continuation lines joined.
fn subject(head: &str) -> Option<String> {
    let (_, rest) = head.split_once("Subject: ")?;
    let mut lines = rest.lines();
    let mut subject = lines.next()?.to_owned();
    for line in lines.take_while(|line| line.starts_with(' ')) {
        subject.push_str(line);
    }
    let plain = subject.trim_start_matches("[PATCH]").trim();
    Some(plain.to_owned())
}

fn refresh(layout: &Layout) -> Result<bool> {
    let src = layout.src();
    if !src.join(".git").exists() {
        bail!("there is no unpacked tree yet: run `cargo xtask build` first");
    }
    let dirty = git(&src).args(["status", "--porcelain"]).output()?;
    if !dirty.trim().is_empty() {
        bail!(
            "{} has changes that are not committed: commit them there first, one concern a commit",
            layout.show(&src)
        );
    }
    if !source::is_applied(layout)? {
        bail!(
            "the series changed since it was applied to {}: run `cargo xtask build` first, so that nothing of it is lost",
            layout.show(&src)
        );
    }
    let patches = layout.patches();
    let old = series(&patches)?;
    let mut names = HashMap::new();
    for name in &old {
        let text = fs::read_to_string(patches.join(name))?;
        names.insert(subject(&text).unwrap_or_default(), name.clone());
    }
    let range = format!("{LINKED}..HEAD");
    let commits = git(&src).args(["rev-list", "--reverse", &range]).output()?;
    let mut new = Vec::new();
    let mut last = 0;
    for commit in commits.lines() {
        let text = git(&src)
            .args(["format-patch", "-1", "--stdout", "--zero-commit", "--no-signature", "-N", commit])
            .output()?;
        let name = names
            .get(&subject(&text).unwrap_or_default())
            .cloned()
            .unwrap_or_else(|| file_name(last + 1, &subject(&text).unwrap_or_default()));
        last = number(&name).unwrap_or(last);
        if fs::read_to_string(patches.join(&name)).ok().as_deref() != Some(text.as_str()) {
            fs::write(patches.join(&name), text)?;
            eprintln!("wrote {name}");
        }
        new.push(name);
    }
    for name in old.iter().filter(|name| !new.contains(name)) {
        fs::remove_file(patches.join(name))?;
        eprintln!("removed {name}");
    }
    let file = patches.join("series");
    let text = fs::read_to_string(&file).context("series is missing")?;
    let comments = text.lines().take_while(|line| line.starts_with('#'));
    let lines: Vec<&str> = comments.chain(new.iter().map(String::as_str)).collect();
    fs::write(&file, lines.join("\n") + "\n")?;
    Ok(true)
}

fn number(name: &str) -> Option<u32> {
    name.split('-').next()?.parse().ok()
}

/// `0005-subsystem-what-it-does.patch`
fn file_name(number: u32, subject: &str) -> String {
    let mut words = String::new();
    for c in subject.chars() {
        if c.is_ascii_alphanumeric() || c == '_' || c == '.' {
            words.push(c);
        } else if !words.ends_with('-') {
            words.push('-');
        }
    }
    let words: String = words.trim_matches('-').chars().take(52).collect();
    format!("{number:04}-{}.patch", words.trim_end_matches('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "From 0000 Mon Sep 17 00:00:00 2001\nFrom: A <a@example.org>\n\
        Date: Fri, 1 Jan 2027 00:00:00 +0000\nSubject: [PATCH] lib: do a thing that\n needs two lines\n\n\
        Because of this.\n\nUpstream-Status: Pending\nSigned-off-by: A <a@example.org>\n---\n a | 1 +\n";

    #[test]
    fn a_good_head() {
        assert_eq!(problems(GOOD), Vec::<String>::new());
        assert_eq!(subject(GOOD).as_deref(), Some("lib: do a thing that needs two lines"));
    }

    #[test]
    fn what_a_head_can_lack() {
        let bad = GOOD.replace("Upstream-Status: Pending\n", "").replace("Because of this.\n", "");
        assert_eq!(problems(&bad), ["has no Upstream-Status: line", "does not say why"]);
        let bad = GOOD.replace("lib: do", "Do");
        assert_eq!(problems(&bad), ["has no subject of the form `subsystem: imperative`"]);
    }

    #[test]
    fn names_of_new_patches() {
        assert_eq!(file_name(5, "bgpd: add `set script`, and more"), "0005-bgpd-add-set-script-and-more.patch");
        assert_eq!(number("0032-x.patch"), Some(32));
    }
}
