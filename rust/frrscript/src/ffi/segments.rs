// SPDX-License-Identifier: GPL-2.0-or-later
//! FRR's AS paths where they are, through the host's operations: nothing is copied to read one.

use super::abi::{AsPathOps, AsSegment};
use crate::lua::as_path::Path;
use crate::value::as_path::{SegmentKind, Segments};
use std::borrow::Cow;
use std::cell::Cell;
use std::ffi::{CStr, c_void};
use std::ops::ControlFlow;
use std::ptr::{self, NonNull};

thread_local! {
    static OPS: Cell<Option<AsPathOps>> = const { Cell::new(None) };
}

/// Sets how the host's paths are walked.
pub fn set_ops(ops: Option<AsPathOps>) {
    OPS.set(ops);
}

/// An AS path of the daemon.
pub struct BorrowedPath {
    path: NonNull<c_void>,
    ops: AsPathOps,
}

impl BorrowedPath {
    /// # Safety
    /// `path` is NULL or a path of the host that lives as long as the result is used.
    pub unsafe fn new(path: *const c_void) -> Option<BorrowedPath> {
        Some(BorrowedPath { path: NonNull::new(path.cast_mut())?, ops: OPS.get()? })
    }
}

impl Segments for BorrowedPath {
    fn for_each(&self, f: &mut dyn FnMut(SegmentKind, &[u32]) -> ControlFlow<()>) {
        let mut cursor = ptr::null();
        let mut segment = AsSegment { kind: 0, len: 0, asns: ptr::null() };
        // SAFETY: the path is alive (`new`); the host fills the segment with AS numbers that live as long as the path.
        unsafe {
            while (self.ops.segment)(self.path.as_ptr(), &raw mut cursor, &raw mut segment) {
                let Some(kind) = SegmentKind::from_wire(segment.kind) else { continue };
                let asns = if segment.asns.is_null() {
                    &[]
                } else {
                    std::slice::from_raw_parts(segment.asns, usize::from(segment.len))
                };
                if f(kind, asns).is_break() {
                    break;
                }
            }
        }
    }
}

impl Path for BorrowedPath {
    fn text(&self) -> Cow<'_, str> {
        // SAFETY: the path is alive; the host's text is NUL-terminated and lives as long as the path is not written.
        let text = unsafe {
            let text = (self.ops.text)(self.path.as_ptr());
            if text.is_null() { c"" } else { CStr::from_ptr(text) }
        };
        text.to_string_lossy()
    }
}
