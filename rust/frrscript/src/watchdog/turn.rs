// SPDX-License-Identifier: GPL-2.0-or-later
//! How long scripts have held the daemon since its event loop turned.
//!
//! A call has its limit, but one turn of the loop may make thousands of calls: for each prefix of an UPDATE, or for each
//! route of a table that is announced. Slow ones would hold the daemon for as many times their time.
//!
//! The watchdog's looks are samples: when a call runs at a look, the CPU time since the look before it is taken for the
//! script's, if so few calls were made meanwhile that each was slow. A call pays nothing for that. When some time has been
//! counted, the next call asks the daemon for a turn; what is counted from then on until that turn comes is time in which
//! nobody else was served.

use super::ATTEND;
use crate::ffi::host;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

/// Scripts may hold the daemon for so long, or for some limits of the call that runs, if that is more.
const LONGEST: Duration = Duration::from_millis(500);
const LIMITS: u32 = 3;
/// A call that takes less isn't slow: many of these are the daemon's doing, which would take as long without scripts.
const SLOW: Duration = Duration::from_micros(200);
/// After so much the loop is asked for a turn.
const ASK: Duration = Duration::from_millis(50);

/// Nothing is asked for.
const NONE: u8 = 0;
/// The next call asks.
const WANTED: u8 = 1;
/// The loop was asked.
const ASKED: u8 = 2;
/// Nobody would give turns.
const NOBODY: u8 = 3;
static MARK: AtomicU8 = AtomicU8::new(NONE);

/// The daemon's event loop gave a turn.
pub fn turned() {
    MARK.store(NONE, Ordering::Relaxed);
}

/// What runs while this lives is not held against calls, nor are calls before it: a load, of which a daemon that starts makes one
/// for each script of its configuration before its loop turns for the first time. Each has a limit of its own.
pub struct Apart;

impl Apart {
    /// Begins it.
    #[must_use]
    pub fn begin() -> Apart {
        turned();
        Apart
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        turned();
    }
}

/// Asks for a turn, if one is wanted. In the thread of the daemon.
pub(super) fn mark() {
    if MARK.load(Ordering::Relaxed) == WANTED {
        // First, as a host may give the turn at once.
        MARK.store(ASKED, Ordering::Relaxed);
        if !host::wakes() {
            MARK.store(NOBODY, Ordering::Relaxed);
        }
        host::wake(0);
    }
}

/// What the watchdog has counted.
#[derive(Default)]
pub(super) struct Hold {
    held: Duration,
    mark: u8,
    call: u64,
    cpu: Option<Duration>,
}

impl Hold {
    /// A look at the counter of calls and the thread's CPU time: whether the running call, of that limit, is to be stopped.
    pub(super) fn look(&mut self, call: u64, cpu: Option<Duration>, limit: Duration) -> bool {
        let mark = MARK.load(Ordering::Relaxed);
        let over = self.count(call, cpu, limit, mark);
        if mark == NONE && self.held >= ASK {
            // Unless a turn has just been given.
            let _ = MARK.compare_exchange(NONE, WANTED, Ordering::Relaxed, Ordering::Relaxed);
            ATTEND.store(true, Ordering::Relaxed);
        }
        over
    }

    fn count(&mut self, call: u64, cpu: Option<Duration>, limit: Duration, mark: u8) -> bool {
        // The counter goes up at the begin and at the end of a call.
        let calls = call.saturating_sub(self.call).div_ceil(2).max(1);
        let spent = cpu.zip(self.cpu).map_or(Duration::ZERO, |(now, before)| now.saturating_sub(before));
        self.call = call;
        self.cpu = cpu;
        if std::mem::replace(&mut self.mark, mark) != mark {
            self.held = Duration::ZERO;
        }
        if call & 1 == 0 || spent < SLOW * u32::try_from(calls).unwrap_or(u32::MAX) {
            return false;
        }
        self.held += spent;
        if mark != ASKED || self.held < LONGEST.max(limit * LIMITS) {
            return false;
        }
        self.held = Duration::ZERO;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_millis(50);

    /// Looks every 3 ms of CPU time, after `calls` calls each; `running`: inside one. The looks until one was stopped.
    fn looks(hold: &mut Hold, calls: u64, running: bool, mark: u8, most: u32) -> Option<u32> {
        let mut call = 100;
        let mut cpu = hold.cpu.unwrap_or_default();
        hold.call = call;
        for n in 1..=most {
            call += calls * 2;
            cpu += Duration::from_millis(3);
            if hold.count(call + u64::from(running), Some(cpu), LIMIT, mark) {
                return Some(n);
            }
        }
        None
    }

    #[test]
    fn slow_calls_hold_the_daemon_for_half_a_second() {
        let mut hold = Hold { mark: ASKED, cpu: Some(Duration::ZERO), ..Hold::default() };
        assert_eq!(looks(&mut hold, 1, true, ASKED, 1000), Some(167), "501 ms");
    }

    #[test]
    fn quick_calls_are_not_counted() {
        let mut hold = Hold { mark: ASKED, cpu: Some(Duration::ZERO), ..Hold::default() };
        assert_eq!(looks(&mut hold, 16, true, ASKED, 10_000), None);
        assert_eq!(looks(&mut hold, 1, false, ASKED, 10_000), None, "the daemon's own work");
    }

    #[test]
    fn a_turn_makes_it_begin_anew() {
        let mut hold = Hold { mark: ASKED, cpu: Some(Duration::ZERO), ..Hold::default() };
        assert_eq!(looks(&mut hold, 1, true, ASKED, 160), None);
        assert_eq!(looks(&mut hold, 1, true, NONE, 10_000), None, "nothing was asked for");
        assert_eq!(looks(&mut hold, 1, true, ASKED, 1000), Some(167));
    }

    #[test]
    fn a_long_limit_may_be_used_some_times() {
        let mut hold = Hold { mark: ASKED, cpu: Some(Duration::ZERO), ..Hold::default() };
        let mut cpu = Duration::ZERO;
        let limit = Duration::from_secs(1);
        let stopped = (0..10_000).find(|_| {
            cpu += Duration::from_millis(3);
            hold.count(101, Some(cpu), limit, ASKED)
        });
        assert_eq!(stopped, Some(1000), "3 s; the first look only begins");
    }
}
