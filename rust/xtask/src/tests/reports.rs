// SPDX-License-Identifier: GPL-2.0-or-later
//! What sanitizers wrote while tests ran, and what FRR's own account of memory says at exit: each distinct report once, with
//! how often it was seen.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

/// All reports of a run.
#[derive(Default)]
pub struct Reports(BTreeMap<String, Report>);

struct Report {
    times: u32,
    ours: bool,
    file: PathBuf,
    text: String,
}

/// Folders of this repository, as the compiler sees them from FRR's tree and from our own.
const OURS: [&str; 3] = ["frrscript/daemons/", "frrscript/vtysh/", "rust/frrscript/"];

/// What begins a report of an error that is nobody's to excuse.
const ADDRESS: &str = "ERROR: AddressSanitizer:";

/// Types of memory of which a daemon of FRR has something left at exit without any script.
struct Left {
    daemon: &'static str,
    /// Parts of the path of a run; none: everywhere.
    folders: &'static [&'static str],
    types: &'static [&'static str],
}

const LEFT_BY_FRR: [Left; 2] = [
    // vrrp_main.c: sigint() frees neither its connection to zebra nor VRFs and their interfaces.
    Left {
        daemon: "vrrpd",
        folders: &[],
        types: &[
            "Buffer",
            "Connected",
            "Hash",
            "Hash Bucket",
            "Hash Index",
            "Interface",
            "Link List",
            "Link Node",
            "Prefix",
            "Redistribution instance IDs",
            "Stream",
            "VRF",
            "VRF bit-map",
            "Zclient",
        ],
    },
    // An EVPN instance with VNIs is not freed: seen with the routers of script_evpn without their scripts.
    Left {
        daemon: "bgpd",
        folders: &["/script_evpn.", "/script_rt_nft."],
        types: &[
            "BGP EVPN Import RT",
            "BGP EVPN Information",
            "BGP EVPN instance information",
            "BGP MetaQ",
            "BGP Name data",
            "BGP PBR Context",
            "BGP ancillary route info",
            "BGP connected",
            "BGP extra info for EVPN",
            "BGP instance",
            "BGP node",
            "BGP own tunnel-ip address",
            "BGP peer",
            "BGP peer connection",
            "BGP peer hostname",
            "BGP route",
            "BGP table",
            "Hash",
            "Hash Bucket",
            "Hash Index",
            "L3 Route Target",
            "Link List",
            "Link Node",
            "Ring buffer",
            "Route node",
            "Route table",
            "Stream FIFO",
            "Typed-hash bucket",
            "Work queue",
            "Work queue name string",
            "extcommunity",
            "extcommunity val",
        ],
    },
];

/// What LeakSanitizer says when it was not allowed to look.
const BLIND: &str = "LeakSanitizer has encountered a fatal error";
/// The same of one thread: what only that one knows is then taken for lost.
const UNSEEN: &str = "was not suspended. False leaks are possible";

/// The folders whose daemons have runtimes in their process. Threads that those start keep the capabilities that `nft` needs; the
/// main pthread has given up its own at exit (FRR's lib/privs.c: zprivs_terminate), and nobody traces a thread that may do more
/// (capabilities(7)). Each side of the boundary is looked at alone: `cargo xtask test c` and `threads`.
const RUNTIMES: &str = "/script_rt_";

/// What FRR's framework writes to its log of a router when a daemon is still there 15 s after SIGTERM.
const KILLED: &str = "sending SIGBUS to:";

impl Reports {
    /// Reads every file of the run that a sanitizer wrote.
    pub fn find(rundir: &Path, src: &Path) -> Result<Self> {
        let mut files = Vec::new();
        walk(rundir, &mut files)?;
        files.sort();
        let mut reports = Self::default();
        for file in files {
            let text = String::from_utf8_lossy(&fs::read(&file)?).into_owned();
            if file.extension().is_some_and(|e| e == "err") {
                reports.left(&text, &file);
            } else if file.extension().is_some_and(|e| e == "log") {
                reports.killed(&text, &file);
            } else {
                reports.read(&text, &file, &format!("{}/", src.display()));
            }
        }
        Ok(reports)
    }

