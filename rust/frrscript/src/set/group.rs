// SPDX-License-Identifier: GPL-2.0-or-later
//! One entry of a community set: parts with `:` between, each a number, a range or `*`.

use crate::value::items::decimal;

/// One entry.
#[derive(Debug, Clone, Copy)]
pub enum Member<N> {
    /// Neighbors, both ends inside.
    Range(N, N),
    /// Those whose bits under the mask are the value.
    Masked {
        /// The bits that count.
        mask: N,
        /// What they are.
        value: N,
    },
}

impl<N> Member<N> {
    /// With numbers of another type; `None` if one does not fit.
    pub(super) fn map<M>(self, number: impl Fn(N) -> Option<M>) -> Option<Member<M>> {
        Some(match self {
            Member::Range(low, high) => Member::Range(number(low)?, number(high)?),
            Member::Masked { mask, value } => Member::Masked { mask: number(mask)?, value: number(value)? },
        })
    }
}

/// Reads `PARTS` parts of `bits` bits each, with `:` between: a number, `*`, or a range in the last part that is not `*`.
pub(super) fn member<const PARTS: usize>(text: &str, bits: u32) -> Option<Member<u128>> {
    let most = (1u128 << bits) - 1;
    let (mut low, mut high, mut mask) = ([0; PARTS], [most; PARTS], [0; PARTS]);
    let mut words = text.trim_ascii().split(':');
    for part in 0..PARTS {
        let word = words.next()?;
        if word == "*" {
            continue;
        }
        let (first, last) = word.split_once('-').unwrap_or((word, word));
        (low[part], high[part]) = (decimal(first)?.into(), decimal(last)?.into());
        if low[part] > high[part] || high[part] > most {
            return None;
        }
        if low[part] == high[part] {
            mask[part] = most;
        }
    }
    if words.next().is_some() {
        return None;
    }
    let is_open = |part: usize| low[part] == 0 && high[part] == most;
    let first_loose = (0..PARTS).find(|part| mask[*part] == 0).unwrap_or(PARTS);
    if (first_loose + 1..PARTS).all(is_open) {
        return Some(Member::Range(join(low, bits), join(high, bits)));
    }
    // A number stands behind a loose part: no part may be a range then.
    let no_range = (0..PARTS).all(|part| mask[part] != 0 || is_open(part));
    no_range.then(|| Member::Masked { mask: join(mask, bits), value: join(low, bits) })
}

/// The parts as one number, the first one highest.
pub(super) fn join<const PARTS: usize>(parts: [u128; PARTS], bits: u32) -> u128 {
    parts.iter().fold(0, |joined, part| joined << bits | part)
}
