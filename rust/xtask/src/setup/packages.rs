// SPDX-License-Identifier: GPL-2.0-or-later
//! Debian and Ubuntu packages that the build and the tests need.

use anyhow::{Result, bail};

use crate::layout::Layout;
use crate::step::{Run, run};

/// What FRR's build, its tests and the demo need, beyond git and Rust.
const PACKAGES: &[&str] = &[
    "autoconf",
    "automake",
    "bison",
    "build-essential",
    "cmake",
    "flex",
    "gdb",
    "iproute2",
    "kmod",
    "libc-ares-dev",
    "libcap-dev",
    "libelf-dev",
    "libjson-c-dev",
    "libpcre2-dev",
    "libprotobuf-c-dev",
    "libreadline-dev",
    "libtool",
    "pkg-config",
    "procps",
    "protobuf-c-compiler",
    "python3-dev",
    "python3-venv",
    "texinfo",
    "util-linux",
    "xz-utils",
];

/// What FRR 10.3's configure asks for.
const LIBYANG: &str = "2.1.128";

/// Where libyang comes from on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Libyang {
    /// A package of the system is new enough.
    System,
    /// It has to be built from source.
    Source,
}

/// Installs the packages of the build that are missing.
pub fn install_base(layout: &Layout) -> Result<Libyang> {
    let mut wanted = PACKAGES.to_vec();
    let mut libyang = libyang();
    if libyang == Libyang::Source
        && let Some(package) = libyang_package()
    {
        wanted.push(package);
        libyang = Libyang::System;
    }
    install(layout, &wanted)?;
    Ok(libyang)
}

/// Installs those of `packages` that are missing, and only those.
pub fn install(layout: &Layout, packages: &[&str]) -> Result<()> {
    let missing = missing(packages)?;
    if missing.is_empty() {
        return Ok(());
    }
    let Some(root) = may_install() else {
        bail!(
            "these packages are missing: {0}. Install them as root (apt-get install -y {0}) and run this command again.",
            missing.join(" ")
        );
    };
    let mut args = vec!["install", "--yes", "--no-install-recommends"];
    args.extend(&missing);
    // The package index may be missing or too old; then it is fetched once.
    if apt(root, &args).step("install packages", &layout.log("packages")).is_err() {
        update(layout)?;
        apt(root, &args).step("install packages", &layout.log("packages"))?;
    }
    Ok(())
}

/// Fetches the package index.
pub fn update(layout: &Layout) -> Result<()> {
    let Some(root) = may_install() else {
        bail!("the package index is missing or too old: run apt-get update as root and this command again");
    };
    apt(root, &["update"]).step("update the package index", &layout.log("packages-index"))
}

/// May packages be installed here, and if so, as root or with sudo?
fn may_install() -> Option<bool> {
    let root = run("id").arg("-u").output().is_ok_and(|id| id.trim() == "0");
    let sudo = !root && run("sudo").arg("--version").succeeds();
    ((root || sudo) && run("apt-get").arg("--version").succeeds()).then_some(root)
}

fn apt(root: bool, args: &[&str]) -> Run {
    let command = if root { run("apt-get") } else { run("sudo").arg("apt-get") };
    command.args(args).env("DEBIAN_FRONTEND", "noninteractive")
}

/// Those of `packages` that are not installed.
pub fn missing<'a>(packages: &[&'a str]) -> Result<Vec<&'a str>> {
    if !run("dpkg-query").arg("--version").succeeds() {
        bail!(
            "this machine has no dpkg: install what these Debian packages hold by your own means ({}), then run `cargo xtask build`",
            packages.join(" ")
        );
    }
    // dpkg-query fails when a package is unknown, and still lists the others.
    let known = std::process::Command::new("dpkg-query")
        .args(["-W", "-f=${binary:Package} ${db:Status-Status}\n"])
        .args(packages)
        .output()?;
    let known = String::from_utf8_lossy(&known.stdout).into_owned();
    Ok(not_installed(packages, &known))
}

/// Those of `packages` that dpkg-query's list does not call installed.
fn not_installed<'a>(packages: &[&'a str], known: &str) -> Vec<&'a str> {
    let installed: Vec<&str> = known
        .lines()
        .filter_map(|line| line.strip_suffix(" installed"))
        .map(|name| name.split(':').next().unwrap_or(name))
        .collect();
    packages.iter().filter(|package| !installed.contains(package)).copied().collect()
}

/// Is the system's libyang new enough?
pub fn libyang() -> Libyang {
    let atleast = format!("--atleast-version={LIBYANG}");
    if run("pkg-config").args([&atleast, "libyang"]).succeeds() { Libyang::System } else { Libyang::Source }
}

/// A package of the system's archive with a libyang that is new enough.
fn libyang_package() -> Option<&'static str> {
    ["libyang-dev", "libyang2-dev"].into_iter().find(|package| {
        let policy = run("apt-cache").args(["policy", package]).output();
        let Some(version) = policy.ok().as_deref().and_then(candidate) else {
            return false;
        };
        run("dpkg").args(["--compare-versions", &version, "ge", LIBYANG]).succeeds()
    })
}

/// The version that apt would install.
fn candidate(policy: &str) -> Option<String> {
    let line = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate:"))?;
    Some(line.trim().to_owned()).filter(|version| version != "(none)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_missing() {
        let known = "autoconf installed\nlibelf-dev:amd64 installed\ngdb config-files\n";
        assert_eq!(not_installed(&["autoconf", "gdb", "libelf-dev", "texinfo"], known), ["gdb", "texinfo"]);
    }

    #[test]
    fn candidate_version() {
        let policy = "libyang-dev:\n  Installed: (none)\n  Candidate: 3.12.2-1\n";
        assert_eq!(candidate(policy).as_deref(), Some("3.12.2-1"));
        assert_eq!(candidate("x:\n  Candidate: (none)\n"), None);
        assert_eq!(candidate(""), None);
    }
}
