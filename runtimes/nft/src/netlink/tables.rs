// SPDX-License-Identifier: GPL-2.0-or-later
//! Requests to nf_tables: describe a set, list its elements, commit a
//! transaction (linux/netfilter/nf_tables.h).

use std::io;

use super::socket::Socket;
use super::wire::{Attributes, Message, Messages, Writer, read_u32, text};
use crate::error::{Error, Kind};

const SUBSYSTEM: u16 = 10; // NFNL_SUBSYS_NFTABLES
const BATCH_BEGIN: u16 = 0x10;
const BATCH_END: u16 = 0x11;
const BATCH_GENERATION: u16 = 1;
const GET_SET: u16 = 10;
const NEW_SET: u16 = 9;
const NEW_ELEMENTS: u16 = 12;
const GET_ELEMENTS: u16 = 13;
const DELETE_ELEMENTS: u16 = 14;
const GET_GENERATION: u16 = 16;

const REQUEST: u16 = 0x1;
const ACK: u16 = 0x4;
const DUMP: u16 = 0x300;
const CREATE: u16 = 0x400;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const DUMP_INTERRUPTED: u16 = 0x10;
/// The request is not repeated in the error.
const CAPPED: u16 = 0x100;
/// Attributes follow.
const ACK_TLVS: u16 = 0x200;
const ERROR_TEXT: u16 = 1;
const ERROR_OFFSET: u16 = 2;

/// Elements of one message: the attribute around them has 16 bits for its length.
const LIST_ROOM: usize = 60_000;
/// What an element adds at most: two keys and a value of 64 octets, and headers.
const ELEMENT_ROOM: usize = 512;

/// A set, or a map, as the kernel describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Description {
    /// NFT_SET_*.
    pub flags: u32,
    /// nft's number of the key's type; six bits for each field of a concatenation.
    pub key_type: u32,
    /// Octets of a key.
    pub key_length: u32,
    /// nft's number of the value's type.
    pub value_type: u32,
    /// Octets of a value.
    pub value_length: u32,
    /// Octets of each field of a concatenation.
    pub fields: Vec<u32>,
    /// Milliseconds that elements live by default.
    pub timeout: Option<u64>,
    /// What nft noted about the set: type, length, value.
    pub notes: Vec<u8>,
}

/// An element as the kernel has it: an interval is two of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    /// Empty: the element for all other keys.
    pub key: Vec<u8>,
    /// Last key of a range in a concatenation.
    pub key_end: Option<Vec<u8>>,
    /// The key is the first one behind an interval.
    pub end: bool,
    /// The interval goes on to the last key that there is.
    pub open: bool,
    /// A map's value.
    pub value: Option<Value>,
    /// Milliseconds that it lives.
    pub timeout: Option<u64>,
    /// Milliseconds that are left.
    pub expires: Option<u64>,
}

/// Value of a map's element.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Value {
    /// Octets of the map's type.
    Data(Vec<u8>),
    /// NF_* or NFT_* code, and the chain of a jump.
    Verdict(i32, Option<String>),
}

/// Change of one set within a transaction.
pub struct Change<'a> {
    /// NFPROTO_*.
    pub family: u8,
    /// Its table.
    pub table: &'a str,
    /// The set.
    pub set: &'a str,
    /// What is done.
    pub action: Action,
}

/// What is done with a set.
pub enum Action {
    /// Add these.
    Add(Vec<Raw>),
    /// Delete these.
    Delete(Vec<Raw>),
    /// Delete all.
    Flush,
}

/// A transaction that the kernel refused: nothing of it was done.
#[derive(Debug)]
pub struct Refused {
    /// errno.
    pub code: i32,
    /// Which change, and which of its elements, if the kernel said so.
    pub place: Option<(usize, Option<usize>)>,
    /// What else the kernel said.
    pub text: Option<String>,
}

