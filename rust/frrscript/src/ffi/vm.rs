// SPDX-License-Identifier: GPL-2.0-or-later
//! One Luau VM: made, filled with what scripts may use, loaded with one source, called, closed.

use super::account::{self, Account};
use super::bring_up;
use super::context::CallContext;
use super::deadline;
use super::engine::{self, lua_State};
use super::interrupt;
use super::object::{self, List, PinnedList, PinnedLists, View};
use super::reserve;
use crate::failure::{Failure, Kind};
use crate::schema::{ArgKind, FieldKind, Hook, Type};
use crate::script::module::Chunk;
use crate::watchdog::{self, Watch};
use std::ffi::{CStr, CString, c_int, c_void};
use std::ptr::NonNull;
use std::time::Duration;

/// The error handler's place on the stack, for as long as the VM lives.
const HANDLER: c_int = 1;

/// The part of a call's limit that the collector has after it.
const AFTER: u32 = 20;

/// A VM with one script in it.
pub struct Vm {
    state: NonNull<lua_State>,
    // Boxed: the engine keeps their addresses.
    account: Box<Account>,
    context: Box<CallContext>,
    callbacks: *mut engine::lua_Callbacks,
}

/// A function of a script, held in its VM.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    reference: c_int,
    /// Declared parameters.
    pub params: u8,
    /// Has `...`.
    pub variadic: bool,
    /// The line that it begins on.
    pub line: usize,
}

/// What serves all calls of a function, for a parameter that the function can't keep.
pub enum Pinned {
    /// Nobody can tell what it is.
    Unused,
    /// A view.
    View {
        /// In the registry.
        reference: c_int,
        /// Of the userdata.
        view: *mut View,
        /// What the view points to.
        lists: Box<PinnedLists>,
    },
}

impl Function {
    pub(super) fn reference(self) -> c_int {
        self.reference
    }

    /// The function of a reference that is known from what the engine says of it (`lua_getinfo`, "as").
    pub(super) fn of_reference(reference: c_int, info: &engine::lua_Debug) -> Function {
        let line = usize::try_from(info.linedefined).unwrap_or(0);
        // A function of the library takes what it gets.
        let variadic = info.isvararg != 0 || line == 0;
        Function { reference, params: info.nparams, variadic, line }
    }
}

impl Vm {
    /// A VM with the library and no script, which may use `memory` octets.
    ///
    /// # Errors
    /// There is not enough memory for it.
    pub fn new(memory: usize) -> Result<Vm, Failure> {
        reserve::ready()?;
        deadline::watch_this_thread();
        let account = Box::new(Account::new(memory));
        let data = (&raw const *account).cast_mut().cast::<c_void>();
        // SAFETY: the allocator keeps its contract; `account` outlives the state (field order of drop is not used: see
        // `Drop`).
        let state = unsafe { engine::lua_newstate(account::allocate, data) };
        let state = NonNull::new(state).ok_or_else(|| Failure::new(Kind::Memory, "no memory for a new script"))?;
        // SAFETY: a live state.
        let callbacks = unsafe { engine::lua_callbacks(state.as_ptr()) };
        account.attach(callbacks);
        let context = Box::new(CallContext::default());
        let vm = Vm { state, account, context, callbacks };
        let context: *const CallContext = &raw const *vm.context;
        // SAFETY: `set_up` is called protected, with the context's address; nothing is on the stack but the error text.
        let status = unsafe { engine::lua_cpcall(vm.state.as_ptr(), bring_up::set_up, context.cast_mut().cast()) };
        if status != engine::LUA_OK {
            return Err(vm.failure(status, "start"));
        }
        // SAFETY: the stack has room (a new state's); no allocation may fail: the function has no upvalue.
        unsafe {
            engine::lua_settop(vm.state.as_ptr(), 0);
            let status = engine::lua_cpcall(vm.state.as_ptr(), bring_up::keep_handler, std::ptr::null_mut());
            if status != engine::LUA_OK {
                return Err(vm.failure(status, "start"));
            }
            engine::lua_rawgetfield(vm.state.as_ptr(), engine::LUA_REGISTRYINDEX, c"frr.handler".as_ptr());
        }
        Ok(vm)
    }

    pub(super) fn state(&self) -> *mut lua_State {
        self.state.as_ptr()
    }

    pub(super) fn account(&self) -> &Account {
        &self.account
    }

    pub(super) fn callbacks(&self) -> usize {
        self.callbacks as usize
    }

    /// Octets that the script has, and the most that it had.
    pub fn memory(&self) -> (usize, usize) {
        (self.account.used(), self.account.peak())
    }

    /// Octets that the script may still take.
    pub fn room(&self) -> usize {
        self.account.limit().saturating_sub(self.account.used())
    }

