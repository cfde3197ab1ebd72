// SPDX-License-Identifier: GPL-2.0-or-later
//! Modules: what a script requires while it is loaded.

use super::source::{self, LONGEST_NAME};
use super::store;
use crate::failure::{Failure, Kind};
use crate::ffi::{compiler, host};
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString};
use std::path::PathBuf;

/// Modules of a script at most. They may be in each other: this bounds the C stack, too.
const MOST: usize = 64;
/// Octets of a script and its modules. The compiler runs outside of any time limit; this bounds it.
const MOST_TEXT: usize = 4 * 1024 * 1024;
/// What upstream's scripts require for its effect: here it is there already.
const NOTHING: &str = "resty_ffi";
/// What begins with this is a module of the runtimes.
const RUNTIMES: &str = "frr.";

/// A compiled source.
pub struct Chunk {
    /// What its errors are told with.
    pub name: String,
    /// The same as the engine wants it.
    pub label: CString,
    /// The engine's code.
    pub bytecode: Vec<u8>,
    /// It is to become native code.
    pub native: bool,
}

impl Chunk {
    /// Compiles a source.
    ///
    /// # Errors
    /// What the compiler says, with the line in front.
    pub fn compile(name: &str, source: &str) -> Result<Chunk, Failure> {
        let bytecode = compiler::compile(source)?;
        let native =
            source.lines().take_while(|l| l.starts_with("--") || l.trim().is_empty()).any(|l| l.trim() == "--!native");
        let label = CString::new(format!("={name}")).map_err(|e| e.to_string())?;
        Ok(Chunk { name: name.to_owned(), label, bytecode, native })
    }
}

/// A module that a script has loaded.
#[derive(Debug, Clone)]
pub struct Module {
    /// What it is required as.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Of the file's text.
    pub hash: u64,
}

/// What `require` has to do.
pub enum Asked {
    /// Nothing: an empty table.
    Nothing,
    /// It is loaded: give what it gave.
    Loaded,
    /// Run it.
    Run(Box<Chunk>),
}

struct Entry {
    module: Module,
    text: String,
    done: bool,
}

/// The modules of one VM.
#[derive(Default)]
pub struct Modules {
    /// The script's name, since it began to load.
    main: RefCell<String>,
    /// The script is being loaded.
    open: Cell<bool>,
    /// Modules that are being loaded, each required by the one before.
    chain: RefCell<Vec<String>>,
    entries: RefCell<Vec<Entry>>,
    octets: Cell<usize>,
    native: Cell<Option<bool>>,
}

/// `require` works until it is dropped.
pub struct Open<'a>(&'a Modules);

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.set(false);
    }
}

/// A module is being loaded until it is dropped.
pub struct Inside<'a>(&'a Modules);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.0.chain.borrow_mut().pop();
    }
}

