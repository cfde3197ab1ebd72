// SPDX-License-Identifier: GPL-2.0-or-later
//! OpenBGPD: filter rules. It works in three processes, all of which are counted.
//!
//! It wants a user `_openbgpd` for the two that have no rights. No user is added: it runs in a mount namespace of its
//! own, where /etc/passwd and /etc/group are copies with one more line.

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::facts::{
    BOGONS, CUSTOMER_AS, FEED_AS, LONGEST, LONGEST_PATH, PREFERRED, PRIVATE, Policy, TAG, listed, tiers,
};
use super::packages::Peers;
use super::system::{COLLECTOR, Daemon, FEED, Process, ROUTER, ROUTER_AS, free_address, number_before};

/// The user that the package makes.
const USER: &str = "_openbgpd";

/// A running OpenBGPD.
pub(super) struct Openbgpd {
    process: Process,
    peers: Peers,
    socket: PathBuf,
    address: SocketAddr,
}

impl Openbgpd {
    /// Starts it in `dir`.
    pub(super) fn start(peers: &Peers, policy: Policy, dir: &Path) -> Result<Self> {
        let address = free_address()?;
        let config = dir.join("bgpd.conf");
        let socket = dir.join("bgpd.sock");
        fs::write(&config, configuration(policy, address.port(), &socket))?;
        // It refuses a file that others may read.
        fs::set_permissions(&config, fs::Permissions::from_mode(0o600))?;
        let empty = dir.join("empty");
        fs::create_dir(&empty)?;
        let users = fs::read_to_string("/etc/passwd")?;
        fs::write(dir.join("passwd"), format!("{users}{USER}:x:64998:64998::{}:/bin/false\n", empty.display()))?;
        let groups = fs::read_to_string("/etc/group")?;
        fs::write(dir.join("group"), format!("{groups}{USER}:x:64998:\n"))?;
        let program = peers.command("usr/sbin/bgpd");
        let mut command = Command::new("unshare");
        for (name, value) in program.get_envs() {
            if let Some(value) = value {
                command.env(name, value);
            }
        }
        command
            .args(["--mount", "sh", "-ec"])
            .arg("mount --bind passwd /etc/passwd; mount --bind group /etc/group; exec \"$@\"")
            .arg("sh")
            .arg(program.get_program())
            .arg("-d")
            .arg("-f")
            .arg(&config);
        Ok(Self { process: Process::start(command, dir)?, peers: peers.clone(), socket, address })
    }
}

impl Daemon for Openbgpd {
    fn pids(&self) -> Result<Vec<u32>> {
        let parent = self.process.pid();
        let children = fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))?;
        let children = children.split_whitespace().filter_map(|pid| pid.parse().ok());
        Ok(std::iter::once(parent).chain(children).collect())
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn accepted(&mut self) -> Result<u64> {
        let mut command = self.peers.command("usr/sbin/bgpctl");
        let output = command.arg("-s").arg(&self.socket).args(["show", "rib", "memory"]).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        accepted(&text).with_context(|| format!("bgpctl said {text}{}", String::from_utf8_lossy(&output.stderr)))
    }
}

/// Each route has a network entry, one prefix entry as it came and, when it was accepted, one in the decided table.
fn accepted(text: &str) -> Option<u64> {
    let came = number_before(text, " IPv4 unicast network entries")?;
    number_before(text, " prefix entries")?.checked_sub(came)
}

impl Drop for Openbgpd {
    fn drop(&mut self) {
        // The parent ends its children only when it is asked to; a full table takes it a moment.
        self.process.terminate();
    }
}

fn configuration(policy: Policy, port: u16, socket: &Path) -> String {
    let (sets, rules) = rules(policy);
    format!(
        "\
{sets}AS {ROUTER_AS}
router-id 192.0.2.254
listen on {ROUTER} port {port}
fib-update no
socket \"{}\"
neighbor {FEED} {{
	remote-as {FEED_AS}
	passive
	multihop 2
	export none
}}
neighbor {COLLECTOR} {{
	remote-as {ROUTER_AS}
	passive
}}
allow to any
allow from any
{rules}",
        socket.display()
    )
}

/// Sets, and rules; the last rule that matches decides.
fn rules(policy: Policy) -> (String, String) {
    let mut sets = String::new();
    let mut rules = String::new();
    match policy {
        Policy::None => {}
        Policy::Small => rules = format!("match from any community {}:{} set localpref {PREFERRED}\n", TAG.0, TAG.1),
        Policy::Hygiene => {
            sets.push_str("prefix-set bogons {");
            for bogon in BOGONS {
                write!(sets, " {bogon} or-longer").expect("a string");
            }
            sets.push_str(" }\n");
            let private: Vec<String> = PRIVATE.iter().map(|(low, high)| format!("{low} - {high}")).collect();
            rules = format!(
                "\
deny quick from any prefix-set bogons
deny quick from any inet prefixlen > {LONGEST}
deny quick from any max-as-len {LONGEST_PATH}
deny quick from any AS {{ {} }}
",
                private.join(", ")
            );
        }
        Policy::Entries => {
            for (tier, customers) in tiers() {
                for at in customers {
                    writeln!(rules, "match from any community {CUSTOMER_AS}:{at} set localpref {tier}")
                        .expect("a string");
                }
            }
        }
        Policy::Prefixes => {
            sets.push_str("prefix-set listed {\n");
            for prefix in listed() {
                writeln!(sets, "{prefix}").expect("a string");
            }
            sets.push_str("}\n");
            rules = format!("match from any prefix-set listed set localpref {PREFERRED}\n");
        }
    }
    (sets, rules)
}
