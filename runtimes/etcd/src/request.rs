// SPDX-License-Identifier: GPL-2.0-or-later
//! What a script asks, and what it gets. Revisions and leases are numbers of etcd's, 64 bits wide: a lease goes to the
//! script as text, since a number of Lua has 53.

use etcd_client::KeyValue;
use frr_runtime::{Octets, Seconds};
use serde::{Deserialize, Serialize};

/// One call.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase", deny_unknown_fields)]
pub enum Request {
    /// Reads keys.
    Get(Get),
    /// Writes a key.
    Put(Put),
    /// Deletes keys.
    Delete(Delete),
    /// Begins to watch keys.
    Watch(Watch),
    /// Waits for what happened to watched keys.
    Recv {
        /// The number of the watch.
        watch: u64,
        /// The number of the last batch that arrived; an older one is given again.
        #[serde(default)]
        after: u64,
    },
    /// Ends a watch.
    Close {
        /// The number of the watch.
        watch: u64,
    },
    /// Makes a lease: keys that are put with it go when it does.
    Lease {
        /// Its life without being kept.
        ttl: Seconds,
    },
    /// Keeps a lease as long as this call lasts.
    Hold {
        /// The lease.
        lease: String,
    },
    /// Ends a lease and deletes its keys.
    Revoke {
        /// The lease.
        lease: String,
    },
}

/// Reads keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Get {
    /// The key or where the keys begin.
    pub key: Octets,
    /// All that begin with `key`; all keys when that is empty.
    #[serde(default)]
    pub prefix: bool,
    /// All from `key` on that are below this one.
    pub range_end: Option<Octets>,
    /// As they were then; 0 or nothing for now.
    #[serde(default)]
    pub revision: i64,
    /// At most so many; 0 or nothing for all.
    #[serde(default)]
    pub limit: i64,
    /// Without their values.
    #[serde(default)]
    pub keys_only: bool,
    /// Only how many there are.
    #[serde(default)]
    pub count_only: bool,
    /// From the member that is asked, which may be behind the others.
    #[serde(default)]
    pub serializable: bool,
    /// Seconds, instead of the client's.
    pub timeout: Option<Seconds>,
}

/// Writes a key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Put {
    /// The key.
    pub key: Octets,
    /// Its value.
    pub value: Octets,
    /// It goes with this lease.
    pub lease: Option<String>,
    /// Only when the key's last change was in this revision; 0: only when there is no such key.
    pub if_revision: Option<i64>,
    /// Seconds, instead of the client's.
    pub timeout: Option<Seconds>,
}

/// Deletes keys.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Delete {
    /// The key or where the keys begin.
    pub key: Octets,
    /// All that begin with `key`; all keys when that is empty.
    #[serde(default)]
    pub prefix: bool,
    /// All from `key` on that are below this one.
    pub range_end: Option<Octets>,
    /// Seconds, instead of the client's.
    pub timeout: Option<Seconds>,
}

/// Begins to watch keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// The key or where the keys begin.
    pub key: Octets,
    /// All that begin with `key`; all keys when that is empty.
    #[serde(default)]
    pub prefix: bool,
    /// All from `key` on that are below this one.
    pub range_end: Option<Octets>,
    /// What happened from this revision on; nothing: from now on.
    #[serde(default)]
    pub revision: i64,
    /// Events have the value before.
    #[serde(default)]
    pub previous: bool,
}

/// A key with its value.
#[derive(Debug, Clone, Serialize)]
pub struct Item {
    /// The key.
    pub key: Octets,
    /// Its value.
    pub value: Octets,
    /// When it was made.
    pub create_revision: i64,
    /// When it was changed last.
    pub mod_revision: i64,
    /// How often since it was made.
    pub version: i64,
    /// Its lease.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease: Option<String>,
}

impl From<&KeyValue> for Item {
    fn from(kv: &KeyValue) -> Item {
        Item {
            key: Octets(kv.key().to_vec()),
            value: Octets(kv.value().to_vec()),
            create_revision: kv.create_revision(),
            mod_revision: kv.mod_revision(),
            version: kv.version(),
            lease: (kv.lease() != 0).then(|| lease_text(kv.lease())),
        }
    }
}

/// A lease as etcd's own tools write it.
pub fn lease_text(lease: i64) -> String {
    format!("{lease:016x}")
}
