// SPDX-License-Identifier: GPL-2.0-or-later
//! Servers, TLS, and who we are to them.

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use frr_runtime::{Error, Seconds};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use url::{Host, Url};

/// What a script gives to `ldap.new`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// ldap://, ldaps:// or ldapi:// of one server, or of several that have the same.
    #[serde(default)]
    urls: Vec<String>,
    /// Start TLS on ldap:// connections before anything else.
    #[serde(default)]
    starttls: bool,
    /// File with the certificates (PEM) that we trust, instead of the system's.
    ca: Option<PathBuf>,
    /// Whom we bind as; anonymous without.
    dn: Option<String>,
    /// Its password.
    password: Option<String>,
    /// File with the password in its first line.
    password_file: Option<PathBuf>,
    /// Send the password without TLS, to servers on other machines too.
    #[serde(default)]
    plaintext: bool,
    /// Connections at most.
    #[serde(default = "connections")]
    connections: usize,
    /// Seconds to connect and bind.
    #[serde(default = "connect_timeout")]
    connect_timeout: Seconds,
    /// Seconds for an operation.
    #[serde(default = "timeout")]
    timeout: Seconds,
    /// Seconds after which an idle connection is not used again.
    #[serde(default = "idle")]
    idle: Seconds,
}

fn connections() -> usize {
    4
}

fn connect_timeout() -> Seconds {
    Seconds(Duration::from_secs(5))
}

fn timeout() -> Seconds {
    Seconds(Duration::from_secs(30))
}

fn idle() -> Seconds {
    Seconds(Duration::from_secs(60))
}

/// Without a configuration there is no server, which is an error that says so.
impl Default for Config {
    fn default() -> Self {
        Self {
            urls: Vec::new(),
            starttls: false,
            ca: None,
            dn: None,
            password: None,
            password_file: None,
            plaintext: false,
            connections: connections(),
            connect_timeout: connect_timeout(),
            timeout: timeout(),
            idle: idle(),
        }
    }
}

/// A configuration that was checked.
#[derive(Clone)]
pub struct Settings {
    /// Servers, in the order in which they are tried.
    pub servers: Vec<Url>,
    /// Start TLS on ldap:// connections.
    pub starttls: bool,
    /// What we trust; only when a connection needs it.
    pub tls: Option<Arc<ClientConfig>>,
    /// DN and password.
    pub bind: Option<(String, String)>,
    /// Passwords may go to any server in plain text.
    pub plaintext: bool,
    /// Connections at most.
    pub connections: usize,
    /// To connect and bind.
    pub connect_timeout: Duration,
    /// For an operation.
    pub timeout: Duration,
    /// Until an idle connection is too old.
    pub idle: Duration,
}

fn wrong(message: impl std::fmt::Display) -> Error {
    Error::new("config", message)
}

impl Settings {
    /// Checks a configuration and reads its files.
    pub fn new(config: Config) -> Result<Self, Error> {
        if config.urls.is_empty() {
            return Err(wrong("no server: give url = \"ldaps://HOST\""));
        }
        let servers = config.urls.iter().map(|text| server(text)).collect::<Result<Vec<_>, _>>()?;
        let encrypts = config.starttls || servers.iter().any(|url| url.scheme() == "ldaps");
        if config.ca.is_some() && !encrypts {
            return Err(wrong("ca is given, but no connection uses TLS: use ldaps:// or starttls = true"));
        }
        let tls = if encrypts { Some(trust(config.ca.as_deref())?) } else { None };
        if config.password.is_some() && config.password_file.is_some() {
            return Err(wrong("give password or password_file, not both"));
        }
        let password = match &config.password_file {
            Some(path) => Some(password(path)?),
            None => config.password,
        };
        let bind = match (config.dn, password) {
            (None, None) => None,
            // A bind without a password succeeds as anonymous (RFC 4513 section 5.1.2).
            (Some(dn), Some(password)) if !dn.is_empty() && !password.is_empty() => Some((dn, password)),
            _ => return Err(wrong("dn and password go together, and neither may be empty")),
        };
        if !(1..=64).contains(&config.connections) {
            return Err(wrong(format!("connections = {} is not from 1 to 64", config.connections)));
        }
        let settings = Self {
            servers,
            starttls: config.starttls,
            tls,
            bind,
            plaintext: config.plaintext,
            connections: config.connections,
            connect_timeout: config.connect_timeout.0,
            timeout: config.timeout.0,
            idle: config.idle.0,
        };
        if settings.bind.is_some() {
            settings.servers.iter().try_for_each(|server| settings.may_tell(server))?;
        }
        Ok(settings)
    }

    /// Whether a password may be sent to this server.
    pub fn may_tell(&self, server: &Url) -> Result<(), Error> {
        let near = match server.host() {
            Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
            // The host of ldap:// is no domain to this crate, as the scheme is not known to it.
            Some(Host::Domain(name)) => name == "localhost" || name.parse().is_ok_and(|a: IpAddr| a.is_loopback()),
            None => false,
        };
        if server.scheme() != "ldap" || self.starttls || self.plaintext || near {
            return Ok(());
        }
        Err(wrong(format!(
            "the password would go to {server} in plain text: use ldaps:// or starttls = true, or allow it with plaintext = true"
        )))
    }
}

fn server(text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).map_err(|error| wrong(format!("url {text}: {error}")))?;
    let host = url.host_str().unwrap_or_default();
    match url.scheme() {
        "ldap" | "ldaps" | "ldapi" if !host.is_empty() => Ok(url),
        "ldap" | "ldaps" | "ldapi" => Err(wrong(format!("url {text} has no host"))),
        scheme => Err(wrong(format!("url {text}: {scheme} is not ldap, ldaps or ldapi"))),
    }
}

fn trust(ca: Option<&Path>) -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore::empty();
    match ca {
        Some(path) => {
            let problem = |error: &dyn std::fmt::Display| wrong(format!("ca {}: {error}", path.display()));
            let certificates = CertificateDer::pem_file_iter(path).map_err(|error| problem(&error))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| problem(&error))?;
                roots.add(certificate).map_err(|error| problem(&error))?;
            }
            if roots.is_empty() {
                return Err(problem(&"no certificate in it"));
            }
        }
        None => {
            // Some of a system's certificates are often ones that rustls does not take.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(format!("TLS: {error}")))?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

fn password(path: &Path) -> Result<String, Error> {
    let text =
        std::fs::read_to_string(path).map_err(|error| wrong(format!("password_file {}: {error}", path.display())))?;
    Ok(text.lines().next().unwrap_or_default().to_string())
}
