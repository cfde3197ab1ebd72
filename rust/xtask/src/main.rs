// SPDX-License-Identifier: GPL-2.0-or-later
//! The project's own commands: `cargo xtask COMMAND`.
//!
//! Each can be run again at any time and does only what is left to do.

mod bench;
mod build;
mod demo;
mod environment;
mod fuzz;
mod header;
mod layout;
mod patch;
mod reference;
mod runtimes;
mod series;
mod setup;
mod stamp;
mod step;
mod tests;
mod topotest;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use environment::Environment;
use layout::Layout;
use tests::TestArgs;

/// Build, try and test frrscript.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install and fetch what is missing: packages, FRR's source, Python
    Setup {
        /// The languages of the runtimes and the servers of their tests too
        #[arg(long)]
        runtimes: bool,
    },
    /// Build libyang, the library and patched FRR into target/frr-10.3/root
    Build {
        /// Build FRR without our patches too, to compare with
        #[arg(long)]
        stock: bool,
        /// Build the runtimes too: code in other languages for scripts
        #[arg(long)]
        runtimes: bool,
        /// Build FRR under sanitizers instead
        #[arg(long)]
        sanitized: bool,
    },
    /// Print what a shell needs to use the build: eval "$(cargo xtask env)"
    Env,
    /// Show the main job: three routers, a script, a reload
    Demo(demo::DemoArgs),
    /// Run all tests, or one part of them
    Test(TestArgs),
    /// Run topotest folders, ours or FRR's own
    Topotest {
        /// Folders, files or names; FILE::TEST for one test
        #[arg(required = true)]
        paths: Vec<String>,
        /// On the build with sanitizers, whose reports are failures
        #[arg(long)]
        sanitized: bool,
        /// A failure too: what daemons leave at exit, by FRR's own account
        #[arg(long)]
        memleaks: bool,
        /// More arguments for pytest
        #[arg(last = true)]
        pytest: Vec<String>,
    },
    /// Measure, and print the figures side by side
    Bench(bench::BenchArgs),
    /// Try inputs that nobody thought of, and print what came of it
    Fuzz(fuzz::FuzzArgs),
    /// Work on the patches for FRR
    #[command(subcommand)]
    Patch(patch::Patch),
    /// Make the C header of the library
    Header {
        /// Only say whether the committed one is right
        #[arg(long)]
        check: bool,
    },
    /// Make docs/reference.md and docs/frr.d.luau from what the daemons say of themselves
    Reference {
        /// Only say whether the committed ones are right
        #[arg(long)]
        check: bool,
    },
}

fn run(cli: Cli) -> Result<ExitCode> {
    let layout = Layout::find(build::cache_key)?;
    match cli.command {
        Command::Setup { runtimes } => {
            setup::setup(&layout)?;
            if runtimes {
                runtimes::setup(&layout)?;
            }
        }
        Command::Build { stock, runtimes, sanitized } => {
            if sanitized {
                build::sanitized(&layout)?;
                return Ok(ExitCode::SUCCESS);
            }
            build::build(&layout, stock)?;
            if runtimes {
                build::runtimes(&layout)?;
            }
        }
        Command::Env => print!("{}", Environment::new(&layout)?.exports()),
        Command::Demo(args) => {
            if !args.inside() {
                build::build(&layout, false)?;
            }
            return Ok(code(demo::demo(&layout, args)?));
        }
        Command::Test(args) => return Ok(code(tests::test(&layout, args)?)),
        Command::Topotest { paths, sanitized: true, pytest, memleaks: _ } => {
            let count = tests::sanitized::test(&layout, &paths, &pytest)?;
            println!("{} passed, {} failed", count.passed, count.failed);
            return Ok(code(count.failed == 0));
        }
        Command::Topotest { paths, sanitized: false, pytest, memleaks } => {
            build::build(&layout, false)?;
            if topotest::needs_runtimes(&paths) {
                build::runtimes(&layout)?;
            }
            let name = topotest::run_name(&paths);
            let mut count = topotest::pytest(&layout, &name, &paths, &pytest)?;
            if memleaks {
                count += tests::sanitized::reports(&layout, &name)?;
            }
            println!("{} passed, {} failed", count.passed, count.failed);
            return Ok(code(count.failed == 0));
        }
        Command::Bench(args) => {
            if args.needs_frr() {
                build::build(&layout, args.needs_stock())?;
            }
            bench::run(&layout, &args)?;
        }
        Command::Fuzz(args) => return Ok(code(fuzz::fuzz(&layout, &args)?)),
        Command::Patch(what) => return Ok(code(patch::patch(&layout, what)?)),
        Command::Reference { check } => {
            build::build(&layout, false)?;
            return Ok(code(reference::reference(&layout, check)?));
        }
        Command::Header { check } => return Ok(code(header::header(&layout, check)?)),
    }
    Ok(ExitCode::SUCCESS)
}

fn code(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn main() -> ExitCode {
    match run(Cli::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
