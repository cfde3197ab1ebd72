// SPDX-License-Identifier: GPL-2.0-or-later
//! A daemon's part: it posts, and a thread takes what comes back.

use runtime_host::calls::Handle;
use runtime_host::ffi::process::{For, wait};
use runtime_host::host::{Event, host};
use runtime_host::load::{self, Load};
use runtime_host::process::Process;
use runtime_host::runtime::{Limits, Refusal, Runtime, State};
use std::collections::HashMap;
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, OnceLock};
use std::time::Duration;

/// Nothing that is waited for takes longer.
pub const LONGEST: Duration = Duration::from_secs(60);

/// `Ok`: an answer with its rc; `Err`: there will be none, and why.
pub type Answer = Result<(i32, Option<Vec<u8>>), String>;

#[derive(Default)]
struct Heard {
    answers: HashMap<Handle, Answer>,
    lines: Vec<(String, String)>,
}

static HEARD: Mutex<Option<Heard>> = Mutex::new(None);
static CAME: Condvar = Condvar::new();

fn collect() {
    static BEGUN: OnceLock<()> = OnceLock::new();
    BEGUN.get_or_init(|| {
        HEARD.lock().unwrap().replace(Heard::default());
        std::thread::spawn(|| {
            let waker = host().waker().expect("an eventfd");
            let mut events = Vec::new();
            loop {
                // SAFETY: the host never closes it.
                #[allow(unsafe_code)]
                let fd = unsafe { BorrowedFd::borrow_raw(waker.fd()) };
                wait([(Some(fd), For::Input)], None);
                if host().answers.begin() {
                    waker.reset();
                }
                loop {
                    host().answers.take(&mut events);
                    let mut heard = HEARD.lock().unwrap();
                    let heard = heard.as_mut().unwrap();
                    for event in events.drain(..) {
                        match event {
                            Event::Answer { call, rc, body } => {
                                heard.answers.insert(call, Ok((rc, body.map(|b| b.to_vec()))));
                            }
                            Event::Lost { call, why } => drop(heard.answers.insert(call, Err(why))),
                            Event::Changed(_) => {}
                            Event::Logged => {
                                for line in host().lines.take(usize::MAX).0 {
                                    heard.lines.push((line.runtime.unwrap_or_default(), line.text));
                                }
                            }
                        }
                    }
                    CAME.notify_all();
                    if host().answers.end() {
                        break;
                    }
                }
            }
        });
    });
}

/// Waits until `get` gives something.
fn until<T>(what: &str, mut get: impl FnMut(&mut Heard) -> Option<T>) -> T {
    let mut found = None;
    let heard = HEARD.lock().unwrap();
    let (heard, result) = CAME
        .wait_timeout_while(heard, LONGEST, |heard| {
            found = get(heard.as_mut().unwrap());
            found.is_none()
        })
        .unwrap();
    let lines = &heard.as_ref().unwrap().lines;
    assert!(!result.timed_out(), "{what}: not in {LONGEST:?}: {lines:?}");
    found.unwrap()
}

/// The test library.
pub fn library() -> PathBuf {
    static MADE: OnceLock<PathBuf> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("libtester-{}.so", std::process::id()));
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../frrscript/tests/library/runtime.c");
        let built = Command::new("cc")
            .args(["-shared", "-fPIC", "-pthread", "-Wall", "-Werror", "-o"])
            .arg(&file)
            .arg(source)
            .status();
        assert!(built.expect("a C compiler").success());
        file
    });
    made.clone()
}

/// A runtime under test; unloaded when dropped.
pub struct Rt(pub Arc<Runtime>);

impl Rt {
    /// Begins to load one.
    pub fn begin(load: Load) -> Rt {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        collect();
        let name = format!("tester{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        let runtime = host().add(&name, Limits { octets: 1 << 30, ..Limits::default() }, 1);
        load::start(&runtime, load, |_| {});
        Rt(runtime)
    }

    /// A load of the test library.
    pub fn loading(cfg: Option<&str>) -> Load {
        Load {
            path: library(),
            cfg: cfg.map(|cfg| cfg.as_bytes().to_vec()),
            global: false,
            unpin: false,
            process: Some(Process { runner: env!("CARGO_BIN_EXE_frr-runtime").into(), daemon: "test".into() }),
        }
    }

    /// The test library, in service.
    pub fn new(cfg: &str) -> Rt {
        let rt = Rt::begin(Rt::loading(Some(cfg)));
        rt.is(|state| *state == State::Ready);
        rt
    }

    /// Waits until it is in a state.
    pub fn is(&self, wanted: impl Fn(&State) -> bool) -> State {
        until(&format!("a state, not {:?}", self.0.state()), |_| Some(self.0.state()).filter(|state| wanted(state)))
    }

    pub fn post(&self, request: &[u8]) -> Result<Handle, Refusal> {
        host().post(&self.0, Some(request))
    }

    pub fn start(&self, request: &[u8]) -> Handle {
        self.post(request).expect("it takes requests")
    }

    pub fn answer(call: Handle) -> Answer {
        until("an answer", |heard| heard.answers.remove(&call))
    }

    pub fn call(&self, request: impl AsRef<[u8]>) -> Answer {
        Rt::answer(self.start(request.as_ref()))
    }

    /// An answer that is good and has this text.
    pub fn text(&self, request: &str) -> String {
        let (rc, body) = self.call(request).expect("an answer");
        assert_eq!(rc, 0);
        String::from_utf8(body.expect("a body")).expect("text")
    }

    pub fn number(&self, request: &str) -> u32 {
        self.text(request).parse().expect("a number")
    }

    /// A line of its log that has this in it.
    pub fn line(&self, part: &str) -> String {
        let name = &self.0.name;
        until(&format!("a line with '{part}'"), |heard| {
            heard.lines.iter().find(|(of, line)| of == name && line.contains(part)).map(|(_, line)| line.clone())
        })
    }

    /// Lines of its log that have this in them.
    pub fn lines(&self, part: &str) -> usize {
        let heard = HEARD.lock().unwrap();
        let lines = &heard.as_ref().unwrap().lines;
        lines.iter().filter(|(of, line)| *of == self.0.name && line.contains(part)).count()
    }

    pub fn restarts(&self) -> u64 {
        self.0.restarts.load(Ordering::Relaxed)
    }

    /// Waits until nothing is in the queue: the process has it, or had it.
    pub fn hands_over(&self) {
        while self.0.queued.load(Ordering::Relaxed) > 0 {
            std::thread::yield_now();
        }
    }

    pub fn held(&self) -> usize {
        self.0.in_flight.load(Ordering::Relaxed)
    }
}

impl Drop for Rt {
    fn drop(&mut self) {
        self.0.finish();
        if !std::thread::panicking() {
            self.is(|state| matches!(state, State::Ended | State::Failed(..)));
        }
    }
}

/// Waits until a process that may not be ours has ended.
pub fn ends(pid: u32) {
    use std::os::fd::AsFd;
    // Without one it is gone already.
    if let Some(pidfd) = runtime_host::ffi::process::pidfd(pid) {
        let [ended] = wait([(Some(pidfd.as_fd()), For::Input)], Some(LONGEST));
        assert!(ended, "process {pid} lives");
    }
}

/// Whether it is there, as a zombie or otherwise.
pub fn is_there(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}
