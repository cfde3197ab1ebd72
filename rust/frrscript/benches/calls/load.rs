// SPDX-License-Identifier: GPL-2.0-or-later
//! What loading costs: a source of the largest size, and a set of 100,000 entries.

use frrscript::ffi::exports::operate::{frrscript_script_load, frrscript_script_unload};
use std::ffi::{CStr, CString};
use std::fmt::Write;
use std::path::Path;
use std::ptr::null_mut;
use std::time::Instant;

/// The most that a source may have.
const SOURCE: usize = 1024 * 1024;
const ROUNDS: usize = 7;
/// Entries of the set, and of the one whose memory is taken off.
const ENTRIES: [u32; 2] = [0, 100_000];

/// Milliseconds for a source of 1 MiB and for a set of 100,000 entries, and octets that an entry of it holds.
pub fn measure(directory: &Path, memory: impl Fn(&CStr) -> f64) -> (f64, f64, f64) {
    write(directory, "large", &large());
    let source = time("large");
    let mut held = Vec::new();
    let mut set = 0.0;
    for entries in ENTRIES {
        write(directory, "set", &of_entries(entries));
        set = time("set");
        load("set");
        held.push(memory(c"set"));
        unload("set");
    }
    (source, set, (held[1] - held[0]) * 1024.0 / f64::from(ENTRIES[1]))
}

/// As many small functions as there is room for, 100 to a block: a function has at most 200 locals.
fn large() -> String {
    const END: &str = "end\nfunction route_match(route) return RM_MATCH end\n";
    let mut text = String::from("do\n");
    for n in 0.. {
        let mut more = String::new();
        if n > 0 && n % 100 == 0 {
            more.push_str("end do\n");
        }
        writeln!(more, "local function f{n}(route) if route.metric == {n} then route.localpref = {n} end end")
            .expect("a string");
        if text.len() + more.len() + END.len() > SOURCE {
            break;
        }
        text.push_str(&more);
    }
    text + END
}

/// The entries are made by the script: their text would not fit into one source.
fn of_entries(entries: u32) -> String {
    format!(
        "\
local entries = {{}}
for n = 0, {entries} - 1 do
    local a, b, c = 11 + n * 2 // 65536, n * 2 // 256 % 256, n * 2 % 256
    entries[n + 1] = `{{a}}.{{b}}.{{c}}.0/24`
end
local set = frr.prefix_set(entries)
entries = nil
function route_match(route) return if set:contains(route) then RM_MATCH else RM_NOMATCH end
"
    )
}

fn write(directory: &Path, name: &str, text: &str) {
    std::fs::write(directory.join(format!("{name}.lua")), text).expect("the script is written");
}

fn time(name: &str) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            load(name);
            let time = start.elapsed().as_secs_f64() * 1e3;
            unload(name);
            time
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[ROUNDS / 2]
}

fn load(name: &str) {
    let name = CString::new(name).expect("no NUL");
    // SAFETY: a live name.
    unsafe { assert_eq!(frrscript_script_load(name.as_ptr(), null_mut()), 0) };
}

fn unload(name: &str) {
    let name = CString::new(name).expect("no NUL");
    // SAFETY: a live name.
    unsafe { frrscript_script_unload(name.as_ptr(), null_mut()) };
}
