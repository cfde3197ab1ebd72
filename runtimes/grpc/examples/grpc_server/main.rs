// SPDX-License-Identifier: GPL-2.0-or-later
//! The server of the tests as a program, for a router's network namespace: `grpc_server ADDRESS DESCRIPTORS HINTS
//! [plain]`. DESCRIPTORS is the file with the descriptor set of test.proto and policy.proto, HINTS what [`hints`] says;
//! `plain` is without reflection. Prints `ready` when it listens.

mod hints;
#[path = "../../tests/common/service.rs"]
#[allow(dead_code)]
mod service;

use std::error::Error;
use std::sync::Arc;

use hints::Hints;
use service::Reflection;
use tonic::transport::server::TcpIncoming;

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let (Some(address), Some(descriptors), Some(hints)) = (words.next(), words.next(), words.next()) else {
        return Err("grpc_server ADDRESS DESCRIPTORS HINTS [plain]".into());
    };
    let reflection = match words.next().as_deref() {
        None => Reflection::V1,
        Some("plain") => Reflection::None,
        Some(other) => return Err(format!("{other}: only plain may follow").into()),
    };
    let descriptors = std::fs::read(descriptors)?;
    let hints = Hints(Arc::new(hints.into()));
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio.block_on(async {
        let incoming = TcpIncoming::bind(address.parse()?)?;
        println!("ready");
        service::router(reflection, &descriptors, None).add_service(hints).serve_with_incoming(incoming).await?;
        Ok(())
    })
}
