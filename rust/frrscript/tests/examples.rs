// SPDX-License-Identifier: GPL-2.0-or-later
//! The scripts of `examples/`: each is loaded and gives the answers that its comment promises.

#![allow(unsafe_code)]

mod support;

use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};
use support::events::{load, peers, reevaluations, shows, tell_peer, tell_route, turns, turns_for};
use support::{Entry, Peer, Route, log_lines};

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples")
}

fn matching(name: &str) -> Entry {
    Entry::matching(&examples(), name, "route_match")
}

/// What becomes of a route: `None` when the entry does not match it.
fn through(entry: &Entry, route: Route, peer: &Peer) -> Option<Route> {
    let mut route = route;
    entry.evaluate(&mut route, peer).then_some(route)
}

#[test]
fn edge() {
    let entry = matching("edge");
    let peer = Peer::external(65001, "192.0.2.1");
    let route = through(&entry, Route::new("198.51.100.64/26", &[65001]).with("65001:7"), &peer).expect("it matches");
    assert_eq!(route.localpref, Some(200));
    assert_eq!(route.communities(), ["65000:100", "65001:7"]);
    assert!(through(&entry, Route::new("198.51.100.0/29", &[65001]), &peer).is_none());
    assert!(through(&entry, Route::new("203.0.113.0/24", &[65001]), &peer).is_none());
    assert!(through(&entry, Route::new("198.51.100.0/24", &[65001]).with("65001:666"), &peer).is_none());
}

#[test]
fn customer_filter() {
    let entry = matching("customer_filter");
    let (one, two) = (Peer::external(64501, "192.0.2.1"), Peer::external(64502, "192.0.2.2"));
    let route = Route::new("198.51.100.128/25", &[64501, 64501]).with("64500:1002 64501:5");
    let route = through(&entry, route, &one).expect("the customer's own");
    assert_eq!(route.localpref, Some(200));
    assert_eq!(route.communities(), ["64500:1001", "64501:5"]);
    assert!(through(&entry, Route::new("2001:db8:1ff::/48", &[64501]), &one).is_some());
    let route = through(&entry, Route::new("203.0.113.0/24", &[64502, 64511]), &two).expect("its customer's");
    assert_eq!(route.communities(), ["64500:1002"]);

    for (why, prefix, path, peer) in [
        ("longer than registered", "198.51.100.0/27", &[64501][..], &one),
        ("another customer's prefix", "203.0.113.0/24", &[64501], &one),
        ("an origin that is not registered", "203.0.113.0/24", &[64502, 64512], &two),
        ("a path that does not begin with the neighbor", "198.51.100.0/24", &[64502, 64501], &one),
        ("no path", "198.51.100.0/24", &[], &one),
        ("nobody's customer", "198.51.100.0/24", &[64503], &Peer::external(64503, "192.0.2.3")),
    ] {
        assert!(through(&entry, Route::new(prefix, path), peer).is_none(), "{why}");
    }
}

