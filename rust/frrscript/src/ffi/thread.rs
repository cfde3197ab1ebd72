// SPDX-License-Identifier: GPL-2.0-or-later
//! A task's coroutine: started, cut when its slice is over, resumed when what it waited for is there.

use super::abi;
use super::access;
use super::engine::{self, lua_State};
use super::object::{self, View};
use super::record::Record;
use super::reserve;
use super::vm::{Function, Vm};
use crate::failure::Failure;
use crate::lua::sets;
use crate::lua::value::Out;
use crate::schema::{ArgKind, FieldKind};
use crate::task::Wait;
use crate::watchdog::Watch;
use std::ffi::{CStr, c_int};
use std::time::{Duration, Instant};

/// A coroutine of a VM. It is given back with [`Vm::give_back`], or it goes with the VM.
#[derive(Debug)]
pub struct Thread {
    state: *mut lua_State,
    reference: c_int,
    /// The call that it is in, while it is cut.
    call: u64,
    /// Used of its time limit since its last wait.
    used: Duration,
    /// It may be started again.
    fit: bool,
}

impl Thread {
    /// Whether another function can be started in it.
    pub fn is_fit(&self) -> bool {
        self.fit
    }
}

/// How a slice ended.
#[derive(Debug)]
pub enum Slice {
    /// The function has returned.
    Done,
    /// It waits; views of it are dead.
    Waits(Wait),
    /// Its slice is over; it goes on where it was.
    Cut,
    /// It failed.
    Failed(Failure),
}

/// For how long a task may run: a slice, and a limit from one wait to the next.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    /// Then it is cut, if that is possible; zero: never.
    pub slice: Duration,
    /// Then it fails.
    pub limit: Duration,
}

impl Vm {
    /// A coroutine for a task.
    ///
    /// # Errors
    /// The system has no memory.
    pub fn thread(&self) -> Result<Thread, Failure> {
        reserve::ready()?;
        let state = self.state();
        // SAFETY: no call of the VM raises here (the limit is lifted); the stack has room and is balanced; the reference
        // keeps the coroutine.
        self.without_limit(|| unsafe {
            let thread = engine::lua_newthread(state);
            let reference = engine::lua_ref(state, -1);
            engine::lua_pop(state, 1);
            Ok(Thread { state: thread, reference, call: 0, used: Duration::ZERO, fit: true })
        })
    }

    /// Looks at the clock: before the first task of a turn, and whenever something else took time.
    pub fn look_at_clock(&self) {
        self.account().pace.look_at_clock();
    }

    /// When the clock was looked at last, which is after each slice.
    pub fn now(&self) -> Instant {
        self.account().pace.now()
    }

    /// Lets go of a coroutine.
    pub fn give_back(&self, thread: &Thread) {
        // SAFETY: a reference of this VM, given back once; the collector takes the coroutine.
        unsafe { engine::lua_unref(self.state(), thread.reference) };
    }

    /// Lets go of what was held by reference.
    pub fn unref(&self, references: Vec<c_int>) {
        for reference in references {
            // SAFETY: references of this VM, each given back once.
            unsafe { engine::lua_unref(self.state(), reference) };
        }
    }

    /// Starts a function with the arguments of an event, whose record is held until the call has ended.
    pub fn start_event(&self, thread: &mut Thread, function: Function, record: &Record, allowance: Allowance) -> Slice {
        if let Err(failure) = reserve::ready() {
            return Slice::Failed(failure);
        }
        thread.call = self.context().begin_task();
        thread.used = Duration::ZERO;
        let count = self.without_limit(|| {
            // SAFETY: a coroutine that runs nothing has 20 stack slots, a hook at most 16 arguments; nothing raises as the
            // limit is lifted.
            unsafe {
                engine::lua_rawgeti(thread.state, engine::LUA_REGISTRYINDEX, function.reference().into());
                self.push_record(thread, record, function)
            }
        });
        self.slice(thread, count, allowance)
    }

    /// Starts a function with values.
    pub fn start(&self, thread: &mut Thread, function: Function, args: Vec<Out>, allowance: Allowance) -> Slice {
        thread.call = self.context().begin_task();
        thread.used = Duration::ZERO;
        match self.hand_over(thread, Some(function), args) {
            Ok(count) => self.slice(thread, count, allowance),
            Err(failure) => Slice::Failed(failure),
        }
    }

