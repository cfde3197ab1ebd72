// SPDX-License-Identifier: GPL-2.0-or-later
//! The error of everything that reads text, and how it quotes a bad word.

use std::fmt::{self, Write as _};

/// Characters of a bad word that an error shows. A script may pass 100 MB of text; the message
/// goes to the log and to vtysh.
const SHOWN: usize = 40;

/// Text that is not a value: a sentence that names the bad word and says what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextError(pub String);

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TextError {}

impl TextError {
    /// `"WORD" is not NOUN: EXPECTED`.
    pub(crate) fn not_a(word: &str, noun: &str, expected: &str) -> Self {
        TextError(format!("{} is not {noun}: {expected}", quoted(word)))
    }
}

/// `word` in double quotes, control characters escaped, cut to 40 characters.
pub(crate) fn quoted(word: &str) -> String {
    let mut shown = String::from("\"");
    for (count, c) in word.chars().enumerate() {
        if count == SHOWN {
            shown.push_str("...");
            break;
        }
        if c == '"' || c == '\\' || c.is_control() {
            let _ = write!(shown, "{}", c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown.push('"');
    shown
}

/// Appends a number in decimal: the text of a route is mostly numbers, and `write!` is slow at them.
pub(crate) fn push_decimal(out: &mut String, mut number: u32) {
    let mut digits = [0u8; 10];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend(digits[start..].iter().map(|digit| char::from(*digit)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use insta::assert_snapshot;

    #[test]
    fn decimal() {
        for number in [0, 9, 10, 65_535, 1_000_000_000, u32::MAX] {
            let mut text = String::new();
            push_decimal(&mut text, number);
            assert_eq!(text, number.to_string());
        }
    }

    #[test]
    fn a_bad_word_is_quoted_short_and_printable() {
        assert_snapshot!(quoted("65001:x"), @r#""65001:x""#);
        assert_snapshot!(quoted("a\nb\"c\\\u{1b}"), @r#""a\nb\"c\\\u{1b}""#);
        assert_snapshot!(quoted(&"x".repeat(100_000)), @r#""xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...""#);
    }
}
