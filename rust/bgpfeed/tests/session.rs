// SPDX-License-Identifier: GPL-2.0-or-later
//! Two of our speakers against each other over loopback.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use bgpfeed::feed::Feed;
use bgpfeed::session::{Local, Session};
use bgpfeed::table::{Options, groups};
use bgpfeed::wire::{Family, HEADER, notification};

const TIMEOUT: Duration = Duration::from_secs(30);

fn local(asn: u32) -> Local {
    Local { asn, router_id: Ipv4Addr::new(192, 0, 2, 1), hold_time: 3, families: vec![Family::Ipv4, Family::Ipv6] }
}

/// A listener on a free port.
fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port")
}

/// An established session, both ends.
fn pair(far: Local, near: Local) -> (Session, Session) {
    let listener = listener();
    let to = listener.local_addr().expect("an address");
    let far = thread::spawn(move || Session::accept(&far, &listener));
    let near = Session::connect(&near, to, None, TIMEOUT).expect("the near end");
    let far = far.join().expect("no panic").expect("the far end");
    (far, near)
}

#[test]
fn a_table_arrives_whole() {
    let options = Options { routes: 30_000, routes6: 3_000, ..Options::default() };
    let (far, near) = pair(local(4_200_000_000), local(64496));
    assert_eq!((far.peer().asn, near.peer().asn), (64496, 4_200_000_000));
    near.send(&Feed::new(&options)).expect("sent");
    far.wait(TIMEOUT, |received| received.end_of_rib.len() == 2).expect("End-of-RIB of both families");
    far.received(|received| {
        assert_eq!(received.count(Family::Ipv4), 30_000);
        assert_eq!(received.count(Family::Ipv6), 3_000);
        assert_eq!((received.announced, received.withdrawn), (33_000, 0));
        for group in groups(&options) {
            for prefix in group.prefixes {
                assert_eq!(*received.routes[&prefix], group.attributes);
            }
        }
    });
}

#[test]
fn keepalives_outlast_the_hold_time() {
    // The reader gives up after three silent seconds, so only keepalives reach the fifth.
    let (far, near) = pair(local(64497), local(64496));
    let waited = far.wait(Duration::from_secs(5), |_| false);
    assert_eq!(waited.map_err(|e| e.kind()), Err(ErrorKind::TimedOut));
    assert_eq!((far.ended(), near.ended()), (None, None));
}

#[test]
fn closing_tells_the_peer_why() {
    let (far, near) = pair(local(64497), local(64496));
    near.close().expect("closed");
    let error = far.wait(TIMEOUT, |_| false).expect_err("the session ended");
    assert_eq!(error.kind(), ErrorKind::ConnectionAborted);
    assert_eq!(error.to_string(), "the peer sent NOTIFICATION 6/2");
}

#[test]
fn a_peer_without_the_family_is_refused() {
    let ipv4 = Local { families: vec![Family::Ipv4], ..local(64497) };
    let listener = listener();
    let to = listener.local_addr().expect("an address");
    let far = thread::spawn(move || Session::accept(&ipv4, &listener).map(drop));
    let error = Session::connect(&local(64496), to, None, TIMEOUT).err().expect("refused");
    assert_eq!(error.to_string(), "the peer does not speak Ipv6 unicast");
    assert!(far.join().expect("no panic").is_err());
}

#[test]
fn a_peer_that_is_not_ready_is_dialled_again() {
    let listener = listener();
    let to = listener.local_addr().expect("an address");
    let far = thread::spawn(move || {
        let refuse = |mut stream: TcpStream| {
            let mut open = [0; HEADER];
            stream.read_exact(&mut open).expect("an OPEN");
            let mut out = Vec::new();
            notification(&mut out, 6, 5);
            stream.write_all(&out).expect("sent");
        };
        refuse(listener.accept().expect("a connection").0);
        drop(listener.accept().expect("a connection"));
        Session::accept(&local(64497), &listener)
    });
    let near = Session::connect(&local(64496), to, None, TIMEOUT).expect("a session");
    assert_eq!(near.peer().asn, 64497);
    far.join().expect("no panic").expect("a session");
}

#[test]
fn nobody_there_is_an_error_after_the_timeout() {
    let to = listener().local_addr().expect("an address");
    let error = Session::connect(&local(64496), to, None, Duration::from_millis(200)).err().expect("nobody listens");
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}
