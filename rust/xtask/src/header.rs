// SPDX-License-Identifier: GPL-2.0-or-later
//! `cargo xtask header`: the C header of the library, made by cbindgen.

use std::fs;

use anyhow::{Context, Result};

use crate::layout::Layout;

/// The header, as committed.
const HEADER: &str = "rust/frrscript/include/frrscript.h";
/// Where its look is configured.
const CONFIG: &str = "rust/frrscript/cbindgen.toml";

/// What crosses the boundary: the types, then the functions in the order in which they are read.
const SOURCES: &[&str] = &[
    "ffi/abi.rs",
    "ffi/exports/register.rs",
    "ffi/exports/rules.rs",
    "ffi/exports/events.rs",
    "ffi/exports/bus.rs",
    "ffi/exports/operate.rs",
    "ffi/exports/stock.rs",
];

/// Writes the header, or with `check` says whether the committed one is what
/// would be written.
pub fn header(layout: &Layout, check: bool) -> Result<bool> {
    let crate_dir = layout.repo.join("rust/frrscript");
    let config =
        cbindgen::Config::from_file(layout.repo.join(CONFIG)).map_err(|error| anyhow::anyhow!("{CONFIG}: {error}"))?;
    let mut builder = cbindgen::Builder::new().with_config(config);
    for source in SOURCES {
        builder = builder.with_src(crate_dir.join("src").join(source));
    }
    let bindings = builder.generate().context("cbindgen can't read the library")?;
    let mut made = Vec::new();
    bindings.write(&mut made);
    let file = layout.repo.join(HEADER);
    if fs::read(&file).is_ok_and(|now| now == made) {
        return Ok(true);
    }
    if check {
        let part = layout.target.join("frrscript.h");
        fs::write(&part, &made)?;
        eprintln!(
            "{HEADER} is not what cbindgen makes of the library ({} is): run `cargo xtask header` and commit it",
            layout.show(&part)
        );
        return Ok(false);
    }
    if let Some(dir) = file.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::write(&file, made)?;
    eprintln!("wrote {HEADER}");
    Ok(true)
}
