// SPDX-License-Identifier: GPL-2.0-or-later
//! A daemon around the library: an event loop that waits in `poll()` for a timer or for answers, as FRR's does, and a
//! script that is written anew for each run.

use super::cpu;
use frrscript::ffi::abi::{Host, OptionKind};
use frrscript::ffi::exports::events::frrscript_turn;
use frrscript::ffi::exports::operate::{
    frrscript_script_load, frrscript_script_option, frrscript_script_permit_runtime, frrscript_script_reload,
};
use frrscript::ffi::exports::register::frrscript_host_set;
use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString, c_char, c_int};
use std::path::{Path, PathBuf};
use std::ptr::null_mut;
use std::time::{Duration, Instant};

thread_local! {
    static WAKE: Cell<Option<Instant>> = const { Cell::new(None) };
    static WATCHED: Cell<c_int> = const { Cell::new(-1) };
    static SAID: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

unsafe extern "C" fn wake(msec: u32) {
    let at = Instant::now() + Duration::from_millis(msec.into());
    WAKE.set(Some(WAKE.get().map_or(at, |before| before.min(at))));
}

unsafe extern "C" fn watch(fd: c_int) {
    WATCHED.set(fd);
}

unsafe extern "C" fn log(_priority: c_int, message: *const c_char) {
    // SAFETY: the library passes a line of text.
    let line = unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned();
    if let Some(said) = line.strip_prefix("bench: ") {
        SAID.with_borrow_mut(|all| all.push(said.to_owned()));
    } else if !line.starts_with("runtime ") {
        eprintln!("{line}");
    }
}

/// How long a turn lasted, and how much CPU time of its thread went into it: the rest is what others took.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub struct Turn {
    pub wall: Duration,
    pub cpu: Duration,
}

/// The daemon.
pub struct Daemon {
    directory: PathBuf,
    loaded: bool,
    /// Filled while [`Daemon::time_turns`] is on.
    pub turns: Vec<Turn>,
    timed: bool,
}

/// The longest that a run may take.
const PATIENCE: Duration = Duration::from_secs(60);

impl Daemon {
    /// Begins; its scripts may load a runtime.
    pub fn start(runtimes: &Path, library: &str) -> Daemon {
        let directory = std::env::temp_dir().join(format!("frrscript-bench-{}", std::process::id()));
        std::fs::create_dir_all(&directory).expect("a folder for the script");
        let text = |path: &Path| CString::new(path.to_str().expect("a path in UTF-8")).expect("no NUL");
        let (scripts, runtimes, library) = (text(&directory), text(runtimes), CString::new(library).expect("no NUL"));
        let host = Host {
            daemon: c"bench".as_ptr(),
            scriptdir: scripts.as_ptr(),
            log: Some(log),
            wake: Some(wake),
            watch: Some(watch),
            runtimedir: runtimes.as_ptr(),
            ..Host::NONE
        };
        // SAFETY: live strings, copied by the library; no text is wanted.
        unsafe {
            assert_eq!(frrscript_host_set(&raw const host), 0);
            let done = frrscript_script_permit_runtime(c"bench".as_ptr(), library.as_ptr(), true, null_mut());
            assert_eq!(done, 0);
            // In milliseconds of the clock: what else the machine does counts, too.
            let limit = 1000;
            let done = frrscript_script_option(c"bench".as_ptr(), OptionKind::LIMIT_TIME, &raw const limit, null_mut());
            assert_eq!(done, 0);
        }
        Daemon { directory, loaded: false, turns: Vec::new(), timed: false }
    }

    /// Runs a script until it has logged `bench: ` and something, which is returned.
    pub fn run(&mut self, source: &str) -> String {
        std::fs::write(self.directory.join("bench.lua"), source).expect("the script is written");
        SAID.take();
        // SAFETY: a live name, and no text is wanted.
        unsafe {
            let done = if self.loaded {
                frrscript_script_reload(c"bench".as_ptr(), null_mut())
            } else {
                frrscript_script_load(c"bench".as_ptr(), null_mut())
            };
            assert_eq!(done, 0, "the script is loaded");
        }
        self.loaded = true;
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(said) = SAID.with_borrow_mut(Vec::pop) {
                return said;
            }
            assert!(Instant::now() < until, "the script has not ended:\n{source}");
            self.once();
        }
    }

    /// Measures each turn from here on, or no longer.
    pub fn time_turns(&mut self, on: bool) {
        self.timed = on;
    }

    /// The event loop, once around.
    pub fn once(&mut self) {
        let now = Instant::now();
        let left = WAKE.get().map_or(PATIENCE, |at| at.saturating_duration_since(now));
        // Rounded up, as FRR's timers never come before their time.
        let msec = c_int::try_from(left.as_micros().div_ceil(1000)).unwrap_or(c_int::MAX);
        let mut fd = libc::pollfd { fd: WATCHED.get(), events: libc::POLLIN, revents: 0 };
        // SAFETY: one descriptor; -1 is none.
        let ready = unsafe { libc::poll(&raw mut fd, 1, msec) };
        let due = WAKE.get().is_some_and(|at| at <= Instant::now());
        if due {
            WAKE.set(None);
        }
        if ready > 0 || due {
            self.turn();
        }
    }

    fn turn(&mut self) {
        if !self.timed {
            frrscript_turn();
            return;
        }
        let (wall, used) = (Instant::now(), cpu::thread());
        frrscript_turn();
        let used = cpu::thread().saturating_sub(used);
        self.turns.push(Turn { wall: wall.elapsed(), cpu: used });
    }

    /// The event loop for a time, whatever happens.
    pub fn idle(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while Instant::now() < until {
            let at = WAKE.get().map_or(until, |at| at.min(until));
            WAKE.set(Some(at));
            self.once();
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}
