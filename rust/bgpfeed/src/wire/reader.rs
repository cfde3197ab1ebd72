// SPDX-License-Identifier: GPL-2.0-or-later
//! Reading octets without a single unchecked index.

use std::fmt;

/// The octets ended, or held something that can't be, while `0` was being read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "malformed BGP message: {}", self.0)
    }
}

impl std::error::Error for Malformed {}

/// A cursor over borrowed octets; integers are in network order.
#[derive(Debug, Clone)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Starts at the first octet of `octets`.
    #[must_use]
    pub fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// Nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next `len` octets; `what` names them in the error.
    ///
    /// # Errors
    /// Fewer are left.
    pub fn take(&mut self, len: usize, what: &'static str) -> Result<&'a [u8], Malformed> {
        let (head, tail) = self.0.split_at_checked(len).ok_or(Malformed(what))?;
        self.0 = tail;
        Ok(head)
    }

    /// The next `N` octets as an array.
    ///
    /// # Errors
    /// Fewer are left.
    pub fn array<const N: usize>(&mut self, what: &'static str) -> Result<[u8; N], Malformed> {
        let (head, tail) = self.0.split_first_chunk().ok_or(Malformed(what))?;
        self.0 = tail;
        Ok(*head)
    }

    /// One octet.
    ///
    /// # Errors
    /// None is left.
    pub fn u8(&mut self, what: &'static str) -> Result<u8, Malformed> {
        Ok(self.array::<1>(what)?[0])
    }

    /// Two octets.
    ///
    /// # Errors
    /// Fewer are left.
    pub fn u16(&mut self, what: &'static str) -> Result<u16, Malformed> {
        self.array(what).map(u16::from_be_bytes)
    }

    /// Four octets.
    ///
    /// # Errors
    /// Fewer are left.
    pub fn u32(&mut self, what: &'static str) -> Result<u32, Malformed> {
        self.array(what).map(u32::from_be_bytes)
    }

    /// A reader of the next `len` octets alone.
    ///
    /// # Errors
    /// Fewer are left.
    pub fn part(&mut self, len: usize, what: &'static str) -> Result<Reader<'a>, Malformed> {
        self.take(len, what).map(Reader)
    }
}
