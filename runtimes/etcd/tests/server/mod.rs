// SPDX-License-Identifier: GPL-2.0-or-later
//! A real etcd on loopback (Debian package etcd-server), and certificates for it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use etcd_client::{Certificate, Client, ConnectOptions, Identity, TlsOptions};
use frr_runtime::testing::PATIENCE;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Runs until it is dropped.
pub struct Etcd {
    dir: TempDir,
    port: u16,
    peer: u16,
    pki: Option<PathBuf>,
    process: Option<Child>,
}

impl Etcd {
    pub fn start() -> Etcd {
        Etcd::start_with(None)
    }

    /// With TLS, for clients that have a certificate too; the folder is of [`pki`].
    pub fn start_with(pki: Option<&Path>) -> Etcd {
        // Another program may take the port between here and etcd: then etcd ends, and the next ports are tried.
        for _ in 0..5 {
            let (port, peer) = (free(), free());
            let dir = tempfile::tempdir().unwrap();
            let mut etcd = Etcd { dir, port, peer, pki: pki.map(Path::to_path_buf), process: None };
            if etcd.run() {
                return etcd;
            }
        }
        panic!("etcd does not start: is the package etcd-server there?");
    }

    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", if self.pki.is_some() { "https" } else { "http" }, self.port)
    }

    /// Starts the process; false when it ended before it served.
    pub fn run(&mut self) -> bool {
        let (url, peer) = (self.url(), format!("http://127.0.0.1:{}", self.peer));
        // It goes with us, also when we are killed.
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "etcd", "--data-dir"])
            .arg(self.dir.path().join("data"))
            .args(["--listen-client-urls", &url, "--advertise-client-urls", &url])
            .args(["--listen-peer-urls", &peer, "--initial-advertise-peer-urls", &peer])
            .args(["--initial-cluster", &format!("default={peer}"), "--logger", "zap", "--log-level", "error"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(pki) = &self.pki {
            let file = |name| pki.join(name).to_str().unwrap().to_string();
            command.args(["--cert-file", &file("server.pem"), "--key-file", &file("server.key")]);
            command.args(["--client-cert-auth", "--trusted-ca-file", &file("ca.pem")]);
        }
        let mut process = command.spawn().expect("setpriv (util-linux) and etcd");
        let late = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < late, "etcd does not serve");
            if process.try_wait().unwrap().is_some() {
                return false;
            }
            if self.try_client(None).is_some() {
                self.process = Some(process);
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills the process; the data stays.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// A client of the test's own, to do what the runtime doesn't.
    pub fn client(&self) -> (Runtime, Client) {
        self.try_client(None).expect("an etcd that serves")
    }

    fn try_client(&self, user: Option<(&str, &str)>) -> Option<(Runtime, Client)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut options = ConnectOptions::new().with_timeout(Duration::from_secs(5));
        if let Some(pki) = &self.pki {
            let read = |name| std::fs::read(pki.join(name)).unwrap();
            let identity = Identity::from_pem(read("client.pem"), read("client.key"));
            let ca = Certificate::from_pem(read("ca.pem"));
            options = options.with_tls(TlsOptions::new().ca_certificate(ca).identity(identity));
        }
        if let Some((user, password)) = user {
            options = options.with_user(user, password);
        }
        let client = runtime.block_on(async {
            let mut client = Client::connect([self.url()], Some(options)).await.ok()?;
            // A read needs a leader, and fails when it may not be; both mean that etcd serves.
            match client.get("ready", None).await {
                Ok(_) => Some(client),
                Err(e) if e.to_string().contains("user name is empty") => Some(client),
                Err(_) => None,
            }
        })?;
        Some((runtime, client))
    }
}

impl Drop for Etcd {
    fn drop(&mut self) {
        self.kill();
    }
}

fn free() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An authority with one server and one client, as files in a folder.
pub fn pki() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: String| std::fs::write(dir.path().join(name), text).unwrap();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    write("ca.pem", ca.pem());
    for (name, host) in [("server", "127.0.0.1"), ("client", "client.example")] {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![host.to_string()]).unwrap();
        write(&format!("{name}.pem"), params.signed_by(&key, &ca).unwrap().pem());
        write(&format!("{name}.key"), key.serialize_pem());
    }
    dir
}
