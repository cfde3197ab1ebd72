// SPDX-License-Identifier: GPL-2.0-or-later
//! Where the pages of a VM's objects are.
//!
//! Luau (lmem.cpp) has a page of 16 or 32 KiB for each size of object, with 64 octets of its own in front, and fills it from its
//! end. A small script has forty of them, of which most stay nearly empty. From `malloc` each has its head in one page of the
//! system's memory and its first objects in another. Here pages lie end to end, so that the head of one is behind the first objects
//! of the one before: a script's resident memory is then not twice its objects. They come from mmap(2), so that the system has
//! them again as soon as they are free, and nobody else's blocks are between them.

use super::leaks;
use std::ffi::c_void;
use std::ptr::{self, NonNull};

/// What the engine asks for is so much smaller than a power of two (lmem.cpp: kExternalAllocatorMetaDataReduction).
const LESS: usize = 24;
/// Octets from one small page to the next; a large one takes two places.
const PLACE: usize = 16 * 1024;
/// Places of a slab; a bit each.
const PLACES: usize = u16::BITS as usize;
/// Octets of the engine's in front of a page's objects (lmem.cpp: struct lua_Page).
const HEAD: usize = 64;
/// The system's pages. Where they are larger nothing is gained, and nothing lost.
const SYSTEM: usize = 4096;
/// Octets that pages are taken from at a time.
pub const SLAB: usize = PLACES * PLACE + SYSTEM;

/// All pages of a VM.
#[derive(Default)]
pub struct Pages {
    /// By address.
    slabs: Vec<Slab>,
    /// The one that had room last.
    open: usize,
}

/// Memory with places for pages.
struct Slab {
    block: NonNull<c_void>,
    /// The address of the first place.
    first: usize,
    /// A bit for each place that is free.
    free: u16,
    /// A bit for each first of two places that belong together.
    large: u16,
}

/// How many places a block of so many octets takes; 0: it is no page. Where memory is checked each page is a block of its own,
/// so that what is freed is known to be.
#[inline]
pub fn places(octets: usize) -> u32 {
    match octets {
        _ if cfg!(checked_memory) => 0,
        _ if octets == PLACE - LESS => 1,
        _ if octets == 2 * PLACE - LESS => 2,
        _ => 0,
    }
}

impl Pages {
    /// Whether a block, which may be NULL, is one of these.
    #[inline]
    pub fn has(&self, block: *const c_void) -> bool {
        block.addr() % SYSTEM == SYSTEM - HEAD && self.slab(block).is_some()
    }

    /// A page of so many places; NULL without memory for it.
    pub fn take(&mut self, places: u32) -> *mut c_void {
        let room = |slab: &Slab| slab.room(places).is_some();
        if !self.slabs.get(self.open).is_some_and(room) {
            match self.slabs.iter().position(room) {
                Some(index) => self.open = index,
                None if self.grow() => {}
                None => return ptr::null_mut(),
            }
        }
        self.slabs[self.open].take(places).unwrap_or(ptr::null_mut())
    }

    /// Takes a page back: one that it [has](Pages::has).
    pub fn give(&mut self, page: *const c_void) {
        let Some(index) = self.slab(page) else { return };
        self.slabs[index].give(page);
        self.open = index;
        if self.slabs[index].free == u16::MAX {
            self.slabs.remove(index);
        }
    }

    fn slab(&self, block: *const c_void) -> Option<usize> {
        let index = self.slabs.partition_point(|slab| slab.first <= block.addr()).checked_sub(1)?;
        (block.addr() < self.slabs[index].first + PLACES * PLACE).then_some(index)
    }

    /// One slab more, which is then the open one; false without memory for it.
    #[cold]
    fn grow(&mut self) -> bool {
        if self.slabs.try_reserve(1).is_err() {
            return false;
        }
        let Some(slab) = Slab::new() else { return false };
        self.open = self.slabs.partition_point(|other| other.first < slab.first);
        self.slabs.insert(self.open, slab);
        true
    }
}

impl Slab {
    fn new() -> Option<Slab> {
        let block = map(SLAB)?;
        leaks::look_into(block, SLAB);
        let first = (block.as_ptr().addr() + HEAD).next_multiple_of(SYSTEM) - HEAD;
        Some(Slab { block, first, free: u16::MAX, large: 0 })
    }

    /// The first of so many free places side by side.
    fn room(&self, places: u32) -> Option<u32> {
        let free = if places == 2 { self.free & (self.free >> 1) } else { self.free };
        (free != 0).then(|| free.trailing_zeros())
    }

