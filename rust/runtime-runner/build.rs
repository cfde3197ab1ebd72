// SPDX-License-Identifier: GPL-2.0-or-later
//! The program exports what runtimes look for in the process that loads them, as libfrr does.

/// The functions of the ABI.
const EXPORTS: [&str; 6] = ["task_poll", "get_req", "respond", "task_poll_many", "task_cancelled", "log"];
/// Those that only the program itself has.
const DICTS: [&str; 5] = ["dict_get", "dict_set", "dict_add", "dict_incr", "dict_delete"];

fn main() {
    for name in EXPORTS {
        let symbol = format!("ngx_http_lua_ffi_{name}");
        for kind in ["bins", "benches"] {
            println!("cargo::rustc-link-arg-{kind}=-Wl,--undefined={symbol},--export-dynamic-symbol={symbol}");
        }
    }
    for name in DICTS {
        let symbol = format!("ngx_http_lua_ffi_{name}");
        println!("cargo::rustc-link-arg-bins=-Wl,--undefined={symbol},--export-dynamic-symbol={symbol}");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
