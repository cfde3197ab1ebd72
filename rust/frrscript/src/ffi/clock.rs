// SPDX-License-Identifier: GPL-2.0-or-later
//! Clocks that the standard library does not have: local time, and the one that FRR measures intervals with.

/// Year, month, day, hour, minute, second, weekday (0 is Sunday) in the system's time zone.
#[must_use]
pub fn local() -> [i32; 7] {
    // SAFETY: `time` takes NULL; `tm` is plain data that localtime_r fills whole, or leaves zero when it fails.
    let tm = unsafe {
        let now = libc::time(std::ptr::null_mut());
        let mut tm: libc::tm = std::mem::zeroed();
        libc::localtime_r(&raw const now, &raw mut tm);
        tm
    };
    [tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, tm.tm_wday]
}

/// Seconds of the monotonic clock, as FRR's `monotime()` counts them.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "seconds since boot")]
pub fn monotonic() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it fills the struct, which lives through the call.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}

/// The same in microseconds.
#[must_use]
pub fn microseconds() -> u64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: as in `monotonic`.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut now) };
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0) / 1000
}
