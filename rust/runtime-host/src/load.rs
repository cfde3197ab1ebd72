// SPDX-License-Identifier: GPL-2.0-or-later
//! Loading: dlopen and init, on one thread that does nothing else. Java's virtual machine wants all inits on the same
//! thread; a library that is to be unmapped later gets a thread of its own, as Rust's standard library keeps it mapped
//! until the thread that ran its init has ended.

use crate::ffi::library::Library;
use crate::ffi::signals::{self, Actions};
use crate::host::{Event, Host, host};
use crate::process::{self, Process};
use crate::runtime::{Runtime, State};
use crate::sync::{Mutex, lock};
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, LazyLock};

/// What is to be loaded.
#[derive(Debug, Clone)]
pub struct Load {
    /// The library.
    pub path: PathBuf,
    /// What its init gets; up to its first NUL.
    pub cfg: Option<Vec<u8>>,
    /// Its symbols are visible to libraries that are loaded later.
    pub global: bool,
    /// It can be unmapped when it has ended.
    pub unpin: bool,
    /// In a process of its own.
    pub process: Option<Process>,
}

enum Job {
    Load(Arc<Runtime>, Load, Box<dyn FnOnce(String) + Send>),
    Unmap(Arc<Runtime>),
}

static JOBS: LazyLock<Mutex<Option<Sender<Job>>>> = LazyLock::new(|| Mutex::new(None));

fn work(job: Job) -> Result<(), String> {
    let mut jobs = lock(&JOBS);
    let job = match &*jobs {
        Some(sender) => match sender.send(job) {
            Ok(()) => return Ok(()),
            Err(back) => back.0,
        },
        None => job,
    };
    let (sender, receiver) = channel::<Job>();
    // The new thread must not see a signal before it blocks them.
    let mask = signals::block_all();
    let thread = std::thread::Builder::new().name("frr-rt-load".to_owned()).spawn(move || {
        for job in receiver {
            match job {
                Job::Load(runtime, load, language) => run(&runtime, &load, language),
                Job::Unmap(runtime) => unmap(&runtime),
            }
        }
    });
    signals::restore_mask(mask);
    thread.map_err(|why| format!("there is no thread for loading: {why}"))?;
    let _ = sender.send(job);
    *jobs = Some(sender);
    Ok(())
}

/// Has a runtime loaded; [`Event::Changed`] tells how that went. `language` is told what it is written in.
pub fn start(runtime: &Arc<Runtime>, load: Load, language: impl FnOnce(String) + Send + 'static) {
    if let Some(process) = load.process.clone() {
        return process::start(runtime, load, process, Box::new(language));
    }
    if let Err(why) = work(Job::Load(Arc::clone(runtime), load, Box::new(language))) {
        end(runtime, Err((0, why)));
    }
}

/// Has the library of a runtime unmapped that was loaded for that and has ended, if its threads have too.
pub fn unmap_later(runtime: &Arc<Runtime>) {
    if runtime.can_be_unmapped() {
        let _ = work(Job::Unmap(Arc::clone(runtime)));
    }
}

fn unmap(runtime: &Arc<Runtime>) {
    if let Some(library) = runtime.take_library() {
        library.close();
    }
}

fn run(runtime: &Arc<Runtime>, load: &Load, language: Box<dyn FnOnce(String) + Send>) {
    let actions = Actions::now();
    let result = Library::open(&load.path, load.global, load.unpin).map_err(|why| (0, why)).and_then(|library| {
        language(library.language());
        let queue = Host::handle_of(runtime);
        let rc = if load.unpin {
            std::thread::scope(|scope| {
                let init = || library.init(load.cfg.as_deref(), queue);
                scope.spawn(init).join().unwrap_or(-1)
            })
        } else {
            library.init(load.cfg.as_deref(), queue)
        };
        // One whose init failed may have begun something: it stays mapped.
        if rc == 0 { Ok(library) } else { Err((rc, crate::runtime::failed(rc, ""))) }
    });
    actions.restore();
    end(runtime, result.map(Some));
}

/// How a load went.
pub fn end(runtime: &Arc<Runtime>, result: Result<Option<Library>, (i32, String)>) {
    match result {
        Ok(library) => {
            if !runtime.loaded(library) && matches!(runtime.state(), State::Dead(_)) {
                return host().gone(runtime);
            }
        }
        Err((rc, why)) => {
            host().log(Some(&runtime.name), 3, &format!("can't be loaded: {why}"));
            return refused(runtime, rc, why);
        }
    }
    host().tell(Event::Changed(Arc::clone(runtime)));
}

/// It can't be loaded, and that was logged.
pub fn refused(runtime: &Arc<Runtime>, rc: i32, why: String) {
    runtime.failed(rc, why.clone());
    host().lose(runtime, &why);
    host().tell(Event::Changed(Arc::clone(runtime)));
}
