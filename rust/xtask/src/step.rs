// SPDX-License-Identifier: GPL-2.0-or-later
//! Running other programs: a spinner on a terminal, plain lines elsewhere,
//! the output in a log file, and the end of it when the program fails.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use indicatif::{ProgressBar, ProgressStyle};

/// A program to run.
pub struct Run {
    command: Command,
    name: String,
}

/// Starts to describe a program run.
pub fn run(program: impl AsRef<OsStr>) -> Run {
    let name = program.as_ref().to_string_lossy().into_owned();
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    // `cargo run` sets these for us; a configure or cargo that we start would
    // take them for its user's own.
    for variable in ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "MAKEFLAGS"] {
        command.env_remove(variable);
    }
    Run { command, name }
}

impl Run {
    /// Adds one argument.
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// Adds several arguments.
    pub fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.command.args(args);
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Takes an environment variable away.
    pub fn unset(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Runs it in `dir`.
    pub fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Runs it and returns what it wrote to its standard output. An exit code
    /// other than 0 is an error with what it wrote to its standard error.
    pub fn output(mut self) -> Result<String> {
        let output = self.command.output().with_context(|| self.missing())?;
        if !output.status.success() {
            bail!("`{}` failed: {}", self.line(), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs it and says whether it succeeded; its output is dropped.
    pub fn succeeds(mut self) -> bool {
        self.command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    }

    /// Runs it on this terminal and says whether it succeeded.
    pub fn shown(mut self) -> Result<bool> {
        let status = self.command.status().with_context(|| self.missing())?;
        Ok(status.success())
    }

    /// Runs it on this terminal, standard input included.
    pub fn interactive(mut self) -> Result<bool> {
        self.command.stdin(Stdio::inherit());
        self.shown()
    }

    /// Runs it as a step of the build: says `what`, writes its output to `log`.
    pub fn step(mut self, what: &str, log: &Path) -> Result<()> {
        let step = Step::start(what);
        let mut file = create(log)?;
        writeln!(file, "$ {}", self.line())?;
        let (reader, writer) = std::io::pipe()?;
        self.command.stdout(writer.try_clone()?).stderr(writer);
        let mut child = self.command.spawn().with_context(|| self.missing())?;
        // The command keeps the pipe's write ends: without them the reader ends
        // with the child.
        let Run { command, name } = self;
        drop(command);
        for line in BufReader::new(reader).split(b'\n') {
            let line = line?;
            file.write_all(&line)?;
            file.write_all(b"\n")?;
            step.line(&String::from_utf8_lossy(&line));
        }
        if child.wait()?.success() {
            step.done();
            return Ok(());
        }
        step.failed();
        bail!("{what}: `{name}` failed; the end of {}:\n{}", log.display(), tail(log, 40));
    }

    fn line(&self) -> String {
        let mut line = self.name.clone();
        for arg in self.command.get_args() {
            line.push(' ');
            line.push_str(&arg.to_string_lossy());
        }
        line
    }

    fn missing(&self) -> String {
        format!("`{}` can't be started: run `cargo xtask setup`, which installs what is missing", self.name)
    }
}

fn create(path: &Path) -> Result<fs::File> {
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    Ok(fs::File::create(path)?)
}

fn tail(path: &Path, lines: usize) -> String {
    let text = fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let all: Vec<&str> = text.lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

/// Something that takes a while, shown while it lasts.
pub struct Step {
    what: String,
    start: Instant,
    bar: Option<ProgressBar>,
}

impl Step {
    /// Says that it begins.
    pub fn start(what: &str) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{spinner} {prefix} {elapsed} {wide_msg:.dim}")
                .expect("the template is fixed");
            let bar = ProgressBar::new_spinner().with_style(style);
            bar.set_prefix(what.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        if bar.is_none() {
            eprintln!("==> {what}");
        }
        Self { what: what.to_owned(), start: Instant::now(), bar }
    }

    /// A line of output, which a terminal shows until the next one.
    pub fn line(&self, line: &str) {
        if let Some(bar) = &self.bar {
            bar.set_message(line.trim().to_owned());
        }
    }

    /// Says that it succeeded.
    pub fn done(self) {
        self.end("done");
    }

    /// Says that it failed.
    pub fn failed(self) {
        self.end("failed");
    }

    fn end(self, how: &str) {
        let time = self.start.elapsed().as_secs_f32();
        match self.bar {
            Some(bar) => {
                bar.finish_and_clear();
                eprintln!("{}: {how} in {time:.1} s", self.what);
            }
            None => eprintln!("    {how} in {time:.1} s"),
        }
    }
}
