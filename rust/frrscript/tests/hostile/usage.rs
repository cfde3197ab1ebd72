// SPDX-License-Identifier: GPL-2.0-or-later
//! The memory that this process uses.

/// Octets of a process.
#[derive(Debug, Clone, Copy, Default)]
pub struct Memory {
    /// That the C library's allocator has given out, to Luau, Rust and C alike.
    pub heap: u64,
    /// That are in memory, after what is free was given back.
    pub resident: u64,
}

impl Memory {
    /// Looks.
    pub fn now() -> Memory {
        // SAFETY: these only look at and tidy the allocator's own.
        let info = unsafe {
            libc::malloc_trim(0);
            libc::mallinfo2()
        };
        let status = std::fs::read_to_string("/proc/self/status").expect("this process's status");
        let line = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).expect("its resident size");
        let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        Memory { heap: (info.uordblks + info.hblkhd) as u64, resident: kib * 1024 }
    }
}
