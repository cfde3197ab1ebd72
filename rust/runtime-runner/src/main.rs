// SPDX-License-Identifier: GPL-2.0-or-later
//! `frr-runtime`: the process of one runtime. A daemon starts it for `frr.load_ffi(lib, cfg, { process = true })`, with a
//! socket as its standard input; nobody else does.
//!
//! It is a host to the library as the daemon would be, with the same crate; requests come from the socket in place of
//! scripts, and answers, log lines and the state go back ([`report`]). It keeps nothing: when the daemon is gone, it is gone.

mod calls;
mod dicts;
mod report;

use calls::Calls;
use runtime_host::ffi::process::{end_group, enter};
use runtime_host::host::host;
use runtime_host::load::{self, Load};
use runtime_host::process::frame::{GLOBAL, Header, Kind};
use runtime_host::runtime::{Limits, Runtime};
use std::ffi::OsString;
use std::io::{self, BufReader};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};

/// What the threads of this process share.
struct Runner {
    socket: report::Socket,
    calls: Calls,
    dicts: dicts::Dicts,
    runtime: OnceLock<Arc<Runtime>>,
    language: OnceLock<String>,
}

static RUNNER: OnceLock<Runner> = OnceLock::new();

fn main() -> ExitCode {
    let socket = enter().map(UnixStream::from).and_then(|socket| Ok((socket.try_clone()?, socket)));
    let (socket, from) = match socket {
        Ok(both) => both,
        Err(_) => {
            eprintln!("frr-runtime is started by FRR's daemons, for scripts that load a runtime with process = true");
            return ExitCode::from(2);
        }
    };
    let runner = RUNNER.get_or_init(|| Runner {
        socket: report::Socket::new(socket),
        calls: Calls::default(),
        dicts: dicts::Dicts::default(),
        runtime: OnceLock::new(),
        language: OnceLock::new(),
    });
    host().set_sink(report::told);
    let asked = serve(runner, &mut BufReader::with_capacity(64 * 1024, from)).unwrap_or(false);
    if !asked {
        // The daemon is gone, or mad.
        end_group();
    }
    // With what libraries do at the end of a process.
    std::process::exit(0)
}

/// Takes what comes from the daemon; whether it had asked for the end.
fn serve(runner: &Runner, from: &mut BufReader<UnixStream>) -> io::Result<bool> {
    let mut path = PathBuf::new();
    let mut global = false;
    let mut asked = false;
    while let Some(header) = Header::read(from)? {
        let body = header.body(from)?;
        match (header.kind, runner.runtime.get()) {
            (Kind::Load, None) => {
                path = PathBuf::from(OsString::from_vec(body.as_deref().unwrap_or_default().to_vec()));
                global = header.rc & GLOBAL != 0;
            }
            (Kind::Cfg, None) => {
                let cfg = body.as_deref().map(<[u8]>::to_vec);
                let load = Load { path: std::mem::take(&mut path), cfg, global, unpin: false, process: None };
                begin(runner, load, usize::try_from(header.id).unwrap_or(1));
            }
            (Kind::Request, Some(runtime)) => {
                if let Err(why) = runner.calls.forward(runtime, header.id, body) {
                    runner.socket.send(Kind::Answer, -1, header.id, Some(format!("{why:?}").as_bytes()));
                }
            }
            (Kind::Cancel, Some(_)) => {
                if runner.calls.cancel(header.id) {
                    runner.socket.send(Kind::Answer, -1, header.id, None);
                }
            }
            (Kind::DictDone, _) => runner.dicts.done(header.id, header.rc, body.as_deref()),
            (Kind::End, Some(runtime)) => {
                asked = true;
                runner.calls.end();
                runtime.finish();
                report::ended(runner);
            }
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
    Ok(asked)
}

fn begin(runner: &Runner, load: Load, pollers: usize) {
    // The daemon holds the limits.
    let limits = Limits { queue: usize::MAX, in_flight: usize::MAX, octets: usize::MAX };
    let name = std::env::args().nth(1).unwrap_or_default();
    let runtime = runner.runtime.get_or_init(|| host().add(&name, limits, pollers));
    load::start(runtime, load, |word| {
        if let Some(runner) = RUNNER.get() {
            let _ = runner.language.set(word);
        }
    });
}
