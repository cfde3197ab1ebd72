// SPDX-License-Identifier: GPL-2.0-or-later
//! A short look around before a thread sleeps: waking a thread costs more than most answers take.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// For so long at most.
pub const LONGEST: Duration = Duration::from_micros(20);

/// CPUs that this process may use; 0: not asked for yet.
static CPUS: AtomicUsize = AtomicUsize::new(0);
/// Looks between two glances at the clock: a microsecond or so.
const LOOKS: u32 = 32;

/// Whether the other side can't run while this one looks.
fn alone() -> bool {
    let mut cpus = CPUS.load(Ordering::Relaxed);
    if cpus == 0 {
        cpus = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        CPUS.store(cpus, Ordering::Relaxed);
    }
    cpus == 1
}

/// Looks until `there` says so or the time is over; whether it did.
pub fn until(longest: Duration, there: impl Fn() -> bool) -> bool {
    before(Instant::now() + longest, there)
}

/// Looks until `there` says so or it is that late; whether it did. The other side may have been put on this very CPU: it is
/// let run between the looks.
pub fn before(end: Instant, there: impl Fn() -> bool) -> bool {
    let alone = alone();
    loop {
        if !alone {
            for _ in 0..LOOKS {
                std::hint::spin_loop();
                if there() {
                    return true;
                }
            }
        }
        std::thread::yield_now();
        if there() {
            return true;
        }
        if Instant::now() >= end {
            return false;
        }
    }
}
