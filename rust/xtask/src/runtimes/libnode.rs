// SPDX-License-Identifier: GPL-2.0-or-later
//! Node.js as a library.
//!
//! Debian has it as a package, and where that can be installed it is. It can't
//! be beside a `nodejs` package of another origin, which Debian's Node modules
//! do not take as theirs. Then libnode, its headers and the modules it reads at
//! its start are unpacked under the cargo target folder and nothing of the
//! system changes.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::layout::Layout;
use crate::setup::packages;
use crate::step::run;

/// The package that brings all of it.
pub const PACKAGE: &str = "libnode-dev";

/// Where libnode is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Libnode {
    /// Installed.
    System,
    /// Unpacked below this folder.
    Unpacked(PathBuf),
}

impl Libnode {
    /// Finds it.
    pub fn find(layout: &Layout) -> Option<Self> {
        if Path::new("/usr/include/node/node.h").is_file() && packages::missing(&[PACKAGE]).is_ok_and(|m| m.is_empty())
        {
            return Some(Self::System);
        }
        let root = root(layout);
        root.join("complete").is_file().then_some(Self::Unpacked(root))
    }

    /// What the loader's Makefile has to know.
    pub fn variables(&self) -> Result<Vec<String>> {
        let Self::Unpacked(root) = self else {
            return Ok(Vec::new());
        };
        let library = library(root)?;
        let folder = library.parent().context("a file has a folder")?;
        Ok(vec![
            format!("NODE_INCLUDE={}", root.join("usr/include/node").display()),
            format!("NODE_LIBRARY={}", library.display()),
            format!("NODE_RPATH={}", folder.display()),
            format!("NODE_BUILTINS={}", root.join("usr/share/nodejs").display()),
        ])
    }
}

fn root(layout: &Layout) -> PathBuf {
    layout.downloads.join("libnode")
}

/// libnode.so.NUMBER: the link without a number is in the package for
/// development and points beside itself.
fn library(root: &Path) -> Result<PathBuf> {
    let lib = root.join("usr/lib");
    let mut folders = vec![lib.clone()];
    for entry in fs::read_dir(&lib)? {
        folders.push(entry?.path());
    }
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with("libnode.so.") {
                return Ok(entry.path());
            }
        }
    }
    bail!("{} has no libnode.so: remove it and run `cargo xtask setup --runtimes` again", root.display())
}

/// Installs it, or unpacks it when it can't be installed.
pub fn setup(layout: &Layout) -> Result<Libnode> {
    if let Some(found) = Libnode::find(layout) {
        return Ok(found);
    }
    if !index_knows(PACKAGE) {
        packages::update(layout)?;
    }
    let can =
        run("apt-get").args(["install", "--simulate", "--no-remove", "--no-install-recommends", PACKAGE]).succeeds();
    if can {
        packages::install(layout, &[PACKAGE])?;
    } else {
        unpack(layout).context("libnode can't be installed here (another nodejs is in the way), nor unpacked")?;
    }
    Libnode::find(layout).context("libnode is installed and its headers are not in /usr/include/node")
}

fn index_knows(package: &str) -> bool {
    run("apt-cache").args(["show", "--no-all-versions", package]).succeeds()
}

/// Unpacks it with all packages of Node's that it depends on, and installs the
/// libraries that it depends on.
fn unpack(layout: &Layout) -> Result<()> {
    let root = root(layout);
    if root.exists() {
        fs::remove_dir_all(&root)?;
    }
    let debs = root.join("debs");
    fs::create_dir_all(&debs)?;
    let mut unpacked = BTreeSet::new();
    let mut installed = BTreeSet::new();
    let mut todo = vec![PACKAGE.to_owned()];
    while let Some(package) = todo.pop() {
        if !unpacked.insert(package.clone()) {
            continue;
        }
        let text = run("apt-cache").args(["show", "--no-all-versions", &package]).output()?;
        for name in depends(&text) {
            if ours(&name) {
                todo.push(name);
            } else if name != "nodejs" {
                installed.insert(name);
            }
        }
    }
    let names: Vec<&str> = unpacked.iter().map(String::as_str).collect();
    // apt can't write as its own user into the folder of the user who runs this.
    run("apt-get")
        .args(["-o", "APT::Sandbox::User=", "download"])
        .args(&names)
        .dir(&debs)
        .step("download libnode", &layout.log("libnode-download"))?;
    let mut files: Vec<PathBuf> = fs::read_dir(&debs)?.map(|entry| Ok(entry?.path())).collect::<Result<_>>()?;
    files.sort();
    for file in files {
        run("dpkg-deb").arg("--extract").arg(file).arg(&root).output()?;
    }
    fs::remove_dir_all(&debs)?;
    let names: Vec<&str> = installed.iter().map(String::as_str).collect();
    packages::install(layout, &names)?;
    fs::write(root.join("complete"), "")?;
    Ok(())
}

/// Packages of Node's world, which are unpacked and not installed.
fn ours(package: &str) -> bool {
    package.starts_with("node-") || package.starts_with("libnode")
}

/// The packages that a package depends on; the first of those that do.
fn depends(text: &str) -> Vec<String> {
    let fields = text.lines().filter_map(|line| line.strip_prefix("Depends: "));
    let names = fields.flat_map(|list| list.split(',')).filter_map(|choice| {
        let first = choice.split('|').next()?.split_whitespace().next()?;
        Some(first.split(':').next()?.to_owned())
    });
    names.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_depends() {
        let text =
            "Package: node-acorn\nVersion: 8\nDepends: node-xtend, nodejs:any | nodejs (<< 12), libc6 (>= 2.34)\n";
        assert_eq!(depends(text), ["node-xtend", "nodejs", "libc6"]);
        assert_eq!(depends("Package: x\n"), [""; 0]);
    }

    #[test]
    fn what_is_unpacked() {
        assert!(ours("node-undici") && ours("libnode108"));
        assert!(!ours("nodejs") && !ours("libuv1-dev"));
    }
}