    /// Goes on after a wait, which gives these results.
    pub fn resume(&self, thread: &mut Thread, results: Vec<Out>, allowance: Allowance) -> Slice {
        thread.call = self.context().begin_task();
        thread.used = Duration::ZERO;
        match self.hand_over(thread, None, results) {
            Ok(count) => self.slice(thread, count, allowance),
            Err(failure) => Slice::Failed(failure),
        }
    }

    /// Pushes a function and values on a coroutine; how many values. They may be large: a protected call makes them.
    fn hand_over(&self, thread: &mut Thread, function: Option<Function>, values: Vec<Out>) -> Result<c_int, Failure> {
        reserve::ready()?;
        let mut job = Handed { thread: thread.state, function: function.map(Function::reference), values, count: 0 };
        let state = self.state();
        // SAFETY: the job lives through the call; the coroutine runs nothing.
        let status = self.without_limit(|| unsafe { engine::lua_cpcall(state, hand_over, (&raw mut job).cast()) });
        if status == engine::LUA_OK {
            return Ok(job.count);
        }
        let failure = self.failure_of(state, status, "the task");
        self.context().end();
        self.account().clear();
        // SAFETY: the error value is taken away.
        unsafe { engine::lua_pop(state, 1) };
        self.reset(thread);
        Err(failure)
    }

    /// Makes a coroutine that failed fit for another function, if there is memory: its stack becomes a smaller one.
    #[cold]
    fn reset(&self, thread: &mut Thread) {
        unsafe extern "C-unwind" fn reset(state: *mut lua_State) -> c_int {
            // SAFETY: called protected, with a coroutine that runs nothing.
            unsafe { engine::lua_resetthread(engine::lua_touserdata(state, 1).cast()) };
            0
        }
        let state = self.state();
        thread.fit = self.without_limit(|| {
            // SAFETY: the stack is balanced.
            unsafe {
                let top = engine::lua_gettop(state);
                let status = engine::lua_cpcall(state, reset, thread.state.cast());
                engine::lua_settop(state, top);
                status == engine::LUA_OK
            }
        });
        self.account().clear();
    }

    /// Goes on where the last slice was cut.
    pub fn go_on(&self, thread: &mut Thread, allowance: Allowance) -> Slice {
        self.context().continue_task(thread.call);
        self.slice(thread, 0, allowance)
    }

    fn slice(&self, thread: &mut Thread, count: c_int, allowance: Allowance) -> Slice {
        let account = self.account();
        let context = self.context();
        account.pace.begin(thread.state, thread.used, allowance.limit);
        let left = allowance.limit.saturating_sub(thread.used);
        let watch = Watch::begin_sliced(left, allowance.slice, self.callbacks());
        // SAFETY: the coroutine is new, done, waits or was cut, with what it is to be resumed with on top; an error ends
        // inside of the resume.
        let status = unsafe { engine::lua_resume_(thread.state, self.state(), count) };
        drop(watch);
        // The error's text names the limit of the task, which ends here.
        let failed = !matches!(status, engine::LUA_OK | engine::LUA_YIELD) || account.stopped().is_some();
        let failure = failed.then(|| {
            self.blame(thread);
            self.failure_of(thread.state, status, "the task")
        });
        // What the collector takes for it is the task's, too.
        self.collect(if allowance.slice.is_zero() { allowance.limit } else { allowance.slice });
        let (used, cut) = account.pace.end();
        thread.used = used;
        let wait = context.wait().take();
        context.end();
        account.clear();

        if let Some(failure) = failure {
            self.reset(thread);
            Slice::Failed(failure)
        } else if status == engine::LUA_OK {
            // SAFETY: done; its results are of no use.
            unsafe { engine::lua_settop(thread.state, 0) };
            Slice::Done
        } else if cut {
            Slice::Cut
        } else {
            // SAFETY: it waits in a yield, whose values are of no use.
            unsafe { engine::lua_settop(thread.state, 0) };
            Slice::Waits(wait.unwrap_or(Wait::Turn))
        }
    }

