// SPDX-License-Identifier: GPL-2.0-or-later
//! What goes over the socket: a header of 24 octets, then a body. Both ends are of the same build and machine; the daemon
//! believes nothing of it all the same.

use crate::ffi::octets::Octets;
use std::io::{self, Read};

/// Octets of a header.
pub const HEADER: usize = 24;
/// Octets of a body. ABI and daemon have limits of their own for requests; this one is for answers.
pub const LONGEST: usize = 256 * 1024 * 1024;
/// No body, which is something else than an empty one.
const NONE: u64 = u64::MAX;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// To the child: the library's path; `rc` has [`GLOBAL`].
    Load = 1,
    /// To the child: what init gets; `id` is the number of pollers. It is loaded now.
    Cfg,
    /// To the child.
    Request,
    /// To the child: nobody waits for this answer any more.
    Cancel,
    /// To the child: end after what waits.
    End,
    /// Of the child: its init was good; the body is the language.
    Ready,
    /// Of the child: it can't be loaded; `rc` is init's, the body says why.
    Failed,
    /// Of the child.
    Answer,
    /// Of the child: lines for the log; `rc` is the priority.
    Log,
    /// Of the child: the runtime has died in it, and the body says how.
    Dead,
    /// Of the child: its pollers were told to end, and everything is answered.
    Ended,
    /// Of the child: a call of a shared dict; `rc` says which, `id` is the child's.
    Dict,
    /// To the child: what that call gave.
    DictDone,
}

/// A flag of [`Kind::Load`].
pub const GLOBAL: i32 = 1;

const KINDS: [Kind; 13] = [
    Kind::Load,
    Kind::Cfg,
    Kind::Request,
    Kind::Cancel,
    Kind::End,
    Kind::Ready,
    Kind::Failed,
    Kind::Answer,
    Kind::Log,
    Kind::Dead,
    Kind::Ended,
    Kind::Dict,
    Kind::DictDone,
];

/// What is in front of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What it is.
    pub kind: Kind,
    /// A number.
    pub rc: i32,
    /// The daemon's handle of a call.
    pub id: u64,
    /// Octets of the body, if there is one.
    pub len: Option<usize>,
}

fn bad(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl Header {
    /// A header for this body.
    #[must_use]
    pub fn new(kind: Kind, rc: i32, id: u64, body: Option<&[u8]>) -> Header {
        Header { kind, rc, id, len: body.map(<[u8]>::len) }
    }

    /// As it goes over the socket.
    #[must_use]
    pub fn octets(&self) -> [u8; HEADER] {
        let mut out = [0; HEADER];
        out[..4].copy_from_slice(&(self.kind as u32).to_ne_bytes());
        out[4..8].copy_from_slice(&self.rc.to_ne_bytes());
        out[8..16].copy_from_slice(&self.id.to_ne_bytes());
        out[16..].copy_from_slice(&self.len.map_or(NONE, |len| len as u64).to_ne_bytes());
        out
    }

    /// Reads one; `None`: the other side has ended.
    ///
    /// # Errors
    /// The other side ended inside of it, or it is none.
    pub fn read(from: &mut impl Read) -> io::Result<Option<Header>> {
        let mut octets = [0; HEADER];
        let mut have = 0;
        while have < HEADER {
            match from.read(&mut octets[have..])? {
                0 if have == 0 => return Ok(None),
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                got => have += got,
            }
        }
        let word = |at: usize| octets[at..at + 4].try_into().map(u32::from_ne_bytes).unwrap_or_default();
        let long = |at: usize| octets[at..at + 8].try_into().map(u64::from_ne_bytes).unwrap_or_default();
        let kind = KINDS.into_iter().find(|kind| *kind as u32 == word(0));
        let kind = kind.ok_or_else(|| bad(format!("there is no message {}", word(0))))?;
        let len = match long(16) {
            NONE => None,
            len => {
                let fits = usize::try_from(len).ok().filter(|len| *len <= LONGEST || kind == Kind::Request);
                Some(fits.ok_or_else(|| bad(format!("a message of {len} octets")))?)
            }
        };
        Ok(Some(Header { kind, rc: word(4).cast_signed(), id: long(8), len }))
    }

    /// Reads the body into memory of malloc.
    ///
    /// # Errors
    /// The other side ended inside of it, or there is no memory.
    pub fn body(&self, from: &mut impl Read) -> io::Result<Option<Octets>> {
        let Some(len) = self.len else { return Ok(None) };
        let mut octets = Octets::zeroed(len).ok_or_else(|| io::Error::from(io::ErrorKind::OutOfMemory))?;
        from.read_exact(&mut octets)?;
        Ok(Some(octets))
    }

    /// Reads the body as text, so much of it at most.
    ///
    /// # Errors
    /// The other side ended inside of it.
    pub fn text(&self, from: &mut impl Read, most: usize) -> io::Result<String> {
        let len = self.len.unwrap_or(0);
        let mut octets = vec![0; len.min(most)];
        from.read_exact(&mut octets)?;
        skip(from, len - octets.len())?;
        Ok(String::from_utf8_lossy(&octets).into_owned())
    }
}

/// Reads past so many octets.
///
/// # Errors
/// The other side ended inside of them.
pub fn skip(from: &mut impl Read, octets: usize) -> io::Result<()> {
    let skipped = io::copy(&mut from.take(octets as u64), &mut io::sink())?;
    if skipped == octets as u64 { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_comes_back() {
        for body in [None, Some(&b""[..]), Some(&b"a\0b"[..])] {
            let header = Header::new(Kind::Answer, -5, u64::MAX - 1, body);
            let mut octets = header.octets().to_vec();
            octets.extend_from_slice(body.unwrap_or_default());
            let mut from = octets.as_slice();
            let back = Header::read(&mut from).unwrap().unwrap();
            assert_eq!(back, header);
            assert_eq!(back.body(&mut from).unwrap().as_deref(), body);
            assert_eq!(Header::read(&mut from).unwrap(), None);
        }
    }

    #[test]
    fn what_is_none_is_refused() {
        let good = Header::new(Kind::Answer, 0, 1, Some(b"abc")).octets();
        let mut cut = &good[..HEADER - 1];
        assert_eq!(Header::read(&mut cut).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        let mut kind = good;
        kind[..4].copy_from_slice(&99u32.to_ne_bytes());
        assert!(Header::read(&mut &kind[..]).unwrap_err().to_string().contains("no message 99"));
        let mut long = good;
        long[16..].copy_from_slice(&(LONGEST as u64 + 1).to_ne_bytes());
        assert!(Header::read(&mut &long[..]).unwrap_err().to_string().contains("octets"));
        let mut short = &good[..];
        let header = Header::read(&mut short).unwrap().unwrap();
        assert!(header.body(&mut short).is_err());
        assert!(skip(&mut &b"ab"[..], 3).is_err());
    }
}
