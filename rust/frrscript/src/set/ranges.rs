// SPDX-License-Identifier: GPL-2.0-or-later
//! Sorted ranges of numbers: what AS-number and community sets are made of.

use std::sync::OnceLock;

/// A number with a next one.
pub trait Number: Copy + Ord {
    /// The next number; the last one is its own next.
    fn next(self) -> Self;
}

impl Number for u32 {
    fn next(self) -> Self {
        self.saturating_add(1)
    }
}

impl Number for u128 {
    fn next(self) -> Self {
        self.saturating_add(1)
    }
}

/// Ranges, both ends inside.
#[derive(Debug, Clone)]
pub struct Ranges<N> {
    /// As they were added; empty when they are sorted for good.
    added: Vec<(N, N)>,
    /// Sorted and apart.
    sorted: OnceLock<Vec<(N, N)>>,
}

impl<N> Default for Ranges<N> {
    fn default() -> Self {
        Ranges { added: Vec::new(), sorted: OnceLock::new() }
    }
}

impl<N: Number> Ranges<N> {
    /// Is the number in a range? The first question after [`Self::insert`] sorts all of them.
    #[inline]
    pub fn contains(&self, number: N) -> bool {
        let sorted = self.sorted();
        let after = sorted.partition_point(|range| range.0 <= number);
        after > 0 && number <= sorted[after - 1].1
    }

    /// Adds `low..=high`.
    pub fn insert(&mut self, low: N, high: N) {
        if let Some(sorted) = self.sorted.take().filter(|_| self.added.is_empty()) {
            self.added = sorted;
        }
        self.added.push((low, high));
    }

    /// Sorts now, and forgets what is only needed to add more.
    pub fn finish(&mut self) {
        self.sorted();
        self.added = Vec::new();
    }

    /// The ranges, sorted and apart.
    pub fn sorted(&self) -> &[(N, N)] {
        self.sorted.get_or_init(|| {
            let mut ranges = self.added.clone();
            ranges.sort_unstable();
            let mut apart: Vec<(N, N)> = Vec::with_capacity(ranges.len());
            for (low, high) in ranges {
                match apart.last_mut() {
                    Some(last) if low <= last.1.next() => last.1 = last.1.max(high),
                    _ => apart.push((low, high)),
                }
            }
            apart
        })
    }

    /// How many, at most: ranges that touch may have been added apart.
    pub fn at_most(&self) -> usize {
        self.added.len().max(self.sorted.get().map_or(0, Vec::len))
    }

    /// Octets of memory.
    pub fn memory(&self) -> usize {
        (self.added.capacity() + self.sorted.get().map_or(0, Vec::capacity)) * size_of::<(N, N)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_number() {
        let mut ranges = Ranges::default();
        ranges.insert(u32::MAX, u32::MAX);
        ranges.insert(0, 0);
        for _ in 0..2 {
            assert!(ranges.contains(0) && ranges.contains(u32::MAX) && !ranges.contains(1));
            ranges.finish();
        }
        ranges.insert(1, u32::MAX - 1);
        ranges.finish();
        assert_eq!(ranges.sorted(), [(0, u32::MAX)]);
    }

    proptest! {
        #[test]
        fn is_what_a_scan_says(given in prop::collection::vec((0u32..900, 0u32..9), 0..100)) {
            let mut ranges = Ranges::default();
            for (low, more) in &given {
                ranges.insert(*low, low + more);
            }
            for _ in 0..2 {
                for number in 0..920 {
                    let model = given.iter().any(|(low, more)| (*low..=low + more).contains(&number));
                    prop_assert_eq!(ranges.contains(number), model);
                }
                ranges.finish();
            }
            prop_assert!(ranges.sorted().windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        }
    }
}
