// SPDX-License-Identifier: GPL-2.0-or-later
//! Calls, as in the daemon's own process.

use super::support::Rt;
use runtime_host::calls::Handle;
use runtime_host::host::host;
use std::time::Instant;

#[test]
fn echo() {
    let rt = Rt::new("echo");
    assert_eq!(rt.call("one"), Ok((0, Some(b"one".to_vec()))));
    assert_eq!(rt.call(""), Ok((0, Some(Vec::new()))));
    assert_eq!(rt.call("a\0b\0"), Ok((0, Some(b"a\0b\0".to_vec()))));
    assert_eq!(rt.call("!5"), Ok((5, None)));
    assert_eq!(rt.call("!-6 with a body"), Ok((-6, Some(b"with a body".to_vec()))));
    let none = host().post(&rt.0, None).unwrap();
    assert_eq!(Rt::answer(none), Ok((0, None)));
    assert_eq!(rt.held(), 0);
}

#[test]
fn large_and_binary() {
    let rt = Rt::new("echo");
    for octets in [1, 65_535, 65_536, 65_537, 1 << 20, 5 << 20] {
        let request: Vec<u8> = (0..octets).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        // The first octet is a command for '!'.
        let request = [b"x", request.as_slice()].concat();
        assert!(rt.call(&request) == Ok((0, Some(request))), "{octets}");
    }
}

#[test]
fn many_large_ones_at_once() {
    let rt = Rt::new("threads");
    let request = vec![b'y'; 1 << 20];
    let calls: Vec<Handle> = (0..64).map(|_| rt.start(&request)).collect();
    for call in calls {
        assert!(Rt::answer(call) == Ok((0, Some(request.clone()))));
    }
    assert_eq!(rt.held(), 0);
}

#[test]
fn ten_thousand_calls() {
    let rt = Rt::new("echo");
    let calls: Vec<Handle> = (0..10_000).map(|n: u32| rt.start(n.to_string().as_bytes())).collect();
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(Rt::answer(call), Ok((0, Some(n.to_string().into_bytes()))));
    }
    assert_eq!((rt.held(), rt.restarts()), (0, 0));
}

#[test]
fn answers_in_any_order_from_any_thread_and_twice() {
    for mode in ["threads", "twice"] {
        let rt = Rt::new(mode);
        let calls: Vec<Handle> = (0..300).map(|n: u32| rt.start(n.to_string().as_bytes())).collect();
        for (n, call) in calls.into_iter().enumerate().rev() {
            assert_eq!(Rt::answer(call), Ok((0, Some(n.to_string().into_bytes()))), "{mode}");
        }
        assert_eq!((rt.held(), rt.restarts()), (0, 0), "{mode}");
    }
}

#[test]
fn the_runtime_sees_what_is_cancelled() {
    let rt = Rt::new("command");
    let call = rt.start(b"cancel");
    rt.line("waits for its cancellation");
    // Something behind it, which the child has not given out yet.
    let behind = rt.start(b"behind");
    // Taken by the keeper, so that the child has to be told.
    rt.hands_over();
    host().calls.cancel(behind);
    host().calls.cancel(call);
    rt.line("cancelled: 1");
    // Both places are free again.
    assert_eq!(rt.text("after"), "after");
    let began = Instant::now();
    while rt.held() > 0 {
        assert!(began.elapsed() < super::support::LONGEST, "{} are held", rt.held());
        std::thread::yield_now();
    }
}

#[test]
fn what_it_prints_is_logged() {
    let rt = Rt::new("command");
    assert_eq!(rt.text("print"), "printed");
    assert_eq!([rt.line("one line"), rt.line("another")], ["one line", "another"]);
    assert_eq!(rt.line("stderr"), "and one to stderr");
}

#[test]
fn it_has_nothing_of_the_daemons_descriptors() {
    // One that is not closed on exec.
    let fds: Vec<std::fs::File> = (0..20).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
    for fd in &fds {
        use std::os::fd::AsRawFd;
        // SAFETY: a live descriptor.
        #[allow(unsafe_code)]
        unsafe {
            libc::fcntl(fd.as_raw_fd(), libc::F_SETFD, 0);
        }
    }
    let rt = Rt::new("command");
    // The socket, and the same once more.
    assert_eq!(rt.number("fds"), 2);
    let status = std::fs::read_to_string(format!("/proc/{}/status", rt.number("pid"))).unwrap();
    let of = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    assert_eq!(of("Name:"), "frr-runtime");
    assert_eq!(of("SigBlk:"), "0000000000000000");
    // But for the two that libc keeps for itself, 32 and 33.
    let caught = u64::from_str_radix(&of("SigCgt:"), 16).unwrap();
    assert_eq!(caught & !(0b11 << 31), 0, "{caught:x}");
    let ignored = u64::from_str_radix(&of("SigIgn:"), 16).unwrap();
    assert_eq!(ignored & !(0b11 << 31), 1 << (libc::SIGPIPE - 1), "{ignored:x}");
}
