// SPDX-License-Identifier: GPL-2.0-or-later
//! Elements: as a script writes them, and as a set of some type holds them.

use std::fmt;

use crate::error::{Error, Kind};
use crate::netlink::tables::{Description, Raw, Value};
use crate::types::{Field, Meaning, NOTED_BIG, fields};

const INTERVAL: u32 = 0x4;
const MAP: u32 = 0x8;
const TIMEOUT: u32 = 0x10;
const OBJECTS: u32 = 0x40;
const VERDICT: u32 = 0xffff_ff00;
/// nft's notes about a set: byte order of its keys, and of its values.
const NOTE_KEY_ORDER: u8 = 0;
const NOTE_VALUE_ORDER: u8 = 1;

/// Verdicts: NF_* and NFT_* codes.
const VERDICTS: [(&str, i32); 4] = [("drop", 0), ("accept", 1), ("continue", -1), ("return", -5)];
const JUMPS: [(&str, i32); 2] = [("jump", -3), ("goto", -4)];

/// A key or a value as a script writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scalar {
    /// Text.
    Text(String),
    /// A number; for the types that are numbers.
    Number(i64),
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => write!(f, "{number}"),
        }
    }
}

/// An element as a script writes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// Address, prefix, "from-to", or fields with " . " between them; "*" for all other keys.
    pub key: Scalar,
    /// A map's value.
    pub value: Option<Scalar>,
    /// Seconds that it lives.
    pub timeout: Option<f64>,
}

/// An element of a set of some type. Of keys that are alone, `from` and `to` are equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    /// First key; empty for all other keys.
    pub from: Vec<u8>,
    /// Last key.
    pub to: Vec<u8>,
    /// A map's value.
    pub value: Option<Value>,
    /// Milliseconds that it lives, when that is not the set's default.
    pub timeout: Option<u64>,
    /// Milliseconds that are left.
    pub expires: Option<u64>,
}

/// Type of a set: how its elements are read, written and stored.
#[derive(Clone, Debug)]
pub struct Type {
    key: Vec<Field>,
    value: Vec<Field>,
    intervals: bool,
    map: bool,
    verdicts: bool,
    timeouts: bool,
    /// Milliseconds that elements live by default.
    pub timeout: Option<u64>,
}

impl Type {
    /// The type of a set that the kernel has described.
    pub fn new(set: &Description) -> Result<Self, Error> {
        if set.flags & OBJECTS != 0 {
            return Err(Error::new(Kind::Unsupported, "maps to counters, quotas and the like are not supported"));
        }
        let intervals = set.flags & INTERVAL != 0;
        let map = set.flags & MAP != 0;
        let verdicts = map && set.value_type == VERDICT;
        // Only in network byte order are intervals of numbers in order.
        let order = if intervals { Some(NOTED_BIG) } else { note(&set.notes, NOTE_KEY_ORDER) };
        let value = if map && !verdicts {
            fields(set.value_type, set.value_length, &[], note(&set.notes, NOTE_VALUE_ORDER))?
        } else {
            Vec::new()
        };
        let key = fields(set.key_type, set.key_length, &set.fields, order)?;
        for (fields, length) in [(&key, set.key_length), (&value, set.value_length)] {
            if !fields.is_empty() && total(fields) != length as usize {
                return Err(Error::new(Kind::Unsupported, "its type has fields of unknown length"));
            }
        }
        if intervals && key.len() > 1 && key.iter().any(|field| field.meaning == Meaning::Host) {
            let message = "ranges of concatenations with a mark or the like are not supported";
            return Err(Error::new(Kind::Unsupported, message));
        }
        let timeouts = set.flags & TIMEOUT != 0;
        Ok(Self { key, value, intervals, map, verdicts, timeouts, timeout: set.timeout })
    }

    /// Whether elements may be ranges.
    pub fn has_intervals(&self) -> bool {
        self.intervals
    }

