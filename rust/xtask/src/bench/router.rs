// SPDX-License-Identifier: GPL-2.0-or-later
//! One bgpd alone: no zebra, no kernel routes, loopback only, everything else in a folder of its
//! own.
//!
//! It runs a BGP view: there next hops are valid without a zebra that resolves them, and nothing
//! is installed, so that what is measured is the reception of routes, policy and best path. The
//! neighbor is `solo`: its own update group, to which its own routes are not sent back.

use std::ffi::OsString;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::callgrind;
use super::usage::{Cpu, POLL, peak_memory};
use super::vty::Vty;

/// AS of the router under test, and of the feed.
pub(super) const ROUTER_AS: u32 = 65000;
/// First AS of every path that is fed.
pub(super) const FEED_AS: u32 = 65001;
/// Address that the feed comes from: loopback, but not the router's.
pub(super) const FEED: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Under callgrind it takes several seconds.
const START: Duration = Duration::from_secs(120);
/// No new route for so long: it is stuck.
const STALLED: Duration = Duration::from_secs(60);
/// Polls without any CPU time in between: it is done.
const QUIET_POLLS: u32 = 4;

/// An installed FRR.
#[derive(Debug, Clone)]
pub(super) struct Build {
    /// Its bgpd.
    pub(super) bgpd: PathBuf,
    /// `LD_LIBRARY_PATH` that it needs.
    pub(super) libraries: OsString,
    /// Run it under callgrind.
    pub(super) counted: bool,
}

impl Build {
    /// A command that runs bgpd in `dir`.
    fn command(&self, dir: &Path) -> Command {
        if self.counted { callgrind::command(&self.bgpd, dir) } else { Command::new(&self.bgpd) }
    }
}

/// A running bgpd; it is killed when dropped.
pub(super) struct Router {
    child: Child,
    vty: Vty,
    /// Where it takes connections.
    pub(super) address: SocketAddr,
}

/// bgpd's configuration.
#[derive(Debug, Clone, Copy)]
pub(super) struct Configuration<'a> {
    /// Comes first: route-maps, lists, scripts.
    pub(super) policy: &'a str,
    /// AS of the feed.
    pub(super) feed_as: u32,
    /// The route-map that its routes go through.
    pub(super) inbound: Option<&'a str>,
    /// Keep routes as they came too.
    pub(super) stored: bool,
    /// A second neighbor, of the router's own AS, that is shown the table.
    pub(super) collector: Option<Ipv4Addr>,
}

impl Configuration<'_> {
    /// As text.
    pub(super) fn text(&self) -> String {
        let Self { policy, feed_as, inbound, stored, collector } = *self;
        let inbound = inbound.map(|name| format!("  neighbor {FEED} route-map {name} in\n")).unwrap_or_default();
        let stored = if stored { format!("  neighbor {FEED} soft-reconfiguration inbound\n") } else { String::new() };
        let (collector, shown) = collector.map_or_else(Default::default, |at| {
            let neighbor = format!(" neighbor {at} remote-as {ROUTER_AS}\n neighbor {at} passive\n");
            (neighbor, format!("  neighbor {at} activate\n"))
        });
        // Delay 0: the route-maps are there before the first route, nothing is evaluated twice.
        //
        // No input queue limit: at the default of 10,000 messages bgpd's I/O thread polls in circles
        // until there is room, which costs as much CPU as all the rest, and it sleeps until the next
        // keepalive when the queue was full at the last octet (bgpd/bgp_io.c:bgp_process_reads).
        format!(
            "\
bgp route-map delay-timer 0
bgp input-queue-limit 4294967295
{policy}router bgp {ROUTER_AS} view BENCH
 bgp router-id 192.0.2.254
 no bgp ebgp-requires-policy
 no bgp default ipv4-unicast
 neighbor {FEED} remote-as {feed_as}
 neighbor {FEED} passive
 neighbor {FEED} solo
 neighbor {FEED} disable-connected-check
{collector} address-family ipv4 unicast
  neighbor {FEED} activate
{shown}{inbound}{stored} exit-address-family
exit
"
        )
    }
}

/// `policy` and the feed alone, with route-map `inbound`.
pub(super) fn configuration(policy: &str, inbound: Option<&str>) -> String {
    Configuration { policy, feed_as: FEED_AS, inbound, stored: false, collector: None }.text()
}

