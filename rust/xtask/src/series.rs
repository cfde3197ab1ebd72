// SPDX-License-Identifier: GPL-2.0-or-later
//! The lists beside the patches: `series` and `replaced`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// A file of FRR's tree that is a link to one of ours.
#[derive(Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The path in FRR's tree.
    pub theirs: String,
    /// The path in this repository.
    pub ours: String,
}

/// The patch names in the order in which they are applied.
pub fn series(patches: &Path) -> Result<Vec<String>> {
    parse_series(&read(&patches.join("series"))?)
}

/// The files that are replaced.
pub fn replaced(patches: &Path) -> Result<Vec<Replaced>> {
    parse_replaced(&read(&patches.join("replaced"))?)
}

fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} is missing", path.display()))
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(|line| line.split('#').next().unwrap_or_default().trim()).filter(|line| !line.is_empty())
}

fn parse_series(text: &str) -> Result<Vec<String>> {
    let mut names: Vec<String> = Vec::new();
    for line in lines(text) {
        if line.contains(char::is_whitespace) || line.contains('/') {
            bail!("series: `{line}` is not the name of a patch beside it");
        }
        if names.iter().any(|name| name == line) {
            bail!("series: {line} is there twice");
        }
        names.push(line.to_owned());
    }
    Ok(names)
}

fn parse_replaced(text: &str) -> Result<Vec<Replaced>> {
    lines(text)
        .map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            match (words.next(), words.next(), words.next()) {
                (Some(theirs), Some(ours), None) => Ok(Replaced { theirs, ours }),
                _ => bail!("replaced: `{line}` has to be a path in FRR's tree and a path here"),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_empty_lines_do_not_count() -> Result<()> {
        let names = parse_series("# why\n\n0001-a.patch\n  0002-b.patch # not yet upstream\n")?;
        assert_eq!(names, ["0001-a.patch", "0002-b.patch"]);
        Ok(())
    }

    #[test]
    fn a_patch_is_named_once_and_without_a_path() {
        assert!(parse_series("a.patch\na.patch\n").is_err());
        assert!(parse_series("sub/a.patch\n").is_err());
        assert!(parse_series("a.patch b.patch\n").is_err());
    }

    #[test]
    fn replaced_files_are_pairs() -> Result<()> {
        let pairs = parse_replaced("lib/a.c  daemons/lib/a.c\n# no\n")?;
        assert_eq!(pairs, [Replaced { theirs: "lib/a.c".into(), ours: "daemons/lib/a.c".into() }]);
        assert!(parse_replaced("lib/a.c\n").is_err());
        assert!(parse_replaced("a b c\n").is_err());
        Ok(())
    }
}
