// SPDX-License-Identifier: GPL-2.0-or-later
//! The configuration of a loaded runtime: where the cluster is and how to talk to it.

use std::time::Duration;

use frr_runtime::Error;
use krafka::auth::{AuthConfig, TlsConfig};
use krafka::{Kafka, KafkaBuilder};
use serde::Deserialize;

/// One cluster. Times are in seconds.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// `host:port` of brokers to start from.
    pub brokers: Brokers,
    /// How this client calls itself.
    pub client_id: String,
    /// For one connection.
    pub connect_timeout: f64,
    /// For one request.
    pub request_timeout: f64,
    /// TLS, when there.
    pub tls: Option<Tls>,
    /// A user, when there.
    pub sasl: Option<Sasl>,
}

/// One broker, or several.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Brokers {
    /// `a:9092,b:9092`
    One(String),
    /// `a:9092`, `b:9092`
    Many(Vec<String>),
}

/// `true`, or a table. The server's certificate is always verified.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Tls {
    /// With the web's certificate authorities, or (false) none.
    Switch(bool),
    /// With files.
    Files(TlsFiles),
}

/// Paths of PEM files.
#[derive(Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsFiles {
    /// Certificate authorities to trust, instead of the web's.
    pub ca: Option<String>,
    /// This client's certificate.
    pub cert: Option<String>,
    /// Its key.
    pub key: Option<String>,
    /// The name in the server's certificate, when it isn't the broker's.
    pub server_name: Option<String>,
}

/// Who we are.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sasl {
    /// How that is proven.
    pub mechanism: Mechanism,
    /// The name.
    pub username: String,
    /// The secret.
    pub password: String,
}

/// A way to prove who we are.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mechanism {
    /// The password itself: only with TLS.
    Plain,
    /// RFC 5802 with SHA-256.
    ScramSha256,
    /// RFC 5802 with SHA-512.
    ScramSha512,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            brokers: Brokers::Many(Vec::new()),
            client_id: "frr".into(),
            connect_timeout: 5.0,
            request_timeout: 30.0,
            tls: None,
            sasl: None,
        }
    }
}

impl Config {
    /// A client of that cluster, not connected yet.
    pub fn builder(&self) -> Result<KafkaBuilder, Error> {
        let connect = seconds("connect_timeout", self.connect_timeout)?;
        let request = seconds("request_timeout", self.request_timeout)?;
        let mut builder = Kafka::builder(self.bootstrap()?)
            .client_id(&self.client_id)
            .connect_timeout(connect)
            .request_timeout(request.max(connect));
        if let Some(security) = self.security()? {
            builder = builder.security(security);
        }
        Ok(builder)
    }

    fn bootstrap(&self) -> Result<String, Error> {
        let text = match &self.brokers {
            Brokers::One(text) => text.clone(),
            Brokers::Many(list) => list.join(","),
        };
        if text.trim().is_empty() {
            return Err(Error::new("config", r#"no brokers; give brokers = { "host:9092" }"#));
        }
        Ok(text)
    }

    fn security(&self) -> Result<Option<AuthConfig>, Error> {
        let tls = match &self.tls {
            None | Some(Tls::Switch(false)) => None,
            Some(Tls::Switch(true)) => Some(TlsConfig::new()),
            Some(Tls::Files(files)) => Some(files.config()?),
        };
        let Some(sasl) = &self.sasl else {
            return Ok(tls.map(AuthConfig::ssl));
        };
        let security = match sasl.mechanism {
            Mechanism::Plain => AuthConfig::sasl_plain(&sasl.username, &sasl.password),
            Mechanism::ScramSha256 => AuthConfig::sasl_scram_sha256(&sasl.username, &sasl.password),
            Mechanism::ScramSha512 => AuthConfig::sasl_scram_sha512(&sasl.username, &sasl.password),
        };
        match (tls, sasl.mechanism) {
            (Some(tls), _) => Ok(Some(security.with_tls(tls))),
            (None, Mechanism::Plain) => Err(Error::new(
                "config",
                "mechanism plain shows the password to the network; add tls, or use scram-sha-512",
            )),
            (None, _) => Ok(Some(security)),
        }
    }
}

impl TlsFiles {
    fn config(&self) -> Result<TlsConfig, Error> {
        let mut tls = TlsConfig::new();
        if let Some(ca) = &self.ca {
            tls = tls.with_ca_cert(ca);
        }
        match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => tls = tls.with_client_cert(cert, key),
            (None, None) => (),
            _ => return Err(Error::new("config", "tls.cert and tls.key come together")),
        }
        if let Some(name) = &self.server_name {
            tls = tls.with_sni_hostname(name);
        }
        Ok(tls)
    }
}

/// A time that is in the configuration or in a request.
pub fn seconds(name: &str, value: f64) -> Result<Duration, Error> {
    // A day is longer than any of these times may sensibly be, and far from what a Duration can't hold.
    match value {
        v if v > 0.0 && v <= 86_400.0 => Ok(Duration::from_secs_f64(v)),
        _ => Err(Error::request(format!("{name} is {value}; give seconds, more than 0 and at most 86400"))),
    }
}
