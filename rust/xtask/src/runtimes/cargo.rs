// SPDX-License-Identifier: GPL-2.0-or-later
//! The runtimes in Rust: a cargo workspace of their own, so that their
//! dependencies never come near the library that is linked into FRR.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use super::{place, sources};
use crate::layout::Layout;
use crate::stamp::Inputs;
use crate::step::run;

/// Where cargo builds them.
pub fn target(layout: &Layout) -> PathBuf {
    layout.cargo_target.join("runtimes")
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    crate_types: Vec<String>,
}

/// Builds them and installs each cdylib as `libNAME.so`.
pub fn build(layout: &Layout) -> Result<()> {
    let workspace = layout.repo.join("runtimes");
    let manifest = workspace.join("Cargo.toml");
    if !manifest.is_file() {
        return Ok(());
    }
    let stamp = layout.stamp("runtimes-rust");
    let version = run("rustc").arg("--version").output()?;
    let digest = sources(Inputs::new().text(&version).text(&workspace.to_string_lossy()), &workspace)?.digest();
    let runtimes = layout.runtimes();
    if stamp.is(&digest) && runtimes.is_dir() {
        return Ok(());
    }
    run("cargo")
        .args(["build", "--release", "--locked", "--workspace", "--lib", "--manifest-path"])
        .arg(&manifest)
        .env("CARGO_TARGET_DIR", target(layout))
        .step("build the runtimes in Rust", &layout.log("runtimes-rust"))?;
    let metadata = run("cargo")
        .args(["metadata", "--format-version=1", "--no-deps", "--locked", "--manifest-path"])
        .arg(&manifest)
        .output()?;
    for name in cdylibs(&metadata)? {
        let file = format!("lib{name}.so");
        place(&target(layout).join("release").join(&file), &runtimes.join(&file))?;
    }
    tools(layout, &manifest)?;
    stamp.write(&digest)
}

/// Servers of the topotests that are Rust: examples, because only examples and
/// tests see dependencies that no runtime has. What they are built from is what
/// the workspace's own tests are.
fn tools(layout: &Layout, manifest: &Path) -> Result<()> {
    run("cargo")
        .args(["build", "--release", "--locked", "--workspace", "--examples", "--manifest-path"])
        .arg(manifest)
        .env("CARGO_TARGET_DIR", target(layout))
        .step("build servers for the topotests of runtimes", &layout.log("runtimes-tools"))?;
    let built = target(layout).join("release/examples/grpc_server");
    place(&built, &layout.work.join("runtimes-tools/grpc_server"))
}

/// The names of the shared libraries, as cargo's files have them.
fn cdylibs(metadata: &str) -> Result<Vec<String>> {
    let metadata: Metadata = serde_json::from_str(metadata).context("cargo metadata says something else")?;
    let targets = metadata.packages.into_iter().flat_map(|package| package.targets);
    let libraries = targets.filter(|target| target.crate_types.iter().any(|kind| kind == "cdylib"));
    Ok(libraries.map(|target| target.name.replace('-', "_")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_libraries_of_a_workspace() -> Result<()> {
        let text = r#"{"packages": [
            {"name": "frr-runtime", "targets": [{"name": "frr_runtime", "crate_types": ["lib"]}]},
            {"name": "frr-http", "targets": [
                {"name": "http", "crate_types": ["cdylib", "rlib"]},
                {"name": "server", "crate_types": ["bin"]}]}]}"#;
        assert_eq!(cdylibs(text)?, ["http"]);
        Ok(())
    }
}
