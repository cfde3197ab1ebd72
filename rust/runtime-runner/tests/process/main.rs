// SPDX-License-Identifier: GPL-2.0-or-later
//! Runtimes in processes of their own: real processes, a real library, and everything that can go wrong with them.

mod calls;
mod ends;
mod support;
