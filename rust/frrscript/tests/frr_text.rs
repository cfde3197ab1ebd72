// SPDX-License-Identifier: GPL-2.0-or-later
//! Text of AS paths and communities against what FRR 10.3's own functions printed for the same input (`frr_text.tsv`).

use frrscript::value::items::{Item, ItemList};
use frrscript::value::{as_path, community, ext, ipv6_ext, large};

#[test]
fn text_is_what_frr_printed() {
    let mut checked = 0;
    for line in include_str!("frr_text.tsv").lines().filter(|line| !line.starts_with('#')) {
        let mut columns = line.split('\t');
        let [kind, input, expected] = [(); 3].map(|()| columns.next().expect("three columns"));
        let ours = match kind {
            "as-path" => as_path::AsPath::parse(input).map(|path| path.to_string()),
            "community" => community::parse_list(input).map(|list| list.to_string()),
            "large" => large::parse_list(input).map(|list| list.to_string()),
            "ext" => Ok(from_hex::<ext::ExtCommunity>(input).to_string()),
            "ext-words" => ext::parse_list(input).map(|list| to_hex(list.as_octets())),
            "ipv6-ext" => Ok(from_hex::<ipv6_ext::Ipv6ExtCommunity>(input).to_string()),
            _ => panic!("unknown kind {kind}"),
        };
        assert_eq!(ours.as_deref().unwrap_or("NULL"), expected, "{kind} {input}");
        checked += 1;
    }
    assert!(checked > 100, "only {checked} lines");
}

fn from_hex<I: Item>(digits: &str) -> ItemList<I> {
    let octet = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex digits");
    ItemList::from_octets(&(0..digits.len()).step_by(2).map(octet).collect::<Vec<u8>>())
}

fn to_hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
