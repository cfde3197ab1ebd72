// SPDX-License-Identifier: GPL-2.0-or-later
//! Netlink messages: headers and attributes (linux/netlink.h, nfnetlink.h).
//!
//! Written at the end of one buffer, so that a transaction is one buffer; read
//! with every length checked, so that nothing the kernel sends can panic.

const ALIGN: usize = 4;
/// struct nlmsghdr and struct nfgenmsg.
pub const HEADER: usize = 16;
const GENERIC: usize = 4;
const NESTED: u16 = 0x8000;
/// Flags "nested" and "network byte order" are not part of a type.
const TYPE_MASK: u16 = 0x3fff;

/// Messages one after the other.
#[derive(Default)]
pub struct Writer {
    bytes: Vec<u8>,
    message: usize,
}

/// An attribute that holds attributes and is still open.
#[must_use]
pub struct Nest(usize);

impl Writer {
    /// Starts a message.
    pub fn begin(&mut self, kind: u16, flags: u16, sequence: u32, family: u8, resource: u16) {
        self.message = self.bytes.len();
        self.bytes.extend_from_slice(&0u32.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(&flags.to_ne_bytes());
        self.bytes.extend_from_slice(&sequence.to_ne_bytes());
        self.bytes.extend_from_slice(&0u32.to_ne_bytes());
        self.bytes.extend_from_slice(&[family, 0]);
        self.bytes.extend_from_slice(&resource.to_be_bytes());
    }

    /// Ends the message.
    pub fn end(&mut self) {
        let length = u32::try_from(self.bytes.len() - self.message).unwrap_or(u32::MAX);
        self.bytes[self.message..self.message + 4].copy_from_slice(&length.to_ne_bytes());
    }

    /// Sets more flags of the latest message, which may have ended.
    pub fn add_flags(&mut self, flags: u16) {
        let at = self.message + 6;
        let old = read_u16(&self.bytes[at..]).unwrap_or_default();
        self.bytes[at..at + 2].copy_from_slice(&(old | flags).to_ne_bytes());
    }

    /// Adds an attribute. What is longer than an attribute can be is cut; the
    /// callers have checked that.
    pub fn put(&mut self, kind: u16, value: &[u8]) {
        let value = &value[..value.len().min(usize::from(u16::MAX) - ALIGN)];
        let length = u16::try_from(value.len() + ALIGN).unwrap_or(u16::MAX);
        self.bytes.extend_from_slice(&length.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.extend_from_slice(value);
        self.pad();
    }

    /// Adds text, with the zero at its end.
    pub fn put_text(&mut self, kind: u16, text: &str) {
        let mut bytes = text.as_bytes().to_vec();
        bytes.push(0);
        self.put(kind, &bytes);
    }

    /// Opens an attribute that holds attributes.
    pub fn nest(&mut self, kind: u16) -> Nest {
        let at = self.bytes.len();
        self.put(kind | NESTED, &[]);
        Nest(at)
    }

    /// Closes it.
    pub fn close(&mut self, nest: Nest) {
        let length = u16::try_from(self.bytes.len() - nest.0).unwrap_or(u16::MAX);
        self.bytes[nest.0..nest.0 + 2].copy_from_slice(&length.to_ne_bytes());
    }

    /// Octets of an open attribute so far.
    pub fn size(&self, nest: &Nest) -> usize {
        self.bytes.len() - nest.0
    }

    /// Where the next attribute goes, from the start of the message.
    pub fn offset(&self) -> usize {
        self.bytes.len() - self.message
    }

    /// Everything written.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    fn pad(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(ALIGN), 0);
    }
}

/// A message that was received.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// nlmsg_type.
    pub kind: u16,
    /// nlmsg_flags.
    pub flags: u16,
    /// nlmsg_seq.
    pub sequence: u32,
    /// After struct nlmsghdr.
    pub body: &'a [u8],
}