    /// Changes the memory limit, in octets.
    pub fn set_memory_limit(&self, octets: usize) {
        self.account.set_limit(octets);
        self.account.expect_half();
    }

    /// What the last call has assigned.
    pub fn context(&self) -> &CallContext {
        &self.context
    }

    /// Whether a call runs in this VM.
    pub fn running(&self) -> bool {
        self.context.running()
    }

    /// Compiles and runs a source: its functions are defined afterwards.
    ///
    /// # Errors
    /// It does not compile, fails, or runs longer than `limit`.
    pub fn load(&self, name: &str, source: &str, limit: Duration) -> Result<(), Failure> {
        let chunk = Chunk::compile(name, source)?;
        let _open = self.context.modules().open(name, source.len());
        let _apart = watchdog::Apart::begin();
        self.protected(limit, |state| {
            // SAFETY: `chunk` outlives the call; the handler is at its place; the registry's key is interned.
            unsafe {
                engine::lua_rawgetfield(state, engine::LUA_REGISTRYINDEX, c"frr.load".as_ptr());
                engine::lua_pushlightuserdata(state, (&raw const chunk).cast_mut().cast());
                engine::lua_pcall(state, 1, 0, HANDLER)
            }
        })
    }

    /// The global function of a name.
    #[must_use]
    pub fn function(&self, name: &str) -> Option<Function> {
        let name = CString::new(name).ok()?;
        let state = self.state.as_ptr();
        // SAFETY: the globals of a sandboxed script are a plain table whose `__index` is a table: reading raises
        // nothing; the stack has room for what is pushed, and is balanced. A reference may need memory: the limit is
        // lifted for it.
        unsafe {
            self.without_limit(|| engine::lua_rawgetfield(state, engine::LUA_GLOBALSINDEX, name.as_ptr()));
            if engine::lua_type(state, -1) != engine::LUA_TFUNCTION || engine::lua_iscfunction(state, -1) != 0 {
                engine::lua_pop(state, 1);
                return None;
            }
            let mut info: engine::lua_Debug = std::mem::zeroed();
            engine::lua_getinfo(state, -1, c"as".as_ptr(), &raw mut info);
            let reference = self.without_limit(|| engine::lua_ref(state, -1));
            engine::lua_pop(state, 1);
            // Of a module's functions the line says nothing about the script's own text.
            let own = self.context.modules().is_main(CStr::from_ptr(info.source));
            let line = if own { usize::try_from(info.linedefined).unwrap_or(0) } else { 0 };
            Some(Function { reference, params: info.nparams, variadic: info.isvararg != 0, line })
        }
    }

    /// Lets go of a function.
    pub fn release(&self, function: Function) {
        // SAFETY: a reference of this VM, given back once.
        unsafe { engine::lua_unref(self.state.as_ptr(), function.reference) };
    }

    /// Makes a view that serves all calls, with those of its lists that `served` takes by name; it is dead until one begins.
    pub fn pin(&self, ty: &'static Type, arg: u8, served: impl Fn(&str) -> bool) -> Pinned {
        let state = self.state.as_ptr();
        let context = &raw const *self.context;
        let mut view = View { object: std::ptr::null(), context, call: u64::MAX, ty, arg, lists: std::ptr::null() };
        // SAFETY: no call runs, the stack has room and is balanced; the limit is lifted. The references keep the userdata,
        // and with it the addresses of views and lists, until `unpin`.
        self.without_limit(|| unsafe {
            let lists = ty.fields.iter().filter(|field| {
                matches!(field.kind, FieldKind::AsPath | FieldKind::Items(_)) && !field.text && served(field.name)
            });
            let lists = lists.map(|field| {
                object::push_list(state, List { owner: view, field });
                let list = engine::lua_touserdata(state, -1).cast::<List>();
                let reference = engine::lua_ref(state, -1);
                engine::lua_pop(state, 1);
                PinnedList { field, list, reference }
            });
            let lists = Box::new(PinnedLists(lists.collect()));
            view.lists = &raw const *lists;
            object::push_view(state, view);
            let view = engine::lua_touserdata(state, -1).cast::<View>();
            let reference = engine::lua_ref(state, -1);
            engine::lua_pop(state, 1);
            Pinned::View { reference, view, lists }
        })
    }

    /// Lets go of it.
    pub fn unpin(&self, pinned: &Pinned) {
        let Pinned::View { reference, view, lists } = pinned else { return };
        let state = self.state.as_ptr();
        // SAFETY: references of this VM, given back once. The view points to nothing that may go before it is collected.
        unsafe {
            (**view).lists = std::ptr::null();
            engine::lua_unref(state, *reference);
            for list in &lists.0 {
                engine::lua_unref(state, list.reference);
            }
        }
    }