#[test]
fn hygiene() {
    let entry = matching("hygiene");
    let peer = Peer::external(3333, "192.0.2.1");
    for (prefix, path) in [("11.2.0.0/16", &[3333][..]), ("11.2.3.0/24", &[3333, 1103]), ("2a00:1450::/32", &[3333])] {
        let route = Route::new(prefix, path);
        let after = through(&entry, route.clone(), &peer).expect(prefix);
        assert_eq!((after.localpref, after.communities), (route.localpref, route.communities), "nothing is changed");
    }
    let long = vec![3333; 51];
    for (why, prefix, path) in [
        ("private", "10.1.0.0/16", &[3333][..]),
        ("documentation", "203.0.113.0/24", &[3333]),
        ("the default route", "0.0.0.0/0", &[3333]),
        ("too long", "11.2.3.0/25", &[3333]),
        ("too short", "8.0.0.0/7", &[3333]),
        ("multicast", "232.1.0.0/16", &[3333]),
        ("documentation, IPv6", "2001:db8:1::/48", &[3333]),
        ("unique local", "fd00::/32", &[3333]),
        ("too long, IPv6", "2a00:1450::/49", &[3333]),
        ("no path", "11.2.0.0/16", &[]),
        ("another AS in front", "11.2.0.0/16", &[1103, 3333]),
        ("a private AS number", "11.2.0.0/16", &[3333, 65000]),
        ("AS_TRANS", "11.2.0.0/16", &[3333, 23456]),
        ("a 32-bit private AS number", "11.2.0.0/16", &[3333, 4_200_000_001]),
        ("a long path", "11.2.0.0/16", &long),
        ("a leak", "11.2.0.0/16", &[3333, 3356, 1103]),
    ] {
        assert!(through(&entry, Route::new(prefix, path), &peer).is_none(), "{why}");
    }
    let transit = Peer::external(1299, "192.0.2.2");
    assert!(through(&entry, Route::new("11.2.0.0/16", &[1299, 3356, 1103]), &transit).is_some());
}

#[test]
fn blackhole() {
    let entry = matching("blackhole");
    let peer = Peer::external(64501, "192.0.2.1");
    let route = through(&entry, Route::new("198.51.100.7/32", &[64501]).with("65535:666"), &peer).expect("its own");
    assert_eq!(route.ipv4_nexthop.as_deref(), Some("192.0.2.1"));
    assert_eq!(route.ipv6_nexthop, None);
    assert_eq!(route.localpref, Some(1000));
    assert_eq!(route.communities(), ["65535:666", "65535:65281"], "no-export is added");
    let route = through(&entry, Route::new("2001:db8:100::7/128", &[64501]).with("65535:666"), &peer).expect("its own");
    assert_eq!((route.ipv4_nexthop, route.ipv6_nexthop.as_deref()), (None, Some("100::1")));

    for (why, route) in [
        ("without the community", Route::new("198.51.100.7/32", &[64501])),
        ("wider than a host", Route::new("198.51.100.0/31", &[64501]).with("65535:666")),
        ("another customer's", Route::new("203.0.113.7/32", &[64501]).with("65535:666")),
        ("through the customer", Route::new("198.51.100.7/32", &[64502, 64501]).with("65535:666")),
    ] {
        assert!(through(&entry, route, &peer).is_none(), "{why}");
    }
}

#[test]
fn time_region_by_region() {
    let entry = Entry::setting(&examples(), "time_region", "route_set");
    let peer = Peer::external(64500, "192.0.2.1");
    for (communities, localpref) in [
        ("64500:1:276", 200),
        ("64496:1:276 64500:1:756", 150),
        ("64500:1:840", 100),
        ("64500:2:276", 100),
        ("64501:1:276", 100),
        ("", 100),
    ] {
        let route =
            through(&entry, Route::new("198.51.100.0/24", &[]).with(communities), &peer).expect("set always does");
        assert_eq!(route.localpref, Some(localpref), "{communities}");
        assert_eq!(route.metric, None);
    }
}

