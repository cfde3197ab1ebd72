// SPDX-License-Identifier: GPL-2.0-or-later
//! The ABI between a host and a runtime, and the only place with unsafe code.
//!
//! The host's functions are looked up by name when a runtime is loaded, so a library has no undefined symbols; the
//! three of lua-resty-ffi must be there, the others are used when they are. All memory that crosses is libc's.
#![allow(unsafe_code)]

mod buffer;
mod symbols;
mod task;
#[cfg(feature = "testing")]
pub(crate) mod test_host;

use std::ffi::{CStr, c_char, c_int, c_void};
use std::panic::catch_unwind;
use std::sync::Arc;

pub(crate) use buffer::Buffer;
pub use symbols::Api;
pub(crate) use task::{Polled, Queue, Task};

use crate::engine;
use crate::service::Service;

/// What the symbol `libffi_init` of a runtime does: 0 when the runtime runs, else the reason is in the log.
///
/// # Safety
///
/// `config` is NULL or a text that ends at a NUL and stays during the call; `queue` is a handle of the host's.
pub unsafe fn init<S: Service>(name: &str, config: *mut c_char, queue: *mut c_void) -> c_int {
    let started = catch_unwind(|| {
        let api = match Api::of_process() {
            Ok(api) => Arc::new(api),
            Err(symbol) => {
                eprintln!("{name}: the host has no {symbol}");
                return 2;
            }
        };
        // SAFETY: the caller promises a text with a NUL at its end.
        let config = (!config.is_null()).then(|| unsafe { CStr::from_ptr(config) }.to_bytes());
        match engine::launch::<S>(name, api.clone(), config, Queue::new(queue)) {
            Ok(_thread) => 0,
            Err(e) => {
                api.log(3, &format!("not started: {e}"));
                1
            }
        }
    });
    started.unwrap_or(3)
}

/// Starts a runtime on a host that is given, for tests; the thread ends when the runtime was unloaded.
#[cfg(feature = "testing")]
pub(crate) fn launch<S: Service>(
    name: &str,
    api: Arc<Api>,
    config: Option<&[u8]>,
    queue: *mut c_void,
) -> Result<std::thread::JoinHandle<()>, crate::error::Error> {
    engine::launch::<S>(name, api, config, Queue::new(queue))
}
