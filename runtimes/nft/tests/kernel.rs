// SPDX-License-Identifier: GPL-2.0-or-later
//! Against the kernel, in a network namespace of each test's own; what the
//! runtime did is read with the `nft` tool. Needs root and nft.

use std::io::Write;
use std::process::{Command, Stdio};

use caps::{CapSet, Capability};
use frr_runtime::testing::TestHost;
use nft::element::Given;
use nft::element::Scalar;
use nft::error::Kind;
use nft::netlink::tables::{Action, Change, Failure, Raw, Tables};
use nft::plan::Verb;
use nft::ruleset::{Name, Ruleset, Wanted};
use nft::service::Nft;
use serde_json::{Value, json};

/// Moves this thread, and what it starts, into a new network namespace, which ends with it.
fn namespace(rules: &str) {
    // SAFETY: concerns this thread alone, and takes no pointer.
    #[allow(unsafe_code)]
    let result = unsafe { libc::unshare(libc::CLONE_NEWNET) };
    assert_eq!(result, 0, "needs root, for a network namespace: {}", std::io::Error::last_os_error());
    nft(rules);
}

/// Runs nft with these lines on its input; what it prints.
fn nft(lines: &str) -> String {
    let mut child = Command::new("nft")
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("nft (Debian package nftables)");
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "nft: {lines}");
    String::from_utf8(output.stdout).unwrap()
}

/// Elements of a set or a map as nft prints them.
fn shown(name: &str) -> Vec<String> {
    let outputs = ["set", "map"].map(|what| Command::new("nft").args(["-n", "list", what, "inet", "t", name]).output());
    let text = outputs.into_iter().flatten().find(|output| output.status.success());
    let text = String::from_utf8(text.expect("nft lists it").stdout).unwrap();
    let Some((_, elements)) = text.split_once("elements = {") else { return Vec::new() };
    let (elements, _) = elements.split_once('}').unwrap();
    let mut all: Vec<_> = elements.split(',').map(|element| element.trim().to_string()).collect();
    all.sort();
    all
}

fn sorted<const N: usize>(elements: [&str; N]) -> Vec<String> {
    let mut all = elements.map(String::from).to_vec();
    all.sort();
    all
}

fn in_order(mut all: Vec<Value>) -> Vec<Value> {
    all.sort_by_key(Value::to_string);
    all
}

fn host() -> TestHost {
    TestHost::load::<Nft>(None).unwrap()
}

fn name(set: &str) -> Value {
    json!({ "family": "inet", "table": "t", "name": set })
}

fn ask(host: &TestHost, request: &Value) -> Result<Value, Value> {
    let plain = |value: frr_runtime::Value| value.deserialized::<Value>().unwrap();
    host.call(request).map(plain).map_err(plain)
}

fn change(host: &TestHost, set: &str, verb: &str, elements: Value) -> Result<Value, Value> {
    ask(host, &json!({ "change": [{ "set": name(set), "verb": verb, "elements": elements }] }))
}

fn list(host: &TestHost, set: &str) -> Vec<Value> {
    let Value::Array(all) = ask(host, &json!({ "list": name(set) })).unwrap() else { panic!("no list") };
    all
}

fn message(error: &Value) -> &str {
    error["message"].as_str().unwrap()
}

