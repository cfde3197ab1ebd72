// SPDX-License-Identifier: GPL-2.0-or-later
//! What the objects of a running call share: which call it is, and what it has assigned.

use super::engine::{self, lua_State};
use crate::call::Changes;
use crate::schema::{ArgKind, Hook};
use crate::script::module::Modules;
use crate::task::{Tasks, Wait};
use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::rc::Rc;

/// One per VM; its address stays the same as long as the VM lives.
///
/// A *call* is what views live for: a hook's call, or a task from one wait to the next. A task may be cut into *slices*,
/// between which the daemon goes on; objects of the daemon that only the slice vouches for die with it.
#[derive(Default)]
pub struct CallContext {
    /// The number of the running call; 0: none runs.
    call: Cell<u64>,
    /// The number of the running slice; 0: none runs.
    slice: Cell<u64>,
    /// The last number that was given.
    last: Cell<u64>,
    changes: RefCell<Changes>,
    /// Function and line of the last error, from the error handler.
    blamed: RefCell<Option<String>>,
    /// The running call's hook and its objects.
    objects: Cell<Option<(&'static Hook, *const *const c_void)>>,
    /// What the running task waits for, from the function that waits.
    wait: RefCell<Option<Wait>>,
    tasks: Rc<Tasks>,
    modules: Modules,
}

impl CallContext {
    /// The number of the running call.
    #[inline]
    pub fn call(&self) -> u64 {
        self.call.get()
    }

    /// The number of the running slice.
    pub fn slice(&self) -> u64 {
        self.slice.get()
    }

    /// Whether a call runs.
    #[inline]
    pub fn running(&self) -> bool {
        self.call.get() != 0
    }

    /// Whether a view of that call or slice may be used.
    #[inline]
    pub fn is_live(&self, number: u64) -> bool {
        self.call.get() == number || self.slice.get() == number
    }

    fn next(&self) -> u64 {
        self.last.set(self.last.get() + 1);
        self.last.get()
    }

    /// A call begins: views made from here on are of this call.
    #[inline]
    pub fn begin(&self) {
        let number = self.next();
        self.call.set(number);
        self.slice.set(number);
        self.forget_changes();
    }

    /// A task begins or goes on after a wait: the number of its call.
    pub fn begin_task(&self) -> u64 {
        let call = self.next();
        self.continue_task(call);
        call
    }

    /// A task that was cut goes on: its views are good again.
    pub fn continue_task(&self, call: u64) {
        self.call.set(call);
        self.slice.set(self.next());
        self.forget_changes();
    }

    #[inline]
    fn forget_changes(&self) {
        let mut changes = self.changes.borrow_mut();
        if !changes.is_empty() {
            changes.clear();
        }
    }

    /// The call has ended, or its slice: views are dead, for good or until it goes on.
    #[inline]
    pub fn end(&self) {
        self.call.set(0);
        self.slice.set(0);
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

    /// What the running task waits for.
    pub fn wait(&self) -> &RefCell<Option<Wait>> {
        &self.wait
    }

    /// The events, timers and tasks of the VM's script.
    pub fn tasks(&self) -> &Rc<Tasks> {
        &self.tasks
    }

    /// The modules of the VM's script.
    pub fn modules(&self) -> &Modules {
        &self.modules
    }
}

/// The context of a state's VM.
///
/// # Safety
/// `state` was made by `Vm::new`, is set up, and has a free stack slot.
pub unsafe fn of<'a>(state: *mut lua_State) -> &'a CallContext {
    // SAFETY: the context's address was put into the registry when the VM was made, and lives as long; the key is an
    // interned string, so reading allocates nothing.
    unsafe {
        engine::lua_rawgetfield(state, engine::LUA_REGISTRYINDEX, c"frr.context".as_ptr());
        let context = engine::lua_touserdata(state, -1).cast::<CallContext>().cast_const();
        engine::lua_pop(state, 1);
        &*context
    }
}