impl Router {
    /// Starts bgpd in the empty folder `dir`, with scripts from there too.
    pub(super) fn start(build: &Build, dir: &Path, configuration: &str) -> Result<Self> {
        let config = dir.join("bgpd.conf");
        fs::write(&config, "")?;
        let address = free_address()?;
        let log = dir.join("bgpd.log");
        let output = fs::File::create(dir.join("bgpd.out"))?;
        let mut child = build
            .command(dir)
            .env("LD_LIBRARY_PATH", &build.libraries)
            .arg("--config_file")
            .arg(&config)
            .arg("--pid_file")
            .arg(dir.join("bgpd.pid"))
            .arg("--vty_socket")
            .arg(dir)
            .arg("--socket")
            .arg(dir.join("zserv"))
            .arg("--scriptdir")
            .arg(dir)
            .arg(format!("--log=file:{}", log.display()))
            .args(["--log-level", "warnings"])
            .args(["--vty_port", "0", "--skip_runas", "--no_kernel", "--no_zebra"])
            .args(["--listenon", &address.ip().to_string()])
            .args(["--bgp_port", &address.port().to_string()])
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot start {}", build.bgpd.display()))?;

        let socket = dir.join("bgpd.vty");
        let deadline = Instant::now() + START;
        let vty = loop {
            match Vty::connect(&socket) {
                Ok(vty) => break vty,
                Err(error) => {
                    let exited = child.try_wait()?;
                    if exited.is_some() || Instant::now() > deadline {
                        drop(child.kill());
                        child.wait()?;
                        let error = error.context("bgpd did not start");
                        return Err(error.context(last_words(dir)));
                    }
                    thread::sleep(POLL);
                }
            }
        };
        let mut router = Self { child, vty, address };
        let configured = router.vty.configure(configuration);
        configured.with_context(|| last_words(dir))?;
        Ok(router)
    }

    /// Its process.
    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Takes lines of configuration.
    pub(super) fn configure(&mut self, text: &str) -> Result<()> {
        self.vty.configure(text)
    }

    /// Runs a command of the enable node.
    pub(super) fn command(&mut self, command: &str) -> Result<()> {
        self.vty.command(command).map(drop)
    }

    /// All that it says of a script.
    pub(super) fn show_script(&mut self, name: &str) -> Result<Value> {
        self.vty.json(&format!("show script {name} json"))
    }

    /// What it says of its neighbors.
    pub(super) fn summary(&mut self) -> Result<Value> {
        self.vty.json("show bgp view BENCH ipv4 unicast summary json")
    }

    /// CPU time until now.
    pub(super) fn cpu(&self) -> Result<Cpu> {
        Cpu::of(self.child.id())
    }

    /// Most memory until now, in MiB.
    pub(super) fn peak_memory(&self) -> Result<f64> {
        peak_memory(self.child.id())
    }

    /// Waits until `routes` came from the feed, all have a best path, and bgpd rests.
    ///
    /// # Errors
    /// Other numbers at the end, or none more for a minute: both with what there was.
    pub(super) fn settle(&mut self, routes: u32) -> Result<()> {
        let mut last = (0, 0);
        let mut moved = Instant::now();
        let mut quiet = 0;
        let mut cpu = self.cpu()?;
        loop {
            thread::sleep(POLL);
            let now = self.cpu()?;
            // One tick may be ours: the question itself costs something.
            quiet = if now.since(cpu).total() < 0.015 { quiet + 1 } else { 0 };
            cpu = now;
            let summary = self.summary()?;
            let seen = counts(&summary).with_context(|| format!("no such peer in {summary}"))?;
            if seen != last {
                last = seen;
                moved = Instant::now();
                quiet = 0;
            }
            let (received, decided) = seen;
            if received == u64::from(routes) && decided >= received && quiet >= QUIET_POLLS {
                return Ok(());
            }
            if received > u64::from(routes) || moved.elapsed() > STALLED {
                bail!("of {routes} routes {received} arrived and {decided} were decided: {summary}");
            }
        }
    }

    /// All routes with all attributes, by prefix, without what differs between two runs: times and
    /// the order of decisions.
    pub(super) fn table(&mut self) -> Result<serde_json::Map<String, Value>> {
        let mut answer = self.vty.json("show bgp view BENCH ipv4 unicast json detail")?;
        let Some(Value::Object(mut routes)) = answer.get_mut("routes").map(Value::take) else {
            bail!("bgpd's table has no routes");
        };
        for route in routes.values_mut() {
            forget(route);
        }
        Ok(routes)
    }

    /// The events that the script `name` was told, when all are handled.
    pub(super) fn events(&mut self, name: &str) -> Result<Events> {
        let start = Instant::now();
        loop {
            let answer = self.vty.json(&format!("show script {name} json"))?;
            let queue = answer.pointer(&format!("/{name}/work/eventQueue")).context("no queue of events")?.clone();
            let count = |what: &str| queue[what].as_u64().with_context(|| format!("no {what} in {queue}"));
            if count("waiting")? == 0 {
                return Ok(Events { told: count("total")?, dropped: count("dropped")? });
            }
            anyhow::ensure!(start.elapsed() < STALLED, "events wait for ever: {queue}");
            thread::sleep(POLL);
        }
    }

