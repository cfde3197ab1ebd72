// SPDX-License-Identifier: GPL-2.0-or-later
//! Inputs that are worth keeping: those of the repository, and those that runs found.

use std::fs;
use std::path::PathBuf;

use anyhow::Result;

use super::{build, files, folder};
use crate::build::source::remove;
use crate::layout::Layout;

/// Octets of a target's inputs in the repository.
const MOST: u64 = 26 * 1024;

/// Where the inputs are that runs on this machine found.
pub fn found(layout: &Layout, target: &str) -> PathBuf {
    folder(layout).join("corpus").join(target)
}

/// Where those of the repository are.
fn kept(layout: &Layout, target: &str) -> PathBuf {
    layout.repo.join("fuzz/corpus").join(target)
}

/// Where a run begins: those of the repository, and for the text of scripts also what it has of them.
pub fn seeds(layout: &Layout, target: &str) -> Vec<PathBuf> {
    let scripts: &[&str] = if target == "source" { &["rust/frrscript/tests-c/scripts", "examples"] } else { &[] };
    let scripts = scripts.iter().map(|folder| layout.repo.join(folder));
    std::iter::once(kept(layout, target)).chain(scripts).collect()
}

/// Brings into the repository what the smallest inputs cover, as far as there is room: the smallest first.
pub fn merge(layout: &Layout, target: &str) -> Result<()> {
    let (kept, merged) = (kept(layout, target), folder(layout).join("merged").join(target));
    remove(&merged)?;
    fs::create_dir_all(&merged)?;
    build::program(layout, target)?
        .args(["-merge=1", "-timeout=30", "-rss_limit_mb=3000"])
        .arg(&merged)
        .args(seeds(layout, target))
        .arg(found(layout, target))
        .step(&format!("merge the inputs of {target}"), &layout.log(&format!("fuzz-{target}-merge")))?;
    let mut inputs = files(&merged)?;
    inputs.sort_by_key(|file| (fs::metadata(file).map_or(u64::MAX, |data| data.len()), file.clone()));
    remove(&kept)?;
    fs::create_dir_all(&kept)?;
    let mut left = MOST;
    for input in inputs {
        let size = fs::metadata(&input)?.len();
        if size > left {
            break;
        }
        left -= size;
        if let Some(name) = input.file_name() {
            fs::copy(&input, kept.join(name))?;
        }
    }
    Ok(())
}
