// SPDX-License-Identifier: GPL-2.0-or-later
//! From `frr.publish` in one daemon to the subscriber's handler in another, over zebra: three idle daemons, each in a
//! network namespace of its own.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::record::Record;
use super::router::Build;
use super::usage::POLL;
use super::vty::Vty;

/// What its figures' names begin with.
pub(super) const TITLE: &str = "pubsub: ";

const START: Duration = Duration::from_secs(30);
const VALUES: usize = 2000;

/// bgpd says what time it is, vrrpd how long that took to come.
fn script() -> String {
    format!(
        "
if frr.daemon == 'bgpd' then
  frr.every(0.002, function() frr.publish('bench.time', frr.monotonic()) end)
elseif frr.daemon == 'vrrpd' then
  local times = {{}}
  frr.subscribe('bench.time', function(sent)
    times[#times + 1] = frr.monotonic() - sent
    if #times == {VALUES} then
      table.sort(times)
      frr.publish('bench.latency', {{ p50 = times[{}], p99 = times[{}] }})
    end
  end)
end
",
        VALUES / 2,
        VALUES * 99 / 100
    )
}

struct Daemon {
    child: Child,
    vty: Vty,
}

impl Daemon {
    fn start(build: &Build, name: &str, dir: &Path) -> Result<Self> {
        let program = build.bgpd.with_file_name(name);
        fs::write(dir.join(format!("{name}.conf")), "")?;
        let output = fs::File::create(dir.join(format!("{name}.out")))?;
        let mut child = Command::new("unshare")
            .arg("--net")
            .arg(&program)
            .env("LD_LIBRARY_PATH", &build.libraries)
            .arg("--config_file")
            .arg(dir.join(format!("{name}.conf")))
            .arg("--pid_file")
            .arg(dir.join(format!("{name}.pid")))
            .arg("--vty_socket")
            .arg(dir)
            .arg("--socket")
            .arg(dir.join("zserv.api"))
            .arg("--scriptdir")
            .arg(dir)
            .arg(format!("--log=file:{}", dir.join(format!("{name}.log")).display()))
            .args(["--vty_port", "0"])
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot start {}", program.display()))?;
        let socket = dir.join(format!("{name}.vty"));
        let deadline = Instant::now() + START;
        loop {
            if let Ok(vty) = Vty::connect(&socket) {
                return Ok(Self { child, vty });
            }
            if child.try_wait()?.is_some() || Instant::now() > deadline {
                drop(child.kill());
                child.wait()?;
                bail!("{name} did not start: see {}", dir.display());
            }
            thread::sleep(POLL);
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Measures.
///
/// # Errors
/// A daemon did not start, or no value came.
pub(super) fn run(build: &Build, dir: &Path) -> Result<Vec<Record>> {
    if dir.exists() {
        fs::remove_dir_all(dir)?;
    }
    fs::create_dir_all(dir)?;
    fs::write(dir.join("bench.lua"), script())?;
    let _zebra = Daemon::start(build, "zebra", dir)?;
    let mut vrrpd = Daemon::start(build, "vrrpd", dir)?;
    let mut bgpd = Daemon::start(build, "bgpd", dir)?;
    for daemon in [&mut vrrpd, &mut bgpd] {
        daemon.vty.configure("script load bench\n")?;
    }
    let deadline = Instant::now() + START;
    let latency = loop {
        let topics = vrrpd.vty.json("show script topics json")?;
        if let Some(value) = topics.pointer("/topics/bench.latency/value") {
            break value.clone();
        }
        if Instant::now() > deadline {
            bail!("no values from bgpd came to vrrpd: {topics}");
        }
        thread::sleep(POLL);
    };
    let msec = |what: &str| latency[what].as_f64().map(|s| s * 1e3).with_context(|| no(what, &latency));
    println!("bench: {VALUES} values published in bgpd and handled in vrrpd");
    Ok(vec![
        Record::alone(format!("{TITLE}publish in bgpd to subscriber in vrrpd, median"), "ms", msec("p50")?, Some(1.0)),
        Record::alone(format!("{TITLE}the same, 99 of 100"), "ms", msec("p99")?, None),
    ])
}

fn no(what: &str, value: &Value) -> String {
    format!("no {what} in {value}")
}
