// SPDX-License-Identifier: GPL-2.0-or-later
//! `bgpfeed`: announces a table to a router, and counts what the router announces.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use bgpfeed::feed::Feed;
use bgpfeed::session::{Local, Session};
use bgpfeed::table::{Options, Tag};
use bgpfeed::wire::Family;
use clap::Parser;

/// Announce a full table to a BGP router, then stay until the router closes the session.
#[derive(Parser)]
#[command(version)]
struct Args {
    /// Address and port of the router.
    #[arg(long, value_name = "ADDR:PORT", required_unless_present = "listen")]
    connect: Option<SocketAddr>,
    /// Wait here for the router instead.
    #[arg(long, value_name = "ADDR:PORT", conflicts_with = "connect")]
    listen: Option<SocketAddr>,
    /// Own address, when the router knows its neighbor by one of several.
    #[arg(long, value_name = "ADDR")]
    bind: Option<IpAddr>,
    /// Own AS number: the first of every path.
    #[arg(long, value_name = "ASN")]
    local_as: u32,
    /// Own BGP identifier.
    #[arg(long, value_name = "ADDR", default_value = "192.0.2.1")]
    router_id: Ipv4Addr,
    /// Hold time in seconds: 0, or 3 and more.
    #[arg(long, value_name = "SECONDS", default_value_t = 180)]
    hold_time: u16,
    /// IPv4 routes to announce.
    #[arg(long, value_name = "N", default_value_t = 0)]
    routes: u32,
    /// IPv6 routes to announce.
    #[arg(long, value_name = "N", default_value_t = 0)]
    routes6: u32,
    /// Another seed gives another table.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Next hop of the IPv4 routes.
    #[arg(long, value_name = "ADDR", default_value = "192.0.2.1")]
    next_hop: Ipv4Addr,
    /// Next hop of the IPv6 routes.
    #[arg(long, value_name = "ADDR", default_value = "2001:db8::1")]
    next_hop6: Ipv6Addr,
    /// A community that a quarter of the routes carries, as ASN:VALUE.
    #[arg(long, value_name = "COMMUNITY", value_parser = community)]
    tag: Option<u32>,
    /// Change a part of the IPv4 routes every so many milliseconds, until standard input ends; then announce the table as it was
    /// and say "at rest".
    #[arg(long, value_name = "MSEC")]
    churn: Option<u64>,
    /// IPv4 groups of 1,000 that a careful neighbor refuses.
    #[arg(long, value_name = "N", default_value_t = 0)]
    leaks: u32,
    /// Leave when the router has announced this many routes to us, and fail if it does not.
    #[arg(long, value_name = "N")]
    expect: Option<usize>,
    /// Seconds to wait for the session, and for the routes of --expect.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    timeout: u64,
}

fn community(text: &str) -> Result<u32> {
    let (asn, value) = text.split_once(':').context("expected ASN:VALUE")?;
    let (asn, value): (u16, u16) = (asn.parse()?, value.parse()?);
    Ok(u32::from(asn) << 16 | u32::from(value))
}

fn main() -> Result<()> {
    let args = Args::parse();
    let timeout = Duration::from_secs(args.timeout);
    let options = Options {
        seed: args.seed,
        local_as: args.local_as,
        routes: args.routes,
        routes6: args.routes6,
        next_hop: args.next_hop,
        next_hop6: args.next_hop6,
        tags: args.tag.map(|community| Tag { communities: vec![community], per_mille: 250 }).into_iter().collect(),
        leaks: args.leaks,
    };
    let feed = Feed::new(&options);
    let routes = args.routes + args.routes6;
    println!("{routes} routes in {} UPDATEs, {} octets", feed.updates, feed.len());

    let mut families = vec![Family::Ipv4];
    if args.routes6 > 0 {
        families.push(Family::Ipv6);
    }
    let local = Local { asn: args.local_as, router_id: args.router_id, hold_time: args.hold_time, families };
    let session = match (args.connect, args.listen) {
        (Some(to), _) => {
            Session::connect(&local, to, args.bind, timeout).with_context(|| format!("no session with {to}"))?
        }
        (None, Some(at)) => {
            let listener = TcpListener::bind(at).with_context(|| format!("cannot listen at {at}"))?;
            Session::accept(&local, &listener)?
        }
        (None, None) => bail!("give --connect or --listen"),
    };
    println!("session with AS {}, router {}", session.peer().asn, session.peer().router_id);

    let start = Instant::now();
    session.send(&feed).context("the session ended while sending")?;
    println!("sent in {:.3} s", start.elapsed().as_secs_f64());

    if let Some(pause) = args.churn {
        let turns = churn(&session, &options, Duration::from_millis(pause))?;
        session.send(&feed).context("the session ended while sending")?;
        println!("at rest after {} turns, {} UPDATEs", turns.0, turns.1 + 2 * feed.updates);
    }

    if let Some(expect) = args.expect {
        let result = session.wait(timeout, |received| received.routes.len() >= expect);
        report(&session);
        result.with_context(|| format!("fewer than {expect} routes came"))?;
        session.close()?;
        return Ok(());
    }
    // A year stands for "until the router closes".
    let ended = session.wait(Duration::from_secs(365 * 86400), |_| false);
    report(&session);
    if let Err(error) = ended {
        println!("session ended: {error}");
    }
    Ok(())
}

/// Sends turns until standard input ends; how many, and how many UPDATEs these were.
fn churn(session: &Session, options: &Options, pause: Duration) -> Result<(usize, usize)> {
    let turns: Vec<Feed> = (0..8).map(|turn| Feed::churn(options, turn)).collect();
    let (ended, wait) = std::sync::mpsc::channel::<()>();
    std::thread::spawn(move || {
        // Until it is closed; then the sender goes, and the channel with it.
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        drop(ended);
    });
    let (mut sent, mut updates) = (0, 0);
    while wait.recv_timeout(pause) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
        let turn = &turns[sent % turns.len()];
        session.send(turn).context("the session ended while sending")?;
        updates += turn.updates;
        sent += 1;
    }
    Ok((sent, updates))
}

fn report(session: &Session) {
    session.received(|received| {
        println!(
            "received {} routes ({} announced, {} withdrawn in {} UPDATEs), End-of-RIB of {} families",
            received.routes.len(),
            received.announced,
            received.withdrawn,
            received.updates,
            received.end_of_rib.len()
        );
    });
}