    /// Whether an interval is two elements of the kernel: where one starts, and where
    /// it has ended.
    pub fn is_linear(&self) -> bool {
        self.intervals && self.key.len() == 1
    }

    /// Whether elements have values.
    pub fn is_map(&self) -> bool {
        self.map
    }

    /// Reads an element.
    pub fn parse(&self, given: &Given, with_value: bool) -> Result<Element, Error> {
        self.parse_fields(given, with_value).map_err(|error| error.of_element(&given.key))
    }

    fn parse_fields(&self, given: &Given, with_value: bool) -> Result<Element, Error> {
        let (from, to) = self.parse_key(&given.key)?;
        let value = match &given.value {
            Some(_) if !self.map => return Err(Error::new(Kind::Element, "has a value, but this is no map")),
            Some(value) => Some(self.parse_value(value)?),
            None if self.map && with_value => return Err(Error::new(Kind::Element, "needs a value: this is a map")),
            None => None,
        };
        let timeout = match given.timeout {
            None => None,
            Some(_) if !self.timeouts => {
                return Err(Error::new(Kind::Element, "has a timeout, but the set has no flag timeout"));
            }
            Some(seconds) if (0.001..=1e9).contains(&seconds) =>
            {
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                Some((seconds * 1000.0) as u64)
            }
            Some(seconds) => {
                return Err(Error::new(Kind::Element, format!("a timeout of {seconds} s is not from 0.001 to 1e9")));
            }
        };
        let timeout = timeout.filter(|timeout| Some(*timeout) != self.timeout);
        Ok(Element { from, to, value, timeout, expires: None })
    }

