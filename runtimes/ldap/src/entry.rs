// SPDX-License-Identifier: GPL-2.0-or-later
//! Entries of a search, as a script reads them.

use std::collections::BTreeMap;

use frr_runtime::{Error, Octets};
use ldap3::ResultEntry;
use ldap3::asn1::StructureTag;
use serde::Serialize;

/// An entry.
#[derive(Debug, Serialize)]
pub struct Entry {
    /// Its name.
    pub dn: String,
    /// Values by attribute, in the server's order.
    pub attrs: BTreeMap<String, Vec<Octets>>,
}

impl Entry {
    /// Reads a SearchResultEntry (RFC 4511 section 4.5.2). The crate's own reader
    /// panics on what it does not expect and changes the order of binary values.
    pub fn new(entry: ResultEntry) -> Result<Self, Error> {
        Self::read(entry.0).ok_or_else(|| Error::new("protocolError", "the server sent an entry that can't be read"))
    }

    fn read(tag: StructureTag) -> Option<Self> {
        let mut parts = tag.match_id(4)?.expect_constructed()?.into_iter();
        let dn = text(parts.next()?)?;
        let mut attrs: BTreeMap<String, Vec<Octets>> = BTreeMap::new();
        for attribute in parts.next()?.expect_constructed()? {
            let mut parts = attribute.expect_constructed()?.into_iter();
            let name = text(parts.next()?)?;
            let values = parts.next()?.expect_constructed()?.into_iter();
            let values = values.map(|value| value.expect_primitive().map(Octets)).collect::<Option<Vec<_>>>()?;
            attrs.entry(name).or_default().extend(values);
        }
        Some(Self { dn, attrs })
    }

    /// Octets that it has, about.
    pub fn size(&self) -> usize {
        let attribute = |(name, values): (&String, &Vec<Octets>)| {
            name.len() + values.iter().map(|value| value.0.len() + size_of::<Octets>()).sum::<usize>()
        };
        self.dn.len() + self.attrs.iter().map(attribute).sum::<usize>()
    }
}

fn text(tag: StructureTag) -> Option<String> {
    String::from_utf8(tag.expect_primitive()?).ok()
}
