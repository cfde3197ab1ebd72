// SPDX-License-Identifier: GPL-2.0-or-later
//! `frr.load_ffi` and what it gives. The prelude makes of it what lua-resty-ffi's users know: any name is a method.

use super::value::{Object, Out};
use crate::atom::Atom;
use crate::failure::Failure;
use crate::ffi::args::{Arg, Args};
use crate::runtime::options::{self, Options};
use crate::runtime::pending::{self, Started};
use crate::runtime::registry::{self, Entry, Wanted};
use crate::task::{Wait, turn};
use runtime_host::runtime::State;
use std::any::Any;
use std::rc::Rc;
use std::time::Duration;

/// What the reference says of a runtime.
pub const RUNTIME_DOCS: &[super::value::Doc] = &[
    super::value::Doc {
        name: "call_with",
        signature: "({request: string?, timeout: (number | boolean)?}) -> (boolean, any, any, any)",
        doc: "as any other name, with a time to wait of its own: seconds, or false for no end",
    },
    super::value::Doc {
        name: "__start",
        signature: "(request: string?, options: {timeout: (number | boolean)?}?) -> RuntimeCall",
        doc: "posts the request and goes on: the call's wait() gives the answer, cancel() takes it back",
    },
    super::value::Doc {
        name: "__unload",
        signature: "() -> (boolean, string?)",
        doc: "has the runtime end after what waits, and waits for that: true when its pollers were told, else false and why",
    },
];

/// What the reference says of a call that was started.
pub const CALL_DOCS: &[super::value::Doc] = &[
    super::value::Doc {
        name: "wait",
        signature: "() -> (boolean, any, any, any)",
        doc: "waits for the answer, which is given once",
    },
    super::value::Doc {
        name: "cancel",
        signature: "() -> boolean",
        doc: "takes the call back; the runtime can see it. false: it had ended",
    },
    super::value::Doc { name: "done", signature: "() -> boolean", doc: "whether the answer is there" },
];

/// A runtime, as the prelude holds it.
pub struct Loaded {
    entry: Rc<Entry>,
    timeout: Option<Duration>,
}

impl Loaded {
    /// What `frr.load_ffi` gives for a runtime whose load is over: it and its number, or nil with what its init gave, or nil,
    /// nil and why.
    pub fn values(entry: &Rc<Entry>, timeout: Option<Duration>) -> Vec<Out> {
        match entry.runtime.state() {
            State::Failed(0, why) => vec![Out::Nil, Out::Nil, Out::Text(why)],
            State::Failed(rc, _) => vec![Out::Nil, Out::Signed(rc.into())],
            State::Loading if entry.is_begun() => {
                vec![Out::Nil, Out::Nil, Out::Text("its init takes too long".to_owned())]
            }
            _ => {
                let object = Loaded { entry: Rc::clone(entry), timeout };
                vec![Out::Object(Box::new(object)), Out::Unsigned(entry.id().into())]
            }
        }
    }
}

impl Object for Loaded {
    fn type_name(&self) -> &'static str {
        "Runtime"
    }

    fn call(&self, _method: Atom, _args: &Args) -> Result<Option<Out>, Failure> {
        Ok(None)
    }

    fn text(&self) -> String {
        format!("runtime {}", self.entry.runtime.name)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// A call whose answer is asked for later.
struct Call(Rc<Started>);

impl Object for Call {
    fn type_name(&self) -> &'static str {
        "RuntimeCall"
    }

    fn call(&self, _method: Atom, _args: &Args) -> Result<Option<Out>, Failure> {
        Ok(None)
    }

    fn text(&self) -> String {
        "runtime call".to_owned()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// `frr.load_ffi(lib, cfg, options)`.
///
/// # Errors
/// The operator has not permitted it, there is no such library, or an argument does not fit.
pub fn load(args: &Args) -> Result<Out, Failure> {
    let lib = args.text(0)?;
    let cfg = match args.get(1) {
        Arg::Nil => None,
        _ => Some(args.octets(1)?),
    };
    let mut options = Options::default();
    args.each_field(2, |name, value| options.take(name, &value))?;
    let entry = registry::load(args.tasks(), lib, cfg, &options)
        .map_err(|why| Failure::runtime(format!("frr.load_ffi: {why}")))?;
    turn::soon();
    if args.may_wait().is_ok() && !entry.is_loaded() {
        return Ok(Out::Wait(Wait::Runtime(entry, Wanted::Loaded(options.timeout))));
    }
    if entry.is_loaded() {
        return Ok(Out::Many(Loaded::values(&entry, options.timeout)));
    }
    let object = Loaded { timeout: options.timeout, entry };
    let id = object.entry.id();
    Ok(Out::Many(vec![Out::Object(Box::new(object)), Out::Unsigned(id.into())]))
}

fn loaded<'a>(args: &'a Args) -> Result<&'a Loaded, Failure> {
    if let Arg::Object(object) = args.get(0)
        && let Some(loaded) = object.as_any().downcast_ref::<Loaded>()
    {
        return Ok(loaded);
    }
    Err(Failure::runtime("call a method of a runtime with a colon: runtime:name(request)"))
}