    /// The names of the script's own functions.
    #[must_use]
    pub fn functions(&self) -> Vec<String> {
        let state = self.state.as_ptr();
        let mut names = Vec::new();
        // SAFETY: the globals table is traversed raw and unchanged; the stack has room and is balanced.
        unsafe {
            engine::lua_pushvalue(state, engine::LUA_GLOBALSINDEX);
            engine::lua_pushnil(state);
            while engine::lua_next(state, -2) != 0 {
                if engine::lua_type(state, -1) == engine::LUA_TFUNCTION
                    && let super::args::Arg::Octets(name) = super::args::read(state, -2)
                {
                    names.push(String::from_utf8_lossy(name).into_owned());
                }
                engine::lua_pop(state, 1);
            }
            engine::lua_pop(state, 1);
        }
        names.sort_unstable();
        names
    }

    /// Calls a hook's function with one pointer for each of the hook's objects, and has `finish` read the result, which
    /// is on top of the stack, before the views die.
    ///
    /// # Safety
    /// `objects` has as many pointers as the hook has objects, each NULL or alive and of its type.
    ///
    /// # Errors
    /// The script failed.
    #[inline]
    pub unsafe fn call_hook<T>(
        &self,
        function: Function,
        pinned: &[Option<Pinned>],
        hook: &'static Hook,
        objects: *const *const c_void,
        limit: Duration,
        finish: impl FnOnce(&Vm, *mut lua_State) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.context.running() {
            return Err(Failure::runtime("a script can't be called by something that it called itself"));
        }
        reserve::ready()?;
        let state = self.state.as_ptr();
        self.context.begin();
        let call = Call(self);
        // SAFETY: the caller's promise: one pointer for each of the hook's objects, which come first in no order.
        unsafe { self.context.remember(hook, objects) };
        let wanted =
            if function.variadic { hook.args.len() } else { hook.args.len().min(usize::from(function.params)) };
        let watch;
        // SAFETY: 20 stack slots are always there and no hook has more arguments (checked when it is registered); the
        // limit is lifted while the views are made, so nothing raises outside of a protected call.
        let status = unsafe {
            engine::lua_rawgeti_(state, engine::LUA_REGISTRYINDEX, function.reference);
            self.without_limit(|| {
                for (index, arg) in (0u8..).zip(&hook.args[..wanted]) {
                    match arg.kind {
                        ArgKind::Constant(n) => engine::push_signed(state, n),
                        ArgKind::Value(_) => engine::lua_pushnil(state),
                        ArgKind::Object(ty, at) => {
                            let object = *objects.add(at);
                            match pinned.get(usize::from(index)) {
                                _ if object.is_null() => engine::lua_pushnil(state),
                                Some(Some(Pinned::Unused)) => engine::lua_pushnil(state),
                                Some(Some(Pinned::View { reference, view, .. })) => {
                                    (**view).object = object;
                                    (**view).call = self.context.call();
                                    engine::lua_rawgeti_(state, engine::LUA_REGISTRYINDEX, *reference);
                                }
                                _ => {
                                    let (context, call) = (&raw const *self.context, self.context.call());
                                    let lists = std::ptr::null();
                                    object::push_view(state, View { object, context, call, ty, arg: index, lists });
                                }
                            }
                        }
                    }
                }
            });
            watch = Watch::begin(limit, self.callbacks as usize);
            #[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, reason = "at most 16 arguments")]
            engine::lua_pcall(state, wanted as c_int, 1, HANDLER)
        };
        let result = if status == engine::LUA_OK && self.account.stopped().is_none() {
            self.without_limit(|| finish(self, state))
        } else {
            Err(self.failure(status, hook.name))
        };
        drop(watch);
        drop(call);
        self.collect(limit / AFTER);
        result
    }

    /// Runs a protected call under the watchdog; what it leaves on the stack is taken away.
    pub(super) fn protected(&self, limit: Duration, call: impl FnOnce(*mut lua_State) -> c_int) -> Result<(), Failure> {
        self.protected_with(limit, call, |_| Ok(()))
    }

    /// The same, and `finish` reads the results.
    pub(super) fn protected_with<T>(
        &self,
        limit: Duration,
        call: impl FnOnce(*mut lua_State) -> c_int,
        finish: impl FnOnce(*mut lua_State) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        if self.context.running() {
            return Err(Failure::runtime("a script can't be called by something that it called itself"));
        }
        reserve::ready()?;
        let state = self.state.as_ptr();
        self.context.begin();
        let running = Call(self);
        let watch = Watch::begin(limit, self.callbacks as usize);
        let status = call(state);
        let result = if status == engine::LUA_OK && self.account.stopped().is_none() {
            self.without_limit(|| finish(state))
        } else {
            Err(self.failure(status, "call"))
        };
        drop(watch);
        drop(running);
        self.collect(limit / AFTER);
        result
    }

