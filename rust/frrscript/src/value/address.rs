// SPDX-License-Identifier: GPL-2.0-or-later
//! IP addresses: the standard library's type, and text for it.

use super::TextError;
pub use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Reads `192.0.2.1` or `2001:db8::1` (inet_pton's forms, as FRR; no zone, no octal).
///
/// # Errors
/// Anything else.
pub fn parse_address(text: &str) -> Result<IpAddr, TextError> {
    text.trim_ascii()
        .parse()
        .map_err(|_| TextError::not_a(text, "an IP address", "write it as 192.0.2.1 or 2001:db8::1"))
}
