// SPDX-License-Identifier: GPL-2.0-or-later
//! What makes a build one that checks itself: AddressSanitizer for C, C++ and Rust, UndefinedBehaviorSanitizer for C.
//!
//! One runtime serves a process, and it is clang's, which the linked programs have. Rust's own would be a second one, but
//! rustc only links it into programs that it links itself.

use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::layout::Layout;
use crate::setup::packages;
use crate::step::{Run, run};

/// Options of FRR's configure.
pub const OPTIONS: [&str; 2] = ["--enable-address-sanitizer", "--enable-undefined-sanitizer"];

/// Variables of FRR's configure. A leak found at exit would fail the programs that only help to build.
pub const COMPILER: [(&str, &str); 3] =
    [("CC", "clang"), ("CFLAGS", "-g -O1 -fno-omit-frame-pointer"), ("ASAN_OPTIONS", "detect_leaks=0")];

/// Of Luau's compilation, instead of those in `.cargo/config.toml`.
const LUAU: &str = "-DNDEBUG -fvisibility=hidden -fsanitize=address -fno-omit-frame-pointer";

/// Debian packages beyond those of the ordinary build. LLVM has the program that names the functions in a report; clang does not
/// compile for a sanitizer without the runtimes, which it only recommends.
const PACKAGES: [&str; 3] = ["clang", "libclang-rt-dev", "llvm"];

/// Installs what is missing.
pub fn setup(layout: &Layout) -> Result<()> {
    packages::install(layout, &PACKAGES)
}

/// The target that is named to cargo, so that flags are not for the programs that build.
pub fn target() -> Result<String> {
    let text = run("rustc").arg("-vV").output()?;
    let line = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(line.context("rustc does not say what it compiles for")?.to_owned())
}

/// Has a cargo that this program starts check memory. Sanitizers are not in stable Rust; the stable compiler has them
/// nonetheless, for who asks as its own build does.
pub fn cargo(run: Run, target: &str) -> Run {
    run.env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", "--cfg checked_memory -Zsanitizer=address -Cforce-frame-pointers=yes")
        .env("CARGO_BUILD_TARGET", target)
        .env("CC", "clang")
        .env("CXX", "clang++")
        .env("LUAU_CXXFLAGS", LUAU)
        // The whole program as one takes long and shows less.
        .env("CARGO_PROFILE_RELEASE_LTO", "off")
        .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")
}

/// Has make do so.
pub fn make(layout: &Layout, make: Run) -> Run {
    let Ok(target) = target() else { return make };
    let archive: PathBuf = layout.cargo_target.join(&target).join("release/libfrrscript.a");
    cargo(make, &target)
        .arg(format!("frrscript_archive={}", archive.display()))
        // FRR's Makefile has one of its own.
        .arg("CXX=clang++")
        .env("ASAN_OPTIONS", "detect_leaks=0")
}
