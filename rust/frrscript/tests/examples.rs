// SPDX-License-Identifier: GPL-2.0-or-later
//! The scripts of `examples/`: each is loaded and gives the answers that its comment promises.

#![allow(unsafe_code)]

mod support;

use std::path::{Path, PathBuf};
use support::{Entry, Peer, Route};

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

/// The clock can't be set, but the window can.
#[test]
fn time_region_by_time() {
    let source = std::fs::read_to_string(examples().join("time_region.luau")).expect("the example");
    let directory = std::env::temp_dir().join(format!("frrscript-examples-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a folder");
    let peer = Peer::external(64503, "192.0.2.1");
    for (name, window, metric) in [("always", "{ from = 0, to = 24 }", 500), ("never", "{ from = 24, to = 24 }", 50)] {
        let text = source.replace("{ from = 1, to = 6 }", window);
        assert_ne!(text, source);
        std::fs::write(directory.join(format!("{name}.luau")), text).expect("a script");
        let entry = Entry::setting(&directory, name, "announce");
        let route = through(&entry, Route::new("198.51.100.0/24", &[64500]), &peer).expect("set always does");
        assert_eq!((route.metric, route.localpref), (Some(metric), None), "{name}");
    }
    std::fs::remove_dir_all(&directory).expect("the folder was made above");
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

/// A script that nothing here tests is no example.
#[test]
fn every_example_is_tested() {
    let tested = include_str!("examples.rs");
    let files = std::fs::read_dir(examples()).expect("the folder");
    for file in files.map(|f| f.expect("an entry").path()) {
        let name = file.file_stem().and_then(|n| n.to_str()).expect("a name").to_owned();
        assert!(tested.contains(&format!("\"{name}\"")), "{name}");
    }
}
