// SPDX-License-Identifier: GPL-2.0-or-later
//! The runtimes that are not Rust: each folder has a Makefile with an `install`
//! target, which a packager uses as this does.

use std::path::PathBuf;

use anyhow::Result;

use super::libnode::Libnode;
use super::packages::{there, version};
use super::sources;
use crate::layout::Layout;
use crate::stamp::Inputs;
use crate::step::run;

/// A folder below `runtimes/` that make builds.
pub struct Language {
    /// The folder.
    pub name: &'static str,
    /// The library it installs.
    pub library: &'static str,
    /// What make has to know, or what is not installed.
    variables: fn(&Layout) -> Result<Vec<String>, &'static str>,
}

/// All of them.
pub const LANGUAGES: &[Language] = &[
    Language { name: "go/echo", library: "libgo_echo.so", variables: go },
    Language { name: "python", library: "libpython.so", variables: python },
    Language { name: "java", library: "libjava.so", variables: java },
    Language { name: "nodejs", library: "libnodejs.so", variables: nodejs },
];

impl Language {
    /// The language alone.
    pub fn short(&self) -> &'static str {
        self.name.split('/').next().unwrap_or(self.name)
    }

    /// What is not there that it needs.
    pub fn missing(&self, layout: &Layout) -> Option<&'static str> {
        (self.variables)(layout).err()
    }

    /// Builds and installs it when something of it changed.
    pub fn build(&self, layout: &Layout) -> Result<()> {
        let dir = layout.repo.join("runtimes").join(self.name);
        if !dir.join("Makefile").is_file() {
            return Ok(());
        }
        let Ok(variables) = (self.variables)(layout) else {
            return Ok(());
        };
        let step = format!("runtimes-{}", self.name.replace('/', "-"));
        let runtimes = layout.runtimes();
        let stamp = layout.stamp(&step);
        let inputs = Inputs::new().text(&dir.to_string_lossy()).text(&variables.join("\n"));
        let digest = sources(inputs, &dir)?.digest();
        if stamp.is(&digest) && runtimes.join(self.library).is_file() {
            return Ok(());
        }
        run("make")
            .arg("-C")
            .arg(&dir)
            .arg("install")
            .arg(format!("BUILD={}", self.folder(layout).display()))
            .arg(format!("RUNTIMEDIR={}", runtimes.display()))
            .args(variables)
            .step(&format!("build the runtime {}", self.name), &layout.log(&step))?;
        stamp.write(&digest)
    }

    fn folder(&self, layout: &Layout) -> PathBuf {
        layout.work.join("runtimes-build").join(self.name)
    }
}

/// A variable that no Makefile reads, and that makes another version of a
/// language another build.
fn built_with(version: &str) -> Vec<String> {
    vec![format!("BUILT_WITH={}", version.trim())]
}

fn go(_: &Layout) -> Result<Vec<String>, &'static str> {
    let version = run("go").arg("version").output().map_err(|_| "go is not installed")?;
    Ok(built_with(&version))
}

fn python(_: &Layout) -> Result<Vec<String>, &'static str> {
    let version = version("python3-embed").ok_or("python3-dev is not installed")?;
    Ok(built_with(&version))
}

fn java(_: &Layout) -> Result<Vec<String>, &'static str> {
    if !there("javac") {
        return Err("a JDK is not installed");
    }
    let version = run("javac").arg("-version").output().map_err(|_| "javac does not run")?;
    Ok(built_with(&version))
}

fn nodejs(layout: &Layout) -> Result<Vec<String>, &'static str> {
    let found = Libnode::find(layout).ok_or("libnode is not installed")?;
    if version("libuv").is_none() {
        return Err("libuv1-dev is not installed");
    }
    found.variables().map_err(|_| "libnode is not complete")
}
