// SPDX-License-Identifier: GPL-2.0-or-later
//! The other side: an echo server in a process of its own, at a unix socket. Requests and answers have their length in front,
//! in four octets. One thread serves one connection, with one read and one write for a request when it comes in one piece.
//!
//! The client is what a daemon would have: sockets that do not block, and an event loop around `poll()`. It writes at once,
//! waits only when the kernel has no room or no answer, and takes as much as there is with one read. Nothing of it is Lua.

use super::cpu;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

const LENGTH: usize = 4;

/// The request's octets with their length; `None` while they are not all there.
fn whole(octets: &[u8]) -> Option<usize> {
    let length = octets.first_chunk::<LENGTH>().map(|l| u32::from_le_bytes(*l) as usize + LENGTH)?;
    (octets.len() >= length).then_some(length)
}

/// The server, until it is killed.
pub fn serve(path: &str) {
    let listener = UnixListener::bind(path).expect("a socket to listen at");
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 20];
            let mut filled = 0;
            loop {
                match stream.read(&mut buffer[filled..]) {
                    Ok(0) | Err(_) => return,
                    Ok(octets) => filled += octets,
                }
                while let Some(length) = whole(&buffer[..filled]) {
                    if stream.write_all(&buffer[..length]).is_err() {
                        return;
                    }
                    buffer.copy_within(length..filled, 0);
                    filled -= length;
                }
            }
        });
    }
}

/// The server's process.
pub struct Server {
    child: Child,
    path: PathBuf,
}

impl Server {
    pub fn start() -> Server {
        let path = std::env::temp_dir().join(format!("frrscript-bench-{}.socket", std::process::id()));
        let _ = std::fs::remove_file(&path);
        let program = std::env::current_exe().expect("this program's path");
        let child = Command::new(program).arg("--server").arg(&path).spawn().expect("this program starts again");
        Server { child, path }
    }

    fn connect(&self) -> UnixStream {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            match UnixStream::connect(&self.path) {
                Ok(stream) => return stream,
                Err(why) => assert!(Instant::now() < until, "no server: {why}"),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// CPU time of the server.
    pub fn cpu(&self) -> Duration {
        cpu::of(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
        let _ = std::fs::remove_file(&self.path);
    }
}

/// One connection, and the request that is under way on it.
struct Line {
    stream: UnixStream,
    written: usize,
    buffer: Vec<u8>,
    filled: usize,
}

/// Connections with one request each.
pub struct Client {
    lines: Vec<Line>,
    fds: Vec<libc::pollfd>,
    request: Vec<u8>,
}

impl Client {
    /// Connects `flight` times, for requests of so many octets.
    pub fn new(server: &Server, octets: usize, flight: usize) -> Client {
        let mut request = u32::try_from(octets).expect("a length").to_le_bytes().to_vec();
        request.resize(LENGTH + octets, b'x');
        let lines: Vec<Line> = (0..flight)
            .map(|_| {
                let stream = server.connect();
                stream.set_nonblocking(true).expect("a socket that does not block");
                Line { stream, written: 0, buffer: vec![0; LENGTH + octets], filled: 0 }
            })
            .collect();
        let fd = |line: &Line| libc::pollfd { fd: line.stream.as_raw_fd(), events: 0, revents: 0 };
        let fds = lines.iter().map(fd).collect();
        Client { lines, fds, request }
    }

    /// Asks so often, all connections together; how long that took.
    pub fn run(&mut self, calls: usize) -> Duration {
        let began = Instant::now();
        let (mut left, mut open) = (calls, 0);
        for at in 0..self.lines.len() {
            if left > 0 {
                (left, open) = (left - 1, open + 1);
                self.begin(at);
            }
        }
        while open > 0 {
            let count = self.fds.len() as libc::nfds_t;
            // SAFETY: so many descriptors.
            unsafe { libc::poll(self.fds.as_mut_ptr(), count, -1) };
            for at in 0..self.lines.len() {
                if self.fds[at].revents == 0 || !self.go_on(at) {
                    continue;
                }
                if left > 0 {
                    left -= 1;
                    self.begin(at);
                } else {
                    self.fds[at].events = 0;
                    open -= 1;
                }
            }
        }
        began.elapsed()
    }

    fn begin(&mut self, at: usize) {
        self.lines[at].written = 0;
        self.lines[at].filled = 0;
        self.write(at);
    }

    fn write(&mut self, at: usize) {
        let line = &mut self.lines[at];
        match line.stream.write(&self.request[line.written..]) {
            Ok(octets) => line.written += octets,
            Err(why) => assert_eq!(why.kind(), ErrorKind::WouldBlock, "{why}"),
        }
        let more = if line.written < self.request.len() { libc::POLLOUT } else { 0 };
        self.fds[at].events = libc::POLLIN | more;
    }

    /// Whether the answer is there.
    fn go_on(&mut self, at: usize) -> bool {
        if self.fds[at].revents & libc::POLLOUT != 0 && self.lines[at].written < self.request.len() {
            self.write(at);
        }
        let line = &mut self.lines[at];
        match line.stream.read(&mut line.buffer[line.filled..]) {
            Ok(0) => panic!("the server has closed the socket"),
            Ok(octets) => line.filled += octets,
            Err(why) => assert_eq!(why.kind(), ErrorKind::WouldBlock, "{why}"),
        }
        whole(&line.buffer[..line.filled]).is_some()
    }
}