/// Why a transaction failed.
#[derive(Debug)]
pub enum Failure {
    /// The kernel refused it.
    Refused(Refused),
    /// The ruleset changed since the generation that was given.
    Changed,
    /// It never got there.
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// nf_tables of a network namespace.
pub struct Tables {
    socket: Socket,
    sequence: u32,
}

impl Tables {
    /// Those of this thread's network namespace.
    pub fn open() -> io::Result<Self> {
        Ok(Self { socket: Socket::open()?, sequence: 0 })
    }

    /// Number of the ruleset's generation; it changes with every transaction.
    pub fn generation(&mut self) -> io::Result<u32> {
        let mut found = None;
        self.ask(GET_GENERATION, 0, 0, |_| (), |message| found = message.attributes().be32(1))?;
        found.ok_or_else(|| io::Error::other("the kernel did not tell its generation"))
    }

    /// Describes a set; an error of ENOENT when there is none.
    pub fn describe(&mut self, family: u8, table: &str, set: &str) -> io::Result<Description> {
        let mut found = None;
        let names = |writer: &mut Writer| {
            writer.put_text(1, table);
            writer.put_text(2, set);
        };
        self.ask(GET_SET, 0, family, names, |message| {
            if message.kind == SUBSYSTEM << 8 | NEW_SET {
                found = Some(description(message.attributes()));
            }
        })?;
        found.ok_or_else(|| io::Error::from_raw_os_error(libc::ENOENT))
    }

    /// All elements of a set, and how many messages they came in. `None` when the
    /// ruleset changed meanwhile.
    pub fn elements(&mut self, family: u8, table: &str, set: &str) -> io::Result<Option<(Vec<Raw>, usize)>> {
        let mut found = Vec::new();
        let (mut interrupted, mut messages) = (false, 0);
        let names = |writer: &mut Writer| {
            writer.put_text(1, table);
            writer.put_text(2, set);
        };
        self.ask(GET_ELEMENTS, DUMP, family, names, |message| {
            interrupted |= message.flags & DUMP_INTERRUPTED != 0;
            messages += 1;
            let list = message.attributes().get(3).unwrap_or_default();
            found.extend(Attributes(list).map(|(_, element)| raw(Attributes(element))));
        })?;
        Ok((!interrupted).then_some((found, messages)))
    }

    /// Commits all changes, or none; with a generation only if that is still the
    /// current one.
    pub fn commit(&mut self, changes: &[Change], generation: Option<u32>) -> Result<(), Failure> {
        let mut batch = Batch::new(self.sequence.wrapping_add(1), generation);
        for (index, change) in changes.iter().enumerate() {
            batch.add(index, change);
        }
        let first = self.sequence.wrapping_add(1);
        let last = batch.finish();
        self.sequence = batch.sequence;
        self.socket.send(batch.writer.bytes())?;
        // The kernel answers with the errors of all messages, and with an ACK for the
        // last one if that had none. Only the first error matters; the transaction as
        // a whole (out of memory, changed generation) answers to the first message.
        let mut refused: Option<Refused> = None;
        loop {
            let mut done = false;
            for message in Messages(self.socket.receive()?) {
                let behind = message.sequence.wrapping_sub(first);
                if behind > last.wrapping_sub(first) || message.kind != NLMSG_ERROR {
                    continue;
                }
                let (code, text, offset) = outcome(&message);
                if code == libc::ERESTART {
                    return Err(Failure::Changed);
                }
                if code != 0 && refused.is_none() {
                    let place = batch.place(message.sequence, offset);
                    refused = Some(Refused { code, place, text });
                }
                done |= message.sequence == last || behind == 0;
            }
            if done {
                break;
            }
        }
        refused.map_or(Ok(()), |refused| Err(Failure::Refused(refused)))
    }

