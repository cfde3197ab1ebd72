// SPDX-License-Identifier: GPL-2.0-or-later
//! GoBGP: a global import policy, from the configuration file. `gobgpd` has no forwarding table.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, Result};

use super::facts::{
    BOGONS, CUSTOMER_AS, FEED_AS, LONGEST, LONGEST_PATH, PREFERRED, PRIVATE_PATTERN, Policy, TAG, listed, tiers,
};
use super::packages::Peers;
use super::system::{COLLECTOR, Daemon, FEED, Process, ROUTER, ROUTER_AS, free_address, number_before};

/// A running GoBGP.
pub(super) struct Gobgp {
    process: Process,
    peers: Peers,
    api: SocketAddr,
    address: SocketAddr,
}

impl Gobgp {
    /// Starts it in `dir`.
    pub(super) fn start(peers: &Peers, policy: Policy, dir: &Path) -> Result<Self> {
        let address = free_address()?;
        let api = free_address()?;
        let config = dir.join("gobgpd.toml");
        fs::write(&config, configuration(policy, address.port()))?;
        let mut command = peers.command("usr/bin/gobgpd");
        command.arg("-f").arg(&config).args(["--api-hosts", &api.to_string(), "--pprof-disable", "-l", "warn"]);
        Ok(Self { process: Process::start(command, dir)?, peers: peers.clone(), api, address })
    }
}

impl Daemon for Gobgp {
    fn pids(&self) -> Result<Vec<u32>> {
        Ok(vec![self.process.pid()])
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn accepted(&mut self) -> Result<u64> {
        let mut command = self.peers.command("usr/bin/gobgp");
        let output = command.args(["-p", &self.api.port().to_string(), "global", "rib", "summary"]).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        number_before(&text, ", Path").with_context(|| format!("gobgp said {text}"))
    }
}

fn configuration(policy: Policy, port: u16) -> String {
    let mut text = format!(
        "\
[global.config]
as = {ROUTER_AS}
router-id = \"192.0.2.254\"
port = {port}
local-address-list = [\"{ROUTER}\"]
[global.apply-policy.config]
default-import-policy = \"accept-route\"
default-export-policy = \"accept-route\"
"
    );
    if policy != Policy::None {
        text.push_str("import-policy-list = [\"bench\"]\n");
    }
    for (address, asn) in [(FEED, FEED_AS), (COLLECTOR, ROUTER_AS)] {
        // Only the table of the comparison is told to anyone: the collector connects to nothing in a measured run.
        text.push_str(&format!(
            "\
[[neighbors]]
[neighbors.config]
neighbor-address = \"{address}\"
peer-as = {asn}
[neighbors.transport.config]
passive-mode = true
"
        ));
        if asn != ROUTER_AS {
            text.push_str("[neighbors.ebgp-multihop.config]\nenabled = true\nmultihop-ttl = 2\n");
        }
        text.push_str("[[neighbors.afi-safis]]\n[neighbors.afi-safis.config]\nafi-safi-name = \"ipv4-unicast\"\n");
    }
    text.push_str(&policies(policy));
    text
}

fn policies(policy: Policy) -> String {
    let list = |items: &mut dyn Iterator<Item = String>| {
        items.map(|item| format!("\"{item}\"")).collect::<Vec<_>>().join(", ")
    };
    let mut sets = String::new();
    let mut statements = String::new();
    match policy {
        Policy::None => return String::new(),
        Policy::Small => {
            communities(&mut sets, "tag", &list(&mut std::iter::once(format!("{}:{}", TAG.0, TAG.1))));
            statement(&mut statements, "tag", &by_community("tag"), Some(PREFERRED));
        }
        Policy::Hygiene => {
            sets.push_str("[[defined-sets.prefix-sets]]\nprefix-set-name = \"refused\"\n");
            let mut entry = |prefix: &str, from: u8| {
                let low = prefix.rsplit('/').next().and_then(|text| text.parse().ok()).unwrap_or(0).max(from);
                writeln!(sets, "[[defined-sets.prefix-sets.prefix-list]]\nip-prefix = \"{prefix}\"\nmasklength-range = \"{low}..32\"")
                    .expect("a string");
            };
            for bogon in BOGONS {
                entry(bogon, 0);
            }
            entry("0.0.0.0/0", LONGEST + 1);
            writeln!(sets, "[[defined-sets.bgp-defined-sets.as-path-sets]]\nas-path-set-name = \"private\"\nas-path-list = [\"{PRIVATE_PATTERN}\"]")
                .expect("a string");
            statement(&mut statements, "refused", &by_prefix("refused"), None);
            let long = format!(
                "[policy-definitions.statements.conditions.bgp-conditions.as-path-length]\noperator = \"ge\"\nvalue = {}\n",
                LONGEST_PATH + 1
            );
            statement(&mut statements, "long", &long, None);
            let private = "[policy-definitions.statements.conditions.bgp-conditions.match-as-path-set]\nas-path-set = \"private\"\nmatch-set-options = \"any\"\n";
            statement(&mut statements, "private", private, None);
        }
        Policy::Entries => {
            for (tier, customers) in tiers() {
                let name = format!("tier-{tier}");
                communities(&mut sets, &name, &list(&mut customers.iter().map(|at| format!("{CUSTOMER_AS}:{at}"))));
                statement(&mut statements, &name, &by_community(&name), Some(tier));
            }
        }
        Policy::Prefixes => {
            sets.push_str("[[defined-sets.prefix-sets]]\nprefix-set-name = \"listed\"\n");
            for prefix in listed() {
                writeln!(sets, "[[defined-sets.prefix-sets.prefix-list]]\nip-prefix = \"{prefix}\"").expect("a string");
            }
            statement(&mut statements, "listed", &by_prefix("listed"), Some(PREFERRED));
        }
    }
    format!("{sets}[[policy-definitions]]\nname = \"bench\"\n{statements}")
}

fn communities(text: &mut String, name: &str, list: &str) {
    text.push_str(&format!(
        "[[defined-sets.bgp-defined-sets.community-sets]]\ncommunity-set-name = \"{name}\"\ncommunity-list = [{list}]\n"
    ));
}

fn by_community(set: &str) -> String {
    format!(
        "[policy-definitions.statements.conditions.bgp-conditions.match-community-set]\ncommunity-set = \"{set}\"\nmatch-set-options = \"any\"\n"
    )
}

fn by_prefix(set: &str) -> String {
    format!(
        "[policy-definitions.statements.conditions.match-prefix-set]\nprefix-set = \"{set}\"\nmatch-set-options = \"any\"\n"
    )
}

/// One that sets the local preference, or refuses.
fn statement(text: &mut String, name: &str, condition: &str, preference: Option<u32>) {
    let disposition = if preference.is_some() { "accept-route" } else { "reject-route" };
    text.push_str(&format!(
        "\
[[policy-definitions.statements]]
name = \"{name}\"
{condition}[policy-definitions.statements.actions]
route-disposition = \"{disposition}\"
"
    ));
    if let Some(preference) = preference {
        text.push_str(&format!("[policy-definitions.statements.actions.bgp-actions]\nset-local-pref = {preference}\n"));
    }
}