    /// What the script `name` did and holds.
    pub(super) fn script(&mut self, name: &str) -> Result<ScriptState> {
        let command = format!("show script {name} json");
        let answer = self.vty.json(&command)?;
        ScriptState::of(&answer, name).with_context(|| format!("\"{command}\" answered {answer}"))
    }
}

/// What `show script NAME json` says of events.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Events {
    /// Events that came.
    pub(super) told: u64,
    /// Events that did not fit into the queue.
    pub(super) dropped: u64,
}

/// Part of what `show script NAME json` says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct ScriptState {
    /// Calls of all its functions.
    pub(super) calls: u64,
    /// Calls that failed, of every kind.
    pub(super) errors: u64,
    /// Memory of the script's VM, in KiB.
    pub(super) memory: f64,
}

impl ScriptState {
    fn of(answer: &Value, name: &str) -> Option<Self> {
        let script = answer.get(name)?;
        let errors = script.get("errors")?.as_object()?.values();
        Some(Self {
            calls: script.get("calls")?.as_u64()?,
            errors: errors.filter_map(Value::as_u64).sum(),
            memory: script.get("memoryBytes")?.as_f64()? / 1024.0,
        })
    }
}

impl Drop for Router {
    fn drop(&mut self) {
        // Killed, not terminated: to free a full table takes seconds that nobody measures.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Prefixes received from the feed, and the table version: one for each best path that was found.
fn counts(summary: &Value) -> Option<(u64, u64)> {
    let peer = summary.get("peers")?.get(FEED.to_string())?;
    let received = peer.get("pfxRcd")?.as_u64()?;
    Some((received, summary.get("tableVersion")?.as_u64()?))
}

fn forget(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|key, _| key != "lastUpdate" && key != "version");
            map.values_mut().for_each(forget);
        }
        Value::Array(list) => list.iter_mut().for_each(forget),
        _ => {}
    }
}

fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((IpAddr::V4(Ipv4Addr::LOCALHOST), 0))?;
    Ok(listener.local_addr()?)
}

/// What bgpd said before it gave up.
fn last_words(dir: &Path) -> String {
    let mut words = String::new();
    for name in ["bgpd.out", "bgpd.log"] {
        let text = fs::read_to_string(dir.join(name)).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        for line in &lines[lines.len().saturating_sub(10)..] {
            words.push_str(&format!("{name}: {line}\n"));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_times_and_versions_are_forgotten() {
        let mut route = serde_json::json!({
            "prefix": "192.0.2.0/24", "version": 7,
            "paths": [{ "locPrf": 200, "version": 7, "lastUpdate": { "epoch": 1 } }],
        });
        forget(&mut route);
        let kept = serde_json::json!({ "prefix": "192.0.2.0/24", "paths": [{ "locPrf": 200 }] });
        assert_eq!(route, kept);
    }

    #[test]
    fn counts_are_those_of_the_feed() {
        let summary = serde_json::json!({
            "tableVersion": 12, "peers": { "127.0.0.2": { "pfxRcd": 11 } },
        });
        assert_eq!(counts(&summary), Some((11, 12)));
        assert_eq!(counts(&serde_json::json!({ "peers": {} })), None);
    }

    #[test]
    fn errors_of_every_kind_count() {
        let answer = serde_json::json!({ "bench": {
            "calls": 9, "memoryBytes": 2048, "errors": { "runtime": 1, "deadline": 2 },
        }});
        let expected = ScriptState { calls: 9, errors: 3, memory: 2.0 };
        assert_eq!(ScriptState::of(&answer, "bench"), Some(expected));
        assert_eq!(ScriptState::of(&answer, "other"), None);
    }

    #[test]
    fn the_route_map_is_applied_inbound() {
        let text = configuration("route-map R permit 10\n", Some("R"));
        assert!(text.contains("\nroute-map R permit 10\nrouter bgp 65000 view BENCH\n"));
        assert!(text.contains("\n  neighbor 127.0.0.2 route-map R in\n"));
        assert!(!configuration("", None).contains("route-map R"));
    }

    #[test]
    fn a_collector_is_a_neighbor_of_the_family_too() {
        let at = Ipv4Addr::new(127, 0, 0, 3);
        let all = Configuration { policy: "", feed_as: 64496, inbound: None, stored: true, collector: Some(at) };
        let text = all.text();
        assert!(text.contains(
            "\n neighbor 127.0.0.3 remote-as 65000\n neighbor 127.0.0.3 passive\n address-family ipv4 unicast\n"
        ));
        assert!(text.contains("\n  neighbor 127.0.0.3 activate\n  neighbor 127.0.0.2 soft-reconfiguration inbound\n"));
        assert!(text.contains(" neighbor 127.0.0.2 remote-as 64496\n"));
    }
}
