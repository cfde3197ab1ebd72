// SPDX-License-Identifier: GPL-2.0-or-later
//! What one call of a script leaves behind.

mod changes;

pub use changes::{Change, Changes, Staged};
