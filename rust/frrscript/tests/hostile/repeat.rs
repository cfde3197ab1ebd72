// SPDX-License-Identifier: GPL-2.0-or-later
//! One case, again and again.
//!
//! Time is judged by the CPU time of the thread that calls: another process that has the processor is not the script's doing. One call in
//! twenty may be late, because the watchdog's thread needs a processor too, and the case is tried again before it counts as too long.
//!
//! What ends in time is then repeated until anything that it leaves behind would show: with a time limit of [`SHORT`] where it is the time
//! that ends it, because what a stopped call leaves does not depend on how long it ran; and for [`LONGEST`] at most.
//!
//! The script stays loaded between the calls (what a call leaves in the VM would show), and is resumed before it would be suspended. A task is
//! started by a reload, so there each repeat has a VM of its own. Memory is compared after a full collection: from the second
//! repeat on, because the first one fills what is kept for good, and only in the end.

use super::case::{Case, Hook};
use super::events::{self, WAKE};
use super::host::{Host, Rule, cpu_time};
use super::tables::Objects;
use super::usage::Memory;
use frrscript::failure::Kind;
use frrscript::ffi::abi::{OptionKind, Verdict};
use frrscript::ffi::exports::events::frrscript_turn;
use frrscript::script::store;
use std::time::{Duration, Instant};

/// Failures in a row that do not suspend yet.
const RESUME: u32 = 10;
/// A file that is refused for its time takes seconds each time: one in so many repeats, and not fewer than these.
const LOADS: (u32, u32) = (50, 3);
/// For so long a task that does not end by itself has its way.
const LASTS: Duration = Duration::from_millis(50);
/// Octets of heap that are no leak, whatever the heap's size: a log line, a table's growth.
const SLACK: u64 = 32 * 1024;
/// Octets of memory that the C library keeps in pieces too small to give back.
const SLACK_RESIDENT: u64 = 1024 * 1024;

/// Milliseconds of limit where time is not what is measured.
const SHORT: u32 = 2;
/// So long, and no fewer repeats than these.
const LONGEST: (Duration, u32) = (Duration::from_secs(3), 20);

/// What came of it.
#[derive(Debug, Default)]
pub struct Measured {
    pub limit: Duration,
    pub median: Duration,
    pub longest: Duration,
    /// The CPU time that 19 of 20 calls kept to, and the median.
    pub cpu: Duration,
    pub cpu_median: Duration,
    pub before: Memory,
    pub after: Memory,
    /// Octets in the script's VM, before and after.
    pub script: (u64, u64),
    pub logged: u64,
    pub counted: u64,
    /// Repeats whose times were measured, and those after them.
    pub timed: u32,
    pub worn: u32,
    /// What is wrong, in words.
    pub wrong: Vec<String>,
}

const LATE: &str = "too long: ";

impl Measured {
    /// Nothing is wrong but the time.
    pub fn is_only_late(&self) -> bool {
        !self.wrong.is_empty() && self.wrong.iter().all(|w| w.starts_with(LATE))
    }
}

/// One call.
struct Once {
    wall: Duration,
    cpu: Duration,
}

fn once(f: impl FnOnce()) -> Once {
    let (began, cpu) = (Instant::now(), cpu_time());
    f();
    Once { cpu: cpu_time() - cpu, wall: began.elapsed() }
}

/// Runs a case: `timed` calls that are measured, and `worn` more.
pub fn run(case: &Case, timed: u32, worn: u32) -> Measured {
    let host = Host::start();
    host.write("s", "function route_match() return RM_NOMATCH end");
    assert_eq!(host.option("s", OptionKind::LIMIT_TIME, case.msec), Ok(String::new()));
    assert_eq!(host.option("s", OptionKind::LIMIT_MEMORY, case.mebibytes), Ok(String::new()));
    assert!(host.load("s").is_ok(), "a script that loads");
    let measured = Measured { limit: Duration::from_millis(case.msec.into()), ..Measured::default() };
    let mut run = Run { host, case, measured, log: Vec::new(), began: Instant::now(), wears: false };
    run.measured.timed = run.repeat(timed);
    if worn > 0 && run.measured.wrong.is_empty() {
        run.wear(worn);
    }
    run.next_is_served();
    run.measured
}

struct Run<'a> {
    host: Host,
    case: &'a Case,
    measured: Measured,
    /// Lines of the script's failures.
    log: Vec<String>,
    began: Instant,
    /// Times are not judged any more.
    wears: bool,
}

