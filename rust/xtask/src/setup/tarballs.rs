// SPDX-License-Identifier: GPL-2.0-or-later
//! The upstream tarballs of FRR and libyang, from Debian 13's source packages.
//!
//! apt reads Debian's source index through a configuration of our own, so that
//! nothing on the system changes. The mirror is the machine's own; what it
//! delivers has to match the checksums here.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use super::sources::{self, Source};
use crate::layout::Layout;
use crate::stamp::sha256;
use crate::step::run;

/// The Debian release whose source packages hold the versions we build.
const SUITE: &str = "trixie";

/// Where Debian's keys are on a machine that has them.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// An upstream tarball inside a Debian source package.
#[derive(Debug)]
pub struct Tarball {
    /// The source package.
    pub package: &'static str,
    /// The file in it.
    pub file: &'static str,
    /// What it must contain.
    pub sha256: &'static str,
}

/// FRR 10.3.
pub const FRR: Tarball = Tarball {
    package: "frr",
    file: "frr_10.3.orig.tar.xz",
    sha256: "78b3f37de85af1e2cab87c3f831f0db66669e32540194ef55759f49ebdab0c10",
};

/// libyang 3.12, for systems whose own is too old for FRR.
pub const LIBYANG: Tarball = Tarball {
    package: "libyang",
    file: "libyang_3.12.2.orig.tar.xz",
    sha256: "d7b35a5f9f3a5b929b9c9ee0c2b1b63fbef7be788d88f74e1362b85990002db3",
};

impl Tarball {
    /// Where it is kept.
    pub fn path(&self, layout: &Layout) -> PathBuf {
        layout.downloads.join(self.file)
    }

    /// Is it there, and is it the right one?
    pub fn is_there(&self, layout: &Layout) -> bool {
        sha256(&self.path(layout)).is_ok_and(|sum| sum == self.sha256)
    }
}

/// Fetches those of `tarballs` that are not there yet.
pub fn fetch(layout: &Layout, tarballs: &[&Tarball]) -> Result<()> {
    let wanted: Vec<_> = tarballs.iter().filter(|t| !t.is_there(layout)).collect();
    if wanted.is_empty() {
        return Ok(());
    }
    fs::create_dir_all(&layout.downloads)?;
    let apt = Apt::new(layout)?;
    apt.get(&["update"])
        .step("read Debian's source index", &layout.log("source-index"))
        .context("Debian's source index can't be read: check the network, or name another mirror with DEBIAN_MIRROR=URL, or your own tree of FRR with FRR_SRC=DIR")?;
    for tarball in wanted {
        let part = layout.downloads.join("part");
        fs::remove_dir_all(&part).or_else(ignore_missing)?;
        fs::create_dir_all(&part)?;
        apt.get(&["source", "--download-only", "--only-source", tarball.package]).dir(&part).step(
            &format!("download the source of {}", tarball.package),
            &layout.log(&format!("source-{}", tarball.package)),
        )?;
        let file = part.join(tarball.file);
        let sum = sha256(&file).with_context(|| {
            format!(
                "Debian {SUITE}'s source package {} no longer holds {}: put that file into {} by hand, or use FRR_SRC=DIR",
                tarball.package,
                tarball.file,
                layout.show(&layout.downloads)
            )
        })?;
        if sum != tarball.sha256 {
            bail!(
                "{} has the SHA-256 {sum}, and not {} as it must: the mirror delivers something else, use another one with DEBIAN_MIRROR=URL",
                tarball.file,
                tarball.sha256
            );
        }
        fs::rename(file, tarball.path(layout))?;
        fs::remove_dir_all(&part)?;
    }
    Ok(())
}

fn ignore_missing(error: std::io::Error) -> std::io::Result<()> {
    match error.kind() {
        std::io::ErrorKind::NotFound => Ok(()),
        _ => Err(error),
    }
}

/// apt with a configuration of its own under `target/`.
struct Apt {
    config: PathBuf,
}

impl Apt {
    fn new(layout: &Layout) -> Result<Self> {
        let dir = layout.target.join("apt");
        for sub in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(dir.join(sub))?;
        }
        let named = env::var("DEBIAN_MIRROR").ok().filter(|m| !m.is_empty());
        let list = dir.join("sources.list");
        fs::write(&list, source_line(&sources::read(Path::new("/etc/apt")), named)?)?;
        let config = dir.join("apt.conf");
        fs::write(&config, apt_conf(&dir, &list))?;
        Ok(Self { config })
    }

    fn get(&self, args: &[&str]) -> crate::step::Run {
        run("apt-get").arg("-c").arg(&self.config).args(args)
    }
}

fn apt_conf(dir: &Path, list: &Path) -> String {
    let dir = dir.display();
    format!(
        "Dir::Etc::sourcelist \"{}\";\n\
         Dir::Etc::sourceparts \"/dev/null\";\n\
         Dir::State::lists \"{dir}/lists\";\n\
         Dir::State::status \"/dev/null\";\n\
         Dir::Cache \"{dir}/cache\";\n\
         APT::Sandbox::User \"\";\n\
         APT::Get::List-Cleanup \"false\";\n\
         Acquire::Languages \"none\";\n",
        list.display()
    )
}

/// The one line of our sources.list, from the machine's own sources and the
/// mirror that the person named.
fn source_line(sources: &[Source], named: Option<String>) -> Result<String> {
    let source = sources.iter().find(|s| s.is_debian());
    let keyring = source
        .and_then(|s| s.signed_by.clone())
        .filter(|file| Path::new(file).exists())
        .or_else(|| Path::new(KEYRING).exists().then(|| KEYRING.to_owned()));
    let Some(mirror) = named.or(source.map(|s| s.uri.clone())) else {
        bail!(
            "FRR 10.3 comes from Debian's source packages, and this machine's apt sources are not Debian's: name a mirror of Debian with DEBIAN_MIRROR=URL, or your own tree of FRR 10.3 with FRR_SRC=DIR"
        );
    };
    // Without Debian's keys the checksums of the tarballs have to do.
    let trust = match keyring {
        Some(file) => format!("signed-by={file}"),
        None => "trusted=yes".to_owned(),
    };
    Ok(format!("deb-src [{trust}] {mirror} {SUITE} main\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UBUNTU: &str = "deb http://mirror.example/ubuntu noble main\n";

    #[test]
    fn the_machines_own_mirror() -> Result<()> {
        let debian = sources::one_line("deb http://mirror.example/debian bookworm main\n");
        let line = source_line(&debian, None)?;
        assert!(line.starts_with("deb-src ["));
        assert!(line.ends_with("] http://mirror.example/debian trixie main\n"));
        Ok(())
    }

    #[test]
    fn a_named_mirror_comes_first() -> Result<()> {
        for text in [UBUNTU, "deb http://mirror.example/debian bookworm main\n"] {
            let line = source_line(&sources::one_line(text), Some("http://named.example/d".into()))?;
            assert!(line.ends_with("] http://named.example/d trixie main\n"));
        }
        Ok(())
    }

    #[test]
    fn without_a_mirror_both_ways_out_are_named() {
        let error = source_line(&sources::one_line(UBUNTU), None).expect_err("no mirror");
        let text = error.to_string();
        assert!(text.contains("DEBIAN_MIRROR=URL") && text.contains("FRR_SRC=DIR"), "{text}");
    }
}
