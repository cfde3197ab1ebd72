// SPDX-License-Identifier: GPL-2.0-or-later
//! AS paths (RFC 4271 section 4.3 and RFC 5065).
//!
//! Reading is generic over [`Segments`], so that the daemon's own structure is walked where it lies; [`AsPath`] is
//! the owned form, for text and for changes. All follow bgpd/bgp_aspath.c.

mod edit;
mod parse;
mod read;

pub use read::{asn_count, contains, contains_any, first, format, has_private, length, nth, origin, to_vec};

use std::ops::ControlFlow;

/// AS numbers that a path may have after a script changed it.
///
/// A BGP message of 4,096 octets (RFC 4271 section 4.1) carries about 1,000; FRR holds the length of a path's text
/// in 16 bits (`struct aspath`'s `str_len`), which 2,000 numbers of 10 digits cannot overflow whatever their
/// segments. A longer path that came in from a peer may be read and shortened, not made longer.
pub const MAX_ASNS: usize = 2_000;

/// Members of one AS_SET: its count is one octet on the wire (RFC 4271 section 4.3), and a set cannot be split.
pub const MAX_SET: usize = 255;

/// What a segment is; the numbers are those of the wire (RFC 4271 section 4.3, RFC 5065 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum SegmentKind {
    /// `{1,2}`: the order is unknown; counts as one hop.
    Set = 1,
    /// `1 2`: the usual one.
    Sequence = 2,
    /// `(1 2)`: inside a confederation; counts as no hop.
    ConfedSequence = 3,
    /// `[1,2]`: a set inside a confederation; counts as no hop.
    ConfedSet = 4,
}

impl SegmentKind {
    /// The kind of a wire number.
    pub const fn from_wire(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Set),
            2 => Some(Self::Sequence),
            3 => Some(Self::ConfedSequence),
            4 => Some(Self::ConfedSet),
            _ => None,
        }
    }

    const fn is_set(self) -> bool {
        matches!(self, Self::Set | Self::ConfedSet)
    }

    const fn is_sequence(self) -> bool {
        !self.is_set()
    }

    /// The brackets of FRR's text (bgp_aspath.c: `aspath_delimiter_char`); none for a sequence.
    const fn brackets(self) -> Option<(char, char)> {
        match self {
            Self::Sequence => None,
            Self::Set => Some(('{', '}')),
            Self::ConfedSequence => Some(('(', ')')),
            Self::ConfedSet => Some(('[', ']')),
        }
    }
}

/// Anything that is an AS path: gives its segments from left (nearest) to right (origin).
pub trait Segments {
    /// Calls `f` with each segment until it breaks.
    fn for_each(&self, f: &mut dyn FnMut(SegmentKind, &[u32]) -> ControlFlow<()>);
}

/// A segment with its AS numbers in host order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its kind.
    pub kind: SegmentKind,
    /// Its members; as FRR, of any number: the daemon splits at 255 when it sends.
    pub asns: Vec<u32>,
}

/// An owned AS path in FRR's normal form (bgp_aspath.c: `assegment_normalise`): neighboring sequences are one (but
/// not those of a confederation), sets are sorted, nothing is empty. So one path has one form, as FRR's hash of paths needs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AsPath {
    segments: Vec<Segment>,
}

impl AsPath {
    /// The empty path, of a route that starts here.
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy of any path.
    pub fn copy_of(path: &(impl Segments + ?Sized)) -> Self {
        let mut segments = Vec::new();
        path.for_each(&mut |kind, asns| {
            segments.push(Segment { kind, asns: asns.to_vec() });
            ControlFlow::Continue(())
        });
        Self::from_segments(segments)
    }

    /// A path of these segments, put into the normal form.
    pub fn from_segments(segments: Vec<Segment>) -> Self {
        let mut path = AsPath { segments };
        path.normalise();
        path
    }

    /// The segments from left to right.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    fn normalise(&mut self) {
        let mut normal: Vec<Segment> = Vec::with_capacity(self.segments.len());
        for mut segment in self.segments.drain(..) {
            if segment.kind.is_set() {
                segment.asns.sort_unstable();
                segment.asns.dedup();
            }
            match normal.last_mut() {
                _ if segment.asns.is_empty() => {}
                Some(last) if last.kind == SegmentKind::Sequence && segment.kind == SegmentKind::Sequence => {
                    last.asns.append(&mut segment.asns);
                }
                _ => normal.push(segment),
            }
        }
        self.segments = normal;
    }
}

impl Segments for AsPath {
    fn for_each(&self, f: &mut dyn FnMut(SegmentKind, &[u32]) -> ControlFlow<()>) {
        for segment in &self.segments {
            if f(segment.kind, &segment.asns).is_break() {
                return;
            }
        }
    }
}

impl std::fmt::Display for AsPath {
    /// FRR's text, asplain (bgp_aspath.c: `aspath_make_str_count`).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        format(self, &mut text);
        f.write_str(&text)
    }
}
