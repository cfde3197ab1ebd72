// SPDX-License-Identifier: GPL-2.0-or-later
//! What can go wrong, in the words that a script and its log get.

use std::fmt;

/// Kind of an error: a word that a script can compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The request itself is malformed.
    Request,
    /// The text of an element or a value does not fit the set's type.
    Element,
    /// No such table or set.
    NoSet,
    /// The set's type is one that we can't write.
    Unsupported,
    /// An element that is to be deleted is not there.
    Missing,
    /// An element is there already, with another value or another end.
    Conflict,
    /// The set has as many elements as its `size` allows.
    Full,
    /// The ruleset kept changing while we read it.
    Busy,
    /// CAP_NET_ADMIN is missing.
    Permission,
    /// Anything else that the kernel says.
    System,
}

impl Kind {
    /// The word for scripts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Element => "element",
            Self::NoSet => "no_set",
            Self::Unsupported => "unsupported",
            Self::Missing => "missing",
            Self::Conflict => "conflict",
            Self::Full => "full",
            Self::Busy => "busy",
            Self::Permission => "permission",
            Self::System => "system",
        }
    }
}

/// An error, with the set and the element that it is about if it is about one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What kind it is.
    pub kind: Kind,
    /// A sentence; names set and element too.
    pub message: String,
    /// "family table set".
    pub set: Option<String>,
    /// The element as nft writes it.
    pub element: Option<String>,
}

impl Error {
    /// An error about no set in particular.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), set: None, element: None }
    }

    /// Names the set, also at the head of the message.
    #[must_use]
    pub fn of_set(mut self, set: impl fmt::Display) -> Self {
        if self.set.is_none() {
            let set = set.to_string();
            self.message = format!("{set}: {}", self.message);
            self.set = Some(set);
        }
        self
    }

    /// Names the element, also in the message.
    #[must_use]
    pub fn of_element(mut self, element: impl fmt::Display) -> Self {
        if self.element.is_none() {
            let element = element.to_string();
            self.message = format!("element {element}: {}", self.message);
            self.element = Some(element);
        }
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
