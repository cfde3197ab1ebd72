// SPDX-License-Identifier: GPL-2.0-or-later
//! Stamps: a step is done again only when what went into it changed.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

/// A digest of everything that goes into a step.
#[derive(Default)]
pub struct Inputs(Sha256);

impl Inputs {
    /// No inputs yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one piece of text; its length is part of the digest.
    pub fn text(mut self, text: &str) -> Self {
        self.add(text.as_bytes());
        self
    }

    /// Adds the content of a file.
    pub fn file(mut self, path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("{} is missing", path.display()))?;
        self.add(&bytes);
        Ok(self)
    }

    /// Adds names, sizes and times of all files under `dir` for which `keep`
    /// says so; names that start with a dot are left out.
    pub fn tree(mut self, dir: &Path, keep: &dyn Fn(&Path) -> bool) -> Result<Self> {
        let mut files = Vec::new();
        list(dir, keep, &mut files)?;
        files.sort();
        for file in files {
            let data = file.symlink_metadata()?;
            let time = data.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
            self.add(file.as_os_str().as_encoded_bytes());
            self.add(&data.len().to_le_bytes());
            self.add(&time.as_nanos().to_le_bytes());
        }
        Ok(self)
    }

    fn add(&mut self, bytes: &[u8]) {
        self.0.update((bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// The digest as hexadecimal text.
    pub fn digest(self) -> String {
        hex(&self.0.finalize())
    }
}

fn list(dir: &Path, keep: &dyn Fn(&Path) -> bool, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("{} can't be read", dir.display()))? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if entry.file_name() != ".git" {
                list(&path, keep, files)?;
            }
        } else if keep(&path) {
            files.push(path);
        }
    }
    Ok(())
}

/// The SHA-256 of a file.
pub fn sha256(path: &Path) -> Result<String> {
    let mut file = fs::File::open(path).with_context(|| format!("{} is missing", path.display()))?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hex(&hash.finalize())),
            n => hash.update(&buffer[..n]),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// One stamp file.
pub struct Stamp(PathBuf);

impl Stamp {
    /// The stamp that `path` holds.
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// What was written last, if anything.
    pub fn read(&self) -> Option<String> {
        fs::read_to_string(&self.0).ok()
    }

    /// Was the step done with these inputs?
    pub fn is(&self, digest: &str) -> bool {
        self.read().as_deref() == Some(digest)
    }

    /// The step is done. Written whole or not at all.
    pub fn write(&self, digest: &str) -> Result<()> {
        if let Some(dir) = self.0.parent() {
            fs::create_dir_all(dir)?;
        }
        let part = self.0.with_extension("part");
        fs::write(&part, digest)?;
        fs::rename(&part, &self.0)?;
        Ok(())
    }

    /// The step has to be done again.
    pub fn clear(&self) -> Result<()> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_do_not_run_into_each_other() {
        let one = Inputs::new().text("ab").text("c").digest();
        let two = Inputs::new().text("a").text("bc").digest();
        assert_ne!(one, two);
    }

    #[test]
    fn a_stamp_is_for_its_inputs_only() -> Result<()> {
        let dir = std::env::temp_dir().join(format!("xtask-stamp-{}", std::process::id()));
        let stamp = Stamp::new(dir.join("step"));
        assert!(!stamp.is("x"));
        stamp.write("x")?;
        assert!(stamp.is("x") && !stamp.is("y"));
        stamp.clear()?;
        stamp.clear()?;
        assert_eq!(stamp.read(), None);
        fs::remove_dir_all(dir)?;
        Ok(())
    }
}
