// SPDX-License-Identifier: GPL-2.0-or-later
//! `frr.on`, `frr.every`, `frr.sleep` and the others that have something done later.

use super::sets::Prefixes;
use super::value::{Doc, Object, Out};
use crate::atom::{self, Atom};
use crate::failure::Failure;
use crate::ffi::args::{Arg, Args};
use crate::schema::{self, Hook};
use crate::task::filter::Filter;
use crate::task::handler::Handler;
use crate::task::shell::Command;
use crate::task::{Tasks, Timer, Wait, turn};
use std::any::Any;
use std::rc::{Rc, Weak};
use std::time::Duration;

/// Seconds that a timer or a sleep may have: a year.
const LONGEST: f64 = 366.0 * 86400.0;
/// Seconds between two runs of `frr.every` at least.
const SHORTEST: f64 = 0.001;
/// Octets of a command, and of a word of a filter: a thousand of them may wait, outside of the script's memory limit.
const LONGEST_TEXT: usize = 1024;
/// Octets of the lines of `frr.configure`.
const MOST_LINES: usize = 64 * 1024;

/// What `frr.on`, `frr.every` and `frr.after` give: a way to take it back.
pub struct Subscription {
    tasks: Weak<Tasks>,
    id: u64,
    what: &'static str,
}

/// What the reference says of it.
pub const SUBSCRIPTION_DOCS: &[Doc] =
    &[Doc { name: "cancel", signature: "() -> boolean", doc: "takes it back; false: it had ended already" }];

impl Object for Subscription {
    fn type_name(&self) -> &'static str {
        "Subscription"
    }

    fn call(&self, method: Atom, _args: &Args) -> Result<Option<Out>, Failure> {
        Ok((method == atom::CANCEL).then(|| Out::Bool(self.tasks.upgrade().is_some_and(|t| t.cancel(self.id)))))
    }

    fn text(&self) -> String {
        self.what.to_owned()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn subscription(tasks: &Rc<Tasks>, id: u64, what: &'static str) -> Out {
    turn::soon();
    Out::Object(Box::new(Subscription { tasks: Rc::downgrade(tasks), id, what }))
}

/// Holds the function that is an argument.
///
/// # Errors
/// It is none.
pub fn handler(args: &Args, index: usize, what: &str) -> Result<Rc<Handler>, Failure> {
    let (function, reference, line) = args.hold_function(index)?;
    let name = if line == 0 { what.to_owned() } else { format!("{what}, line {line}") };
    Ok(Handler::new(function, reference, name, args.tasks().garbage()))
}

fn seconds(args: &Args, index: usize, least: f64) -> Result<Duration, Failure> {
    let n = args.number(index)?;
    if (least..=LONGEST).contains(&n) {
        return Ok(Duration::from_secs_f64(n));
    }
    Err(args.bad(index, format_args!("must be from {least} to {LONGEST} seconds, not {n}")))
}

fn event_of(args: &Args, name: &str) -> Result<&'static Hook, Failure> {
    let events = || schema::hooks().into_iter().filter(|h| h.event.is_some());
    events().find(|h| h.name == name).ok_or_else(|| {
        let names: Vec<&str> = events().map(|h| h.name).collect();
        let near = schema::nearest(name, names.iter().copied());
        let meant = near.map_or(String::new(), |near| format!(" Did you mean '{near}'?"));
        args.bad(
            0,
            format_args!(
                "there is no event '{}' in {}: it has {}.{meant} A script for several daemons asks frr.daemon first",
                crate::value::text::quoted(name).trim_matches('"'),
                crate::ffi::host::daemon(),
                names.join(", ")
            ),
        )
    })
}

/// `frr.on(event, handler, filter)`.
///
/// # Errors
/// There is no such event, or the filter does not fit it.
pub fn on(args: &Args) -> Result<Out, Failure> {
    let event = event_of(args, args.text(0)?)?;
    let mut filter = Filter::default();
    args.each_field(2, |name, value| match (name, value) {
        ("prefixes", Arg::Object(object)) => match object.as_any().downcast_ref::<Prefixes>() {
            Some(set) => filter.add_prefixes(event, Rc::clone(&set.0)),
            None => Err(format!("'prefixes' must be a PrefixSet, not {}", object.type_name())),
        },
        ("prefixes", other) => Err(format!("'prefixes' must be a PrefixSet, not {}", super::staging::shown(&other))),
        (name, Arg::Octets(word)) if word.len() > LONGEST_TEXT => {
            Err(format!("'{name}' has {} octets: at most {LONGEST_TEXT}", word.len()))
        }
        (name, Arg::Octets(word)) => filter.add_word(event, name, &String::from_utf8_lossy(word)),
        (name, other) => Err(format!("'{name}' must be text, not {}", super::staging::shown(&other))),
    })?;
    let handler = handler(args, 1, &format!("on {}", event.name))?;
    let tasks = args.tasks();
    let id = tasks.listen(event, handler, filter).map_err(|why| Failure::runtime(format!("frr.on: {why}")))?;
    Ok(subscription(tasks, id, "listener"))
}

