// SPDX-License-Identifier: GPL-2.0-or-later
//! Where everything is: this repository, and the work folder with FRR's
//! source, its build and its install.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folders that the commands work in. All are absolute and without links,
/// because autotools writes them into what it generates.
#[derive(Debug, Clone)]
pub struct Layout {
    /// This repository.
    pub repo: PathBuf,
    /// `target/` of this repository.
    pub target: PathBuf,
    /// cargo's target folder: `target/`, or what `CARGO_TARGET_DIR` says.
    pub cargo_target: PathBuf,
    /// FRR's work folder: `target/frr-10.3`, which is a link when the work is
    /// kept in a cache.
    pub work: PathBuf,
    /// Where the build of FRR is, with its install: `work`, or a folder in it for a second build (see [`Layout::sanitized`]).
    pub products: PathBuf,
    /// What was downloaded.
    pub downloads: PathBuf,
    /// Python for the topotests.
    pub venv: PathBuf,
    /// Whether `work` is in a cache that outlives this checkout.
    pub cached: bool,
}

/// The environment variable that names the cache folder.
pub const CACHE_VARIABLE: &str = "FRRSCRIPT_CACHE";

impl Layout {
    /// Finds the folders. With a cache (see [`CACHE_VARIABLE`]) the work folder
    /// is the cache's entry for `key`, which must cover all that goes into it.
    pub fn find(key: impl FnOnce(&Path) -> Result<String>) -> Result<Self> {
        // Checkouts may share cargo's target folder, and so the place of this
        // program: `cargo run` says which one it was started for.
        let package = env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        let repo = Path::new(&package)
            .join("../..")
            .canonicalize()
            .context("the repository that this command was built in is gone: run it with `cargo xtask`")?;
        let target = repo.join("target");
        std::fs::create_dir_all(&target)?;
        let cargo_target = match env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => env::current_dir()?.join(dir),
            None => target.clone(),
        };
        let cache = env::var_os(CACHE_VARIABLE).filter(|dir| !dir.is_empty());
        let Some(cache) = cache else {
            let work = real_or_self(&target.join("frr-10.3"));
            return Ok(Self {
                products: work.clone(),
                work,
                downloads: target.join("downloads"),
                venv: target.join("venv"),
                repo,
                target,
                cargo_target,
                cached: false,
            });
        };
        let cache = env::current_dir()?.join(cache);
        std::fs::create_dir_all(&cache)
            .with_context(|| format!("{CACHE_VARIABLE}={} can't be made: name another folder", cache.display()))?;
        let cache = cache.canonicalize()?;
        let work = cache.join(format!("frr-10.3-{}", key(&repo)?));
        Ok(Self {
            products: work.clone(),
            work,
            downloads: cache.join("downloads"),
            venv: cache.join("venv"),
            repo,
            target,
            cargo_target,
            cached: true,
        })
    }

    /// The same source in a build of its own, under sanitizers.
    pub fn sanitized(&self) -> Self {
        Self {
            products: self.work.join("sanitized"),
            cargo_target: self.cargo_target.join("sanitized"),
            ..self.clone()
        }
    }

    /// FRR's source as a git tree, with the series applied.
    pub fn src(&self) -> PathBuf {
        self.work.join("src")
    }

    /// The out-of-tree build of FRR with scripting.
    pub fn build(&self) -> PathBuf {
        self.products.join("build")
    }

    /// What `make install` made: the root of a file system.
    pub fn root(&self) -> PathBuf {
        self.products.join("root")
    }

    /// FRR's topotest framework, copied so that it finds our build.
    pub fn topotests(&self) -> PathBuf {
        self.products.join("topotests")
    }

    /// The install prefix of a libyang of our own.
    pub fn libyang(&self) -> PathBuf {
        self.work.join("libyang")
    }

    /// Where runtimes are installed: code in other languages for scripts.
    pub fn runtimes(&self) -> PathBuf {
        self.work.join("runtimes")
    }

    /// The daemons of an install root.
    pub fn daemons(root: &Path) -> PathBuf {
        root.join("usr/lib/frr")
    }

    /// The patches and lists for this FRR version.
    pub fn patches(&self) -> PathBuf {
        self.repo.join("frr-patches/10.3")
    }

    /// Output of the commands that were run, one file per step.
    pub fn log(&self, step: &str) -> PathBuf {
        self.products.join("log").join(format!("{step}.log"))
    }

    /// Remembers what a step was made from.
    pub fn stamp(&self, step: &str) -> crate::stamp::Stamp {
        crate::stamp::Stamp::new(self.products.join("stamps").join(step))
    }

    /// A path as a person would type it, from the repository.
    pub fn show(&self, path: &Path) -> String {
        path.strip_prefix(&self.repo).unwrap_or(path).display().to_string()
    }
}

fn real_or_self(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}
