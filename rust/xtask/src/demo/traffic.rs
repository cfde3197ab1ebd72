// SPDX-License-Identifier: GPL-2.0-or-later
//! A host's traffic: numbered datagrams to a server that sends them back.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use anyhow::{Context, Result};
use nix::sched::{CloneFlags, setns};

/// Between two datagrams.
pub const PERIOD: Duration = Duration::from_millis(5);
const PORT: u16 = 7;

/// Traffic that goes on until this is dropped.
pub struct Traffic {
    stop: Arc<AtomicBool>,
    answers: Arc<Mutex<Vec<SystemTime>>>,
    threads: Vec<JoinHandle<()>>,
}

/// A time without answers.
#[derive(Debug, Clone, Copy)]
pub struct Gap {
    /// The last answer before it.
    pub from: SystemTime,
    /// How long it was.
    pub length: Duration,
}

impl Traffic {
    /// From one network namespace to an address in another.
    pub fn start(from: &str, to: &str, address: Ipv4Addr) -> Result<Traffic> {
        let stop = Arc::new(AtomicBool::new(false));
        let answers = Arc::new(Mutex::new(Vec::new()));
        let server = Arc::clone(&stop);
        let echo = in_namespace(to, move || echo(address, &server))?;
        let (client, times) = (Arc::clone(&stop), Arc::clone(&answers));
        let ask = in_namespace(from, move || ask(address, &client, &times))?;
        Ok(Traffic { stop, answers, threads: vec![echo, ask] })
    }

    /// How many answers have come.
    pub fn answers(&self) -> usize {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The longest time without an answer since `since`.
    pub fn gap(&self, since: SystemTime) -> Option<Gap> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs = answers.windows(2).filter(|pair| pair[1] >= since);
        let gaps = pairs.map(|pair| Gap { from: pair[0], length: pair[1].duration_since(pair[0]).unwrap_or_default() });
        gaps.max_by_key(|gap| gap.length)
    }
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A thread that failed has said so.
            let _ = thread.join();
        }
    }
}

/// Runs in a thread that has gone into a network namespace, as `ip netns` names it.
fn in_namespace(name: &str, work: impl FnOnce() -> Result<()> + Send + 'static) -> Result<JoinHandle<()>> {
    let file = File::open(format!("/run/netns/{name}")).with_context(|| format!("there is no namespace {name}"))?;
    let name = name.to_owned();
    Ok(thread::spawn(move || {
        let result = setns(file, CloneFlags::CLONE_NEWNET).map_err(Into::into).and_then(|()| work());
        if let Err(error) = result {
            eprintln!("traffic in {name}: {error:#}");
        }
    }))
}

fn echo(address: Ipv4Addr, stop: &AtomicBool) -> Result<()> {
    let socket = UdpSocket::bind(SocketAddrV4::new(address, PORT))?;
    socket.set_read_timeout(Some(Duration::from_millis(100)))?;
    let mut datagram = [0; 64];
    while !stop.load(Ordering::Relaxed) {
        if let Ok((length, from)) = socket.recv_from(&mut datagram) {
            // Without a route back it is lost, as on any network.
            let _ = socket.send_to(&datagram[..length], from);
        }
    }
    Ok(())
}

fn ask(address: Ipv4Addr, stop: &AtomicBool, answers: &Mutex<Vec<SystemTime>>) -> Result<()> {
    let socket = UdpSocket::bind(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 0))?;
    socket.set_read_timeout(Some(PERIOD))?;
    let mut number = 0u64;
    let mut datagram = [0; 64];
    while !stop.load(Ordering::Relaxed) {
        number += 1;
        // While there is no gateway this fails.
        let sent = socket.send_to(&number.to_be_bytes(), SocketAddrV4::new(address, PORT)).is_ok();
        if sent && socket.recv_from(&mut datagram).is_ok() {
            answers.lock().unwrap_or_else(PoisonError::into_inner).push(SystemTime::now());
        }
        thread::sleep(PERIOD);
    }
    Ok(())
}
