// SPDX-License-Identifier: GPL-2.0-or-later
//! What the prelude makes `string.find`, `match`, `gmatch` and `gsub` of: Luau's own are out of the time limit's reach.

use super::value::Out;
use crate::failure::{Failure, Kind};
use crate::ffi::args::{Arg, Args};
use crate::pattern::lua::{self, Captured, Error, Matcher};
use crate::watchdog;

fn failed(args: &Args, error: Error) -> Failure {
    match error {
        Error::Pattern(why) => Failure::runtime(format!("{}: {why}", args.method())),
        Error::Stopped => Failure::new(Kind::Deadline, "ran past its time limit"),
    }
}

fn out(captured: Captured<'_>) -> Out {
    match captured {
        Captured::Octets(octets) => Out::Octets(octets.to_vec()),
        Captured::Position(at) => Out::Unsigned(at as u64),
    }
}

/// Where a search begins, from 0: what `init` says of a text of that length.
fn start(args: &Args, index: usize, length: usize) -> Result<usize, Failure> {
    let init = match args.get(index) {
        Arg::Nil => 1.0,
        Arg::Number(n) if !n.is_nan() => n.trunc(),
        _ => return Err(args.bad(index, "must be a number")),
    };
    #[allow(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "lengths are far below 2^53; clamped"
    )]
    Ok(if init >= 0.0 { (init as usize).saturating_sub(1) } else { (length as f64 + init).max(0.0) as usize })
}

/// `(s, pattern, init, plain)`: from where to where, and the captures.
///
/// # Errors
/// The pattern is none, or the time is over.
pub fn find(args: &Args) -> Result<Out, Failure> {
    let (text, pattern) = (args.octets(0)?, args.octets(1)?);
    let at = start(args, 2, text.len())?;
    if at > text.len() {
        return Ok(Out::Nil);
    }
    let place = |from: usize, end: usize| [Out::Unsigned(from as u64 + 1), Out::Unsigned(end as u64)];
    if !matches!(args.get(3), Arg::Nil | Arg::Bool(false)) || lua::is_plain(pattern) {
        return Ok(match memchr::memmem::find(&text[at..], pattern) {
            Some(found) => Out::Many(place(at + found, at + found + pattern.len()).into()),
            None => Out::Nil,
        });
    }
    let anchored = pattern.first() == Some(&b'^');
    let mut matcher = Matcher::new(text, &pattern[usize::from(anchored)..], watchdog::expired);
    let Some((from, end)) = matcher.find(at, anchored).map_err(|e| failed(args, e))? else { return Ok(Out::Nil) };
    let mut results: Vec<Out> = place(from, end).into();
    if matcher.level() > 0 {
        results.extend(matcher.captured((from, end)).map_err(|e| failed(args, e))?.into_iter().map(out));
    }
    Ok(Out::Many(results))
}

/// `(s, pattern, init)`: the captures.
///
/// # Errors
/// The pattern is none, or the time is over.
pub fn find_captures(args: &Args) -> Result<Out, Failure> {
    let (text, pattern) = (args.octets(0)?, args.octets(1)?);
    let at = start(args, 2, text.len())?;
    let anchored = pattern.first() == Some(&b'^');
    let mut matcher = Matcher::new(text, &pattern[usize::from(anchored)..], watchdog::expired);
    match matcher.find(at, anchored).map_err(|e| failed(args, e))? {
        Some(found) => {
            let captured = matcher.captured(found).map_err(|e| failed(args, e))?;
            Ok(Out::Many(captured.into_iter().map(out).collect()))
        }
        None => Ok(Out::Nil),
    }
}

/// `(s, pattern, at, only_there)`: where the next match begins, what comes after it, and the captures. `^` stands for itself.
///
/// # Errors
/// The pattern is none, or the time is over.
pub fn next(args: &Args) -> Result<Out, Failure> {
    let (text, pattern) = (args.octets(0)?, args.octets(1)?);
    let at = start(args, 2, text.len())?;
    let only_there = matches!(args.get(3), Arg::Bool(true));
    let mut matcher = Matcher::new(text, pattern, watchdog::expired);
    let Some((from, end)) = matcher.find(at, only_there).map_err(|e| failed(args, e))? else { return Ok(Out::Nil) };
    let captured = matcher.captured((from, end)).map_err(|e| failed(args, e))?;
    let places = [Out::Unsigned(from as u64 + 1), Out::Unsigned(end as u64 + 1)];
    Ok(Out::Many(places.into_iter().chain(captured.into_iter().map(out)).collect()))
}

/// `(s, pattern, text, max)`: the text with its matches replaced, and how many there were.
///
/// # Errors
/// The pattern or the replacement is none, the time is over, or the result is too large.
pub fn replace(args: &Args) -> Result<Out, Failure> {
    let (text, pattern, by) = (args.octets(0)?, args.octets(1)?, args.octets(2)?);
    let most = match args.get(3) {
        Arg::Nil => usize::MAX,
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        Arg::Number(n) => n.max(0.0) as usize,
        _ => return Err(args.bad(3, "must be a number")),
    };
    let replaced = lua::replace(text, pattern, by, most, args.room(), watchdog::expired);
    match replaced.map_err(|e| failed(args, e))? {
        Some((text, count)) => Ok(Out::Many(vec![Out::Octets(text), Out::Unsigned(count as u64)])),
        None => Err(args.beyond_limit()),
    }
}
