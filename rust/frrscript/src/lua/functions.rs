// SPDX-License-Identifier: GPL-2.0-or-later
//! The functions that every script finds, by table.

use super::value::Out;
use super::{as_path, bus, codec, dicts, ext, logging, modules, patterns, runtime, sets, strings, tasks};
use crate::failure::Failure;
use crate::ffi::args::Args;
use crate::value::as_path::AsPath;
use std::ffi::CStr;

/// A native function.
pub struct Function {
    /// Its name in its table.
    pub name: &'static str,
    /// Its name with the table, for messages.
    pub full_name: &'static str,
    /// The same for the engine's tracebacks.
    pub debug_name: &'static CStr,
    /// Arguments and results as Luau types.
    pub signature: &'static str,
    /// One line for the reference.
    pub doc: &'static str,
    /// What it does.
    pub body: fn(&Args) -> Result<Out, Failure>,
}

macro_rules! functions {
    ($table:literal: $($name:literal, $signature:literal, $doc:literal, $body:expr;)*) => {
        &[$(Function {
            name: $name,
            full_name: concat!($table, ".", $name),
            debug_name: match CStr::from_bytes_with_nul(concat!($name, "\0").as_bytes()) {
                Ok(name) => name,
                Err(_) => panic!("a name has no NUL"),
            },
            signature: $signature,
            doc: $doc,
            body: $body,
        }),*]
    };
}

/// Globals of Luau's own library that a script keeps. Not on it: loading code (`loadstring`), other environments
/// (`getfenv`, `setfenv`), raw userdata (`newproxy`), files and processes (never opened).
pub const ALLOWED: &[&str] = &[
    "_G",
    "_VERSION",
    "assert",
    "bit32",
    "buffer",
    "coroutine",
    "error",
    "gcinfo",
    "getmetatable",
    "integer",
    "ipairs",
    "math",
    "next",
    "pairs",
    "pcall",
    "rawequal",
    "rawget",
    "rawlen",
    "rawset",
    "select",
    "setmetatable",
    "string",
    "table",
    "tonumber",
    "tostring",
    "type",
    "typeof",
    "unpack",
    "utf8",
    "xpcall",
];

/// Verdicts, as FRR's `enum frrlua_rm_status` numbers them.
pub const CONSTANTS: &[(&str, f64)] =
    &[("RM_FAILURE", 0.0), ("RM_NOMATCH", 1.0), ("RM_MATCH", 2.0), ("RM_MATCH_AND_CHANGE", 3.0)];

