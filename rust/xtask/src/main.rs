// SPDX-License-Identifier: GPL-2.0-or-later
//! The project's own commands: `cargo xtask COMMAND`.
//!
//! Each can be run again at any time and does only what is left to do.

mod build;
mod layout;
mod series;
mod setup;
mod stamp;
mod step;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use layout::Layout;

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
    Setup,
    /// Build libyang, the library and patched FRR into target/frr-10.3/root
    Build {
        /// Build FRR without our patches too, to compare with
        #[arg(long)]
        stock: bool,
    },
}

fn run(cli: Cli) -> Result<ExitCode> {
    let layout = Layout::find(build::cache_key)?;
    match cli.command {
        Command::Setup => setup::setup(&layout)?,
        Command::Build { stock } => build::build(&layout, stock)?,
    }
    Ok(ExitCode::SUCCESS)
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
