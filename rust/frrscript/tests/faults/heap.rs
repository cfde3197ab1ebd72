// SPDX-License-Identifier: GPL-2.0-or-later
//! A heap that fails when it is told to: the engine's part, the compiler's part, and Rust's.
//!
//! This program defines `malloc`, `realloc`, `free`, `mmap` and `munmap` in front of the C library's. The engine takes its memory
//! with `realloc` and its pages with `mmap`, its compiler (C++) takes it with `malloc`, and Rust through a global allocator that uses
//! none of them; so each part fails for itself. Only the thread that armed it sees failures.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicI64, Ordering};

/// Whose allocations fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The engine: everything in a script's VM.
    Engine,
    /// The compiler and the native code generator.
    Compiler,
    /// The library itself.
    Rust,
}

/// How they fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The n-th does, others do not.
    Once,
    /// From the n-th on the heap is full: what is given back can be had again, no more.
    Full,
    /// From the n-th on, all of at least so many octets.
    Large(usize),
}

#[derive(Clone, Copy)]
struct Armed {
    part: Part,
    fault: Fault,
    /// Until it is 0.
    left: u64,
    /// Octets that a full heap has.
    free: usize,
    failed: u64,
}

thread_local! {
    static ARMED: Cell<Option<Armed>> = const { Cell::new(None) };
}

/// Octets that are not given back: of the C library's heap without what Rust has of it.
static HELD: AtomicI64 = AtomicI64::new(0);
/// Those of Rust.
static HELD_BY_RUST: AtomicI64 = AtomicI64::new(0);

/// The n-th allocation of a part, counted from 1, is to fail.
pub fn arm(part: Part, fault: Fault, n: u64) {
    ARMED.set(Some(Armed { part, fault, left: n, free: 0, failed: 0 }));
}

/// No more failures; how many there were.
pub fn disarm() -> u64 {
    ARMED.take().map_or(0, |a| a.failed)
}

/// Octets that the engine and its compiler hold together.
pub fn held() -> i64 {
    HELD.load(Ordering::Relaxed)
}

/// Octets that the library itself holds, and this program.
pub fn held_by_rust() -> i64 {
    HELD_BY_RUST.load(Ordering::Relaxed)
}

/// Whether an allocation of `more` octets is to fail.
fn fails(part: Part, more: usize) -> bool {
    let Ok(Some(mut armed)) = ARMED.try_with(Cell::get) else { return false };
    if armed.part != part || more == 0 {
        return false;
    }
    if let Fault::Large(least) = armed.fault
        && more < least
    {
        return false;
    }
    armed.left = armed.left.saturating_sub(1);
    let fail = match armed.fault {
        _ if armed.left > 0 => false,
        Fault::Once => armed.failed == 0,
        Fault::Large(_) => true,
        Fault::Full if armed.free >= more => {
            armed.free -= more;
            false
        }
        Fault::Full => true,
    };
    armed.failed += u64::from(fail);
    ARMED.set(Some(armed));
    fail
}

fn given_back(octets: usize) {
    if let Ok(Some(mut armed)) = ARMED.try_with(Cell::get)
        && armed.fault == Fault::Full
        && armed.left == 0
    {
        armed.free += octets;
        ARMED.set(Some(armed));
    }
}

fn hold(octets: i64) {
    HELD.fetch_add(octets, Ordering::Relaxed);
}

unsafe extern "C" {
    fn __libc_malloc(size: usize) -> *mut c_void;
    fn __libc_realloc(block: *mut c_void, size: usize) -> *mut c_void;
    fn __libc_memalign(align: usize, size: usize) -> *mut c_void;
    fn __libc_free(block: *mut c_void);
}

fn size_of_block(block: *mut c_void) -> usize {
    if block.is_null() {
        return 0;
    }
    // SAFETY: a block of the C library's.
    unsafe { libc::malloc_usable_size(block) }
}

/// No block, and why, as the C library says it.
fn none() -> *mut c_void {
    // SAFETY: the thread's own.
    unsafe { *libc::__errno_location() = libc::ENOMEM };
    std::ptr::null_mut()
}

/// The C library's, for everything but the engine and Rust.
///
/// # Safety
/// As malloc(3).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
    if fails(Part::Compiler, size.max(1)) {
        return none();
    }
    // SAFETY: the caller's promise.
    let block = unsafe { __libc_malloc(size) };
    hold(size_of_block(block) as i64);
    block
}

/// The engine's.
///
/// # Safety
/// As realloc(3).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn realloc(block: *mut c_void, size: usize) -> *mut c_void {
    let before = size_of_block(block);
    // A heap may fail also to make a block smaller: it moves it to where blocks of that size are.
    if fails(Part::Engine, size.saturating_sub(before).max(1)) {
        return none();
    }
    // SAFETY: the caller's promise.
    let new = unsafe { __libc_realloc(block, size) };
    if !new.is_null() {
        hold(size_of_block(new) as i64 - before as i64);
    }
    new
}

/// Gives back what either of them gave.
///
/// # Safety
/// As free(3).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn free(block: *mut c_void) {
    let octets = size_of_block(block);
    hold(-(octets as i64));
    given_back(octets);
    // SAFETY: the caller's promise.
    unsafe { __libc_free(block) };
}

/// The engine's pages.
///
/// # Safety
/// As mmap(2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mmap(
    at: *mut c_void,
    size: usize,
    access: c_int,
    flags: c_int,
    file: c_int,
    offset: libc::off_t,
) -> *mut c_void {
    if fails(Part::Engine, size) {
        none();
        return libc::MAP_FAILED;
    }
    // SAFETY: the caller's promise.
    let memory = unsafe { libc::syscall(libc::SYS_mmap, at, size, access, flags, file, offset) };
    if memory == -1 {
        return libc::MAP_FAILED;
    }
    hold(size as i64);
    std::ptr::without_provenance_mut(memory as usize)
}

/// Gives them back.
///
/// # Safety
/// As munmap(2).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn munmap(memory: *mut c_void, size: usize) -> c_int {
    hold(-(size as i64));
    given_back(size);
    // SAFETY: the caller's promise.
    unsafe { libc::syscall(libc::SYS_munmap, memory, size) as c_int }
}

/// Rust's own.
pub struct Counting;

// SAFETY: the C library's heap, by names that this program does not replace.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if fails(Part::Rust, layout.size()) {
            return std::ptr::null_mut();
        }
        // SAFETY: a layout has a power of two and a size.
        let block = unsafe { __libc_memalign(layout.align().max(16), layout.size()) };
        HELD_BY_RUST.fetch_add(size_of_block(block) as i64, Ordering::Relaxed);
        block.cast()
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        given_back(layout.size());
        HELD_BY_RUST.fetch_sub(size_of_block(block.cast()) as i64, Ordering::Relaxed);
        // SAFETY: a block of `alloc`.
        unsafe { __libc_free(block.cast()) };
    }
}
