// SPDX-License-Identifier: GPL-2.0-or-later
//! A route and a neighbor, as far as the example scripts look at them.

use frrscript::value::large::LargeCommunity;
use frrscript::value::{community, items};
use ipnet::IpNet;
use std::cell::Cell;
use std::ffi::CString;
use std::rc::Rc;

/// An AS path of one AS_SEQUENCE.
#[derive(Clone)]
pub struct AsPath {
    pub asns: Vec<u32>,
    /// As FRR writes it.
    pub text: CString,
}

impl AsPath {
    pub fn new(asns: Vec<u32>) -> AsPath {
        let text: Vec<String> = asns.iter().map(u32::to_string).collect();
        AsPath { text: CString::new(text.join(" ")).expect("digits"), asns }
    }
}

/// A neighbor. What changes while a session is up is in cells.
pub struct Peer {
    pub remote_as: u32,
    /// What the configuration calls it: its address.
    pub name: &'static str,
    pub sort: &'static str,
    pub state: Cell<&'static str>,
    pub prefixes: Cell<u32>,
    pub updates: Cell<u32>,
    pub refreshes: Cell<u32>,
}

impl Peer {
    /// An external neighbor.
    pub fn external(remote_as: u32, name: &'static str) -> Peer {
        Peer {
            remote_as,
            name,
            sort: "external",
            state: Cell::new("Established"),
            prefixes: Cell::new(0),
            updates: Cell::new(0),
            refreshes: Cell::new(0),
        }
    }
}

/// A route. Lists are as they are on the wire.
#[derive(Clone)]
pub struct Route {
    pub prefix: IpNet,
    /// The MAC address of an EVPN route.
    pub mac: Option<&'static str>,
    /// The prefix as FRR writes it.
    pub network: String,
    /// Of a route in an event: where it came from, and whether it was taken back.
    pub from: Option<Rc<Peer>>,
    pub withdrawn: bool,
    pub metric: Option<u32>,
    pub localpref: Option<u32>,
    pub as_path: AsPath,
    pub communities: Vec<u8>,
    pub large_communities: Vec<u8>,
    pub ext_communities: Vec<u8>,
    pub ipv4_nexthop: Option<String>,
    pub ipv6_nexthop: Option<String>,
}

impl Route {
    /// A route to `prefix` with an AS path.
    pub fn new(prefix: &str, as_path: &[u32]) -> Route {
        Route {
            prefix: prefix.parse().expect("a prefix"),
            mac: None,
            network: prefix.to_owned(),
            from: None,
            withdrawn: false,
            metric: None,
            localpref: None,
            as_path: AsPath::new(as_path.to_vec()),
            communities: Vec::new(),
            large_communities: Vec::new(),
            ext_communities: Vec::new(),
            ipv4_nexthop: None,
            ipv6_nexthop: None,
        }
    }

    /// An EVPN route to a MAC address behind a VTEP.
    pub fn evpn(mac: &'static str, vtep: &str) -> Route {
        Route {
            mac: Some(mac),
            network: format!("[2]:[0]:[48]:[{mac}]"),
            ipv4_nexthop: Some(vtep.to_owned()),
            ..Route::new("0.0.0.0/0", &[])
        }
    }

    /// The same from a neighbor.
    pub fn from(mut self, peer: &Rc<Peer>) -> Route {
        self.from = Some(Rc::clone(peer));
        self
    }

    /// The same, taken back.
    pub fn withdrawn(mut self) -> Route {
        self.withdrawn = true;
        self
    }

    /// The same with communities, standard and large ones.
    pub fn with(mut self, communities: &str) -> Route {
        for text in communities.split_whitespace() {
            if text.matches(':').count() == 2 {
                let large = items::parse::<LargeCommunity>(text).expect("a large community");
                self.large_communities.extend_from_slice(items::Item::octets(&large));
            } else {
                let standard = community::parse_one(text).expect("a community");
                self.communities.extend_from_slice(&standard.to_be_bytes());
            }
        }
        self
    }

    /// Its standard communities as numbers "AS:VALUE".
    pub fn communities(&self) -> Vec<String> {
        let (items, rest) = self.communities.as_chunks::<4>();
        assert!(rest.is_empty());
        items
            .iter()
            .map(|&[a, b, c, d]| format!("{}:{}", u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
            .collect()
    }

    /// Its large communities.
    pub fn large_communities(&self) -> Vec<String> {
        let (items, rest) = self.large_communities.as_chunks::<12>();
        assert!(rest.is_empty());
        let number = |octets: &[u8]| u32::from_be_bytes(octets.try_into().expect("4 octets"));
        items.iter().map(|i| format!("{}:{}:{}", number(&i[..4]), number(&i[4..8]), number(&i[8..]))).collect()
    }
}
