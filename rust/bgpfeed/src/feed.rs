// SPDX-License-Identifier: GPL-2.0-or-later
//! The table as octets, so that sending costs a copy and nothing else.

use crate::table::{self, Options};
use crate::wire::{Family, HEADER, Header, Update, end_of_rib};

/// Octets that are written at once. Whole messages only, so a keepalive fits in between.
const CHUNK: usize = 64 * 1024;

/// UPDATEs of a whole table, End-of-RIB at the end.
#[derive(Debug, Clone)]
pub struct Feed {
    octets: Vec<u8>,
    /// Ends of the chunks; the last is the end of `octets`.
    ends: Vec<usize>,
    /// IPv4 prefixes.
    pub routes: u32,
    /// IPv6 prefixes.
    pub routes6: u32,
    /// UPDATEs, End-of-RIB not counted.
    pub updates: usize,
}

impl Feed {
    /// Encodes the table that `options` describe.
    #[must_use]
    pub fn new(options: &Options) -> Self {
        let mut feed =
            Self { octets: Vec::new(), ends: Vec::new(), routes: options.routes, routes6: options.routes6, updates: 0 };
        let mut chunk = 0;
        for group in table::groups(options) {
            feed.updates += Update::encode(&mut feed.octets, &group.attributes, group.family, &group.prefixes);
            if feed.octets.len() - chunk >= CHUNK {
                chunk = feed.octets.len();
                feed.ends.push(chunk);
            }
        }
        end_of_rib(&mut feed.octets, Family::Ipv4);
        if options.routes6 > 0 {
            end_of_rib(&mut feed.octets, Family::Ipv6);
        }
        feed.ends.push(feed.octets.len());
        feed
    }

    /// One turn of a table that does not rest: of its groups of IPv4 prefixes one in four is withdrawn, one has another MED,
    /// one is as it was, and of one nothing is said; with the next turn each group is at the next of these. To bring the table to rest, send
    /// all of it again.
    #[must_use]
    pub fn churn(options: &Options, turn: usize) -> Self {
        let mut feed = Self { octets: Vec::new(), ends: Vec::new(), routes: options.routes, routes6: 0, updates: 0 };
        let groups = table::groups(options).filter(|group| group.family == Family::Ipv4);
        for (number, mut group) in groups.enumerate() {
            feed.updates += match (number + turn) % 4 {
                0 => Update::encode_withdrawn(&mut feed.octets, &group.prefixes),
                1 => continue,
                2 => {
                    group.attributes.med = Some(turn as u32);
                    Update::encode(&mut feed.octets, &group.attributes, group.family, &group.prefixes)
                }
                _ => Update::encode(&mut feed.octets, &group.attributes, group.family, &group.prefixes),
            };
            feed.ends.push(feed.octets.len());
        }
        feed
    }

    /// The octets in pieces that end where a message ends.
    pub fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(at, &end)| &self.octets[at..end])
    }

    /// Octets in all.
    #[must_use]
    pub fn len(&self) -> usize {
        self.octets.len()
    }

    /// Never: End-of-RIB is always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The bodies of the messages in turn, for a check of the feed itself.
    pub fn messages(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = &self.octets[..];
        std::iter::from_fn(move || {
            let (header, tail) = rest.split_first_chunk::<HEADER>()?;
            let header = Header::decode(header).ok()?;
            let (body, tail) = tail.split_at_checked(header.body)?;
            rest = tail;
            Some(body)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use ipnet::IpNet;

    use super::*;
    use crate::wire::Attributes;

    #[test]
    fn the_feed_decodes_to_the_table() {
        let options = Options { routes: 20_000, routes6: 2_000, ..Options::default() };
        let feed = Feed::new(&options);
        let mut table: HashMap<IpNet, Attributes> = HashMap::new();
        let mut ends = Vec::new();
        for body in feed.messages() {
            let update = Update::decode(body).expect("an UPDATE");
            ends.extend(update.end_of_rib);
            for prefix in update.announced {
                table.insert(prefix, update.attributes.clone());
            }
        }
        assert_eq!(ends, [Family::Ipv4, Family::Ipv6]);
        assert_eq!(table.len(), 22_000);
        for group in table::groups(&options) {
            for prefix in group.prefixes {
                assert_eq!(table[&prefix], group.attributes, "{prefix}");
            }
        }
    }

    #[test]
    fn chunks_end_where_messages_end() {
        let feed = Feed::new(&Options { routes: 20_000, ..Options::default() });
        let mut octets = 0;
        for mut chunk in feed.chunks() {
            octets += chunk.len();
            while let Some((header, rest)) = chunk.split_first_chunk::<HEADER>() {
                let header = Header::decode(header).expect("a header");
                chunk = &rest[header.body..];
            }
            assert_eq!(chunk, [] as [u8; 0]);
        }
        assert_eq!(octets, feed.len());
        assert!(feed.chunks().count() > 2);
    }
}