#[test]
fn elements_of_every_type_are_as_nft_has_them() {
    namespace(
        "table inet t {
            set ipv4 { type ipv4_addr; }
            set ipv4i { type ipv4_addr; flags interval; }
            set ipv6a { type ipv6_addr; }
            set ipv6i { type ipv6_addr; flags interval; }
            set s_mac { type ether_addr; }
            set s_port { type inet_service; }
            set porti { type inet_service; flags interval; }
            set s_proto { type inet_proto; }
            set s_mark { type mark; }
            set marki { type mark; flags interval; }
            set s_ifname { type ifname; }
            set s_pair { type ipv4_addr . inet_service; }
            set pairi { type ipv4_addr . inet_service; flags interval; }
            set netmark { type ipv4_addr . mark; flags interval; }
            set s_triple { type ether_addr . ipv6_addr . mark; }
            set s_typed { typeof ip saddr . tcp dport; }
            set s_vlan { typeof vlan id; }
            set s_length { typeof meta length; }
            map mac_mark { type ether_addr : mark; }
            map net_verdict { type ipv4_addr : verdict; flags interval; }
            map s_to { type ipv4_addr : ipv4_addr . inet_service; }
            chain c { }
        }",
    );
    let host = host();
    // Set, what a script gives, what nft prints, what a script is told.
    let plain: &[(&str, Value, &[&str], Value)] = &[
        ("ipv4", json!(["192.0.2.1", " 192.0.2.2"]), &["192.0.2.1", "192.0.2.2"], json!(["192.0.2.1", "192.0.2.2"])),
        (
            "ipv4i",
            json!(["10.0.0.0/8", "192.0.2.1", "198.51.100.1-198.51.100.5", "240.0.0.0/4", "0.0.0.0/8"]),
            &["0.0.0.0/8", "10.0.0.0/8", "192.0.2.1", "198.51.100.1-198.51.100.5", "240.0.0.0/4"],
            json!(["0.0.0.0/8", "10.0.0.0/8", "192.0.2.1", "198.51.100.1-198.51.100.5", "240.0.0.0/4"]),
        ),
        ("ipv6a", json!(["2001:DB8::1"]), &["2001:db8::1"], json!(["2001:db8::1"])),
        (
            "ipv6i",
            json!(["2001:db8::/32", "ff00::/8", "fe80::1"]),
            &["2001:db8::/32", "fe80::1", "ff00::/8"],
            json!(["2001:db8::/32", "fe80::1", "ff00::/8"]),
        ),
        ("s_mac", json!(["00:00:5E:00:53:0a"]), &["00:00:5e:00:53:0a"], json!(["00:00:5e:00:53:0a"])),
        ("s_port", json!([80, "443", "0x16"]), &["22", "80", "443"], json!([22, 80, 443])),
        ("porti", json!(["1000-2000", 80]), &["80", "1000-2000"], json!([80, "1000-2000"])),
        ("s_proto", json!(["tcp", 17, "ospf89".get(4..)]), &["6", "17", "89"], json!(["tcp", "udp", 89])),
        ("s_mark", json!([1, "0x00000100"]), &["0x00000001", "0x00000100"], json!([1, 256])),
        ("marki", json!(["1-5", 256]), &["0x00000001-0x00000005", "0x00000100"], json!(["1-5", 256])),
        (
            "s_ifname",
            json!(["eth0", "a-name-of-15-oc"]),
            &["\"a-name-of-15-oc\"", "\"eth0\""],
            json!(["a-name-of-15-oc", "eth0"]),
        ),
        ("s_pair", json!(["192.0.2.1 . 443"]), &["192.0.2.1 . 443"], json!(["192.0.2.1 . 443"])),
        (
            "pairi",
            json!(["192.0.2.0/24 . 80-90", "198.51.100.1 . 1"]),
            &["192.0.2.0/24 . 80-90", "198.51.100.1 . 1"],
            json!(["192.0.2.0/24 . 80-90", "198.51.100.1 . 1"]),
        ),
        (
            "s_triple",
            json!(["00:00:5e:00:53:0a . 2001:db8::1 . 7"]),
            &["00:00:5e:00:53:0a . 2001:db8::1 . 0x00000007"],
            json!(["00:00:5e:00:53:0a . 2001:db8::1 . 7"]),
        ),
        ("s_typed", json!(["192.0.2.1 . 443"]), &["192.0.2.1 . 443"], json!(["192.0.2.1 . 443"])),
        ("s_vlan", json!([4095]), &["4095"], json!([4095])),
        ("s_length", json!([1500]), &["1500"], json!([1500])),
    ];
    for (set, given, printed, told) in plain {
        let count = given.as_array().unwrap().len();
        assert_eq!(change(&host, set, "add", given.clone()), Ok(json!({ "added": count, "deleted": 0 })), "{set}");
        let mut printed: Vec<_> = printed.iter().map(|text| (*text).to_string()).collect();
        printed.sort();
        assert_eq!(shown(set), printed, "{set}");
        let keys = list(&host, set).into_iter().map(|element| element["key"].clone()).collect();
        assert_eq!(in_order(keys), in_order(told.as_array().unwrap().clone()), "{set}");
        // What nft adds is what we read, and what it added we can delete.
        nft(&format!("flush set inet t {set}\nadd element inet t {set} {{ {} }}", printed.join(",")));
        assert_eq!(change(&host, set, "sync", told.clone()), Ok(json!({ "added": 0, "deleted": 0 })), "{set}");
        assert_eq!(change(&host, set, "delete", told.clone()), Ok(json!({ "added": 0, "deleted": count })), "{set}");
        assert_eq!(list(&host, set), [Value::Null; 0], "{set}");
    }
    // Versions of nft disagree on the byte order there.
    let error = change(&host, "netmark", "add", json!(["192.0.2.1 . 1"])).unwrap_err();
    assert_eq!(error["kind"], "unsupported");
    let maps: &[(&str, Value, &[&str])] = &[
        ("mac_mark", json!([{ "key": "00:00:5e:00:53:0a", "value": 100 }]), &["00:00:5e:00:53:0a : 0x00000064"]),
        (
            "net_verdict",
            json!([
                { "key": "10.0.0.0/24", "value": "drop" },
                { "key": "10.0.1.0/24", "value": "accept" },
                { "key": "10.0.2.0/24", "value": "jump c" },
            ]),
            &["10.0.0.0/24 : drop", "10.0.1.0/24 : accept", "10.0.2.0/24 : jump c"],
        ),
        ("s_to", json!([{ "key": "192.0.2.1", "value": "198.51.100.1 . 8080" }]), &["192.0.2.1 : 198.51.100.1 . 8080"]),
    ];
    for (map, given, printed) in maps {
        change(&host, map, "add", given.clone()).unwrap();
        let mut printed: Vec<_> = printed.iter().map(|text| (*text).to_string()).collect();
        printed.sort();
        assert_eq!(shown(map), printed, "{map}");
        assert_eq!(Value::Array(list(&host, map)), *given, "{map}");
        nft(&format!("flush map inet t {map}\nadd element inet t {map} {{ {} }}", printed.join(",")));
        assert_eq!(change(&host, map, "sync", given.clone()), Ok(json!({ "added": 0, "deleted": 0 })), "{map}");
    }
}

