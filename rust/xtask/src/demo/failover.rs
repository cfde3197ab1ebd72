// SPDX-License-Identifier: GPL-2.0-or-later
//! Two routers share a VRRP address towards a LAN, each has an eBGP uplink. The master's uplink dies: one script, in bgpd
//! and vrrpd of both, has the other router take over, and a host's traffic goes on.

use std::fs;
use std::net::Ipv4Addr;
use std::time::{Duration, SystemTime};

use anyhow::{Result, ensure};

use super::router::Router;
use super::timeline::Timeline;
use super::traffic::{PERIOD, Traffic};
use crate::layout::Layout;
use crate::step::{Step, run};

/// What both routers run.
const SCRIPT: &str = include_str!("failover.lua");

/// The LAN, its gateway, and a server behind the provider.
const LAN: &str = "192.0.2.0/24";
const GATEWAY: &str = "192.0.2.1";
const SERVER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 1);
/// RFC 9568 section 5.2.4 gives the virtual MAC address of VRID 5.
const VIRTUAL_MAC: &str = "00:00:5e:00:01:05";
/// Seconds between advertisements, FRR's default.
const INTERVAL: f64 = 1.0;
const PRIORITY: [u8; 2] = [150, 120];

/// Shows it, in the namespaces that were made for it.
pub fn demo(layout: &Layout, shell: bool) -> Result<()> {
    let mut routers = [Router::new(layout, "r1")?, Router::new(layout, "r2")?];
    let mut provider = Router::new(layout, "isp")?;
    lan(&routers)?;
    uplinks(&routers, &provider)?;
    for router in &routers {
        fs::write(router.dir.join("scripts/failover.lua"), SCRIPT)?;
    }

    let step = Step::start("start two routers and their provider");
    provider.start(&[("bgpd", &provider_config())])?;
    for (n, router) in (1u8..).zip(&mut routers) {
        router.start(&[("bgpd", &bgpd_config(n)), ("vrrpd", &vrrpd_config(n))])?;
    }
    let [r1, r2] = &mut routers;
    for router in [&mut *r1, &mut *r2] {
        router
            .wait("the route to the server", |r| r.prefixes().is_ok_and(|p| p.iter().any(|p| p == "203.0.113.0/24")))?;
    }
    r1.wait("the VRRP address", |r| state(r) == "Master")?;
    r2.wait("the VRRP state Backup", |r| state(r) == "Backup")?;
    step.done();

    println!("\n=== host --- LAN {LAN} --- r1, r2 (VRRP {GATEWAY}) --- isp (AS 65000) --- server {SERVER}\n");
    println!("The script on both routers, in bgpd and in vrrpd:\n");
    SCRIPT.lines().for_each(|line| println!("    {line}"));
    for router in [&*r1, &*r2] {
        println!("\n{}# show vrrp summary\n{}", router.name, router.commands(&["show vrrp summary"])?);
    }

    let traffic = Traffic::start("host", "isp", SERVER)?;
    r1.wait("answers of the server", |_| traffic.answers() > 100)?;

    println!("=== The uplink of r1 dies\n");
    let start = cut(&traffic, "down")?;
    r2.wait("the VRRP address on r2", |r| state(r) == "Master")?;
    let seen = traffic.answers();
    r2.wait("answers after the failure", |_| traffic.answers() > seen + 100)?;
    let gap = report(&[&*r1, &*r2], &traffic, start, "the link to r1 goes down")?;
    fs::write(super::gap_file(layout), gap.as_millis().to_string())?;
    let skew = f64::from(256 - u16::from(PRIORITY[1])) / 256.0 * INTERVAL;
    println!(
        "    What sets it: r2 takes over when it has not heard its own priority or more for Master_Down_Interval (RFC 9568\n    \
         section 6.1), 3 x {INTERVAL} s + {skew:.2} s skew = {:.2} s. That counts from r1's last advertisement of its full priority, up to\n    \
         {INTERVAL} s before the failure: so {:.2} to {:.2} s, and what bgpd and the scripts take.\n",
        3.0 * INTERVAL + skew,
        2.0 * INTERVAL + skew,
        3.0 * INTERVAL + skew
    );
    ensure!(
        gap.as_secs_f64() <= 3.0 * INTERVAL + 1.0,
        "the gap is longer than three advertisement intervals and a second"
    );

    println!("=== The uplink comes back\n");
    let start = cut(&traffic, "up")?;
    r1.wait("the VRRP address on r1", |r| state(r) == "Master")?;
    let seen = traffic.answers();
    r1.wait("answers after the return", |_| traffic.answers() > seen + 100)?;
    report(&[&*r1, &*r2], &traffic, start, "the link to r1 comes up")?;

    for router in [&*r1, &*r2] {
        println!("{}# show script failover\n{}", router.name, router.commands(&["show script failover"])?);
    }
    println!("r1# show script topics\n{}", r1.commands(&["show script topics"])?);
    if shell {
        println!("=== vtysh on r1; `exit` ends the demo\n");
        r1.vtysh().interactive()?;
    }
    Ok(())
}

/// Sets the provider's side of r1's uplink; when.
fn cut(traffic: &Traffic, state: &str) -> Result<SystemTime> {
    ensure!(traffic.answers() > 0, "the server has never answered");
    let now = SystemTime::now();
    run("ip").args(["-n", "isp", "link", "set", "r1", state]).output()?;
    Ok(now)
}

