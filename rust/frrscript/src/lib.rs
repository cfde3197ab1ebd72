// SPDX-License-Identifier: GPL-2.0-or-later
//! Lua scripts inside FRRouting's daemons.
