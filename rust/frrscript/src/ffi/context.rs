// SPDX-License-Identifier: GPL-2.0-or-later
//! What the objects of a running call share: which call it is, and what it has assigned.

use crate::call::Changes;
use crate::schema::{ArgKind, Hook};
use std::cell::{Cell, RefCell};
use std::ffi::c_void;

/// One per VM; its address stays the same as long as the VM lives.
#[derive(Default)]
pub struct CallContext {
    call: Cell<u64>,
    changes: RefCell<Changes>,
    /// Function and line of the last error, from the error handler.
    blamed: RefCell<Option<String>>,
    /// The running call's hook and its objects.
    objects: Cell<Option<(&'static Hook, *const *const c_void)>>,
}

impl CallContext {
    /// The number of the running call; odd while one runs.
    #[inline]
    pub fn call(&self) -> u64 {
        self.call.get()
    }

    /// Whether a call runs.
    #[inline]
    pub fn running(&self) -> bool {
        self.call.get() & 1 == 1
    }

    /// A call begins: views made from here on are of this call.
    #[inline]
    pub fn begin(&self) {
        self.call.set((self.call.get() + 1) | 1);
        let mut changes = self.changes.borrow_mut();
        if !changes.is_empty() {
            changes.clear();
        }
    }

    /// The call has ended: its views are dead.
    #[inline]
    pub fn end(&self) {
        self.call.set((self.call.get() + 1) & !1);
        self.objects.set(None);
    }

    /// Keeps where the running call's objects are.
    ///
    /// # Safety
    /// `objects` stays readable until [`CallContext::end`], with one pointer for each object of the hook.
    #[inline]
    pub unsafe fn remember(&self, hook: &'static Hook, objects: *const *const c_void) {
        self.objects.set(Some((hook, objects)));
    }

    /// The running call's object of an argument.
    pub fn object(&self, arg: u8) -> Option<*const c_void> {
        let (hook, objects) = self.objects.get()?;
        let ArgKind::Object(_, at) = hook.args.get(usize::from(arg))?.kind else { return None };
        // SAFETY: the promise of `remember`; `end` takes the pointer away.
        let object = unsafe { *objects.add(at) };
        (!object.is_null()).then_some(object)
    }

    /// What the call has assigned.
    pub fn changes(&self) -> &RefCell<Changes> {
        &self.changes
    }

    /// The function that the last error came from.
    pub fn blamed(&self) -> &RefCell<Option<String>> {
        &self.blamed
    }
}