/// `frr.every(seconds, function)`.
///
/// # Errors
/// The time is out of range, or there are too many timers.
pub fn every(args: &Args) -> Result<Out, Failure> {
    let period = seconds(args, 0, SHORTEST)?;
    let handler = handler(args, 1, &format!("every {} s", period.as_secs_f64()))?;
    timer(args, "frr.every", period, Timer::Start(handler, Some(period)))
}

/// `frr.after(seconds, function)`.
///
/// # Errors
/// As [`every`].
pub fn after(args: &Args) -> Result<Out, Failure> {
    let delay = seconds(args, 0, 0.0)?;
    let handler = handler(args, 1, &format!("after {} s", delay.as_secs_f64()))?;
    timer(args, "frr.after", delay, Timer::Start(handler, None))
}

fn timer(args: &Args, name: &str, after: Duration, timer: Timer) -> Result<Out, Failure> {
    let tasks = args.tasks();
    let id = tasks.at(after, timer).map_err(|why| Failure::runtime(format!("{name}: {why}")))?;
    Ok(subscription(tasks, id, "timer"))
}

/// `frr.spawn(function)`: the prelude binds the arguments.
///
/// # Errors
/// There are too many tasks.
pub fn spawn(args: &Args) -> Result<Out, Failure> {
    let handler = handler(args, 0, "task")?;
    if !args.tasks().post(handler, Vec::new()) {
        return Err(Failure::runtime(format!("frr.spawn: this script has {} tasks already", crate::task::MOST_TASKS)));
    }
    turn::soon();
    Ok(Out::Nothing)
}

/// `frr.sleep(seconds)`.
///
/// # Errors
/// The time is out of range.
pub fn sleep(args: &Args) -> Result<Out, Failure> {
    Ok(Out::Wait(Wait::Sleep(seconds(args, 0, 0.0)?)))
}

/// `frr.reevaluate()`.
///
/// # Errors
/// None.
pub fn reevaluate(args: &Args) -> Result<Out, Failure> {
    args.tasks().ask_reevaluation();
    turn::soon();
    Ok(Out::Nothing)
}

/// `frr.show(command)`.
///
/// # Errors
/// It is no show command.
pub fn show(args: &Args) -> Result<Out, Failure> {
    let command = args.text(0)?;
    if command.len() > LONGEST_TEXT {
        return Err(args.bad(0, format_args!("has {} octets: a command has at most {LONGEST_TEXT}", command.len())));
    }
    let is_show = command.split_ascii_whitespace().next().is_some_and(|w| w == "show");
    if !is_show || command.contains(|c: char| c.is_control()) {
        return Err(args.bad(0, "must be a show command: \"show bgp summary json\""));
    }
    Ok(Out::Wait(Wait::Shell(Command::Show(command.to_owned()))))
}

/// `frr.configure{ lines }`.
///
/// # Errors
/// The operator has not permitted it, or a line is no text.
pub fn configure(args: &Args) -> Result<Out, Failure> {
    if !args.permits_configure() {
        return Err(Failure::runtime(
            "frr.configure: the operator has not permitted it: 'script NAME permit configure'",
        ));
    }
    let mut lines = String::new();
    args.each(0, |line| match line {
        Arg::Octets(line) => {
            let line = std::str::from_utf8(line).map_err(|_| "is not text".to_owned())?;
            if line.contains(|c: char| c.is_control()) {
                return Err("is more than one line".to_owned());
            }
            lines.push_str(line);
            lines.push('\n');
            if lines.len() > MOST_LINES { Err(format!("all lines have more than {MOST_LINES} octets")) } else { Ok(()) }
        }
        _ => Err("must be a string".to_owned()),
    })?;
    Ok(Out::Wait(Wait::Shell(Command::Configure(lines))))
}
