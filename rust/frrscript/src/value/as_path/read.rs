// SPDX-License-Identifier: GPL-2.0-or-later
//! Questions about any AS path; nothing here allocates but [`to_vec`] and [`format`].

use super::{SegmentKind, Segments};
use crate::value::asn;
use crate::value::text::push_decimal;
use std::ops::ControlFlow;

/// Hops: a sequence counts its AS numbers, a set one, confederation segments none (RFC 4271 section 9.1.2.2 a,
/// RFC 5065 section 5.3; FRR: `aspath_count_hops`).
pub fn length(path: &(impl Segments + ?Sized)) -> u32 {
    let mut hops = 0;
    path.for_each(&mut |kind, asns| {
        match kind {
            SegmentKind::Sequence => hops += asns.len(),
            SegmentKind::Set => hops += 1,
            SegmentKind::ConfedSequence | SegmentKind::ConfedSet => {}
        }
        ControlFlow::Continue(())
    });
    u32::try_from(hops).unwrap_or(u32::MAX)
}

/// How many AS numbers are written in the path, in segments of every kind.
pub fn asn_count(path: &(impl Segments + ?Sized)) -> usize {
    let mut count = 0;
    path.for_each(&mut |_, asns| {
        count += asns.len();
        ControlFlow::Continue(())
    });
    count
}

/// Is the AS number in the path, in a segment of any kind (FRR: `aspath_loop_check`)?
pub fn contains(path: &(impl Segments + ?Sized), asn: u32) -> bool {
    any(path, |candidate| candidate == asn)
}

/// Is any AS number of the path one that `wanted` says yes to?
pub fn contains_any(path: &(impl Segments + ?Sized), wanted: impl FnMut(u32) -> bool) -> bool {
    any(path, wanted)
}

/// Is a private AS number in the path ([`asn::is_private`])?
pub fn has_private(path: &(impl Segments + ?Sized)) -> bool {
    any(path, asn::is_private)
}

fn any(path: &(impl Segments + ?Sized), mut wanted: impl FnMut(u32) -> bool) -> bool {
    let mut found = false;
    path.for_each(&mut |_, asns| {
        found = asns.iter().any(|asn| wanted(*asn));
        if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    found
}

/// The origin AS (RFC 6811 section 2): the rightmost number if the last segment is a sequence.
///
/// `None` for an empty path, and for one that ends in a set or inside a confederation, where it is not known.
pub fn origin(path: &(impl Segments + ?Sized)) -> Option<u32> {
    let mut origin = None;
    path.for_each(&mut |kind, asns| {
        if let Some(last) = asns.last() {
            origin = (kind == SegmentKind::Sequence).then_some(*last);
        }
        ControlFlow::Continue(())
    });
    origin
}

/// The leftmost AS number, the one that was prepended last; `None` for an empty path and one that starts with a set.
pub fn first(path: &(impl Segments + ?Sized)) -> Option<u32> {
    let mut found = None;
    path.for_each(&mut |kind, asns| match asns.first() {
        None => ControlFlow::Continue(()),
        Some(asn) => {
            found = kind.is_sequence().then_some(*asn);
            ControlFlow::Break(())
        }
    });
    found
}

/// The AS number at `index`, from 0 at the left, counted as [`asn_count`] does.
pub fn nth(path: &(impl Segments + ?Sized), index: usize) -> Option<u32> {
    let (mut found, mut left) = (None, index);
    path.for_each(&mut |_, asns| match asns.get(left) {
        None => {
            left -= asns.len();
            ControlFlow::Continue(())
        }
        Some(asn) => {
            found = Some(*asn);
            ControlFlow::Break(())
        }
    });
    found
}

/// All AS numbers from left to right, without their segments.
pub fn to_vec(path: &(impl Segments + ?Sized)) -> Vec<u32> {
    let mut all = Vec::new();
    path.for_each(&mut |_, asns| {
        all.extend_from_slice(asns);
        ControlFlow::Continue(())
    });
    all
}

/// Appends FRR's text, asplain (bgp_aspath.c: `aspath_make_str_count`).
pub fn format(path: &(impl Segments + ?Sized), out: &mut String) {
    let mut between = "";
    path.for_each(&mut |kind, asns| {
        out.push_str(between);
        between = " ";
        let (open, close) = kind.brackets().unzip();
        out.extend(open);
        let separator = if kind.is_set() { ',' } else { ' ' };
        for (index, asn) in asns.iter().enumerate() {
            if index > 0 {
                out.push(separator);
            }
            push_decimal(out, *asn);
        }
        out.extend(close);
        ControlFlow::Continue(())
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::as_path::AsPath;

    fn path(text: &str) -> AsPath {
        AsPath::parse(text).unwrap()
    }

    #[test]
    fn hops_as_frr_counts_them() {
        for (text, hops, count) in [
            ("", 0, 0),
            ("65001 65002", 2, 2),
            ("65001 {65010,65011}", 2, 3),
            ("(65100 65101) [65200] 65001", 1, 4),
            ("{1,2} {3}", 2, 3),
        ] {
            assert_eq!(length(&path(text)), hops, "{text}");
            assert_eq!(asn_count(&path(text)), count, "{text}");
        }
    }

    #[test]
    fn ends() {
        for (text, left, right) in [
            ("", None, None),
            ("65001", Some(65_001), Some(65_001)),
            ("65001 65002 65003", Some(65_001), Some(65_003)),
            ("65001 {65002,65003}", Some(65_001), None),
            ("{65002} 65001", None, Some(65_001)),
            ("(65100) 65001", Some(65_100), Some(65_001)),
            ("(65100 65101)", Some(65_100), None),
        ] {
            assert_eq!(first(&path(text)), left, "{text}");
            assert_eq!(origin(&path(text)), right, "{text}");
        }
    }

    #[test]
    fn members() {
        let path = path("65001 {7,3} (64512)");
        assert!(contains(&path, 7) && !contains(&path, 8));
        assert!(has_private(&path));
        assert!(!has_private(&self::path("3 7 4199999999")));
        assert_eq!(to_vec(&path), [65_001, 3, 7, 64_512]);
        for (index, asn) in to_vec(&path).into_iter().enumerate() {
            assert_eq!(nth(&path, index), Some(asn));
        }
        assert_eq!(nth(&path, 4), None);
        assert!(contains_any(&path, |asn| asn == 3));
    }
}
