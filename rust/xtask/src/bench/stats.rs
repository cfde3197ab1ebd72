// SPDX-License-Identifier: GPL-2.0-or-later
//! Many rounds, one figure: the median, which one disturbed round can't move, and the range.

/// Median, least and most of some rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

impl Spread {
    /// Of at least one value.
    ///
    /// # Panics
    /// There is none.
    pub(super) fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let (least, most) = (values[0], values[values.len() - 1]);
        let half = values.len() / 2;
        let median = if values.len() % 2 == 1 { values[half] } else { f64::midpoint(values[half - 1], values[half]) };
        Self { median, least, most }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        for (values, median) in [(&[3.0][..], 3.0), (&[9.0, 1.0, 2.0][..], 2.0), (&[4.0, 1.0, 2.0, 90.0][..], 3.0)] {
            assert_eq!(Spread::of(values.iter().copied()).median, median);
        }
        let spread = Spread::of([2.0, 1.0, 4.0]);
        assert_eq!((spread.least, spread.most), (1.0, 4.0));
    }
}
