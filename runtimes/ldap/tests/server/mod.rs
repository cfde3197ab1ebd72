// SPDX-License-Identifier: GPL-2.0-or-later
//! A slapd of a test's own.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Who may do everything.
pub const ADMIN: &str = "cn=admin,dc=example,dc=org";
/// Its password.
pub const PASSWORD: &str = "test-only";

const PATIENCE: Duration = Duration::from_secs(30);

/// Runs until it is dropped.
pub struct Server {
    folder: TempDir,
    port: u16,
    tls_port: u16,
    child: Option<Child>,
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Server {
    pub fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        certificates(path);
        std::fs::create_dir(path.join("db")).unwrap();
        let text = CONFIGURATION.replace("FOLDER", path.to_str().unwrap());
        std::fs::write(path.join("slapd.conf"), text).unwrap();
        std::fs::write(path.join("start.ldif"), ENTRIES).unwrap();
        let loaded = Command::new("/usr/sbin/slapadd")
            .arg("-f")
            .arg(path.join("slapd.conf"))
            .arg("-l")
            .arg(path.join("start.ldif"))
            .output()
            .expect("slapadd (Debian package slapd)");
        assert!(loaded.status.success(), "{}", String::from_utf8_lossy(&loaded.stderr));
        let mut server = Self { folder, port: free_port(), tls_port: free_port(), child: None };
        server.run();
        server
    }

    /// Starts it, and waits until it listens.
    pub fn run(&mut self) {
        let path = self.folder.path();
        let log = std::fs::File::create(path.join("log")).unwrap();
        let urls = format!("ldap://127.0.0.1:{}/ ldaps:/// {}", self.port, self.ldapi());
        let urls = urls.replace("ldaps:///", &format!("ldaps://127.0.0.1:{0}/ ldaps://127.0.0.2:{0}/", self.tls_port));
        let child = Command::new("/usr/sbin/slapd")
            .arg("-f")
            .arg(path.join("slapd.conf"))
            .args(["-h", &urls, "-d", "stats"])
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("slapd (Debian package slapd)");
        self.child = Some(child);
        let (port, tls_port) = (self.port, self.tls_port);
        let listens = |port| TcpStream::connect(("127.0.0.1", port)).is_ok();
        self.wait("slapd does not listen", || listens(port) && listens(tls_port));
        self.no_connections();
    }

    /// Stops it as an operator does.
    pub fn stop(&mut self) {
        self.signal("TERM");
        self.child.take().unwrap().wait().unwrap();
    }

    pub fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub fn freeze(&self) {
        self.signal("STOP");
    }

    pub fn thaw(&self) {
        self.signal("CONT");
    }

    pub fn ldap(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    pub fn ldaps(&self, host: &str) -> String {
        format!("ldaps://{host}:{}", self.tls_port)
    }

    pub fn ldapi(&self) -> String {
        format!("ldapi://{}", self.folder.path().join("ldapi").to_str().unwrap().replace('/', "%2F"))
    }

    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Connections that are open.
    pub fn connections(&self) -> usize {
        let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap();
        let count = |what: &str| log.lines().filter(|line| line.contains(what)).count();
        count(" ACCEPT from") - count(" closed")
    }

    /// Waits until none is open.
    pub fn no_connections(&self) {
        self.wait("connections stay open", || self.connections() == 0);
    }

    fn signal(&self, name: &str) {
        let id = self.child.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    fn wait(&self, what: &str, ready: impl Fn() -> bool) {
        let late = Instant::now() + PATIENCE;
        while !ready() {
            let log = || std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            assert!(Instant::now() < late, "{what}: {}", log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// An authority, and a certificate of its for localhost and 127.0.0.1.
fn certificates(path: &Path) {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.distinguished_name.push(rcgen::DnType::CommonName, "Test authority");
    let key = KeyPair::generate().unwrap();
    let certificate = authority.self_signed(&key).unwrap();
    std::fs::write(path.join("ca.pem"), certificate.pem()).unwrap();
    let issuer = Issuer::new(authority, key);
    let own = KeyPair::generate().unwrap();
    let names = ["localhost", "127.0.0.1"].map(String::from);
    let server = CertificateParams::new(names).unwrap().signed_by(&own, &issuer).unwrap();
    std::fs::write(path.join("server.pem"), server.pem()).unwrap();
    std::fs::write(path.join("server.key"), own.serialize_pem()).unwrap();
}

const CONFIGURATION: &str = r#"
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile FOLDER/slapd.pid
argsfile FOLDER/slapd.args
modulepath /usr/lib/ldap
moduleload back_mdb
threads 4
TLSCACertificateFile FOLDER/ca.pem
TLSCertificateFile FOLDER/server.pem
TLSCertificateKeyFile FOLDER/server.key
database mdb
suffix "dc=example,dc=org"
rootdn "cn=admin,dc=example,dc=org"
rootpw test-only
directory FOLDER/db
maxsize 67108864
dbnosync
index objectClass,uid eq
sizelimit size.soft=200 size.hard=200
access to * by * read
"#;

const ENTRIES: &str = "dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people
";
