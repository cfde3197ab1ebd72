// SPDX-License-Identifier: GPL-2.0-or-later
//! Random numbers that stay the same for ever.
//!
//! A benchmark of today must feed the table of last year, so the generator is written out here: a
//! crate may change its algorithm between versions.

/// SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// A generator whose whole sequence follows from `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 uniform bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which must not be 0. Its bias is below `n` / 2^32: irrelevant here.
    pub fn below(&mut self, n: u32) -> u32 {
        (((self.bits() >> 32) * u64::from(n)) >> 32) as u32
    }

    /// True in `per_mille` of 1,000 draws.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.below(1000) < per_mille
    }

    /// One of `items`, which must not be empty.
    pub fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u32) as usize]
    }

    /// The value of one of the `(value, weight)` pairs, drawn by weight.
    pub fn weighted<T: Copy>(&mut self, items: &[(T, u32)]) -> T {
        let total: u32 = items.iter().map(|item| item.1).sum();
        let mut left = self.below(total);
        for &(value, weight) in items {
            if left < weight {
                return value;
            }
            left -= weight;
        }
        unreachable!("a draw below the sum of the weights lands in one of them")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_numbers_are_those_of_the_paper() {
        let mut rng = Rng::new(1_234_567);
        assert_eq!(rng.bits(), 6_457_827_717_110_365_317);
        assert_eq!(rng.bits(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn weights_are_kept() {
        let mut rng = Rng::new(7);
        let draws = (0..10_000).filter(|_| rng.weighted(&[(true, 1), (false, 3)])).count();
        assert!((2300..2700).contains(&draws), "{draws} of 10000");
    }
}
