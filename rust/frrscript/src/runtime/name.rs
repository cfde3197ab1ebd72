// SPDX-License-Identifier: GPL-2.0-or-later
//! Names of runtimes: a file in the operator's directory, and nothing else.

use crate::script::source::not_replaceable;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Characters of a name.
const LONGEST: usize = 64;

/// A name as it is written in the configuration: `libecho.so`, `echo.so` and `echo` are the same.
///
/// # Errors
/// It may not be used.
pub fn plain(name: &str) -> Result<String, String> {
    let short = name.strip_suffix(".so").unwrap_or(name);
    let short = short.strip_prefix("lib").filter(|rest| !rest.is_empty()).unwrap_or(short);
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '+');
    if short.is_empty() || short.len() > LONGEST || !short.chars().all(fits) || short.starts_with('.') {
        return Err(format!(
            "'{}' is not the name of a runtime: write the library's name without 'lib' and '.so' (letters, digits, _ - . +, at most {LONGEST}); it is looked for in the runtime directory only",
            name.escape_debug()
        ));
    }
    Ok(short.to_owned())
}

/// The file of a runtime.
///
/// # Errors
/// There is none, or anybody may write to it or replace it.
pub fn file(directory: &Path, name: &str) -> Result<PathBuf, String> {
    let path = directory.join(format!("lib{name}.so"));
    let meta = std::fs::metadata(&path).map_err(|why| format!("runtime {name}: {}: {why}", path.display()))?;
    if !meta.is_file() {
        return Err(format!("runtime {name}: {} is no file", path.display()));
    }
    if meta.mode() & 0o002 != 0 {
        return Err(format!("runtime {name}: anybody may write to {}: chmod o-w it", path.display()));
    }
    not_replaceable(&path).map_err(|why| format!("runtime {name}: {}: {why}", path.display()))?;
    Ok(path)
}

/// The runtimes that are there, for completion.
#[must_use]
pub fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let file = entry.file_name().into_string().ok()?;
            Some(file.strip_prefix("lib")?.strip_suffix(".so")?.to_owned())
        })
        .collect();
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_for_one_library() {
        for name in ["echo", "libecho.so", "echo.so", "libecho"] {
            assert_eq!(plain(name).as_deref(), Ok("echo"));
        }
        assert_eq!(plain("resty_ffi_python").as_deref(), Ok("resty_ffi_python"));
        assert_eq!(plain("lib").as_deref(), Ok("lib"));
    }

    #[test]
    fn no_path_is_a_name() {
        for name in ["", "/tmp/x", "../x", "a/b", ".so", "..", "a b", "a\0b", &"x".repeat(65)] {
            assert!(plain(name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn what_anybody_may_write_is_not_loaded() {
        use std::os::unix::fs::PermissionsExt;
        let directory = std::env::temp_dir().join(format!("frrscript-names-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        let path = directory.join("libx.so");
        std::fs::write(&path, "").unwrap();
        let chmod = |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        chmod(&path, 0o666);
        assert!(file(&directory, "x").unwrap_err().contains("chmod o-w"));
        chmod(&path, 0o644);
        chmod(&directory, 0o777);
        assert!(file(&directory, "x").unwrap_err().contains("put another file in its place"));
        chmod(&directory, 0o755);
        assert_eq!(file(&directory, "x").unwrap(), path);
        assert!(file(&directory, "y").is_err());
        assert_eq!(names(&directory), ["x"]);
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
