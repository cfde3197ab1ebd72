// SPDX-License-Identifier: GPL-2.0-or-later
//! `log.*`: lines of a script in the daemon's log, at a rate that the log survives.

use super::staging::shown;
use super::value::Out;
use crate::failure::Failure;
use crate::ffi::args::{Arg, Args};
use log::Level;
use std::cell::Cell;
use std::time::{Duration, Instant};

/// Lines that one script may write in [`INTERVAL`]; what is over is counted and told once.
const LINES: u32 = 200;
const INTERVAL: Duration = Duration::from_secs(1);
/// Octets of one line.
const LENGTH: usize = 4096;

/// FRR's notice, between info and warning, has no level of its own in the `log` facade.
pub const NOTICE: &str = "notice";

thread_local! {
    static WINDOW: Cell<(Option<Instant>, u32)> = const { Cell::new((None, 0)) };
}

fn line(args: &Args) -> String {
    let mut out = String::new();
    for index in 0..args.len() {
        if index > 0 {
            out.push('\t');
        }
        match args.get(index) {
            Arg::Octets(text) => out.push_str(&String::from_utf8_lossy(&text[..text.len().min(LENGTH)])),
            Arg::Object(object) => out.push_str(&object.text()),
            Arg::List(list) => out.push_str(&crate::ffi::field::list_text(list).unwrap_or_default()),
            Arg::View(view) => match view.prefix() {
                Some(prefix) => out.push_str(&prefix.to_string()),
                None => out.push_str(view.ty.name),
            },
            other => out.push_str(&shown(&other)),
        }
        if out.len() > LENGTH {
            break;
        }
    }
    // A line of a log is one line, whatever a script puts into it.
    let mut clean: String = out.chars().map(|c| if c.is_control() && c != '\t' { ' ' } else { c }).collect();
    if clean.len() > LENGTH {
        let end = clean.char_indices().map(|(i, _)| i).take_while(|&i| i <= LENGTH).last().unwrap_or(0);
        clean.truncate(end);
        clean.push_str("...");
    }
    clean
}

fn write(level: Level, target: &str, args: &Args) -> Result<Out, Failure> {
    if !log::log_enabled!(target: target, level) {
        return Ok(Out::Nothing);
    }
    let (since, lines) = WINDOW.get();
    let now = Instant::now();
    if since.is_none_or(|s| now.duration_since(s) >= INTERVAL) {
        if lines > LINES {
            log::warn!("scripts: {} log lines left out: more than {LINES} in a second", lines - LINES);
        }
        WINDOW.set((Some(now), 1));
    } else {
        WINDOW.set((since, lines.saturating_add(1)));
        if lines >= LINES {
            return Ok(Out::Nothing);
        }
    }
    log::log!(target: target, level, "{}", line(args));
    Ok(Out::Nothing)
}

/// A debug line.
///
/// # Errors
/// None.
pub fn debug(args: &Args) -> Result<Out, Failure> {
    write(Level::Debug, "script", args)
}

/// An informational line.
///
/// # Errors
/// None.
pub fn info(args: &Args) -> Result<Out, Failure> {
    write(Level::Info, "script", args)
}

/// A notice.
///
/// # Errors
/// None.
pub fn notice(args: &Args) -> Result<Out, Failure> {
    write(Level::Info, NOTICE, args)
}

/// A warning.
///
/// # Errors
/// None.
pub fn warn(args: &Args) -> Result<Out, Failure> {
    write(Level::Warn, "script", args)
}

/// An error line.
///
/// # Errors
/// None.
pub fn error(args: &Args) -> Result<Out, Failure> {
    write(Level::Error, "script", args)
}
