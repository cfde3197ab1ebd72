// SPDX-License-Identifier: GPL-2.0-or-later
//! Sorted ranges of numbers that do not touch: what AS-number and community sets are made of.

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

/// Ranges, both ends inside, sorted and apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranges<N>(Vec<(N, N)>);

impl<N> Default for Ranges<N> {
    fn default() -> Self {
        Ranges(Vec::new())
    }
}

impl<N: Number> Ranges<N> {
    /// Is the number in a range?
    pub fn contains(&self, number: N) -> bool {
        let after = self.0.partition_point(|range| range.0 <= number);
        after > 0 && number <= self.0[after - 1].1
    }

    /// Adds `low..=high`; the ranges that it touches become one with it.
    pub fn insert(&mut self, low: N, high: N) {
        let start = self.0.partition_point(|range| range.1.next() < low);
        let end = self.0.partition_point(|range| range.0 <= high.next());
        let touched = self.0.get(start..end).unwrap_or_default();
        let low = touched.first().map_or(low, |first| first.0.min(low));
        let high = touched.last().map_or(high, |last| last.1.max(high));
        self.0.splice(start..end.max(start), [(low, high)]);
    }

    /// The ranges.
    pub fn as_slice(&self) -> &[(N, N)] {
        &self.0
    }

    /// Octets of memory.
    pub fn memory(&self) -> usize {
        self.0.capacity() * size_of::<(N, N)>()
    }
}

impl<N: Number> From<Vec<(N, N)>> for Ranges<N> {
    fn from(mut ranges: Vec<(N, N)>) -> Self {
        ranges.sort_unstable();
        let mut apart: Vec<(N, N)> = Vec::with_capacity(ranges.len());
        for (low, high) in ranges {
            match apart.last_mut() {
                Some(last) if low <= last.1.next() => last.1 = last.1.max(high),
                _ => apart.push((low, high)),
            }
        }
        Ranges(apart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_last_number() {
        let mut ranges = Ranges::from(vec![(u32::MAX, u32::MAX), (0, 0)]);
        assert!(ranges.contains(0) && ranges.contains(u32::MAX) && !ranges.contains(1));
        ranges.insert(1, u32::MAX - 1);
        assert_eq!(ranges.as_slice(), [(0, u32::MAX)]);
    }

    proptest! {
        #[test]
        fn one_by_one_is_all_at_once(given in prop::collection::vec((0u32..60, 0u32..9), 0..12)) {
            let given: Vec<(u32, u32)> = given.into_iter().map(|(low, more)| (low, low + more)).collect();
            let mut ranges = Ranges::default();
            for (low, high) in &given {
                ranges.insert(*low, *high);
            }
            for number in 0..80 {
                let model = given.iter().any(|(low, high)| (*low..=*high).contains(&number));
                prop_assert_eq!(ranges.contains(number), model);
            }
            prop_assert!(ranges.as_slice().windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
            prop_assert_eq!(ranges, Ranges::from(given));
        }
    }
}
