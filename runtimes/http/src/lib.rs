// SPDX-License-Identifier: GPL-2.0-or-later
//! The `http` runtime: asks HTTP servers. A script uses it through the module `frr.http`.
//!
//! Reading order: [`config`] (what the script gives once), [`tls`] (whom to trust), [`client`] (one request).

pub mod client;
pub mod config;
pub mod tls;

use frr_runtime::{Error, Host, Service};

use crate::client::{Client, Request, Response};
use crate::config::Config;

/// One client, with connections that it keeps.
pub struct Http {
    client: Client,
}

impl Service for Http {
    type Config = Config;
    type Request = Request;
    type Answer = Response;

    async fn start(config: Config, _host: Host) -> Result<Http, Error> {
        Ok(Http { client: Client::new(config)? })
    }

    async fn call(&self, request: Request) -> Result<Response, Error> {
        self.client.ask(request).await
    }
}

frr_runtime::runtime!(Http);