    fn parse_key(&self, key: &Scalar) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let text = match key {
            Scalar::Text(text) if text.trim() == "*" => return Ok((Vec::new(), Vec::new())),
            Scalar::Text(text) if self.key.len() > 1 => text,
            _ => {
                return match self.key.first() {
                    Some(field) => self.parse_range(*field, key),
                    None => Err(Error::new(Kind::Unsupported, "its type is unknown")),
                };
            }
        };
        let parts: Vec<_> = text.split(" . ").collect();
        if parts.len() != self.key.len() {
            let wanted = format!("has {} fields, the set has {}", parts.len(), self.key.len());
            return Err(Error::new(Kind::Element, wanted + " (\" . \" separates them)"));
        }
        let (mut from, mut to) = (Vec::new(), Vec::new());
        for (field, part) in self.key.iter().zip(parts) {
            let (first, last) = self.parse_range(*field, &Scalar::Text(part.into()))?;
            for (all, octets) in [(&mut from, first), (&mut to, last)] {
                all.extend(octets);
                all.resize(all.len().next_multiple_of(4), 0);
            }
        }
        Ok((from, to))
    }

    fn parse_range(&self, field: Field, given: &Scalar) -> Result<(Vec<u8>, Vec<u8>), Error> {
        let Scalar::Text(text) = given else {
            let octets = field.parse(given)?;
            return Ok((octets.clone(), octets));
        };
        let part = |text: &str| field.parse(&Scalar::Text(text.into()));
        let prefix = text.split_once('/').filter(|_| field.is_address());
        let range = text.split_once('-').filter(|_| field.is_address() || field.is_number());
        let (from, to) = match (prefix, range) {
            (Some((address, length)), _) => {
                let address = part(address)?;
                let bits = 8 * address.len();
                let length = length.trim().parse::<usize>().ok().filter(|length| *length <= bits);
                let length = length.ok_or_else(|| {
                    Error::new(Kind::Element, format!("{text} has no prefix length from 0 to {bits}"))
                })?;
                network(&address, length)
            }
            (None, Some((from, to))) => (part(from)?, part(to)?),
            (None, None) => {
                let octets = part(text)?;
                (octets.clone(), octets)
            }
        };
        if from > to {
            return Err(Error::new(Kind::Element, "the range ends before it starts"));
        }
        if from != to && !self.intervals {
            return Err(Error::new(Kind::Element, "is a range, but the set has no flag interval"));
        }
        Ok((from, to))
    }

    fn parse_value(&self, value: &Scalar) -> Result<Value, Error> {
        if self.verdicts {
            return verdict(value);
        }
        if let [field] = self.value[..] {
            return field.parse(value).map(Value::Data);
        }
        let text = value.to_string();
        let parts: Vec<_> = text.split(" . ").collect();
        if parts.len() != self.value.len() {
            return Err(Error::new(Kind::Element, format!("value {text} has not {} fields", self.value.len())));
        }
        let mut octets = Vec::new();
        for (field, part) in self.value.iter().zip(parts) {
            octets.extend(field.parse(&Scalar::Text(part.into()))?);
            octets.resize(octets.len().next_multiple_of(4), 0);
        }
        Ok(Value::Data(octets))
    }

    /// The key of an element as text or number.
    pub fn show_key(&self, element: &Element) -> Scalar {
        if element.from.is_empty() {
            return Scalar::Text("*".into());
        }
        if let [field] = self.key[..] {
            return show_range(field, &element.from, &element.to);
        }
        let mut at = 0;
        let mut parts = Vec::new();
        for field in &self.key {
            let part = |octets: &[u8]| octets.get(at..at + field.length).unwrap_or_default().to_vec();
            parts.push(show_range(*field, &part(&element.from), &part(&element.to)).to_string());
            at = (at + field.length).next_multiple_of(4);
        }
        Scalar::Text(parts.join(" . "))
    }

    /// The value of an element as text or number.
    pub fn show_value(&self, value: &Value) -> Scalar {
        match value {
            Value::Data(octets) if self.value.len() == 1 => self.value[0].show(octets),
            Value::Data(octets) => {
                let mut at = 0;
                let mut parts = Vec::new();
                for field in &self.value {
                    parts.push(field.show(octets.get(at..at + field.length).unwrap_or_default()).to_string());
                    at = (at + field.length).next_multiple_of(4);
                }
                Scalar::Text(parts.join(" . "))
            }
            Value::Verdict(code, chain) => {
                let named = VERDICTS.iter().chain(&JUMPS).find(|(_, number)| number == code);
                let name = named.map_or_else(|| code.to_string(), |(name, _)| (*name).to_string());
                Scalar::Text(chain.as_ref().map_or(name.clone(), |chain| format!("{name} {chain}")))
            }
        }
    }

    /// The kernel's elements of one of ours.
    pub fn store(&self, element: &Element) -> Vec<Raw> {
        let start = Raw {
            key: element.from.clone(),
            key_end: (self.intervals && !self.is_linear() && !element.from.is_empty()).then(|| element.to.clone()),
            value: element.value.clone(),
            timeout: element.timeout,
            ..Raw::default()
        };
        if !self.is_linear() || element.from.is_empty() {
            return vec![start];
        }
        match next(&element.to) {
            Some(key) => vec![start, Raw { key, end: true, ..Raw::default() }],
            None => vec![Raw { open: true, ..start }],
        }
    }

    /// Our elements of all that the kernel has in a set.
    pub fn load(&self, mut stored: Vec<Raw>) -> Vec<Element> {
        let element = |raw: Raw, to: Vec<u8>| Element {
            from: raw.key,
            to,
            value: raw.value,
            timeout: raw.timeout.filter(|timeout| Some(*timeout) != self.timeout),
            expires: raw.expires,
        };
        if !self.is_linear() {
            let all = stored.into_iter().map(|mut raw| {
                let to = raw.key_end.take().unwrap_or_else(|| raw.key.clone());
                element(raw, to)
            });
            return all.collect();
        }
        // The end of one comes before the start of the next.
        stored.sort_by(|a, b| a.key.cmp(&b.key).then(b.end.cmp(&a.end)));
        let mut found = Vec::new();
        let mut open: Option<Raw> = None;
        for raw in stored {
            if raw.key.is_empty() {
                found.push(element(raw, Vec::new()));
                continue;
            }
            if let Some(start) = open.take() {
                found.push(element(start, previous(&raw.key)));
            }
            open = (!raw.end).then_some(raw);
        }
        if let Some(start) = open {
            let last = vec![0xff; start.key.len()];
            found.push(element(start, last));
        }
        found
    }
}

