// SPDX-License-Identifier: GPL-2.0-or-later
//! Memory for what the library itself does in a VM where nothing may raise: when the system has none, this is given back to it
//! first, and no script is called until it could be taken again.
//!
//! An error of the engine is a C++ exception. Outside of a protected call it would end the daemon, and a protected call for
//! each view of an argument would cost more than the call.

use super::pages;
use crate::failure::{Failure, Kind};
use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicPtr, Ordering};

/// Octets: many times what the views and references of one call take, and pages for them.
const OCTETS: usize = 256 * 1024 + pages::SLAB;

/// NULL when it is not there. Main pthread only; atomic because a static has to be.
static HELD: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

/// Has the reserve there before something is done that may need it.
///
/// # Errors
/// It is not there, and the system has no memory for it.
#[inline]
pub fn ready() -> Result<(), Failure> {
    if HELD.load(Ordering::Relaxed).is_null() { fill() } else { Ok(()) }
}

#[cold]
fn fill() -> Result<(), Failure> {
    let Some(memory) = pages::map(OCTETS) else {
        return Err(Failure::new(Kind::Memory, "not run: the system has no memory"));
    };
    HELD.store(memory.as_ptr(), Ordering::Relaxed);
    Ok(())
}

/// Gives the reserve back to the system; false: it was not there.
#[cold]
pub fn give_back() -> bool {
    let memory = HELD.swap(std::ptr::null_mut(), Ordering::Relaxed);
    let Some(memory) = NonNull::new(memory) else { return false };
    // SAFETY: the memory of `fill`, which nobody has any more.
    unsafe { pages::unmap(memory, OCTETS) };
    true
}
