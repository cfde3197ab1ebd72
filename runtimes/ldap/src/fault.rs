// SPDX-License-Identifier: GPL-2.0-or-later
//! Errors of LDAP as errors of a runtime.

use frr_runtime::Error;
use ldap3::{LdapError, LdapResult};

/// Result codes (RFC 4511 section 4.1.9 and appendix A) by name.
const NAMES: [(u32, &str); 38] = [
    (1, "operationsError"),
    (2, "protocolError"),
    (3, "timeLimitExceeded"),
    (4, "sizeLimitExceeded"),
    (7, "authMethodNotSupported"),
    (8, "strongerAuthRequired"),
    (10, "referral"),
    (11, "adminLimitExceeded"),
    (12, "unavailableCriticalExtension"),
    (13, "confidentialityRequired"),
    (14, "saslBindInProgress"),
    (16, "noSuchAttribute"),
    (17, "undefinedAttributeType"),
    (18, "inappropriateMatching"),
    (19, "constraintViolation"),
    (20, "attributeOrValueExists"),
    (21, "invalidAttributeSyntax"),
    (32, "noSuchObject"),
    (33, "aliasProblem"),
    (34, "invalidDNSyntax"),
    (36, "aliasDereferencingProblem"),
    (48, "inappropriateAuthentication"),
    (49, "invalidCredentials"),
    (50, "insufficientAccessRights"),
    (51, "busy"),
    (52, "unavailable"),
    (53, "unwillingToPerform"),
    (54, "loopDetect"),
    (64, "namingViolation"),
    (65, "objectClassViolation"),
    (66, "notAllowedOnNonLeaf"),
    (67, "notAllowedOnRDN"),
    (68, "entryAlreadyExists"),
    (69, "objectClassModsProhibited"),
    (71, "affectsMultipleDSAs"),
    (80, "other"),
    (118, "canceled"),
    (122, "assertionFailed"),
];

/// What a server has refused. The kind is the RFC's name of its code.
pub fn refused(result: &LdapResult) -> Error {
    let name = NAMES.iter().find(|(code, _)| *code == result.rc).map_or("ldap", |(_, name)| *name);
    let mut message = format!("the server says {name} ({})", result.rc);
    if !result.text.is_empty() {
        message = format!("{message}: {}", result.text);
    }
    let mut error = Error::new(name, message).code(i64::from(result.rc));
    if !result.matched.is_empty() {
        error = error.with("matched", result.matched.clone());
    }
    if let [first, ..] = &result.refs[..] {
        error = error.with("referral", first.clone());
    }
    error
}

/// What went wrong on the way there.
pub fn failed(error: &LdapError) -> Error {
    match error {
        LdapError::LdapResult { result } => refused(result),
        LdapError::FilterParsing => Error::request("the filter is not one (RFC 4515), as in (&(uid=a)(ou=b))"),
        LdapError::AddNoValues => Error::request("an attribute of a new entry needs a value"),
        LdapError::Rustls { .. } | LdapError::DNSName { .. } => Error::from_source("tls", error),
        LdapError::Io { source } if source.get_ref().is_some_and(|inner| inner.is::<rustls::Error>()) => {
            Error::from_source("tls", source)
        }
        LdapError::Io { source } => Error::from_source("connect", source),
        LdapError::OpSend { .. } | LdapError::ResultRecv { .. } | LdapError::EndOfStream => {
            Error::new("disconnected", "the server closed the connection")
        }
        other => Error::from_source("ldap", other),
    }
}