/// Prints what happened; the gap in the host's traffic.
fn report(routers: &[&Router], traffic: &Traffic, start: SystemTime, what: &str) -> Result<Duration> {
    let mut timeline = Timeline::default();
    timeline.add(start, "isp", what);
    for router in routers {
        timeline.add_log(router, "bgpd", start, &["bgpd: "])?;
        timeline.add_log(router, "vrrpd", start, &["vrrpd: "])?;
    }
    let gap = traffic.gap(start);
    let length = gap.map_or(Duration::ZERO, |gap| gap.length);
    if let Some(gap) = gap.filter(|gap| gap.length > PERIOD * 10) {
        timeline.add(gap.from, "host", "has the last answer for a while");
        timeline.add(gap.from + gap.length, "host", "has answers again");
    }
    print!("{}", timeline.text(start));
    println!(
        "\n    The longest time without an answer: {} ms (a datagram every {} ms)\n",
        length.as_millis(),
        PERIOD.as_millis()
    );
    Ok(length)
}

/// The state of VRID 5 as `show vrrp` tells it.
fn state(router: &Router) -> String {
    let shown = router.json("show vrrp json").unwrap_or_default();
    shown[0]["v4"]["status"].as_str().unwrap_or_default().to_owned()
}

/// A bridge, with a host and both routers on it, and the device that has the virtual MAC address.
fn lan(routers: &[Router; 2]) -> Result<()> {
    let ip = |args: &str| run("ip").args(args.split(' ')).output();
    ip("netns add host")?;
    ip("-n host link set lo up")?;
    ip("link add lan type bridge")?;
    ip("link set lan up")?;
    for (n, name) in (10u8..).zip(["host", routers[0].name, routers[1].name]) {
        ip(&format!("link add {name} type veth peer name lan netns {name}"))?;
        ip(&format!("link set {name} master lan up"))?;
        ip(&format!("-n {name} address add 192.0.2.{n}/24 dev lan"))?;
        ip(&format!("-n {name} link set lan up"))?;
    }
    ip(&format!("-n host route add default via {GATEWAY}"))?;
    for router in routers {
        let name = router.name;
        ip(&format!("-n {name} link add vrrp4 link lan type macvlan mode bridge"))?;
        ip(&format!("-n {name} link set vrrp4 address {VIRTUAL_MAC}"))?;
        ip(&format!("-n {name} address add {GATEWAY}/24 dev vrrp4"))?;
        ip(&format!("-n {name} link set vrrp4 up"))?;
        sysctl(name, "net/ipv4/ip_forward", "1")?;
        // What comes for the virtual address comes in on another device than its network's.
        for device in ["all", "default", "lan", "vrrp4"] {
            sysctl(name, &format!("net/ipv4/conf/{device}/rp_filter"), "0")?;
        }
        sysctl(name, "net/ipv4/conf/all/arp_ignore", "1")?;
    }
    Ok(())
}

fn sysctl(namespace: &str, key: &str, value: &str) -> Result<()> {
    run("ip").args(["netns", "exec", namespace, "sh", "-c", &format!("echo {value} > /proc/sys/{key}")]).output()?;
    Ok(())
}

/// A link from each router to the provider, who has the server's address.
fn uplinks(routers: &[Router; 2], provider: &Router) -> Result<()> {
    let ip = |args: &str| run("ip").args(args.split(' ')).output();
    for (n, router) in (0u8..).zip(routers) {
        let (name, isp) = (router.name, provider.name);
        ip(&format!("link add isp netns {name} type veth peer name {name} netns {isp}"))?;
        ip(&format!("-n {name} address add 198.51.100.{}/30 dev isp", n * 4 + 1))?;
        ip(&format!("-n {isp} address add 198.51.100.{}/30 dev {name}", n * 4 + 2))?;
        ip(&format!("-n {name} link set isp up"))?;
        ip(&format!("-n {isp} link set {name} up"))?;
    }
    ip(&format!("-n {} address add {SERVER}/32 dev lo", provider.name))?;
    sysctl(provider.name, "net/ipv4/conf/all/rp_filter", "0")
}

fn provider_config() -> String {
    let mut config =
        "router bgp 65000\n bgp router-id 203.0.113.1\n no bgp ebgp-requires-policy\n no bgp network import-check\n"
            .to_owned();
    for (address, number) in [("198.51.100.1", 65001), ("198.51.100.5", 65002)] {
        config += &format!(" neighbor {address} remote-as {number}\n neighbor {address} timers connect 1\n");
    }
    config + " address-family ipv4 unicast\n  network 203.0.113.0/24\n"
}

fn bgpd_config(n: u8) -> String {
    let isp = format!("198.51.100.{}", n * 4 - 2);
    format!(
        "script load failover\nrouter bgp 6500{n}\n bgp router-id 192.0.2.1{n}\n no bgp ebgp-requires-policy\n \
         neighbor {isp} remote-as 65000\n neighbor {isp} timers connect 1\n \
         address-family ipv4 unicast\n  network {LAN}\n"
    )
}

fn vrrpd_config(n: u8) -> String {
    let priority = PRIORITY[usize::from(n) - 1];
    format!(
        "script load failover\ninterface lan\n vrrp 5\n vrrp 5 priority {priority}\n vrrp 5 ip {GATEWAY}\n \
         vrrp 5 script failover\n"
    )
}
