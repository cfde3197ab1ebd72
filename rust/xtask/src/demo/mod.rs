// SPDX-License-Identifier: GPL-2.0-or-later
//! `cargo xtask demo [policy|failover]`: routers on this machine that run
//! scripts, in a scene.
//!
//! Everything happens in namespaces of its own (mounts, network, processes), so
//! nothing on the machine is touched, and the kernel removes all of it when the
//! first process in there ends, however that happens.

mod failover;
mod policy;
mod router;
mod timeline;
mod traffic;

use std::env;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::environment::Environment;
use crate::layout::Layout;
use crate::step::run;

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Scene {
    /// Three routers: a script decides what one takes from its neighbor
    Policy,
    /// Two routers with one VRRP address: its master follows the BGP uplinks
    Failover,
}

impl Scene {
    fn name(self) -> &'static str {
        match self {
            Scene::Policy => "policy",
            Scene::Failover => "failover",
        }
    }
}

/// What `cargo xtask demo` takes.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct DemoArgs {
    /// What to show
    #[arg(value_enum, default_value = "policy")]
    scene: Scene,
    /// Leave it running and open vtysh on the router with the script
    #[arg(long)]
    shell: bool,
    /// Run the demo itself, in the namespaces that were made for it
    #[arg(long, hide = true)]
    inside: bool,
}

impl DemoArgs {
    /// Is this the run in the namespaces?
    pub fn inside(self) -> bool {
        self.inside
    }
}

/// Where the failover leaves the gap that it measured, in milliseconds.
pub fn gap_file(layout: &Layout) -> PathBuf {
    layout.target.join("demo/gap")
}

/// Runs it; says whether all went as it should.
pub fn demo(layout: &Layout, args: DemoArgs) -> Result<bool> {
    if args.inside {
        run("mount").args(["-t", "tmpfs", "tmpfs", "/run"]).output()?;
        run("ip").args(["link", "set", "lo", "up"]).output()?;
        match args.scene {
            Scene::Policy => policy::demo(layout, args.shell)?,
            Scene::Failover => failover::demo(layout, args.shell)?,
        }
        return Ok(true);
    }
    if run("id").arg("-u").output()?.trim() != "0" {
        bail!("the demo makes network namespaces and so needs root: run this command with sudo");
    }
    if args.shell {
        // Ctrl-C is for vtysh; it leaves the demo with `exit`.
        ctrlc::set_handler(|| {}).context("the handler for Ctrl-C can't be set")?;
    }
    // When this process dies, so does unshare, and with it all in the namespaces.
    let mut command = Environment::new(layout)?
        .set(run("setpriv"))
        .args(["--pdeathsig", "KILL"])
        .args(["unshare", "--mount", "--net", "--pid", "--fork"])
        .args(["--kill-child", "--mount-proc", "--propagation", "private"])
        .arg(env::current_exe()?)
        .args(["demo", args.scene.name(), "--inside"])
        .env("CARGO_MANIFEST_DIR", layout.repo.join("rust/xtask"));
    if args.shell {
        command = command.arg("--shell");
    }
    command.interactive()
}