/// `frr.*`.
pub const FRR: &[Function] = functions! { "frr":
    "prefix_set", "({string | Prefix}) -> PrefixSet", "a set of prefix-list entries: \"192.0.2.0/24 ge 26 le 28\"", sets::prefix_set;
    "asn_set", "({number | string}) -> AsnSet", "a set of AS numbers and ranges: 64496, \"64512-65534\"", sets::asn_set;
    "community_set", "({string}) -> CommunitySet", "a set of communities, large ones too; \"65000:*\" stands for all of an AS", sets::community_set;
    "prefix", "(string | prefix) -> Prefix", "a prefix; of the argument of a hook, a copy that may be kept", prefix;
    "address", "(string | Address) -> Address", "an IP address", address;
    "as_path", "(string) -> AsPath", "an AS path of the script's own", own_path;
    "as_path_pattern", "(string) -> AsPathPattern", "a compiled regular expression for as_path:match()", as_path_pattern;
    "community_pattern", "(string) -> CommunityPattern", "a compiled regular expression for communities:match()", community_pattern;
    "on", "(event: string, handler: (...any) -> (), filter: {[string]: any}?) -> Subscription", "calls the handler, as a task, at each event that the filter lets through", tasks::on;
    "every", "(seconds: number, handler: () -> ()) -> Subscription", "calls the function again and again; not while its last task is not done", tasks::every;
    "after", "(seconds: number, handler: () -> ()) -> Subscription", "calls the function once", tasks::after;
    "spawn", "(handler: (...any) -> (), ...any) -> ()", "starts the function as a task of its own, with these arguments", tasks::spawn;
    "sleep", "(seconds: number) -> ()", "waits; in a task only", tasks::sleep;
    "reevaluate", "() -> ()", "asks the daemon to evaluate again what this script decides", tasks::reevaluate;
    "show", "(command: string) -> (any, string?)", "waits for a show command of this daemon: its text, a table if it ends in json, or nil and why not", tasks::show;
    "configure", "({string}) -> (boolean, string?)", "waits until lines of configuration are applied: true, or false and why not; needs 'script NAME permit configure'", tasks::configure;
    "load_ffi", "(lib: string, cfg: string?, options: {[string]: any}?) -> (Runtime?, number?)", "a runtime: code in another language, loaded from the runtime directory if the operator permits it; any name is a method that posts a request and waits. nil and a number: what its init gave", runtime::load;
    "publish", "(topic: string, value: any) -> ()", "tells all scripts that subscribe to the topic, in all daemons of this router: nil, booleans, numbers, strings, and tables of them", bus::publish;
    "retract", "(topic: string) -> boolean", "takes a topic of this daemon back; false: it has none of that name", bus::retract;
    "subscribe", "(topic: string, handler: (value: any, topic: string, daemon: string) -> (), options: {on_lost: ((topic: string, daemon: string) -> ())?}?) -> Subscription", "calls the handler, as a task, with the topic's last value and with each new one", bus::subscribe;
    "shared_dict", "(name: string, options: {size: number?}?) -> SharedDict", "a store of the daemon that all its scripts and runtimes share; it outlives reloads; size in octets, 4 MiB if none is given", dicts::shared_dict;
    "time", "() -> number", "seconds since 1970, UTC, with fraction", time;
    "monotonic", "() -> number", "seconds of a clock that is never set, with fraction: for intervals, and what times like peer.uptime are in", monotonic;
    "localtime", "() -> {year: number, month: number, day: number, hour: number, minute: number, second: number, weekday: number}", "now in the router's time zone; weekday 0 is Sunday", localtime;
};

/// `frr.ext_community.*`.
pub const EXT_COMMUNITY: &[Function] = functions! { "frr.ext_community":
    "route_target", "(string) -> string", "8 octets of a route target: \"65000:100\", \"192.0.2.1:100\"", ext::route_target;
    "site_of_origin", "(string) -> string", "8 octets of a site of origin", ext::site_of_origin;
    "link_bandwidth", "(asn: number, octets_per_second: number, transitive: boolean?) -> string", "8 octets of a link bandwidth", ext::link_bandwidth;
    "color", "(color: number, co: number?) -> string", "8 octets of a color", ext::color;
    "group_policy_id", "(id: number, scope: number?) -> string", "8 octets of a group policy id", ext::group_policy_id;
    "generic", "(octets: string) -> string", "any 8 octets, checked for their number", ext::generic;
    "text", "(octets: string) -> string", "FRR's text of 8 octets", ext::to_text;
};

/// `frr.json.*`.
pub const JSON: &[Function] = functions! { "frr.json":
    "encode", "(value: any) -> string", "the JSON text of nil, a boolean, number, string or table of them; an empty table is []", codec::json_encode;
    "decode", "(text: string) -> (any, string?)", "the value of a JSON text, null is nil; or nil and what is wrong with it", codec::json_decode;
};

/// `frr.cbor.*`.
pub const CBOR: &[Function] = functions! { "frr.cbor":
    "encode", "(value: any) -> string", "the same as CBOR octets; a string is text if it is UTF-8, else octets", codec::cbor_encode;
    "decode", "(octets: string) -> (any, string?)", "the value of CBOR octets; or nil and what is wrong with them", codec::cbor_decode;
};

