// SPDX-License-Identifier: GPL-2.0-or-later
//! Whom a client trusts, and who it says it is.

use std::path::Path;
use std::sync::Arc;

use frr_runtime::{Error, log};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::config::{Config, Version};

/// The TLS side of a client.
pub fn configure(config: &Config) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::from_source("tls", &e))?;
    let builder = if config.verify {
        builder.with_root_certificates(roots(config.ca.as_deref())?)
    } else {
        if config.ca.is_some() {
            return Err(Error::new("config", "ca says whom to trust and verify = false trusts anybody: leave one out"));
        }
        log::warn!("verify = false: the certificates of servers aren't checked");
        builder.dangerous().with_custom_certificate_verifier(Arc::new(Anybody { provider }))
    };
    let mut tls = match (&config.cert, &config.key) {
        (None, None) => builder.with_no_client_auth(),
        (Some(cert), Some(key)) => {
            let chain = certificates(cert)?;
            let key = PrivateKeyDer::from_pem_file(key).map_err(|e| unreadable(key, &e))?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|e| Error::new("config", format!("{} and its key don't fit together: {e}", cert.display())))?
        }
        _ => return Err(Error::new("config", "a client certificate needs both cert and key")),
    };
    tls.alpn_protocols = match config.version {
        Version::Auto => vec![b"h2".to_vec(), b"http/1.1".to_vec()],
        Version::Http1 => vec![b"http/1.1".to_vec()],
        Version::Http2 => vec![b"h2".to_vec()],
    };
    Ok(tls)
}

fn roots(ca: Option<&Path>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca {
        for certificate in certificates(path)? {
            roots.add(certificate).map_err(|e| unreadable(path, &e))?;
        }
        return Ok(roots);
    }
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        // Still good for http://, and an https:// answers with an error.
        log::warn!("the system has no certificates to trust: install ca-certificates or give ca");
    }
    Ok(roots)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let all: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(|certificates| certificates.collect())
        .map_err(|e| unreadable(path, &e))?;
    if all.is_empty() {
        return Err(Error::new("config", format!("{} has no certificate in PEM", path.display())));
    }
    Ok(all)
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Error {
    let path = path.display();
    Error { message: format!("{path}: {}", Error::from_source("", error).message), ..Error::new("config", "") }
}

/// Takes any certificate, but still checks that the server has its key.
#[derive(Debug)]
struct Anybody {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
