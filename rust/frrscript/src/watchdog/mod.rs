// SPDX-License-Identifier: GPL-2.0-or-later
//! The deadline of a call, at no cost until it passes.
//!
//! The main pthread writes one number when it enters a script and one when it leaves; no clock, no system call. A thread
//! looks at that number a few times per time limit, and when the same call has used its whole limit, it sets the
//! VM's interrupt, which raises at the script's next loop, call or return. When no script runs, the thread sleeps.
//!
//! The limit is the main pthread's CPU time: on a machine whose processors others have, a call of a microsecond may take long, and
//! that is not the script's doing. A call that waits for something else than a processor, as for a disk that takes the log, has
//! some times its limit by the clock.
//!
//! Calls that each stay below their limit may still hold the daemon, many in one turn of its event loop: see [`turn`].
//!
//! The thread starts at the first call, so after the daemon forked (threads made before would be lost); it blocks all
//! signals and touches nothing of FRR.

mod turn;

pub use turn::{Apart, turned};

use crate::ffi::deadline;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Odd while a call runs; changes at every entry and exit.
static CALL: AtomicU64 = AtomicU64::new(0);
/// The call whose deadline has passed.
static EXPIRED: AtomicU64 = AtomicU64::new(0);
/// The call that was stopped because the daemon's event loop had not turned for too long.
static HELD: AtomicU64 = AtomicU64::new(u64::MAX);
/// The call whose interrupt was set last, and the microseconds that it had used.
static ARMED: AtomicU64 = AtomicU64::new(0);
static USED: AtomicU64 = AtomicU64::new(0);
/// The running call's limit in microseconds.
static LIMIT: AtomicU64 = AtomicU64::new(0);
/// The running call's slice in microseconds, after which its interrupt is set without more; 0: none.
static SLICE: AtomicU64 = AtomicU64::new(0);
/// Where the running call's VM has its interrupt.
static TARGET: AtomicUsize = AtomicUsize::new(0);
/// There is something to do at the next call: start the thread, wake it, or ask the event loop for a turn.
static ATTEND: AtomicBool = AtomicBool::new(true);
/// The thread sleeps until it is woken.
static ASLEEP: AtomicBool = AtomicBool::new(false);
/// The process that the thread was started in; another one, after a fork, starts its own.
static STARTED_IN: AtomicU32 = AtomicU32::new(0);
/// Held while an interrupt is being set, so that its VM can't be closed meanwhile.
static ARMING: Mutex<()> = Mutex::new(());
static WAKE: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());

/// Limits by the clock for a call that uses less than one of CPU time.
const PATIENCE: u32 = 10;
/// Looks per limit: the deadline is seen at most this part of it late.
const LOOKS: u32 = 16;
/// Looks per slice.
const LOOKS_OF_SLICE: u32 = 4;
/// Looks without a script running before the thread goes to sleep.
const IDLE_LOOKS: u32 = 64;

/// A call under the watchdog; ends when dropped. Calls may nest: the outer one's deadline is then counted anew.
pub struct Watch {
    outer: Option<(u64, u64, usize)>,
}

impl Watch {
    /// Starts the clock of a call that may last `limit` in the VM whose interrupt is at `target`.
    #[inline]
    pub fn begin(limit: Duration, target: usize) -> Watch {
        Watch::begin_sliced(limit, Duration::ZERO, target)
    }

