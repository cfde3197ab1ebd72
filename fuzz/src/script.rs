// SPDX-License-Identifier: GPL-2.0-or-later
//! Scripts that are drawn from a grammar. They compile, and most of what they do is meant for the daemon's objects and the
//! library's values: with arguments that fit, and with others.

use arbitrary::{Arbitrary, Result, Unstructured};
use std::fmt::Write;

/// Objects that a call has, and places where a script keeps some from an earlier call.
const ROOTS: &[&str] = &["attributes", "prefix", "peer", "kept[1]", "kept[2]", "kept[3]", "attributes.nexthop"];
const FIELDS: &[&str] = &[
    "octet",
    "flag",
    "localpref",
    "counter",
    "balance",
    "metric",
    "origin",
    "note",
    "address",
    "network",
    "nexthop",
    "as_path",
    "aspath",
    "communities",
    "community",
    "large_communities",
    "ext_communities",
    "extcommunity",
    "ipv6_ext_communities",
    "fixed",
    "fixed_communities",
    "ifindex",
    "length",
    "remote_as",
    "name",
    "string",
    "value",
    "family",
    "no_such_field",
    "__index",
];
const METHODS: &[&str] = &[
    "add",
    "as_list",
    "asn_count",
    "bandwidth",
    "color",
    "contains",
    "contains_any",
    "exclude",
    "first",
    "get",
    "group_policy_id",
    "has",
    "has_any",
    "has_private",
    "incr",
    "items",
    "length",
    "longest_match",
    "match",
    "nth",
    "origin",
    "prepend",
    "raw",
    "remove",
    "remove_matching",
    "remove_private",
    "replace",
    "replace_all",
    "route_targets",
    "segments",
    "set",
    "site_of_origin",
    "size",
    "cancel",
    "done",
    "wait",
    "keys",
    "flush",
    "expire",
    "delete",
];
const MAKERS: &[&str] = &[
    "frr.prefix",
    "frr.address",
    "frr.as_path",
    "frr.prefix_set",
    "frr.asn_set",
    "frr.community_set",
    "frr.ext_community",
    "frr.community_pattern",
    "frr.as_path_pattern",
    "frr.json.encode",
    "frr.json.decode",
    "frr.cbor.encode",
    "frr.cbor.decode",
    "frr.shared_dict",
    "frr.publish",
    "frr.retract",
    "frr.time",
    "frr.monotonic",
    "frr.localtime",
    "frr.every",
    "frr.after",
    "frr.spawn",
    "frr.on",
    "frr.subscribe",
    "frr.peers",
    "frr.show",
    "frr.sleep",
    "tostring",
    "typeof",
    "rawequal",
    "rawlen",
    "next",
    "ipairs",
    "setmetatable",
    "getmetatable",
    "table.clone",
    "table.freeze",
    "table.pack",
    "table.unpack",
    "table.sort",
    "table.concat",
    "table.move",
    "string.find",
    "string.rep",
    "string.format",
    "string.gsub",
    "string.pack",
    "string.unpack",
    "string.gmatch",
    "buffer.create",
    "buffer.fromstring",
    "buffer.writeu32",
    "buffer.readstring",
    "bit32.extract",
    "utf8.codepoint",
    "coroutine.wrap",
    "coroutine.create",
    "coroutine.resume",
    "log.info",
    "error",
    "select",
    "pcall",
    "xpcall",
];
const WORDS: &[&str] = &[
    "65001:1",
    "65001:100 no-export",
    "65000:1:2",
    "rt 65001:1",
    "RT:192.0.2.1:7",
    "color:00:100",
    "192.0.2.0/24 le 28",
    "198.51.100.0/22",
    "2001:db8::/32 ge 48",
    "2001:db8::1",
    "192.0.2.1",
    "65001 65002 {65003}",
    "(65100) 1",
    "64512-65534",
    "_65001_",
    "^65001:.*$",
    "igp",
    "egp",
    "",
    "a\\0b",
    "\\255\\254",
    "%d%s%q",
    ".-.-b",
    "{\\\"a\\\":[1,2]}",
    "route_changed",
    "topic/a",
    "k",
    "v",
    "__tostring",
];
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "255",
    "256",
    "65001",
    "4294967295",
    "4294967296",
    "-2147483649",
    "9007199254740993",
    "18446744073709551615",
    "1e308",
    "-0",
    "0/0",
    "1/0",
    "-1/0",
    "0.5",
    "23456",
];
const OPERATORS: &[&str] = &["+", "-", "*", "/", "//", "%", "^", "..", "==", "~=", "<", "<=", "and", "or"];

/// A script of functions `route_match` and `route_set`.
#[derive(Debug)]
pub struct Script(
    /// Its source.
    pub String,
);

impl<'a> Arbitrary<'a> for Script {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut out = String::from("local kept = {}\n");
        let mut grammar = Grammar { u, out: &mut out, left: 120 };
        for _ in 0..grammar.u.int_in_range(0..=2)? {
            grammar.statement(2)?;
        }
        for name in ["route_match", "route_set"] {
            let _ = writeln!(grammar.out, "function {name}(prefix, attributes, peer)");
            for _ in 0..grammar.u.int_in_range(1..=8)? {
                grammar.statement(3)?;
            }
            let answer =
                grammar.u.choose(&["RM_MATCH_AND_CHANGE", "RM_MATCH", "RM_NOMATCH", "RM_FAILURE", "true", "nil"])?;
            match grammar.u.int_in_range(0..=9)? {
                0 => grammar.out.push_str("return { action = RM_MATCH_AND_CHANGE, attributes = attributes }\n"),
                1 => {
                    grammar.out.push_str("return ");
                    grammar.expression(2)?;
                    grammar.out.push('\n');
                }
                2..=5 => grammar.out.push_str("return RM_MATCH_AND_CHANGE\n"),
                _ => {
                    let _ = writeln!(grammar.out, "return {answer}");
                }
            }
            grammar.out.push_str("end\n");
        }
        Ok(Script(out))
    }
}

