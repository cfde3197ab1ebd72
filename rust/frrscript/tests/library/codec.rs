// SPDX-License-Identifier: GPL-2.0-or-later
//! `frr.json`, `frr.cbor`.

use super::host::Host;
use insta::assert_snapshot;

/// What `log.info` says of these values.
fn said(values: &str) -> String {
    let host = Host::with(&format!("log.info({values})"));
    host.load("s").expect("it loads");
    host.log().join("\n")
}

#[test]
fn json() {
    assert_eq!(said("frr.json.encode({1, 2.5, 'a', true, {b = 7}, {}})"), r#"[1,2.5,"a",true,{"b":7},[]]"#);
    assert_eq!(said("frr.json.encode({[2] = 'x'})"), r#"{"2":"x"}"#);
    assert_eq!(said("frr.json.encode(nil), frr.json.encode(frr.prefix('192.0.2.0/24'))"), "null\t\"192.0.2.0/24\"");
    assert_eq!(said("frr.json.decode('{\"a\": [1, null, 3], \"b\": null}').a[3]"), "3");
    assert_eq!(
        said("typeof(frr.json.decode('7')), frr.json.decode('[1e3]')[1], frr.json.decode('null')"),
        "number\t1000\tnil"
    );
    assert_eq!(said("frr.json.decode('[1,\\n 2,}')"), "nil\tno JSON: expected value at line 2 column 4");
    assert_eq!(
        said("select(2, frr.json.decode(string.rep('[', 1000)))"),
        "no JSON: recursion limit exceeded at line 1 column 128"
    );
}

#[test]
fn cbor() {
    assert_eq!(said("#frr.cbor.encode({a = 1})"), "4");
    assert_eq!(said("frr.cbor.decode(frr.cbor.encode({a = {1, 2.5, '\\255'}})).a[2]"), "2.5");
    assert_eq!(
        said("#frr.cbor.decode(frr.cbor.encode('\\255\\0')), typeof(frr.cbor.decode(frr.cbor.encode(2^40)))"),
        "2\tnumber"
    );
    assert_eq!(said("frr.cbor.decode('\\130\\1')"), "nil\tno CBOR: octet 2: the end is missing");
}

/// The last digit was off by one for some numbers, such as 3e88, each time that they were read.
#[test]
fn a_number_comes_back_from_json_as_it_was() {
    assert_eq!(said("frr.json.decode('3E88') == 3e88"), "true");
    assert_eq!(said("frr.json.encode(frr.json.decode(frr.json.encode(3e88))) == frr.json.encode(3e88)"), "true");
}

#[test]
fn large_and_deep_values() {
    assert_eq!(said("#frr.cbor.decode(frr.cbor.encode(string.rep('x', 1048576)))"), "1048576");
    assert_eq!(said("#frr.json.decode(frr.json.encode(string.rep('x', 1048576)))"), "1048576");
    let deep = "(function(n) local t = 'end' for _ = 1, n do t = {t} end return t end)";
    assert_eq!(said(&format!("#frr.json.encode({deep}(64)), #frr.cbor.encode({deep}(64))")), "133\t68");
    let error = said(&format!("select(2, pcall(frr.json.encode, {deep}(65)))"));
    assert!(error.contains("nests deeper than 64 tables"), "{error}");
}

#[test]
fn what_can_not_be_encoded() {
    let error = |value: &str| said(&format!("select(2, pcall(frr.json.encode, {value}))"));
    assert_snapshot!(error("{a = {1, print}}"), @"frr.json.encode: argument 1: the value.a[2] is a function: only nil, booleans, numbers, strings and tables of them can be encoded");
    assert_snapshot!(error("0/0"), @"frr.json.encode: argument 1: it has the number NaN, which JSON has not");
    assert_snapshot!(error("'a\\255'"), @"frr.json.encode: argument 1: it has the string 'a\u{fffd}', which is no UTF-8, as JSON's text is: use frr.cbor for any octets");
    assert_snapshot!(error("string.rep('x', 4194304)"), @"frr.json.encode: argument 1: the value takes more than 4194304 octets");
    assert_snapshot!(said("select(2, pcall(frr.cbor.decode, 7))"), @"frr.cbor.decode: argument 1 must be a string, not a number");
}
