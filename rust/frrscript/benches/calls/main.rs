// SPDX-License-Identifier: GPL-2.0-or-later
//! What a hook call costs, in nanoseconds, from C's entry to its return, against a bare call of a Luau function.
//!
//! Each figure is the median of rounds that are interleaved with rounds of the unit, so that what else the machine does
//! hits both. `--json FILE` writes the list that `cargo xtask bench` merges with its own.

#![allow(unsafe_code)]

mod bare;
mod event;
mod load;
mod route;

use frrscript::ffi::abi::OptionKind;
use frrscript::ffi::exports::operate::{frrscript_script_option, frrscript_show};
use frrscript::ffi::exports::rules::{
    frrscript_rule_apply, frrscript_rule_call, frrscript_rule_free, frrscript_rule_new,
};
use route::{HOOK, Route};
use std::ffi::{CStr, CString, c_void};
use std::ptr::null_mut;
use std::time::Instant;

/// Calls in a round, and rounds.
const CALLS: u32 = 200_000;
const ROUNDS: usize = 15;
/// Milliseconds that a call may take.
const LIMIT: u32 = 10_000;
/// Entries of the large prefix set.
const ENTRIES: u32 = 100_000;

/// The functions that are measured: name in the script, title, goal in microseconds.
const CASES: &[(&CStr, &str, Option<f64>)] = &[
    (c"empty", "calls: empty hook", None),
    (c"one_field", "calls: one field read", None),
    (c"policy", "calls: policy (4 reads, 1 method, 1 write), changes applied", Some(0.2)),
    (c"lookup", "calls: prefix-set lookup in 100,000 entries", None),
    (c"fields_0", "calls: 0 fields read", None),
    (c"fields_1", "calls: 1 field read", None),
    (c"fields_2", "calls: 2 fields read", None),
    (c"fields_4", "calls: 4 fields read", None),
    (c"fields_8", "calls: 8 fields read", None),
];

fn script() -> String {
    // Every other /24 of 11.0.0.0/8 and on, half with a range of lengths.
    format!(
        "{}{}
local entries = {{}}
for n = 0, {} do
    local a, b, c = 11 + n * 2 // 65536, n * 2 // 256 % 256, n * 2 % 256
    entries[n + 1] = `{{a}}.{{b}}.{{c}}.0/24{{if n % 2 == 0 then \" le 26\" else \"\"}}`
end
local big = frr.prefix_set(entries)
entries = nil
function lookup(route) return big:contains(route) end
",
        include_str!("policy.luau"),
        include_str!("fields.luau"),
        ENTRIES - 1
    )
}

#[inline(never)]
fn round(mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..CALLS {
        call();
    }
    start.elapsed().as_secs_f64() * 1e6 / f64::from(CALLS)
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Resident memory of this process, in KiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("/proc is there");
    let line = status.lines().find(|l| l.starts_with("VmRSS:")).expect("a process has resident memory");
    line.split_ascii_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number of KiB")
}

/// Resident memory of one script more, from many of them.
fn resident_script(directory: &std::path::Path) -> f64 {
    const MANY: u32 = 64;
    let mut rules = Vec::new();
    let load = |n: u32| {
        let name = format!("copy{n}");
        std::fs::write(directory.join(format!("{name}.lua")), include_str!("policy.luau"))
            .expect("the script is written");
        let name = CString::new(name).expect("no NUL");
        // SAFETY: live names and a static hook.
        unsafe { frrscript_rule_new(&raw const HOOK.0, name.as_ptr(), c"policy".as_ptr(), null_mut()) }
    };
    rules.push(load(0));
    let before = resident();
    rules.extend((1..=MANY).map(load));
    let after = resident();
    // SAFETY: made above.
    rules.into_iter().for_each(|rule| unsafe { frrscript_rule_free(rule) });
    (after - before) / f64::from(MANY)
}

fn memory(name: &CStr) -> f64 {
    // SAFETY: a live name; the text is freed with the process.
    let text = unsafe { CStr::from_ptr(frrscript_show(name.as_ptr(), true)) };
    let shown: serde_json::Value = serde_json::from_slice(text.to_bytes()).expect("show gives JSON");
    let octets = shown[name.to_str().expect("a plain name")]["memoryBytes"].as_f64().expect("the script is loaded");
    octets / 1024.0
}

