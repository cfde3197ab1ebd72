// SPDX-License-Identifier: GPL-2.0-or-later
//! Counters of a script, and the times of its calls.

use crate::failure::{Failure, Kind};
use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

/// One call in so many is timed: a clock costs more than a small script.
pub const SAMPLE: u64 = 64;
/// A kind of failure is logged once in this time.
const QUIET: Duration = Duration::from_secs(60);
/// Buckets: 8 for each power of two of nanoseconds, up to 2^40 (18 minutes).
const BUCKETS: usize = 40 * 8;

/// What a script has done since it was loaded first, or since the counters were cleared.
#[derive(Debug, Default)]
pub struct Stats {
    calls: Cell<u64>,
    errors: RefCell<[u64; Kind::ALL.len()]>,
    skipped: Cell<u64>,
    times: RefCell<Times>,
    last: RefCell<Option<LastError>>,
    quiet: RefCell<[Quiet; Kind::ALL.len()]>,
}

/// The failure that came last.
#[derive(Debug, Clone)]
pub struct LastError {
    /// What it was.
    pub failure: Failure,
    /// When.
    pub at: std::time::SystemTime,
}

#[derive(Debug, Default, Clone, Copy)]
struct Quiet {
    until: Option<Instant>,
    untold: u64,
}

/// A histogram of times.
#[derive(Debug)]
struct Times {
    counts: Vec<u32>,
    total: u64,
    max: Duration,
}

impl Default for Times {
    fn default() -> Times {
        Times { counts: Vec::new(), total: 0, max: Duration::ZERO }
    }
}

impl Stats {
    /// Counts a call; true: time it.
    #[inline]
    pub fn call(&self) -> bool {
        let calls = self.calls.get();
        self.calls.set(calls + 1);
        calls.is_multiple_of(SAMPLE)
    }

    /// Calls that were made.
    pub fn calls(&self) -> u64 {
        self.calls.get()
    }

    /// Counts a call that was not made because the script is suspended.
    pub fn skip(&self) {
        self.skipped.set(self.skipped.get() + 1);
    }

    /// Calls that were not made.
    pub fn skipped(&self) -> u64 {
        self.skipped.get()
    }

    /// Notes how long a call took.
    pub fn took(&self, time: Duration) {
        let mut times = self.times.borrow_mut();
        times.max = times.max.max(time);
        times.total += 1;
        if times.counts.is_empty() {
            times.counts.resize(BUCKETS, 0);
        }
        let at = bucket(time);
        times.counts[at] = times.counts[at].saturating_add(1);
    }

    /// Counts a failure. `Some(n)`: log it now, and say that n of its kind went untold before.
    pub fn failed(&self, failure: &Failure) -> Option<u64> {
        let index = failure.kind as usize;
        self.errors.borrow_mut()[index] += 1;
        *self.last.borrow_mut() = Some(LastError { failure: failure.clone(), at: std::time::SystemTime::now() });
        let quiet = &mut self.quiet.borrow_mut()[index];
        let now = Instant::now();
        if quiet.until.is_some_and(|until| now < until) {
            quiet.untold += 1;
            return None;
        }
        quiet.until = Some(now + QUIET);
        Some(std::mem::take(&mut quiet.untold))
    }

    /// Failures of a kind.
    pub fn errors(&self, kind: Kind) -> u64 {
        self.errors.borrow()[kind as usize]
    }

    /// The last failure.
    pub fn last(&self) -> Option<LastError> {
        self.last.borrow().clone()
    }

    /// The time that `part` (0 to 1) of the timed calls stayed under; nothing when none was timed.
    pub fn quantile(&self, part: f64) -> Option<Duration> {
        let times = self.times.borrow();
        if times.total == 0 {
            return None;
        }
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank among counts"
        )]
        let rank = ((times.total as f64 * part).ceil() as u64).max(1);
        let mut seen = 0;
        for (index, &count) in times.counts.iter().enumerate() {
            seen += u64::from(count);
            if seen >= rank {
                return Some(upper(index).min(times.max));
            }
        }
        Some(times.max)
    }

    /// The longest of the timed calls: one in [`SAMPLE`], and every call after one that failed.
    pub fn max(&self) -> Option<Duration> {
        let times = self.times.borrow();
        (times.total > 0).then_some(times.max)
    }

    /// Sets all counters to zero; the last error goes too.
    pub fn clear(&self) {
        self.calls.set(0);
        self.skipped.set(0);
        *self.errors.borrow_mut() = Default::default();
        *self.times.borrow_mut() = Times::default();
        *self.last.borrow_mut() = None;
        *self.quiet.borrow_mut() = Default::default();
    }
}

fn bucket(time: Duration) -> usize {
    let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).max(8);
    let power = nanos.ilog2();
    let eighth = (nanos >> (power - 3)) & 7;
    let index = (power as usize - 3) * 8 + usize::try_from(eighth).unwrap_or(0);
    index.min(BUCKETS - 1)
}

fn upper(index: usize) -> Duration {
    let power = index / 8;
    Duration::from_nanos((8 + index as u64 % 8 + 1) << power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_within_an_eighth() {
        let stats = Stats::default();
        for n in 1..=1000u64 {
            stats.took(Duration::from_nanos(n * 100));
        }
        let p50 = stats.quantile(0.5).unwrap().as_nanos();
        let p99 = stats.quantile(0.99).unwrap().as_nanos();
        assert!((50_000..=57_000).contains(&p50), "{p50}");
        assert!((99_000..=100_000).contains(&p99), "{p99}");
        assert_eq!(stats.max(), Some(Duration::from_micros(100)));
    }

    #[test]
    fn every_bucket_is_under_its_upper_end() {
        for n in [0, 1, 7, 8, 9, 15, 16, 17, 1000, 123_456, u64::MAX / 4] {
            let index = bucket(Duration::from_nanos(n));
            assert!(index == BUCKETS - 1 || Duration::from_nanos(n) <= upper(index), "{n}");
        }
    }

    #[test]
    fn a_kind_is_told_once_in_its_interval() {
        let stats = Stats::default();
        let failure = Failure::runtime("x");
        assert_eq!(stats.failed(&failure), Some(0));
        assert_eq!(stats.failed(&failure), None);
        assert_eq!(stats.failed(&Failure::new(Kind::Deadline, "y")), Some(0));
        assert_eq!(stats.errors(Kind::Runtime), 2);
    }
}
