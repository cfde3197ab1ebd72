// SPDX-License-Identifier: GPL-2.0-or-later
//! What LeakSanitizer has to know of memory that does not come from `malloc`: FRR is often built with `--enable-address-sanitizer`,
//! around a library that is not. It follows pointers in what `malloc` gave only; what nothing but a mapping of ours points to would
//! be a leak to it.

use std::ffi::{CStr, c_void};
use std::ptr::NonNull;
use std::sync::OnceLock;

/// lsan_interface.h: where a region begins and its octets.
type Region = unsafe extern "C" fn(*const c_void, usize);

struct Sanitizer {
    register: Region,
    unregister: Region,
}

/// Has pointers in memory of ours followed until [`look_away_from`].
pub fn look_into(memory: NonNull<c_void>, octets: usize) {
    if let Some(sanitizer) = sanitizer() {
        // SAFETY: memory that is mapped, which it only reads, when the program ends.
        unsafe { (sanitizer.register)(memory.as_ptr(), octets) };
    }
}

/// Before the same memory is given back.
pub fn look_away_from(memory: NonNull<c_void>, octets: usize) {
    if let Some(sanitizer) = sanitizer() {
        // SAFETY: a region that was registered, with as many octets.
        unsafe { (sanitizer.unregister)(memory.as_ptr(), octets) };
    }
}

/// The one that the program was linked with, if any.
fn sanitizer() -> Option<&'static Sanitizer> {
    static FOUND: OnceLock<Option<Sanitizer>> = OnceLock::new();
    let find = || {
        Some(Sanitizer {
            register: region(c"__lsan_register_root_region")?,
            unregister: region(c"__lsan_unregister_root_region")?,
        })
    };
    FOUND.get_or_init(find).as_ref()
}

fn region(name: &CStr) -> Option<Region> {
    // SAFETY: a name that ends.
    let function = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    // SAFETY: functions of these names have this type; NULL is `None`.
    unsafe { std::mem::transmute::<*mut c_void, Option<Region>>(function) }
}
