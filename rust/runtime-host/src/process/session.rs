// SPDX-License-Identifier: GPL-2.0-or-later
//! One child, from its start to its end.
//!
//! What the child sends is believed as little as what comes from a network: a length is bounded, an answer must be to a call
//! that this runtime holds, and whatever else it may be ends the child and nothing more.

use super::frame::{self, Header, Kind};
use super::output::Output;
use super::{Language, Process};
use crate::calls::Handle;
use crate::ffi::dicts;
use crate::ffi::process::{For, pidfd, receive, send, signal, signal_name, wait};
use crate::host::{Event, host};
use crate::load::Load;
use crate::log::plain;
use crate::queue::{Rested, Taken};
use crate::runtime::{Runtime, State};
use crate::spin;
use std::io::{self, BufReader, PipeReader, Read};
use std::net::Shutdown;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Room for small frames, both ways.
const BUFFER: usize = 64 * 1024;
/// Requests that are written at once.
const BATCH: usize = 64;
/// How long the calls that are in flight may take when the runtime is asked to end.
const GRACE: Duration = Duration::from_secs(10);
/// How long the child may take to end by itself, and then after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a child that is loaded while it is asked to end may take for that.
const LOADING: Duration = Duration::from_secs(20);
/// Between two looks at a child that does not read.
const STUCK: Duration = Duration::from_millis(100);
/// Answers of shared dicts that wait for a child to read. Each of its threads can wait for one.
const DICTS: usize = 1000;
/// Octets of these.
const DICT_OCTETS: usize = 128 * 1024 * 1024;
/// Octets of a text of the child's.
const TEXT: usize = 64 * 1024;

/// How a child ended.
pub enum End {
    /// As it was asked to.
    Asked,
    /// It could not be started, or init gave a number.
    Failed(i32, String),
    /// By itself, and after so much time in service.
    Died(String, Duration),
}

/// What the reader has seen.
#[derive(Default)]
struct Progress {
    ready: Option<String>,
    failed: Option<(i32, String)>,
    /// Why it will not go on, as far as that is not in its exit status.
    why: Option<String>,
    ended: bool,
    over: bool,
    /// What calls of shared dicts gave, on the way to the child.
    dicts: Vec<(u64, i32, Option<Vec<u8>>)>,
}

struct Session<'a> {
    runtime: &'a Arc<Runtime>,
    socket: UnixStream,
    pidfd: Option<OwnedFd>,
    progress: Mutex<Progress>,
    changed: Condvar,
}

fn spawn(runtime: &Runtime, process: &Process) -> io::Result<(Child, UnixStream, PipeReader)> {
    let (ours, theirs) = UnixStream::pair()?;
    let (reader, writer) = io::pipe()?;
    let child = Command::new(&process.runner)
        .args([&runtime.name, &process.daemon])
        .stdin(OwnedFd::from(theirs))
        .stdout(writer.try_clone()?)
        .stderr(writer)
        // Ctrl-C on the daemon's terminal is not for it, and what it starts can be ended with it.
        .process_group(0)
        .spawn()?;
    Ok((child, ours, reader))
}

/// Starts a child and stays until it has ended and is waited for.
pub fn run(runtime: &Arc<Runtime>, load: &Load, process: &Process, language: &mut Option<Language>) -> End {
    let (mut child, socket, pipe) = match spawn(runtime, process) {
        Ok(parts) => parts,
        Err(why) => {
            let why = format!("its process can't be started: {}: {why}", process.runner.display());
            if language.is_some() {
                host().log(Some(&runtime.name), 3, &format!("can't be loaded: {why}"));
            }
            return End::Failed(0, why);
        }
    };
    let pidfd = pidfd(child.id());
    let session = Session { runtime, socket, pidfd, progress: Mutex::default(), changed: Condvar::new() };
    let mut ready = None;
    let status = std::thread::scope(|scope| {
        let reader =
            std::thread::Builder::new().name("frr-rt-read".to_owned()).spawn_scoped(scope, || session.read(pipe));
        match reader {
            Ok(_) => session.serve(load, child.id(), language, &mut ready),
            Err(why) => session.note(|p| p.why = Some(format!("there is no thread to read from it: {why}"))),
        }
        // Nothing of it is to be left: neither itself, if it only closed its socket, nor what it started.
        signal(child.id(), libc::SIGKILL);
        let status = child.wait();
        let _ = session.socket.shutdown(Shutdown::Both);
        status
    });
    let progress = session.progress.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some((rc, why)) = progress.failed {
        return End::Failed(rc, why);
    }
    if progress.ended || runtime.state() == State::Ending {
        return End::Asked;
    }
    let why = progress.why.unwrap_or_else(|| match status {
        Ok(status) => how(status),
        Err(why) => format!("its process has ended, nobody knows how: {why}"),
    });
    End::Died(why, ready.map_or(Duration::ZERO, |at: Instant| at.elapsed()))
}

/// A process's end, in words.
fn how(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(number), _) => {
            let core = if status.core_dumped() { ", core dumped" } else { "" };
            format!("its process was killed by {}{core}", signal_name(number))
        }
        (None, code) => format!("its process has ended with exit code {}", code.unwrap_or(-1)),
    }
}