fn main() {
    let mut args = std::env::args().skip_while(|a| a != "--json");
    let json = args.next().and_then(|_| args.next());
    let directory = std::env::temp_dir().join(format!("frrscript-bench-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a folder for the script");
    std::fs::write(directory.join("bench.lua"), script()).expect("the script is written");
    std::fs::write(directory.join("event.lua"), event::SCRIPT).expect("the script is written");
    std::fs::write(directory.join("small.lua"), include_str!("policy.luau")).expect("the script is written");
    route::register(&CString::new(directory.to_str().expect("a plain path")).expect("no NUL"));

    // A limit is wall time: on a busy machine a call of a microsecond may wait longer for a CPU than the default lasts.
    for name in [c"bench", c"event", c"small", c"large", c"set"] {
        // SAFETY: a live name and value.
        let set = unsafe { frrscript_script_option(name.as_ptr(), OptionKind::LIMIT_TIME, &LIMIT, null_mut()) };
        assert_eq!(set, 0);
    }

    let bare = bare::Bare::new();
    let mut route = Route::sample();
    let mut figures = Vec::new();
    for (function, title, goal) in CASES {
        // SAFETY: the names and the hook are static.
        let rule = unsafe { frrscript_rule_new(&raw const HOOK.0, c"bench".as_ptr(), function.as_ptr(), null_mut()) };
        assert!(!rule.is_null());
        let (mut ours, mut unit) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            unit.push(round(|| bare.call()));
            ours.push(round(|| {
                let objects: [*const c_void; 3] =
                    [(&raw const route.prefix).cast(), (&raw const route).cast(), (&raw const route.peer).cast()];
                // SAFETY: one live object for each of the hook's.
                unsafe {
                    let verdict = frrscript_rule_call(rule, objects.as_ptr());
                    assert!(verdict == frrscript::ffi::abi::Verdict::MATCH);
                    frrscript_rule_apply(rule, 1, (&raw mut route).cast());
                }
            }));
        }
        // SAFETY: made above.
        unsafe { frrscript_rule_free(rule) };
        figures.push((*title, "us", median(ours), Some((median(unit), "bare Luau call")), *goal));
    }
    event::register();
    let (handled, nobody) = event::measure(c"event", &route);
    figures.push(("calls: event, told and handled (2 reads)", "us", handled, None, Some(1.0)));
    figures.push(("calls: event that nobody listens to", "us", nobody, None, None));
    // SAFETY: as above.
    let small = unsafe { frrscript_rule_new(&raw const HOOK.0, c"small".as_ptr(), c"policy".as_ptr(), null_mut()) };
    figures.push(("calls: resident memory of one more script", "KiB", resident_script(&directory), None, Some(256.0)));
    figures.push((
        "calls: a script's memory as show script counts it, pages half empty",
        "KiB",
        memory(c"small"),
        None,
        None,
    ));
    // SAFETY: made above.
    unsafe { frrscript_rule_free(small) };
    let (source, set, entry) = load::measure(&directory, memory);
    figures.push(("calls: load of a script of 1 MiB", "ms", source, None, None));
    figures.push(("calls: load of a script that makes a prefix set of 100,000 entries", "ms", set, None, None));
    figures.push(("calls: memory of an entry of that set, as show script counts it", "octets", entry, None, None));
    let _ = std::fs::remove_dir_all(&directory);

    let list: Vec<serde_json::Value> = figures
        .into_iter()
        .map(|(name, unit, ours, other, goal)| {
            let against = other.map_or(String::new(), |(o, n)| format!(", {n} {o:.3} {unit}"));
            println!("{name}: {ours:.3} {unit}{against}");
            // A goal in microseconds is for the figure itself: the unit then is told, not compared with.
            let (other, goal_of_ratio) = if goal.is_some() { (None, goal) } else { (other, None) };
            serde_json::json!({
                "name": name, "unit": unit, "ours": ours,
                "other": other.map(|o| o.0), "other_name": other.map(|o| o.1),
                "ratio": other.map(|o| ours / o.0), "goal": goal_of_ratio,
            })
        })
        .collect();
    if let Some(file) = json {
        std::fs::write(&file, serde_json::to_string_pretty(&list).expect("plain values")).expect("the file is written");
    }
}
