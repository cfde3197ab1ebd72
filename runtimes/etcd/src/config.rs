// SPDX-License-Identifier: GPL-2.0-or-later
//! What a script gives when it makes a client.

use std::path::{Path, PathBuf};
use std::time::Duration;

use etcd_client::{Certificate, ConnectOptions, Identity, TlsOptions};
use frr_runtime::{Error, Seconds};
use serde::Deserialize;

/// Options of a client. Only `endpoints` can't be left out.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Members of the cluster, as URLs. One is used until it fails, then the next.
    pub endpoints: Vec<String>,
    /// Who the client is, when etcd has its authentication on.
    pub user: Option<String>,
    /// The password of `user`.
    pub password: Option<String>,
    /// A file whose first line is the password.
    pub password_file: Option<PathBuf>,
    /// File with the certificates to trust, PEM. Without it those of the system.
    pub ca: Option<PathBuf>,
    /// File with the client's certificate, PEM.
    pub cert: Option<PathBuf>,
    /// File with the key of `cert`, PEM.
    pub key: Option<PathBuf>,
    /// The name in the members' certificates, when it isn't the one in the URL.
    pub server_name: Option<String>,
    /// For a request.
    pub timeout: Seconds,
    /// For a connection with its TLS handshake.
    pub connect_timeout: Seconds,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            endpoints: Vec::new(),
            user: None,
            password: None,
            password_file: None,
            ca: None,
            cert: None,
            key: None,
            server_name: None,
            timeout: Seconds(Duration::from_secs(5)),
            connect_timeout: Seconds(Duration::from_secs(3)),
        }
    }
}

impl Config {
    /// What the client library takes, or what is wrong.
    pub fn options(&self) -> Result<ConnectOptions, Error> {
        if self.endpoints.is_empty() {
            return Err(wrong("endpoints is missing: a list of URLs, { \"http://192.0.2.1:2379\" }"));
        }
        let secure = self.endpoints.iter().filter(|url| url.starts_with("https://")).count();
        let plain = self.endpoints.iter().filter(|url| url.starts_with("http://")).count();
        if secure + plain != self.endpoints.len() {
            return Err(wrong("an endpoint is a URL that begins with http:// or https://"));
        }
        let tls = self.ca.is_some() || self.cert.is_some() || self.key.is_some() || self.server_name.is_some();
        if plain > 0 && (secure > 0 || tls) {
            return Err(wrong("with TLS all endpoints begin with https://"));
        }
        let mut options = ConnectOptions::new()
            .with_connect_timeout(self.connect_timeout.0)
            // A member that is gone without a word is noticed after twice that; etcd allows a ping every 5 seconds.
            .with_keep_alive(Duration::from_secs(10), Duration::from_secs(10))
            .with_keep_alive_while_idle(false)
            // A member that lost its cluster says so, instead of being silent.
            .with_require_leader(true);
        if secure > 0 {
            options = options.with_tls(self.tls()?);
        }
        match (&self.user, self.password()?) {
            (None, None) => Ok(options),
            (Some(user), Some(password)) => Ok(options.with_user(user, password).with_auto_token_refresh(true)),
            _ => Err(wrong("user and password (or password_file) go together")),
        }
    }

    fn password(&self) -> Result<Option<String>, Error> {
        match (&self.password, &self.password_file) {
            (Some(_), Some(_)) => Err(wrong("password and password_file are two ways to say the same: leave one out")),
            (Some(password), None) => Ok(Some(password.clone())),
            (None, Some(path)) => {
                let text = String::from_utf8(read(path)?).map_err(|_| wrong("the password is no text"))?;
                Ok(Some(text.lines().next().unwrap_or_default().to_string()))
            }
            (None, None) => Ok(None),
        }
    }

    fn tls(&self) -> Result<TlsOptions, Error> {
        let mut tls = TlsOptions::new();
        tls = match &self.ca {
            Some(path) => tls.ca_certificate(Certificate::from_pem(read(path)?)),
            None => tls.with_native_roots(),
        };
        match (&self.cert, &self.key) {
            (None, None) => (),
            (Some(cert), Some(key)) => tls = tls.identity(Identity::from_pem(read(cert)?, read(key)?)),
            _ => return Err(wrong("a client certificate needs both cert and key")),
        }
        if let Some(name) = &self.server_name {
            tls = tls.domain_name(name);
        }
        Ok(tls)
    }
}

fn wrong(message: &str) -> Error {
    Error::new("config", message)
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|e| Error::new("config", format!("{}: {e}", path.display())))
}
