// SPDX-License-Identifier: GPL-2.0-or-later
//! The `etcd` runtime: reads, writes and watches keys of etcd (API version 3). A script uses it through the module
//! `frr.etcd`.
//!
//! Reading order: [`config`] (what the script gives once), [`request`] (what it asks and gets), [`pool`] (the members
//! of the cluster), [`keys`], [`watch`], [`lease`], [`mod@error`].

pub mod config;
pub mod error;
pub mod keys;
pub mod lease;
pub mod pool;
pub mod request;
pub mod watch;

use std::sync::Arc;

use frr_runtime::{Error, Host, Service, Value};

use crate::config::Config;
use crate::pool::Pool;
use crate::request::Request;
use crate::watch::Watches;

/// One cluster.
pub struct Etcd {
    pool: Arc<Pool>,
    watches: Arc<Watches>,
}

impl Service for Etcd {
    type Config = Config;
    type Request = Request;
    type Answer = Value;

    async fn start(config: Config, _host: Host) -> Result<Etcd, Error> {
        let pool = Arc::new(Pool::new(config)?);
        Ok(Etcd { watches: Watches::new(pool.clone()), pool })
    }

    async fn call(&self, request: Request) -> Result<Value, Error> {
        match request {
            Request::Get(get) => keys::get(&self.pool, &get).await,
            Request::Put(put) => keys::put(&self.pool, &put).await,
            Request::Delete(delete) => keys::delete(&self.pool, &delete).await,
            Request::Watch(watch) => self.watches.open(watch).await,
            Request::Recv { watch, after } => self.watches.recv(watch, after).await,
            Request::Close { watch } => Ok(self.watches.close(watch).into()),
            Request::Lease { ttl } => lease::grant(&self.pool, ttl).await,
            Request::Hold { lease } => lease::hold(&self.pool, lease).await,
            Request::Revoke { lease } => lease::revoke(&self.pool, lease).await,
        }
    }
}

frr_runtime::runtime!(Etcd);
