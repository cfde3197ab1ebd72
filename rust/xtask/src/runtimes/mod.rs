// SPDX-License-Identifier: GPL-2.0-or-later
//! The runtimes of `runtimes/`: code in other languages that scripts call.
//!
//! `setup` installs the languages, `build` makes what they allow and puts it
//! into the runtime folder; a language that is not here is left out with a line.

mod cargo;
mod language;
mod libnode;
mod packages;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::layout::Layout;
use crate::stamp::Inputs;
pub use cargo::target as cargo_target;
use language::{LANGUAGES, Language};

/// Installs the languages and the servers of the tests.
pub fn setup(layout: &Layout) -> Result<()> {
    let wanted = packages::wanted();
    crate::setup::packages::install(layout, &wanted).map_err(|error| {
        let list = packages::list();
        error.context(format!("the runtimes and their tests need these packages:\n{list}"))
    })?;
    libnode::setup(layout)?;
    Ok(())
}

/// Builds and installs all runtimes that can be built here, and says which
/// can't.
pub fn build(layout: &Layout) -> Result<()> {
    cargo::build(layout)?;
    for language in LANGUAGES {
        match language.missing(layout) {
            Some(what) => eprintln!("skipped: {}: {what}; `cargo xtask setup --runtimes` installs it", language.name),
            None => language.build(layout)?,
        }
    }
    modules(layout)
}

/// The languages that `runtimes/tests-c` can test here, and those it can't.
pub fn languages(layout: &Layout) -> (Vec<&'static str>, Vec<&'static str>) {
    let rust = layout.runtimes().join("libecho.so").is_file().then_some("rust");
    let (there, missing): (Vec<_>, Vec<_>) =
        LANGUAGES.iter().partition(|language| layout.runtimes().join(language.library).is_file());
    let names = |languages: Vec<&'static Language>| languages.into_iter().map(Language::short).collect::<Vec<_>>();
    (rust.into_iter().chain(names(there)).collect(), names(missing))
}

/// The modules that scripts `require`.
fn modules(layout: &Layout) -> Result<()> {
    let from = layout.repo.join("runtimes/lua");
    if !from.is_dir() {
        return Ok(());
    }
    let to = layout.runtimes().join("lua");
    let mut names = Vec::new();
    for entry in fs::read_dir(&from)? {
        let entry = entry?;
        if entry.path().extension().is_some_and(|ext| ext == "luau") {
            place(&entry.path(), &to.join(entry.file_name()))?;
            names.push(entry.file_name());
        }
    }
    // A module that is gone from the source goes.
    if to.is_dir() {
        for entry in fs::read_dir(&to)? {
            let entry = entry?;
            if !names.contains(&entry.file_name()) {
                fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}

/// Copies a file when it is another one than the one there. The old one may be
/// mapped into a daemon, so the new one takes its name and not its place.
fn place(from: &Path, to: &Path) -> Result<()> {
    let new = fs::read(from).with_context(|| format!("{} was not built", from.display()))?;
    if fs::read(to).is_ok_and(|old| old == new) {
        return Ok(());
    }
    if let Some(dir) = to.parent() {
        fs::create_dir_all(dir)?;
    }
    let part = to.with_extension("part");
    fs::write(&part, new)?;
    fs::set_permissions(&part, fs::metadata(from)?.permissions())?;
    fs::rename(&part, to)?;
    Ok(())
}

/// The sources below a folder, without what a build or Python leaves there.
fn sources(inputs: Inputs, dir: &Path) -> Result<Inputs> {
    inputs.tree(dir, &|path| {
        let generated = |part: std::path::Component| part.as_os_str() == "target" || part.as_os_str() == "__pycache__";
        !path.strip_prefix(dir).unwrap_or(path).components().any(generated)
    })
}