fn total(fields: &[Field]) -> usize {
    match fields {
        [field] => field.length,
        fields => fields.iter().map(|field| field.length.next_multiple_of(4)).sum(),
    }
}

fn note(notes: &[u8], wanted: u8) -> Option<u32> {
    let mut rest = notes;
    while let [kind, length, tail @ ..] = rest {
        let value = tail.get(..usize::from(*length))?;
        if *kind == wanted {
            return value.first_chunk().map(|value| u32::from_ne_bytes(*value));
        }
        rest = &tail[usize::from(*length)..];
    }
    None
}

fn verdict(value: &Scalar) -> Result<Value, Error> {
    let text = value.to_string();
    let plain = VERDICTS.iter().find(|(name, _)| *name == text);
    let jump = text.split_once(' ').and_then(|(word, chain)| {
        let (_, code) = JUMPS.iter().find(|(name, _)| *name == word)?;
        let chain = chain.trim();
        (!chain.is_empty() && chain.len() < 128 && !chain.contains('\0')).then(|| (*code, chain.to_string()))
    });
    match (plain, jump) {
        (Some((_, code)), _) => Ok(Value::Verdict(*code, None)),
        (None, Some((code, chain))) => Ok(Value::Verdict(code, Some(chain))),
        (None, None) => Err(Error::new(
            Kind::Element,
            format!("{text} is not accept, drop, continue, return, \"jump CHAIN\" or \"goto CHAIN\""),
        )),
    }
}

fn show_range(field: Field, from: &[u8], to: &[u8]) -> Scalar {
    if from == to {
        return field.show(from);
    }
    if field.is_address() {
        for length in 0..8 * from.len() {
            if network(from, length) == (from.to_vec(), to.to_vec()) {
                return Scalar::Text(format!("{}/{length}", field.show(from)));
            }
        }
    }
    Scalar::Text(format!("{}-{}", field.show(from), field.show(to)))
}

/// First and last address of a prefix; bits behind its length do not matter.
fn network(address: &[u8], length: usize) -> (Vec<u8>, Vec<u8>) {
    let mask = |index: usize| match length.saturating_sub(8 * index) {
        0 => 0u8,
        bits if bits >= 8 => 0xff,
        bits => 0xff << (8 - bits),
    };
    let octets = |change: fn(u8, u8) -> u8| {
        address.iter().enumerate().map(|(index, octet)| change(*octet, mask(index))).collect::<Vec<_>>()
    };
    (octets(|octet, mask| octet & mask), octets(|octet, mask| octet | !mask))
}

/// The key behind this one; none behind the last.
pub fn next(key: &[u8]) -> Option<Vec<u8>> {
    let mut key = key.to_vec();
    for octet in key.iter_mut().rev() {
        *octet = octet.wrapping_add(1);
        if *octet != 0 {
            return Some(key);
        }
    }
    None
}

