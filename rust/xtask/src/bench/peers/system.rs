// SPDX-License-Identifier: GPL-2.0-or-later
//! The systems, and what they have in common: a folder of its own, processes to watch, one session that feeds it and,
//! in the comparison only, one that it shows its table to.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};

use super::facts::Policy;
use super::packages::Peers;
use super::{bird, frr, gobgp, openbgpd};
use crate::bench::router::Build;
use crate::bench::usage::{self, Cpu};

/// AS of every system under test, and the address that the feed comes from.
pub(super) use crate::bench::router::{FEED, ROUTER_AS};
/// Address that a system takes connections on.
pub(super) const ROUTER: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// Address of the one that looks at the resulting table, in the router's own AS.
pub(super) const COLLECTOR: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

/// Who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum System {
    /// Our FRR with a script.
    Script,
    /// Our FRR with a native route-map.
    Native,
    /// BIRD 2 with a filter.
    Bird,
    /// OpenBGPD with filter rules.
    Openbgpd,
    /// GoBGP with an import policy.
    Gobgp,
    /// FRR as released with its own scripting.
    Stock,
}

impl System {
    /// All of them, ours first.
    pub(super) const ALL: [Self; 6] =
        [Self::Script, Self::Native, Self::Bird, Self::Openbgpd, Self::Gobgp, Self::Stock];

    /// What tables call it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Script => "FRR, frrscript",
            Self::Native => "FRR, route-map",
            Self::Bird => "BIRD",
            Self::Openbgpd => "OpenBGPD",
            Self::Gobgp => "GoBGP",
            Self::Stock => "FRR, its own Lua",
        }
    }

    /// What a file of it is called.
    pub(super) fn file(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Native => "native",
            Self::Bird => "bird",
            Self::Openbgpd => "openbgpd",
            Self::Gobgp => "gobgp",
            Self::Stock => "stock",
        }
    }

    /// The one whose figures without a policy are this one's too.
    pub(super) fn base(self) -> Self {
        if self == Self::Native { Self::Script } else { self }
    }

    /// Why it has no form of a policy.
    pub(super) fn cannot(self, policy: Policy) -> Option<&'static str> {
        match (self, policy) {
            (Self::Stock, Policy::Entries) => Some("its scripts see no communities"),
            // Each batch of a configuration costs it as much as all that is there already.
            (Self::Native, Policy::Prefixes) => Some("bgpd takes more than ten minutes to read the prefix list"),
            _ => None,
        }
    }

    /// One route in so many is fed: the whole table would take it hours.
    pub(super) fn share(self, policy: Policy) -> u32 {
        match (self, policy) {
            // The script is read again for every route, and this one is megabytes long.
            (Self::Stock, Policy::Prefixes) => 5000,
            (Self::Stock, _) => 20,
            // A regular expression for each of 1,000 communities.
            (Self::Gobgp, Policy::Entries) => 20,
            _ => 1,
        }
    }
}

/// What is installed.
pub(super) struct Programs<'a> {
    pub(super) ours: &'a Build,
    pub(super) stock: &'a Build,
    pub(super) peers: &'a Peers,
}

/// A running system. Its processes end when it is dropped.
pub(super) trait Daemon {
    /// Processes that do its work.
    fn pids(&self) -> Result<Vec<u32>>;
    /// Where it takes BGP connections.
    fn address(&self) -> SocketAddr;
    /// Routes of the feed that its policy accepted.
    fn accepted(&mut self) -> Result<u64>;
}

/// CPU time of all its processes.
pub(super) fn cpu(daemon: &dyn Daemon) -> Result<Cpu> {
    let mut sum = Cpu { user: 0.0, system: 0.0 };
    for pid in daemon.pids()? {
        let cpu = Cpu::of(pid)?;
        sum = Cpu { user: sum.user + cpu.user, system: sum.system + cpu.system };
    }
    Ok(sum)
}

/// Most memory of all its processes, in MiB.
pub(super) fn peak_memory(daemon: &dyn Daemon) -> Result<f64> {
    let mut sum = 0.0;
    for pid in daemon.pids()? {
        sum += usage::peak_memory(pid)?;
    }
    Ok(sum)
}

/// Starts a system in the empty folder `dir`, configured.
pub(super) fn start(system: System, policy: Policy, programs: &Programs<'_>, dir: &Path) -> Result<Box<dyn Daemon>> {
    Ok(match system {
        System::Script | System::Native => Box::new(frr::Frr::start(programs.ours, system, policy, dir)?),
        System::Stock => Box::new(frr::Frr::start(programs.stock, system, policy, dir)?),
        System::Bird => Box::new(bird::Bird::start(programs.peers, policy, dir)?),
        System::Openbgpd => Box::new(openbgpd::Openbgpd::start(programs.peers, policy, dir)?),
        System::Gobgp => Box::new(gobgp::Gobgp::start(programs.peers, policy, dir)?),
    })
}

/// A port of loopback that nobody uses.
pub(super) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((IpAddr::V4(ROUTER), 0))?;
    Ok(listener.local_addr()?)
}

/// A process that is killed when dropped; what it says goes to `out` in its folder.
pub(super) struct Process(Child);

impl Process {
    /// Starts it in `dir`.
    pub(super) fn start(mut command: Command, dir: &Path) -> Result<Self> {
        let output = std::fs::File::create(dir.join("out"))?;
        command.current_dir(dir).stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output);
        let name = command.get_program().to_string_lossy().into_owned();
        Ok(Self(command.spawn().with_context(|| format!("cannot start {name}"))?))
    }

    /// Its number.
    pub(super) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Asks it to end and waits.
    pub(super) fn terminate(&mut self) {
        let pid = self.0.id().to_string();
        drop(Command::new("kill").args(["-TERM", &pid]).status());
        drop(self.0.wait());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Killed, not asked: to free a full table takes seconds that nobody measures.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The number after `label`, as tools print it.
pub(super) fn number_before(text: &str, label: &str) -> Option<u64> {
    let (before, _) = text.split_once(label)?;
    before.split_whitespace().last()?.parse().ok()
}
