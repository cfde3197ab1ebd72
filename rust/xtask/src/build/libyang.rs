// SPDX-License-Identifier: GPL-2.0-or-later
//! libyang from source, where the system's own is too old for FRR.

use std::fs;

use anyhow::Result;

use super::source::remove;
use crate::layout::Layout;
use crate::setup::{Libyang, libyang, tarballs};
use crate::step::run;

/// Builds and installs it under the work folder, if that is needed.
pub fn build(layout: &Layout) -> Result<Libyang> {
    if libyang() == Libyang::System {
        return Ok(Libyang::System);
    }
    let stamp = layout.stamp("libyang");
    if stamp.is(tarballs::LIBYANG.sha256) {
        return Ok(Libyang::Source);
    }
    let prefix = layout.libyang();
    let src = layout.work.join("libyang-src");
    let build = layout.work.join("libyang-build");
    for dir in [&prefix, &src, &build] {
        remove(dir)?;
    }
    fs::create_dir_all(&src)?;
    run("tar")
        .args(["--strip-components=1", "-xf"])
        .arg(tarballs::LIBYANG.path(layout))
        .arg("-C")
        .arg(&src)
        .output()?;
    run("cmake")
        .arg("-S")
        .arg(&src)
        .arg("-B")
        .arg(&build)
        .arg(format!("-DCMAKE_INSTALL_PREFIX={}", prefix.display()))
        .args([
            "-DCMAKE_INSTALL_LIBDIR=lib",
            "-DCMAKE_BUILD_TYPE=Release",
            "-DENABLE_LYD_PRIV=ON",
            "-DENABLE_TESTS=OFF",
        ])
        .step("configure libyang", &layout.log("libyang-configure"))?;
    run("cmake")
        .arg("--build")
        .arg(&build)
        .args(["--target", "install", "--parallel"])
        .arg(super::jobs())
        .step("build libyang", &layout.log("libyang"))?;
    remove(&build)?;
    remove(&src)?;
    stamp.write(tarballs::LIBYANG.sha256)?;
    Ok(Libyang::Source)
}
