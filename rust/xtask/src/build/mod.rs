// SPDX-License-Identifier: GPL-2.0-or-later
//! `cargo xtask build`: libyang, FRR's source with our patches, and FRR with
//! the Rust library in it, installed under the work folder.

pub mod frr;
mod libyang;
pub mod sanitizers;
pub mod source;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::thread::available_parallelism;
use std::time::Duration;

use anyhow::{Context, Result};

use crate::layout::Layout;
use crate::series::series;
use crate::setup::{self, tarballs};
use crate::stamp::Inputs;
use crate::topotest;
pub use frr::Flavour;

/// How many commands make and cmake run at once.
pub fn jobs() -> String {
    available_parallelism().map_or(2, usize::from).to_string()
}

/// What a work folder in a cache is made from, and so its name.
pub fn cache_key(repo: &Path) -> Result<String> {
    let patches = repo.join("frr-patches/10.3");
    let mut inputs =
        Inputs::new().text(tarballs::FRR.sha256).text(tarballs::LIBYANG.sha256).file(&patches.join("replaced"))?;
    for name in series(&patches)? {
        inputs = inputs.file(&patches.join(name))?;
    }
    for option in frr::options(true) {
        inputs = inputs.text(&option);
    }
    if let Some(dir) = setup::frr_src()? {
        inputs = inputs.text(&dir.to_string_lossy());
    }
    // The compiler may not be there before the first setup.
    let compiler = frr::compiler().unwrap_or_default();
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let digest = inputs.text(&compiler).text(&system).digest();
    Ok(digest[..16].to_owned())
}

/// One build at a time in a work folder: a second one waits here.
fn lock(layout: &Layout) -> Result<fs::File> {
    fs::create_dir_all(&layout.work)?;
    let file = fs::File::create(layout.work.join("lock"))?;
    if file.try_lock().is_err() {
        eprintln!("another build is running in {}, waiting", layout.show(&layout.work));
        file.lock()?;
    }
    Ok(file)
}

/// Sets up what is missing, and builds and installs FRR; the stock one too
/// when it is asked for.
pub fn build(layout: &Layout, stock: bool) -> Result<()> {
    let _lock = lock(layout)?;
    setup::setup(layout)?;
    let libyang = libyang::build(layout)?;
    source::prepare(layout)?;
    frr::build(layout, &Flavour::ours(layout), libyang)?;
    if stock {
        frr::build(layout, &Flavour::stock(layout), libyang)?;
    }
    topotest::prepare(layout)?;
    show_work(layout)
}

/// Builds FRR as released, with its own scripting in Lua 5.3, after [`build`].
pub fn stock_scripting(layout: &Layout) -> Result<()> {
    let _lock = lock(layout)?;
    setup::packages::install(layout, &["liblua5.3-dev", "lua5.3"])?;
    frr::build(layout, &Flavour::stock_scripting(layout), libyang::build(layout)?)
}

/// Builds FRR once more with sanitizers, beside the other, and gives the layout in which it is found.
pub fn sanitized(layout: &Layout) -> Result<Layout> {
    let _lock = lock(layout)?;
    setup::setup(layout)?;
    sanitizers::setup(layout)?;
    let libyang = libyang::build(layout)?;
    source::prepare(layout)?;
    let sanitized = layout.sanitized();
    frr::build(&sanitized, &Flavour::sanitized(&sanitized), libyang)?;
    let runtimes = sanitized.products.join("runtimes");
    if !runtimes.is_symlink() {
        symlink(sanitized.runtimes(), &runtimes)?;
    }
    topotest::prepare(&sanitized)?;
    show_work(layout)?;
    Ok(sanitized)
}

/// Builds and installs the runtimes of other languages.
pub fn runtimes(layout: &Layout) -> Result<()> {
    let _lock = lock(layout)?;
    crate::runtimes::build(layout)
}

/// Builds more targets of FRR's make, after [`build`].
pub fn targets(layout: &Layout, targets: &[&str], what: &str) -> Result<()> {
    let _lock = lock(layout)?;
    frr::make(layout, &Flavour::ours(layout), targets, what)
}

/// Unpacks the source only, without the series.
pub fn unpack_source(layout: &Layout) -> Result<()> {
    let _lock = lock(layout)?;
    setup::setup(layout)?;
    source::unpack(layout)
}

/// How long an entry of the cache is kept after its last use.
const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);

/// A work folder in a cache is seen under `target/` all the same; entries that
/// nobody used for long go.
fn show_work(layout: &Layout) -> Result<()> {
    if !layout.cached {
        return Ok(());
    }
    fs::write(layout.work.join("used"), "").context("the cache can't be written")?;
    if let Some(cache) = layout.work.parent() {
        for entry in fs::read_dir(cache)? {
            let dir = entry?.path();
            let used = fs::metadata(dir.join("used")).and_then(|data| data.modified());
            if used.is_ok_and(|time| time.elapsed().is_ok_and(|age| age > KEPT)) {
                source::remove(&dir)?;
            }
        }
    }
    let link = layout.target.join("frr-10.3");
    if link.canonicalize().is_ok_and(|to| to == layout.work) {
        return Ok(());
    }
    if link.is_symlink() {
        fs::remove_file(&link)?;
    } else if link.exists() {
        return Ok(());
    }
    symlink(&layout.work, &link)?;
    Ok(())
}
