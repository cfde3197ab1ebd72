// SPDX-License-Identifier: GPL-2.0-or-later
//! A script's file: its name, where it is, and what is refused.

use crate::failure::{Failure, Kind};
use std::fs::{Metadata, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Octets of a source. The compiler runs outside of any time limit; this bounds it.
pub const MOST: u64 = 1024 * 1024;
/// Characters of a name.
pub(super) const LONGEST_NAME: usize = 64;

/// The text of a script.
#[derive(Debug)]
pub struct Source {
    /// Where it was found.
    pub path: PathBuf,
    /// What it says.
    pub text: String,
    /// Tells two texts apart; not cryptographic.
    pub hash: u64,
}

/// Checks a script's name: letters, digits, `_`, `-` and `.`, not with a dot in front or two in a row, so that it names a
/// file in the script directory and nothing else.
///
/// # Errors
/// It is no such name.
pub fn check_name(name: &str) -> Result<(), Failure> {
    if names_a_file(name) {
        return Ok(());
    }
    Err(Failure::runtime(format!(
        "{} is not a script name: write the file's name without its folder and without .lua, up to {LONGEST_NAME} letters, digits, _ - and .",
        crate::value::text::quoted(name)
    )))
}

/// Whether a name of a script or module is that of a file in its directory.
#[must_use]
pub fn names_a_file(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= LONGEST_NAME
        && !name.starts_with(['.', '-'])
        && !name.contains("..")
        && name.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-' | b'.'))
}

impl Source {
    /// Reads `NAME.lua` or `NAME.luau` in the script directory.
    ///
    /// # Errors
    /// There is none, or it is no ordinary text file of at most 1 MiB that only its owner or group may write or replace.
    pub fn read(directory: &Path, name: &str) -> Result<Source, Failure> {
        check_name(name)?;
        let candidates = ["lua", "luau"].map(|ending| directory.join(format!("{name}.{ending}")));
        let Some(path) = candidates.iter().find(|p| p.symlink_metadata().is_ok()) else {
            return Err(missing(format!(
                "script {name}: no file {} (nor .luau): write it there, then 'script reload {name}'",
                candidates[0].display()
            )));
        };
        let (text, hash) =
            read_text(path).map_err(|why| failure_of(&why, format!("script {name}: {}: {why}", path.display())))?;
        Ok(Source { path: path.clone(), hash, text })
    }
}

/// Reads a text of a script or module, and its hash.
///
/// # Errors
/// Why it is refused, as it goes on after the path.
pub fn read_text(path: &Path) -> Result<(String, u64), String> {
    // What is not a file is not opened: that alone may do something (a FIFO lets its writer go on, a tape moves).
    let seen = path.metadata().map_err(unreadable)?;
    ordinary(&seen)?;
    // Not blocking: a FIFO may have come in its place meanwhile.
    let mut file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC)
        .open(path)
        .map_err(unreadable)?;
    let data = file.metadata().map_err(unreadable)?;
    ordinary(&data)?;
    if data.mode() & 0o002 != 0 {
        return Err("every user may write it: take that away (chmod o-w)".to_owned());
    }
    not_replaceable(path)?;
    if data.len() > MOST {
        return Err(format!("has {} octets: a script has at most {MOST}", data.len()));
    }
    let mut octets = Vec::new();
    octets.try_reserve_exact(usize::try_from(data.len()).unwrap_or(0) + 1).map_err(|_| NO_MEMORY.to_owned())?;
    (&mut file).take(MOST + 1).read_to_end(&mut octets).map_err(unreadable)?;
    let after = file.metadata().map_err(unreadable)?;
    let version = |m: &Metadata| (m.len(), m.mtime(), m.mtime_nsec());
    if version(&data) != version(&after) || octets.len() as u64 != after.len() {
        return Err(
            "was written to while it was read: load it again; better, write another file and rename it".to_owned()
        );
    }
    let text = String::from_utf8(octets)
        .map_err(|_| "not text: scripts are loaded as source in UTF-8, never as bytecode".to_owned())?;
    // To the compiler a NUL is the end. A file that was not written to its end has them in place of what is missing.
    if let Some(at) = text.find('\0') {
        return Err(format!("not text: has a NUL at octet {at}"));
    }
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    Ok((text, hasher.finish()))
}

/// Refuses a file that every user may rename away and put another in its place: the folder that it is in, and the one that a
/// link leads to, must not be open to all, unless only owners may rename there (the sticky bit, as in `/tmp`).
///
/// # Errors
/// What to do, as it goes on after the path.
pub fn not_replaceable(path: &Path) -> Result<(), String> {
    let real = path.canonicalize().map_err(unreadable)?;
    for folder in [path, &real].into_iter().filter_map(Path::parent) {
        if folder.metadata().map_err(unreadable)?.mode() & 0o1002 == 0o002 {
            let folder = folder.display();
            return Err(format!(
                "every user may put another file in its place: take away that they may write to its folder (chmod o-w {folder})"
            ));
        }
    }
    Ok(())
}

/// In an error of [`read_text`]; it is one of kind memory then.
pub const NO_MEMORY: &str = "not read: the system has no memory";

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn unreadable(error: std::io::Error) -> String {
    match error.kind() {
        ErrorKind::PermissionDenied => {
            format!("{error}: the user that the daemon runs as must be able to read it and to enter its folder")
        }
        ErrorKind::NotFound => format!("{error}: it is a link to what is not there"),
        ErrorKind::OutOfMemory => NO_MEMORY.to_owned(),
        _ => error.to_string(),
    }
}

/// Refuses what is not an ordinary file.
fn ordinary(data: &Metadata) -> Result<(), String> {
    let kind = data.file_type();
    let what = if kind.is_file() {
        return Ok(());
    } else if kind.is_dir() {
        "a directory"
    } else if kind.is_fifo() {
        "a FIFO"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    Err(format!("is {what}, not a file: take it away and write the text there"))
}

/// The failure of a text that was not read.
#[must_use]
pub fn failure_of(why: &str, message: String) -> Failure {
    Failure::new(if why == NO_MEMORY { Kind::Memory } else { Kind::Missing }, message)
}

fn missing(message: String) -> Failure {
    Failure::new(Kind::Missing, message)
}

/// The scripts that are in the directory, by name.
#[must_use]
pub fn names(directory: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| {
            let file = entry.file_name().into_string().ok()?;
            let name = file.strip_suffix(".lua").or_else(|| file.strip_suffix(".luau"))?;
            check_name(name).is_ok().then(|| name.to_owned())
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_in_the_directory() {
        for name in ["edge", "edge-1", "edge_v2.old", "A"] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", "../edge", "a/b", "a..b", ".hidden", "-x", "a\0b", "a b", "ä", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
        insta::assert_snapshot!(check_name("../edge").unwrap_err(), @r#""../edge" is not a script name: write the file's name without its folder and without .lua, up to 64 letters, digits, _ - and ."#);
    }
}