    /// Lifts the memory limit: for the few octets that the library itself needs where nothing may raise.
    #[inline]
    pub(super) fn without_limit<T>(&self, f: impl FnOnce() -> T) -> T {
        self.account.without_limit(f)
    }

    /// What a protected call's status and error value mean.
    #[cold]
    fn failure(&self, status: c_int, what: &str) -> Failure {
        self.failure_of(self.state.as_ptr(), status, what)
    }

    /// The same for a coroutine.
    #[cold]
    pub(super) fn failure_of(&self, state: *mut lua_State, status: c_int, what: &str) -> Failure {
        // SAFETY: a failed call leaves the error value on top.
        let text = unsafe {
            match super::args::read(state, -1) {
                super::args::Arg::Octets(text) => {
                    String::from_utf8_lossy(&text[..text.len().min(MOST_ERROR_TEXT)]).into_owned()
                }
                _ => "the error value is not a string".to_owned(),
            }
        };
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let blamed = self.context.blamed().take();
        let kind = match self.account.stopped() {
            Some(kind) => kind,
            None if status == engine::LUA_ERRMEM => Kind::Memory,
            // What the code generator, which is C++, throws.
            None if text.contains("std::bad_alloc") => {
                self.account.lack();
                Kind::Memory
            }
            None => Kind::Runtime,
        };
        let text = match kind {
            // What the script made of it may be anything; say what happened, and where if that is known.
            Kind::Deadline | Kind::Memory | Kind::Panic
                if status == engine::LUA_OK || !(text.contains("stopped: ") || text.contains("internal")) =>
            {
                interrupt::reason(kind, &self.account)
            }
            Kind::Runtime if text.contains("attempt to yield across") => {
                "can't wait here: coroutine.yield, or something that waits, was called outside of a coroutine"
                    .to_owned()
            }
            _ => text,
        };
        let message = match blamed {
            Some(blamed) if !blamed.is_empty() => format!("{text} (in {blamed})"),
            _ => text,
        };
        let message = if message.is_empty() { format!("{what} failed") } else { message };
        Failure::new(kind, message)
    }
}

/// Octets of an error's text that are kept: a script may raise a string of many megabytes.
const MOST_ERROR_TEXT: usize = 1024;

/// A running call; ends when dropped, also by a panic on its way to the wall.
struct Call<'a>(&'a Vm);

impl Drop for Call<'_> {
    #[inline]
    fn drop(&mut self) {
        self.0.context.end();
        self.0.account.clear();
        // SAFETY: a live state; only the handler stays.
        unsafe { engine::lua_settop(self.0.state.as_ptr(), HANDLER) };
    }
}

/// Octets that a VM must have had for the daemon to get smaller by its end.
const TRIM: usize = 2 * 1024 * 1024;

impl Drop for Vm {
    fn drop(&mut self) {
        // SAFETY: the account and the context live until the fields are dropped, which is after this. From here on
        // the watchdog leaves the VM alone (no call runs, and none of its own is half done).
        unsafe {
            interrupt::set(self.callbacks, false);
            watchdog::forget();
            engine::lua_close(self.state.as_ptr());
        }
        if self.account.peak() >= TRIM {
            super::heap::give_back();
        }
    }
}

/// A view of the running call's object of an argument; `None` if it was NULL.
///
/// # Safety
/// `state` is a VM's main state, in `call_hook`'s `finish`.
pub unsafe fn view_of(state: *mut lua_State, arg: u8, ty: &'static crate::schema::Type) -> Option<View> {
    // SAFETY: the caller's promise.
    let context = unsafe { super::context::of(state) };
    let (call, object) = (context.call(), context.object(arg)?);
    Some(View { object, context, call, ty, arg, lists: std::ptr::null() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::panic::{AssertUnwindSafe, catch_unwind};

    #[test]
    fn a_panic_leaves_the_vm_in_order() {
        let vm = Vm::new(1 << 20).unwrap();
        let limit = Duration::from_secs(5);
        // SAFETY: pushes a value on a live state's stack, which has room.
        let push = |state| unsafe {
            engine::lua_pushnil(state);
            engine::LUA_OK
        };
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            vm.protected_with(limit, push, |_| -> Result<(), Failure> { panic!("test") })
        }));
        assert!(panicked.is_err());
        assert!(!vm.running());
        assert_eq!(vm.account.limit(), 1 << 20);
        vm.protected_with(limit, push, |_| Ok(())).unwrap();
    }
}
