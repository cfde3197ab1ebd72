// SPDX-License-Identifier: GPL-2.0-or-later
//! A tonic server in a thread. protoc describes them to it and to the runtime.
#![allow(dead_code)]

mod service;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::thread::JoinHandle;

use frr_runtime::testing::TestHost;
use grpc::Grpc as Runtime;
pub use service::Reflection;
use tokio::sync::oneshot;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Identity};

/// A server on loopback. It ends with the test.
pub struct Server {
    pub address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    pub fn start(reflection: Reflection) -> Server {
        Server::start_with(reflection, None)
    }

    pub fn start_with(reflection: Reflection, tls: Option<(Identity, Certificate)>) -> Server {
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, address) = std::sync::mpsc::channel();
        let descriptors = descriptors();
        let thread = std::thread::spawn(move || {
            let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            tokio.block_on(async move {
                let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
                ready.send(incoming.local_addr().unwrap()).unwrap();
                let router = service::router(reflection, &descriptors, tls);
                let stopped = async {
                    let _ = stopped.await;
                };
                // Connections that are open don't hold it up.
                tokio::select! {
                    outcome = router.serve_with_incoming(incoming) => outcome.unwrap(),
                    () = stopped => (),
                }
            });
        });
        Server { address: address.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
    }

    pub fn load(&self) -> TestHost {
        load(&serde_json::json!({ "uri": format!("http://{}", self.address) }))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().unwrap().join();
        if !std::thread::panicking() {
            ended.unwrap();
        }
    }
}

pub fn load(config: &serde_json::Value) -> TestHost {
    TestHost::load::<Runtime>(Some(&config.to_string())).unwrap()
}

/// The descriptor set, by protoc (Debian: protobuf-compiler).
pub fn descriptors() -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/common");
    let made = Command::new("protoc")
        .current_dir(&folder)
        .args(["--include_imports", "--descriptor_set_out=/dev/stdout", "test.proto"])
        .output()
        .expect("protoc: cargo xtask setup --runtimes");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    made.stdout
}