#[test]
fn a_request_is_done_as_a_whole_or_not_at_all() {
    namespace(
        "table inet t { set a { type ipv4_addr; size 4; }; set b { type ipv4_addr; flags interval; }; map m { type ipv4_addr : mark; }; }",
    );
    let host = host();
    change(&host, "a", "add", json!(["192.0.2.1"])).unwrap();
    let both = |b: Value| {
        ask(
            &host,
            &json!({ "change": [
            { "set": name("a"), "verb": "flush" },
            { "set": name("a"), "verb": "add", "elements": ["192.0.2.2", "192.0.2.3"] },
            { "set": name("b"), "verb": "add", "elements": b },
        ] }),
        )
    };
    let error = both(json!(["10.0.0.0/8", "10.1.0.0/16"])).unwrap_err();
    assert_eq!(
        error,
        json!({
            "kind": "conflict", "set": "set inet t b", "element": "10.1.0.0/16",
            "message": "set inet t b: element 10.1.0.0/16: overlaps an element that is there already",
        })
    );
    assert_eq!((shown("a"), shown("b")), (sorted(["192.0.2.1"]), vec![]));
    assert_eq!(both(json!(["10.0.0.0/8"])), Ok(json!({ "added": 3, "deleted": 0 })));
    assert_eq!((shown("a"), shown("b")), (sorted(["192.0.2.2", "192.0.2.3"]), sorted(["10.0.0.0/8"])));

    let words = |error: Result<Value, Value>| {
        let error = error.unwrap_err();
        (error["kind"].as_str().unwrap().to_string(), message(&error).to_string())
    };
    let cases = [
        (
            change(&host, "a", "delete", json!(["192.0.2.2", "192.0.2.9"])),
            "missing",
            "set inet t a: element 192.0.2.9: is not in the set",
        ),
        (
            change(&host, "a", "add", json!(["192.0.2.4", "192.0.2.5", "192.0.2.6"])),
            "full",
            "set inet t a: element 192.0.2.6: the set is full: its size allows no more elements",
        ),
        (
            change(&host, "b", "delete", json!(["10.0.0.0/9"])),
            "missing",
            "set inet t b: element 10.0.0.0/9: is not in the set",
        ),
        (
            change(&host, "nothing", "add", json!(["192.0.2.4"])),
            "no_set",
            "set inet t nothing: there is no such table or set; make it with nft first",
        ),
        (
            change(&host, "a", "add", json!(["192.0.2.0/24"])),
            "element",
            "set inet t a: element 192.0.2.0/24: is a range, but the set has no flag interval",
        ),
        (
            change(&host, "m", "add", json!(["192.0.2.1"])),
            "element",
            "set inet t m: element 192.0.2.1: needs a value: this is a map",
        ),
        (
            change(&host, "m", "add", json!([{ "key": "192.0.2.1", "value": 1 }, { "key": "192.0.2.1", "value": 2 }])),
            "element",
            "set inet t m: element 192.0.2.1: is there twice in the request, with different values or timeouts",
        ),
        (
            change(&host, "b", "add", json!([{ "key": "192.0.2.1", "timeout": 5 }])),
            "element",
            "set inet t b: element 192.0.2.1: has a timeout, but the set has no flag timeout",
        ),
    ];
    for (result, kind, text) in cases {
        assert_eq!(words(result), (kind.to_string(), text.to_string()));
    }
    change(&host, "m", "add", json!([{ "key": "192.0.2.1", "value": 1 }])).unwrap();
    let (kind, text) = words(change(&host, "m", "add", json!([{ "key": "192.0.2.1", "value": 2 }])));
    assert_eq!(
        (kind.as_str(), text.as_str()),
        ("conflict", "set inet t m: element 192.0.2.1: is there already, with another value")
    );
    assert_eq!(shown("a"), sorted(["192.0.2.2", "192.0.2.3"]));
}

