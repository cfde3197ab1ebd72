// SPDX-License-Identifier: GPL-2.0-or-later
//! Python for FRR's tests and topotests, in an environment of its own.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::layout::Layout;
use crate::stamp::{Inputs, Stamp};
use crate::step::run;

/// The system's Python: FRR's build needs its headers, and a shell may have
/// another one first in PATH.
pub const SYSTEM: &str = "/usr/bin/python3";

/// The Python of the environment.
pub fn python(layout: &Layout) -> PathBuf {
    layout.venv.join("bin/python3")
}

/// Makes the environment and installs the pinned packages, if they changed.
pub fn install(layout: &Layout) -> Result<()> {
    let list = layout.repo.join("topotests/requirements.txt");
    let version = run(SYSTEM).arg("--version").output()?;
    let digest = Inputs::new().text(&version).file(&list)?.digest();
    let stamp = Stamp::new(layout.venv.join("frrscript.stamp"));
    if stamp.is(&digest) {
        return Ok(());
    }
    if layout.venv.exists() {
        fs::remove_dir_all(&layout.venv)?;
    }
    run(SYSTEM).args(["-m", "venv"]).arg(&layout.venv).step("make a Python environment", &layout.log("venv"))?;
    run(python(layout))
        .args(["-m", "pip", "install", "--disable-pip-version-check", "-r"])
        .arg(&list)
        .step("install Python packages", &layout.log("pip"))
        .context("pip can't install what topotests need: check the network and pip's configuration")?;
    stamp.write(&digest)
}
