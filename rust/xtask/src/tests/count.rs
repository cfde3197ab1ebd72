// SPDX-License-Identifier: GPL-2.0-or-later
//! How many tests passed and failed, from what each test runner writes.

use std::fs;
use std::ops::AddAssign;
use std::path::Path;

use anyhow::{Context, Result};

/// The outcome of a run of tests.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Count {
    /// Tests that passed.
    pub passed: u32,
    /// Tests that failed, or could not be run.
    pub failed: u32,
    /// Tests that their runner left out.
    pub skipped: u32,
    /// Those that failed, as their runner names them; one that could not be run has no name.
    pub names: Vec<String>,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.names.extend(other.names);
    }
}

impl Count {
    /// One test.
    pub fn one(passed: bool) -> Self {
        Self { passed: passed.into(), failed: (!passed).into(), ..Self::default() }
    }

    /// The same, and a failure when the run itself failed, which is more than its results may say: a program that a signal
    /// ended has none.
    pub fn and_run(mut self, run: Result<()>) -> Self {
        if let Err(error) = run {
            eprintln!("{error:#}");
            self.failed = self.failed.max(1);
        }
        self
    }

    /// From a JUnit file, as pytest writes it.
    pub fn from_junit(path: &Path) -> Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("{} is missing", path.display()))?;
        Ok(Self::junit(&text))
    }

    fn junit(text: &str) -> Self {
        let mut count = Self::default();
        for suite in text.split("<testsuite ").skip(1) {
            let tag = suite.split('>').next().unwrap_or_default();
            let number = |name: &str| -> u32 {
                let start = format!("{name}=\"");
                tag.split(&start)
                    .nth(1)
                    .and_then(|rest| rest.split('"').next())
                    .and_then(|number| number.parse().ok())
                    .unwrap_or(0)
            };
            let failed = number(" failures") + number("errors");
            let skipped = number(" skipped");
            count +=
                Self { passed: number(" tests").saturating_sub(failed + skipped), failed, skipped, ..Self::default() };
        }
        for case in text.split("<testcase ").skip(1) {
            let Some((tag, inside)) = case.split_once('>') else { continue };
            if inside.starts_with("<failure") || inside.starts_with("<error") {
                let tag = format!(" {tag}");
                let attribute = |name: &str| tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next();
                let (class, test) = (attribute("classname"), attribute("name"));
                count.names.push(format!("{}::{}", class.unwrap_or("?"), test.unwrap_or("?")));
            }
        }
        count
    }

    /// From the summary lines of `cargo test`.
    pub fn from_cargo(text: &str) -> Self {
        let mut count = Self::default();
        for line in text.lines().filter(|l| l.starts_with("test result: ")) {
            let number = |what: &str| -> u32 {
                line.split(&format!(" {what}"))
                    .next()
                    .and_then(|before| before.rsplit(' ').next())
                    .and_then(|number| number.parse().ok())
                    .unwrap_or(0)
            };
            count += Self {
                passed: number("passed"),
                failed: number("failed"),
                skipped: number("ignored"),
                ..Self::default()
            };
        }
        let failed = |line: &&str| line.ends_with(" ... FAILED") || line.contains("process didn't exit successfully");
        count.names = text.lines().filter(failed).map(|line| line.trim().to_owned()).collect();
        count
    }

    /// From lines `ok NAME` and `not ok NAME why`.
    pub fn from_lines(text: &str) -> Self {
        let of = |start: &str| {
            let lines = text.lines().filter(|line| line.starts_with(start));
            u32::try_from(lines.count()).unwrap_or(u32::MAX)
        };
        let names = text.lines().filter_map(|line| line.strip_prefix("not ok ")).map(str::to_owned).collect();
        Self { passed: of("ok "), failed: of("not ok "), skipped: 0, names }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(passed: u32, failed: u32, skipped: u32, names: &[&str]) -> Count {
        Count { passed, failed, skipped, names: names.iter().map(|&name| name.to_owned()).collect() }
    }

    #[test]
    fn junit_of_pytest() {
        let text = "<?xml version=\"1.0\"?><testsuites name=\"pytest tests\">\
                    <testsuite name=\"pytest\" errors=\"1\" failures=\"2\" skipped=\"3\" tests=\"10\" \
                    time=\"1.0\"><testcase classname=\"x.y\" name=\"a\" time=\"1\" />\
                    <testcase classname=\"x.y\" name=\"b\" time=\"1\"><failure message=\"c\">d</failure></testcase>\
                    </testsuite></testsuites>";
        assert_eq!(Count::junit(text), count(4, 3, 3, &["x.y::b"]));
    }

    #[test]
    fn summary_of_cargo() {
        let text = "running 3 tests\n\
                    test a ... ok\ntest b::c ... FAILED\n\
                    test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\
                    test result: FAILED. 10 passed; 2 failed; 1 ignored; 0 measured\n\
                    \x20 process didn't exit successfully: `d` (signal: 11)\n";
        let names = ["test b::c ... FAILED", "process didn't exit successfully: `d` (signal: 11)"];
        assert_eq!(Count::from_cargo(text), count(13, 2, 1, &names));
    }

    #[test]
    fn lines_of_the_c_program() {
        let text = "ok a\nok b\nnot ok c why\nsomething ok else\n";
        assert_eq!(Count::from_lines(text), count(2, 1, 0, &["c why"]));
    }

    #[test]
    fn a_run_that_ended_in_a_signal_is_a_failure() {
        assert_eq!(count(3, 0, 0, &[]).and_run(Err(anyhow::anyhow!("signal 4"))), count(3, 1, 0, &[]));
        assert_eq!(count(3, 2, 0, &["a"]).and_run(Ok(())), count(3, 2, 0, &["a"]));
    }
}