#[test]
fn a_bad_request_says_what_is_wrong() {
    namespace("table inet t { set a { type ipv4_addr; }; }");
    let host = host();
    for (request, text) in [
        (json!({ "list": { "family": "inet", "table": "t" } }), "missing field `name`"),
        (json!({ "list": { "family": "ipx", "table": "t", "name": "a" } }), "family ipx is not one of ip, ip6, inet"),
        (json!({ "list": { "family": "inet", "table": "", "name": "a" } }), "a table has a name of 1 to 255 octets"),
        (
            json!({ "list": { "family": "inet", "table": "t", "name": "a\u{0}b" } }),
            "a set has a name of 1 to 255 octets",
        ),
        (json!({ "change": [{ "set": name("a"), "verb": "frob" }] }), "unknown variant `frob`"),
        (json!({ "change": [{ "set": name("a"), "verb": "add", "elements": [true] }] }), "expected an element"),
        (json!({ "change": [{ "set": name("a"), "verb": "add", "elements": [1.5] }] }), "expected an element"),
        (
            json!({ "change": [{ "set": name("a"), "verb": "add", "elements": [{ "value": 1 }] }] }),
            "missing field `key`",
        ),
        (
            json!({ "change": [{ "set": name("a"), "verb": "add", "elements": [{ "key": "a", "ttl": 1 }] }] }),
            "unknown field `ttl`",
        ),
        (json!({ "change": [{ "set": name("a"), "verb": "add", "elements": [7] }] }), "element 7: 7 is not text"),
        (json!({ "delete": 1 }), "unknown field `delete`"),
        (json!("x"), "invalid type"),
    ] {
        let error = ask(&host, &request).unwrap_err();
        assert!(message(&error).contains(text), "{request}: {error}");
    }
    assert_eq!(ask(&host, &json!({})), Ok(json!({ "added": 0, "deleted": 0 })));
}

