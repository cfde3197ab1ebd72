// SPDX-License-Identifier: GPL-2.0-or-later
//! What goes back to the daemon, from whichever thread it happens on.

use crate::{RUNNER, Runner};
use runtime_host::ffi::process::end_group;
use runtime_host::host::{Event, host};
use runtime_host::process::frame::{Header, Kind, LONGEST};
use runtime_host::runtime::State;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};

/// Bodies up to this go into one write with their header.
const SMALL: usize = 16 * 1024;

struct Out {
    socket: UnixStream,
    buffer: Vec<u8>,
}

/// The way to the daemon.
pub struct Socket(Mutex<Out>);

impl Socket {
    pub fn new(socket: UnixStream) -> Socket {
        Socket(Mutex::new(Out { socket, buffer: Vec::new() }))
    }

    /// Sends a frame, whole. The daemon always reads; if it does not, it is gone, which the main thread notices.
    pub fn send(&self, kind: Kind, rc: i32, id: u64, body: Option<&[u8]>) {
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Out { socket, buffer } = &mut *out;
        buffer.clear();
        buffer.extend_from_slice(&Header::new(kind, rc, id, body).octets());
        let octets = body.unwrap_or_default();
        let (first, rest) = octets.split_at(if octets.len() <= SMALL { octets.len() } else { 0 });
        buffer.extend_from_slice(first);
        let _ = socket.write_all(buffer).and_then(|()| socket.write_all(rest));
    }
}

/// What the host crate tells.
pub fn told(event: Event) {
    let Some(runner) = RUNNER.get() else { return };
    match event {
        Event::Answer { call, rc, body } => {
            let Some(id) = runner.calls.answered(call) else { return };
            if body.as_ref().is_some_and(|body| body.len() > LONGEST) {
                let why = format!("an answer of a runtime in a process of its own has at most {LONGEST} octets");
                runner.socket.send(Kind::Answer, -1, id, Some(why.as_bytes()));
            } else {
                runner.socket.send(Kind::Answer, rc, id, body.as_deref());
            }
            ended(runner);
        }
        Event::Changed(runtime) => match runtime.state() {
            State::Ready => {
                let language = runner.language.get().map_or("native", String::as_str);
                runner.socket.send(Kind::Ready, 0, 0, Some(language.as_bytes()));
            }
            State::Failed(rc, why) => {
                runner.socket.send(Kind::Failed, rc, 0, Some(why.as_bytes()));
                end_group();
            }
            State::Dead(why) => {
                runner.socket.send(Kind::Dead, 0, 0, Some(why.as_bytes()));
                end_group();
            }
            State::Ended => ended(runner),
            State::Loading | State::Ending | State::Restarting(_) => {}
        },
        Event::Logged => {
            let (lines, dropped, _) = host().lines.take(usize::MAX);
            for line in lines {
                runner.socket.send(Kind::Log, line.priority, 0, Some(line.text.as_bytes()));
            }
            if dropped > 0 {
                let text = format!("{dropped} lines were dropped: they are logged faster than they are read");
                runner.socket.send(Kind::Log, 4, 0, Some(text.as_bytes()));
            }
        }
        // Everything of a runtime that died in here ends with the process.
        Event::Lost { .. } => {}
    }
}

/// Says so if the runtime has ended and everything is answered. The daemon then closes its end, and this process ends.
pub fn ended(runner: &Runner) {
    if runner.calls.is_over() && runner.runtime.get().is_some_and(|runtime| runtime.state() == State::Ended) {
        runner.socket.send(Kind::Ended, 0, 0, None);
    }
}
