// SPDX-License-Identifier: GPL-2.0-or-later
//! A runtime's shared library: found, initialised, unmapped.

use super::octets::{Octets, c_text};
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

type Init = unsafe extern "C" fn(*mut c_char, *mut c_void) -> c_int;
type Language = unsafe extern "C" fn() -> *const c_char;

/// A library that is mapped.
#[derive(Debug)]
pub struct Library {
    handle: *mut c_void,
    init: Init,
    unpin: bool,
}

// SAFETY: the linker's handle belongs to no thread.
unsafe impl Send for Library {}
// SAFETY: nothing of it changes.
unsafe impl Sync for Library {}

fn error() -> String {
    // SAFETY: a text of this thread's own, good until the next call of dl*().
    unsafe {
        let text = libc::dlerror();
        if text.is_null() { "no reason given".to_owned() } else { CStr::from_ptr(text).to_string_lossy().into_owned() }
    }
}

impl Library {
    /// Maps a library; all its symbols are resolved now, as one that is missing would end the process at its first use.
    ///
    /// # Errors
    /// It can't be mapped, or is no runtime.
    pub fn open(path: &Path, global: bool, unpin: bool) -> Result<Library, String> {
        let name = CString::new(path.as_os_str().as_bytes()).map_err(|_| "its name has a NUL".to_owned())?;
        let scope = if global { libc::RTLD_GLOBAL } else { libc::RTLD_LOCAL };
        // SAFETY: the name is a string. The library's constructors run: the operator has permitted it.
        let handle = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | scope) };
        if handle.is_null() {
            return Err(error());
        }
        let find = |name: &CStr| {
            // SAFETY: a live handle and a string.
            unsafe { libc::dlsym(handle, name.as_ptr()) }
        };
        // Modules of these languages look for the interpreter's symbols in the global scope: without it Python can't
        // import and Node.js ends the process.
        let needs_global = !find(c"Py_IsInitialized").is_null() || !find(c"napi_create_function").is_null();
        if needs_global && !global {
            // SAFETY: mapped already; this only makes its symbols, and those of what it needs, visible to others.
            unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL | libc::RTLD_NOLOAD) };
        }
        let init = find(c"libffi_init");
        if init.is_null() {
            // SAFETY: just mapped, nothing of it is in use.
            unsafe { libc::dlclose(handle) };
            return Err("it is no runtime: it does not export libffi_init".to_owned());
        }
        // SAFETY: the ABI's type of that symbol; data and function pointers are the same on every system FRR runs on.
        let init = unsafe { std::mem::transmute::<*mut c_void, Init>(init) };
        Ok(Library { handle, init, unpin })
    }

    /// Whether it is to be unmapped when its runtime has ended.
    #[must_use]
    pub fn unpinned(&self) -> bool {
        self.unpin
    }

    /// The runtime's language: what it says, or what its library gives away.
    #[must_use]
    pub fn language(&self) -> String {
        let has = |name: &CStr| {
            // SAFETY: a live handle and a string.
            unsafe { !libc::dlsym(self.handle, name.as_ptr()).is_null() }
        };
        if has(c"libffi_language") {
            // SAFETY: the optional export's type is part of the ABI; it gives a static text or NULL.
            unsafe {
                let says = libc::dlsym(self.handle, c"libffi_language".as_ptr());
                let text = std::mem::transmute::<*mut c_void, Language>(says)();
                if !text.is_null() {
                    return CStr::from_ptr(text).to_string_lossy().chars().take(16).collect();
                }
            }
        }
        let known = [
            (c"JNI_CreateJavaVM", "java"),
            (c"Py_IsInitialized", "python"),
            (c"napi_create_function", "nodejs"),
            (c"_cgo_panic", "go"),
            (c"_cgo_topofstack", "go"),
            (c"crosscall2", "go"),
        ];
        known.iter().find(|(symbol, _)| has(symbol)).map_or("native", |(_, language)| language).to_owned()
    }

    /// Calls the runtime's init; 0 is good. `cfg` is a copy that the runtime may change.
    #[must_use]
    pub fn init(&self, cfg: Option<&[u8]>, queue: u64) -> c_int {
        // What C would not see of it, a runtime shall not see either.
        let cfg = cfg.map(c_text).and_then(|text| Octets::copy(text.as_bytes()));
        let start = cfg.as_ref().map_or(std::ptr::null_mut(), Octets::as_ptr);
        // SAFETY: as the ABI says: a string of malloc's or NULL, and what the runtime hands back when it polls.
        unsafe { (self.init)(start, queue as usize as *mut c_void) }
    }

    /// Unmaps it, when no thread runs its code any more: the linker itself keeps what Rust's or C++'s threads still need.
    pub fn close(self) {
        // SAFETY: a live handle, closed once. That its threads have ended is what `unpin` asks of a runtime.
        unsafe { libc::dlclose(self.handle) };
    }
}