#[test]
fn a_sync_makes_the_set_hold_exactly_what_is_wanted() {
    namespace(
        "table inet t {
            set a { type ipv4_addr; counter; elements = { 192.0.2.1 counter packets 5 bytes 500, 192.0.2.2 }; }
            set b { type ipv4_addr; flags interval; }
            map m { type ether_addr : mark; }
            map i { type ipv4_addr : mark; flags interval; }
        }",
    );
    let host = host();
    let sync = |set: &str, elements: Value| change(&host, set, "sync", elements);
    assert_eq!(sync("a", json!(["192.0.2.1", "192.0.2.3"])), Ok(json!({ "added": 1, "deleted": 1 })));
    assert_eq!(shown("a"), sorted(["192.0.2.1 counter packets 5 bytes 500", "192.0.2.3 counter packets 0 bytes 0"]));

    // What ranges cover together, as routes to parts of other routes' prefixes do.
    let covered = json!(["10.0.0.0/8", "10.1.0.0/16", "192.0.2.0/25", "192.0.2.128/25", "192.0.2.128/26"]);
    assert_eq!(sync("b", covered), Ok(json!({ "added": 3, "deleted": 0 })));
    assert_eq!(shown("b"), sorted(["10.0.0.0/8", "192.0.2.0/25", "192.0.2.128/25"]));
    // Smaller, larger, split and joined, in one go.
    let other = json!(["10.0.0.0/9", "10.128.0.0/10", "192.0.2.0/24", "0.0.0.0/8", "255.255.255.255"]);
    assert_eq!(sync("b", other), Ok(json!({ "added": 5, "deleted": 3 })));
    assert_eq!(shown("b"), sorted(["0.0.0.0/8", "10.0.0.0/9", "10.128.0.0/10", "192.0.2.0/24", "255.255.255.255"]));
    assert_eq!(sync("b", json!(["0.0.0.0/0"])), Ok(json!({ "added": 1, "deleted": 5 })));
    assert_eq!(shown("b"), sorted(["0.0.0.0/0"]));
    assert_eq!(sync("b", json!([])), Ok(json!({ "added": 0, "deleted": 1 })));
    assert_eq!(shown("b"), sorted([]));

    let tag = |mac: &str, value: u32| json!({ "key": mac, "value": value });
    let (a, b, c) = ("00:00:5e:00:53:0a", "00:00:5e:00:53:0b", "00:00:5e:00:53:0c");
    sync("m", json!([tag(a, 1), tag(b, 2)])).unwrap();
    assert_eq!(sync("m", json!([tag(a, 1), tag(b, 3), tag(c, 4)])), Ok(json!({ "added": 2, "deleted": 1 })));
    assert_eq!(list(&host, "m").len(), 3);
    assert!(shown("m").contains(&format!("{b} : 0x00000003")), "{:?}", shown("m"));

    let error = sync("i", json!([tag("10.0.0.0/8", 1), tag("10.1.0.0/16", 2)])).unwrap_err();
    assert_eq!(
        message(&error),
        "set inet t i: element 10.1.0.0/16: overlaps 10.0.0.0/8, which has another value or timeout"
    );
}

#[test]
fn put_replaces_and_discard_forgives() {
    namespace("table inet t { map m { type ipv4_addr : mark; }; set i { type ipv4_addr; flags interval; }; }");
    let host = host();
    let tag = |key: &str, value: u32| json!({ "key": key, "value": value });
    assert_eq!(
        change(&host, "m", "put", json!([tag("192.0.2.1", 1), tag("192.0.2.2", 2)])),
        Ok(json!({ "added": 2, "deleted": 0 }))
    );
    assert_eq!(
        change(&host, "m", "put", json!([tag("192.0.2.1", 1), tag("192.0.2.2", 3)])),
        Ok(json!({ "added": 1, "deleted": 1 }))
    );
    assert_eq!(shown("m"), sorted(["192.0.2.1 : 0x00000001", "192.0.2.2 : 0x00000003"]));
    assert_eq!(
        change(&host, "m", "discard", json!(["192.0.2.1", "192.0.2.9"])),
        Ok(json!({ "added": 0, "deleted": 1 }))
    );
    assert_eq!(shown("m"), sorted(["192.0.2.2 : 0x00000003"]));
    change(&host, "i", "add", json!(["10.0.0.0/8"])).unwrap();
    assert_eq!(
        change(&host, "i", "discard", json!(["10.0.0.0/9", "10.1.0.0/16"])),
        Ok(json!({ "added": 0, "deleted": 0 }))
    );
    // Each change of a request sees what the ones before it did.
    let steps = ask(
        &host,
        &json!({ "change": [
        { "set": name("m"), "verb": "flush" },
        { "set": name("m"), "verb": "put", "elements": [tag("192.0.2.2", 4)] },
        { "set": name("m"), "verb": "discard", "elements": ["192.0.2.2"] },
        { "set": name("m"), "verb": "add", "elements": [tag("192.0.2.2", 5)] },
        { "set": name("m"), "verb": "sync", "elements": [tag("192.0.2.2", 5), tag("192.0.2.3", 6)] },
    ] }),
    );
    assert_eq!(steps, Ok(json!({ "added": 3, "deleted": 1 })));
    assert_eq!(shown("m"), sorted(["192.0.2.2 : 0x00000005", "192.0.2.3 : 0x00000006"]));
}

