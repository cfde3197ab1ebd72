// SPDX-License-Identifier: GPL-2.0-or-later
//! `[...]` of POSIX regular expressions, as glibc reads them in the C locale: a set of octets.

use super::posix::push_byte;

/// Octets, one flag each.
type Octets = [bool; 256];

/// Reads what follows a `[`; returns the class in the syntax of `regex` and what follows the `]`.
pub(super) fn translate(pattern: &[u8]) -> Result<(String, &[u8]), String> {
    let (negated, mut rest) = match pattern {
        [b'^', rest @ ..] => (true, rest),
        _ => (false, pattern),
    };
    let mut set: Octets = [false; 256];
    let mut first = true;
    loop {
        rest = match rest {
            [] => return Err("a [ is not closed by ]: write \\[ for the bracket itself".into()),
            [b']', after @ ..] if !first => {
                return Ok((class(&set, negated), after));
            }
            [b'[', b':', after @ ..] => named(after, &mut set)?,
            [b'[', b'.' | b'=', ..] => {
                return Err("[. .] and [= =] are for other alphabets: write the character itself".into());
            }
            // Before the end and at the start it stands for itself.
            [b'-', after @ ..] if !first && after.first() != Some(&b']') => {
                return Err("- stands between two characters, first or last in [ ]".into());
            }
            [low, b'-', after @ ..] if !after.is_empty() && after[0] != b']' => range(*low, after, &mut set)?,
            [byte, after @ ..] => {
                set[usize::from(plain(*byte)?)] = true;
                after
            }
        };
        first = false;
    }
}

fn range<'a>(low: u8, after: &'a [u8], set: &mut Octets) -> Result<&'a [u8], String> {
    let [high, rest @ ..] = after else {
        return Ok(after);
    };
    if *high == b'[' && matches!(rest.first(), Some(b':' | b'.' | b'=')) {
        return Err("a range in [ ] goes from one character to another".into());
    }
    let (low, high) = (plain(low)?, plain(*high)?);
    if low > high {
        return Err(format!(
            "the range {}-{} in [ ] is empty: write the smaller one first",
            char::from(low),
            char::from(high)
        ));
    }
    for byte in low..=high {
        set[usize::from(byte)] = true;
    }
    Ok(rest)
}

/// A character that stands for itself.
fn plain(byte: u8) -> Result<u8, String> {
    match byte {
        b'_' => Err("_ in [ ] is not a separator in FRR either: write [,{}() ] or move it out".into()),
        0 => Err("it has a NUL".into()),
        0x80.. => Err("only ASCII stands in [ ]".into()),
        _ => Ok(byte),
    }
}

/// Reads what follows a `[:`.
fn named<'a>(after: &'a [u8], set: &mut Octets) -> Result<&'a [u8], String> {
    let end = after.windows(2).position(|pair| pair == b":]");
    let name = end.map(|end| &after[..end]).unwrap_or_default();
    let contains: fn(&u8) -> bool = match name {
        b"digit" => u8::is_ascii_digit,
        b"alpha" => u8::is_ascii_alphabetic,
        b"alnum" => u8::is_ascii_alphanumeric,
        b"upper" => u8::is_ascii_uppercase,
        b"lower" => u8::is_ascii_lowercase,
        b"xdigit" => u8::is_ascii_hexdigit,
        b"punct" => u8::is_ascii_punctuation,
        b"graph" => u8::is_ascii_graphic,
        b"cntrl" => u8::is_ascii_control,
        b"print" => |byte| matches!(byte, b' '..=b'~'),
        b"space" => |byte| matches!(byte, b'\t'..=b'\r' | b' '),
        b"blank" => |byte| matches!(byte, b'\t' | b' '),
        _ => return Err("[: :] holds a name such as digit, alpha or space".into()),
    };
    for byte in 0..=u8::MAX {
        set[usize::from(byte)] |= contains(&byte);
    }
    Ok(&after[name.len() + 2..])
}

/// The set in the syntax of `regex`.
fn class(set: &Octets, negated: bool) -> String {
    let mut out = String::from(if negated { "[^" } else { "[" });
    let mut byte = 0;
    while byte < set.len() {
        let run = set[byte..].iter().take_while(|inside| **inside).count();
        if let (Ok(low), Ok(high)) = (u8::try_from(byte), u8::try_from(byte + run.saturating_sub(1)))
            && run > 0
        {
            push_byte(&mut out, low);
            if run > 1 {
                out.push('-');
                push_byte(&mut out, high);
            }
        }
        byte += run.max(1);
    }
    out.push(']');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn sets() {
        for (posix, translated, rest) in [
            ("0-9]x", "[0-9]", "x"),
            ("^]a]", r"[^\x5da]", ""),
            ("]-a]", r"[\x5d-a]", ""),
            ("-a]", r"[\x2da]", ""),
            ("a-]", r"[\x2da]", ""),
            ("\\d]", r"[\x5cd]", ""),
            ("[:digit:]:]", r"[0-\x3a]", ""),
            ("+--]", r"[\x2b-\x2d]", ""),
            ("a[]", r"[\x5ba]", ""),
        ] {
            let read = translate(posix.as_bytes());
            assert_eq!(read, Ok((translated.to_string(), rest.as_bytes())), "{posix}");
        }
    }

    #[test]
    fn messages() {
        let error = |pattern: &str| translate(pattern.as_bytes()).unwrap_err();
        assert_snapshot!(error("]"), @r"a [ is not closed by ]: write \[ for the bracket itself");
        assert_snapshot!(error("9-0]"), @"the range 9-0 in [ ] is empty: write the smaller one first");
        assert_snapshot!(error("a-b-c]"), @"- stands between two characters, first or last in [ ]");
        assert_snapshot!(error("[:number:]]"), @"[: :] holds a name such as digit, alpha or space");
        assert_snapshot!(error("[.-.]]"), @"[. .] and [= =] are for other alphabets: write the character itself");
        assert_snapshot!(error("a-[:digit:]]"), @"a range in [ ] goes from one character to another");
        assert_snapshot!(error("_ ]"), @"_ in [ ] is not a separator in FRR either: write [,{}() ] or move it out");
        assert_snapshot!(error("é]"), @"only ASCII stands in [ ]");
    }
}
