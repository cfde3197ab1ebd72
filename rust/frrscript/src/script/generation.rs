// SPDX-License-Identifier: GPL-2.0-or-later
//! From a file to a VM in service: [`Source`] -> [`Compiled`] -> [`Generation`]. Each step takes the one before, so that
//! nothing that was not compiled and checked can come into service.

use super::escape::Indexed;
use super::module::Module;
use super::options::Options;
use super::source::Source;
use crate::failure::{Failure, Kind};
use crate::ffi::vm::Vm;
use std::path::{Path, PathBuf};

/// A source whose code has run once in a VM of its own: its functions are defined.
pub struct Compiled {
    vm: Vm,
    path: PathBuf,
    hash: u64,
    name: String,
    indexed: Indexed,
    modules: Vec<Module>,
}

/// A script in service.
pub struct Generation {
    /// The VM.
    pub vm: Vm,
    /// Counted from 1.
    pub number: u64,
    /// The file.
    pub path: PathBuf,
    /// Of the file's text.
    pub hash: u64,
    /// The modules that it required.
    pub modules: Vec<Module>,
    /// Which parameters of its functions can't outlive a call.
    pub indexed: Indexed,
    /// When it came into service.
    pub since: std::time::SystemTime,
}

impl Source {
    /// Compiles the source and runs it in a new VM under the script's limits.
    ///
    /// # Errors
    /// It does not compile (with the line and a mark under the place), or it failed while it ran.
    pub fn compile(self, name: &str, options: &Options) -> Result<Compiled, Failure> {
        let vm = Vm::new(options.memory())?;
        vm.context().tasks().set_script(name);
        vm.context().tasks().permit_runtimes(&options.runtimes);
        vm.load(name, &self.text, options.load_time()).map_err(|failure| {
            let from = vm.context().modules().origin(&failure.message);
            match from {
                Some((module, path, text)) => {
                    explain(&format!("script {name}: module {module}"), &module, &path, &text, &failure)
                }
                None => explain(&format!("script {name}"), name, &self.path, &self.text, &failure),
            }
        })?;
        let indexed = Indexed::of(&self.text);
        let modules = vm.context().modules().take();
        Ok(Compiled { vm, path: self.path, hash: self.hash, name: name.to_owned(), indexed, modules })
    }
}

/// Adds the source line that an error of the chunk `name` names, with a mark under it; `what` is told in front of it.
fn explain(what: &str, name: &str, path: &Path, text: &str, failure: &Failure) -> Failure {
    let Some((line, message)) = line_of(name, &failure.message) else {
        return Failure::new(failure.kind, format!("{what}: {}", failure.message));
    };
    let mut out = format!("{what}: {}:{line}: {message}", path.display());
    let text = text.lines().nth(line - 1);
    if let Some(hint) = hint(message, text.unwrap_or_default()) {
        out.push_str(&format!(" ({hint})"));
    }
    if let Some(text) = text {
        // Goes to a terminal, which is not to take orders from a script.
        let text: String = text.chars().take(120).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let column = caret(message, &text);
        out.push_str(&format!(
            "\n  {line} | {text}\n  {} | {}^",
            " ".repeat(line.to_string().len()),
            " ".repeat(column)
        ));
    }
    Failure::new(failure.kind, out)
}

/// The line and the rest of `NAME:12: text`, as an error of the script has it, or `12: text`, as the compiler does.
fn line_of<'a>(name: &str, message: &'a str) -> Option<(usize, &'a str)> {
    let own = message.strip_prefix(name).filter(|rest| rest.starts_with(':'));
    let message = own.unwrap_or(message).trim_start_matches(':');
    let (line, text) = message.split_once(':')?;
    Some((line.parse().ok().filter(|&n| n > 0)?, text.trim_start()))
}

/// Where the compiler's quoted word is in the line; else its first character.
fn caret(message: &str, line: &str) -> usize {
    let quoted = message.rsplit('\'').nth(1).filter(|w| !w.is_empty());
    let found = quoted.and_then(|w| line.rfind(w)).unwrap_or_else(|| line.len() - line.trim_start().len());
    line[..found].chars().count()
}

/// What to write instead of what later versions of Lua have and Luau has not.
fn hint(message: &str, line: &str) -> Option<&'static str> {
    let got = |words: &[&str]| words.iter().any(|word| message.contains(&format!("got '{word}'")));
    if message.starts_with("Incomplete statement") && line.trim_start().starts_with("goto ") {
        return Some("Luau has no goto: use continue, or a function");
    }
    if got(&["<"]) && ["<const>", "<close>"].iter().any(|attribute| line.contains(attribute)) {
        return Some("Luau has no <const> and <close>");
    }
    let shift = (got(&["<"]) && line.contains("<<")) || (got(&[">"]) && line.contains(">>"));
    if shift || got(&["&", "|", "~"]) {
        return Some("Luau has no bit operators: use bit32.band, bit32.bor, bit32.lshift ...");
    }
    None
}

impl Compiled {
    /// Checks that the functions in use are there, and gives the generation its number.
    ///
    /// # Errors
    /// A function is missing; the message names those that are there.
    pub fn check(self, in_use: &[String], number: u64) -> Result<Generation, Failure> {
        for function in in_use {
            require(&self.vm, &self.name, function)?;
        }
        Ok(Generation {
            vm: self.vm,
            number,
            path: self.path,
            hash: self.hash,
            indexed: self.indexed,
            modules: self.modules,
            since: std::time::SystemTime::now(),
        })
    }
}

/// Checks that a VM has a function.
///
/// # Errors
/// It has not; the message names those that are there.
pub fn require(vm: &Vm, script: &str, function: &str) -> Result<(), Failure> {
    let functions = vm.functions();
    if functions.iter().any(|f| f == function) {
        return Ok(());
    }
    let there = if functions.is_empty() { "no functions".to_owned() } else { functions.join(", ") };
    Err(Failure::new(Kind::Missing, format!("script {script}: no function {function}: the script has {there}")))
}
