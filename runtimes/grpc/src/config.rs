// SPDX-License-Identifier: GPL-2.0-or-later
//! The configuration of a loaded runtime: one server.

use std::time::Duration;

use frr_runtime::Error;
use serde::Deserialize;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

/// One server. Times are in seconds.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `http://host:port`, or `https://host:port` for TLS.
    pub uri: String,
    /// File with the certificates to trust, instead of the web's.
    pub ca: Option<String>,
    /// File with this client's certificate.
    pub cert: Option<String>,
    /// And with its key.
    pub key: Option<String>,
    /// The name in the server's certificate, when it isn't that of the URI.
    pub server_name: Option<String>,
    /// File with a descriptor set (`protoc --include_imports -o FILE`), for servers without reflection.
    pub descriptors: Option<String>,
    /// For a connection.
    pub connect_timeout: f64,
    /// For a unary call that says nothing else.
    pub timeout: f64,
    /// When nothing was heard for so long while a call waits, the connection is asked whether it is alive. 0: never.
    pub keepalive: f64,
    /// Bytes of a message that we take.
    pub max_message: usize,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            uri: String::new(),
            ca: None,
            cert: None,
            key: None,
            server_name: None,
            descriptors: None,
            connect_timeout: 5.0,
            timeout: 10.0,
            keepalive: 20.0,
            max_message: 4 << 20,
        }
    }
}

impl Config {
    /// A connection that is made by the first call, and again when it was lost.
    pub fn channel(&self) -> Result<Channel, Error> {
        if self.uri.is_empty() {
            return Err(Error::new("config", r#"no uri; give uri = "https://host:port""#));
        }
        let wrong = |e| Error::from_source("config", &e);
        let mut endpoint = Endpoint::from_shared(self.uri.clone())
            .map_err(wrong)?
            .connect_timeout(seconds("connect_timeout", self.connect_timeout)?)
            .tcp_nodelay(true);
        if self.keepalive != 0.0 {
            let interval = seconds("keepalive", self.keepalive)?;
            endpoint = endpoint.http2_keep_alive_interval(interval).keep_alive_timeout(interval);
        }
        match endpoint.uri().scheme_str() {
            Some("https") => endpoint = endpoint.tls_config(self.tls()?).map_err(wrong)?,
            Some("http") if self.ca.is_none() && self.cert.is_none() => (),
            Some("http") => {
                return Err(Error::new("config", "ca and cert are for TLS; the uri begins with https:// then"));
            }
            _ => return Err(Error::new("config", "the uri begins with http:// or https://")),
        }
        Ok(endpoint.connect_lazy())
    }

    fn tls(&self) -> Result<ClientTlsConfig, Error> {
        let mut tls = ClientTlsConfig::new();
        tls = match &self.ca {
            Some(path) => tls.ca_certificate(Certificate::from_pem(read("ca", path)?)),
            None => tls.with_enabled_roots(),
        };
        match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => tls = tls.identity(Identity::from_pem(read("cert", cert)?, read("key", key)?)),
            (None, None) => (),
            _ => return Err(Error::new("config", "cert and key come together")),
        }
        if let Some(name) = &self.server_name {
            tls = tls.domain_name(name);
        }
        Ok(tls)
    }
}

/// What is in a file that the configuration names.
pub fn read(name: &str, path: &str) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|e| Error::new("config", format!("{name}: {path} can't be read: {e}")))
}

/// A time that is in the configuration or in a request.
pub fn seconds(name: &str, value: f64) -> Result<Duration, Error> {
    // A day is longer than any of these may sensibly be, and far from what a Duration can't hold.
    match value {
        v if v > 0.0 && v <= 86_400.0 => Ok(Duration::from_secs_f64(v)),
        _ => Err(Error::request(format!("{name} is {value}; give seconds, more than 0 and at most 86400"))),
    }
}