/// `log.*`: to the daemon's log.
pub const LOG: &[Function] = functions! { "log":
    "trace", "(...any) -> ()", "a debug line", logging::debug;
    "debug", "(...any) -> ()", "a debug line", logging::debug;
    "info", "(...any) -> ()", "an informational line", logging::info;
    "notice", "(...any) -> ()", "a notice", logging::notice;
    "warn", "(...any) -> ()", "a warning", logging::warn;
    "error", "(...any) -> ()", "an error line; the script goes on", logging::error;
};

/// Globals.
pub const GLOBAL: &[Function] = functions! { "global":
    "print", "(...any) -> ()", "the same as log.info", logging::info;
    "require", "(name: string) -> any", "what a module gives: NAME.lua or NAME.luau of the script directory, or \"frr.NAME\" of the runtimes; while the script is loaded only", modules::require;
};

/// A table that the prelude takes away.
pub const PRELUDE: &str = "frr_runtime";

/// Another one.
pub const PRELUDE_STRINGS: &str = "frr_strings";

/// What the prelude makes functions on strings of.
pub const STRINGS: &[Function] = functions! { "string":
    "find", "", "for the prelude only", strings::find;
    "match", "", "for the prelude only", strings::find_captures;
    "gmatch", "", "for the prelude only", strings::next;
    "gsub", "", "for the prelude only", strings::replace;
};

/// What the prelude makes a runtime's methods of; the names are those that messages use.
pub const RUNTIME: &[Function] = functions! { "runtime":
    "call", "", "for the prelude only", runtime::post;
    "__start", "", "for the prelude only", runtime::start;
    "wait", "", "for the prelude only", runtime::wait;
    "cancel", "", "for the prelude only", runtime::cancel;
    "done", "", "for the prelude only", runtime::done;
    "__unload", "", "for the prelude only", runtime::unload;
};

/// All tables by their dotted names; the empty name is the globals.
#[must_use]
pub fn tables() -> Vec<(&'static str, &'static [Function])> {
    vec![
        ("", GLOBAL),
        ("frr", FRR),
        ("frr.ext_community", EXT_COMMUNITY),
        ("frr.json", JSON),
        ("frr.cbor", CBOR),
        ("log", LOG),
        (PRELUDE, RUNTIME),
        (PRELUDE_STRINGS, STRINGS),
    ]
}

fn prefix(args: &Args) -> Result<Out, Failure> {
    Ok(args.prefix(0)?.map_or(Out::Nil, |p| Out::Object(Box::new(sets::Prefix(p)))))
}

fn address(args: &Args) -> Result<Out, Failure> {
    match sets::address_of(&args.get(0)) {
        Some(Ok(address)) => Ok(Out::Object(Box::new(sets::Address(address)))),
        Some(Err(why)) => Err(args.bad(0, why)),
        None => Err(args.bad(0, "must be text or an address")),
    }
}

fn own_path(args: &Args) -> Result<Out, Failure> {
    let path = AsPath::parse(args.text(0)?).map_err(|e| args.bad(0, e))?;
    Ok(Out::Object(Box::new(as_path::OwnPath(path))))
}

fn as_path_pattern(args: &Args) -> Result<Out, Failure> {
    Ok(Out::Object(Box::new(patterns::AsPaths(patterns::as_path(args, 0)?))))
}

fn community_pattern(args: &Args) -> Result<Out, Failure> {
    Ok(Out::Object(Box::new(patterns::Communities(patterns::community(args, 0)?))))
}

fn time(_args: &Args) -> Result<Out, Failure> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    Ok(Out::Number(now.map_or(0.0, |d| d.as_secs_f64())))
}

fn monotonic(_args: &Args) -> Result<Out, Failure> {
    Ok(Out::Number(crate::ffi::clock::monotonic()))
}

fn localtime(_args: &Args) -> Result<Out, Failure> {
    const NAMES: [&str; 7] = ["year", "month", "day", "hour", "minute", "second", "weekday"];
    let now = crate::ffi::clock::local();
    Ok(Out::Record(NAMES.into_iter().zip(now.map(|n| Out::Signed(n.into()))).collect()))
}