    /// Notes the function in which a coroutine failed: its frames are still there.
    #[cold]
    fn blame(&self, thread: &Thread) {
        // SAFETY: a failed coroutine keeps its frames until it is reset; names are static or owned by live functions.
        unsafe {
            let mut info: engine::lua_Debug = std::mem::zeroed();
            for level in 0..20 {
                if engine::lua_getinfo(thread.state, level, c"sln".as_ptr(), &raw mut info) == 0 {
                    break;
                }
                let what = if info.what.is_null() { c"" } else { CStr::from_ptr(info.what) };
                if what == c"C" {
                    continue;
                }
                let name = if info.name.is_null() { c"" } else { CStr::from_ptr(info.name) };
                let name = name.to_string_lossy();
                // The handler itself has no name, and an error of its own begins with its line.
                let stopped = self.account().stopped().is_some();
                self.context().blamed().replace(match &*name {
                    "" => stopped.then(|| format!("line {}", info.currentline)),
                    name => Some(format!("function {name}, line {}", info.currentline)),
                });
                break;
            }
        }
    }

    /// Pushes the arguments of an event that the function declares; how many.
    unsafe fn push_record(&self, thread: &Thread, record: &Record, function: Function) -> c_int {
        let context = std::ptr::from_ref(self.context());
        let wanted = if function.variadic { usize::MAX } else { usize::from(function.params) };
        let mut count = 0;
        for (index, arg) in (0u8..).zip(record.hook.args.iter().take(wanted)) {
            let value = arg.get.and_then(|get| record.get(get));
            // SAFETY: the caller's promise. An object lives as long as the record is held, which is until the call ends.
            unsafe {
                match (&arg.kind, value) {
                    (ArgKind::Constant(n), _) => engine::push_signed(thread.state, *n),
                    (ArgKind::Object(ty, _), Some(value)) if !value.u.ptr.is_null() => {
                        let lists = std::ptr::null();
                        let view = View { object: value.u.ptr, context, call: thread.call, ty, arg: index, lists };
                        object::push_view(thread.state, view);
                    }
                    (ArgKind::Value(kind), Some(value)) => push_plain(thread.state, *kind, &value),
                    (_, _) => engine::lua_pushnil(thread.state),
                }
            }
            count += 1;
        }
        count
    }
}

/// What a coroutine is to be resumed with.
struct Handed {
    thread: *mut lua_State,
    function: Option<c_int>,
    values: Vec<Out>,
    count: c_int,
}

/// Makes the values and moves them to the coroutine: 1 the job.
unsafe extern "C-unwind" fn hand_over(state: *mut lua_State) -> c_int {
    // SAFETY: called by `Vm::hand_over` with its job. An error passes through this frame, which drops the values.
    unsafe {
        let job = &mut *engine::lua_touserdata(state, 1).cast::<Handed>();
        let before = engine::lua_gettop(state);
        if let Some(function) = job.function {
            engine::luaL_checkstack(state, 1, std::ptr::null());
            engine::lua_rawgeti(state, engine::LUA_REGISTRYINDEX, function.into());
        }
        for value in std::mem::take(&mut job.values) {
            engine::luaL_checkstack(state, 8, std::ptr::null());
            job.count += object::push(state, value);
        }
        let moved = engine::lua_gettop(state) - before;
        if engine::lua_checkstack(job.thread, moved) == 0 {
            super::raise::error(state, "too many results".to_owned());
        }
        engine::lua_xmove(state, job.thread, moved);
    }
    0
}

/// Pushes a value that is no object.
unsafe fn push_plain(state: *mut lua_State, kind: FieldKind, value: &abi::Value) {
    // SAFETY: the getter filled the member of the union that the argument's kind names; a string is copied.
    unsafe {
        match kind {
            FieldKind::Bool => engine::lua_pushboolean(state, c_int::from(value.u.num != 0)),
            FieldKind::Uint => engine::push_unsigned(state, value.u.num),
            FieldKind::Int => engine::push_signed(state, value.u.inum),
            FieldKind::String => {
                engine::lua_pushlstring(state, value.u.ptr.cast(), value.len as usize);
            }
            FieldKind::Address => match access::address(value) {
                Some(address) => object::push_object(state, Box::new(sets::Address(address))),
                None => engine::lua_pushnil(state),
            },
            FieldKind::Prefix => match access::prefix(value) {
                Some(prefix) => object::push_object(state, Box::new(sets::Prefix(prefix))),
                None => engine::lua_pushnil(state),
            },
            FieldKind::Object | FieldKind::AsPath | FieldKind::Items(_) => engine::lua_pushnil(state),
        }
    }
}