/// The key before this one.
fn previous(key: &[u8]) -> Vec<u8> {
    let mut key = key.to_vec();
    for octet in key.iter_mut().rev() {
        *octet = octet.wrapping_sub(1);
        if *octet != 0xff {
            break;
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(key_type: u32, key_length: u32, flags: u32) -> Type {
        Type::new(&Description { flags, key_type, key_length, ..Description::default() }).unwrap()
    }

    fn given(key: &str) -> Given {
        Given { key: Scalar::Text(key.into()), value: None, timeout: None }
    }

    #[test]
    fn prefixes_and_ranges_are_read_and_written() {
        let set = kind(7, 4, INTERVAL);
        for text in ["0.0.0.0/0", "10.0.0.0/8", "192.0.2.1", "192.0.2.1-192.0.2.6", "128.0.0.0/1", "192.0.2.4/31"] {
            let element = set.parse(&given(text), false).unwrap();
            assert_eq!(set.show_key(&element).to_string(), text);
            assert_eq!(set.load(set.store(&element)), [element], "{text}");
        }
        let host_bits = set.parse(&given("192.0.2.77/24"), false).unwrap();
        assert_eq!(set.show_key(&host_bits).to_string(), "192.0.2.0/24");
    }

    #[test]
    fn neighbours_stay_apart() {
        let set = kind(8, 16, INTERVAL);
        let elements: Vec<_> = ["2001:db8::/64", "2001:db8:0:1::/64", "ff00::/8", "::/64"]
            .map(|text| set.parse(&given(text), false).unwrap())
            .into();
        let loaded = set.load(elements.iter().flat_map(|element| set.store(element)).collect());
        let texts: Vec<_> = loaded.iter().map(|element| set.show_key(element).to_string()).collect();
        assert_eq!(texts, ["::/64", "2001:db8::/64", "2001:db8:0:1::/64", "ff00::/8"]);
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let plain = kind(7, 4, 0);
        let texts = |set: &Type, texts: &[&str]| -> Vec<String> {
            texts.iter().map(|text| set.parse(&given(text), false).unwrap_err().message).collect()
        };
        assert_eq!(
            texts(&plain, &["192.0.2.0/24", "192.0.2.300", "", "2001:db8::1", "192.0.2.0/33", "192.0.2.9-192.0.2.1"]),
            [
                "element 192.0.2.0/24: is a range, but the set has no flag interval",
                "element 192.0.2.300: 192.0.2.300 is not an IPv4 address",
                "element :  is not an IPv4 address",
                "element 2001:db8::1: 2001:db8::1 is not an IPv4 address",
                "element 192.0.2.0/33: 192.0.2.0/33 has no prefix length from 0 to 32",
                "element 192.0.2.9-192.0.2.1: the range ends before it starts",
            ]
        );
        let ports = kind(13, 2, 0);
        assert_eq!(
            texts(&ports, &["65536", "-1", "http", "0x"]),
            [
                "element 65536: 65536 is not a number from 0 to 65535",
                "element -1:  is not a number from 0 to 65535",
                "element http: http is not a number from 0 to 65535",
                "element 0x: 0x is not a number from 0 to 65535",
            ]
        );
        let timed = Given { timeout: Some(5.0), ..given("192.0.2.1") };
        assert!(plain.parse(&timed, false).unwrap_err().message.ends_with("the set has no flag timeout"));
    }

    #[test]
    fn concatenations_are_padded() {
        let set = kind(7 << 6 | 13, 8, 0);
        let element = set.parse(&given("192.0.2.1 . 443"), false).unwrap();
        assert_eq!(element.from, [192, 0, 2, 1, 1, 187, 0, 0]);
        assert_eq!(set.show_key(&element).to_string(), "192.0.2.1 . 443");
        let error = set.parse(&given("192.0.2.1"), false).unwrap_err();
        assert_eq!(error.message, "element 192.0.2.1: has 1 fields, the set has 2 (\" . \" separates them)");
    }

    #[test]
    fn text_and_its_room() {
        let set = kind(41, 16, 0);
        let element = set.parse(&given("eth0"), false).unwrap();
        assert_eq!(set.show_key(&element).to_string(), "eth0");
        assert!(set.parse(&given("a-name-of-16-oct"), false).is_err());
        assert!(set.parse(&given("a-name-of-15-oc"), false).is_ok());
        assert_eq!(set.key[0].meaning, Meaning::Text);
    }

    #[test]
    fn the_first_key_and_the_last() {
        assert_eq!(next(&[0, 255]), Some(vec![1, 0]));
        assert_eq!(next(&[255, 255]), None);
        assert_eq!(previous(&[1, 0]), [0, 255]);
    }
}
