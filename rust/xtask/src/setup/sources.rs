// SPDX-License-Identifier: GPL-2.0-or-later
//! The machine's own apt sources: sources.list(5), one-line and deb822 form.

use std::path::{Path, PathBuf};

/// One place that packages come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Where, as written, without a `/` at the end.
    pub uri: String,
    /// Suites such as `bookworm` or `bookworm-updates`.
    pub suites: Vec<String>,
    /// Components such as `main`.
    pub components: Vec<String>,
    /// The keyring file that signs it, if the source names one.
    pub signed_by: Option<String>,
}

/// Debian's suites: what tells its mirrors from other archives.
const DEBIAN_SUITES: [&str; 10] =
    ["bullseye", "bookworm", "trixie", "forky", "sid", "oldstable", "oldoldstable", "stable", "testing", "unstable"];

impl Source {
    /// Does it carry Debian's main archive (not its security updates)?
    pub fn is_debian(&self) -> bool {
        let main = self.components.iter().any(|c| c == "main");
        let suite = |s: &String| DEBIAN_SUITES.contains(&s.as_str());
        main && self.suites.iter().any(suite)
    }
}

/// All sources of binary packages under `etc` (usually `/etc/apt`).
pub fn read(etc: &Path) -> Vec<Source> {
    let mut files = vec![etc.join("sources.list")];
    if let Ok(entries) = std::fs::read_dir(etc.join("sources.list.d")) {
        let mut parts: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        parts.sort();
        files.extend(parts);
    }
    let mut sources = Vec::new();
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else {
            continue;
        };
        match file.extension().and_then(|e| e.to_str()) {
            Some("list") => sources.extend(one_line(&text)),
            Some("sources") => sources.extend(deb822(&text)),
            _ => {}
        }
    }
    sources
}

/// `deb [option=value ...] uri suite component...`, one a line.
pub fn one_line(text: &str) -> Vec<Source> {
    text.lines().filter_map(one_source).collect()
}

fn one_source(line: &str) -> Option<Source> {
    let line = line.split('#').next()?.trim();
    let rest = line.strip_prefix("deb")?;
    if !rest.starts_with([' ', '\t', '[']) {
        return None;
    }
    let mut rest = rest.trim_start();
    let mut signed_by = None;
    if let Some(options) = rest.strip_prefix('[') {
        let (options, after) = options.split_once(']')?;
        for option in options.split_whitespace() {
            if let Some(value) = option.strip_prefix("signed-by=") {
                signed_by = Some(value.to_owned());
            }
        }
        rest = after;
    }
    let mut words = rest.split_whitespace().map(str::to_owned);
    Some(Source {
        uri: words.next()?.trim_end_matches('/').to_owned(),
        suites: vec![words.next()?],
        components: words.collect(),
        signed_by,
    })
}

/// Paragraphs of `Field: value`, where a line that starts with a space goes on
/// with the field before.
pub fn deb822(text: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in text.lines().chain([""]) {
        if line.starts_with('#') {
            continue;
        }
        if line.trim().is_empty() {
            paragraph(&fields, &mut sources);
            fields.clear();
        } else if line.starts_with([' ', '\t']) {
            if let Some((_, value)) = fields.last_mut() {
                value.push('\n');
                value.push_str(line.trim());
            }
        } else if let Some((name, value)) = line.split_once(':') {
            fields.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    sources
}

fn paragraph(fields: &[(String, String)], sources: &mut Vec<Source>) {
    let get = |name: &str| {
        let field = fields.iter().find(|(n, _)| n == name);
        field.map(|(_, value)| value.as_str())
    };
    let words = |name: &str| -> Vec<String> {
        let value = get(name).unwrap_or_default();
        value.split_whitespace().map(str::to_owned).collect()
    };
    let off = get("enabled").is_some_and(|v| ["no", "false", "0", "off"].contains(&v));
    if off || !words("types").iter().any(|t| t == "deb") {
        return;
    }
    // A key may be in the file itself; only a path is of use to us.
    let signed_by = get("signed-by").filter(|v| v.starts_with('/') && !v.contains('\n')).map(str::to_owned);
    for uri in words("uris") {
        sources.push(Source {
            uri: uri.trim_end_matches('/').to_owned(),
            suites: words("suites"),
            components: words("components"),
            signed_by: signed_by.clone(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(uri: &str, suites: &[&str], signed_by: Option<&str>) -> Source {
        Source {
            uri: uri.into(),
            suites: suites.iter().map(|s| (*s).into()).collect(),
            components: vec!["main".into()],
            signed_by: signed_by.map(Into::into),
        }
    }

    #[test]
    fn one_line_form() {
        let text = "# a comment\n\
                    deb http://mirror.example/debian/ bookworm main\n\
                    deb-src http://mirror.example/debian bookworm main\n\
                    deb [arch=amd64 signed-by=/k.gpg] http://two.example trixie main # why\n\
                    debug\n";
        assert_eq!(
            one_line(text),
            [
                source("http://mirror.example/debian", &["bookworm"], None),
                source("http://two.example", &["trixie"], Some("/k.gpg")),
            ]
        );
    }

    #[test]
    fn deb822_form() {
        let text = "Types: deb deb-src\nURIs: http://mirror.example/debian\n\
                    # a comment inside\nSuites: bookworm\n bookworm-updates\n\
                    Components: main\nSigned-By: /k.gpg\n\n\
                    Enabled: no\nTypes: deb\nURIs: http://off.example\nSuites: sid\n\n\
                    Types: deb-src\nURIs: http://source.example\nSuites: sid\n\n\
                    Types: deb\nURIs: http://key.example\nSuites: sid\nComponents: main\n\
                    Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n";
        assert_eq!(
            deb822(text),
            [
                source("http://mirror.example/debian", &["bookworm", "bookworm-updates"], Some("/k.gpg")),
                source("http://key.example", &["sid"], None),
            ]
        );
    }

    #[test]
    fn debian_is_told_by_its_suites() {
        assert!(source("http://a.example", &["bookworm"], None).is_debian());
        assert!(source("http://a.example", &["trixie", "trixie-updates"], None).is_debian());
        assert!(!source("http://a.example", &["bookworm-security"], None).is_debian());
        assert!(!source("http://a.example", &["noble"], None).is_debian());
        let mut contrib = source("http://a.example", &["trixie"], None);
        contrib.components = vec!["contrib".into()];
        assert!(!contrib.is_debian());
    }
}
