// SPDX-License-Identifier: GPL-2.0-or-later
//! What is counted of a runtime's calls.

use super::outcome::{Kind, Outcome};
use std::cell::{Cell, RefCell};
use std::time::Duration;

/// Buckets of a factor of two, each in four parts: a percentile is right to a fifth.
const BUCKETS: usize = 4 * 40;

/// How long answers took, roughly.
#[derive(Debug)]
pub struct Latencies {
    counts: Box<[u64; BUCKETS]>,
    total: u64,
}

impl Default for Latencies {
    fn default() -> Latencies {
        Latencies { counts: Box::new([0; BUCKETS]), total: 0 }
    }
}

/// The bucket of a time in nanoseconds.
fn bucket(nanos: u64) -> usize {
    let nanos = nanos.max(4);
    let log = nanos.ilog2() as usize;
    let part = (nanos >> (log - 2) & 3) as usize;
    (4 * (log - 2) + part).min(BUCKETS - 1)
}

/// The largest time of a bucket, in nanoseconds.
fn edge(bucket: usize) -> u64 {
    let (log, part) = (bucket / 4 + 2, bucket as u64 % 4);
    (5 + part) << (log - 2)
}

impl Latencies {
    fn add(&mut self, time: Duration) {
        self.counts[bucket(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX))] += 1;
        self.total += 1;
    }

    /// The time that this share of the answers did not pass.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Option<Duration> {
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a count and a share of it"
        )]
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        let at = self.counts.iter().position(|count| {
            seen += count;
            *count > 0 && seen >= wanted
        });
        at.map(|at| Duration::from_nanos(edge(at)))
    }
}

/// The counters.
#[derive(Debug, Default)]
pub struct Stats {
    /// Requests of scripts, refused ones too.
    pub calls: Cell<u64>,
    /// Good answers.
    pub good: Cell<u64>,
    /// Failures, by kind.
    errors: RefCell<[u64; Kind::ALL.len()]>,
    latencies: RefCell<Latencies>,
}

impl Stats {
    /// A request comes.
    pub fn call(&self) {
        self.calls.set(self.calls.get() + 1);
    }

    /// It ended; `took` if it was answered.
    pub fn ended(&self, outcome: &Outcome, took: Option<Duration>) {
        match outcome.kind() {
            None => self.good.set(self.good.get() + 1),
            Some(kind) => self.errors.borrow_mut()[kind as usize] += 1,
        }
        if let Some(took) = took {
            self.latencies.borrow_mut().add(took);
        }
    }

    /// Failures of a kind.
    #[must_use]
    pub fn errors(&self, kind: Kind) -> u64 {
        self.errors.borrow()[kind as usize]
    }

    /// The time that this share of the answers did not pass.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Option<Duration> {
        self.latencies.borrow().percentile(share)
    }

    /// Sets the counters to zero.
    pub fn clear(&self) {
        self.calls.set(0);
        self.good.set(0);
        self.errors.take();
        self.latencies.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_right_to_a_fifth() {
        let mut latencies = Latencies::default();
        for n in 1..=1000 {
            latencies.add(Duration::from_micros(n));
        }
        for (share, micros) in [(0.5, 500.0), (0.99, 990.0)] {
            let found = latencies.percentile(share).unwrap().as_secs_f64() * 1e6;
            assert!((0.99..1.25).contains(&(found / micros)), "{share}: {found}");
        }
        assert_eq!(Latencies::default().percentile(0.5), None);
    }

    #[test]
    fn each_bucket_holds_its_edge() {
        for nanos in [0, 1, 4, 5, 7, 8, 1000, 1 << 30, u64::MAX] {
            let at = bucket(nanos);
            assert!(nanos <= edge(at) || at == BUCKETS - 1, "{nanos}");
            assert!(at == 0 || nanos >= edge(at - 1), "{nanos}");
        }
    }
}
