// SPDX-License-Identifier: GPL-2.0-or-later
//! `cargo xtask setup`: everything that is not in this repository.

pub mod packages;
pub mod python;
mod sources;
pub mod tarballs;
mod users;

use std::env;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::layout::Layout;
pub use packages::{Libyang, libyang};

/// The user's own tree of FRR, if `FRR_SRC` names one.
pub fn frr_src() -> Result<Option<PathBuf>> {
    let Some(dir) = env::var_os("FRR_SRC").filter(|dir| !dir.is_empty()) else {
        return Ok(None);
    };
    let dir = PathBuf::from(dir);
    if !dir.join("configure.ac").is_file() || !dir.join("bgpd").is_dir() {
        bail!("FRR_SRC={} is not a source tree of FRR: name the folder that has configure.ac and bgpd/", dir.display());
    }
    Ok(Some(dir.canonicalize()?))
}

/// Installs and fetches what is missing; says nothing and needs no network
/// when all is there.
pub fn setup(layout: &Layout) -> Result<()> {
    let libyang = packages::install_base(layout)?;
    let mut wanted = Vec::new();
    if frr_src()?.is_none() {
        wanted.push(&tarballs::FRR);
    }
    if libyang == Libyang::Source {
        wanted.push(&tarballs::LIBYANG);
    }
    tarballs::fetch(layout, &wanted)?;
    python::install(layout)?;
    users::add(layout)
}