    /// The same for a task: its interrupt is set when `slice` is over, too, and as often as it is taken away after that.
    #[inline]
    pub fn begin_sliced(limit: Duration, slice: Duration, target: usize) -> Watch {
        let call = CALL.load(Ordering::Relaxed);
        let outer = (call & 1 == 1)
            .then(|| (LIMIT.load(Ordering::Relaxed), SLICE.load(Ordering::Relaxed), TARGET.load(Ordering::Relaxed)));
        SLICE.store(u64::try_from(slice.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        LIMIT.store(u64::try_from(limit.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        TARGET.store(target, Ordering::Relaxed);
        CALL.store((call + 1) | 1, Ordering::Release);
        if ATTEND.load(Ordering::Relaxed) {
            attend();
        }
        Watch { outer }
    }
}

impl Drop for Watch {
    #[inline]
    fn drop(&mut self) {
        let call = CALL.load(Ordering::Relaxed);
        match self.outer {
            None => CALL.store(call + 1, Ordering::Release),
            Some((limit, slice, target)) => {
                LIMIT.store(limit, Ordering::Relaxed);
                SLICE.store(slice, Ordering::Relaxed);
                TARGET.store(target, Ordering::Relaxed);
                CALL.store(call + 2, Ordering::Release);
            }
        }
    }
}

/// Whether the running call is past its deadline. For long work of the library itself, and for the interrupt.
#[inline]
#[must_use]
pub fn expired() -> bool {
    let call = CALL.load(Ordering::Relaxed);
    call & 1 == 1 && EXPIRED.load(Ordering::Acquire) == call
}

/// Whether the running call, or the one that has just ended, was stopped because the event loop had to turn.
#[must_use]
pub fn held() -> bool {
    let call = CALL.load(Ordering::Relaxed);
    HELD.load(Ordering::Acquire) == (call - u64::from(call & 1 == 0 && call > 0))
}

/// What the running call had used of its limit when its interrupt was set.
#[must_use]
pub fn used() -> Duration {
    if ARMED.load(Ordering::Acquire) != CALL.load(Ordering::Relaxed) {
        return Duration::ZERO;
    }
    Duration::from_micros(USED.load(Ordering::Relaxed))
}

/// The running call's limit.
#[must_use]
pub fn limit() -> Duration {
    Duration::from_micros(LIMIT.load(Ordering::Relaxed))
}

/// To be called before a VM is closed: the watchdog will not touch its interrupt afterwards.
pub fn forget() {
    drop(lock(&ARMING));
}

/// After a fork the thread is gone; the next call starts a new one.
pub fn forked() {
    STARTED_IN.store(0, Ordering::Relaxed);
    ATTEND.store(true, Ordering::Relaxed);
}

fn lock(mutex: &Mutex<()>) -> MutexGuard<'_, ()> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cold]
fn attend() {
    ATTEND.store(false, Ordering::Relaxed);
    if STARTED_IN.load(Ordering::Relaxed) == 0 {
        start();
    }
    turn::mark();
    if ASLEEP.swap(false, Ordering::Relaxed) {
        let _held = lock(&WAKE.0);
        WAKE.1.notify_one();
    }
}

fn start() {
    STARTED_IN.store(std::process::id(), Ordering::Relaxed);
    deadline::watch_this_thread();
    ASLEEP.store(false, Ordering::Relaxed);
    if let Err(error) = deadline::spawn_without_signals("frr-script-dog", watch) {
        // Without the thread there are no deadlines: say so, and try again at the next call.
        STARTED_IN.store(0, Ordering::Relaxed);
        ATTEND.store(true, Ordering::Relaxed);
        log::error!("scripts run without a time limit: the watchdog thread did not start: {error}");
    }
}

fn watch() {
    let mut seen = Seen::now(0);
    let mut hold = turn::Hold::default();
    let mut idle = 0;
    loop {
        let call = CALL.load(Ordering::Acquire);
        let limit = Duration::from_micros(LIMIT.load(Ordering::Relaxed));
        let slice = Duration::from_micros(SLICE.load(Ordering::Relaxed));
        let now = Seen::now(call);
        let over = hold.look(call, now.cpu, limit);
        if call == seen.call {
            if call & 1 == 0 {
                idle += 1;
            } else {
                let (passed, used) = seen.until(&now);
                if used >= limit || (!slice.is_zero() && passed >= slice) {
                    arm(call, used, if used >= limit { Why::Limit } else { Why::Slice });
                }
            }
        } else {
            seen = now;
            idle = 0;
        }
        if over {
            arm(call, Duration::ZERO, Why::Held);
        }
        if idle < IDLE_LOOKS {
            let look = if slice.is_zero() { limit / LOOKS } else { (limit / LOOKS).min(slice / LOOKS_OF_SLICE) };
            std::thread::sleep(look.clamp(Duration::from_micros(100), Duration::from_millis(5)));
            continue;
        }
        // Announce the sleep, look once more (a call that did not see the announcement has been seen by then), sleep.
        ASLEEP.store(true, Ordering::SeqCst);
        ATTEND.store(true, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(1));
        let mut held = lock(&WAKE.0);
        while ASLEEP.load(Ordering::SeqCst) && CALL.load(Ordering::SeqCst) == call {
            held = WAKE.1.wait(held).unwrap_or_else(PoisonError::into_inner);
        }
        ASLEEP.store(false, Ordering::Relaxed);
        idle = 0;
    }
}

/// A call, and the clocks when it was seen first.
struct Seen {
    call: u64,
    at: Instant,
    cpu: Option<Duration>,
}

impl Seen {
    fn now(call: u64) -> Seen {
        Seen { call, at: Instant::now(), cpu: deadline::cpu_time() }
    }

    /// The time from then until `now`, and what counts of it.
    fn until(&self, now: &Seen) -> (Duration, Duration) {
        let passed = now.at.saturating_duration_since(self.at);
        let used = match (self.cpu, now.cpu) {
            (Some(before), Some(now)) => now.saturating_sub(before).max(passed / PATIENCE),
            _ => passed,
        };
        (passed, used)
    }
}

/// Why an interrupt is set.
#[derive(PartialEq, Eq)]
enum Why {
    Limit,
    Slice,
    Held,
}

fn arm(call: u64, used: Duration, why: Why) {
    let _held = lock(&ARMING);
    if CALL.load(Ordering::Acquire) == call {
        USED.store(u64::try_from(used.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
        ARMED.store(call, Ordering::Release);
        if why == Why::Held {
            HELD.store(call, Ordering::Release);
        }
        if why != Why::Slice {
            EXPIRED.store(call, Ordering::Release);
        }
        deadline::interrupt(TARGET.load(Ordering::Relaxed));
    }
}