/// A folder that goes when the test is over.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An example in a folder of its own, with parts of its text replaced.
fn changed(name: &str, parts: &[(&str, &str)]) -> Folder {
    let mut text = std::fs::read_to_string(examples().join(format!("{name}.luau"))).expect("the example");
    for (old, new) in parts {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, new);
    }
    let number = std::thread::current().id();
    let folder = std::env::temp_dir().join(format!("frrscript-{name}-{}-{number:?}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join(format!("{name}.luau")), text).expect("a script");
    Folder(folder)
}

/// The clock can't be set, but the window can.
#[test]
fn time_region_by_time() {
    let peer = Peer::external(64503, "192.0.2.1");
    for (window, metric) in [("{ from = 0, to = 24 }", 500), ("{ from = 24, to = 24 }", 50)] {
        let folder = changed("time_region", &[("{ from = 1, to = 6 }", window)]);
        let entry = Entry::setting(&folder.0, "time_region", "announce");
        let route = through(&entry, Route::new("198.51.100.0/24", &[64500]), &peer).expect("set always does");
        assert_eq!((route.metric, route.localpref), (Some(metric), None), "{window}");
    }
}

#[test]
fn route_server() {
    let entry = matching("route_server");
    let (small, large) = (Peer::external(64501, "192.0.2.1"), Peer::external(4_200_000_001, "192.0.2.2"));
    let announced = |communities: &str| Route::new("198.51.100.0/24", &[64510, 64511]).with(communities);

    for (communities, to_small, to_large) in [
        ("", true, true),
        ("0:64501", false, true),
        ("64500:0:64501", false, true),
        ("64500:0:4200000001", true, false),
        ("0:64500", false, false),
        ("64500:0:0", false, false),
        ("0:64500 64500:64501", true, false),
        ("64500:0:0 64500:1:4200000001", false, true),
        ("64500:1:64501", true, true),
        ("0:64501 64500:64501", false, true),
    ] {
        assert_eq!(through(&entry, announced(communities), &small).is_some(), to_small, "{communities}: 64501");
        assert_eq!(through(&entry, announced(communities), &large).is_some(), to_large, "{communities}: 4200000001");
    }

    let route = announced("65502:64501 64500:101:4200000001 64510:7 64510:1:2");
    let to_small = through(&entry, route.clone(), &small).expect("announced");
    assert_eq!(to_small.as_path.asns, [64510, 64510, 64510, 64511]);
    let to_large = through(&entry, route, &large).expect("announced");
    assert_eq!(to_large.as_path.asns, [64510, 64510, 64511]);
    for route in [to_small, to_large] {
        assert_eq!(route.communities(), ["64510:7"], "controls are taken out");
        assert_eq!(route.large_communities(), ["64510:1:2"]);
    }
}

#[test]
fn graceful_shutdown() {
    let receive = Entry::setting(&examples(), "graceful_shutdown", "receive");
    let send = Entry::setting(&examples(), "graceful_shutdown", "send");
    let (draining, other) = (Peer::external(64501, "192.0.2.9"), Peer::external(64502, "192.0.2.1"));
    let internal = Peer { sort: "internal", ..Peer::external(64500, "2001:db8::9") };
    let route = |communities: &str| Route::new("198.51.100.0/24", &[64501]).with(communities);

    let localpref = |communities, peer| through(&receive, route(communities), peer).expect("set always does").localpref;
    assert_eq!(localpref("", &draining), Some(0));
    assert_eq!(localpref("", &internal), Some(0));
    assert_eq!(localpref("65535:0", &other), Some(0));
    assert_eq!(localpref("64501:1", &other), None);

    let sent = |peer| through(&send, route("64501:1"), peer).expect("set always does").communities();
    assert_eq!(sent(&draining), ["64501:1", "65535:0"]);
    assert_eq!(sent(&other), ["64501:1"]);
    assert_eq!(sent(&internal), ["64501:1"]);
}

fn said(text: &str) -> usize {
    log_lines().iter().filter(|line| line.contains(text)).count()
}

#[test]
fn peer_alarm() {
    let folder = changed("peer_alarm", &[("FLAP = 30", "FLAP = 0.2")]);
    let (west, gone) = (Rc::new(Peer::external(64501, "192.0.2.1")), Rc::new(Peer::external(64502, "192.0.2.2")));
    let never = Rc::new(Peer::external(64503, "192.0.2.3"));
    never.state.set("Active");
    peers(&[&west, &never]);
    load(&folder.0, "peer_alarm");

    tell_peer(&west, "Idle");
    tell_peer(&west, "Established");
    tell_peer(&gone, "Idle");
    assert!(turns(|| said("192.0.2.3 (AS 64503, \"west\") is down for 0 s: Active") == 1));
    turns_for(Duration::from_millis(250));
    assert_eq!(log_lines().len(), 1, "a flap, and a neighbor that is not configured any more");

    tell_peer(&west, "Idle");
    assert!(turns(|| said("192.0.2.1 (AS 64501, \"west\") is down for 0 s: Idle") == 1));
    tell_peer(&west, "Established");
    tell_peer(&never, "Established");
    assert_eq!(said("is back after"), 2);
    assert_eq!(log_lines().len(), 4);
}

#[test]
fn prefix_guard() {
    let fast = [("EVERY = 5 ", "EVERY = 0.01 "), ("STEADY = 60 ", "STEADY = 0.2 "), ("TABLE = 120 ", "TABLE = 0 ")];
    let folder = changed("prefix_guard", &fast);
    let (west, east) = (Rc::new(Peer::external(64501, "192.0.2.1")), Rc::new(Peer::external(64502, "192.0.2.2")));
    peers(&[&west, &east]);
    west.prefixes.set(1000);
    let entry = Entry::setting(&folder.0, "prefix_guard", "route_set");
    let localpref = |peer| through(&entry, Route::new("198.51.100.0/24", &[]), peer).expect("set does").localpref;
    turns_for(Duration::from_millis(30));
    west.prefixes.set(1200);
    east.prefixes.set(90);
    turns_for(Duration::from_millis(30));
    assert_eq!((localpref(&west), said("prefix_guard")), (None, 0), "those are no sudden changes");

    west.prefixes.set(1600);
    assert!(turns(|| said("192.0.2.1 has 1600 routes, 1200 before: new ones come last") == 1));
    assert_eq!((localpref(&west), localpref(&east)), (Some(10), None));
    let before = reevaluations();
    assert!(turns(|| said("192.0.2.1 is steady at 1600 routes") == 1));
    assert!(turns(|| reevaluations() == before + 1));
    assert_eq!(localpref(&west), None);

    west.prefixes.set(2_000_000);
    turns_for(Duration::from_millis(300));
    assert_eq!((localpref(&west), said("steady")), (Some(10), 1), "as long as it is over the limit");
    west.prefixes.set(999_999);
    assert!(turns(|| said("192.0.2.1 is steady at 999999 routes") == 1));
    assert_eq!(log_lines().len(), 4);
}

const FAST: [(&str, &str); 7] = [
    ("SUPPRESS = 6000 ", "SUPPRESS = 2500 "),
    ("HALF_LIFE = 900 ", "HALF_LIFE = 0.4 "),
    ("CALM = 60 ", "CALM = 0.1 "),
    ("TABLE = 120 ", "TABLE = 0.1 "),
    ("EVERY = 5 ", "EVERY = 0.01 "),
    ("MOST = 10000 ", "MOST = 4 "),
    ("CEILING = 12000 ", "CEILING = 1000000 "),
];

fn flap(prefix: &str, peer: &Rc<Peer>, times: u32) {
    let route = Route::new(prefix, &[64501]).from(peer);
    for _ in 0..times {
        tell_route("ipv4 unicast", Some(&route.clone().withdrawn()), None);
        tell_route("ipv4 unicast", None, Some(&route));
    }
}

#[test]
fn flap_damping_of_prefixes() {
    const HELD: &str = "198.51.100.0/24 from 192.0.2.1 in vrf default is held back";
    let folder = changed("flap_damping", &FAST);
    let (west, east) = (Rc::new(Peer::external(64501, "192.0.2.1")), Rc::new(Peer::external(64502, "192.0.2.2")));
    peers(&[&west, &east]);
    let entry = Entry::matching(&folder.0, "flap_damping", "route_match");
    let route = |path: &[u32]| Route::new("198.51.100.0/24", path);
    let lets = |path: &[u32], peer| through(&entry, route(path), peer).is_some();

    // What is no flap: evaluations, a better route of another neighbor, a session that goes down.
    (0..20).for_each(|_| assert!(lets(&[64501], &west)));
    for _ in 0..5 {
        tell_route("ipv4 unicast", Some(&route(&[64501]).from(&west)), Some(&route(&[64502]).from(&east)));
    }
    west.state.set("Clearing");
    flap("198.51.100.0/24", &west, 5);
    west.state.set("Established");
    assert_eq!(log_lines(), Vec::<String>::new());

    let before = reevaluations();
    flap("198.51.100.0/24", &west, 3);
    assert_eq!(said(HELD), 1);
    assert!(!lets(&[64501], &west), "it is held back");
    assert!(lets(&[64501], &east), "from this neighbor alone");
    assert!(turns(|| reevaluations() > before), "it came back before the handler ran");

    // Neither evaluations nor what this script takes out keep it back; other attributes do.
    let back = |lasts: std::ops::Range<u64>| {
        let (before, lines, began) = (reevaluations(), said("is back"), Instant::now());
        assert!(turns(|| said("is back") > lines && reevaluations() > before));
        assert!(lasts.contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
        assert!(lets(&[64501], &west));
    };
    for _ in 0..200 {
        assert!(!lets(&[64501], &west));
    }
    for _ in 0..100 {
        tell_route("ipv4 unicast", Some(&route(&[64501]).from(&west).withdrawn()), None);
    }
    back(0..2);
    flap("198.51.100.0/24", &west, 3);
    for n in 0..200 {
        assert!(!lets(&[64501, n], &west));
    }
    back(2..20);

    // The oldest makes room.
    flap("198.51.100.0/24", &west, 3);
    assert!(!lets(&[64501], &west));
    (1..=4).for_each(|n| flap(&format!("203.0.113.{n}/32"), &west, 1));
    assert!(lets(&[64501], &west));
}

#[test]
fn flap_damping_of_neighbors() {
    let folder = changed("flap_damping", &FAST);
    let (west, east) = (Rc::new(Peer::external(64501, "192.0.2.1")), Rc::new(Peer::external(64502, "192.0.2.2")));
    peers(&[&west, &east]);
    let entry = Entry::matching(&folder.0, "flap_damping", "route_match");
    let localpref = |peer| through(&entry, Route::new("198.51.100.0/24", &[]), peer).expect("it matches").localpref;
    turns_for(Duration::from_millis(150));

    // Its answer to a route refresh.
    east.refreshes.set(1);
    turns_for(Duration::from_millis(20));
    east.updates.set(5000);
    turns_for(Duration::from_millis(20));
    assert_eq!((localpref(&east), log_lines().len()), (None, 0));

    west.updates.set(5000);
    assert!(turns(|| said("192.0.2.1 in vrf default sends too fast") == 1));
    assert_eq!((localpref(&west), localpref(&east)), (Some(50), None));
    let before = reevaluations();
    assert!(turns(|| said("192.0.2.1 in vrf default is calm") == 1));
    assert!(turns(|| reevaluations() == before + 1));
    assert_eq!(localpref(&west), None);
}

#[test]
fn group_policy() {
    const MAC: &str = "00:00:5e:00:53:0a";
    let stamp = Entry::setting(&examples(), "group_policy", "stamp");
    let learn = Entry::setting(&examples(), "group_policy", "learn");
    let peer = Rc::new(Peer::external(64500, "192.0.2.1"));
    // It also says that there is no runtime here; topotests/script_rt_nft has one.
    let told = || log_lines().into_iter().filter(|line| line.starts_with("group_policy: ")).collect::<Vec<String>>();
    let stamped = |route| through(&stamp, route, &peer).expect("set always does").ext_communities;

    let plain = Route::evpn(MAC, "192.0.2.1").from(&peer);
    let mut tagged = plain.clone();
    tagged.ext_communities = stamped(plain.clone());
    assert_eq!(tagged.ext_communities, [3, 23, 0, 0, 0, 0, 0, 100]);
    let other = Route { ext_communities: vec![3, 23, 0, 0, 0, 0, 0, 7], ..plain.clone() };
    assert_eq!(stamped(other.clone()), other.ext_communities, "another VTEP did it already");
    assert!(stamped(Route::evpn("00:00:5e:00:53:0c", "192.0.2.1")).is_empty());
    assert!(stamped(Route::new("198.51.100.0/24", &[])).is_empty());

    tell_route("l2vpn evpn", None, Some(&plain));
    tell_route("ipv4 unicast", None, Some(&Route::new("198.51.100.0/24", &[])));
    assert_eq!(told(), Vec::<String>::new(), "nothing to learn from those");
    tell_route("l2vpn evpn", None, Some(&tagged));
    through(&learn, tagged.clone(), &peer);
    assert_eq!(told(), [format!("group_policy: {MAC} has tag 100, behind 192.0.2.1")]);
    tell_route("l2vpn evpn", Some(&tagged.withdrawn()), None);
    assert_eq!(told()[1..], [format!("group_policy: {MAC} lost tag 100, behind 192.0.2.1")]);
}

/// bgpd's part; topotests/script_uplink has vrrpd's.
#[test]
fn vrrp_follows_bgp() {
    let folder = changed("vrrp_follows_bgp", &[]);
    let listen = "frr.subscribe('uplink.healthy', function(healthy) log.info(healthy) end)";
    std::fs::write(folder.0.join("listen.lua"), listen).expect("a script");
    let internal = Peer { sort: "internal", ..Peer::external(64500, "192.0.2.1") };
    let (external, internal) = (Rc::new(Peer::external(64501, "192.0.2.1")), Rc::new(internal));
    let route = |prefix, peer: &Rc<Peer>| Route::new(prefix, &[]).from(peer);
    shows(
        "show bgp ipv4 unicast 0.0.0.0/0 json",
        r#"{"paths": [{"peer": {"type": "internal"}}, {"bestpath": {"overall": true}, "peer": {"type": "external"}}]}"#,
    );
    load(&folder.0, "listen");
    load(&folder.0, "vrrp_follows_bgp");
    assert!(turns(|| log_lines() == ["true"]), "it was there before: {:?}", log_lines());

    let (mine, theirs) = (route("0.0.0.0/0", &external), route("0.0.0.0/0", &internal));
    tell_route("ipv4 unicast", Some(&mine), Some(&theirs));
    tell_route("ipv6 unicast", None, Some(&route("::/0", &external)));
    tell_route("ipv6 unicast", Some(&route("::/0", &external)), None);
    tell_route("ipv4 unicast", Some(&theirs), Some(&mine));
    tell_route("ipv4 unicast", None, Some(&route("198.51.100.0/24", &internal)));
    assert_eq!(log_lines(), ["true", "false", "true", "false", "true"]);
}

/// A script that nothing tests is no example. Those that need a runtime are tested on routers only.
#[test]
fn every_example_is_tested() {
    let tested = include_str!("examples.rs");
    let topotests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../topotests");
    let of_runtimes = std::fs::read_dir(topotests)
        .expect("the folder")
        .map(|f| f.expect("an entry").path())
        .filter(|path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("script_rt_")));
    let scripts: Vec<PathBuf> = of_runtimes.map(|path| path.join("scripts")).collect();
    let files = std::fs::read_dir(examples()).expect("the folder");
    for file in files.map(|f| f.expect("an entry").path()) {
        let name = file.file_stem().and_then(|n| n.to_str()).expect("a name").to_owned();
        let on_routers = scripts.iter().any(|scripts| scripts.join(format!("{name}.luau")).exists());
        assert!(on_routers || tested.contains(&format!("\"{name}\"")), "{name}");
    }
}