fn request<'a>(args: &Args<'a>) -> Result<Option<&'a [u8]>, Failure> {
    match args.get(1) {
        Arg::Nil => Ok(None),
        Arg::Octets(octets) => Ok(Some(octets)),
        other => Err(Failure::runtime(format!(
            "a runtime's request must be a string or nil, not {}",
            super::staging::shown(&other)
        ))),
    }
}

fn timeout(args: &Args, loaded: &Loaded) -> Result<Option<Duration>, Failure> {
    match args.get(2) {
        Arg::Nil => Ok(loaded.timeout),
        value => options::timeout("timeout", &value).map_err(|why| Failure::runtime(format!("runtime: {why}"))),
    }
}

/// `(runtime, request, timeout)`: posts it and waits.
///
/// # Errors
/// An argument does not fit, or nothing can wait here.
pub fn post(args: &Args) -> Result<Out, Failure> {
    args.may_wait()?;
    let loaded = loaded(args)?;
    match pending::post(&loaded.entry, args.tasks(), request(args)?, timeout(args, loaded)?) {
        Ok(ticket) => Ok(Out::Wait(Wait::Call(ticket))),
        Err(outcome) => Ok(Out::Many(outcome.values())),
    }
}

/// `(runtime, request, timeout)`: posts it and goes on.
///
/// # Errors
/// An argument does not fit, or the script is not in service.
pub fn start(args: &Args) -> Result<Out, Failure> {
    args.may_wait()?;
    let loaded = loaded(args)?;
    match pending::start(&loaded.entry, args.tasks(), request(args)?, timeout(args, loaded)?) {
        Ok(started) => Ok(Out::Object(Box::new(Call(started)))),
        Err(outcome) => Ok(Out::Many(std::iter::once(Out::Nil).chain(outcome.values()).collect())),
    }
}

fn started(args: &Args) -> Result<Rc<Started>, Failure> {
    if let Arg::Object(object) = args.get(0)
        && let Some(call) = object.as_any().downcast_ref::<Call>()
    {
        return Ok(Rc::clone(&call.0));
    }
    Err(Failure::runtime("call a method of a call with a colon: call:wait()"))
}

/// `(call)`: waits for its answer.
///
/// # Errors
/// Another task waits, the answer was given, or nothing can wait here.
pub fn wait(args: &Args) -> Result<Out, Failure> {
    let call = started(args)?;
    if call.is_taken() || call.is_awaited() {
        return Err(Failure::runtime("call:wait(): the answer of a call is given once"));
    }
    if let Some(outcome) = call.take() {
        return Ok(Out::Many(outcome.values()));
    }
    args.may_wait()?;
    Ok(Out::Wait(Wait::Started(call)))
}

/// `(call)`: takes it back; false: it had ended.
///
/// # Errors
/// It is no call.
pub fn cancel(args: &Args) -> Result<Out, Failure> {
    let done = started(args)?.cancel();
    turn::soon();
    Ok(Out::Bool(done))
}

/// `(call)`: whether the answer is there.
///
/// # Errors
/// It is no call.
pub fn done(args: &Args) -> Result<Out, Failure> {
    Ok(Out::Bool(started(args)?.is_done()))
}

/// `(runtime)`: has it end, and waits for that where something can wait.
///
/// # Errors
/// It is no runtime, the script is not in service yet, or the operator has not permitted it this runtime.
pub fn unload(args: &Args) -> Result<Out, Failure> {
    let loaded = loaded(args)?;
    let (tasks, name) = (args.tasks(), &loaded.entry.runtime.name);
    // It may be another script's, too: the same key is the same runtime.
    if !tasks.is_in_service() {
        return Err(Failure::runtime("runtime:__unload() works when the script is in service".to_owned()));
    }
    if !tasks.permits_runtime(name) {
        let why = registry::not_permitted(&tasks.script(), name);
        return Err(Failure::runtime(format!("runtime:__unload: {why}")));
    }
    if registry::unload(&loaded.entry) && args.may_wait().is_ok() {
        return Ok(Out::Wait(Wait::Runtime(Rc::clone(&loaded.entry), Wanted::Ended)));
    }
    Ok(Out::Bool(loaded.entry.runtime.state() != State::Ending))
}
