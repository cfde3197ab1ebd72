// SPDX-License-Identifier: GPL-2.0-or-later
//! The 19 octets before every message (RFC 4271 section 4.1), and the messages without a body of
//! their own file.

use super::{Malformed, Reader};

/// Octets of the marker, the length and the type.
pub const HEADER: usize = 19;

/// Longest message without the extended message capability (RFC 4271 section 4.1).
pub const MAX_MESSAGE: usize = 4096;

/// The type of a message (RFC 4271 section 4.1, RFC 2918 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Opens the session.
    Open = 1,
    /// Announces or withdraws routes.
    Update = 2,
    /// Ends the session, with a reason.
    Notification = 3,
    /// Keeps the hold timer of the other side from running out.
    Keepalive = 4,
    /// Asks for all routes again.
    RouteRefresh = 5,
}

/// A decoded header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What follows.
    pub kind: Kind,
    /// Octets that follow the header.
    pub body: usize,
}

impl Header {
    /// Decodes the first 19 octets of a message.
    ///
    /// # Errors
    /// The marker, the length (19-4096) or the type is wrong.
    pub fn decode(octets: &[u8; HEADER]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(octets);
        if reader.array::<16>("marker")? != [0xff; 16] {
            return Err(Malformed("marker"));
        }
        let len = usize::from(reader.u16("length")?);
        if !(HEADER..=MAX_MESSAGE).contains(&len) {
            return Err(Malformed("length"));
        }
        let kind = match reader.u8("type")? {
            1 => Kind::Open,
            2 => Kind::Update,
            3 => Kind::Notification,
            4 => Kind::Keepalive,
            5 => Kind::RouteRefresh,
            _ => return Err(Malformed("type")),
        };
        Ok(Self { kind, body: len - HEADER })
    }
}

/// Appends a header whose length is not known yet; returns where the message starts, for
/// [`finish`].
pub fn start(out: &mut Vec<u8>, kind: Kind) -> usize {
    let at = out.len();
    out.extend_from_slice(&[0xff; 16]);
    out.extend_from_slice(&[0, 0, kind as u8]);
    at
}

/// Writes the length of the message that [`start`] began at `at` and that ends here.
///
/// # Panics
/// The message is longer than 4,096 octets: the caller splits before it comes to that.
pub fn finish(out: &mut [u8], at: usize) {
    let len = out.len() - at;
    assert!(len <= MAX_MESSAGE, "a message of {len} octets");
    out[at + 16..at + 18].copy_from_slice(&(len as u16).to_be_bytes());
}

/// Appends a KEEPALIVE (RFC 4271 section 4.4).
pub fn keepalive(out: &mut Vec<u8>) {
    let at = start(out, Kind::Keepalive);
    finish(out, at);
}

/// Appends a NOTIFICATION without data (RFC 4271 section 4.5).
pub fn notification(out: &mut Vec<u8>, code: u8, subcode: u8) {
    let at = start(out, Kind::Notification);
    out.extend_from_slice(&[code, subcode]);
    finish(out, at);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(out: &[u8]) -> Result<Header, Malformed> {
        Header::decode(out[..HEADER].try_into().expect("19 octets"))
    }

    #[test]
    fn keepalive_is_a_header_alone() {
        let mut out = Vec::new();
        keepalive(&mut out);
        assert_eq!(out.len(), HEADER);
        let kind = Kind::Keepalive;
        assert_eq!(header(&out), Ok(Header { kind, body: 0 }));
    }

    #[test]
    fn notification_carries_its_code() {
        let mut out = Vec::new();
        notification(&mut out, 6, 2);
        let kind = Kind::Notification;
        assert_eq!(header(&out), Ok(Header { kind, body: 2 }));
        assert_eq!(out[HEADER..], [6, 2]);
    }

    #[test]
    fn wrong_headers_are_refused() {
        let mut out = Vec::new();
        keepalive(&mut out);
        for (at, octet, why) in [(0, 0, "marker"), (17, 18, "length"), (18, 9, "type")] {
            let mut bad = out.clone();
            bad[at] = octet;
            assert_eq!(header(&bad), Err(Malformed(why)));
        }
    }
}