#[test]
fn elements_live_as_long_as_they_are_told() {
    namespace(
        "table inet t {
            set a { type ipv4_addr; flags timeout; }
            set d { type ipv4_addr; flags interval,timeout; timeout 1h; }
        }",
    );
    let host = host();
    let element = |set: &str, key: &str| list(&host, set).into_iter().find(|element| element["key"] == key);
    let left = |set: &str, key: &str| element(set, key).unwrap()["expires"].as_f64().unwrap();
    change(&host, "a", "add", json!(["192.0.2.1", { "key": "192.0.2.2", "timeout": 60 }])).unwrap();
    assert_eq!(element("a", "192.0.2.1"), Some(json!({ "key": "192.0.2.1" })));
    assert_eq!(element("a", "192.0.2.2").unwrap()["timeout"], 60.0);
    assert!((50.0..=60.0).contains(&left("a", "192.0.2.2")));
    change(&host, "d", "add", json!(["10.0.0.0/8", { "key": "192.0.2.2", "timeout": 60 }])).unwrap();
    assert_eq!(element("d", "10.0.0.0/8").unwrap()["timeout"], 3600.0);
    assert!((50.0..=60.0).contains(&left("d", "192.0.2.2")));
    // A timer starts anew with a sync and a put; what is listed can be given back.
    change(&host, "a", "sync", json!([{ "key": "192.0.2.2", "timeout": 600 }])).unwrap();
    assert!(left("a", "192.0.2.2") > 500.0 && element("a", "192.0.2.1").is_none());
    let all = list(&host, "d");
    change(&host, "d", "put", Value::Array(all.clone())).unwrap();
    assert_eq!(list(&host, "d").len(), all.len());
    // Many that are about to go: a sync never fails for those that went meanwhile.
    let brief: Vec<_> =
        (0..250).map(|n| json!({ "key": format!("198.51.100.{n}"), "timeout": 0.001 * f64::from(n + 1) })).collect();
    change(&host, "a", "add", Value::Array(brief)).unwrap();
    while list(&host, "a").len() > 1 {
        change(&host, "a", "put", json!(["192.0.2.77"])).unwrap();
        change(&host, "a", "sync", json!([{ "key": "192.0.2.2", "timeout": 600 }])).unwrap();
    }
}

#[test]
fn many_elements_in_one_transaction() {
    namespace(
        "table inet t { set a { type ipv4_addr; }; set b { type ipv6_addr; flags interval; }; map m { type ipv4_addr : mark; }; }",
    );
    let mut ruleset = Ruleset::default();
    let wanted = |set: &str, verb, elements: Vec<String>| {
        let given =
            |key| Given { key: Scalar::Text(key), value: (set == "m").then_some(Scalar::Number(7)), timeout: None };
        let set = Name { family: "inet".into(), table: "t".into(), name: set.into() };
        Wanted { set, verb, elements: elements.into_iter().map(given).collect() }
    };
    let addresses = |n: u32| (0..n).map(|n| std::net::Ipv4Addr::from(0x0a00_0000 + n).to_string()).collect::<Vec<_>>();
    let prefixes =
        |n: u32| (0..n).map(|n| format!("2001:db8:{:x}:{:x}::/64", n >> 16, (2 * n) & 0xffff)).collect::<Vec<_>>();
    for (count, set) in [(10_000, "a"), (100_000, "a"), (10_000, "b"), (10_000, "m")] {
        let all = if set == "b" { prefixes(count) } else { addresses(count) };
        for (verb, added) in [(Verb::Flush, 0), (Verb::Add, all.len()), (Verb::Sync, 0)] {
            let started = std::time::Instant::now();
            let elements = if verb == Verb::Flush { Vec::new() } else { all.clone() };
            let done = ruleset.apply(&[wanted(set, verb, elements)]).unwrap();
            assert_eq!(done.added, added);
            println!("{count} elements of {set}, {verb:?}: {:?}", started.elapsed());
        }
        let found = ruleset.list(&wanted(set, Verb::Add, vec![]).set).unwrap();
        assert_eq!(found.len(), all.len(), "{set}");
        // The last one of many is bad: it is named, and nothing was done.
        let mut bad = all.clone();
        bad.push(if set == "b" { "2001:db9::/64" } else { "192.0.2.1" }.into());
        let error = ruleset.apply(&[wanted(set, Verb::Delete, bad)]).unwrap_err();
        assert_eq!(error.kind, Kind::Missing, "{error}");
        assert_eq!(error.element.as_deref(), Some(if set == "b" { "2001:db9::/64" } else { "192.0.2.1" }));
        assert_eq!(ruleset.list(&wanted(set, Verb::Add, vec![]).set).unwrap().len(), all.len());
    }
    let most = vec![String::from("192.0.2.1"); nft::ruleset::MOST + 1];
    assert_eq!(ruleset.apply(&[wanted("a", Verb::Add, most)]).unwrap_err().kind, Kind::Request);
}

