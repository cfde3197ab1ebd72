// SPDX-License-Identifier: GPL-2.0-or-later
//! What a listener wants of an event, looked at before the script is entered: `{ family = "ipv4", prefixes = set }`.

use crate::ffi::record::{Getter, Record};
use crate::schema::{ArgKind, FieldKind, Hook, Type};
use crate::set::PrefixSet;
use std::rc::Rc;

/// All of its parts must agree.
#[derive(Default)]
pub struct Filter {
    words: Vec<(Getter, String)>,
    prefixes: Option<(Getter, &'static Type, Rc<PrefixSet>)>,
}

impl Filter {
    /// Asks for a text argument to be `word`, or to begin with it as a word of its own: `ipv4` is any of IPv4.
    ///
    /// # Errors
    /// The event has no such argument.
    pub fn add_word(&mut self, hook: &Hook, arg: &str, word: &str) -> Result<(), String> {
        let texts = || hook.args.iter().filter(|a| matches!(a.kind, ArgKind::Value(FieldKind::String)));
        match texts().find(|a| a.name == arg).and_then(|a| a.get) {
            Some(get) => {
                self.words.push((get, word.to_owned()));
                Ok(())
            }
            None => {
                let mut names: Vec<&str> = texts().map(|a| a.name).collect();
                if with_prefix(hook).is_some() {
                    names.push("prefixes");
                }
                let names = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
                Err(format!("{} can't be filtered by '{arg}': it can by {names}", hook.name))
            }
        }
    }

    /// Asks for the event's prefix to be in a set.
    ///
    /// # Errors
    /// The event has no prefix.
    pub fn add_prefixes(&mut self, hook: &Hook, set: Rc<PrefixSet>) -> Result<(), String> {
        let (get, ty) = with_prefix(hook).ok_or_else(|| format!("{} has no prefix to filter by", hook.name))?;
        self.prefixes = Some((get, ty, set));
        Ok(())
    }

    /// Whether the listener wants the event.
    #[must_use]
    pub fn wants(&self, record: &Record) -> bool {
        self.words.iter().all(|(get, word)| record.text(*get, |text| begins(text, word.as_bytes())))
            && self
                .prefixes
                .as_ref()
                .is_none_or(|(get, ty, set)| record.prefix(*get, ty).is_some_and(|p| set.contains(&p)))
    }
}

/// The first argument of an event that has a prefix.
fn with_prefix(hook: &Hook) -> Option<(Getter, &'static Type)> {
    hook.args.iter().find_map(|arg| match arg.kind {
        ArgKind::Object(ty, _) if ty.prefix.is_there() => Some((arg.get?, ty)),
        _ => None,
    })
}

fn begins(text: &[u8], word: &[u8]) -> bool {
    text.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest[0] == b' ')
}

#[cfg(test)]
mod tests {
    use super::begins;

    #[test]
    fn a_word_is_whole() {
        assert!(begins(b"ipv4 unicast", b"ipv4"));
        assert!(begins(b"ipv4 unicast", b"ipv4 unicast"));
        assert!(begins(b"Established", b"Established"));
        assert!(!begins(b"ipv4 unicast", b"ipv"));
        assert!(!begins(b"ipv4", b"ipv4 unicast"));
    }
}
