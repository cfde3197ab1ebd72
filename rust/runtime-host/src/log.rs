// SPDX-License-Identifier: GPL-2.0-or-later
//! Lines that runtimes log from threads of their own. They wait here for the main thread: other threads may not call the
//! daemon's log.

use crate::sync::{Mutex, lock};
use std::collections::VecDeque;

/// Lines that wait at most; more are counted.
const MOST: usize = 1000;
/// Octets of a line.
const LONGEST: usize = 1000;

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The runtime that logged it, as far as that is known.
    pub runtime: Option<String>,
    /// syslog's.
    pub priority: i32,
    /// Without a newline.
    pub text: String,
}

#[derive(Debug, Default)]
struct State {
    lines: VecDeque<Line>,
    dropped: u64,
}

/// A text without control characters: it may be what somebody in the network has sent, and ends on a terminal.
#[must_use]
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// The lines.
#[derive(Debug, Default)]
pub struct Lines(Mutex<State>);

impl Lines {
    /// Adds the lines of a text; true: there were none, so the main thread does not know yet.
    #[must_use]
    pub fn put(&self, runtime: Option<&str>, priority: i32, text: &str) -> bool {
        let mut state = lock(&self.0);
        let first = state.lines.is_empty();
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            if state.lines.len() >= MOST {
                state.dropped += 1;
                continue;
            }
            let mut end = line.len().min(LONGEST);
            while !line.is_char_boundary(end) {
                end -= 1;
            }
            let text = plain(&line[..end]);
            state.lines.push_back(Line { runtime: runtime.map(str::to_owned), priority: priority.clamp(0, 7), text });
        }
        first && !state.lines.is_empty()
    }

    /// Takes some of them, how many did not fit, and whether there are more.
    pub fn take(&self, most: usize) -> (Vec<Line>, u64, bool) {
        let mut state = lock(&self.0);
        let most = most.min(state.lines.len());
        let lines = state.lines.drain(..most).collect();
        (lines, std::mem::take(&mut state.dropped), !state.lines.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded_and_counted() {
        let lines = Lines::default();
        assert!(lines.put(Some("echo"), 6, "one\ntwo\n\n"));
        assert!(!lines.put(None, 99, &"x".repeat(5000)));
        let (taken, dropped, more) = lines.take(3);
        assert!(!more);
        let texts: Vec<usize> = taken.iter().map(|l| l.text.len()).collect();
        assert_eq!((texts, dropped), (vec![3, 3, LONGEST], 0));
        assert_eq!(taken[2].priority, 7);
        let _ = lines.put(None, 6, "a\rb\u{1b}[2J\tc");
        assert_eq!(lines.take(10).0[0].text, "a b [2J c");
        for _ in 0..MOST + 5 {
            let _ = lines.put(None, 6, "flood");
        }
        let (taken, dropped, more) = lines.take(10);
        assert_eq!((taken.len(), dropped, more), (10, 5, true));
        // Who has left some looks for them himself.
        assert!(!lines.put(None, 6, "one more"));
    }
}
