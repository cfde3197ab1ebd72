// SPDX-License-Identifier: GPL-2.0-or-later
//! How a script can fail, as kinds that are counted, logged and shown one by one.

use std::fmt;

/// What went wrong in a call or a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// The script raised an error.
    Runtime = 0,
    /// It ran past its time limit.
    Deadline = 1,
    /// It asked for more memory than its limit.
    Memory = 2,
    /// It returned, or assigned, what the hook point does not take.
    Contract = 3,
    /// It returned RM_FAILURE.
    Declared = 4,
    /// The function is not there, or the script isn't loaded.
    Missing = 5,
    /// A panic was stopped: a defect of the library.
    Panic = 6,
}

impl Kind {
    /// All kinds, in the order in which they are shown.
    pub const ALL: [Kind; 7] =
        [Kind::Runtime, Kind::Deadline, Kind::Memory, Kind::Contract, Kind::Declared, Kind::Missing, Kind::Panic];

    /// The name in `show script json` and in log lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Kind::Runtime => "runtime",
            Kind::Deadline => "deadline",
            Kind::Memory => "memory",
            Kind::Contract => "contract",
            Kind::Declared => "failure",
            Kind::Missing => "missing",
            Kind::Panic => "panic",
        }
    }
}

/// A failure: its kind and what to tell the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What went wrong.
    pub kind: Kind,
    /// Script, line and reason, in one line.
    pub message: String,
}

impl Failure {
    /// A failure of a kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Failure {
        Failure { kind, message: message.into() }
    }

    /// An error that the script made and may catch.
    pub fn runtime(message: impl Into<String>) -> Failure {
        Failure::new(Kind::Runtime, message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl From<String> for Failure {
    fn from(message: String) -> Failure {
        Failure::runtime(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Failure {
        Failure::runtime(message)
    }
}
