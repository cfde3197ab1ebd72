// SPDX-License-Identifier: GPL-2.0-or-later
//! Sets of prefix lengths as bit masks: 0-32 in 64 bits, 0-128 in 129.

/// A set of prefix lengths of one family.
pub trait Lengths: Copy + Default + Eq + std::hash::Hash {
    /// The lengths `min..=max`.
    fn range(min: u8, max: u8) -> Self;
    /// Is the length in the set?
    fn has(self, length: u8) -> bool;
    /// The lengths of both.
    fn or(self, other: Self) -> Self;
}

/// Lengths of IPv4 prefixes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct V4(u64);

impl Lengths for V4 {
    fn range(min: u8, max: u8) -> Self {
        let up_to = |length: u8| (2u64 << length.min(62)) - 1;
        let below = if min == 0 { 0 } else { up_to(min - 1) };
        V4(up_to(max) & !below)
    }

    fn has(self, length: u8) -> bool {
        self.0 >> length.min(63) & 1 != 0
    }

    fn or(self, other: Self) -> Self {
        V4(self.0 | other.0)
    }
}

/// Lengths of IPv6 prefixes: bit n-1 is length n; only `::/0` has length 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct V6 {
    longer: u128,
    zero: bool,
}

impl Lengths for V6 {
    fn range(min: u8, max: u8) -> Self {
        let up_to = |length: u8| match length {
            0 => 0,
            _ => u128::MAX >> (128 - length.min(128)),
        };
        V6 { longer: up_to(max) & !up_to(min.saturating_sub(1)), zero: min == 0 }
    }

    fn has(self, length: u8) -> bool {
        match length {
            0 => self.zero,
            _ => self.longer >> (length - 1).min(127) & 1 != 0,
        }
    }

    fn or(self, other: Self) -> Self {
        V6 { longer: self.longer | other.longer, zero: self.zero || other.zero }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds<L: Lengths>(longest: u8) {
        for min in 0..=longest {
            for max in min..=longest {
                let range = L::range(min, max);
                for length in 0..=longest {
                    assert_eq!(range.has(length), (min..=max).contains(&length), "{min}..={max} {length}");
                }
            }
        }
        assert!(L::range(1, 2).or(L::range(4, 4)).has(4));
    }

    #[test]
    fn every_range() {
        holds::<V4>(32);
        holds::<V6>(128);
    }
}
