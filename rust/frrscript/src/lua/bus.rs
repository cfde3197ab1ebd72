// SPDX-License-Identifier: GPL-2.0-or-later
//! `frr.publish`, `frr.retract`, `frr.subscribe`.

use super::tasks::handler;
use super::value::{Object, Out};
use crate::atom::{self, Atom};
use crate::bus;
use crate::bus::hub::Subscriber;
use crate::bus::plain::Plain;
use crate::failure::Failure;
use crate::ffi::args::Args;
use crate::task::handler::Handler;
use crate::task::{Tasks, turn};
use std::any::Any;
use std::rc::{Rc, Weak};

/// The functions of a subscription.
struct Listener {
    tasks: Weak<Tasks>,
    script: String,
    value: Rc<Handler>,
    lost: Option<Rc<Handler>>,
}

impl Subscriber for Listener {
    fn value(&self, value: &Plain, topic: &str, daemon: &str) -> bool {
        let args = vec![value.to_out(), Out::Text(topic.to_owned()), Out::Text(daemon.to_owned())];
        // Nobody is left to be behind.
        self.tasks.upgrade().is_none_or(|tasks| tasks.ended() || tasks.post(Rc::clone(&self.value), args))
    }

    fn lost(&self, topic: &str, daemon: &str) {
        if let (Some(tasks), Some(lost)) = (self.tasks.upgrade(), &self.lost) {
            tasks.post(Rc::clone(lost), vec![Out::Text(topic.to_owned()), Out::Text(daemon.to_owned())]);
        }
    }

    fn alive(&self) -> bool {
        self.tasks.upgrade().is_some_and(|tasks| !tasks.ended())
    }

    fn script(&self) -> &str {
        &self.script
    }

    fn generation(&self) -> usize {
        self.tasks.as_ptr() as usize
    }
}

/// What `frr.subscribe` gives.
struct Subscription(u64);

impl Object for Subscription {
    fn type_name(&self) -> &'static str {
        "Subscription"
    }

    fn call(&self, method: Atom, _args: &Args) -> Result<Option<Out>, Failure> {
        Ok((method == atom::CANCEL).then(|| Out::Bool(bus::unsubscribe(self.0))))
    }

    fn text(&self) -> String {
        "subscription".to_owned()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn topic<'a>(args: &Args<'a>) -> Result<&'a str, Failure> {
    let name = args.octets(0)?;
    bus::topic::check(name)
        .map_err(|why| args.bad(0, format_args!("the topic '{}' {why}", String::from_utf8_lossy(name).escape_debug())))
}

/// `frr.publish(topic, value)`.
///
/// # Errors
/// The topic is none, or the value is no plain data or too large.
pub fn publish(args: &Args) -> Result<Out, Failure> {
    let topic = topic(args)?;
    let value = args.plain(1)?;
    bus::publish(args.tasks(), topic, value)
        .map_err(|why| Failure::runtime(format!("frr.publish: topic '{topic}': {why}")))?;
    Ok(Out::Nothing)
}

/// `frr.retract(topic)`.
///
/// # Errors
/// The topic is none.
pub fn retract(args: &Args) -> Result<Out, Failure> {
    Ok(Out::Bool(bus::retract(topic(args)?)))
}

/// `frr.subscribe(topic, handler, options)`.
///
/// # Errors
/// The topic is none, or there are too many subscriptions.
pub fn subscribe(args: &Args) -> Result<Out, Failure> {
    let topic = topic(args)?;
    let value = handler(args, 1, &format!("subscribe {topic}"))?;
    let lost = args.field_function(2, "on_lost")?;
    let lost = lost.map(|(function, reference, line)| {
        let name = format!("on_lost {topic}, line {line}");
        Handler::new(function, reference, name, args.tasks().garbage())
    });
    let tasks = args.tasks();
    tasks.remember(&value);
    if let Some(lost) = &lost {
        tasks.remember(lost);
    }
    let listener = Listener { tasks: Rc::downgrade(tasks), script: tasks.script(), value, lost };
    let id = bus::subscribe(topic, Rc::new(listener))
        .map_err(|why| Failure::runtime(format!("frr.subscribe: topic '{topic}': {why}")))?;
    turn::soon();
    Ok(Out::Object(Box::new(Subscription(id))))
}
