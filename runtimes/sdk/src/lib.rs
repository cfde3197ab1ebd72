// SPDX-License-Identifier: GPL-2.0-or-later
//! What a runtime in Rust needs: a library that a router's script loads with `frr.load_ffi` and asks things.
//!
//! A runtime is one type that implements [`Service`], and one line:
//!
//! ```
//! use frr_runtime::{Error, Host, Service};
//!
//! struct Adder;
//!
//! #[derive(serde::Deserialize)]
//! struct Sum {
//!     a: i64,
//!     b: i64,
//! }
//!
//! impl Service for Adder {
//!     type Config = ();
//!     type Request = Sum;
//!     type Answer = i64;
//!
//!     async fn start(_config: (), _host: Host) -> Result<Self, Error> {
//!         Ok(Adder)
//!     }
//!
//!     async fn call(&self, sum: Sum) -> Result<i64, Error> {
//!         sum.a.checked_add(sum.b).ok_or_else(|| Error::new("range", "the sum has more than 64 bits"))
//!     }
//! }
//!
//! frr_runtime::runtime!(Adder);
//! # fn main() {}
//! ```
//!
//! The configuration is JSON, requests and answers are CBOR. A call that fails answers with a return code other than 0
//! and an [`Error`] in CBOR.
//!
//! Threads: each loaded runtime has one that polls the host's queue and one (or [`Service::WORKERS`]) that tokio runs
//! the calls on. Every call is a task of its own, so calls overlap. Nothing is global: the same library can be loaded
//! several times with other configurations, and again after it was unloaded.
//!
//! Reading order: [`service`] (what a runtime writes), [`mod@error`], [`octets`] (types for what Lua sends),
//! [`dict`], [`logging`], `engine` (the threads), [`ffi`] (the ABI, and all of the unsafe code).

pub mod dict;
mod engine;
pub mod error;
pub mod ffi;
pub mod logging;
pub mod octets;
pub mod service;
#[cfg(feature = "testing")]
pub mod testing;

pub use ciborium::Value;
pub use dict::Dict;
pub use error::Error;
pub use log;
pub use octets::{Map, Octets, Seconds};
pub use service::{Host, Service};

/// Exports the symbols by which the host loads `$service` as a runtime. Once in a library.
#[macro_export]
macro_rules! runtime {
    ($service:ty) => {
        /// Called by the host, once for each configuration.
        ///
        /// # Safety
        ///
        /// `config` is NULL or a text that ends at a NUL; `queue` is the host's handle of the queue.
        #[allow(unsafe_code)]
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn libffi_init(
            config: *mut ::std::ffi::c_char,
            queue: *mut ::std::ffi::c_void,
        ) -> ::std::ffi::c_int {
            // SAFETY: what the host promises is what `init` asks for.
            unsafe { $crate::ffi::init::<$service>(env!("CARGO_PKG_NAME"), config, queue) }
        }

        /// Tells the host what this runtime is written in.
        #[allow(unsafe_code)]
        #[unsafe(no_mangle)]
        pub extern "C" fn libffi_language() -> *const ::std::ffi::c_char {
            c"rust".as_ptr()
        }
    };
}

/// The example of the README is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
