// SPDX-License-Identifier: GPL-2.0-or-later
//! Lua's own patterns, as `string.find` has them, with an end in time.
//!
//! Luau's matcher looks at its interrupt where an item of the pattern begins, and nowhere within: a class of a million characters, repeated
//! over a million octets, keeps a daemon for hours. This one counts its steps, and asks every few thousand of them whether to go
//! on. What matches, and the words of its errors, are Luau's (VM/src/lstrlib.cpp).

/// Parts of a pattern that wait for what comes after them, at most: it bounds the C stack.
const DEEPEST: u32 = 200;
/// Captures of a pattern.
const CAPTURES: usize = 32;
/// Steps between two questions whether to go on: some ten microseconds.
const STEPS: usize = 1 << 14;

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The pattern, in words.
    Pattern(String),
    /// The time is over.
    Stopped,
}

impl From<&str> for Error {
    fn from(why: &str) -> Error {
        Error::Pattern(why.to_owned())
    }
}

/// What a capture is to a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Captured<'a> {
    /// Octets of the text.
    Octets(&'a [u8]),
    /// A position in it, from 1.
    Position(usize),
}

#[derive(Debug, Clone, Copy)]
enum Length {
    Open,
    Position,
    Octets(usize),
}

/// A text and a pattern.
pub struct Matcher<'a> {
    text: &'a [u8],
    pattern: &'a [u8],
    captures: [(usize, Length); CAPTURES],
    level: usize,
    depth: u32,
    steps: usize,
    stop: fn() -> bool,
}

