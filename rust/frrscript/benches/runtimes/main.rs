// SPDX-License-Identifier: GPL-2.0-or-later
//! What a call of a runtime costs a script, next to a request to an echo server at a unix socket.
//!
//! Reading order: [`daemon`] (an event loop with the library, as a daemon has it), [`socket`] (what it is held against),
//! [`side`] (a run of either), [`figures`] (rounds, medians). Each language, and each number of CPUs, has a process of its
//! own: this program starts itself.
//!
//! `--runtimes DIR` says where the runtimes are, `--rounds N` how many, `--language NAME` which one alone, `--json FILE`
//! writes the list that `cargo xtask bench` merges with its own.

#![allow(unsafe_code)]

mod cpu;
mod daemon;
mod figures;
mod side;
mod socket;

use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// A language's echo.
struct Language {
    name: &'static str,
    library: &'static str,
    cfg: &'static str,
    /// The project's goals are for it.
    goal: bool,
}

const fn language(name: &'static str, library: &'static str, cfg: &'static str, goal: bool) -> Language {
    Language { name, library, cfg, goal }
}

const LANGUAGES: [Language; 5] = [
    language("rust", "echo", "", true),
    language("go", "go_echo", "", true),
    language("python", "python", "demo.echo,init", false),
    language("java", "java", "demo.Echo,init", false),
    language("nodejs", "nodejs", "demo/echo,init", false),
];

/// The words of the command line.
struct Words(Vec<String>);

impl Words {
    fn of(&self, name: &str) -> Option<&str> {
        let at = self.0.iter().position(|word| word == name)?;
        self.0.get(at + 1).map(String::as_str)
    }
}

fn main() {
    let words = Words(std::env::args().collect());
    if let Some(path) = words.of("--server") {
        socket::serve(path);
        return;
    }
    let rounds = words.of("--rounds").and_then(|n| n.parse().ok()).unwrap_or(5);
    let runtimes = PathBuf::from(words.of("--runtimes").expect("--runtimes DIR: where the runtimes are"));
    let named = |language: &&Language| words.of("--language").is_none_or(|name| name == language.name);
    let languages = LANGUAGES.iter().filter(named);
    if let Some(cpus) = words.of("--cpus") {
        let cpus = cpus.parse().expect("--cpus: a number");
        cpu::pin(cpus);
        for language in languages {
            let list = figures::measure(language, &runtimes, cpus, rounds);
            println!("{}", Value::from(list));
        }
        return;
    }
    let mut list = Vec::new();
    for language in languages {
        if !runtimes.join(format!("lib{}.so", language.library)).is_file() {
            eprintln!("bench: no {}: its runtime is not built", language.name);
            continue;
        }
        for cpus in 1..=cpu::count().min(2) {
            list.append(&mut child(language, &runtimes, cpus, rounds));
        }
    }
    if let Some(file) = words.of("--json") {
        std::fs::write(file, serde_json::to_string_pretty(&list).expect("plain values")).expect("the file is written");
    }
}

/// Measures in a process of its own, whose last line is the list.
fn child(language: &Language, runtimes: &std::path::Path, cpus: usize, rounds: usize) -> Vec<Value> {
    let output = Command::new(std::env::current_exe().expect("this program's path"))
        .args(["--cpus", &cpus.to_string(), "--rounds", &rounds.to_string(), "--language", language.name, "--runtimes"])
        .arg(runtimes)
        .stderr(Stdio::inherit())
        .output()
        .expect("this program starts again");
    let text = String::from_utf8_lossy(&output.stdout);
    let (told, list) = text.trim_end().rsplit_once('\n').unwrap_or(("", text.trim_end()));
    println!("{told}");
    assert!(output.status.success(), "{}: measuring ended with {}", language.name, output.status);
    serde_json::from_str(list).expect("a list of figures")
}
