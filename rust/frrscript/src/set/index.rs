// SPDX-License-Identifier: GPL-2.0-or-later
//! The prefixes of one family, cut into intervals of addresses, to ask "which lengths match here" in one step.
//!
//! Where an interval starts, its lengths are those that all entries around it accept. An entry accepts no length shorter
//! than its own, so the lengths at a prefix's first address are right for that prefix, whatever longer entries start
//! there. Against a walk down the tree this takes a fifth of the time: one table, a short search, one bit.

use super::lengths::Lengths;
use std::collections::HashMap;

/// An address as a number.
pub trait Key: Copy + Ord {
    /// The last address of the prefix of that length which starts here.
    fn last(self, length: u8) -> Self;
    /// The next address; `None` after the highest one.
    fn next(self) -> Option<Self>;
    /// `(self - base) >> shift`, at most `max`; `self` is not below `base`.
    fn slot(self, base: Self, shift: u32, max: usize) -> usize;
    /// `base + (slot << shift)`.
    fn start_of(slot: usize, base: Self, shift: u32) -> Self;
}

macro_rules! key {
    ($number:ty) => {
        impl Key for $number {
            fn last(self, length: u8) -> Self {
                self | <$number>::MAX.checked_shr(length.into()).unwrap_or(0)
            }

            fn next(self) -> Option<Self> {
                self.checked_add(1)
            }

            fn slot(self, base: Self, shift: u32, max: usize) -> usize {
                usize::try_from(self.wrapping_sub(base).checked_shr(shift).unwrap_or(0)).unwrap_or(max).min(max)
            }

            fn start_of(slot: usize, base: Self, shift: u32) -> Self {
                let offset = <$number>::try_from(slot).unwrap_or(<$number>::MAX);
                base.saturating_add(offset.checked_shl(shift).unwrap_or(0))
            }
        }
    };
}

key!(u32);
key!(u128);

/// Intervals of addresses and the prefix lengths that match in each.
#[derive(Debug, Clone)]
pub struct Index<K, L> {
    /// First address of each interval, in order.
    starts: Vec<K>,
    /// Of each interval: where its lengths are in `lengths`.
    which: Vec<u32>,
    /// The different sets of lengths; the first is empty.
    lengths: Vec<L>,
    /// How many intervals start before each slot of `1 << shift` addresses from the first start, and in all.
    slots: Vec<u32>,
    shift: u32,
}

impl<K: Key, L: Lengths> Index<K, L> {
    /// From prefixes in lexicographic order (address, then length), with the lengths that the entries of each accept.
    pub fn new(prefixes: impl Iterator<Item = (K, u8, L)>) -> Self {
        let mut index =
            Index { starts: Vec::new(), which: Vec::new(), lengths: vec![L::default()], slots: Vec::new(), shift: 0 };
        let mut known = HashMap::from([(L::default(), 0)]);
        // The prefixes around the current address: last address, and lengths of all so far.
        let mut around: Vec<(K, L)> = Vec::new();
        for (first, length, own) in prefixes {
            while let Some((last, _)) = around.pop_if(|(last, _)| *last < first) {
                index.after(last, &around, &mut known);
            }
            let lengths = own.or(around.last().map_or(L::default(), |outer| outer.1));
            index.start(first, lengths, &mut known);
            around.push((first.last(length), lengths));
        }
        while let Some((last, _)) = around.pop() {
            index.after(last, &around, &mut known);
        }
        index.fill_slots();
        index
    }

    /// Behind `last` the lengths are those of what is still around.
    fn after(&mut self, last: K, around: &[(K, L)], known: &mut HashMap<L, u32>) {
        if let Some(next) = last.next() {
            self.start(next, around.last().map_or(L::default(), |outer| outer.1), known);
        }
    }

    fn start(&mut self, first: K, lengths: L, known: &mut HashMap<L, u32>) {
        let new = u32::try_from(self.lengths.len()).unwrap_or(u32::MAX);
        let which = *known.entry(lengths).or_insert_with(|| {
            self.lengths.push(lengths);
            new
        });
        if self.starts.last() == Some(&first) {
            self.starts.pop();
            self.which.pop();
        }
        if self.which.last() != Some(&which) {
            self.starts.push(first);
            self.which.push(which);
        }
    }

    fn fill_slots(&mut self) {
        self.starts.shrink_to_fit();
        self.which.shrink_to_fit();
        let (Some(base), Some(last)) = (self.starts.first().copied(), self.starts.last().copied()) else {
            return;
        };
        // As many slots as intervals at most, so that few of them share a slot and a small set takes little.
        while last.slot(base, self.shift, usize::MAX) > self.starts.len() {
            self.shift += 1;
        }
        let slots = last.slot(base, self.shift, usize::MAX) + 1;
        self.slots = (0..slots)
            .map(|slot| {
                let start = K::start_of(slot, base, self.shift);
                u32::try_from(self.starts.partition_point(|first| *first < start)).unwrap_or(u32::MAX)
            })
            .collect();
        self.slots.push(u32::try_from(self.starts.len()).unwrap_or(u32::MAX));
    }

    /// The lengths that match at an address; none outside of all prefixes.
    #[inline]
    pub fn lengths_at(&self, address: K) -> L {
        let Some(base) = self.starts.first().copied().filter(|base| *base <= address) else {
            return L::default();
        };
        let slot = address.slot(base, self.shift, self.slots.len() - 2);
        let (low, high) = (self.slots[slot] as usize, self.slots[slot + 1] as usize);
        let after = low + self.starts[low..high].partition_point(|first| *first <= address);
        self.lengths[self.which[after - 1] as usize]
    }

    /// Octets of memory.
    pub fn memory(&self) -> usize {
        self.starts.capacity() * size_of::<K>()
            + (self.which.capacity() + self.slots.capacity()) * size_of::<u32>()
            + self.lengths.capacity() * size_of::<L>()
    }
}

#[cfg(test)]
mod tests {
    use super::super::lengths::V4;
    use super::*;

    fn index(prefixes: &[(u32, u8)]) -> Index<u32, V4> {
        let mut prefixes = prefixes.to_vec();
        prefixes.sort_unstable();
        Index::new(prefixes.into_iter().map(|(first, length)| (first, length, V4::range(length, length))))
    }

    #[test]
    fn ends_of_the_address_space() {
        let all = index(&[(0, 0), (0xFFFF_FFFF, 32), (0, 32)]);
        for (address, lengths) in [(0, vec![0, 32]), (1, vec![0]), (0xFFFF_FFFE, vec![0]), (0xFFFF_FFFF, vec![0, 32])] {
            let found = all.lengths_at(address);
            assert_eq!((0..=32).filter(|length| found.has(*length)).collect::<Vec<u8>>(), lengths, "{address}");
        }
        assert!(index(&[]).lengths_at(7) == V4::default());
    }

    #[test]
    fn outside_of_all_prefixes_nothing_matches() {
        let one = index(&[(0x0A00_0000, 8)]);
        for address in [0, 0x09FF_FFFF, 0x0B00_0000, u32::MAX] {
            assert!(one.lengths_at(address) == V4::default(), "{address:x}");
        }
        assert!(one.lengths_at(0x0AFF_FFFF).has(8));
    }

    #[test]
    fn a_small_set_is_small() {
        assert!(index(&[(0, 8), (0xC000_0000, 8)]).memory() < 500);
    }
}
