// SPDX-License-Identifier: GPL-2.0-or-later
//! Prefix sets: any text as an entry, and lookups against a scan of all entries.

#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use frrscript::set::{Entry, PrefixSet, parse_entry};
use ipnet::IpNet;
use libfuzzer_sys::fuzz_target;
use std::net::IpAddr;

/// What is put in, and what is asked.
#[derive(Debug)]
struct Input {
    entries: Vec<Entry>,
    more: Vec<Entry>,
    asked: Vec<IpNet>,
    text: String,
}

impl<'a> Arbitrary<'a> for Input {
    fn arbitrary(u: &mut Unstructured<'a>) -> arbitrary::Result<Self> {
        let list = |u: &mut Unstructured<'a>, most| -> arbitrary::Result<Vec<Entry>> {
            (0..u.int_in_range(0..=most)?).map(|_| entry(u)).collect()
        };
        let (entries, more) = (list(u, 24)?, list(u, 6)?);
        let asked = (0..u.int_in_range(1..=24)?).map(|_| prefix(u)).collect::<arbitrary::Result<_>>()?;
        Ok(Input { entries, more, asked, text: String::arbitrary(u)? })
    }
}

/// Addresses of few bits, so that prefixes cover each other.
fn prefix(u: &mut Unstructured<'_>) -> arbitrary::Result<IpNet> {
    let bits = u128::from(u.arbitrary::<u8>()?);
    let (address, width): (IpAddr, u8) = match u.arbitrary()? {
        true => (IpAddr::V6(if u.arbitrary()? { bits << 120 } else { bits }.into()), 128),
        false => (IpAddr::V4(((if u.arbitrary()? { bits << 24 } else { bits }) as u32).into()), 32),
    };
    Ok(IpNet::new(address, u.int_in_range(0..=width)?).expect("a length that fits").trunc())
}

fn entry(u: &mut Unstructured<'_>) -> arbitrary::Result<Entry> {
    let prefix = prefix(u)?;
    let min = u.int_in_range(prefix.prefix_len()..=prefix.max_prefix_len())?;
    let max = u.int_in_range(min..=prefix.max_prefix_len())?;
    Ok(Entry { prefix, min, max })
}

fuzz_target!(|input: Input| {
    if let Ok(entry) = parse_entry(&input.text) {
        assert!(entry.prefix.prefix_len() <= entry.min && entry.min <= entry.max);
        assert!(entry.max <= entry.prefix.max_prefix_len());
    }
    let texts = input.entries.iter().map(|entry| format!("{} ge {} le {}", entry.prefix, entry.min, entry.max));
    // FRR's 0 says nothing (see `parse_entry`), so the model has what was understood.
    let mut all: Vec<Entry> = texts.clone().map(|text| parse_entry(&text).expect("a good entry")).collect();
    let mut set = PrefixSet::from_texts(texts).expect("good entries");
    // As a script does: some at first, lookups, and more.
    check(&set, &all, &input.asked);
    for entry in &input.more {
        set.insert_entry(entry).expect("not so many");
        all.push(*entry);
    }
    check(&set, &all, &input.asked);
});

fn check(set: &PrefixSet, all: &[Entry], asked: &[IpNet]) {
    set.finish();
    assert_eq!(set.is_empty(), all.is_empty());
    for prefix in asked {
        let matching = all.iter().filter(|entry| entry.matches(prefix));
        let longest = matching.map(|entry| entry.prefix).max_by_key(IpNet::prefix_len);
        assert_eq!(set.contains(prefix), longest.is_some(), "{prefix}");
        assert_eq!(set.longest_match(prefix), longest, "{prefix}");
        let covered = all.iter().any(|entry| entry.prefix.contains(&prefix.addr()));
        assert_eq!(set.contains_address(prefix.addr()), covered, "{prefix}");
    }
}
