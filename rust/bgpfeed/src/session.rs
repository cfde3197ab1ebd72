// SPDX-License-Identifier: GPL-2.0-or-later
//! A TCP connection that speaks BGP (RFC 4271 section 8, reduced to what a test needs: no
//! collision handling, and a session that ended stays so).

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::feed::Feed;
use crate::received::Received;
use crate::wire::{self, Family, HEADER, Header, Kind, Open, Update};

/// Pause before the peer is dialled again.
const RETRY: Duration = Duration::from_millis(50);

/// What we say of ourselves.
#[derive(Debug, Clone)]
pub struct Local {
    /// AS number.
    pub asn: u32,
    /// BGP identifier.
    pub router_id: Ipv4Addr,
    /// Seconds offered; the smaller offer of both sides holds. 0 or 3 and more.
    pub hold_time: u16,
    /// Unicast families.
    pub families: Vec<Family>,
}

/// Shared with the threads.
struct Shared {
    writer: Mutex<TcpStream>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    received: Received,
    /// Why no more will come.
    ended: Option<String>,
}

/// An established session. Dropping it closes the connection.
pub struct Session {
    shared: Arc<Shared>,
    peer: Open,
    threads: Vec<JoinHandle<()>>,
}

impl Session {
    /// Dials `to`, from the address `from` if one is given, until a session is established.
    ///
    /// # Errors
    /// The last failure when `timeout` is over, or at once what can't get better: a peer with
    /// another idea of the session, a malformed message.
    pub fn connect(local: &Local, to: SocketAddr, from: Option<IpAddr>, timeout: Duration) -> io::Result<Self> {
        let deadline = Instant::now() + timeout;
        loop {
            let error = match dial(to, from).and_then(|stream| Self::establish(local, stream)) {
                Ok(session) => return Ok(session),
                Err(error) if error.kind() == ErrorKind::InvalidData => return Err(error),
                Err(error) => error,
            };
            if Instant::now() + RETRY > deadline {
                return Err(error);
            }
            thread::sleep(RETRY);
        }
    }

    /// Waits for one connection and establishes a session on it.
    ///
    /// # Errors
    /// The connection failed, or the peer has another idea of the session.
    pub fn accept(local: &Local, listener: &TcpListener) -> io::Result<Self> {
        Self::establish(local, listener.accept()?.0)
    }