impl Session<'_> {
    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.lock());
        self.changed.notify_all();
        self.runtime.queue.interrupt();
    }

    /// Waits until something was seen, or for so long.
    fn until(&self, longest: Duration, seen: impl Fn(&Progress) -> bool) -> bool {
        let waits = self.changed.wait_timeout_while(self.lock(), longest, |progress| !seen(progress));
        let (progress, _) = waits.unwrap_or_else(PoisonError::into_inner);
        seen(&progress)
    }

    // ---- the keeper's part ----

    /// Has the child load the library, then passes requests on, until one side ends.
    fn serve(&self, load: &Load, child: u32, language: &mut Option<Language>, ready: &mut Option<Instant>) {
        let mut out = Out { session: self, buffer: Vec::with_capacity(BUFFER), ending: None };
        let flags = if load.global { frame::GLOBAL } else { 0 };
        let pollers = self.runtime.expected as u64;
        out.put(Kind::Load, flags, 0, Some(load.path.as_os_str().as_bytes()));
        out.put(Kind::Cfg, 0, pollers, load.cfg.as_deref());
        if out.flush().is_err() {
            self.until(PATIENCE, |p| p.over);
            return;
        }
        loop {
            let progress = self.lock();
            if progress.over || progress.failed.is_some() || progress.why.is_some() {
                return;
            }
            if let Some(word) = &progress.ready {
                if let Some(language) = language.take() {
                    language(word.clone());
                }
                break;
            }
            drop(progress);
            // Init may want shared dicts.
            if out.dicts() && out.flush().is_err() {
                return;
            }
            if self.runtime.queue.rest(None) == Rested::Finished
                && !self.until(LOADING, |p| p.over || p.ready.is_some() || p.failed.is_some())
            {
                return;
            }
        }
        *ready = Some(Instant::now());
        self.runtime.loaded(None);
        host().tell(Event::Changed(Arc::clone(self.runtime)));
        match self.forward(&mut out) {
            Ok(()) => self.end(&mut out, child),
            // The reader sees why.
            Err(_) => drop(self.until(PATIENCE, |p| p.over)),
        }
    }

    /// Passes requests on until the runtime is asked to end; an error: the child has ended.
    fn forward(&self, out: &mut Out) -> io::Result<()> {
        let queue = &self.runtime.queue;
        loop {
            if !queue.looks_ready() {
                spin::until(spin::LONGEST, || queue.looks_ready());
            }
            match queue.take(None) {
                Taken::Item(call) => {
                    out.request(call)?;
                    for call in std::iter::from_fn(|| queue.take_now()).take(BATCH) {
                        out.request(call)?;
                    }
                }
                Taken::Timeout => {
                    let progress = self.lock();
                    if progress.over || progress.why.is_some() {
                        return Err(io::ErrorKind::BrokenPipe.into());
                    }
                    drop(progress);
                    for call in self.runtime.take_cancelled() {
                        out.put(Kind::Cancel, 0, call.0, None);
                    }
                    out.dicts();
                }
                Taken::Finished => return Ok(()),
            }
            out.flush()?;
        }
    }

    /// Ends the child: first it is asked to, in the end it is told to.
    fn end(&self, out: &mut Out, child: u32) {
        for call in self.runtime.take_cancelled() {
            out.put(Kind::Cancel, 0, call.0, None);
        }
        out.put(Kind::End, 0, 0, None);
        let until = Instant::now() + GRACE;
        while out.flush().is_ok() {
            let left = until.saturating_duration_since(Instant::now());
            if !self.until(left, |p| p.ended || p.over || !p.dicts.is_empty()) || !out.dicts() {
                break;
            }
        }
        let _ = self.socket.shutdown(Shutdown::Write);
        if !self.until(PATIENCE, |p| p.over) {
            signal(child, libc::SIGTERM);
            self.until(PATIENCE, |p| p.over);
        }
    }

    // ---- the reader's part ----

    fn read(&self, pipe: PipeReader) {
        let output = Output::new(&self.runtime.name, pipe);
        let mut from = BufReader::with_capacity(BUFFER, Link { session: self, output, gone: false });
        let result = self.frames(&mut from);
        from.get_mut().output.drain();
        self.note(|progress| {
            progress.over = true;
            if let Err(why) = result
                && why.kind() != io::ErrorKind::UnexpectedEof
            {
                progress.why.get_or_insert_with(|| format!("its process has broken the protocol: {why}"));
            }
        });
    }

    fn frames(&self, from: &mut impl Read) -> io::Result<()> {
        while let Some(header) = Header::read(from)? {
            match header.kind {
                Kind::Answer => {
                    let call = Handle(header.id);
                    if host().calls.is_held(call, self.runtime) {
                        host().respond(call, header.rc, header.body(from)?);
                    } else {
                        frame::skip(from, header.len.unwrap_or(0))?;
                        host().stray.fetch_add(1, Ordering::Relaxed);
                    }
                }
                Kind::Log => {
                    let text = header.text(from, TEXT)?;
                    host().log(Some(&self.runtime.name), header.rc, &text);
                }
                Kind::Ready => {
                    let language = header.text(from, 64)?;
                    let language = language.chars().filter(char::is_ascii_graphic).take(16).collect();
                    self.note(|progress| progress.ready = Some(language));
                }
                Kind::Failed => {
                    let why = plain(&header.text(from, TEXT)?);
                    self.note(|progress| progress.failed = Some((header.rc, why)));
                }
                Kind::Dead => {
                    let why = plain(&header.text(from, TEXT)?);
                    self.note(|progress| progress.why = Some(why));
                }
                Kind::Ended => {
                    frame::skip(from, header.len.unwrap_or(0))?;
                    self.note(|progress| progress.ended = true);
                }
                Kind::Dict => {
                    let body = header.body(from)?;
                    let (rc, found) = dicts::call(header.rc, body.as_deref().unwrap_or_default());
                    let mut many = false;
                    self.note(|progress| {
                        progress.dicts.push((header.id, rc, found));
                        let octets: usize =
                            progress.dicts.iter().filter_map(|(.., body)| Some(body.as_ref()?.len())).sum();
                        many = progress.dicts.len() > DICTS || octets > DICT_OCTETS;
                    });
                    if many {
                        return Err(io::Error::other("it asks shared dicts and does not read what they say"));
                    }
                }
                Kind::DictDone | Kind::Load | Kind::Cfg | Kind::Request | Kind::Cancel | Kind::End => {
                    let what = format!("a message {:?} from a child", header.kind);
                    return Err(io::Error::new(io::ErrorKind::InvalidData, what));
                }
            }
        }
        Ok(())
    }
}

