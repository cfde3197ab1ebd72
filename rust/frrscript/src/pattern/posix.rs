// SPDX-License-Identifier: GPL-2.0-or-later
//! POSIX extended regular expressions, as glibc's `regcomp` reads them, into the syntax of the crate `regex`.

use super::bracket;
use std::fmt::Write as _;

/// `RE_DUP_MAX` of glibc.
const MAX_REPEAT: u32 = 32_767;

/// FRR's meaning of `_` (bgp_regex.c): start, end or a separator.
const SEPARATOR: &str = r"(?:^|[,{}() ]|$)";

/// Translates; the error says what is wrong and what to write.
pub(super) fn translate(pattern: &str) -> Result<String, String> {
    let mut translation = Translation::default();
    let mut rest = pattern.as_bytes();
    while let [byte, after @ ..] = rest {
        rest = translation.take(*byte, after)?;
    }
    if translation.open.is_empty() {
        Ok(translation.out)
    } else {
        Err("a ( is not closed by ): write \\( for the bracket itself".into())
    }
}

/// How often the last atom is repeated already.
#[derive(Clone, Copy, PartialEq)]
enum Repeat {
    Once,
    /// `*`, `+` or `?`.
    Sign(char),
    Interval,
}

#[derive(Default)]
struct Translation {
    out: String,
    /// Where each open group starts in `out`.
    open: Vec<usize>,
    /// Where the last atom starts in `out`, if there is one that can be repeated.
    atom: Option<(usize, Repeat)>,
}

impl Translation {
    /// Takes what starts with `byte`; returns what is left of `after`.
    fn take<'a>(&mut self, byte: u8, after: &'a [u8]) -> Result<&'a [u8], String> {
        match byte {
            b'(' => {
                self.open.push(self.out.len());
                self.out.push_str("(?:");
                self.atom = None;
            }
            b')' => match self.open.pop() {
                Some(start) => {
                    self.out.push(')');
                    self.atom = Some((start, Repeat::Once));
                }
                // glibc takes a ) that closes nothing for itself.
                None => self.literal(b')'),
            },
            b'|' => {
                self.out.push('|');
                self.atom = None;
            }
            b'^' => self.anchor("^"),
            b'$' => self.anchor("$"),
            b'.' => self.atom("."),
            b'_' => self.atom(SEPARATOR),
            b'*' | b'+' | b'?' => self.repeat_sign(char::from(byte))?,
            b'{' => return self.interval(after),
            b'[' => {
                let (class, rest) = bracket::translate(after)?;
                self.atom(&class);
                return Ok(rest);
            }
            b'\\' => return self.escape(after),
            0 => return Err("it has a NUL".into()),
            _ => self.literal(byte),
        }
        Ok(after)
    }

    fn atom(&mut self, text: &str) {
        self.atom = Some((self.out.len(), Repeat::Once));
        self.out.push_str(text);
    }

    /// An anchor cannot be repeated.
    fn anchor(&mut self, text: &str) {
        self.out.push_str(text);
        self.atom = None;
    }

    fn literal(&mut self, byte: u8) {
        self.atom = Some((self.out.len(), Repeat::Once));
        push_byte(&mut self.out, byte);
    }

    fn repeat_sign(&mut self, sign: char) -> Result<(), String> {
        let Some((start, repeat)) = self.atom else {
            return Err(match (sign, self.out.ends_with("(?:")) {
                ('?', true) => "(?...) is not POSIX: use ( ) and [ ] only".into(),
                _ => format!("{sign} has nothing to repeat: write \\{sign} for the sign itself"),
            });
        };
        match repeat {
            Repeat::Once => self.out.push(sign),
            Repeat::Interval => {
                self.wrap(start);
                self.out.push(sign);
            }
            // `regex` would read the second sign as "lazy". Two equal ones are one, two different ones are `*`.
            Repeat::Sign(before) => {
                self.out.pop();
                self.out.push(if before == sign { sign } else { '*' });
            }
        }
        let sign = self.out.chars().next_back().unwrap_or(sign);
        self.atom = Some((start, Repeat::Sign(sign)));
        Ok(())
    }

    /// `{n}`, `{n,}`, `{n,m}` and glibc's `{,m}`.
    fn interval<'a>(&mut self, after: &'a [u8]) -> Result<&'a [u8], String> {
        let Some((start, repeat)) = self.atom else {
            return Err("{ has nothing to repeat: write \\{ for the bracket of an AS set".into());
        };
        let Some(end) = after.iter().position(|byte| *byte == b'}') else {
            return Err("a { is not closed by }: write \\{ for the bracket of an AS set".into());
        };
        let inside = &after[..end];
        let (low, high) = match inside.iter().position(|byte| *byte == b',') {
            None => (inside, Some(inside)),
            Some(comma) => (&inside[..comma], Some(&inside[comma + 1..]).filter(|high| !high.is_empty())),
        };
        let wrong = || {
            "{ } holds one number or two, at most 32767, the smaller one first: write \\{ for the bracket of an AS set"
                .to_string()
        };
        let has_comma = inside.contains(&b',');
        let low = if low.is_empty() && has_comma { Some(0) } else { number(low) }.ok_or_else(wrong)?;
        let high = high.map(|high| number(high).filter(|high| *high >= low).ok_or_else(wrong)).transpose()?;
        if repeat != Repeat::Once {
            self.wrap(start);
        }
        let _ = match high {
            Some(high) => write!(self.out, "{{{low},{high}}}"),
            None => write!(self.out, "{{{low},}}"),
        };
        self.atom = Some((start, Repeat::Interval));
        Ok(&after[end + 1..])
    }

    /// Makes one atom of what is after `start`.
    fn wrap(&mut self, start: usize) {
        self.out.insert_str(start, "(?:");
        self.out.push(')');
    }

    fn escape<'a>(&mut self, after: &'a [u8]) -> Result<&'a [u8], String> {
        let [byte, rest @ ..] = after else {
            return Err("it ends with \\: write \\\\ for the sign itself".into());
        };
        match byte {
            b'1'..=b'9' => {
                return Err(format!(
                    "\\{} repeats the text of a group, which has no bound on time: write what it stands for",
                    char::from(*byte)
                ));
            }
            // GNU's additions to POSIX.
            b'w' | b'W' | b's' | b'S' => self.atom(&format!("\\{}", char::from(*byte))),
            b'b' | b'B' | b'<' | b'>' => self.anchor(&format!("\\{}", char::from(*byte))),
            b'`' => self.anchor(r"\A"),
            b'\'' => self.anchor(r"\z"),
            b'd' => return Err("\\d is not POSIX: write [0-9]".into()),
            b'_' => {
                return Err("\\_ does not take the meaning from _: no text of a route has that sign".into());
            }
            _ if byte.is_ascii_alphanumeric() => {
                return Err(format!("\\{} is not POSIX: write the characters themselves", char::from(*byte)));
            }
            _ => self.literal(*byte),
        }
        Ok(rest)
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || digits.len() > 9 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0'));
    (number <= MAX_REPEAT).then_some(number)
}

