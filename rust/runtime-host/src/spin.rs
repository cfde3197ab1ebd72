// SPDX-License-Identifier: GPL-2.0-or-later
//! A short look around before a thread sleeps: waking a thread costs more than most answers take.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// For so long at most.
pub const LONGEST: Duration = Duration::from_micros(20);

/// Whether the other side can run while this one looks.
static ALONE: LazyLock<bool> = LazyLock::new(|| std::thread::available_parallelism().is_ok_and(|n| n.get() == 1));
/// Looks between two glances at the clock.
const LOOKS: u32 = 32;

/// Looks until `there` says so or the time is over; whether it did.
pub fn until(longest: Duration, there: impl Fn() -> bool) -> bool {
    if there() {
        return true;
    }
    let began = Instant::now();
    loop {
        if *ALONE {
            // The other side needs this CPU.
            std::thread::yield_now();
            if there() {
                return true;
            }
        } else {
            for _ in 0..LOOKS {
                std::hint::spin_loop();
                if there() {
                    return true;
                }
            }
        }
        if began.elapsed() >= longest {
            return false;
        }
    }
}
