// SPDX-License-Identifier: GPL-2.0-or-later
//! How much a script may publish at once.

/// Values in a second, and in one burst.
pub const VALUES: f64 = 5000.0;
/// Octets in a second, and in one burst.
pub const OCTETS: f64 = 2.0 * 1024.0 * 1024.0;

/// What a script has left.
#[derive(Debug)]
pub struct Rate {
    values: f64,
    octets: f64,
    at: u64,
}

impl Rate {
    /// A script that has not published yet; times are in microseconds.
    #[must_use]
    pub fn new(now: u64) -> Rate {
        Rate { values: VALUES, octets: OCTETS, at: now }
    }

    /// Takes a value of that size, if there is enough left.
    pub fn take(&mut self, octets: usize, now: u64) -> bool {
        #[allow(clippy::cast_precision_loss, reason = "sizes and times are far below 2^53")]
        let (octets, passed) = (octets as f64, now.saturating_sub(self.at) as f64 / 1e6);
        self.at = now;
        self.values = (self.values + passed * VALUES).min(VALUES);
        self.octets = (self.octets + passed * OCTETS).min(OCTETS);
        if self.values < 1.0 || self.octets < octets {
            return false;
        }
        self.values -= 1.0;
        self.octets -= octets;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Rate;

    #[test]
    fn a_burst_and_then_the_rate() {
        let mut rate = Rate::new(0);
        assert_eq!((0..10_000).filter(|_| rate.take(10, 0)).count(), 5000);
        assert_eq!((0..10_000).filter(|_| rate.take(10, 100_000)).count(), 500);
        let mut rate = Rate::new(0);
        assert_eq!((0..1000).filter(|_| rate.take(8192, 0)).count(), 256);
    }
}