    fn read(&mut self, text: &str, file: &Path, src: &str) {
        let lines: Vec<&str> = text.lines().collect();
        let blind = [BLIND, UNSEEN].iter().any(|line| text.contains(line));
        for (at, line) in lines.iter().enumerate() {
            let stack = || -> Vec<&str> {
                lines[at + 1..].iter().map(|l| l.trim()).take_while(|l| l.starts_with('#')).collect()
            };
            if let Some((_, what)) = line.split_once(ADDRESS) {
                // The first of its stacks: what kind of access it was stands before it, an empty line behind.
                let stack: Vec<&str> = lines[at + 1..]
                    .iter()
                    .map(|l| l.trim())
                    .skip_while(|l| !l.starts_with('#'))
                    .take_while(|l| l.starts_with('#'))
                    .collect();
                let kind = what.split_whitespace().next().unwrap_or_default();
                self.add(format!("{kind} {}", places(&stack, 4, src)), true, file, &lines[at..]);
            } else if line.starts_with("Direct leak of") {
                if blind {
                    continue;
                }
                self.add(format!("leak {}", places(&stack(), 6, src)), true, file, &lines[at..]);
            } else if line.contains(BLIND) || line.contains(UNSEEN) {
                let ours = !file.to_string_lossy().contains(RUNTIMES);
                let why = if ours { "" } else { ": a runtime's threads" };
                self.add(format!("leaks were not looked for{why}"), ours, file, &lines[at..]);
            } else if let Some((place, what)) = line.split_once(": runtime error: ") {
                let place = place.trim_start_matches(src);
                let ours = OURS.iter().any(|folder| place.contains(folder));
                let what = without_figures(what);
                self.add(format!("undefined {place}: {what}"), ours, file, &lines[at..]);
            }
        }
    }

    /// FRR's own account (lib/memory.c: log_memstats), which a daemon writes with its last words.
    fn left(&mut self, text: &str, file: &Path) {
        for line in text.lines() {
            let Some((daemon, what)) = line.split_once(": memstats:") else { continue };
            let kind = what.split(" :").next().unwrap_or(what).trim();
            let path = file.to_string_lossy();
            let here = |left: &&Left| left.folders.is_empty() || left.folders.iter().any(|part| path.contains(part));
            let ours = !LEFT_BY_FRR.iter().filter(here).any(|left| left.daemon == daemon && left.types.contains(&kind));
            self.add(format!("left at exit {daemon}: {kind}"), ours, file, &[line]);
        }
    }

    /// Daemons that did not end when they were told to. They were killed, and nobody has seen what they leave.
    fn killed(&mut self, text: &str, file: &Path) {
        for line in text.lines().filter(|line| line.contains(KILLED)) {
            let names = line.rsplit(KILLED).next().unwrap_or_default().trim();
            self.add(format!("did not end: {names}"), true, file, &[line]);
        }
    }

    fn add(&mut self, key: String, ours: bool, file: &Path, lines: &[&str]) {
        let text = || lines[..lines.len().min(30)].join("\n");
        self.0.entry(key).or_insert_with(|| Report { times: 0, ours, file: file.to_owned(), text: text() }).times += 1;
    }

    /// How many distinct reports are failures: all but undefined behaviour in FRR's own files and what FRR leaves by itself.
    pub fn ours(&self) -> usize {
        self.0.values().filter(|report| report.ours).count()
    }

    /// Those that are failures in full, and a line for each of the others.
    pub fn print(&self) {
        for (key, report) in &self.0 {
            if report.ours {
                println!("\n{} times, first in {}: {key}\n{}", report.times, report.file.display(), report.text);
            }
        }
        for (key, report) in self.0.iter().filter(|(_, report)| !report.ours) {
            println!("FRR's own, {} times: {key}", report.times);
        }
        println!("reports: {} distinct ones, and {} of FRR's own", self.ours(), self.0.len() - self.ours());
    }
}

/// Functions of the first frames that say where they are in a source file.
fn places(stack: &[&str], most: usize, src: &str) -> String {
    let frame = |line: &&str| -> Option<String> {
        let (_, after) = line.split_once(" in ")?;
        Some(after.replace(src, ""))
    };
    stack.iter().filter_map(frame).take(most).collect::<Vec<_>>().join(" < ")
}