struct Grammar<'u, 'a> {
    u: &'u mut Unstructured<'a>,
    out: &'u mut String,
    /// Statements and expressions that it may still have: a script is short, so that many are tried.
    left: u32,
}

impl Grammar<'_, '_> {
    fn word(&mut self, words: &[&str]) -> Result<()> {
        let word = self.u.choose(words)?;
        self.out.push_str(word);
        Ok(())
    }

    fn spend(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    fn statement(&mut self, depth: u8) -> Result<()> {
        if !self.spend() {
            return Ok(());
        }
        match self.u.int_in_range(0..=13)? {
            0..=2 => {
                self.place()?;
                self.out.push_str(" = ");
                self.expression(2)?;
            }
            3..=5 => self.method()?,
            6 => {
                // What is read later is a view whose call has ended.
                let _ = write!(self.out, "kept[{}] = ", self.u.int_in_range(1..=3u8)?);
                if self.u.ratio(1, 2)? {
                    self.root()?;
                } else {
                    self.expression(2)?;
                }
            }
            7 => {
                self.out.push_str("local v = ");
                self.expression(3)?;
                self.out.push_str(" kept[3] = v");
            }
            8 if depth > 0 => {
                self.out.push_str("pcall(function()\n");
                self.block(depth)?;
                self.out.push_str("end)");
            }
            9 if depth > 0 => {
                self.out.push_str("if ");
                self.expression(2)?;
                self.out.push_str(" then\n");
                self.block(depth)?;
                self.out.push_str("end");
            }
            10 if depth > 0 => {
                let _ = writeln!(self.out, "for i = 1, {} do", self.u.int_in_range(1..=40u8)?);
                self.block(depth)?;
                self.out.push_str("end");
            }
            11 if depth > 0 => {
                self.out.push_str("coroutine.wrap(function(...)\n");
                self.block(depth)?;
                self.out.push_str("coroutine.yield(1)\nend)()");
            }
            12 if depth > 0 => {
                self.word(&[
                    "frr.spawn(",
                    "frr.after(0.001, ",
                    "frr.on('route_changed', ",
                    "frr.subscribe('topic/a', ",
                ])?;
                self.out.push_str("function(a, b, c)\n");
                self.block(depth)?;
                self.out.push_str("end)");
            }
            _ => {
                self.out.push_str("local _ = ");
                self.expression(3)?;
            }
        }
        self.out.push_str(";\n");
        Ok(())
    }

    fn block(&mut self, depth: u8) -> Result<()> {
        for _ in 0..self.u.int_in_range(1..=3)? {
            self.statement(depth - 1)?;
        }
        Ok(())
    }

    fn root(&mut self) -> Result<()> {
        self.word(ROOTS)
    }

    fn place(&mut self) -> Result<()> {
        if self.u.ratio(3, 4)? {
            self.out.push_str("attributes");
        } else {
            self.root()?;
        }
        self.out.push('.');
        self.word(FIELDS)
    }

    fn method(&mut self) -> Result<()> {
        match self.u.int_in_range(0..=3)? {
            0 => self.place()?,
            1 => self.word(&["attributes.as_path", "kept[2]", "kept[3]"])?,
            2 => {
                self.word(&["attributes.communities", "attributes.ext_communities", "attributes.large_communities"])?
            }
            _ => {
                self.out.push('(');
                self.maker(1)?;
                self.out.push(')');
            }
        }
        self.out.push(':');
        self.word(METHODS)?;
        self.arguments(1)
    }

    fn maker(&mut self, depth: u8) -> Result<()> {
        self.word(MAKERS)?;
        self.arguments(depth)
    }

    fn arguments(&mut self, depth: u8) -> Result<()> {
        self.out.push('(');
        for n in 0..self.u.int_in_range(0..=3)? {
            if n > 0 {
                self.out.push_str(", ");
            }
            self.expression(depth)?;
        }
        self.out.push(')');
        Ok(())
    }

    fn expression(&mut self, depth: u8) -> Result<()> {
        if !self.spend() {
            self.out.push_str("nil");
            return Ok(());
        }
        match self.u.int_in_range(0..=14)? {
            0..=2 => {
                self.out.push('"');
                self.word(WORDS)?;
                self.out.push('"');
            }
            3..=4 => self.word(NUMBERS)?,
            5..=6 => self.place()?,
            7 => self.root()?,
            8 => self.word(&["nil", "true", "false", "{}", "function(...) return ... end", "kept"])?,
            9 if depth > 0 => {
                self.out.push('(');
                self.expression(depth - 1)?;
                self.out.push(' ');
                self.word(OPERATORS)?;
                self.out.push(' ');
                self.expression(depth - 1)?;
                self.out.push(')');
            }
            10 if depth > 0 => {
                self.out.push_str("{ ");
                for _ in 0..self.u.int_in_range(0..=4)? {
                    self.expression(depth - 1)?;
                    self.out.push_str(", ");
                }
                self.out.push('}');
            }
            11 if depth > 0 => {
                self.word(&["#", "-", "not "])?;
                self.out.push('(');
                self.expression(depth - 1)?;
                self.out.push(')');
            }
            12..=13 if depth > 0 => self.maker(depth - 1)?,
            14 if depth > 0 => self.method()?,
            _ => {
                let _ = write!(self.out, "\"{}\"", self.u.arbitrary::<u16>()?);
            }
        }
        Ok(())
    }
}
