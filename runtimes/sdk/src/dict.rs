// SPDX-License-Identifier: GPL-2.0-or-later
//! Shared dicts: stores of the whole process, which scripts and runtimes see alike. Any thread may use them.

use std::ffi::CString;
use std::sync::Arc;
use std::time::Duration;

use crate::error::Error;
use crate::ffi::Api;

/// One store, `frr.shared_dict(name)` in a script.
#[derive(Clone)]
pub struct Dict {
    api: Arc<Api>,
    name: CString,
}

impl Dict {
    pub(crate) fn open(api: Arc<Api>, name: &str) -> Result<Dict, Error> {
        let name = CString::new(name).map_err(|_| Error::request("the name of a shared dict has a NUL"))?;
        if !api.has_dicts() {
            return Err(Error::new("unsupported", "this host has no shared dicts"));
        }
        Ok(Dict { api, name })
    }

    /// The value of a key.
    pub fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.api.dict_get(&self.name, key)
    }

    /// Sets a value; without a time to live it stays.
    pub fn set(&self, key: &[u8], value: &[u8], ttl: Option<Duration>) -> Result<(), Error> {
        self.done(self.api.dict_set(&self.name, key, value, ttl))
    }

    /// Sets a value if the key has none; false when it has, or when there is no room.
    pub fn add(&self, key: &[u8], value: &[u8], ttl: Option<Duration>) -> bool {
        self.api.dict_add(&self.name, key, value, ttl)
    }

    /// Adds to a number, which is `init` when it is not there; the result.
    pub fn incr(&self, key: &[u8], by: f64, init: f64) -> Result<f64, Error> {
        self.api
            .dict_incr(&self.name, key, by, init)
            .ok_or_else(|| Error::new("dict", "no room in the shared dict, or the value is no number"))
    }

    /// Deletes a key; true when it was there.
    pub fn delete(&self, key: &[u8]) -> bool {
        self.api.dict_delete(&self.name, key)
    }

    fn done(&self, done: bool) -> Result<(), Error> {
        if done { Ok(()) } else { Err(Error::new("dict", "no room in the shared dict, or the value is too large")) }
    }
}
