// SPDX-License-Identifier: GPL-2.0-or-later
//! A script decides what a router takes from its neighbor.

use std::collections::BTreeSet;
use std::fs;
use std::net::Ipv4Addr;

use anyhow::{Context, Result};

use super::router::{Router, connect};
use crate::layout::Layout;
use crate::step::Step;

/// The script, as it is first.
const SCRIPT: &str = include_str!("edge.lua");

/// What the edit of the script changes.
const EDIT: [(&str, &str); 2] = [
    ("\"198.51.100.0/24 le 28\"", "\"198.51.100.0/24 le 28\", \"203.0.113.0/24 le 26\""),
    ("attributes.localpref = 200", "attributes.localpref = 250"),
];

/// What west announces, and the community that it adds.
const WEST: [(&str, &str); 5] = [
    ("198.51.100.0/25", ""),
    ("198.51.100.128/26", ""),
    ("198.51.100.240/29", ""),
    ("203.0.113.0/26", ""),
    ("203.0.113.64/26", "65001:666"),
];

/// What east announces.
const EAST: &str = "192.0.2.128/25";

const WEST_SIDE: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)];
const EAST_SIDE: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 2, 5), Ipv4Addr::new(192, 0, 2, 6)];

/// Shows it, in the namespaces that were made for it.
pub fn demo(layout: &Layout, shell: bool) -> Result<()> {
    let mut edge = Router::new(layout, "edge")?;
    let mut west = Router::new(layout, "west")?;
    let mut east = Router::new(layout, "east")?;
    connect((&west, WEST_SIDE[0]), (&edge, WEST_SIDE[1]))?;
    connect((&edge, EAST_SIDE[0]), (&east, EAST_SIDE[1]))?;

    let step = Step::start("start three routers");
    west.start(&[("bgpd", &west_config())])?;
    edge.start(&[("bgpd", &edge_config())])?;
    east.start(&[("bgpd", &east_config())])?;
    let all = WEST.len() + 1;
    edge.wait("the table of both neighbors", |edge| edge.prefixes().is_ok_and(|prefixes| prefixes.len() == all))?;
    step.done();

    title("west (AS 65001) --- edge (AS 65000) --- east (AS 65002)");
    show(&edge, "show bgp ipv4 unicast summary")?;
    title("The table of edge, without a script");
    show(&edge, "show bgp ipv4 unicast wide")?;

    let file = edge.dir.join("scripts/edge.lua");
    fs::write(&file, SCRIPT)?;
    title(&format!("A script: {}", layout.show(&file)));
    println!("{}", indent(SCRIPT));
    configure(&edge)?;
    let kept: BTreeSet<&str> = ["198.51.100.0/25", "198.51.100.128/26", EAST].into();
    edge.wait("the table after the script", |edge| has(edge, &kept))?;
    title("The table of edge, with the script");
    show(&edge, "show bgp ipv4 unicast wide")?;
    show(&edge, "show bgp ipv4 unicast 198.51.100.0/25")?;

    let edited = edit(SCRIPT)?;
    fs::write(&file, &edited)?;
    title("The script is edited");
    println!("{}", indent(&changed_lines(SCRIPT, &edited)));
    let before = lines(&edge)?;
    show(&edge, "script reload edge")?;
    let kept: BTreeSet<&str> = kept.into_iter().chain(["203.0.113.0/26"]).collect();
    edge.wait("the table after the reload", |edge| has(edge, &kept) && settled(edge))?;
    title("What changed in the table of edge (no session was reset)");
    println!("{}", indent(&changed_lines(&before, &lines(&edge)?)));
    show(&edge, "show bgp ipv4 unicast summary")?;
    show(&edge, "show script edge")?;

    if shell {
        title("vtysh on edge; `exit` ends the demo");
        println!("The script is {}: edit it, then `script reload edge`.\n", layout.show(&file));
        edge.vtysh().interactive()?;
    }
    Ok(())
}

fn west_config() -> String {
    let mut config = String::new();
    for (prefix, community) in WEST.iter().filter(|(_, community)| !community.is_empty()) {
        config += &format!(
            "ip prefix-list MARKED permit {prefix}\n\
             route-map OUT permit 10\n match ip address prefix-list MARKED\n set community {community}\nexit\n\
             route-map OUT permit 20\nexit\n"
        );
    }
    config += &format!(
        "router bgp 65001\n no bgp ebgp-requires-policy\n no bgp network import-check\n \
         neighbor {edge} remote-as 65000\n neighbor {edge} timers connect 1\n \
         address-family ipv4 unicast\n  neighbor {edge} route-map OUT out\n",
        edge = WEST_SIDE[1]
    );
    for (prefix, _) in WEST {
        config += &format!("  network {prefix}\n");
    }
    config
}