/// The message without what differs each time: addresses and values.
fn without_figures(text: &str) -> String {
    let word = |word: &str| match word.chars().next() {
        Some(c) if c.is_ascii_digit() || c == '-' => "N".to_owned(),
        _ => word.to_owned(),
    };
    text.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

fn walk(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            walk(&path, files)?;
        } else if entry.file_type()?.is_file() && is_report(&entry.file_name().to_string_lossy()) {
            files.push(path);
        }
    }
    Ok(())
}

/// `exec.log` is the framework's own; with several workers each has one.
fn is_report(name: &str) -> bool {
    name.contains(".asan") || name.ends_with(".err") || name == "exec.log"
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "\
/s/lib/vty.c:10:3: runtime error: load of value 190, which is not valid for type 'bool'
/s/frrscript/daemons/lib/script_bus.c:7:1: runtime error: shift exponent -1 is negative
=================================================================
==7==ERROR: AddressSanitizer: heap-use-after-free on address 0x6 at pc 0x5
READ of size 8 at 0x6 thread T0
    #0 0x55 in route_match /s/bgpd/bgp_routemap.c:100:2
    #1 0x56 in main /s/bgpd/bgp_main.c:5:3

==8==ERROR: LeakSanitizer: detected memory leaks

Direct leak of 24 byte(s) in 1 object(s) allocated from:
    #0 0x49 in calloc (/r/bgpd+0x4)
    #1 0x7f in qcalloc /s/lib/memory.c:111:27

Indirect leak of 8 byte(s) in 1 object(s) allocated from:
    #0 0x49 in calloc (/r/bgpd+0x4)
";

    #[test]
    fn each_report_is_found_once() {
        let mut reports = Reports::default();
        for _ in 0..2 {
            reports.read(TEXT, Path::new("r1.asan.bgpd.8"), "/s/");
        }
        let found: Vec<(&str, u32, bool)> =
            reports.0.iter().map(|(key, report)| (key.as_str(), report.times, report.ours)).collect();
        assert_eq!(
            found,
            [
                ("heap-use-after-free route_match bgpd/bgp_routemap.c:100:2 < main bgpd/bgp_main.c:5:3", 2, true),
                ("leak calloc (/r/bgpd+0x4) < qcalloc lib/memory.c:111:27", 2, true),
                ("undefined frrscript/daemons/lib/script_bus.c:7:1: shift exponent N is negative", 2, true),
                ("undefined lib/vty.c:10:3: load of value N which is not valid for type 'bool'", 2, false),
            ]
        );
        assert_eq!(reports.ours(), 3);
    }

    #[test]
    fn what_a_daemon_leaves_at_exit_is_a_report() {
        let mut reports = Reports::default();
        let text = "bgpd: showing active allocations in memory group bgpd\n\
                    bgpd: memstats:  BGP peer                      :      1 *      24056\n";
        reports.left(text, Path::new("r1/bgpd.err"));
        assert_eq!(reports.0.keys().collect::<Vec<_>>(), ["left at exit bgpd: BGP peer"]);
        assert_eq!(reports.ours(), 1);
    }

    #[test]
    fn a_daemon_that_was_killed_is_a_report() {
        let mut reports = Reports::default();
        reports.killed("WARNING: topo: r1: sending SIGBUS to: bgpd, zebra\n", Path::new("exec.log"));
        reports.read("==7==LeakSanitizer has encountered a fatal error.\n", Path::new("r1.asan.bgpd.7"), "/s/");
        assert_eq!(reports.0.keys().collect::<Vec<_>>(), ["did not end: bgpd, zebra", "leaks were not looked for"]);
        assert_eq!(reports.ours(), 2);
    }

    #[test]
    fn leaks_are_not_told_from_what_threads_of_a_runtime_hold() {
        let text = "==9==Running thread 8 was not suspended. False leaks are possible.\nDirect leak of 24 byte(s) in 1 object(s)\n";
        let mut reports = Reports::default();
        reports.read(text, Path::new("sanitized/script_rt_nft.test_script_rt_nft/r1.asan.bgpd.7"), "/s/");
        assert_eq!(reports.0.keys().collect::<Vec<_>>(), ["leaks were not looked for: a runtime's threads"]);
        assert_eq!(reports.ours(), 0);
    }
}
