// SPDX-License-Identifier: GPL-2.0-or-later
//! Who fails too often in a row, or burns too much time, isn't called any more.

use std::cell::Cell;
use std::time::{Duration, Instant};

/// Failures in a row after which a function is no longer called, until the script is reloaded or resumed.
const IN_A_ROW: u32 = 20;
/// Time that calls past their limit may take, whatever is between them, in so much time: a router may call a function for
/// thousands of routes in one go, and is to answer others within a second.
const BURNT: Duration = Duration::from_millis(500);
/// The time in which that counts.
const WINDOW: Duration = Duration::from_secs(10);
/// One or two may be the machine's fault, however long the limit is.
const AT_LEAST: u32 = 3;

/// The failures of one function in one place.
#[derive(Debug, Default)]
pub struct Guard {
    /// Failures since the last success.
    failed: Cell<u32>,
    suspended: Cell<bool>,
    /// Calls past their limit, the time that they took, and when the first of them ended.
    late: Cell<(u32, Duration, Option<Instant>)>,
}

impl Guard {
    /// It failed too often in a row and isn't called.
    #[inline]
    pub fn suspended(&self) -> bool {
        self.suspended.get()
    }

    /// The last call failed.
    #[inline]
    pub fn failing(&self) -> bool {
        self.failed.get() != 0
    }

    /// A call went well.
    #[inline]
    pub fn succeeded(&self) {
        if self.failed.get() != 0 {
            self.failed.set(0);
        }
    }

    /// A call failed after it had `burnt` all of its time, if it had. The reason, if the function has just been suspended.
    pub fn failed(&self, burnt: Duration) -> Option<String> {
        self.failed.set(self.failed.get() + 1);
        let reason = self.reason(burnt, Instant::now())?;
        (!self.suspended.replace(true)).then_some(reason)
    }

    /// A call was stopped because calls held the daemon: it would again, at the next. The reason, if it was not suspended before.
    pub fn held(&self) -> Option<String> {
        self.failed.set(self.failed.get() + 1);
        (!self.suspended.replace(true)).then(|| "as its calls are slow and hold the daemon".to_owned())
    }

    /// Why it is to be suspended, if it is.
    fn reason(&self, burnt: Duration, now: Instant) -> Option<String> {
        if !burnt.is_zero() {
            let (mut count, mut sum, since) = self.late.get();
            if since.is_none_or(|since| now.saturating_duration_since(since) >= WINDOW) {
                (count, sum) = (0, Duration::ZERO);
            }
            count += 1;
            sum += burnt;
            self.late.set((count, sum, if count == 1 { Some(now) } else { since }));
            if count >= AT_LEAST && sum >= BURNT {
                return Some(format!(
                    "after {count} calls in {} s that ran past the time limit, {} ms in all",
                    WINDOW.as_secs(),
                    sum.as_millis()
                ));
            }
        }
        (self.failed.get() >= IN_A_ROW).then(|| format!("after {IN_A_ROW} failures in a row"))
    }

    /// It may be called again; true: it could not before.
    pub fn resume(&self) -> bool {
        self.failed.set(0);
        self.late.set((0, Duration::ZERO, None));
        self.suspended.replace(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cheap_failures_are_counted_in_a_row() {
        let guard = Guard::default();
        for _ in 1..IN_A_ROW {
            assert_eq!(guard.failed(Duration::ZERO), None);
        }
        guard.succeeded();
        assert_eq!(guard.failed(Duration::ZERO), None);
        assert!(!guard.suspended());
        for _ in 2..IN_A_ROW {
            assert_eq!(guard.failed(Duration::ZERO), None);
        }
        assert_eq!(guard.failed(Duration::ZERO).as_deref(), Some("after 20 failures in a row"));
        assert_eq!(guard.failed(Duration::ZERO), None, "told once");
        assert!(guard.resume() && !guard.suspended());
    }

    #[test]
    fn a_success_between_them_does_not_make_up_for_burnt_time() {
        let guard = Guard::default();
        for _ in 0..9 {
            assert_eq!(guard.failed(Duration::from_millis(50)), None);
            guard.succeeded();
        }
        let reason = guard.failed(Duration::from_millis(50));
        assert_eq!(reason.as_deref(), Some("after 10 calls in 10 s that ran past the time limit, 500 ms in all"));
        assert!(guard.suspended());
    }

    #[test]
    fn a_long_limit_may_be_missed_twice() {
        let guard = Guard::default();
        assert_eq!(guard.failed(Duration::from_secs(1)), None);
        assert_eq!(guard.failed(Duration::from_secs(1)), None);
        assert!(guard.failed(Duration::from_secs(1)).is_some());
    }

    #[test]
    fn burnt_time_is_forgotten_after_a_while() {
        let (guard, now) = (Guard::default(), Instant::now());
        let limit = Duration::from_millis(100);
        for n in 0..100 {
            assert_eq!(guard.reason(limit, now + Duration::from_secs(5) * n), None, "{n}");
        }
    }
}
