// SPDX-License-Identifier: GPL-2.0-or-later
//! The environment in which the built daemons, vtysh and pytest run.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::layout::Layout;
use crate::setup::python;
use crate::step::Run;

/// Variables that a person or a test needs to use what was built.
pub struct Environment(Vec<(&'static str, OsString)>);

impl Environment {
    /// The variables for a built tree.
    pub fn new(layout: &Layout) -> Result<Self> {
        let root = layout.root();
        if !Layout::daemons(&root).join("bgpd").exists() {
            bail!("FRR is not built: run `cargo xtask build` first");
        }
        let python = python::python(layout);
        let mut path = vec![root.join("usr/bin"), Layout::daemons(&root)];
        path.extend(python.parent().map(PathBuf::from));
        let libraries = vec![root.join("usr/lib"), layout.libyang().join("lib")];
        Ok(Self(vec![
            ("PATH", before(path, "PATH")?),
            ("LD_LIBRARY_PATH", before(libraries, "LD_LIBRARY_PATH")?),
            ("FRR_ROOT", root.into()),
            ("FRR_SRC_TREE", layout.src().into()),
            ("TOPOTESTS", layout.topotests().into()),
            ("PYTHON", python.into()),
        ]))
    }

    /// Sets them for a program.
    pub fn set(&self, mut run: Run) -> Run {
        for (name, value) in &self.0 {
            run = run.env(name, value);
        }
        run
    }

    /// Lines for a shell's `eval`.
    pub fn exports(&self) -> String {
        let line = |(name, value): &(&str, OsString)| format!("export {name}={}\n", quote(&value.to_string_lossy()));
        self.0.iter().map(line).collect()
    }
}

/// `folders` before what the variable holds now.
fn before(mut folders: Vec<PathBuf>, variable: &str) -> Result<OsString> {
    if let Some(now) = env::var_os(variable) {
        for folder in env::split_paths(&now) {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    Ok(env::join_paths(folders)?)
}

/// A word that a POSIX shell reads as it is.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_the_value_back() {
        assert_eq!(quote("/a b"), "'/a b'");
        assert_eq!(quote("it's"), "'it'\\''s'");
    }
}
