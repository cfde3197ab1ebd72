// SPDX-License-Identifier: GPL-2.0-or-later
//! The round trip of a call in the daemon's process and in another one.

use runtime_host::ffi::process::{For, wait};
use runtime_host::host::{Event, host};
use runtime_host::load::{self, Load};
use runtime_host::process::Process;
use runtime_host::runtime::{Limits, Runtime, State};
use runtime_host::spin;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Takes what is there, as the daemon does: after a short look around it sleeps until it is woken.
fn take(events: &mut Vec<Event>) {
    let waker = host().waker().expect("an eventfd");
    loop {
        if host().answers.begin() {
            waker.reset();
        }
        spin::until(spin::LONGEST, || host().answers.looks_ready());
        host().answers.take(events);
        let asleep = host().answers.end();
        if !events.is_empty() {
            return;
        }
        if !asleep {
            continue;
        }
        // SAFETY: the host never closes it.
        #[allow(unsafe_code)]
        let fd = unsafe { BorrowedFd::borrow_raw(waker.fd()) };
        wait([(Some(fd), For::Input)], None);
    }
}

/// Answers among what came.
fn answers(events: &mut Vec<Event>) -> usize {
    take(events);
    events.drain(..).filter(|event| matches!(event, Event::Answer { .. })).count()
}

fn measure(what: &str, runtime: &Arc<Runtime>) {
    let mut events = Vec::new();
    for octets in [512, 10_240] {
        let request = vec![b'x'; octets];
        let mut times: Vec<Duration> = (0..5000)
            .map(|_| {
                let began = Instant::now();
                host().post(runtime, Some(&request)).expect("it takes it");
                while answers(&mut events) == 0 {}
                began.elapsed()
            })
            .collect();
        times.sort_unstable();
        let began = Instant::now();
        let (mut posted, mut answered) = (0, 0);
        while answered < 20_000 {
            while posted < 20_000 && posted < answered + 64 {
                host().post(runtime, Some(&request)).expect("it takes it");
                posted += 1;
            }
            answered += answers(&mut events);
        }
        let rate = 20_000.0 / began.elapsed().as_secs_f64();
        println!(
            "{what:10} {octets:7} octets: p50 {:?}, p99 {:?}; 64 in flight: {rate:.0}/s",
            times[2500], times[4950]
        );
    }
}

fn main() {
    let library = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("libecho-bench.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../frrscript/tests/library/runtime.c");
    let built =
        Command::new("cc").args(["-O2", "-shared", "-fPIC", "-pthread", "-o"]).arg(&library).arg(source).status();
    assert!(built.expect("a C compiler").success());
    let process = Process { runner: env!("CARGO_BIN_EXE_frr-runtime").into(), daemon: "bench".into() };
    for (what, process) in [("in-process", None), ("process", Some(process))] {
        let runtime = host().add(what, Limits::default(), 1);
        let load = Load { path: library.clone(), cfg: None, global: false, unpin: false, process };
        load::start(&runtime, load, |_| {});
        let mut events = Vec::new();
        while runtime.state() == State::Loading {
            take(&mut events);
            events.clear();
        }
        assert_eq!(runtime.state(), State::Ready);
        measure(what, &runtime);
        runtime.finish();
    }
}
