// SPDX-License-Identifier: GPL-2.0-or-later
//! The tokens of a source, as far as `escape` has to tell them apart.

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// A name or a keyword.
    Name(&'a str),
    /// `.`
    Dot,
    /// `:`
    Colon,
    /// Any other octet that is no part of a longer token.
    Symbol(u8),
    /// Numbers, strings, longer operators.
    Other,
}

/// The tokens, each with the line that it begins on.
pub fn tokens(source: &str) -> Vec<(Token<'_>, usize)> {
    let mut scanner = Scanner { source: source.as_bytes(), text: source, at: 0, line: 1, tokens: Vec::new() };
    scanner.run(false);
    scanner.tokens
}

struct Scanner<'a> {
    source: &'a [u8],
    text: &'a str,
    at: usize,
    line: usize,
    tokens: Vec<(Token<'a>, usize)>,
}

impl Scanner<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.source.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn step(&mut self) {
        if self.peek(0) == b'\n' {
            self.line += 1;
        }
        self.at += 1;
    }

    /// Reads to the end; inside an interpolated string to the brace that closes the expression.
    fn run(&mut self, in_braces: bool) {
        let mut braces = 0;
        while self.at < self.source.len() {
            let line = self.line;
            let token = match self.peek(0) {
                c if c.is_ascii_whitespace() => {
                    self.step();
                    continue;
                }
                b'-' if self.peek(1) == b'-' => {
                    self.at += 2;
                    if !self.long_bracket() {
                        while self.at < self.source.len() && self.peek(0) != b'\n' {
                            self.at += 1;
                        }
                    }
                    continue;
                }
                b'"' | b'\'' => {
                    self.quoted();
                    Token::Other
                }
                b'`' => {
                    self.tokens.push((Token::Other, line));
                    self.interpolated();
                    Token::Other
                }
                b'[' if self.long_bracket() => Token::Other,
                c if c.is_ascii_alphabetic() || c == b'_' => {
                    let start = self.at;
                    while self.peek(0).is_ascii_alphanumeric() || self.peek(0) == b'_' {
                        self.at += 1;
                    }
                    Token::Name(&self.text[start..self.at])
                }
                c if c.is_ascii_digit() => {
                    while self.peek(0).is_ascii_alphanumeric() || matches!(self.peek(0), b'_' | b'.') {
                        self.at += 1;
                    }
                    Token::Other
                }
                b'.' | b':' if self.peek(1) == self.peek(0) => {
                    let c = self.peek(0);
                    while self.peek(0) == c {
                        self.at += 1;
                    }
                    Token::Other
                }
                c => {
                    self.step();
                    match c {
                        b'.' => Token::Dot,
                        b':' => Token::Colon,
                        b'{' => {
                            braces += 1;
                            Token::Symbol(c)
                        }
                        b'}' if in_braces && braces == 0 => return,
                        b'}' => {
                            braces -= 1;
                            Token::Symbol(c)
                        }
                        _ => Token::Symbol(c),
                    }
                }
            };
            self.tokens.push((token, line));
        }
    }

    fn quoted(&mut self) {
        let quote = self.peek(0);
        self.at += 1;
        while self.at < self.source.len() && self.peek(0) != quote {
            if self.peek(0) == b'\\' {
                self.step();
            }
            self.step();
        }
        self.at += 1;
    }

    fn interpolated(&mut self) {
        self.at += 1;
        while self.at < self.source.len() && self.peek(0) != b'`' {
            match self.peek(0) {
                b'\\' => {
                    self.step();
                    self.step();
                }
                b'{' => {
                    self.at += 1;
                    self.run(true);
                    // What the expression ends with is not indexed by what comes after the brace.
                    self.tokens.push((Token::Other, self.line));
                }
                _ => self.step(),
            }
        }
        self.at += 1;
    }

    /// Skips `[[...]]`, `[=[...]=]`; false when there is none here.
    fn long_bracket(&mut self) -> bool {
        let mut level = 0;
        while self.peek(1 + level) == b'=' {
            level += 1;
        }
        if self.peek(0) != b'[' || self.peek(1 + level) != b'[' {
            return false;
        }
        self.at += 2 + level;
        while self.at < self.source.len() {
            let closes =
                self.peek(0) == b']' && (1..=level).all(|n| self.peek(n) == b'=') && self.peek(1 + level) == b']';
            if closes {
                self.at += 2 + level;
                break;
            }
            self.step();
        }
        true
    }
}