impl Run<'_> {
    /// How many there were.
    fn repeat(&mut self, repeats: u32) -> u32 {
        self.began = Instant::now();
        match self.case.hook {
            Hook::Load => self.load(repeats),
            Hook::Task => self.tasks(repeats),
            Hook::Route => self.calls(repeats),
        }
    }

    fn wear(&mut self, repeats: u32) {
        let (case, limit) = (self.case, self.measured.limit);
        if case.ends == "deadline" {
            assert_eq!(self.host.option("s", OptionKind::LIMIT_TIME, SHORT), Ok(String::new()));
            self.measured.limit = Duration::from_millis(SHORT.into());
        }
        self.host.clear("s");
        self.log.clear();
        self.wears = true;
        self.measured.worn = self.repeat(repeats);
        self.measured.limit = limit;
    }

    /// Whether there is one more after so many.
    fn goes_on(&self, done: u32, repeats: u32) -> bool {
        done < repeats && (!self.wears || done < LONGEST.1 || self.began.elapsed() < LONGEST.0)
    }

    fn wrong(&mut self, why: impl Into<String>) {
        if self.measured.wrong.len() < 5 {
            self.measured.wrong.push(why.into());
        }
    }

    fn calls(&mut self, repeats: u32) -> u32 {
        self.host.write("s", &self.case.text);
        if let Err(why) = self.host.reload("s") {
            self.wrong(format!("it does not load: {}", short(&why)));
            return 0;
        }
        let rule = self.host.rule("s", "route_match");
        let objects = Objects::sample();
        let mut all = Vec::new();
        let mut n = 0;
        while self.goes_on(n, repeats) {
            if n % RESUME == RESUME - 1 {
                self.host.resume("s").expect("a script");
            }
            // In a turn of its own, here and below: many slow ones in one are another matter (topotests/script_turns).
            frrscript_turn();
            all.push(once(|| self.call(&rule, &objects)));
            self.look(n);
            n += 1;
        }
        self.judge(&all, self.measured.limit);
        n
    }

    fn call(&self, rule: &Rule, objects: &Objects) {
        let verdict = rule.call(objects);
        assert!(self.case.ends == "fine" || verdict == Verdict::NOMATCH, "a failed call answers on-error");
    }

    fn tasks(&mut self, repeats: u32) -> u32 {
        self.host.write("s", &self.case.text);
        let mut all = Vec::new();
        // The longest one of each repeat.
        let mut turns = Vec::new();
        let lasts = if self.wears { Duration::from_millis(SHORT.into()) } else { LASTS };
        let mut n = 0;
        while self.goes_on(n, repeats) {
            WAKE.take();
            if let Err(why) = self.host.reload("s") {
                self.wrong(format!("it does not load: {}", short(&why)));
                return n;
            }
            let done = u64::from(n) + 1;
            let mut sum = Once { wall: Duration::ZERO, cpu: Duration::ZERO };
            let mut longest = Once { wall: Duration::ZERO, cpu: Duration::ZERO };
            let mut lasts = if self.case.ends == "fine" { lasts } else { self.measured.limit * 10 + LASTS };
            while !lasts.is_zero() && (self.case.ends == "fine" || self.host.errors("s", &self.case.ends) < done) {
                let Some(msec) = WAKE.take() else { break };
                let pause = Duration::from_millis(msec.into());
                if pause > lasts {
                    break;
                }
                std::thread::sleep(pause);
                let turn = once(|| frrscript_turn());
                lasts = lasts.saturating_sub(pause + turn.wall);
                sum.wall += turn.wall;
                sum.cpu += turn.cpu;
                if turn.cpu > longest.cpu {
                    longest = turn;
                }
            }
            all.push(sum);
            turns.push(longest);
            self.look(n);
            n += 1;
        }
        // A task that goes on for ever is judged by how long it keeps the daemon from anything else.
        let fine = self.case.ends == "fine";
        let limit = self.measured.limit;
        self.judge(if fine { &turns } else { &all }, limit);
        n
    }

    fn load(&mut self, repeats: u32) -> u32 {
        self.host.write("s", &self.case.text);
        let limit = store::find("s").map_or(Duration::ZERO, |s| s.options.borrow().load_time());
        self.measured.limit = limit;
        let repeats = if self.case.time { (repeats / LOADS.0).max(LOADS.1) } else { repeats };
        let mut all = Vec::new();
        let mut n = 0;
        while self.goes_on(n, repeats) {
            let mut result = Ok(String::new());
            frrscript_turn();
            all.push(once(|| result = self.host.reload("s")));
            match (result, self.case.ends.as_str()) {
                (Err(why), "load") => {
                    self.measured.counted += 1;
                    self.says(&why);
                }
                (Ok(_), "fine") => {}
                (result, _) => self.wrong(format!("{}", short(&format!("{result:?}")))),
            }
            self.look(n);
            n += 1;
        }
        self.judge(&all, limit);
        n
    }

    fn says(&mut self, why: &str) {
        if let Some(says) = &self.case.says
            && !why.contains(says)
        {
            self.wrong(format!("says {}", short(why)));
        }
    }

    /// After a repeat: the log is emptied, memory is noted.
    fn look(&mut self, n: u32) {
        let failures = ["runtime", "deadline", "memory", "contract", "failure", "missing", "panic"];
        for line in self.host.take_log() {
            if failures.iter().any(|kind| line.starts_with("script s: ") && line.contains(&format!(": {kind}: "))) {
                self.log.push(line);
            }
        }
        if n == 1 {
            (self.measured.before, self.measured.script.0) = self.memory();
        }
    }

    fn memory(&self) -> (Memory, u64) {
        let generation = store::find("s").and_then(|s| s.current());
        let used = generation.map_or(0, |g| {
            // A stack that has grown is made half as large by each collection.
            (0..8).for_each(|_| g.vm.collect_all());
            g.vm.memory().0 as u64
        });
        (Memory::now(), used)
    }

    fn judge(&mut self, all: &[Once], limit: Duration) {
        let (case, repeats) = (self.case, all.len());
        let fine = case.ends == "fine";
        // Counters.
        if case.hook != Hook::Load {
            let shown = self.host.show("s");
            for kind in Kind::ALL {
                let (count, name) = (shown["errors"][kind.name()].as_u64().unwrap_or(0), kind.name());
                let expected = if name == case.ends { repeats as u64 } else { 0 };
                if name == case.ends {
                    self.measured.counted = count;
                }
                if count != expected {
                    let last = self.host.last_error("s");
                    self.wrong(format!("{count} times {name}, not {expected}: {}", short(&last)));
                }
            }
            let last = self.host.last_error("s");
            if !fine {
                self.says(&last);
            }
            // The log: one line, and another one in each interval of a minute.
            self.measured.logged = self.log.len() as u64;
            let minutes = self.began.elapsed().as_secs() / 60;
            let expected = u64::from(!fine)..=if fine { 0 } else { minutes + 1 };
            if !expected.contains(&self.measured.logged) {
                self.wrong(format!("{} log lines, not {expected:?}: {:?}", self.log.len(), self.log.first()));
            }
        }
        if !self.wears {
            self.judge_times(all, limit);
        }
        // Memory.
        if repeats < 2 {
            return;
        }
        let (after, script) = self.memory();
        (self.measured.after, self.measured.script.1) = (after, script);
        let before = self.measured.before;
        for (what, before, after, slack) in [
            ("the script's memory", self.measured.script.0, script, 4096),
            ("the heap", before.heap, after.heap, SLACK),
            ("resident memory", before.resident, after.resident, SLACK_RESIDENT),
        ] {
            if after > before + before / 20 + slack {
                self.wrong(format!("{what} grew from {before} to {after} octets"));
            }
        }
    }

    fn judge_times(&mut self, all: &[Once], limit: Duration) {
        let case = self.case;
        let mut wall: Vec<Duration> = all.iter().map(|o| o.wall).collect();
        let mut cpu: Vec<Duration> = all.iter().map(|o| o.cpu).collect();
        wall.sort_unstable();
        cpu.sort_unstable();
        let at = |times: &[Duration], part: usize| {
            times.get((times.len() * part / 20).min(times.len().saturating_sub(1))).copied().unwrap_or_default()
        };
        (self.measured.median, self.measured.longest) = (at(&wall, 10), at(&wall, 20));
        self.measured.cpu_median = at(&cpu, 10);
        // Of fewer than 20 the longest but one.
        let place = (cpu.len() * 19 / 20).min(cpu.len().saturating_sub(2));
        self.measured.cpu = cpu.get(place).copied().unwrap_or_default();
        let most = case.most.map(|m| Duration::from_millis(m.into())).or(case.time.then_some(limit * 12 / 10));
        if let Some(most) = most
            && self.measured.cpu > most
        {
            self.wrong(format!("{LATE}{:?} of CPU time, not {most:?}", self.measured.cpu));
        }
    }

    /// After all of it a good script runs.
    fn next_is_served(&mut self) {
        self.host.write("s", "n = 0 frr.spawn(function() n = 1 end) function route_match() return n == 1 end");
        if let Err(why) = self.host.reload("s") {
            return self.wrong(format!("the next script does not load: {}", short(&why)));
        }
        events::turns(Duration::from_millis(50));
        let rule = self.host.rule("s", "route_match");
        if rule.call(&Objects::sample()) != Verdict::MATCH {
            let last = self.host.last_error("s");
            self.wrong(format!("the next script fails: {}", short(&last)));
        }
        drop(rule);
        self.host.take_log();
    }
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}
