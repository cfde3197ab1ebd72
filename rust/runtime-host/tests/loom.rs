// SPDX-License-Identifier: GPL-2.0-or-later
//! The queue, the calls and the way back under loom, which tries every interleaving of their threads: a thread that sleeps for
//! ever is found as a deadlock. Built with `--cfg loom` only; `cargo xtask test threads` does that.
//!
//! What is left out: the short spins before a sleep, which only look, and the timeouts of polls. With three threads that each
//! do several things all interleavings are too many: there those with at most [`PREEMPTIONS`] switches from a thread that
//! could have gone on are tried, in which such faults are found as a rule.

#![cfg(loom)]

use loom::sync::{Arc, Condvar, Mutex};
use loom::thread;
use runtime_host::answers::Answers;
use runtime_host::calls::Calls;
use runtime_host::queue::{Queue, Taken};
use runtime_host::runtime::{Limits, Runtime};

/// Switches from a thread that could have gone on.
const PREEMPTIONS: usize = 2;

/// Tries the interleavings of a test with three threads.
fn bounded(test: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(PREEMPTIONS);
    builder.check(test);
}

/// Takes until the queue is finished.
fn drain(queue: &Queue<u32>) -> Vec<u32> {
    let mut items = Vec::new();
    loop {
        match queue.take(None) {
            Taken::Item(item) => items.push(item),
            Taken::Finished => return items,
            Taken::Timeout => unreachable!("without a timeout"),
        }
    }
}

/// As `ngx_http_lua_ffi_task_poll_many`: waits for one, takes what else is there.
fn drain_many(queue: &Queue<u32>) -> Vec<u32> {
    let mut items = Vec::new();
    loop {
        match queue.take(None) {
            Taken::Item(item) => items.push(item),
            Taken::Finished => return items,
            Taken::Timeout => unreachable!("without a timeout"),
        }
        items.extend(std::iter::from_fn(|| queue.take_now()));
    }
}

/// Two pollers, one who posts and finishes: every item comes once, and both pollers are told.
fn two_pollers(poll: fn(&Queue<u32>) -> Vec<u32>) {
    bounded(move || {
        let queue = Arc::new(Queue::default());
        let pollers = [(); 2].map(|()| {
            let queue = Arc::clone(&queue);
            thread::spawn(move || poll(&queue))
        });
        queue.put(1).expect("not finished");
        queue.put(2).expect("not finished");
        queue.finish();
        assert_eq!(queue.put(3), Err(3), "after the end nothing is taken");
        let mut items: Vec<u32> = pollers.into_iter().flat_map(|poller| poller.join().expect("it ends")).collect();
        items.sort_unstable();
        assert_eq!(items, [1, 2]);
        assert_eq!(queue.take(None), Taken::Finished, "as often as one asks");
    });
}

#[test]
fn no_item_is_lost_and_every_poller_is_told() {
    two_pollers(drain);
}

#[test]
fn pollers_of_batches_lose_nothing_either() {
    two_pollers(drain_many);
}

#[test]
fn an_item_is_seen_without_a_finish() {
    loom::model(|| {
        let queue = Arc::new(Queue::default());
        let poller = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || [queue.take(None), queue.take(None)])
        };
        queue.put(1).expect("not finished");
        queue.put(2).expect("not finished");
        assert_eq!(poller.join().expect("it ends"), [Taken::Item(1), Taken::Item(2)]);
        assert!(!queue.looks_ready(), "the look without the lock is right in the end");
    });
}

#[test]
fn what_a_dead_runtime_leaves_is_taken_away_or_was_taken() {
    loom::model(|| {
        let queue = Arc::new(Queue::default());
        queue.put(1).expect("not finished");
        let poller = {
            let queue = Arc::clone(&queue);
            thread::spawn(move || drain(&queue))
        };
        let mut items = queue.clear();
        queue.finish();
        items.extend(poller.join().expect("it ends"));
        assert_eq!(items, [1]);
    });
}

/// An eventfd: a number that is read to zero, and a `poll()` that waits for one.
#[derive(Default)]
struct Eventfd {
    count: Mutex<u32>,
    came: Condvar,
}

impl Eventfd {
    fn write(&self) {
        *self.count.lock().unwrap() += 1;
        self.came.notify_one();
    }

    fn reset(&self) {
        *self.count.lock().unwrap() = 0;
    }

    fn poll(&self) {
        let mut count = self.count.lock().unwrap();
        while *count == 0 {
            count = self.came.wait(count).unwrap();
        }
    }
}

/// A daemon that takes answers in turns and sleeps when it is told that it may; threads that answer, each so often.
fn answered(threads: u32, each: u32) {
    bounded(move || {
        let answers = Arc::new(Answers::default());
        let waker = Arc::new(Eventfd::default());
        let runtimes: Vec<_> = (0..threads)
            .map(|thread| {
                let (answers, waker) = (Arc::clone(&answers), Arc::clone(&waker));
                thread::spawn(move || {
                    for n in 0..each {
                        if answers.put(thread * each + n) {
                            waker.write();
                        }
                    }
                })
            })
            .collect();
        let mut got = Vec::new();
        loop {
            if answers.begin() {
                waker.reset();
            }
            answers.take(&mut got);
            let sleeps = answers.end();
            if got.len() == (threads * each) as usize {
                assert!(sleeps, "nothing is there, so the daemon may sleep");
                break;
            }
            if sleeps {
                waker.poll();
            }
        }
        runtimes.into_iter().for_each(|runtime| runtime.join().expect("it ends"));
        got.sort_unstable();
        assert_eq!(got, (0..threads * each).collect::<Vec<_>>());
    });
}

#[test]
fn the_daemon_is_woken_for_answers_of_two_threads() {
    answered(2, 1);
}

#[test]
fn the_daemon_is_woken_for_every_answer_of_a_thread() {
    answered(1, 2);
}

#[test]
fn a_call_is_answered_once() {
    loom::model(|| {
        let calls = Arc::new(Calls::default());
        let runtime = std::sync::Arc::new(Runtime::new(1, "r", Limits::default(), 1));
        runtime.admit(0).expect("there is room");
        let call = calls.add(&runtime, None).expect("there is room");
        assert!(calls.polled(call));
        let threads = [(); 2].map(|()| {
            let calls = Arc::clone(&calls);
            thread::spawn(move || calls.answered(call).is_some())
        });
        calls.cancel(call);
        let answered = threads.into_iter().filter_map(|thread| thread.join().expect("it ends").then_some(())).count();
        assert_eq!(answered, 1);
        assert!(calls.cancelled(call), "it is no more");
    });
}