#[test]
fn a_ruleset_that_changes_meanwhile_is_read_again() {
    namespace("table inet t { set a { type ipv4_addr; elements = { 192.0.2.9 }; }; }");
    let mut tables = Tables::open().unwrap();
    let generation = tables.generation().unwrap();
    nft("add element inet t a { 192.0.2.8 }");
    let raw = Raw { key: vec![192, 0, 2, 1], ..Raw::default() };
    let changes = [Change { family: 1, table: "t", set: "a", action: Action::Add(vec![raw]) }];
    assert!(matches!(tables.commit(&changes, Some(generation)), Err(Failure::Changed)));
    assert_eq!(shown("a"), sorted(["192.0.2.8", "192.0.2.9"]));
    let generation = tables.generation().unwrap();
    assert!(tables.commit(&changes, Some(generation)).is_ok());
    // The last resort of a sync, when others never stop.
    let set = Name { family: "inet".into(), table: "t".into(), name: "a".into() };
    let elements = vec![Given { key: Scalar::Text("192.0.2.1".into()), value: None, timeout: None }];
    let mut ruleset = Ruleset::default();
    ruleset.apply_within(&[Wanted { set: set.clone(), verb: Verb::Sync, elements: elements.clone() }], 0).unwrap();
    assert_eq!(shown("a"), sorted(["192.0.2.1"]));
    let error = ruleset.apply_within(&[Wanted { set, verb: Verb::Put, elements }], 0).unwrap_err();
    assert_eq!(error.kind, Kind::Busy);
}

/// bgpd as user frr has the capability permitted, but not in effect.
#[test]
fn a_permitted_capability_is_put_into_effect_on_its_own_thread() {
    namespace("table inet t { set a { type ipv4_addr; }; }");
    let keep = [Capability::CAP_NET_ADMIN].into_iter().collect();
    caps::clear(None, CapSet::Effective).unwrap();
    caps::set(None, CapSet::Permitted, &keep).unwrap();
    let mut ruleset = Ruleset::default();
    let set = || Name { family: "inet".into(), table: "t".into(), name: "a".into() };
    assert_eq!(ruleset.list(&set()).unwrap_err().kind, Kind::Permission);
    let permitted = host();
    change(&permitted, "a", "add", json!(["192.0.2.1"])).unwrap();
    assert_eq!(list(&permitted, "a").len(), 1);
    assert!(!caps::has_cap(None, CapSet::Effective, Capability::CAP_NET_ADMIN).unwrap(), "this thread got it too");
    permitted.unload();
    caps::clear(None, CapSet::Permitted).unwrap();
    let error = change(&host(), "a", "add", json!(["192.0.2.1"])).unwrap_err();
    assert_eq!(error["kind"], "permission");
    assert!(message(&error).contains("CAP_NET_ADMIN"), "{error}");
}

#[test]
fn calls_at_the_same_time_do_not_mix() {
    namespace("table inet t { set a { type ipv4_addr; }; }");
    let host = host();
    let pending: Vec<_> = (0..200u32)
        .map(|n| {
            host.begin(
                &json!({ "change": [{ "set": name("a"), "verb": "add", "elements": [format!("192.0.2.{n}")] }] }),
            )
        })
        .collect();
    for call in pending {
        call.wait().unwrap();
    }
    assert_eq!(list(&host, "a").len(), 200);
}
