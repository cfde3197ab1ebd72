// SPDX-License-Identifier: GPL-2.0-or-later
//! The targets' programs: with AddressSanitizer, and with counters at every edge in Rust and in Luau's C++.

use anyhow::Result;

use super::folder;
use crate::build::sanitizers;
use crate::layout::Layout;
use crate::step::{Run, run};

/// What cargo-fuzz gives to rustc.
const RUST: &str = "--cfg fuzzing --cfg checked_memory -Zsanitizer=address -Cforce-frame-pointers=yes -Cpasses=sancov-module \
     -Cllvm-args=-sanitizer-coverage-level=4 -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
     -Cllvm-args=-sanitizer-coverage-pc-table -Cllvm-args=-sanitizer-coverage-trace-compares -Cdebug-assertions=yes \
     -Coverflow-checks=yes";

/// The same for the engine, whose own assertions stay on.
const LUAU: &str = "-fvisibility=hidden -g1 -fsanitize=address,fuzzer-no-link -fno-omit-frame-pointer";

/// Builds all of them.
pub fn build(layout: &Layout) -> Result<()> {
    sanitizers::setup(layout)?;
    let target = sanitizers::target()?;
    run("cargo")
        .args(["build", "--release", "--bins", "--locked"])
        .env("RUSTC_BOOTSTRAP", "1")
        .env("RUSTFLAGS", RUST)
        .env("CARGO_BUILD_TARGET", target)
        .env("CARGO_TARGET_DIR", folder(layout))
        .env("CC", "clang")
        .env("CXX", "clang++")
        .env("LUAU_CXXFLAGS", LUAU)
        .dir(&layout.repo.join("fuzz"))
        .step("build the fuzz targets", &layout.log("fuzz-build"))
}

/// One of them.
pub fn program(layout: &Layout, target: &str) -> Result<Run> {
    let program = folder(layout).join(sanitizers::target()?).join("release").join(target);
    Ok(run(program).env("ASAN_OPTIONS", "allocator_may_return_null=1:detect_stack_use_after_return=0"))
}
