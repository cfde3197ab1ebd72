// SPDX-License-Identifier: GPL-2.0-or-later
//! Sets that a script builds once, when it is loaded, and asks per route: prefixes, AS numbers, communities.
//!
//! A set lives outside of the script engine's memory limit, so it tells what it takes (`memory`) and has an upper bound.

mod asn;
mod community;
mod entry;
mod group;
mod index;
mod lengths;
mod prefix;
mod ranges;

pub use asn::AsnSet;
pub use community::{Communities, CommunitySet, Group, LargeCommunitySet};
pub use entry::{Entry, parse_entry};
pub use group::Member;
pub use prefix::PrefixSet;

use crate::value::TextError;

/// Entries of one set: a full table of IPv4 and IPv6 routes, and as much again.
pub const MAX_ENTRIES: usize = 2_000_000;

fn full() -> TextError {
    TextError(format!("too many entries: a set holds at most {MAX_ENTRIES}"))
}

/// A set of texts, ready for lookups.
fn filled<S: Default, T: AsRef<str>>(
    texts: impl IntoIterator<Item = T>,
    mut insert: impl FnMut(&mut S, &str) -> Result<(), TextError>,
    finish: impl FnOnce(&mut S),
) -> Result<S, TextError> {
    let mut set = S::default();
    for text in texts {
        insert(&mut set, text.as_ref())?;
    }
    finish(&mut set);
    Ok(set)
}