    /// A request of one message and its answers.
    fn ask(
        &mut self,
        request: u16,
        flags: u16,
        family: u8,
        names: impl FnOnce(&mut Writer),
        mut each: impl FnMut(&Message),
    ) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut writer = Writer::default();
        // A dump ends by itself, anything else with the ACK.
        let flags = if flags == 0 { REQUEST | ACK } else { REQUEST | flags };
        writer.begin(SUBSYSTEM << 8 | request, flags, self.sequence, family, 0);
        names(&mut writer);
        writer.end();
        self.socket.send(writer.bytes())?;
        loop {
            for message in Messages(self.socket.receive()?) {
                // Answers to an earlier request that was given up.
                if message.sequence != self.sequence {
                    continue;
                }
                match message.kind {
                    NLMSG_ERROR | NLMSG_DONE => {
                        let code = message.body.first_chunk().map_or(0, |code| i32::from_ne_bytes(*code));
                        return if code < 0 { Err(io::Error::from_raw_os_error(-code)) } else { Ok(()) };
                    }
                    _ => each(&message),
                }
            }
        }
    }
}

/// errno of an answer, the kernel's words, and the offset of what it is about.
fn outcome(message: &Message) -> (i32, Option<String>, Option<usize>) {
    let code = message.body.first_chunk().map_or(0, |code| i32::from_ne_bytes(*code).wrapping_neg());
    if message.flags & ACK_TLVS == 0 {
        return (code, None, None);
    }
    // The header of the request follows, and all of it unless it is cut off.
    let header = message.body.get(4..).unwrap_or_default();
    let length = match read_u32(header) {
        Some(length) if message.flags & CAPPED == 0 => length as usize,
        _ => super::wire::HEADER,
    };
    let attributes = Attributes(header.get(length.next_multiple_of(4)..).unwrap_or_default());
    let offset = attributes.get(ERROR_OFFSET).and_then(read_u32);
    (code, attributes.get(ERROR_TEXT).map(text), offset.map(|offset| offset as usize))
}

fn description(attributes: Attributes) -> Description {
    let number = |kind| attributes.be32(kind).unwrap_or_default();
    let desc = Attributes(attributes.get(9).unwrap_or_default());
    let fields = Attributes(desc.get(2).unwrap_or_default());
    Description {
        flags: number(3),
        key_type: number(4),
        key_length: number(5),
        value_type: number(6),
        value_length: number(7),
        fields: fields.filter_map(|(_, field)| Attributes(field).be32(1)).collect(),
        timeout: attributes.be64(11).filter(|timeout| *timeout > 0),
        notes: attributes.get(13).unwrap_or_default().to_vec(),
    }
}

fn raw(attributes: Attributes) -> Raw {
    let data = |kind| attributes.get(kind).and_then(|data| Attributes(data).get(1)).map(<[u8]>::to_vec);
    let flags = attributes.be32(3).unwrap_or_default();
    let value = attributes.get(2).and_then(|data| {
        let data = Attributes(data);
        match data.get(2) {
            None => data.get(1).map(|octets| Value::Data(octets.to_vec())),
            Some(verdict) => {
                let verdict = Attributes(verdict);
                #[allow(clippy::cast_possible_wrap)]
                Some(Value::Verdict(verdict.be32(1)? as i32, verdict.get(2).map(text)))
            }
        }
    });
    Raw {
        key: data(1).unwrap_or_default(),
        key_end: data(10),
        end: flags & 1 != 0,
        open: false,
        value,
        timeout: attributes.be64(4).filter(|timeout| *timeout > 0),
        expires: attributes.be64(5),
    }
}

/// A transaction while it is written.
struct Batch {
    writer: Writer,
    sequence: u32,
    messages: Vec<Sent>,
}

/// A message of a transaction.
struct Sent {
    sequence: u32,
    change: usize,
    /// Where each element starts, and which one it is.
    offsets: Vec<(usize, usize)>,
}

impl Batch {
    fn new(sequence: u32, generation: Option<u32>) -> Self {
        let mut writer = Writer::default();
        writer.begin(BATCH_BEGIN, REQUEST, sequence, 0, SUBSYSTEM);
        if let Some(generation) = generation {
            writer.put(BATCH_GENERATION, &generation.to_be_bytes());
        }
        writer.end();
        Self { writer, sequence, messages: Vec::new() }
    }

