// SPDX-License-Identifier: GPL-2.0-or-later
//! What a script gets for a call: lua-resty-ffi's values, and behind them a table that says what kind of failure it was.

use crate::lua::value::Out;
use runtime_host::ffi::octets::Octets;
use runtime_host::runtime::Refusal;

/// Kinds of failure, as scripts read them in `err.kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The queue or another limit.
    Full,
    /// After `__unload`.
    Finished,
    /// The runtime can't be loaded, or has died.
    Dead,
    /// No answer in time.
    Timeout,
    /// The script took the call back.
    Cancelled,
    /// The runtime says so.
    Runtime,
}

impl Kind {
    /// All of them, in the order in which they are counted.
    pub const ALL: [Kind; 6] = [Kind::Full, Kind::Finished, Kind::Dead, Kind::Timeout, Kind::Cancelled, Kind::Runtime];

    /// The word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Kind::Full => "full",
            Kind::Finished => "finished",
            Kind::Dead => "dead",
            Kind::Timeout => "timeout",
            Kind::Cancelled => "cancelled",
            Kind::Runtime => "runtime",
        }
    }
}

/// How a call ended.
#[derive(Debug)]
pub enum Outcome {
    /// An answer with rc 0.
    Good(Option<Octets>),
    /// An answer with another one.
    Bad(i32, Option<Octets>),
    /// No answer.
    Failed(Kind, String),
}

/// Octets of a body that are repeated in `err.message`.
const SHOWN: usize = 200;

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Outcome {
        match refusal {
            Refusal::Full(why) => Outcome::Failed(Kind::Full, why),
            Refusal::Finished => Outcome::Failed(Kind::Finished, "the runtime was unloaded".to_owned()),
            Refusal::Dead(why) => Outcome::Failed(Kind::Dead, why),
        }
    }
}

impl Outcome {
    /// What kind of failure it is, if it is one.
    #[must_use]
    pub fn kind(&self) -> Option<Kind> {
        match self {
            Outcome::Good(_) => None,
            Outcome::Bad(..) => Some(Kind::Runtime),
            Outcome::Failed(kind, _) => Some(*kind),
        }
    }

    /// Octets of the body.
    #[must_use]
    pub fn octets(&self) -> usize {
        match self {
            Outcome::Good(body) | Outcome::Bad(_, body) => body.as_ref().map_or(0, |octets| octets.len()),
            Outcome::Failed(..) => 0,
        }
    }

    /// The script's values: `true, body` or `false, rc or text, body, err`.
    #[must_use]
    pub fn values(self) -> Vec<Out> {
        let body = |body: Option<Octets>| body.map_or(Out::Nil, Out::Foreign);
        match self {
            Outcome::Good(octets) => vec![Out::Bool(true), body(octets), Out::Nil],
            Outcome::Bad(rc, octets) => {
                let said = octets.as_deref().map(|o| String::from_utf8_lossy(&o[..o.len().min(SHOWN)]).into_owned());
                let message = said.unwrap_or_else(|| format!("the runtime answered {rc}"));
                let err = error(Kind::Runtime, &message, Some(rc));
                vec![Out::Bool(false), Out::Signed(rc.into()), body(octets), err]
            }
            Outcome::Failed(kind, message) => {
                // Upstream's words, where it has some.
                let legacy = match kind {
                    Kind::Full => "post failed, queue full".to_owned(),
                    Kind::Finished => "task queue is finished".to_owned(),
                    _ => format!("{}: {message}", kind.word()),
                };
                vec![Out::Bool(false), Out::Text(legacy), Out::Nil, error(kind, &message, None)]
            }
        }
    }
}

/// The values of an answer, or a failure in their place if the script has not so much memory left: a runtime is not bound
/// by the script's limit.
#[must_use]
pub fn fit(values: Vec<Out>, room: usize) -> Vec<Out> {
    let octets: usize = values.iter().map(|v| if let Out::Foreign(octets) = v { octets.len() } else { 0 }).sum();
    if octets <= room {
        return values;
    }
    drop(values);
    let why = format!("the answer has {octets} octets, and the script's memory limit leaves {room}");
    Outcome::Failed(Kind::Full, why).values()
}

fn error(kind: Kind, message: &str, rc: Option<i32>) -> Out {
    let mut fields = vec![("kind", Out::Text(kind.word().to_owned())), ("message", Out::Text(message.to_owned()))];
    if let Some(rc) = rc {
        fields.push(("rc", Out::Signed(rc.into())));
    }
    Out::Record(fields)
}
