// SPDX-License-Identifier: GPL-2.0-or-later
//! Runtimes in processes of their own: the same library, the same ABI, and a crash that harms nothing here.
//!
//! Reading order: [`frame`] (what goes over the socket), [`session`] (one child, from its start to its end), [`output`] (what
//! it prints), [`start`] (here: sessions one after the other, with a back-off). The other end of the socket is the crate
//! `runtime-runner`, which is a host to the library as the daemon would be.
//!
//! Threads: a keeper per runtime, which is the one poller of the runtime's queue, starts children and waits for them; and a
//! reader per child. The main thread has no part in it. The child is made with posix_spawn, not fork: a fork copies the page
//! tables of a daemon that may hold millions of routes, and runs the fork handlers of libraries. No signal handler is
//! touched: the end of a child shows on its pidfd.
//!
//! What a child has: the daemon's user, environment, limits and current directory. FRR has given up root's user by then and
//! sets no inheritable or ambient capabilities, so that none passes an exec: a runtime that needs some (nft) can't be used
//! this way unless the daemons run as root. It has no descriptor but its socket, /dev/null and a pipe for what it prints.
//! There is no limit of its memory: Java, Go and Node.js reserve far more addresses than they use, so RLIMIT_AS would be of
//! no use; RLIMIT_CORE and the others are the daemon's.

pub mod frame;
mod output;
mod session;

use crate::ffi::signals;
use crate::host::{Event, host};
use crate::load::{self, Load};
use crate::poller;
use crate::queue::Rested;
use crate::runtime::Runtime;
use session::End;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// The first wait before a child is started again; each one after it is twice as long.
const FIRST: Duration = Duration::from_millis(100);
/// The longest.
const LONGEST: Duration = Duration::from_secs(30);
/// A child that was in service for so long was well: the waits begin anew.
const WELL: Duration = Duration::from_secs(10);

/// Where and for whom.
#[derive(Debug, Clone)]
pub struct Process {
    /// The program `frr-runtime`.
    pub runner: PathBuf,
    /// The daemon's name, for `ps`.
    pub daemon: String,
}

/// What is told once, with the language.
pub type Language = Box<dyn FnOnce(String) + Send>;

/// Has a runtime loaded in a process of its own; [`Event::Changed`] tells how that went.
pub fn start(runtime: &Arc<Runtime>, load: Load, process: Process, language: Language) {
    runtime.set_apart();
    let kept = Arc::clone(runtime);
    // The new thread must not see a signal before it blocks them.
    let mask = signals::block_all();
    let thread = std::thread::Builder::new().name("frr-rt-keep".to_owned()).spawn(move || {
        poller::polls(&kept);
        keep(&kept, &load, &process, language);
        poller::told(&kept);
    });
    signals::restore_mask(mask);
    if let Err(why) = thread {
        load::end(runtime, Err((0, format!("there is no thread for its process: {why}"))));
    }
}

fn keep(runtime: &Arc<Runtime>, load: &Load, process: &Process, language: Language) {
    let mut language = Some(language);
    let mut delay = FIRST;
    loop {
        let (why, well) = match session::run(runtime, load, process, &mut language) {
            End::Asked => break,
            End::Failed(rc, why) => {
                if language.is_some() {
                    // The child has logged it, if there was one.
                    load::refused(runtime, rc, why);
                    return;
                }
                (format!("it can't be loaded again: {}", crate::runtime::failed(rc, &why)), Duration::ZERO)
            }
            End::Died(why, well) => {
                if language.is_some() {
                    load::end(runtime, Err((0, format!("while it was loaded, {why}"))));
                    return;
                }
                (why, well)
            }
        };
        if well >= WELL {
            delay = FIRST;
        }
        let lost = host().abandon(runtime, false, &why);
        if !runtime.restarts(&why) {
            break;
        }
        let failed = if lost == 1 { "1 call has failed".to_owned() } else { format!("{lost} calls have failed") };
        let next = format!("{why}; {failed}; it is started again in {:.1} s", delay.as_secs_f64());
        host().log(Some(&runtime.name), 3, &next);
        host().tell(Event::Changed(Arc::clone(runtime)));
        if !rest(runtime, delay) {
            break;
        }
        delay = (delay * 2).min(LONGEST);
        runtime.restarts.fetch_add(1, Ordering::Relaxed);
    }
    runtime.queue.clear();
    host().abandon(runtime, true, "the runtime was unloaded");
}

/// Waits; false: the runtime was asked to end.
fn rest(runtime: &Runtime, delay: Duration) -> bool {
    let until = Instant::now() + delay;
    loop {
        // Nobody is there to be told.
        drop(runtime.take_cancelled());
        match runtime.queue.rest(Some(until.saturating_duration_since(Instant::now()))) {
            Rested::Interrupted => {}
            Rested::Timeout => return true,
            Rested::Finished => return false,
        }
    }
}
