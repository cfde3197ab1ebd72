// SPDX-License-Identifier: GPL-2.0-or-later
//! Ways out of the sandbox that are closed.

use super::host::{Host, error_of, holds, load_error};
use super::tables::Objects;
use frrscript::ffi::abi::Verdict;

#[test]
fn nothing_loads_code_or_reaches_the_system() {
    for name in [
        "io",
        "os",
        "package",
        "debug",
        "ffi",
        "jit",
        "dofile",
        "loadfile",
        "load",
        "loadstring",
        "getfenv",
        "setfenv",
        "newproxy",
        "collectgarbage",
        "string.dump",
        "frr_strings",
        "frr_runtime",
        "vector",
        "class",
    ] {
        assert!(holds(&format!("{name} == nil")), "{name}");
    }
    // The table of everything has no more than the names that are allowed.
    assert!(holds("(function() local n = 0 for k in pairs(_G) do n += 1 end return n end)() < 50"));
}

#[test]
fn the_library_can_not_be_changed() {
    for tampering in [
        "string.find = print",
        "table.insert = nil",
        "math.x = 1",
        "frr.x = 1",
        "frr.ext_community.color = 1",
        "frr.json.encode = print",
        "frr.cbor.x = 1",
        "rawset(frr.json, 'decode', nil)",
        "table.clear(frr.cbor)",
        "_G.x = 1",
        "_G.string = 1",
        "rawset(string, 'x', 1)",
        "rawset(_G, 'x', 1)",
        "setmetatable(string, {})",
        "setmetatable(_G, {})",
        "getmetatable('').__index = {}",
        "getmetatable('').x = 1",
        "table.clear(string)",
        "setmetatable(attributes, {})",
        "getmetatable(attributes).__index = print",
        "rawset(attributes, 'localpref', 1)",
        "rawget(attributes, 'localpref')",
        "table.freeze(attributes)",
        "attributes.__index = 1",
    ] {
        // Not for want of a verdict.
        let error = error_of(tampering);
        assert!(error.starts_with("runtime: "), "{tampering}: {error}");
    }
    assert!(holds("getmetatable(attributes) == false"));
    assert!(holds("type(getmetatable('')) ~= 'table' or table.isfrozen(getmetatable(''))"));
    assert!(holds("getmetatable(frr.asn_set{1}) == false"));
}

#[test]
fn own_globals_are_the_scripts_alone() {
    let host = Host::start();
    host.write("a", "string = nil secret = 1 RM_MATCH = 99 log = nil function f() return RM_MATCH == 99 end");
    host.write("b", "function f() return secret == nil and string ~= nil and RM_MATCH == 2 and log ~= nil end");
    let (a, b) = (host.rule("a", "f"), host.rule("b", "f"));
    assert_eq!(a.call(&Objects::sample()), Verdict::MATCH, "{}", host.last_error("a"));
    assert_eq!(b.call(&Objects::sample()), Verdict::MATCH);
}

#[test]
fn a_script_that_takes_away_its_own_functions_hurts_itself_only() {
    let host = Host::with("next = 7 function f(_, a) for k in a do end return true end function g() return true end");
    assert_eq!(host.rule("s", "f").call(&Objects::sample()), Verdict::NOMATCH);
    assert_eq!(host.rule("s", "g").call(&Objects::sample()), Verdict::MATCH);
    drop(host);
    let host = Host::with("function f() f = nil return true end");
    let rule = host.rule("s", "f");
    assert_eq!(rule.call(&Objects::sample()), Verdict::MATCH);
    assert_eq!(rule.call(&Objects::sample()), Verdict::MATCH);
}

#[test]
fn no_finalizer_runs() {
    let host = Host::with(
        "ran = false
         function f()
           for n = 1, 1000 do setmetatable({}, {__gc = function() ran = true end, __close = function() ran = true end}) end
           local t = {} for n = 1, 100000 do t[n % 100] = {n} end
           return not ran
         end",
    );
    host.option_time("s", 5000);
    let rule = host.rule("s", "f");
    for _ in 0..20 {
        assert_eq!(rule.call(&Objects::sample()), Verdict::MATCH);
    }
}

#[test]
fn methods_do_not_take_a_foreign_object() {
    error_of("local m = attributes.communities.has");
    error_of("local t = setmetatable({}, {__index = attributes}) return t.localpref + t.none");
    // An object as another's metamethod is called with the object that it is.
    error_of("local t = setmetatable({}, {__index = attributes.communities}) return t:has('65000:1')");
    assert!(holds("setmetatable({}, {__index = attributes}).localpref == 100"));
    assert!(holds("setmetatable({}, {__index = function(_, k) return attributes[k] end}).localpref == 100"));
}

#[test]
fn a_table_that_is_changed_while_it_is_read_is_no_danger() {
    // No script runs while the library reads a table: metamethods of items are not called.
    error_of(
        "frr.prefix_set(setmetatable({}, {__len = function() return 2^40 end, __index = function() return '::/0' end}))
              frr.asn_set{setmetatable({}, {__tostring = function() return '1' end})}",
    );
}

#[test]
fn requests_that_crashed_other_lua_hosts() {
    for body in [
        "return unpack({}, 0, 2^31 - 1)",
        "return table.unpack({}, -2^31, 2^31)",
        "return unpack({1}, 1, 1e8)",
        "return string.rep('x', -1) == '' and string.rep('x', 2^53)",
        "return string.format('%99999999d', 1)",
        "return string.format('%s', nil, 1)()",
        "return select(-2^31, 1)",
        "return string.byte(('x'):rep(1e6), 1, -1)",
        "return string.char(unpack(table.create(1e6, 65)))",
        "return table.concat(table.create(1e6, ('x'):rep(1000)))",
        "return string.pack('i17', 1)",
        "return string.unpack('s8', '\\255\\255\\255\\255\\255\\255\\255\\127')",
        "return string.unpack('i4', 'x', 2^31)",
        "return table.create(2^31)",
        "return table.move({}, 1, 2^31, 2)",
        "return buffer.create(2^31)",
        "return buffer.readi32(buffer.create(8), 5)",
        "return buffer.copy(buffer.create(8), -1, buffer.create(8), 2^31)",
        "return utf8.char(2^31)",
        "return ('x'):rep(100):gsub('.', function() error(setmetatable({}, {})) end)",
        "return string.gsub(('x'):rep(1e5), '.', '%1%1%1%1%1%1%1%1%1%1%1%1%1%1%1%1%1%1%1%1') .. 1 .. {}",
        "return string.find(('('):rep(1e4), ('(.'):rep(40))",
        "return string.format('%q', ('\\0'):rep(1e7))",
        "return coroutine.close(coroutine.running())",
        "return coroutine.wrap(function() coroutine.wrap(coroutine.running)() error() end)()",
        "local t = {} for n = 1, 300 do t = {t} end return t < t",
        "local co co = coroutine.create(function() coroutine.resume(co) error(1) end) error(coroutine.resume(co))",
    ] {
        error_of(body);
    }
    load_error("local x = [".to_owned() + &"=".repeat(500_000));
    load_error("local x = [".to_owned() + &"=".repeat(300_000) + "[ " + "]" + &"=".repeat(299_999) + "]");
}
