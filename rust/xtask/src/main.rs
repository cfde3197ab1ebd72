// SPDX-License-Identifier: GPL-2.0-or-later
//! The project's own commands.
fn main() {}
