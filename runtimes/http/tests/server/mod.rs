// SPDX-License-Identifier: GPL-2.0-or-later
//! An HTTP server on loopback, plain or with TLS, and the certificates for it.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http_body_util::{BodyExt, Full, StreamBody, combinators::BoxBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tempfile::TempDir;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio_rustls::TlsAcceptor;

/// A certificate authority with one server and one client, as files.
pub struct Pki {
    dir: TempDir,
}

impl Pki {
    pub fn new() -> Pki {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| std::fs::write(dir.path().join(name), text).unwrap();
        for authority in ["ca", "other"] {
            let mut params = CertificateParams::default();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
            write(&format!("{authority}.pem"), ca.pem());
            if authority == "ca" {
                for (name, host) in [("server", "127.0.0.1"), ("client", "client.example")] {
                    let key = KeyPair::generate().unwrap();
                    let params = CertificateParams::new(vec![host.to_string()]).unwrap();
                    write(&format!("{name}.pem"), params.signed_by(&key, &ca).unwrap().pem());
                    write(&format!("{name}.key"), key.serialize_pem());
                }
            }
        }
        Pki { dir }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A server's TLS; `mutual`: clients need a certificate too.
    pub fn server(&self, mutual: bool) -> ServerConfig {
        let read = |name| CertificateDer::from_pem_file(self.path(name)).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
        let builder = if mutual {
            let mut roots = RootCertStore::empty();
            roots.add(read("ca.pem")).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let key = PrivateKeyDer::from_pem_file(self.path("server.key")).unwrap();
        let mut tls = builder.with_single_cert(vec![read("server.pem")], key).unwrap();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        tls
    }
}

/// Serves until it is dropped.
pub struct Server {
    pub address: SocketAddr,
    scheme: &'static str,
    pub connections: Arc<AtomicUsize>,
    _runtime: Runtime,
}

impl Server {
    pub fn start(tls: Option<ServerConfig>) -> Server {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let scheme = if tls.is_some() { "https" } else { "http" };
        let acceptor = tls.map(|tls| TlsAcceptor::from(Arc::new(tls)));
        let counter = connections.clone();
        runtime.spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                counter.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(connection(stream, acceptor.clone()));
            }
        });
        Server { address, scheme, connections, _runtime: runtime }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }
}

async fn connection(stream: TcpStream, acceptor: Option<TlsAcceptor>) {
    let server = auto::Builder::new(TokioExecutor::new());
    // A client that goes away, or that isn't let in, is no failure of the server.
    match acceptor {
        None => drop(server.serve_connection(TokioIo::new(stream), service_fn(answer)).await),
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                drop(server.serve_connection(TokioIo::new(stream), service_fn(answer)).await);
            }
        }
    }
}

type Body = BoxBody<Bytes, Infallible>;

async fn answer(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let response = Response::builder().header("x-version", format!("{:?}", request.version()));
    let path = request.uri().path().to_string();
    let query = request.uri().query().unwrap_or_default().to_string();
    Ok(match path.as_str() {
        "/echo" => {
            let mut response = response.header("x-method", request.method().as_str()).header("x-query", query);
            for (name, value) in request.headers() {
                response = response.header(format!("x-got-{name}"), value);
            }
            let body = request.into_body().collect().await.unwrap().to_bytes();
            response.body(Full::new(body).boxed()).unwrap()
        }
        "/cookies" => response
            .header("set-cookie", "a=1, 2")
            .header("set-cookie", "b=3")
            .header("x-list", "1")
            .header("x-list", "2")
            .body(Body::default())
            .unwrap(),
        "/missing" => response.status(404).body(Full::from("no such thing").boxed()).unwrap(),
        "/slow" => std::future::pending().await,
        "/bytes" => response.body(Full::from(vec![0xfe; query.parse().unwrap()]).boxed()).unwrap(),
        // No length in the header, and no end.
        "/endless" => {
            let (sender, receiver) = tokio::sync::mpsc::channel::<Result<Frame<Bytes>, Infallible>>(1);
            tokio::spawn(async move {
                while sender.send(Ok(Frame::data(Bytes::from_static(&[b'x'; 1024])))).await.is_ok() {}
            });
            response.body(BodyExt::boxed(StreamBody::new(Chunks(receiver)))).unwrap()
        }
        "/redirect" => response.status(302).header("location", query).body(Body::default()).unwrap(),
        "/loop" => response.status(302).header("location", "/loop").body(Body::default()).unwrap(),
        other => response.status(500).body(Full::from(format!("no {other} here")).boxed()).unwrap(),
    })
}

struct Chunks(tokio::sync::mpsc::Receiver<Result<Frame<Bytes>, Infallible>>);

impl futures_core::Stream for Chunks {
    type Item = Result<Frame<Bytes>, Infallible>;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}
