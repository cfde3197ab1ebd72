// SPDX-License-Identifier: GPL-2.0-or-later
//! The other systems, from Debian's packages: fetched and unpacked, never installed, so that no service starts.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::bench::callgrind;
use crate::layout::Layout;
use crate::setup::packages;
use crate::step::run;

/// Packages of the systems.
const PACKAGES: [&str; 3] = ["bird2", "gobgpd", "openbgpd"];
/// What they must have brought.
const PROGRAMS: [&str; 6] =
    ["usr/sbin/bird", "usr/sbin/birdc", "usr/bin/gobgpd", "usr/bin/gobgp", "usr/sbin/bgpd", "usr/sbin/bgpctl"];

/// The unpacked packages.
#[derive(Debug, Clone)]
pub(super) struct Peers {
    root: PathBuf,
    libraries: OsString,
    counted: bool,
    /// Name and version of each.
    pub(super) versions: Vec<(String, String)>,
}

impl Peers {
    /// Fetches and unpacks what is missing.
    pub(super) fn fetch(layout: &Layout) -> Result<Self> {
        let dir = layout.target.join("peers");
        let root = dir.join("root");
        if PROGRAMS.iter().any(|program| !root.join(program).exists()) {
            let archives = dir.join("packages");
            fs::create_dir_all(&archives)?;
            let log = layout.log("peers");
            let wanted = wanted()?;
            let fetch = || run("apt-get").arg("download").args(&wanted).dir(&archives);
            if fetch().step("fetch BIRD, GoBGP and OpenBGPD", &log).is_err() {
                packages::update(layout)?;
                fetch().step("fetch BIRD, GoBGP and OpenBGPD", &log)?;
            }
            for archive in fs::read_dir(&archives)? {
                run("dpkg").arg("-x").arg(archive?.path()).arg(&root).output()?;
            }
        }
        for program in PROGRAMS {
            ensure!(root.join(program).exists(), "Debian's packages have no {program}");
        }
        Ok(Self { counted: false, libraries: libraries(&root)?, versions: versions(&dir.join("packages"))?, root })
    }

    /// The same, to run under callgrind.
    pub(super) fn counted(&self) -> Self {
        Self { counted: true, ..self.clone() }
    }

    /// A daemon of theirs that will run in `dir`.
    pub(super) fn daemon(&self, program: &str, dir: &Path) -> Command {
        if !self.counted {
            return self.command(program);
        }
        let mut command = callgrind::command(&self.root.join(program), dir);
        command.env("LD_LIBRARY_PATH", &self.libraries);
        command
    }

    /// A program of theirs, with the libraries that it needs.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.root.join(program));
        command.env("LD_LIBRARY_PATH", &self.libraries);
        command
    }
}

/// The packages and the libraries that they ask for, but for libc.
fn wanted() -> Result<Vec<String>> {
    let mut wanted: Vec<String> = PACKAGES.map(str::to_owned).to_vec();
    for package in PACKAGES {
        let depends = run("apt-cache").args(["depends", package]).output()?;
        let names = depends.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
        wanted.extend(names.filter(|name| name.starts_with("lib") && *name != "libc6").map(str::to_owned));
    }
    wanted.sort();
    wanted.dedup();
    Ok(wanted)
}

/// Every folder with libraries in it.
fn libraries(root: &Path) -> Result<OsString> {
    let mut folders = Vec::new();
    for base in ["usr/lib", "lib"] {
        let Ok(entries) = fs::read_dir(root.join(base)) else { continue };
        for entry in entries {
            let path = entry?.path();
            if path.to_string_lossy().ends_with("-linux-gnu") {
                folders.push(path);
            }
        }
    }
    std::env::join_paths(folders).context("a folder with a colon in its name")
}

/// From the names of the archives: NAME_VERSION_ARCHITECTURE.deb.
fn versions(archives: &Path) -> Result<Vec<(String, String)>> {
    let mut versions = Vec::new();
    for archive in fs::read_dir(archives)? {
        let name = archive?.file_name().to_string_lossy().into_owned();
        let mut parts = name.split('_');
        if let (Some(package), Some(version)) = (parts.next(), parts.next())
            && PACKAGES.contains(&package)
        {
            versions.push((package.to_owned(), version.to_owned()));
        }
    }
    versions.sort();
    Ok(versions)
}
