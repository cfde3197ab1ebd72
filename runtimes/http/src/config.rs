// SPDX-License-Identifier: GPL-2.0-or-later
//! What a script gives when it makes a client.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use frr_runtime::{Map, Seconds};
use serde::Deserialize;

/// Options of a client. All of them may be left out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// File with the certificates to trust, PEM. Without it those of the system.
    pub ca: Option<PathBuf>,
    /// File with the client's certificate and those above it, PEM.
    pub cert: Option<PathBuf>,
    /// File with the key of `cert`, PEM.
    pub key: Option<PathBuf>,
    /// False: takes any certificate. For a laboratory.
    pub verify: bool,
    /// For a whole request, unless the request has its own.
    pub timeout: Seconds,
    /// For a connection with its TLS handshake.
    pub connect_timeout: Seconds,
    /// How many redirects are followed.
    pub redirects: usize,
    /// Octets of a body; a larger one is an error.
    pub max_response: u64,
    /// Which version is spoken.
    pub version: Version,
    /// Sent with each request, unless the request has its own.
    pub headers: Map<String>,
    /// The address to connect from.
    pub source: Option<IpAddr>,
    /// The interface or VRF to connect through.
    pub interface: Option<String>,
    /// A proxy's URL, `http://192.0.2.1:3128`. Without it none, whatever the environment says.
    pub proxy: Option<String>,
    /// How long a connection is kept without a request.
    pub idle: Seconds,
}

/// The version that a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Version {
    /// HTTP/2 when the server takes it in the TLS handshake, else 1.1.
    #[serde(rename = "auto")]
    Auto,
    /// HTTP/1.1 only.
    #[serde(rename = "1.1")]
    Http1,
    /// HTTP/2 only, also without TLS.
    #[serde(rename = "2")]
    Http2,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            ca: None,
            cert: None,
            key: None,
            verify: true,
            timeout: Seconds(Duration::from_secs(30)),
            connect_timeout: Seconds(Duration::from_secs(10)),
            redirects: 5,
            max_response: 2 << 20,
            version: Version::Auto,
            headers: Map::default(),
            source: None,
            interface: None,
            proxy: None,
            idle: Seconds(Duration::from_secs(60)),
        }
    }
}
