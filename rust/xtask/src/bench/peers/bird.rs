// SPDX-License-Identifier: GPL-2.0-or-later
//! BIRD 2: an import filter. No kernel protocol, so nothing leaves its table.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::facts::{
    BOGONS, CUSTOMER_AS, FEED_AS, LONGEST, LONGEST_PATH, PREFERRED, PRIVATE, Policy, TAG, listed, tiers,
};
use super::packages::Peers;
use super::system::{COLLECTOR, Daemon, FEED, Process, ROUTER_AS, free_address, number_before};

/// A running BIRD.
pub(super) struct Bird {
    process: Process,
    peers: Peers,
    socket: PathBuf,
    address: SocketAddr,
}

impl Bird {
    /// Starts it in `dir`.
    pub(super) fn start(peers: &Peers, policy: Policy, dir: &Path) -> Result<Self> {
        let address = free_address()?;
        let config = dir.join("bird.conf");
        let socket = dir.join("bird.ctl");
        fs::write(&config, configuration(policy, address.port()))?;
        let mut command = peers.daemon("usr/sbin/bird", dir);
        command.arg("-f").arg("-c").arg(&config).arg("-s").arg(&socket).arg("-P").arg(dir.join("bird.pid"));
        Ok(Self { process: Process::start(command, dir)?, peers: peers.clone(), socket, address })
    }
}

impl Daemon for Bird {
    fn pids(&self) -> Result<Vec<u32>> {
        Ok(vec![self.process.pid()])
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn accepted(&mut self) -> Result<u64> {
        let mut command = self.peers.command("usr/sbin/birdc");
        let output = command.arg("-s").arg(&self.socket).args(["show", "protocols", "all", "feed"]).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        number_before(&text, " imported").with_context(|| format!("birdc said {text}"))
    }
}

fn configuration(policy: Policy, port: u16) -> String {
    format!(
        "\
router id 192.0.2.254;
log stderr {{ warning, error, fatal, bug, auth }};
protocol device {{}}
# What the next hop is resolved through.
protocol static {{ ipv4; route 192.0.2.1/32 via \"lo\"; }}
filter bench {{
{}  accept;
}}
protocol bgp feed {{
  local 127.0.0.1 port {port} as {ROUTER_AS};
  neighbor {FEED} as {FEED_AS};
  multihop; passive; strict bind;
  ipv4 {{ import {}; export none; }};
}}
protocol bgp collector {{
  local 127.0.0.1 port {port} as {ROUTER_AS};
  neighbor {COLLECTOR} as {ROUTER_AS};
  multihop; passive; strict bind;
  ipv4 {{ import none; export where proto = \"feed\"; next hop keep; }};
}}
",
        filter(policy),
        if policy == Policy::None { "all" } else { "filter bench" }
    )
}

/// Idiomatic: sets, which BIRD keeps as trees.
fn filter(policy: Policy) -> String {
    let list = |items: &mut dyn Iterator<Item = String>| items.collect::<Vec<_>>().join(", ");
    let mut text = String::new();
    match policy {
        Policy::None => {}
        Policy::Small => {
            let (asn, value) = TAG;
            text = format!("  if ({asn}, {value}) ~ bgp_community then bgp_local_pref = {PREFERRED};\n");
        }
        Policy::Hygiene => {
            let bogons = list(&mut BOGONS.iter().map(|bogon| format!("{bogon}+")));
            let private = list(&mut PRIVATE.iter().map(|(low, high)| format!("{low}..{high}")));
            text = format!(
                "\
  if net ~ [ {bogons} ] then reject;
  if net.len > {LONGEST} then reject;
  if bgp_path.len > {LONGEST_PATH} then reject;
  if bgp_path ~ [ {private} ] then reject;
"
            );
        }
        Policy::Entries => {
            for (tier, customers) in tiers() {
                let set = list(&mut customers.iter().map(|at| format!("({CUSTOMER_AS}, {at})")));
                writeln!(text, "  if bgp_community ~ [ {set} ] then {{ bgp_local_pref = {tier}; accept; }}")
                    .expect("a string");
            }
        }
        Policy::Prefixes => {
            let set = list(&mut listed().iter().map(ToString::to_string));
            text = format!("  if net ~ [ {set} ] then bgp_local_pref = {PREFERRED};\n");
        }
    }
    text
}
