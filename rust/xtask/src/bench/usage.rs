// SPDX-License-Identifier: GPL-2.0-or-later
//! What a process has used, from /proc (proc_pid_stat(5), proc_pid_status(5)).

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result};

/// Clock ticks per second in /proc: the kernel's `USER_HZ`, 100 on every architecture that FRR is
/// packaged for, whatever its own timer does.
const TICKS: f64 = 100.0;

/// CPU time of all threads of a process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cpu {
    /// Seconds in its own code.
    pub(super) user: f64,
    /// Seconds in the kernel for it.
    pub(super) system: f64,
}

impl Cpu {
    /// Both together, in seconds.
    pub(super) fn total(self) -> f64 {
        self.user + self.system
    }

    /// What was used since `before`.
    pub(super) fn since(self, before: Self) -> Self {
        Self { user: self.user - before.user, system: self.system - before.system }
    }

    /// Reads it for a process.
    pub(super) fn of(pid: u32) -> Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).with_context(|| format!("process {pid} is gone"))?;
        parse_stat(&stat).with_context(|| format!("/proc/{pid}/stat has another form"))
    }
}

/// Most memory that a process ever had resident, in MiB (VmHWM).
pub(super) fn peak_memory(pid: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).with_context(|| format!("process {pid} is gone"))?;
    parse_peak(&status).with_context(|| format!("/proc/{pid}/status has another form"))
}

/// Longest pause between two looks at a process.
pub(super) const POLL: Duration = Duration::from_millis(100);

fn parse_stat(stat: &str) -> Option<Cpu> {
    // The second field is the name in brackets and may hold spaces: count from its end.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut seconds = || Some(fields.next()?.parse::<f64>().ok()? / TICKS);
    Some(Cpu { user: seconds()?, system: seconds()? })
}

fn parse_peak(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib / 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_behind_any_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194304 5 0 0 0 1234 56 0 0 20 0 4 0 99";
        let cpu = parse_stat(stat).expect("a stat line");
        assert_eq!((cpu.user, cpu.system), (12.34, 0.56));
        assert_eq!(parse_stat("42 (a) S 1"), None);
    }

    #[test]
    fn the_peak_is_in_mebibytes() {
        let status = "Name:\tbgpd\nVmPeak:\t  999 kB\nVmHWM:\t    2048 kB\nVmRSS:\t 1 kB\n";
        assert_eq!(parse_peak(status), Some(2.0));
        assert_eq!(parse_peak("Name:\tbgpd\n"), None);
    }

    #[test]
    fn our_own_process_has_used_something() {
        let pid = std::process::id();
        assert!(Cpu::of(pid).expect("our own stat").total() >= 0.0);
        assert!(peak_memory(pid).expect("our own status") > 0.0);
    }
}
