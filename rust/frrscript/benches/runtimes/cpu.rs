// SPDX-License-Identifier: GPL-2.0-or-later
//! CPUs: which ones a process may use, and how much of them it did.

use std::time::Duration;

/// CPUs that this process may use.
pub fn count() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Keeps this process, and all threads and processes that it will start, on the first so many of its CPUs.
pub fn pin(cpus: usize) {
    // SAFETY: a set of this size, filled by the kernel and then by libc's own macros.
    unsafe {
        let mut may: libc::cpu_set_t = std::mem::zeroed();
        assert_eq!(libc::sched_getaffinity(0, size_of::<libc::cpu_set_t>(), &raw mut may), 0);
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        let first = (0..libc::CPU_SETSIZE as usize).filter(|&n| libc::CPU_ISSET(n, &may)).take(cpus);
        first.for_each(|n| libc::CPU_SET(n, &mut set));
        assert_eq!(libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set), 0);
    }
}

fn clock(id: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a place for the time; a clock that is gone leaves it at zero.
    unsafe { libc::clock_gettime(id, &raw mut time) };
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// CPU time of all threads of this process.
pub fn own() -> Duration {
    clock(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// CPU time of this thread.
pub fn thread() -> Duration {
    clock(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// CPU time of another process.
pub fn of(pid: u32) -> Duration {
    let mut id = 0;
    // SAFETY: a place for the clock's number.
    let result = unsafe { libc::clock_getcpuclockid(libc::pid_t::try_from(pid).unwrap_or(0), &raw mut id) };
    if result == 0 { clock(id) } else { Duration::ZERO }
}
