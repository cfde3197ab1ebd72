// SPDX-License-Identifier: GPL-2.0-or-later
//! The wire form: what goes in comes out, and no octets do harm.

use frrscript::bus::plain::Plain;
use frrscript::bus::wire::{Body, DEEPEST, MOST, Message, Published, Sender, Unusable, decode, encode};
use proptest::prelude::*;

fn key() -> impl Strategy<Value = Plain> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..12).prop_map(Plain::Octets),
        any::<i64>().prop_map(Plain::Integer),
        any::<f64>().prop_filter("no key", |n| !n.is_nan()).prop_map(Plain::Number),
    ]
}

fn plain() -> impl Strategy<Value = Plain> {
    let leaf = prop_oneof![
        Just(Plain::Nil),
        any::<bool>().prop_map(Plain::Bool),
        any::<f64>().prop_filter("not equal to itself", |n| !n.is_nan()).prop_map(Plain::Number),
        any::<f32>().prop_filter("likewise", |n| !n.is_nan()).prop_map(|n| Plain::Number(n.into())),
        any::<i64>().prop_map(Plain::Integer),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Plain::Octets),
        ".{0,20}".prop_map(|text| Plain::Octets(text.into_bytes())),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..8).prop_map(Plain::Array),
            proptest::collection::vec((key(), inner), 0..8).prop_map(Plain::Map),
        ]
    })
}

fn body() -> impl Strategy<Value = Body> {
    let topic = "[A-Za-z0-9_./-]{1,64}";
    let name = "[a-z0-9_.-]{1,64}";
    let published = (topic, name, any::<u64>(), plain())
        .prop_map(|(topic, script, at, value)| Published { topic, script, at, value })
        .boxed();
    prop_oneof![
        Just(Body::Hello),
        Just(Body::Bye),
        Just(Body::Sync(None)),
        name.prop_map(|daemon| Body::Sync(Some(daemon))),
        published.clone().prop_map(Body::Value),
        published.prop_map(Body::Retained),
        topic.prop_map(Body::Retract),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    ("[a-z0-9]{1,64}", any::<u64>(), any::<u64>(), body())
        .prop_map(|(daemon, instance, sequence, body)| Message { sender: Sender { daemon, instance, sequence }, body })
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(message in message()) {
        if let Some(octets) = encode(&message) {
            prop_assert!(octets.len() <= MOST);
            prop_assert_eq!(decode(&octets), Ok(message));
        }
    }

    #[test]
    fn any_octets_are_fine(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = decode(&octets);
    }

    #[test]
    fn a_damaged_message_is_fine(message in message(), at in any::<prop::sample::Index>(), octet in any::<u8>()) {
        if let Some(mut octets) = encode(&message) {
            let at = at.index(octets.len());
            octets[at] = octet;
            let _ = decode(&octets);
            prop_assert_eq!(decode(&octets[..at]), Err(Unusable::Malformed));
        }
    }
}

fn value(value: Plain) -> Message {
    let published = Published { topic: "t".to_owned(), script: "s".to_owned(), at: 1, value };
    Message { sender: Sender { daemon: "bgpd".to_owned(), instance: 7, sequence: 9 }, body: Body::Value(published) }
}

/// As docs/wire.md shows it.
#[test]
fn the_documented_octets() {
    let message = value(Plain::Map(vec![(Plain::Octets(b"up".to_vec()), Plain::Bool(true))]));
    let hex: String = encode(&message).expect("small").iter().map(|o| format!("{o:02x}")).collect();
    assert_eq!(hex, "890103646267706407096174617301a1627570f5");
    let hello = Message { body: Body::Hello, ..message };
    let hex: String = encode(&hello).expect("small").iter().map(|o| format!("{o:02x}")).collect();
    assert_eq!(hex, "85010064626770640709");
}

#[test]
fn numbers_keep_their_kind() {
    for number in
        [Plain::Number(5.0), Plain::Integer(5), Plain::Number(0.1), Plain::Number(-0.0), Plain::Integer(i64::MIN)]
    {
        let message = value(number);
        assert_eq!(decode(&encode(&message).expect("small")), Ok(message));
    }
}

#[test]
fn another_version_is_told_apart() {
    let mut octets = encode(&value(Plain::Nil)).expect("small");
    octets[1] = 2;
    assert_eq!(decode(&octets), Err(Unusable::Version));
    // A later version may have other fields.
    assert_eq!(decode(&[0x82, 2, 0xf6]), Err(Unusable::Version));
}

#[test]
fn limits() {
    assert!(encode(&value(Plain::Octets(vec![b'x'; MOST]))).is_none());
    assert!(encode(&value(Plain::Octets(vec![b'x'; MOST - 64]))).is_some());
    let nested = |depth| (0..depth).fold(Plain::Nil, |inner, _| Plain::Array(vec![inner]));
    let octets = encode(&value(nested(DEEPEST))).expect("small");
    assert!(decode(&octets).is_ok());
    let octets = encode(&value(nested(DEEPEST + 1))).expect("small");
    assert_eq!(decode(&octets), Err(Unusable::Malformed));
}

/// A count is the sender's word; memory is not.
#[test]
fn a_large_count_takes_no_memory() {
    let mut octets = encode(&value(Plain::Nil)).expect("small");
    octets.pop();
    octets.extend([0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
    assert_eq!(decode(&octets), Err(Unusable::Malformed));
}