    /// Exchanges OPEN and KEEPALIVE and starts the threads.
    fn establish(local: &Local, mut stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(10)))?;
        let mut out = Vec::new();
        let open = Open {
            asn: local.asn,
            hold_time: local.hold_time,
            router_id: local.router_id,
            families: local.families.clone(),
            four_octet_as: true,
            graceful_restart: true,
        };
        open.encode(&mut out);
        stream.write_all(&out)?;

        let peer = match read_message(&mut stream)? {
            (Kind::Open, body) => Open::decode(&body).map_err(invalid)?,
            (kind, body) => return Err(unexpected(kind, &body)),
        };
        if !peer.four_octet_as {
            return Err(invalid("the peer has no 4-octet AS numbers"));
        }
        if let Some(family) = local.families.iter().find(|f| !peer.families.contains(f)) {
            return Err(invalid(format!("the peer does not speak {family:?} unicast")));
        }
        out.clear();
        wire::keepalive(&mut out);
        stream.write_all(&out)?;
        match read_message(&mut stream)? {
            (Kind::Keepalive, _) => {}
            (kind, body) => return Err(unexpected(kind, &body)),
        }

        let hold = Duration::from_secs(peer.hold_time.min(local.hold_time).into());
        stream.set_read_timeout(Some(hold).filter(|hold| !hold.is_zero()))?;
        let reader = stream.try_clone()?;
        let shared = Arc::new(Shared { writer: Mutex::new(stream), state: Mutex::default(), changed: Condvar::new() });
        let mut threads = vec![spawn(&shared, move |shared| read_all(shared, reader))];
        if !hold.is_zero() {
            // A third of the hold time (RFC 4271 section 4.4).
            threads.push(spawn(&shared, move |shared| keep_alive(shared, hold / 3)));
        }
        Ok(Self { shared, peer, threads })
    }

    /// What the peer said of itself.
    #[must_use]
    pub fn peer(&self) -> &Open {
        &self.peer
    }

    /// Writes a whole table; returns when the last octet is in the socket.
    ///
    /// # Errors
    /// The connection ended; the text says why if the peer gave a reason.
    pub fn send(&self, feed: &Feed) -> io::Result<()> {
        for chunk in feed.chunks() {
            if let Err(error) = self.shared.write(chunk) {
                let ended = self.ended().unwrap_or_else(|| error.to_string());
                return Err(io::Error::new(error.kind(), ended));
            }
        }
        Ok(())
    }

    /// Looks at what the peer announced.
    pub fn received<R>(&self, look: impl FnOnce(&Received) -> R) -> R {
        look(&self.shared.state().received)
    }

    /// Why the session ended, if it did.
    #[must_use]
    pub fn ended(&self) -> Option<String> {
        self.shared.state().ended.clone()
    }

    /// Waits until `done` holds for what the peer announced; it is asked again after every UPDATE.
    ///
    /// # Errors
    /// `TimedOut`, or `ConnectionAborted` with the reason when the session ended before.
    pub fn wait(&self, timeout: Duration, mut done: impl FnMut(&Received) -> bool) -> io::Result<()> {
        let deadline = Instant::now() + timeout;
        let mut state = self.shared.state();
        loop {
            if done(&state.received) {
                return Ok(());
            }
            if let Some(ended) = &state.ended {
                return Err(io::Error::new(ErrorKind::ConnectionAborted, ended.clone()));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Ends the session with NOTIFICATION Cease, Administrative Shutdown (RFC 4486 section 3).
    ///
    /// # Errors
    /// The connection ended before.
    pub fn close(self) -> io::Result<()> {
        let mut out = Vec::new();
        wire::notification(&mut out, 6, 2);
        self.shared.write(&out)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.shared.end("closed here".to_owned());
        for thread in self.threads.drain(..) {
            // A thread that panicked has printed why; there is no one to tell it again.
            drop(thread.join());
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, octets: &[u8]) -> io::Result<()> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer.write_all(octets)
    }

    /// Remembers the first reason and wakes everyone.
    fn end(&self, reason: String) {
        let mut state = self.state();
        state.ended.get_or_insert(reason);
        drop(state);
        self.changed.notify_all();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        // Fails only when the connection is gone already.
        drop(writer.shutdown(Shutdown::Both));
    }
}

fn spawn(shared: &Arc<Shared>, run: impl FnOnce(&Shared) + Send + 'static) -> JoinHandle<()> {
    let shared = shared.clone();
    thread::spawn(move || run(&shared))
}

/// Takes messages until the connection ends.
fn read_all(shared: &Shared, stream: TcpStream) {
    let mut stream = io::BufReader::with_capacity(64 * 1024, stream);
    let reason = loop {
        let (kind, body) = match read_message(&mut stream) {
            Ok(message) => message,
            Err(error) => break error.to_string(),
        };
        match kind {
            Kind::Update => match Update::decode(&body) {
                Ok(update) => {
                    shared.state().received.update(update);
                    shared.changed.notify_all();
                }
                Err(error) => break error.to_string(),
            },
            // We keep no table that could be sent again.
            Kind::Keepalive | Kind::RouteRefresh => {}
            Kind::Open | Kind::Notification => break unexpected(kind, &body).to_string(),
        }
    };
    shared.end(reason);
}

/// Sends keepalives until the session ends.
fn keep_alive(shared: &Shared, interval: Duration) {
    let mut out = Vec::new();
    wire::keepalive(&mut out);
    let mut due = Instant::now() + interval;
    let mut state = shared.state();
    while state.ended.is_none() {
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            drop(state);
            if let Err(error) = shared.write(&out) {
                shared.end(error.to_string());
                return;
            }
            due += interval;
            state = shared.state();
            continue;
        }
        let waited = shared.changed.wait_timeout(state, left);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
    }
}

fn dial(to: SocketAddr, from: Option<IpAddr>) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
    if let Some(from) = from {
        socket.bind(&SocketAddr::new(from, 0).into())?;
    }
    socket.connect(&to.into())?;
    Ok(socket.into())
}

fn read_message(stream: &mut impl Read) -> io::Result<(Kind, Vec<u8>)> {
    let mut header = [0; HEADER];
    stream.read_exact(&mut header)?;
    let header = Header::decode(&header).map_err(invalid)?;
    let mut body = vec![0; header.body];
    stream.read_exact(&mut body)?;
    Ok((header.kind, body))
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}

/// A message that has no place here. A NOTIFICATION of the peer is worth another attempt: a
/// router that starts refuses connections for a while.
fn unexpected(kind: Kind, body: &[u8]) -> io::Error {
    match (kind, body) {
        (Kind::Notification, [code, subcode, ..]) => {
            let text = format!("the peer sent NOTIFICATION {code}/{subcode}");
            io::Error::new(ErrorKind::ConnectionRefused, text)
        }
        _ => invalid(format!("the peer sent {kind:?} at the wrong time")),
    }
}