impl Modules {
    /// The script of that name and size begins to load.
    pub fn open(&self, script: &str, octets: usize) -> Open<'_> {
        self.main.replace(script.to_owned());
        self.octets.set(octets);
        self.open.set(true);
        Open(self)
    }

    /// Whether the engine's name of a chunk is the script's own.
    #[must_use]
    pub fn is_main(&self, label: &CStr) -> bool {
        label.to_bytes().strip_prefix(b"=") == Some(self.main.borrow().as_bytes())
    }

    /// Finds out what `require(name)` has to do.
    ///
    /// # Errors
    /// It is not the time for it, it would go in circles, there are too many; or what is wrong with name or file.
    pub fn ask(&self, name: &str) -> Result<Asked, Failure> {
        if name == NOTHING {
            return Ok(Asked::Nothing);
        }
        if !self.open.get() {
            return Err(Failure::runtime(format!(
                "require works while a script is loaded: write local m = require({}) at the top of the script",
                crate::value::text::quoted(name)
            )));
        }
        let (chain, main) = (self.chain.borrow(), self.main.borrow());
        if let Some(at) = chain.iter().position(|n| n == name) {
            let circle: Vec<&str> = chain[at..].iter().map(String::as_str).chain([name]).collect();
            return Err(Failure::runtime(format!("modules require each other in a circle: {}", circle.join(" -> "))));
        }
        if name == *main {
            let circle: Vec<&str> = [name].into_iter().chain(chain.iter().map(String::as_str)).chain([name]).collect();
            return Err(Failure::runtime(format!("a script can't require itself: {}", circle.join(" -> "))));
        }
        if self.entries.borrow().iter().any(|e| e.done && e.module.name == name) {
            return Ok(Asked::Loaded);
        }
        self.read(name).map(|chunk| Asked::Run(Box::new(chunk)))
    }

    fn read(&self, name: &str) -> Result<Chunk, Failure> {
        let of_runtimes = name.strip_prefix(RUNTIMES);
        if !source::names_a_file(of_runtimes.unwrap_or(name)) {
            return Err(Failure::runtime(format!(
                "{} is not a module name: write the file's name without its folder and ending, up to {LONGEST_NAME} letters, digits, _ - and ., or \"frr.NAME\" for one of the runtimes",
                crate::value::text::quoted(name)
            )));
        }
        let candidates = match of_runtimes {
            Some(name) => vec![host::runtimedir().join("lua").join(format!("{name}.luau"))],
            None => ["lua", "luau"].map(|ending| store::directory().join(format!("{name}.{ending}"))).to_vec(),
        };
        let missing = |why: String| Failure::runtime(format!("module {name}: {why}"));
        let Some(path) = candidates.iter().find(|p| p.symlink_metadata().is_ok()) else {
            let or = if of_runtimes.is_some() { "" } else { " (nor .luau)" };
            return Err(missing(format!("no file {}{or}", candidates[0].display())));
        };
        if self.entries.borrow().len() >= MOST {
            return Err(missing(format!("a script has at most {MOST} modules")));
        }
        let (text, hash) = source::read_text(path).map_err(|why| {
            let failure = missing(format!("{}: {why}", path.display()));
            if why == source::NO_MEMORY { Failure { kind: Kind::Memory, ..failure } } else { failure }
        })?;
        if text.trim().is_empty() {
            // Nothing can be wanted of it: somebody truncated it.
            return Err(missing(format!("{}: has no text: write it again", path.display())));
        }
        let octets = self.octets.get() + text.len();
        if octets > MOST_TEXT {
            return Err(missing(format!("a script and its modules have at most {MOST_TEXT} octets")));
        }
        self.octets.set(octets);
        let chunk = Chunk::compile(name, &text).map_err(|why| {
            let text = why.message.trim_start_matches(':');
            Failure::new(why.kind, format!("module {name}: {}:{text}", path.display()))
        })?;
        let module = Module { name: name.to_owned(), path: path.clone(), hash };
        self.entries.borrow_mut().push(Entry { module, text, done: false });
        Ok(chunk)
    }

    /// The script or a module asked for native code; whether it is possible.
    pub fn asked_for_native(&self, possible: bool) {
        self.native.set(Some(possible));
    }

    /// Whether there is native code, if it was asked for.
    #[must_use]
    pub fn native(&self) -> Option<bool> {
        self.native.get()
    }

    /// A module begins to run.
    #[must_use]
    pub fn enter(&self, name: &str) -> Inside<'_> {
        self.chain.borrow_mut().push(name.to_owned());
        Inside(self)
    }

    /// A module has run.
    pub fn done(&self, name: &str) {
        let mut entries = self.entries.borrow_mut();
        if let Some(entry) = entries.iter_mut().rev().find(|e| e.module.name == name) {
            entry.done = true;
        }
    }

    /// The module that an error's text begins with: its name, file and text.
    #[must_use]
    pub fn origin(&self, message: &str) -> Option<(String, PathBuf, String)> {
        let entries = self.entries.borrow();
        let entry = entries
            .iter()
            .rev()
            .find(|e| message.strip_prefix(e.module.name.as_str()).is_some_and(|rest| rest.starts_with(':')))?;
        Some((entry.module.name.clone(), entry.module.path.clone(), entry.text.clone()))
    }

    /// What was loaded; the texts are let go.
    #[must_use]
    pub fn take(&self) -> Vec<Module> {
        let entries = std::mem::take(&mut *self.entries.borrow_mut());
        entries.into_iter().filter(|e| e.done).map(|e| e.module).collect()
    }
}
