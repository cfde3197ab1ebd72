// SPDX-License-Identifier: GPL-2.0-or-later
//! What the lists of standard, large, extended and IPv6 extended communities share.
//!
//! FRR holds such a list as items of a fixed size in network order, one after the other. Reading works on
//! that memory as it is (`&[u8]`); a list that changes is an [`ItemList`], which owns its octets and keeps
//! them as FRR does: sorted, each item once.

use super::TextError;
use std::marker::PhantomData;

/// Octets that one list may hold: what fits a BGP message of 4,096 octets (RFC 4271 section 4.1).
///
/// That is 1,000 standard communities. RFC 8654 allows longer messages, but FRR sorts a list and makes its text in
/// quadratic time outside of a script's time limit (bgpd/bgp_community.c: `community_uniq_sort`). A longer list that
/// came in from a peer may be read and shortened, not made longer.
pub const MAX_OCTETS: usize = 4_000;

/// Octets of text that a list is read from.
pub const MAX_TEXT: usize = 65_536;

/// One community: `SIZE` octets in network order. Its order is that of its octets.
pub trait Item: Copy + Ord + 'static {
    /// Octets of one item.
    const SIZE: usize;
    /// `communities`, for messages.
    const NOUN: &'static str;

    /// The item in the first [`Self::SIZE`] octets; `None` if there are fewer.
    fn from_octets(octets: &[u8]) -> Option<Self>;
    /// Its octets, in network order.
    fn octets(&self) -> &[u8];
    /// Reads one item at the start of `text`, which has no white space in front; returns what follows it.
    ///
    /// # Errors
    /// The text starts with no item.
    fn read(text: &str) -> Result<(Self, &str), TextError>;
    /// Appends FRR's text of the item.
    fn write(&self, out: &mut String);
}

/// The items in `octets`; an incomplete one at the end is left out.
pub fn items<I: Item>(octets: &[u8]) -> impl ExactSizeIterator<Item = I> + '_ {
    octets.chunks_exact(I::SIZE).map(|chunk| I::from_octets(chunk).expect("chunks_exact gives SIZE octets"))
}

/// Is the item in the list?
pub fn has<I: Item>(octets: &[u8], item: &I) -> bool {
    let wanted = item.octets();
    octets.chunks_exact(I::SIZE).any(|chunk| chunk == wanted)
}

/// Appends FRR's text of a list: the items' texts with a space between.
pub fn format<I: Item>(octets: &[u8], out: &mut String) {
    for (index, item) in items::<I>(octets).enumerate() {
        if index > 0 {
            out.push(' ');
        }
        item.write(out);
    }
}

/// Reads exactly one item; white space around it is fine.
///
/// # Errors
/// The text is not one item.
pub fn parse<I: Item>(text: &str) -> Result<I, TextError> {
    let text = text.trim_ascii();
    let (item, rest) = I::read(text)?;
    if rest.is_empty() {
        Ok(item)
    } else {
        Err(TextError(format!("{} are several {}: write one", super::text::quoted(text), I::NOUN)))
    }
}

/// The word at the start of `text`, and what follows it.
pub(crate) fn word(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|b| b.is_ascii_whitespace()).unwrap_or(text.len());
    text.split_at(end)
}

/// A number of 32 bits: digits only, leading zeros are fine as for FRR's `strtoul`.
pub(crate) fn decimal(digits: &str) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.bytes().try_fold(0u32, |value, byte| {
        let digit = byte.is_ascii_digit().then(|| u32::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// An owned list, sorted, each item once (FRR: `community_uniq_sort` and the like).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemList<I> {
    octets: Vec<u8>,
    item: PhantomData<I>,
}

impl<I> Default for ItemList<I> {
    fn default() -> Self {
        ItemList { octets: Vec::new(), item: PhantomData }
    }
}

impl<I: Item> ItemList<I> {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy of FRR's octets, put in order.
    pub fn from_octets(octets: &[u8]) -> Self {
        items(octets).collect::<Vec<I>>().into()
    }

    /// Reads items with white space between them; the empty text is the empty list.
    ///
    /// # Errors
    /// The first word that is no item; a list that is longer than [`MAX_OCTETS`].
    pub fn parse(text: &str) -> Result<Self, TextError> {
        if text.len() > MAX_TEXT {
            return Err(Self::too_long());
        }
        let mut found: Vec<I> = Vec::new();
        let mut rest = text.trim_ascii_start();
        while !rest.is_empty() {
            let (item, after) = I::read(rest)?;
            found.push(item);
            rest = after.trim_ascii_start();
        }
        let list = Self::from(found);
        if list.octets.len() > MAX_OCTETS {
            return Err(Self::too_long());
        }
        Ok(list)
    }

    /// Adds an item; false if it was there.
    ///
    /// # Errors
    /// The list has [`MAX_OCTETS`] already.
    pub fn add(&mut self, item: impl Into<I>) -> Result<bool, TextError> {
        let item = item.into();
        let Err(at) = self.search(&item) else {
            return Ok(false);
        };
        if self.octets.len() + I::SIZE > MAX_OCTETS {
            return Err(Self::too_long());
        }
        let at = at * I::SIZE;
        self.octets.splice(at..at, item.octets().iter().copied());
        Ok(true)
    }

    /// Removes an item; false if it was not there.
    pub fn remove(&mut self, item: impl Into<I>) -> bool {
        let Ok(at) = self.search(&item.into()) else {
            return false;
        };
        let at = at * I::SIZE;
        self.octets.drain(at..at + I::SIZE);
        true
    }

    /// Removes the items that `unwanted` says yes to; how many.
    pub fn remove_if(&mut self, mut unwanted: impl FnMut(&I) -> bool) -> usize {
        let before = self.octets.len();
        let mut kept = Vec::with_capacity(before);
        for item in self.iter() {
            if !unwanted(&item) {
                kept.extend_from_slice(item.octets());
            }
        }
        self.octets = kept;
        (before - self.octets.len()) / I::SIZE
    }

    /// Is the item in the list?
    pub fn has(&self, item: impl Into<I>) -> bool {
        self.search(&item.into()).is_ok()
    }

    /// How many items.
    pub fn len(&self) -> usize {
        self.octets.len() / I::SIZE
    }

    /// No items?
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The items in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = I> + '_ {
        items(&self.octets)
    }

    /// The octets as FRR holds them.
    pub fn as_octets(&self) -> &[u8] {
        &self.octets
    }

    fn search(&self, item: &I) -> Result<usize, usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = (low + high) / 2;
            let at = middle * I::SIZE;
            match self.octets[at..at + I::SIZE].cmp(item.octets()) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Ok(middle),
            }
        }
        Err(low)
    }

    fn too_long() -> TextError {
        TextError(format!("too many: a route carries at most {} {}", MAX_OCTETS / I::SIZE, I::NOUN))
    }
}

impl<I: Item> From<Vec<I>> for ItemList<I> {
    fn from(mut found: Vec<I>) -> Self {
        found.sort_unstable();
        found.dedup();
        let mut octets = Vec::with_capacity(found.len() * I::SIZE);
        for item in &found {
            octets.extend_from_slice(item.octets());
        }
        ItemList { octets, item: PhantomData }
    }
}

impl<I: Item> std::fmt::Display for ItemList<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = String::new();
        format::<I>(&self.octets, &mut text);
        f.write_str(&text)
    }
}
