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

/// Ranges, both ends inside.
#[derive(Debug, Clone)]
pub struct Ranges<N> {
    /// Sorted and apart.
    sorted: Vec<(N, N)>,
    /// Added since then, in any order. Never many, so that a lookup does not have to wait for [`Self::finish`].
    added: Vec<(N, N)>,
}

impl<N> Default for Ranges<N> {
    fn default() -> Self {
        Ranges { sorted: Vec::new(), added: Vec::new() }
    }
}

impl<N: Number> Ranges<N> {
    /// Is the number in a range?
    pub fn contains(&self, number: N) -> bool {
        let after = self.sorted.partition_point(|range| range.0 <= number);
        after > 0 && number <= self.sorted[after - 1].1
            || self.added.iter().any(|(low, high)| (*low..=*high).contains(&number))
    }

    /// Adds `low..=high`. All the ranges of a set take time n log n together, in any order.
    pub fn insert(&mut self, low: N, high: N) {
        self.added.push((low, high));
        if self.added.len() > 32 + self.sorted.len() / 4 {
            self.finish();
        }
    }

    /// Sorts, and makes ranges that touch one: to be called when all are there.
    pub fn finish(&mut self) {
        if self.added.is_empty() {
            return;
        }
        let mut ranges = std::mem::take(&mut self.sorted);
        ranges.append(&mut self.added);
        ranges.sort_unstable();
        for (low, high) in ranges {
            match self.sorted.last_mut() {
                Some(last) if low <= last.1.next() => last.1 = last.1.max(high),
                _ => self.sorted.push((low, high)),
            }
        }
    }

    /// How many; those that touch count once after [`Self::finish`].
    pub fn len(&self) -> usize {
        self.sorted.len() + self.added.len()
    }

    /// The ranges, after [`Self::finish`] sorted and apart.
    pub fn iter(&self) -> impl Iterator<Item = &(N, N)> {
        self.sorted.iter().chain(&self.added)
    }

    /// Octets of memory.
    pub fn memory(&self) -> usize {
        (self.sorted.capacity() + self.added.capacity()) * size_of::<(N, N)>()
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
        assert_eq!(ranges.sorted, [(0, u32::MAX)]);
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
            prop_assert!(ranges.added.is_empty() && ranges.sorted.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        }
    }
}
