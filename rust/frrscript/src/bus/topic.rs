// SPDX-License-Identifier: GPL-2.0-or-later
//! Names of topics.

/// Octets of a name at most.
pub const LONGEST: usize = 64;

/// Whether a name may be used, or why not.
///
/// # Errors
/// The reason, as it goes on after the name.
pub fn check(name: &[u8]) -> Result<&str, String> {
    let allowed = |c: &u8| c.is_ascii_alphanumeric() || b"_-./".contains(c);
    if name.is_empty() {
        return Err("is empty: a topic has a name, \"uplink/healthy\"".to_owned());
    }
    if name.len() > LONGEST {
        return Err(format!("has {} octets: a topic has at most {LONGEST}", name.len()));
    }
    if let Some(bad) = name.iter().find(|&c| !allowed(c)) {
        return Err(format!(
            "has '{}' in it: a topic has letters, digits, '_', '-', '.' and '/'",
            char::from(*bad).escape_default()
        ));
    }
    // All of them are ASCII.
    std::str::from_utf8(name).map_err(|_| "is no text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn names() {
        for good in ["a", "uplink/healthy", "A-b_c.9", &"x".repeat(64)] {
            assert_eq!(check(good.as_bytes()), Ok(good));
        }
        for bad in ["", "a b", "ä", "a\n", "topic*", "\0", &"x".repeat(65)] {
            assert!(check(bad.as_bytes()).is_err(), "{bad}");
        }
        assert_eq!(check(b"a b").unwrap_err(), "has ' ' in it: a topic has letters, digits, '_', '-', '.' and '/'");
    }
}
