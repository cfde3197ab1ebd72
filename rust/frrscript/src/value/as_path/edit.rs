// SPDX-License-Identifier: GPL-2.0-or-later
//! Changes of an AS path, as FRR's `set as-path` commands make them.

use super::{AsPath, MAX_ASNS, Segment, SegmentKind, asn_count, parse};
use crate::value::{TextError, asn};

impl AsPath {
    /// Puts `asn` in front `times` times (bgp_aspath.c: `aspath_add_seq_n`).
    ///
    /// The front segment may pass 255 members: like FRR, the path keeps one form inside and is split when it is sent
    /// (RFC 4271 section 5.1.2; bgp_aspath.c: `aspath_put`).
    ///
    /// # Errors
    /// AS 0 (RFC 7607); a path of more than [`MAX_ASNS`] numbers. The path is as before.
    pub fn prepend(&mut self, asn: u32, times: usize) -> Result<(), TextError> {
        refuse_zero(asn)?;
        if times == 0 {
            return Ok(());
        }
        if asn_count(self).saturating_add(times) > MAX_ASNS {
            return Err(parse::too_long());
        }
        let front = std::iter::repeat_n(asn, times);
        match self.segments.first_mut() {
            Some(segment) if segment.kind == SegmentKind::Sequence => {
                segment.asns.splice(0..0, front);
            }
            _ => self.segments.insert(0, Segment { kind: SegmentKind::Sequence, asns: front.collect() }),
        }
        Ok(())
    }

    /// Writes `to` wherever `from` is; how many numbers changed (bgp_aspath.c: `aspath_replace_specific_asn`).
    ///
    /// # Errors
    /// `to` is AS 0 (RFC 7607).
    pub fn replace(&mut self, from: u32, to: u32) -> Result<usize, TextError> {
        self.replace_if(to, |asn| asn == from)
    }

    /// Writes `to` for every number (bgp_aspath.c: `aspath_replace_all_asn`); how many changed.
    ///
    /// # Errors
    /// `to` is AS 0 (RFC 7607).
    pub fn replace_all(&mut self, to: u32) -> Result<usize, TextError> {
        self.replace_if(to, |_| true)
    }

    /// Writes `to` for every private number (bgp_aspath.c: `aspath_replace_private_asns`); how many changed.
    ///
    /// # Errors
    /// `to` is AS 0 (RFC 7607).
    pub fn replace_private(&mut self, to: u32) -> Result<usize, TextError> {
        self.replace_if(to, asn::is_private)
    }

    /// Writes `to` for every number that `wanted` says yes to; how many changed.
    ///
    /// # Errors
    /// `to` is AS 0 (RFC 7607).
    pub fn replace_if(&mut self, to: u32, wanted: impl Fn(u32) -> bool) -> Result<usize, TextError> {
        refuse_zero(to)?;
        let mut changed = 0;
        for asn in self.segments.iter_mut().flat_map(|segment| &mut segment.asns) {
            if wanted(*asn) && *asn != to {
                *asn = to;
                changed += 1;
            }
        }
        // Members of a set may be equal now.
        self.normalise();
        Ok(changed)
    }

    /// Takes private numbers out (bgp_aspath.c: `aspath_remove_private_asns`); how many.
    pub fn remove_private(&mut self) -> usize {
        self.remove_if(asn::is_private)
    }

    /// Takes every number of the list out, as `set as-path exclude` (bgp_aspath.c: `aspath_filter_exclude`); how many.
    pub fn exclude(&mut self, asns: &[u32]) -> usize {
        let mut asns = asns.to_vec();
        asns.sort_unstable();
        self.remove_if(|asn| asns.binary_search(&asn).is_ok())
    }

    /// Takes every number that `unwanted` says yes to out, and segments that are empty then; how many numbers.
    pub fn remove_if(&mut self, unwanted: impl Fn(u32) -> bool) -> usize {
        let before = asn_count(self);
        for segment in &mut self.segments {
            segment.asns.retain(|asn| !unwanted(*asn));
        }
        let removed = before - asn_count(self);
        self.normalise();
        removed
    }
}

fn refuse_zero(asn: u32) -> Result<(), TextError> {
    if asn == 0 {
        return Err(TextError("AS 0 may not be in an AS path (RFC 7607)".into()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::as_path::{contains, has_private};
    use insta::assert_snapshot;
    use proptest::prelude::*;

    fn path(text: &str) -> AsPath {
        AsPath::parse(text).unwrap()
    }

    #[test]
    fn prepend_joins_a_sequence_and_stands_before_anything_else() {
        for (before, after) in [("", "7 7"), ("1 2", "7 7 1 2"), ("{1,2}", "7 7 {1,2}"), ("(1) 2", "7 7 (1) 2")] {
            let mut path = path(before);
            path.prepend(7, 2).unwrap();
            assert_eq!(path.to_string(), after);
            assert_eq!(path, self::path(after), "normal form");
        }
    }

    #[test]
    fn prepend_past_255_stays_one_segment() {
        let mut path = path("1");
        path.prepend(7, 300).unwrap();
        assert_eq!(path.segments().len(), 1);
    }

    #[test]
    fn messages() {
        let mut path = path("1 2");
        assert_snapshot!(path.prepend(7, 1_999).unwrap_err(), @"the AS path is too long: a BGP message carries about 1,000 AS numbers, at most 2000 are accepted");
        assert!(path.prepend(7, usize::MAX).is_err());
        assert_snapshot!(path.prepend(0, 1).unwrap_err(), @"AS 0 may not be in an AS path (RFC 7607)");
        assert!(path.replace(1, 0).is_err());
        assert_eq!(path.to_string(), "1 2");
        path.prepend(7, 1_998).unwrap();
    }

    #[test]
    fn replace() {
        let mut path = path("1 2 1 {1,5} 64512");
        assert_eq!(path.replace(1, 5), Ok(3));
        assert_eq!(path.to_string(), "5 2 5 {5} 64512");
        assert_eq!(path.replace_private(9), Ok(1));
        assert_eq!(path.replace_all(9), Ok(4));
        assert_eq!(path.to_string(), "9 9 9 {9} 9");
    }

    #[test]
    fn exclude_removes_empty_segments_and_joins_what_is_left() {
        let mut path = path("1 2 {3} 4 1");
        assert_eq!(path.exclude(&[3, 1]), 3);
        assert_eq!(path.to_string(), "2 4");
        assert_eq!(path.segments().len(), 1);
        assert_eq!(path.exclude(&[]), 0);
    }

    proptest! {
        #[test]
        fn removed_is_gone(asns in prop::collection::vec(64_510u32..64_515, 0..9), one in 64_510u32..64_515) {
            let mut path = AsPath::from_segments(vec![Segment { kind: SegmentKind::Sequence, asns: asns.clone() }]);
            let private = asns.iter().filter(|asn| **asn >= 64_512).count();
            prop_assert_eq!(path.clone().exclude(&[one]), asns.iter().filter(|asn| **asn == one).count());
            prop_assert_eq!(path.remove_private(), private);
            prop_assert!(!has_private(&path));
            path.exclude(&[one]);
            prop_assert!(!contains(&path, one));
        }
    }
}
