// SPDX-License-Identifier: GPL-2.0-or-later
//! The process's heap, which all VMs share with the daemon.

/// Gives free memory back to the system.
///
/// glibc keeps what was freed, up to twice the largest block that it ever mapped (mallopt(3), `M_MMAP_THRESHOLD`): a script
/// that has had a string of 8 MiB would leave the daemon 16 MiB larger for good. This walks over the free blocks (four million of
/// them, after half of a full table has gone, took 0.4 s), so it is for what was large, not for every load.
pub fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes the allocator's own locks; no block that is in use is touched.
    unsafe {
        libc::malloc_trim(0);
    }
}
