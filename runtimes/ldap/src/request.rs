// SPDX-License-Identifier: GPL-2.0-or-later
//! What a script asks of a directory.

use std::collections::HashSet;
use std::fmt;

use frr_runtime::{Map, Octets};
use ldap3::Mod;
use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};

/// A request.
#[derive(Debug, serde::Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub enum Request {
    /// Entries that match.
    Search(Search),
    /// Whether an attribute has a value.
    Compare {
        /// Entry.
        dn: String,
        /// Attribute.
        attr: String,
        /// Value.
        value: Octets,
    },
    /// A new entry.
    Add {
        /// Its name.
        dn: String,
        /// Values by attribute.
        attrs: Map<Values>,
    },
    /// Changes of an entry, all or none.
    Modify {
        /// Entry.
        dn: String,
        /// In this order.
        changes: Vec<Change>,
    },
    /// Remove an entry.
    Delete {
        /// Entry.
        dn: String,
    },
    /// Another name, or another place.
    Rename {
        /// Entry.
        dn: String,
        /// New relative name.
        rdn: String,
        /// Remove the values of the old one.
        #[serde(default = "yes")]
        delete_old: bool,
        /// Entry that it is under from now on.
        superior: Option<String>,
    },
    /// Whether this password is right.
    Check {
        /// Whose.
        dn: String,
        /// Password.
        password: String,
    },
}

fn yes() -> bool {
    true
}

/// A search.
#[derive(Debug, serde::Deserialize)]
pub struct Search {
    /// Entry where it starts.
    pub base: String,
    /// How far it goes from there.
    #[serde(default)]
    pub scope: Scope,
    /// RFC 4515.
    #[serde(default = "anything")]
    pub filter: String,
    /// Attributes to give; all but operational ones when there is none.
    #[serde(default)]
    pub attrs: Vec<String>,
    /// Entries at most.
    #[serde(default = "size_limit")]
    pub size_limit: usize,
    /// Entries that are asked for at a time; 0 for all at once.
    #[serde(default = "page_size")]
    pub page_size: u16,
}

fn anything() -> String {
    "(objectClass=*)".into()
}

fn size_limit() -> usize {
    10_000
}

fn page_size() -> u16 {
    500
}

/// How far a search goes.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The entry alone.
    Base,
    /// Those right below it.
    One,
    /// It and all below it.
    #[default]
    Sub,
}

impl From<Scope> for ldap3::Scope {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::Base => Self::Base,
            Scope::One => Self::OneLevel,
            Scope::Sub => Self::Subtree,
        }
    }
}

/// Change of one attribute.
#[derive(Debug, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Add values.
    Add(String, Values),
    /// Delete these values, or without values all.
    Delete(String, #[serde(default)] Values),
    /// Have these values and no others.
    Replace(String, Values),
    /// Add to a number.
    Increment(String, i64),
}

impl From<&Change> for Mod<Vec<u8>> {
    fn from(change: &Change) -> Self {
        match change {
            Change::Add(name, values) => Self::Add(name.as_str().into(), values.set()),
            Change::Delete(name, values) => Self::Delete(name.as_str().into(), values.set()),
            Change::Replace(name, values) => Self::Replace(name.as_str().into(), values.set()),
            Change::Increment(name, by) => Self::Increment(name.as_str().into(), by.to_string().into()),
        }
    }
}

/// Values of an attribute: one, or a list.
#[derive(Debug, Default)]
pub struct Values(pub Vec<Octets>);

impl Values {
    /// Without an order, as LDAP has them.
    pub fn set(&self) -> HashSet<Vec<u8>> {
        self.0.iter().map(|value| value.0.clone()).collect()
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValuesVisitor { list: true })
    }
}

/// One value, as a step of [`Values`].
struct One(Octets);

impl<'de> Deserialize<'de> for One {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut values = deserializer.deserialize_any(ValuesVisitor { list: false })?.0;
        Ok(One(values.pop().unwrap_or_default()))
    }
}

struct ValuesVisitor {
    list: bool,
}

impl<'de> Visitor<'de> for ValuesVisitor {
    type Value = Values;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value (string, whole number, boolean)")?;
        if self.list { f.write_str(", or a list of them") } else { Ok(()) }
    }

    fn visit_str<E>(self, text: &str) -> Result<Values, E> {
        Ok(Values(vec![Octets::from(text)]))
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Values, E> {
        Ok(Values(vec![Octets::from(bytes)]))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Values, E> {
        Ok(Values(vec![Octets::from(number.to_string())]))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Values, E> {
        Ok(Values(vec![Octets::from(number.to_string())]))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Values, E> {
        // RFC 4517 section 3.3.3.
        Ok(Values(vec![Octets::from(if value { "TRUE" } else { "FALSE" })]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Values, A::Error> {
        use serde::de::Error;
        if !self.list {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Seq, &self));
        }
        let mut values = Vec::new();
        while let Some(One(value)) = items.next_element()? {
            values.push(value);
        }
        Ok(Values(values))
    }
}
