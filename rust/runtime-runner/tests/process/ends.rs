// SPDX-License-Identifier: GPL-2.0-or-later
//! Ends of a process, wanted and not.

use super::support::{Rt, ends, is_there, library};
use runtime_host::calls::Handle;
use runtime_host::load::Load;
use runtime_host::runtime::State;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The request fails, with a message that has this in it; then it works again in another process.
fn dies_of(request: &str, said: &str) {
    let rt = Rt::new("command");
    let first = rt.number("pid");
    let held = rt.start(b"hold");
    let why = rt.call(request).expect_err("it dies");
    assert!(why.contains(said), "{request}: {why}");
    assert_eq!(Rt::answer(held), Err(why.clone()));
    let second = rt.number("pid");
    assert_ne!(first, second);
    assert!(!is_there(first), "it was not waited for");
    assert_eq!((rt.restarts(), rt.held()), (1, 0));
    assert!(rt.line("is started again in 0.1 s").contains(said));
}

#[test]
fn a_crash_fails_what_is_in_flight_and_the_next_calls_work() {
    dies_of("segv", "killed by SIGSEGV");
}

#[test]
fn an_abort() {
    dies_of("abort", "killed by SIGABRT");
}

#[test]
fn an_exit() {
    dies_of("exit", "has ended with exit code 3");
}

#[test]
fn a_poller_that_ends() {
    dies_of("end", "its poller thread has ended by itself");
}

#[test]
fn a_socket_that_is_closed() {
    // Twice open in the child: the runtime breaks one of both, whichever that is.
    let rt = Rt::new("command");
    let _ = rt.start(b"garbage");
    rt.line("broken the protocol: there is no message");
    assert_eq!(rt.text("after"), "after");
    assert_eq!((rt.restarts(), rt.held()), (1, 0));
}

#[test]
fn a_kill_from_outside() {
    let rt = Rt::new("command");
    let pid = rt.number("pid");
    let held = rt.start(b"hold");
    rt.hands_over();
    runtime_host::ffi::process::signal(pid, libc::SIGKILL);
    assert!(Rt::answer(held).unwrap_err().contains("killed by SIGKILL"));
    assert_ne!(rt.number("pid"), pid);
}

#[test]
fn what_waits_is_served_after_the_restart_and_the_back_off_doubles() {
    let rt = Rt::new("command");
    let mut took = Vec::new();
    for _ in 0..4 {
        rt.call("segv").expect_err("it dies");
        let began = Instant::now();
        // Posted while there is no process.
        let calls: Vec<Handle> = (0..10).map(|n: u32| rt.start(n.to_string().as_bytes())).collect();
        for (n, call) in calls.into_iter().enumerate() {
            assert_eq!(Rt::answer(call), Ok((0, Some(n.to_string().into_bytes()))));
        }
        took.push(began.elapsed());
    }
    for (took, wait) in took.iter().zip([100, 200, 400, 800]) {
        assert!(*took >= Duration::from_millis(wait) * 9 / 10, "{took:?}");
    }
    assert_eq!(rt.restarts(), 4);
    assert_eq!(rt.lines("is started again in 0.8 s"), 1);
}

#[test]
fn unload_ends_the_process_after_what_waits() {
    let rt = Rt::new("command");
    let pid = rt.number("pid");
    let last = rt.start(b"last");
    rt.0.finish();
    rt.is(|state| *state == State::Ended);
    assert_eq!(Rt::answer(last), Ok((0, Some(b"last".to_vec()))));
    assert!(!is_there(pid));
    assert!(rt.post(b"x").is_err());
}

#[test]
fn unload_while_it_waits_to_be_started_again() {
    let rt = Rt::new("command");
    for _ in 0..3 {
        rt.call("segv").expect_err("it dies");
        rt.is(|state| matches!(state, State::Ready));
    }
    rt.call("segv").expect_err("it dies");
    rt.is(|state| matches!(state, State::Restarting(_)));
    let queued = rt.start(b"never sent");
    rt.0.finish();
    rt.is(|state| *state == State::Ended);
    assert_eq!(Rt::answer(queued).unwrap_err(), "the runtime was unloaded");
    assert_eq!((rt.restarts(), rt.held()), (3, 0));
}

#[test]
fn unload_of_one_that_hangs() {
    let rt = Rt::new("command");
    let pid = rt.number("pid");
    assert_eq!(rt.text("hang"), "stops");
    // More than the socket takes.
    let held = rt.start(&vec![b'x'; 4 << 20]);
    rt.0.finish();
    rt.is(|state| *state == State::Ended);
    assert_eq!(Rt::answer(held).unwrap_err(), "the runtime was unloaded");
    assert!(!is_there(pid));
}

#[test]
fn what_it_started_ends_with_it() {
    let rt = Rt::new("command");
    let child = rt.number("child");
    assert!(is_there(child));
    rt.call("segv").expect_err("it dies");
    ends(child);
}

#[test]
fn an_init_that_fails() {
    let rt = Rt::begin(Rt::loading(Some("fail")));
    assert!(matches!(rt.is(|s| *s != State::Loading), State::Failed(7, _)));
    rt.line("can't be loaded: its init gave 7");
    assert_eq!(rt.lines("can't be loaded"), 1);
    let rt = Rt::begin(Rt::loading(Some("crash")));
    let State::Failed(0, why) = rt.is(|s| *s != State::Loading) else { panic!("{:?}", rt.0.state()) };
    assert_eq!(why, "while it was loaded, its process was killed by SIGSEGV");
}

#[test]
fn a_library_or_a_program_that_is_not_there() {
    let mut load: Load = Rt::loading(None);
    load.path = library().with_file_name("libnowhere.so");
    let rt = Rt::begin(load);
    let State::Failed(0, why) = rt.is(|s| *s != State::Loading) else { panic!("{:?}", rt.0.state()) };
    assert!(why.contains("libnowhere.so: cannot open shared object file"), "{why}");
    let mut load: Load = Rt::loading(None);
    load.process.as_mut().unwrap().runner = "/nowhere/frr-runtime".into();
    let rt = Rt::begin(load);
    let State::Failed(0, why) = rt.is(|s| *s != State::Loading) else { panic!("{:?}", rt.0.state()) };
    assert_eq!(why, "its process can't be started: /nowhere/frr-runtime: No such file or directory (os error 2)");
}

#[test]
fn nobody_else_can_start_it() {
    let out = Command::new(env!("CARGO_BIN_EXE_frr-runtime")).stdin(Stdio::null()).output().unwrap();
    assert_eq!(out.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("is started by FRR's daemons"));
}

/// Not a test of its own: the daemon of the next one.
#[test]
fn a_daemon() {
    if std::env::var_os("RUNTIME_RUNNER_DAEMON").is_none() {
        return;
    }
    let rt = Rt::new("command");
    println!("\nchild {}", rt.number("pid"));
    let _ = std::io::stdin().read(&mut [0]);
    // Ends without a word to the child.
    std::process::exit(0);
}

#[test]
fn a_daemon_that_is_killed_or_exits_leaves_nothing() {
    for kill in [true, false] {
        let mut daemon = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "ends::a_daemon", "--nocapture"])
            .env("RUNTIME_RUNNER_DAEMON", "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(daemon.stdout.take().unwrap()).lines();
        let child = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("child ")?.parse().ok());
        let child: u32 = child.expect("it has a child");
        assert!(is_there(child));
        if kill {
            daemon.kill().unwrap();
        } else {
            drop(daemon.stdin.take());
        }
        daemon.wait().unwrap();
        ends(child);
    }
}