/// One octet as itself.
pub(super) fn push_byte(out: &mut String, byte: u8) {
    if byte.is_ascii_alphanumeric() || byte == b' ' {
        out.push(char::from(byte));
    } else {
        let _ = write!(out, "\\x{byte:02x}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    fn error(pattern: &str) -> String {
        translate(pattern).unwrap_err()
    }

    #[test]
    fn translations() {
        for (posix, translated) in [
            ("_1_", r"(?:^|[,{}() ]|$)1(?:^|[,{}() ]|$)"),
            ("a**", "a*"),
            ("a+?", "a*"),
            ("a{2}*", "(?:a{2,2})*"),
            ("a*{,3}", "(?:a*){0,3}"),
            ("(a|b)c)", r"(?:a|b)c\x29"),
            (r"\.", r"\x2e"),
            ("a{0,}", "a{0,}"),
        ] {
            assert_eq!(translate(posix).as_deref(), Ok(translated), "{posix}");
        }
    }

    #[test]
    fn messages() {
        assert_snapshot!(error("(65001"), @r"a ( is not closed by ): write \( for the bracket itself");
        assert_snapshot!(error("*65001"), @r"* has nothing to repeat: write \* for the sign itself");
        assert_snapshot!(error("^+"), @r"+ has nothing to repeat: write \+ for the sign itself");
        assert_snapshot!(error("(?i)x"), @"(?...) is not POSIX: use ( ) and [ ] only");
        assert_snapshot!(error("{65001}"), @r"{ has nothing to repeat: write \{ for the bracket of an AS set");
        assert_snapshot!(error("1{2"), @r"a { is not closed by }: write \{ for the bracket of an AS set");
        assert_snapshot!(error("1{65001,65002}"), @r"{ } holds one number or two, at most 32767, the smaller one first: write \{ for the bracket of an AS set");
        assert_snapshot!(error(r"(1) \1"), @r"\1 repeats the text of a group, which has no bound on time: write what it stands for");
        assert_snapshot!(error(r"\d+"), @r"\d is not POSIX: write [0-9]");
        assert_snapshot!(error(r"\n"), @r"\n is not POSIX: write the characters themselves");
        assert_snapshot!(error(r"a\_"), @r"\_ does not take the meaning from _: no text of a route has that sign");
        assert_snapshot!(error(r"a\"), @r"it ends with \: write \\ for the sign itself");
        assert_snapshot!(error("a\0"), @"it has a NUL");
        for pattern in ["a{}", "a{3,2}", "a{x}", "a{1,2,3}", "a|*", "(+)"] {
            assert!(translate(pattern).is_err(), "{pattern}");
        }
    }
}
