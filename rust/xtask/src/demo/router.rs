// SPDX-License-Identifier: GPL-2.0-or-later
//! One router of a demo: a network namespace with daemons in it.

use std::fs;
use std::net::Ipv4Addr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::layout::Layout;
use crate::step::run;

/// Sockets and process numbers; a name of a socket may have 107 octets only.
const RUN: &str = "/run/frrscript";

/// How long something that the demo waits for may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running router. Its daemons end when this is dropped.
pub struct Router {
    /// The router's name, and that of its network namespace.
    pub name: &'static str,
    /// Its files: configuration, logs, scripts.
    pub dir: PathBuf,
    daemons: Vec<Child>,
    programs: PathBuf,
}

impl Router {
    /// Makes the namespace and the folders.
    pub fn new(layout: &Layout, name: &'static str) -> Result<Self> {
        let dir = layout.target.join("demo").join(name);
        crate::build::source::remove(&dir)?;
        fs::create_dir_all(dir.join("scripts"))?;
        fs::create_dir_all(Path::new(RUN).join(name))?;
        fs::write(dir.join("vtysh.conf"), format!("hostname {name}\nno service integrated-vtysh-config\n"))?;
        run("ip").args(["netns", "add", name]).output()?;
        run("ip").args(["-n", name, "link", "set", "lo", "up"]).output()?;
        Ok(Self { name, dir, daemons: Vec::new(), programs: layout.root() })
    }

    /// Starts zebra, and these daemons with their configurations.
    pub fn start(&mut self, daemons: &[(&str, &str)]) -> Result<()> {
        self.daemon("zebra", "")?;
        self.wait("zebra's socket", |router| router.socket("zserv.api").exists())?;
        for (daemon, config) in daemons {
            self.daemon(daemon, config)?;
            self.wait("a daemon's socket", |router| router.socket(&format!("{daemon}.vty")).exists())?;
        }
        Ok(())
    }

    /// The log of a daemon.
    pub fn log(&self, daemon: &str) -> PathBuf {
        self.dir.join(format!("{daemon}.log"))
    }

    fn socket(&self, name: &str) -> PathBuf {
        Path::new(RUN).join(self.name).join(name)
    }

    fn daemon(&mut self, daemon: &str, config: &str) -> Result<()> {
        let file = self.dir.join(format!("{daemon}.conf"));
        // The precision holds for a log file that the configuration names, not for one of the command line.
        let log = self.log(daemon);
        let first = format!("hostname {}\nlog timestamp precision 6\nlog file {}\n", self.name, log.display());
        fs::write(&file, first + config)?;
        let output = fs::File::create(self.dir.join(format!("{daemon}.out")))?;
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", self.name])
            .arg(Layout::daemons(&self.programs).join(daemon))
            .arg("--config_file")
            .arg(&file)
            .arg("--vty_socket")
            .arg(Path::new(RUN).join(self.name))
            .arg("--socket")
            .arg(self.socket("zserv.api"))
            .arg("--pid_file")
            .arg(self.socket(&format!("{daemon}.pid")))
            .arg("--scriptdir")
            .arg(self.dir.join("scripts"))
            .args(["--vty_port", "0"])
            // Times in the logs are compared with the demo's own.
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            // Ctrl-C on the terminal is not for the daemons.
            .process_group(0);
        let child = command.spawn().context("ip can't be started: run `cargo xtask setup`")?;
        self.daemons.push(child);
        Ok(())
    }

    /// The vtysh command for this router, with the arguments that select it.
    pub fn vtysh(&self) -> crate::step::Run {
        run(self.programs.join("usr/bin/vtysh"))
            .arg("--vty_socket")
            .arg(Path::new(RUN).join(self.name))
            .arg("--config_dir")
            .arg(&self.dir)
    }

    /// Runs commands in vtysh and returns what they print.
    pub fn commands(&self, commands: &[&str]) -> Result<String> {
        let mut vtysh = self.vtysh();
        for command in commands {
            vtysh = vtysh.arg("-c").arg(command);
        }
        vtysh.output()
    }

    /// The answer of a command that prints JSON.
    pub fn json(&self, command: &str) -> Result<Value> {
        let text = self.commands(&[command])?;
        serde_json::from_str(&text).with_context(|| format!("`{command}` printed no JSON: {text}"))
    }

    /// The IPv4 prefixes in the BGP table.
    pub fn prefixes(&self) -> Result<Vec<String>> {
        let table = self.json("show bgp ipv4 unicast json")?;
        let routes = table["routes"].as_object();
        Ok(routes.map_or_else(Vec::new, |routes| routes.keys().cloned().collect()))
    }

    /// Waits until `so`.
    pub fn wait(&mut self, what: &str, so: impl Fn(&Self) -> bool) -> Result<()> {
        let start = Instant::now();
        while !so(self) {
            for child in &mut self.daemons {
                if let Some(status) = child.try_wait()? {
                    bail!("a daemon of {} ended ({status}): its logs are in {}", self.name, self.dir.display());
                }
            }
            if start.elapsed() > PATIENCE {
                bail!(
                    "{what} on {} did not come within {} s: the logs are in {}",
                    self.name,
                    PATIENCE.as_secs(),
                    self.dir.display()
                );
            }
            sleep(Duration::from_millis(100));
        }
        Ok(())
    }
}

/// Connects two routers with a pair of interfaces named after each other.
pub fn connect(one: (&Router, Ipv4Addr), two: (&Router, Ipv4Addr)) -> Result<()> {
    let (a, b) = (one.0.name, two.0.name);
    run("ip").args(["link", "add", b, "netns", a, "type", "veth"]).args(["peer", "name", a, "netns", b]).output()?;
    for ((router, address), interface) in [(one, b), (two, a)] {
        let ip = || run("ip").args(["-n", router.name]);
        ip().args(["address", "add", &format!("{address}/30"), "dev", interface]).output()?;
        ip().args(["link", "set", interface, "up"]).output()?;
    }
    Ok(())
}

impl Drop for Router {
    fn drop(&mut self) {
        for child in &mut self.daemons {
            // It may have ended; the namespace takes the rest with it.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}