impl<'a> Matcher<'a> {
    /// A matcher; `stop` says whether the time is over.
    pub fn new(text: &'a [u8], pattern: &'a [u8], stop: fn() -> bool) -> Matcher<'a> {
        Matcher { text, pattern, captures: [(0, Length::Open); CAPTURES], level: 0, depth: DEEPEST, steps: 0, stop }
    }

    /// The first match that begins at `at` or later, or only there: from where to where.
    ///
    /// # Errors
    /// The pattern is none, or the time is over.
    pub fn find(&mut self, at: usize, only_there: bool) -> Result<Option<(usize, usize)>, Error> {
        for from in at..=self.text.len() {
            self.level = 0;
            if let Some(end) = self.item(from, 0)? {
                return Ok(Some((from, end)));
            }
            if only_there {
                break;
            }
        }
        Ok(None)
    }

    /// The captures of the match that was found; all of it if the pattern has none.
    ///
    /// # Errors
    /// A capture was not closed.
    pub fn captured(&self, (from, end): (usize, usize)) -> Result<Vec<Captured<'a>>, Error> {
        (0..self.level.max(1)).map(|n| self.capture(n, from, end)).collect()
    }

    /// How many captures the pattern has itself.
    #[must_use]
    pub fn level(&self) -> usize {
        self.level
    }

    /// One capture of the match.
    ///
    /// # Errors
    /// There is none of that number, or it was not closed.
    pub fn capture(&self, n: usize, from: usize, end: usize) -> Result<Captured<'a>, Error> {
        if n >= self.level {
            return if n == 0 {
                Ok(Captured::Octets(&self.text[from..end]))
            } else {
                Err("invalid capture index".into())
            };
        }
        match self.captures[n] {
            (at, Length::Octets(length)) => Ok(Captured::Octets(&self.text[at..at + length])),
            (at, Length::Position) => Ok(Captured::Position(at + 1)),
            (_, Length::Open) => Err("unfinished capture".into()),
        }
    }

    /// Counts work; asks now and then whether to go on.
    ///
    /// # Errors
    /// The time is over.
    pub fn work(&mut self, steps: usize) -> Result<(), Error> {
        self.steps += steps;
        if self.steps < STEPS {
            return Ok(());
        }
        self.steps = 0;
        if (self.stop)() { Err(Error::Stopped) } else { Ok(()) }
    }

    /// An octet of the pattern; 0 after its end, as in C.
    fn sign(&self, at: usize) -> u8 {
        self.pattern.get(at).copied().unwrap_or(0)
    }

    /// Where the pattern matches from its place `p` on; one level of depth.
    fn item(&mut self, s: usize, p: usize) -> Result<Option<usize>, Error> {
        if self.depth == 0 {
            return Err("pattern too complex".into());
        }
        self.depth -= 1;
        let found = self.rest(s, p)?;
        self.depth += 1;
        Ok(found)
    }

    fn rest(&mut self, mut s: usize, mut p: usize) -> Result<Option<usize>, Error> {
        while p < self.pattern.len() {
            self.work(1)?;
            match (self.sign(p), self.sign(p + 1)) {
                (b'(', b')') => return self.open(s, p + 2, Length::Position),
                (b'(', _) => return self.open(s, p + 1, Length::Open),
                (b')', _) => return self.close(s, p + 1),
                (b'$', _) if p + 1 == self.pattern.len() => return Ok((s == self.text.len()).then_some(s)),
                (b'%', b'b') => match self.balance(s, p + 2)? {
                    Some(end) => (s, p) = (end, p + 4),
                    None => return Ok(None),
                },
                (b'%', b'f') => {
                    p += 2;
                    if self.sign(p) != b'[' {
                        return Err("missing '[' after '%f' in pattern".into());
                    }
                    let end = self.class_end(p)?;
                    let before = s.checked_sub(1).map_or(0, |at| self.text[at]);
                    let here = self.text.get(s).copied().unwrap_or(0);
                    if self.in_set(before, p, end - 1)? || !self.in_set(here, p, end - 1)? {
                        return Ok(None);
                    }
                    p = end;
                }
                (b'%', digit @ b'0'..=b'9') => match self.again(s, digit)? {
                    Some(end) => (s, p) = (end, p + 2),
                    None => return Ok(None),
                },
                _ => {
                    let end = self.class_end(p)?;
                    let suffix = self.sign(end);
                    let fits = self.single(s, p, end)?;
                    match suffix {
                        b'*' | b'?' | b'-' if !fits => p = end + 1,
                        _ if !fits => return Ok(None),
                        b'?' => match self.item(s + 1, end + 1)? {
                            Some(found) => return Ok(Some(found)),
                            None => p = end + 1,
                        },
                        b'+' => return self.most(s + 1, p, end),
                        b'*' => return self.most(s, p, end),
                        b'-' => return self.least(s, p, end),
                        _ => (s, p) = (s + 1, end),
                    }
                }
            }
        }
        Ok(Some(s))
    }

    fn open(&mut self, s: usize, p: usize, length: Length) -> Result<Option<usize>, Error> {
        if self.level >= CAPTURES {
            return Err("too many captures".into());
        }
        self.captures[self.level] = (s, length);
        self.level += 1;
        let found = self.item(s, p)?;
        if found.is_none() {
            self.level -= 1;
        }
        Ok(found)
    }

    fn close(&mut self, s: usize, p: usize) -> Result<Option<usize>, Error> {
        let open = (0..self.level).rev().find(|&n| matches!(self.captures[n].1, Length::Open));
        let Some(n) = open else { return Err("invalid pattern capture".into()) };
        self.captures[n].1 = Length::Octets(s - self.captures[n].0);
        let found = self.item(s, p)?;
        if found.is_none() {
            self.captures[n].1 = Length::Open;
        }
        Ok(found)
    }

    fn balance(&mut self, s: usize, p: usize) -> Result<Option<usize>, Error> {
        if p + 1 >= self.pattern.len() {
            return Err("malformed pattern (missing arguments to '%b')".into());
        }
        let (begin, end) = (self.pattern[p], self.pattern[p + 1]);
        if self.text.get(s) != Some(&begin) {
            return Ok(None);
        }
        let mut depth = 1;
        for at in s + 1..self.text.len() {
            self.work(1)?;
            let sign = self.text[at];
            if sign == end {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some(at + 1));
                }
            } else if sign == begin {
                depth += 1;
            }
        }
        Ok(None)
    }

    fn again(&mut self, s: usize, digit: u8) -> Result<Option<usize>, Error> {
        let n = usize::from(digit).wrapping_sub(usize::from(b'1'));
        let known = if n < self.level { self.captures[n] } else { (0, Length::Open) };
        let length = match known.1 {
            Length::Octets(length) => length,
            Length::Open => return Err(Error::Pattern(format!("invalid capture index %{}", n.wrapping_add(1)))),
            // In C a position's length is far more than any text has.
            Length::Position => return Ok(None),
        };
        // Compared at some tens of octets a step.
        self.work(1 + length / 32)?;
        let capture = &self.text[known.0..known.0 + length];
        Ok(self.text[s..].starts_with(capture).then_some(s + length))
    }

    fn most(&mut self, s: usize, p: usize, end: usize) -> Result<Option<usize>, Error> {
        let mut count = 0;
        while self.single(s + count, p, end)? {
            count += 1;
        }
        for n in (0..=count).rev() {
            if let Some(found) = self.item(s + n, end + 1)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn least(&mut self, mut s: usize, p: usize, end: usize) -> Result<Option<usize>, Error> {
        loop {
            if let Some(found) = self.item(s, end + 1)? {
                return Ok(Some(found));
            }
            if !self.single(s, p, end)? {
                return Ok(None);
            }
            s += 1;
        }
    }

    /// Where the class that begins at `p` ends.
    fn class_end(&mut self, p: usize) -> Result<usize, Error> {
        let mut at = p + 1;
        match self.sign(p) {
            b'%' if at >= self.pattern.len() => Err("malformed pattern (ends with '%')".into()),
            b'%' => Ok(at + 1),
            b'[' => {
                if self.sign(at) == b'^' {
                    at += 1;
                }
                // The first one of a set may be a bracket.
                loop {
                    let Some(&sign) = self.pattern.get(at) else {
                        return Err("malformed pattern (missing ']')".into());
                    };
                    at += 1;
                    if sign == b'%' && at < self.pattern.len() {
                        at += 1;
                    }
                    if self.sign(at) == b']' {
                        break;
                    }
                }
                self.work((at - p) / 4)?;
                Ok(at + 1)
            }
            _ => Ok(at),
        }
    }

    fn single(&mut self, s: usize, p: usize, end: usize) -> Result<bool, Error> {
        let Some(&c) = self.text.get(s) else { return Ok(false) };
        self.work(1)?;
        match self.sign(p) {
            b'.' => Ok(true),
            b'%' => Ok(in_class(c, self.sign(p + 1))),
            b'[' => self.in_set(c, p, end - 1),
            sign => Ok(sign == c),
        }
    }

    /// Whether an octet is in the set from the bracket at `p` to that at `end`.
    fn in_set(&mut self, c: u8, mut p: usize, end: usize) -> Result<bool, Error> {
        let mut inside = true;
        if self.sign(p + 1) == b'^' {
            inside = false;
            p += 1;
        }
        let from = p;
        let found = loop {
            p += 1;
            if p >= end {
                break false;
            }
            let sign = self.sign(p);
            if sign == b'%' {
                p += 1;
                if in_class(c, self.sign(p)) {
                    break true;
                }
            } else if self.sign(p + 1) == b'-' && p + 2 < end {
                p += 2;
                if (sign..=self.sign(p)).contains(&c) {
                    break true;
                }
            } else if sign == c {
                break true;
            }
        };
        self.work(p - from)?;
        Ok(found == inside)
    }
}

fn in_class(c: u8, class: u8) -> bool {
    let inside = match class.to_ascii_lowercase() {
        b'a' => c.is_ascii_alphabetic(),
        b'c' => c.is_ascii_control(),
        b'd' => c.is_ascii_digit(),
        b'g' => c.is_ascii_graphic(),
        b'l' => c.is_ascii_lowercase(),
        b'p' => c.is_ascii_punctuation(),
        b's' => c.is_ascii_whitespace() || c == 0x0b,
        b'u' => c.is_ascii_uppercase(),
        b'w' => c.is_ascii_alphanumeric(),
        b'x' => c.is_ascii_hexdigit(),
        b'z' => c == 0,
        _ => return class == c,
    };
    inside == class.is_ascii_lowercase()
}

/// Whether a pattern is plain text.
#[must_use]
pub fn is_plain(pattern: &[u8]) -> bool {
    !pattern.iter().any(|c| b"^$*+?.([%-".contains(c))
}

/// `string.gsub` with a text to put in; the text and how many matches it has replaced.
///
/// # Errors
/// The pattern or the replacement is none, the time is over, or the result is longer than `room`, which is told by `Ok(None)`.
pub fn replace(
    text: &[u8],
    pattern: &[u8],
    by: &[u8],
    most: usize,
    room: usize,
    stop: fn() -> bool,
) -> Result<Option<(Vec<u8>, usize)>, Error> {
    let anchored = pattern.first() == Some(&b'^');
    let mut matcher = Matcher::new(text, &pattern[usize::from(anchored)..], stop);
    let (mut out, mut at, mut kept, mut count) = (Vec::new(), 0, 0, 0);
    while count < most {
        let Some((from, end)) = matcher.find(at, anchored)? else { break };
        count += 1;
        out.extend_from_slice(&text[kept..from]);
        if !fill(&mut matcher, by, (from, end), room, &mut out)? {
            return Ok(None);
        }
        kept = end;
        if end == from && from == text.len() {
            break;
        }
        at = if end > from { end } else { from + 1 };
        if anchored {
            break;
        }
    }
    out.extend_from_slice(&text[kept..]);
    Ok((out.len() <= room).then_some((out, count)))
}

/// Adds a replacement; false: there is no room for it.
fn fill(
    matcher: &mut Matcher<'_>,
    by: &[u8],
    (from, end): (usize, usize),
    room: usize,
    out: &mut Vec<u8>,
) -> Result<bool, Error> {
    let mut signs = by.iter();
    while let Some(&sign) = signs.next() {
        matcher.work(1)?;
        if out.len() > room {
            return Ok(false);
        }
        if sign != b'%' {
            out.push(sign);
            continue;
        }
        match signs.next().copied().unwrap_or(0) {
            b'%' => out.push(b'%'),
            b'0' => {
                out.extend_from_slice(&matcher.text[from..end]);
                matcher.work((end - from) / 32)?;
            }
            digit @ b'1'..=b'9' => match matcher.capture(usize::from(digit - b'1'), from, end)? {
                Captured::Octets(octets) => {
                    out.extend_from_slice(octets);
                    matcher.work(octets.len() / 32)?;
                }
                Captured::Position(at) => out.extend_from_slice(at.to_string().as_bytes()),
            },
            _ => return Err("invalid use of '%' in replacement string".into()),
        }
    }
    Ok(out.len() <= room)
}
