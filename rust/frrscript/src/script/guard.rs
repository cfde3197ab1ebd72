// SPDX-License-Identifier: GPL-2.0-or-later
//! Who fails too often in a row isn't called any more.

use std::cell::Cell;

/// Failures in a row after which a function is no longer called, until the script is reloaded or resumed. With the default
/// time limit a script that always runs into it costs the daemon one second in all.
pub const SUSPEND_AFTER: u32 = 20;

/// The failures in a row of one function in one place.
#[derive(Debug, Default)]
pub struct Guard {
    /// Failures since the last success.
    failed: Cell<u32>,
    suspended: Cell<bool>,
}

impl Guard {
    /// It failed too often in a row and isn't called.
    #[inline]
    pub fn suspended(&self) -> bool {
        self.suspended.get()
    }

    /// The last call failed.
    #[inline]
    pub fn failing(&self) -> bool {
        self.failed.get() != 0
    }

    /// A call went well.
    #[inline]
    pub fn succeeded(&self) {
        if self.failed.get() != 0 {
            self.failed.set(0);
        }
    }

    /// A call failed; true: the function has just been suspended.
    pub fn failed(&self) -> bool {
        self.failed.set(self.failed.get() + 1);
        if self.failed.get() < SUSPEND_AFTER || self.suspended.get() {
            return false;
        }
        self.suspended.set(true);
        true
    }

    /// It may be called again; true: it could not before.
    pub fn resume(&self) -> bool {
        self.failed.set(0);
        self.suspended.replace(false)
    }
}