    fn take(&mut self, places: u32) -> Option<*mut c_void> {
        let place = self.room(places)?;
        self.free &= !mask(place, places == 2);
        if places == 2 {
            self.large |= 1 << place;
        }
        Some(self.block.as_ptr().with_addr(self.first + place as usize * PLACE))
    }

    fn give(&mut self, page: *const c_void) {
        let place = (page.addr() - self.first) / PLACE;
        let place = u32::try_from(place).unwrap_or(0);
        let large = self.large & (1 << place) != 0;
        self.free |= mask(place, large);
        self.large &= !(1 << place);
    }
}

impl Drop for Slab {
    fn drop(&mut self) {
        leaks::look_away_from(self.block, SLAB);
        // SAFETY: the memory of `new`, given back once; nobody has a page of it any more.
        unsafe { unmap(self.block, SLAB) };
    }
}

/// Memory of the system's, all 0; `None`: it has none.
pub fn map(octets: usize) -> Option<NonNull<c_void>> {
    let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
    // SAFETY: new memory, nobody else's.
    let memory = unsafe { libc::mmap(ptr::null_mut(), octets, access, flags, -1, 0) };
    NonNull::new(memory).filter(|memory| memory.as_ptr() != libc::MAP_FAILED)
}

/// Gives it back.
///
/// # Safety
/// It came from [`map`] with as many octets, and nobody uses it any more.
pub unsafe fn unmap(memory: NonNull<c_void>, octets: usize) {
    // SAFETY: the caller's promise.
    unsafe { libc::munmap(memory.as_ptr(), octets) };
}

fn mask(place: u32, large: bool) -> u16 {
    if large { 3 << place } else { 1 << place }
}

#[cfg(all(test, not(checked_memory)))]
mod tests {
    use super::*;

    const SMALL: usize = PLACE - LESS;
    const LARGE: usize = 2 * PLACE - LESS;

    #[test]
    fn only_pages_have_places() {
        assert_eq!([SMALL, LARGE].map(places), [1, 2]);
        assert_eq!([0, 64, SMALL - 1, SMALL + 1, PLACE, LARGE + 8].map(places), [0; 6]);
    }

    #[test]
    fn the_head_of_a_page_is_behind_the_objects_of_the_one_before() {
        let mut pages = Pages::default();
        let (one, two, large) = (pages.take(1), pages.take(1), pages.take(2));
        assert_eq!((one.addr() + HEAD) % SYSTEM, 0);
        assert_eq!(two.addr() - one.addr(), PLACE);
        assert_eq!((one.addr() + SMALL - 1) / SYSTEM, two.addr() / SYSTEM);
        assert_eq!(large.addr() - two.addr(), PLACE);
        for page in [large, one, two] {
            assert!(pages.has(page));
            pages.give(page);
        }
        assert!(pages.slabs.is_empty());
    }

    #[test]
    fn pages_do_not_overlap_and_all_are_given_back() {
        let mut pages = Pages::default();
        let mut taken: Vec<(*mut c_void, usize)> = Vec::new();
        let mut random = 12345_u32;
        for step in 0..4000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let growing = step / 500 % 2 == 0;
            if taken.is_empty() || (random >> 16) % 8 < if growing { 6 } else { 2 } {
                let large = (random >> 8).is_multiple_of(4);
                let page = pages.take(1 + u32::from(large));
                let octets = if large { LARGE } else { SMALL };
                assert!(page.addr() % 16 == 0 && pages.has(page));
                // SAFETY: so many octets are this page's.
                unsafe { ptr::write_bytes(page.cast::<u8>(), 0xff, octets) };
                taken.push((page, octets));
            } else {
                let (page, _) = taken.swap_remove((random >> 16) as usize % taken.len());
                pages.give(page);
            }
        }
        taken.sort();
        assert!(taken.windows(2).all(|pair| pair[0].0.addr() + pair[0].1 <= pair[1].0.addr()));
        taken.into_iter().for_each(|(page, _)| pages.give(page));
        assert!(pages.slabs.is_empty());
    }

    #[test]
    fn other_blocks_are_others() {
        let mut pages = Pages::default();
        let page = pages.take(1);
        assert!(!pages.has(ptr::null()));
        assert!(!pages.has(page.wrapping_byte_add(16)));
        assert!(!pages.has(page.wrapping_byte_add(PLACES * PLACE)));
        assert!(!pages.has(page.wrapping_byte_sub(SYSTEM)));
        pages.give(page);
    }
}