/// The child's end of the socket, as something to read from; what it prints is read on the way.
struct Link<'a> {
    session: &'a Session<'a>,
    output: Output<'a>,
    /// The child has ended: what is in the socket is all that comes.
    gone: bool,
}

impl Read for Link<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let socket = self.session.socket.as_fd();
        loop {
            match receive(socket, into) {
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => {
                    if self.gone {
                        return Ok(0);
                    }
                    let pidfd = self.session.pidfd.as_ref().map(AsFd::as_fd);
                    let pipe = self.output.pipe.as_ref().map(AsFd::as_fd);
                    let [_, gone, printed] =
                        wait([(Some(socket), For::Input), (pidfd, For::Input), (pipe, For::Input)], None);
                    if printed {
                        self.output.take();
                    }
                    self.gone = gone;
                }
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) if why.kind() == io::ErrorKind::ConnectionReset => return Ok(0),
                other => return other,
            }
        }
    }
}

/// The way to the child. Small frames wait for [`Out::flush`].
struct Out<'a> {
    session: &'a Session<'a>,
    buffer: Vec<u8>,
    /// Since when the runtime is asked to end while the child does not read.
    ending: Option<Instant>,
}

impl Out<'_> {
    fn put(&mut self, kind: Kind, rc: i32, id: u64, body: Option<&[u8]>) {
        self.buffer.extend_from_slice(&Header::new(kind, rc, id, body).octets());
        self.buffer.extend_from_slice(body.unwrap_or_default());
    }

    /// Puts what shared dicts have given; whether that is something.
    fn dicts(&mut self) -> bool {
        let done = std::mem::take(&mut self.session.lock().dicts);
        for (id, rc, body) in &done {
            self.put(Kind::DictDone, *rc, *id, body.as_deref());
        }
        !done.is_empty()
    }

    fn request(&mut self, call: Handle) -> io::Result<()> {
        // The request is taken out of the call: a child that answers before it was asked has nobody read freed memory.
        let Some(request) = host().calls.hand_over(call) else { return Ok(()) };
        let octets = request.as_deref();
        if self.buffer.len() + frame::HEADER + octets.map_or(0, <[u8]>::len) <= BUFFER {
            self.put(Kind::Request, 0, call.0, octets);
            return Ok(());
        }
        self.buffer.extend_from_slice(&Header::new(Kind::Request, 0, call.0, octets).octets());
        self.flush()?;
        self.write(octets.unwrap_or_default())
    }

    fn flush(&mut self) -> io::Result<()> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let result = self.write(&buffer);
        buffer.clear();
        buffer.shrink_to(BUFFER);
        self.buffer = buffer;
        result
    }

    fn write(&mut self, mut octets: &[u8]) -> io::Result<()> {
        let socket = self.session.socket.as_fd();
        while !octets.is_empty() {
            match send(socket, octets) {
                Ok(sent) => octets = &octets[sent..],
                Err(why) if why.kind() == io::ErrorKind::WouldBlock => {
                    wait([(Some(socket), For::Room)], Some(STUCK));
                    self.patience()?;
                }
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => return Err(why),
            }
        }
        Ok(())
    }

    /// An error: it is no use to wait for a child that does not read.
    fn patience(&mut self) -> io::Result<()> {
        if self.session.lock().over {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if self.session.runtime.state() == State::Ending {
            let since = *self.ending.get_or_insert_with(Instant::now);
            if since.elapsed() >= GRACE {
                return Err(io::ErrorKind::TimedOut.into());
            }
        }
        Ok(())
    }
}