fn edge_config() -> String {
    let mut config = "router bgp 65000\n no bgp ebgp-requires-policy\n".to_owned();
    for (neighbor, number) in [(WEST_SIDE[0], 65001), (EAST_SIDE[1], 65002)] {
        config += &format!(" neighbor {neighbor} remote-as {number}\n neighbor {neighbor} timers connect 1\n");
    }
    config
}

fn east_config() -> String {
    format!(
        "router bgp 65002\n no bgp ebgp-requires-policy\n no bgp network import-check\n \
         neighbor {edge} remote-as 65000\n neighbor {edge} timers connect 1\n \
         address-family ipv4 unicast\n  network {EAST}\n",
        edge = EAST_SIDE[0]
    )
}

/// Types the script's configuration into vtysh.
fn configure(edge: &Router) -> Result<()> {
    let neighbor = format!("neighbor {} route-map FROM-WEST in", WEST_SIDE[0]);
    let commands = [
        "configure terminal",
        "script load edge",
        "route-map FROM-WEST permit 10",
        "match script edge",
        "exit",
        "router bgp 65000",
        "address-family ipv4 unicast",
        &neighbor,
        "end",
    ];
    title("vtysh on edge puts it into service for what west announces");
    println!("{}\n", indent(&commands.join("\n")));
    let text = edge.commands(&commands).context("vtysh did not take the configuration")?;
    print!("{text}");
    Ok(())
}

fn edit(script: &str) -> Result<String> {
    let mut text = script.to_owned();
    for (old, new) in EDIT {
        anyhow::ensure!(text.contains(old), "edge.lua has no `{old}` to edit");
        text = text.replace(old, new);
    }
    Ok(text)
}

fn has(router: &Router, prefixes: &BTreeSet<&str>) -> bool {
    router.prefixes().is_ok_and(|now| {
        let now: BTreeSet<&str> = now.iter().map(String::as_str).collect();
        now == *prefixes
    })
}

/// Is the best path chosen everywhere, and do west's routes have the local
/// preference of the edited script?
fn settled(router: &Router) -> bool {
    let Ok(table) = router.json("show bgp ipv4 unicast json") else {
        return false;
    };
    let chosen = |paths: &serde_json::Value| paths[0]["bestpath"] == true;
    let all = table["routes"].as_object().is_some_and(|routes| routes.values().all(chosen));
    all && table["routes"]["198.51.100.0/25"][0]["locPrf"] == 250
}

/// The lines of the table that are routes.
fn lines(router: &Router) -> Result<String> {
    let table = router.commands(&["show bgp ipv4 unicast wide"])?;
    let routes: Vec<&str> = table.lines().filter(|line| line.contains('/')).collect();
    Ok(routes.join("\n"))
}

/// Lines of `old` that are gone and lines of `new` that came.
fn changed_lines(old: &str, new: &str) -> String {
    let gone = old.lines().filter(|line| !new.lines().any(|l| l == *line));
    let came = new.lines().filter(|line| !old.lines().any(|l| l == *line));
    let gone = gone.map(|line| format!("- {line}\n"));
    gone.chain(came.map(|line| format!("+ {line}\n"))).collect()
}

fn show(router: &Router, command: &str) -> Result<()> {
    println!("{}# {command}", router.name);
    println!("{}", router.commands(&[command])?);
    Ok(())
}

fn title(text: &str) {
    println!("\n=== {text}\n");
}

fn indent(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("    {line}")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edit_is_what_it_says() -> Result<()> {
        let edited = edit(SCRIPT)?;
        let changed = changed_lines(SCRIPT, &edited);
        assert_eq!(changed.lines().filter(|l| l.starts_with('-')).count(), 2);
        assert_eq!(changed.lines().filter(|l| l.starts_with('+')).count(), 2);
        Ok(())
    }

    #[test]
    fn every_prefix_of_west_is_announced() {
        let config = west_config();
        for (prefix, _) in WEST {
            assert!(config.contains(&format!("network {prefix}\n")), "{prefix}");
        }
    }
}
