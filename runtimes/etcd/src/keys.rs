// SPDX-License-Identifier: GPL-2.0-or-later
//! Reading, writing and deleting keys.

use etcd_client::{
    Compare, CompareOp, DeleteOptions, GetOptions, PutOptions, ResponseHeader, Txn, TxnOp, WatchOptions,
};
use frr_runtime::{Error, Value};
use serde::Serialize;

use crate::lease;
use crate::pool::{LARGEST, Pool, Repeat};
use crate::request::{Delete, Get, Item, Put, Watch};

/// Which keys, in the options of one kind of request: the client library has three types for the same.
macro_rules! range {
    ($options:expr, $request:expr) => {{
        let (options, request) = ($options, $request);
        match (request.prefix, &request.range_end) {
            (true, Some(_)) => {
                Err(Error::request("prefix and range_end are two ways to say which keys: leave one out"))
            }
            (true, None) if request.key.is_empty() => Ok(options.with_all_keys()),
            (true, None) => Ok(options.with_prefix()),
            (false, _) if request.key.is_empty() => Err(Error::request("the key is empty: all keys are prefix = true")),
            (false, Some(end)) => Ok(options.with_range(end.0.clone())),
            (false, None) => Ok(options),
        }
    }};
}

#[derive(Serialize)]
struct Found {
    revision: i64,
    count: i64,
    more: bool,
    items: Vec<Item>,
}

/// Reads keys: the items, and the revision that they are of.
pub async fn get(pool: &Pool, get: &Get) -> Result<Value, Error> {
    let mut options = GetOptions::new().with_revision(get.revision).with_limit(get.limit);
    options = range!(options, get)?;
    if get.keys_only {
        options = options.with_keys_only();
    }
    if get.count_only {
        options = options.with_count_only();
    }
    if get.serializable {
        options = options.with_serializable();
    }
    let answer = pool
        .run(get.timeout, Repeat::Always, |client| {
            let mut keys = client.kv_client().max_decoding_message_size(LARGEST);
            let (key, options) = (get.key.0.clone(), options.clone());
            async move { keys.get(key, Some(options)).await }
        })
        .await?;
    value(&Found {
        revision: revision(answer.header()),
        count: answer.count(),
        more: answer.more(),
        items: answer.kvs().iter().map(Item::from).collect(),
    })
}

#[derive(Serialize)]
struct Written {
    revision: i64,
}

/// Writes a key: the revision of it.
pub async fn put(pool: &Pool, put: &Put) -> Result<Value, Error> {
    let mut options = PutOptions::new();
    if let Some(lease) = &put.lease {
        options = options.with_lease(lease::number(lease)?);
    }
    let (key, content) = (put.key.0.clone(), put.value.0.clone());
    let header = match put.if_revision {
        None => {
            let answer = pool.run(put.timeout, Repeat::NeverSent, |mut client| {
                let (key, content, options) = (key.clone(), content.clone(), options.clone());
                async move { client.put(key, content, Some(options)).await }
            });
            answer.await?.take_header()
        }
        Some(known) => {
            let txn = Txn::new()
                .when([Compare::mod_revision(key.clone(), CompareOp::Equal, known)])
                .and_then([TxnOp::put(key, content, Some(options))]);
            let answer = pool.run(put.timeout, Repeat::NeverSent, |mut client| {
                let txn = txn.clone();
                async move { client.txn(txn).await }
            });
            let mut answer = answer.await?;
            if !answer.succeeded() {
                return Err(Error::new("conflict", format!("the key was not as in revision {known}, so it stayed")));
            }
            answer.take_header()
        }
    };
    value(&Written { revision: revision(header.as_ref()) })
}

#[derive(Serialize)]
struct Deleted {
    revision: i64,
    deleted: i64,
}

/// Deletes keys: how many.
pub async fn delete(pool: &Pool, delete: &Delete) -> Result<Value, Error> {
    let options = range!(DeleteOptions::new(), delete)?;
    let answer = pool
        .run(delete.timeout, Repeat::NeverSent, |mut client| {
            let (key, options) = (delete.key.0.clone(), options.clone());
            async move { client.delete(key, Some(options)).await }
        })
        .await?;
    value(&Deleted { revision: revision(answer.header()), deleted: answer.deleted() })
}

/// Options of a watch with these keys.
pub fn watched(watch: &Watch) -> Result<WatchOptions, Error> {
    range!(WatchOptions::new(), watch)
}

/// An answer for the script.
pub fn value(answer: &impl Serialize) -> Result<Value, Error> {
    Value::serialized(answer).map_err(|e| Error::new("etcd", format!("the answer can't be written: {e}")))
}

/// The revision of the store when it answered.
pub fn revision(header: Option<&ResponseHeader>) -> i64 {
    header.map_or(0, ResponseHeader::revision)
}
