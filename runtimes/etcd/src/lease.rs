// SPDX-License-Identifier: GPL-2.0-or-later
//! Leases: keys that go when nobody keeps them.

use std::convert::Infallible;
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
        let end = match pool.client(index).await {
            Ok(client) => keep(pool, client, id, &mut held).await,
            Err(e) => End::Failed(e),
        };
        let End::Failed(failure) = end else {
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
        };
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

/// Why a lease is not kept.
enum End {
    /// It is gone, says a member.
    Gone,
    /// The member failed.
    Failed(Etcd),
}

impl From<Etcd> for End {
    fn from(error: Etcd) -> End {
        End::Failed(error)
    }
}

/// Keeps the lease until the member fails, or until the lease is gone.
async fn keep(pool: &Pool, mut client: Client, id: i64, held: &mut Held) -> End {
    let exchange = async {
        let opened = timeout(pool.timeout(), client.lease_keep_alive(id)).await.map_err(late)?;
        // The library has one error for a lease that is gone, here, and for a stream that broke, later.
        let (mut keeper, mut answers) = opened.map_err(|e| match e {
            Etcd::LeaseKeepAliveError(_) => End::Gone,
            other => End::Failed(other),
        })?;
        loop {
            let sent = timeout(pool.timeout(), keeper.keep_alive()).await.map_err(late)?;
            sent.map_err(|e| Etcd::EndpointError(e.to_string()))?;
            let answer = timeout(pool.timeout(), answers.message()).await.map_err(late)??;
            let answer = answer.ok_or_else(|| Etcd::EndpointError("the stream of the lease ended".into()))?;
            if answer.ttl() <= 0 {
                return Err(End::Gone);
            }
            held.doubted = false;
            if std::mem::take(&mut held.lost) {
                log::info!("lease {} is kept again", lease_text(id));
            }
            sleep(Duration::from_secs_f64(answer.ttl() as f64 / 3.0)).await;
        }
    };
    let Err(end): Result<Infallible, End> = exchange.await;
    end
}

fn late(_: tokio::time::error::Elapsed) -> Etcd {
    Etcd::EndpointError("no answer in time".into())
}