    fn add(&mut self, index: usize, change: &Change) {
        let (request, elements) = match &change.action {
            Action::Add(elements) => (NEW_ELEMENTS, elements.as_slice()),
            Action::Delete(elements) => (DELETE_ELEMENTS, elements.as_slice()),
            Action::Flush => return self.message(index, change, DELETE_ELEMENTS, &[], &mut 0),
        };
        let mut done = 0;
        while done < elements.len() {
            self.message(index, change, request, elements, &mut done);
        }
    }

    fn message(&mut self, index: usize, change: &Change, request: u16, elements: &[Raw], done: &mut usize) {
        self.sequence = self.sequence.wrapping_add(1);
        let create = if request == NEW_ELEMENTS { CREATE } else { 0 };
        self.writer.begin(SUBSYSTEM << 8 | request, REQUEST | create, self.sequence, change.family, 0);
        self.writer.put_text(1, change.table);
        self.writer.put_text(2, change.set);
        let mut offsets = Vec::new();
        if *done < elements.len() {
            let list = self.writer.nest(3);
            while *done < elements.len() && self.writer.size(&list) + ELEMENT_ROOM < LIST_ROOM {
                offsets.push((self.writer.offset(), *done));
                write_element(&mut self.writer, &elements[*done]);
                *done += 1;
            }
            self.writer.close(list);
        }
        self.writer.end();
        self.messages.push(Sent { sequence: self.sequence, change: index, offsets });
    }

    /// Ends the transaction; the number of the message that is answered last.
    fn finish(&mut self) -> u32 {
        let last = self.sequence;
        // Success has to be told as well, once.
        self.writer.add_flags(ACK);
        self.sequence = self.sequence.wrapping_add(1);
        self.writer.begin(BATCH_END, REQUEST, self.sequence, 0, SUBSYSTEM);
        self.writer.end();
        last
    }

    /// The change and the element that an error is about.
    fn place(&self, sequence: u32, offset: Option<usize>) -> Option<(usize, Option<usize>)> {
        let Sent { change, offsets, .. } = self.messages.iter().find(|sent| sent.sequence == sequence)?;
        // The offset may be that of an attribute within the element.
        let element = offset.and_then(|offset| {
            let behind = offsets.partition_point(|(start, _)| *start <= offset);
            offsets.get(behind.checked_sub(1)?).map(|(_, element)| *element)
        });
        Some((*change, element))
    }
}

fn write_element(writer: &mut Writer, element: &Raw) {
    let nest = writer.nest(1);
    let flags = u32::from(element.end) | if element.key.is_empty() { 2 } else { 0 };
    if flags != 0 {
        writer.put(3, &flags.to_be_bytes());
    }
    let data = |writer: &mut Writer, kind, octets: &[u8]| {
        let data = writer.nest(kind);
        writer.put(1, octets);
        writer.close(data);
    };
    if !element.key.is_empty() {
        data(writer, 1, &element.key);
    }
    if let Some(end) = &element.key_end {
        data(writer, 10, end);
    }
    match &element.value {
        None => {}
        Some(Value::Data(octets)) => data(writer, 2, octets),
        Some(Value::Verdict(code, chain)) => {
            let data = writer.nest(2);
            let verdict = writer.nest(2);
            writer.put(1, &code.to_be_bytes());
            if let Some(chain) = chain {
                writer.put_text(2, chain);
            }
            writer.close(verdict);
            writer.close(data);
        }
    }
    if let Some(timeout) = element.timeout {
        writer.put(4, &timeout.to_be_bytes());
    }
    if element.open {
        // nft notes an interval that has no end in this way.
        writer.put(6, &[1, 4, 1, 0, 0, 0]);
    }
    writer.close(nest);
}

/// An error of the system in words.
pub fn system(error: &io::Error) -> Error {
    match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => {
            Error::new(Kind::Permission, "nftables needs CAP_NET_ADMIN, which this process does not have")
        }
        _ => Error::new(Kind::System, format!("netlink: {error}")),
    }
}
