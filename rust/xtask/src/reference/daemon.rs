// SPDX-License-Identifier: GPL-2.0-or-later
//! A daemon that is started alone, asked one thing, and stopped. It opens no
//! port. zebra and vrrpd, which look after the kernel's, get a network of their own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::environment::Environment;
use crate::layout::Layout;
use crate::step::run;

/// How long a daemon may take to open its socket.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running daemon and its folder; both go when this is dropped.
struct Daemon {
    child: Child,
    dir: PathBuf,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.dir);
    }
}

/// What the built daemon answers to `command`.
pub fn ask(layout: &Layout, name: &str, command: &str) -> Result<String> {
    let environment = Environment::new(layout)?;
    // The name of a socket has 107 octets at most, so not in the work folder.
    let dir = std::env::temp_dir().join(format!("frrscript-{}", std::process::id()));
    fs::create_dir_all(&dir).with_context(|| format!("{} can't be made", dir.display()))?;
    fs::write(dir.join("daemon.conf"), "")?;
    fs::write(dir.join("vtysh.conf"), "no service integrated-vtysh-config\n")?;
    let log = layout.log("reference");
    if let Some(parent) = log.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut daemon = Daemon { child: start(layout, name, &dir, &log)?, dir: dir.clone() };
    let begin = Instant::now();
    while !dir.join(format!("{name}.vty")).exists() {
        if let Some(status) = daemon.child.try_wait()? {
            bail!("{name} ended ({status}) before it could be asked: see {}", log.display());
        }
        if begin.elapsed() > PATIENCE {
            bail!("{name} did not open its socket within {} s: see {}", PATIENCE.as_secs(), log.display());
        }
        sleep(Duration::from_millis(20));
    }
    environment
        .set(run(layout.root().join("usr/bin/vtysh")))
        .arg("--vty_socket")
        .arg(&dir)
        .arg("--config_dir")
        .arg(&dir)
        .args(["-d", name, "-c", command])
        .output()
}

/// The daemon's program, with what it needs so that it finds and opens nothing.
fn program(layout: &Layout, name: &str) -> Result<Command> {
    let program = Layout::daemons(&layout.root()).join(name);
    if name == "bgpd" {
        let mut command = Command::new(program);
        command.args(["--bgp_port", "0", "--no_kernel", "--no_zebra", "--skip_runas"]);
        return Ok(command);
    }
    let mut command = Command::new("unshare");
    // A user who is not root may have a network only as root of a user namespace.
    if run("id").arg("-u").output()?.trim() != "0" {
        command.arg("--map-root-user");
    }
    command.args(["--net", "--kill-child", "--fork"]).arg(program).args(["--user", "root", "--group", "root"]);
    Ok(command)
}

fn start(layout: &Layout, name: &str, dir: &Path, log: &Path) -> Result<Child> {
    let output = fs::File::create(log)?;
    let mut command = program(layout, name)?;
    command
        .arg("--config_file")
        .arg(dir.join("daemon.conf"))
        .arg("--pid_file")
        .arg(dir.join("daemon.pid"))
        .arg("--vty_socket")
        .arg(dir)
        .arg("--socket")
        .arg(dir.join("zserv.api"))
        .arg("--scriptdir")
        .arg(dir)
        .args(["--vty_port", "0"])
        .stdin(Stdio::null())
        .stdout(output.try_clone()?)
        .stderr(output);
    let libraries = [layout.root().join("usr/lib"), layout.libyang().join("lib")];
    let now = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    let paths = libraries.into_iter().chain(std::env::split_paths(&now).filter(|p| !p.as_os_str().is_empty()));
    command.env("LD_LIBRARY_PATH", std::env::join_paths(paths)?);
    command.spawn().with_context(|| format!("{name} can't be started: run `cargo xtask build`"))
}
