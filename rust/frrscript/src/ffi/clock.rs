// SPDX-License-Identifier: GPL-2.0-or-later
//! Local time, which the standard library does not have.

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