impl<'a> Message<'a> {
    /// Attributes after struct nfgenmsg.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes(self.body.get(GENERIC..).unwrap_or_default())
    }
}

/// Messages in what was received.
pub struct Messages<'a>(pub &'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let length = usize::try_from(read_u32(self.0)?).ok()?;
        let message = self.0.get(..length)?;
        let body = message.get(HEADER..)?;
        self.0 = self.0.get(length.next_multiple_of(ALIGN)..).unwrap_or_default();
        Some(Message {
            kind: read_u16(&message[4..])?,
            flags: read_u16(&message[6..])?,
            sequence: read_u32(&message[8..])?,
            body,
        })
    }
}

/// Attributes in a message or in an attribute: type and value.
#[derive(Clone, Copy)]
pub struct Attributes<'a>(pub &'a [u8]);

impl<'a> Attributes<'a> {
    /// The first one of a type.
    pub fn get(mut self, kind: u16) -> Option<&'a [u8]> {
        self.find(|(found, _)| *found == kind).map(|(_, value)| value)
    }

    /// A number in network byte order.
    pub fn be32(self, kind: u16) -> Option<u32> {
        Some(u32::from_be_bytes(self.get(kind)?.try_into().ok()?))
    }

    /// A number in network byte order.
    pub fn be64(self, kind: u16) -> Option<u64> {
        Some(u64::from_be_bytes(self.get(kind)?.try_into().ok()?))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let length = usize::from(read_u16(self.0)?);
        let kind = read_u16(self.0.get(2..)?)? & TYPE_MASK;
        let value = self.0.get(ALIGN..length)?;
        self.0 = self.0.get(length.next_multiple_of(ALIGN)..).unwrap_or_default();
        Some((kind, value))
    }
}

/// Text without the zero at its end.
pub fn text(value: &[u8]) -> String {
    let end = value.iter().position(|octet| *octet == 0).unwrap_or(value.len());
    String::from_utf8_lossy(&value[..end]).into_owned()
}

/// The first number of a buffer, in this machine's byte order.
pub fn read_u32(bytes: &[u8]) -> Option<u32> {
    Some(u32::from_ne_bytes(*bytes.first_chunk()?))
}

fn read_u16(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_ne_bytes(*bytes.first_chunk()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_can_be_read() {
        let mut writer = Writer::default();
        writer.begin(7, 1, 42, 2, 10);
        writer.put(1, b"abc");
        let nest = writer.nest(2);
        writer.put_text(3, "xy");
        writer.close(nest);
        writer.end();
        writer.begin(8, 0, 43, 0, 0);
        writer.end();
        let messages: Vec<_> = Messages(writer.bytes()).collect();
        assert_eq!(messages.iter().map(|m| (m.kind, m.sequence)).collect::<Vec<_>>(), [(7, 42), (8, 43)]);
        let attributes = messages[0].attributes();
        assert_eq!(attributes.get(1), Some(&b"abc"[..]));
        assert_eq!(Attributes(attributes.get(2).unwrap()).get(3).map(text), Some("xy".into()));
    }

    #[test]
    fn broken_lengths_end_the_walk() {
        let mut writer = Writer::default();
        writer.begin(7, 1, 42, 2, 10);
        writer.put(1, b"abcd");
        writer.end();
        for end in 0..writer.bytes().len() {
            assert_eq!(Messages(&writer.bytes()[..end]).count(), 0);
        }
        for length in [0u16, 3, 9, u16::MAX] {
            let mut bytes = writer.bytes().to_vec();
            bytes[20..22].copy_from_slice(&length.to_ne_bytes());
            assert_eq!(Messages(&bytes).next().unwrap().attributes().count(), 0, "{length}");
        }
        let mut bytes = writer.bytes().to_vec();
        bytes[..4].copy_from_slice(&3u32.to_ne_bytes());
        assert_eq!(Messages(&bytes).count(), 0);
    }
}
