// SPDX-License-Identifier: GPL-2.0-or-later
//! What happened when: lines of the routers' logs beside what the demo did.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Result;

use super::router::Router;

const DAY: f64 = 86400.0;

/// What happened, in no order yet.
#[derive(Default)]
pub struct Timeline(Vec<(f64, String)>);

impl Timeline {
    /// Something that the demo did or saw.
    pub fn add(&mut self, at: SystemTime, who: &str, what: &str) {
        self.0.push((of_day(at), format!("{who:<6} {what}")));
    }

    /// Lines of a daemon's log that have one of the texts in them, since a time.
    pub fn add_log(&mut self, router: &Router, daemon: &str, since: SystemTime, texts: &[&str]) -> Result<()> {
        let log = fs::read_to_string(router.log(daemon))?;
        for line in log.lines() {
            let Some((at, message)) = parse(line) else { continue };
            if at >= of_day(since) && texts.iter().any(|text| message.contains(text)) {
                self.0.push((at, format!("{:<6} {message}", router.name)));
            }
        }
        Ok(())
    }

    /// One line for each, with seconds since `start`.
    pub fn text(mut self, start: SystemTime) -> String {
        self.0.sort_by(|a, b| a.0.total_cmp(&b.0));
        let start = of_day(start);
        self.0.iter().map(|(at, what)| format!("    {:>9.3} s  {what}\n", at - start)).collect()
    }
}

/// Seconds since midnight, UTC, as the logs have them.
fn of_day(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64() % DAY
}

/// `2026/11/21 15:12:49.123456 BGP: [ABCDE-12345] message`: its seconds since midnight and the message.
fn parse(line: &str) -> Option<(f64, &str)> {
    let (_, rest) = line.split_once(' ')?;
    let (time, rest) = rest.split_once(' ')?;
    let (_, message) = rest.split_once(": ")?;
    let message = match message.strip_prefix('[').and_then(|m| m.split_once("] ")) {
        Some((_, message)) => message,
        None => message,
    };
    let mut parts = time.split(':');
    let hours: f64 = parts.next()?.parse().ok()?;
    let minutes: f64 = parts.next()?.parse().ok()?;
    let seconds: f64 = parts.next()?.parse().ok()?;
    Some((hours * 3600.0 + minutes * 60.0 + seconds, message))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_log_line() {
        let line = "2026/11/21 01:02:03.500000 BGP: [ABCDE-12345] bgpd: gone";
        assert_eq!(parse(line), Some((3723.5, "bgpd: gone")));
        assert_eq!(parse("2026/11/21 00:00:01.25 VRRP: plain: text"), Some((1.25, "plain: text")));
        assert_eq!(parse("no log line"), None);
    }
}
