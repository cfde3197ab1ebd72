// SPDX-License-Identifier: GPL-2.0-or-later
//! The user and the groups of FRR's packages, which topotests give files to
//! (tests/topotests/lib/topogen.py:load_frr_config, `chown frr:frr`).

use anyhow::{Result, bail};

use crate::layout::Layout;
use crate::step::run;

/// Adds the groups and the user that are missing, as FRR's packages do.
pub fn add(layout: &Layout) -> Result<()> {
    let has = |database: &str, name: &str| run("getent").args([database, name]).succeeds();
    let mut commands: Vec<&[&str]> = Vec::new();
    if !has("group", "frrvty") {
        commands.push(&["groupadd", "--system", "frrvty"]);
    }
    if !has("passwd", "frr") {
        commands.push(&[
            "useradd",
            "--system",
            "--user-group",
            "--groups",
            "frrvty",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/usr/sbin/nologin",
            "frr",
        ]);
    }
    let root = run("id").arg("-u").output()?.trim() == "0";
    for command in commands {
        let result = if root { run(command[0]).args(&command[1..]) } else { run("sudo").args(command) };
        if result.step("add FRR's user", &layout.log("users")).is_err() {
            bail!("the topotests need FRR's user: run `{}` as root and then this command again", command.join(" "));
        }
    }
    Ok(())
}
