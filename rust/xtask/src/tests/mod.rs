// SPDX-License-Identifier: GPL-2.0-or-later
//! `cargo xtask test`: every test there is, counted in one last line.

mod c;
mod count;
mod faults;
mod frr;
mod hostile;
mod reports;
mod runtimes;
mod rust;
pub mod sanitized;
mod threads;

use anyhow::Result;
use clap::ValueEnum;

use crate::build;
use crate::fuzz;
use crate::layout::Layout;
use crate::reference;
use crate::topotest;
pub use count::Count;

/// A part of the tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// The library and these commands, with cargo
    Rust,
    /// The C interface under sanitizers, and the symbols of libfrr
    C,
    /// FRR's own unit tests, and its own topotests for route-maps
    Frr,
    /// The runtimes of other languages, without FRR
    Runtimes,
    /// The threads of runtimes: their queues under loom, races in a program in C
    Threads,
    /// Scripts that must not hurt a daemon; long, and only when it is named
    Hostile,
    /// The fuzz targets, some seconds each
    Fuzz,
    /// Our topotests
    Topo,
    /// What fails around the daemons: files, memory, processes, clocks; in rust and topo in a short form, here as a whole and with repeats
    Faults,
    /// Our topotests with FRR and the library under sanitizers; long, and only when it is named
    Sanitized,
}

/// Without those that are only run when they are named: they take long, and some of their tests want a machine that does nothing else.
const ALL: [Part; 7] = [Part::Rust, Part::C, Part::Frr, Part::Runtimes, Part::Threads, Part::Fuzz, Part::Topo];

impl Part {
    fn needs_frr(self) -> bool {
        !matches!(self, Self::Rust | Self::Runtimes | Self::Threads | Self::Hostile | Self::Fuzz | Self::Sanitized)
    }
}

/// What `cargo xtask test` takes.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct TestArgs {
    /// Only this part
    part: Option<Part>,
    /// How often `hostile` has each case happen, and `faults` a script loaded again
    #[arg(long, value_name = "N", requires = "part")]
    repeats: Option<u32>,
    /// Of `hostile`: some calls of each case in the library, and one case of each kind in daemons
    #[arg(long, requires = "part", conflicts_with_all = ["repeats", "write"])]
    quick: bool,
    /// Of `hostile`: write the table of cases into docs/reliability.md
    #[arg(long, requires = "part")]
    write: bool,
}

/// Runs one part, or all of them; builds first what they need.
pub fn test(layout: &Layout, args: TestArgs) -> Result<bool> {
    let parts = args.part.as_ref().map_or(&ALL[..], std::slice::from_ref);
    if parts.iter().any(|part| part.needs_frr()) {
        build::build(layout, false)?;
    }
    let mut total = Count::default();
    let mut lines = Vec::new();
    for part in parts {
        let name = part.to_possible_value().map(|v| v.get_name().to_owned());
        let name = name.unwrap_or_default();
        // One part that can't be run is one failure, and the others still run.
        let count = run(layout, *part, args).unwrap_or_else(|error| {
            eprintln!("error: test {name}: {error:#}");
            Count::one(false)
        });
        let skipped = match count.skipped {
            0 => String::new(),
            n => format!(", {n} left out by their own conditions"),
        };
        lines.push(format!("{name}: {} passed, {} failed{skipped}", count.passed, count.failed));
        total += count;
    }
    for name in &total.names {
        println!("failed: {name}");
    }
    for line in lines {
        println!("{line}");
    }
    println!("{} passed, {} failed", total.passed, total.failed);
    Ok(total.failed == 0)
}

fn run(layout: &Layout, part: Part, args: TestArgs) -> Result<Count> {
    match part {
        Part::Rust => rust::test(layout),
        Part::C => c::test(layout),
        Part::Frr => {
            let mut count = frr::test(layout)?;
            count += Count::one(reference::reference(layout, true)?);
            Ok(count)
        }
        Part::Runtimes => runtimes::test(layout),
        Part::Threads => threads::test(layout),
        Part::Hostile => hostile::test(layout, hostile::Extent::new(args.quick, args.repeats), args.write),
        Part::Fuzz => fuzz::short(layout),
        Part::Topo => topo(layout),
        Part::Faults => faults::test(layout, args.repeats),
        Part::Sanitized => sanitized::test(layout, &[], &[]),
    }
}

/// All folders of our topotests.
fn topo_paths(layout: &Layout) -> Result<Vec<String>> {
    Ok(topotest::ours(layout)?.iter().map(|path| path.display().to_string()).collect())
}

fn topo(layout: &Layout) -> Result<Count> {
    build::runtimes(layout)?;
    let mut paths = topo_paths(layout)?;
    paths.extend([hostile::FOLDER, faults::FOLDER].map(str::to_owned));
    let mut more = topotest::parallel();
    more.push("--short".to_owned());
    let mut count = topotest::pytest(layout, "ours", &paths, &more)?;
    count += sanitized::reports(layout, "ours")?;
    Ok(count)
}
