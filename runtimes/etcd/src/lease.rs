// SPDX-License-Identifier: GPL-2.0-or-later
//! Leases: keys that go when nobody keeps them.

use std::time::Duration;

use etcd_client::{Client, Error as Etcd};
use frr_runtime::{Error, Seconds, Value, log};
use serde::Serialize;
use tokio::time::{sleep, timeout};

use crate::error::describe;
use crate::keys::value;
use crate::pool::{Pool, Repeat};
use crate::request::lease_text;

/// Between two attempts to reach the cluster.
const PAUSE: Duration = Duration::from_millis(500);

#[derive(Serialize)]
struct Granted {
    lease: String,
    ttl: i64,
}

/// The number of a lease that [`lease_text`] wrote.
pub fn number(lease: &str) -> Result<i64, Error> {
    u64::from_str_radix(lease, 16)
        .map(u64::cast_signed)
        .map_err(|_| Error::request(format!("{lease:?} is no lease: 16 hexadecimal digits")))
}

/// Makes a lease. etcd may give a longer life than asked for.
pub async fn grant(pool: &Pool, ttl: Seconds) -> Result<Value, Error> {
    let seconds = i64::try_from(ttl.0.as_secs_f64().ceil() as u64).unwrap_or(i64::MAX);
    // A lease that nobody knows of ends by itself, so this may be repeated.
    let lease =
        pool.run(None, Repeat::Always, |mut client| async move { client.lease_grant(seconds, None).await }).await?;
    value(&Granted { lease: lease_text(lease.id()), ttl: lease.ttl() })
}

/// Ends a lease with its keys.
pub async fn revoke(pool: &Pool, lease: String) -> Result<Value, Error> {
    let id = number(&lease)?;
    match pool.run(None, Repeat::Always, |mut client| async move { client.lease_revoke(id).await }).await {
        Ok(_) => Ok(true.into()),
        // It was gone already.
        Err(e) if e.kind == "not_found" => Ok(false.into()),
        Err(e) => Err(e),
    }
}

/// Keeps a lease as long as the call lasts: when the script goes, so does the call, and then the lease. Only an error
/// ends it: `not_found` when the lease is gone.
pub async fn hold(pool: &Pool, lease: String) -> Result<Value, Error> {
    let id = number(&lease)?;
    let mut held = Held::default();
    loop {
        let (index, url) = pool.current();
        let failure = match pool.client(index).await {
            Ok(client) => keep(pool, client, id, &mut held).await,
            Err(e) => e,
        };
        if let Etcd::LeaseKeepAliveError(_) = failure {
            // A member that has just started may not know its leases yet (seen with 3.4); after a read that the
            // whole cluster agrees on, it does.
            if !std::mem::replace(&mut held.doubted, true)
                && pool
                    .run(None, Repeat::Always, |mut client| async move { client.get("lease", None).await })
                    .await
                    .is_ok()
            {
                continue;
            }
            return Err(Error::new("not_found", format!("the lease {lease} has ended")));
        }
        let described = describe(&failure);
        if described.kind == "auth" {
            return Err(described);
        }
        if !std::mem::replace(&mut held.lost, true) {
            log::warn!("lease {lease} can't be kept by etcd at {url}: {described}");
        }
        pool.failed(index);
        sleep(PAUSE).await;
    }
}

/// What is known of a lease that is kept.
#[derive(Default)]
struct Held {
    /// The cluster can't be reached.
    lost: bool,
    /// A member said that the lease is gone.
    doubted: bool,
}

/// Keeps the lease until the member fails, or until the lease is gone, which is `LeaseKeepAliveError`.
async fn keep(pool: &Pool, mut client: Client, id: i64, held: &mut Held) -> Etcd {
    let exchange = async {
        let (mut keeper, mut answers) = timeout(pool.timeout(), client.lease_keep_alive(id)).await.map_err(late)??;
        loop {
            timeout(pool.timeout(), keeper.keep_alive()).await.map_err(late)??;
            let answer = timeout(pool.timeout(), answers.message()).await.map_err(late)??;
            let Some(answer) = answer else {
                return Err(Etcd::EndpointError("the stream of the lease ended".into()));
            };
            if answer.ttl() <= 0 {
                return Err(Etcd::LeaseKeepAliveError("gone".into()));
            }
            held.doubted = false;
            if std::mem::take(&mut held.lost) {
                log::info!("lease {} is kept again", lease_text(id));
            }
            sleep(Duration::from_secs_f64(answer.ttl() as f64 / 3.0)).await;
        }
    };
    let outcome: Result<(), Etcd> = exchange.await;
    outcome.err().unwrap_or_else(|| Etcd::Internal("a lease that is kept for ever".into()))
}

fn late(_: tokio::time::error::Elapsed) -> Etcd {
    Etcd::EndpointError("no answer in time".into())
}
