// SPDX-License-Identifier: GPL-2.0-or-later
//! What libFuzzer says of a run.

use std::path::PathBuf;

/// A target's run.
pub struct Outcome {
    /// The target.
    pub target: String,
    /// Its figures.
    pub figures: Figures,
    /// The input that crashed it; or the log, when there is none.
    pub crash: Option<PathBuf>,
}

/// Figures of a run, 0 where libFuzzer did not come to say.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Inputs that were tried.
    pub executions: u64,
    /// Inputs in a second.
    pub a_second: u64,
    /// Edges of the program's control flow that some input took.
    pub edges: u64,
    /// The same with how often they were taken and what was compared.
    pub features: u64,
    /// Inputs that each add something.
    pub corpus: u64,
}

impl Figures {
    /// From the output.
    pub fn read(text: &str) -> Self {
        let stat = |name: &str| {
            let line = text.lines().rev().find_map(|line| line.strip_prefix(&format!("stat::{name}:")));
            line.and_then(|n| n.trim().parse().ok()).unwrap_or(0)
        };
        // #2097152	DONE   cov: 1187 ft: 4480 corp: 412/21Kb lim: 4096 exec/s: 34952 rss: 98Mb
        let last = text.lines().rev().find(|line| line.starts_with('#') && line.contains(" cov: ")).unwrap_or_default();
        let after = |name: &str| {
            let word = last.split_whitespace().skip_while(|word| *word != name).nth(1).unwrap_or_default();
            word.split('/').next().and_then(|n| n.parse().ok()).unwrap_or(0)
        };
        Self {
            executions: stat("number_of_executed_units"),
            a_second: stat("average_exec_per_sec"),
            edges: after("cov:"),
            features: after("ft:"),
            corpus: after("corp:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_counts() {
        let text = "#2\tINITED cov: 10 ft: 11 corp: 1/1b exec/s: 0 rss: 30Mb\n\
                    #99\tDONE   cov: 1187 ft: 4480 corp: 412/21Kb lim: 4096 exec/s: 33 rss: 98Mb\n\
                    Done 99 runs in 3 second(s)\nstat::number_of_executed_units: 99\nstat::average_exec_per_sec:     33\n";
        let wanted = Figures { executions: 99, a_second: 33, edges: 1187, features: 4480, corpus: 412 };
        assert_eq!(Figures::read(text), wanted);
        assert_eq!(Figures::read("no output"), Figures::default());
    }
}
