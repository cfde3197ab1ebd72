// SPDX-License-Identifier: GPL-2.0-or-later
//! The runtime: how requests are done.

use frr_runtime::{Error, Host, Service};
use ldap3::adapters::{Adapter, EntriesOnly, PagedResults};
use ldap3::{LdapError, LdapResult, Mod, SearchOptions};
use serde::Serialize;

use crate::config::{Config, Settings};
use crate::entry::Entry;
use crate::fault::{failed, refused};
use crate::pool::{Lease, Pool};
use crate::request::{Request, Scope, Search};

/// Octets of entries that one search may give.
const MOST: usize = 64 << 20;
/// sizeLimitExceeded, and adminLimitExceeded: what was found so far is good.
const LIMITS: [u32; 2] = [4, 11];
const COMPARE_FALSE: u32 = 5;
const COMPARE_TRUE: u32 = 6;

/// A directory, on one server or several.
pub struct Directory {
    pool: Pool,
}

/// What a script is told.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Of a comparison, a password; true for what was done.
    Truth(bool),
    /// Of a search.
    Found(Found),
}

/// What a search has found.
#[derive(Default, Serialize)]
pub struct Found {
    /// Entries in the server's order.
    pub entries: Vec<Entry>,
    /// There are more: a limit, ours or the server's, ended the search.
    pub truncated: bool,
    /// Other servers that know more.
    pub referrals: Vec<String>,
}

impl Service for Directory {
    type Config = Config;
    type Request = Request;
    type Answer = Answer;

    async fn start(config: Config, _host: Host) -> Result<Self, Error> {
        Ok(Self { pool: Pool::new(Settings::new(config)?) })
    }

    async fn call(&self, request: Request) -> Result<Answer, Error> {
        if let Request::Check { dn, password } = &request {
            // Without a password the server would say yes to anyone (RFC 4513 section 5.1.2).
            let asks = !dn.is_empty() && !password.is_empty();
            return Ok(Answer::Truth(asks && self.pool.check(dn, password).await?));
        }
        let lease = self.pool.lease(false).await?;
        // The server may have closed it, which we don't know yet. Reading twice does
        // no harm; writing might.
        let again = lease.used && matches!(request, Request::Search(_) | Request::Compare { .. });
        match self.limited(lease, &request).await {
            Err(error) if again && (error.kind == "disconnected" || error.kind == "connect") => {
                self.limited(self.pool.lease(true).await?, &request).await
            }
            outcome => outcome,
        }
    }

    async fn stop(&self) {
        self.pool.close().await;
    }
}

impl Directory {
    async fn limited(&self, lease: Lease<'_>, request: &Request) -> Result<Answer, Error> {
        let limit = self.pool.settings().timeout;
        match tokio::time::timeout(limit, run(lease, request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Error::new("timeout", format!("no answer after {} s", limit.as_secs_f64()))),
        }
    }
}

async fn run(mut lease: Lease<'_>, request: &Request) -> Result<Answer, Error> {
    let ldap = &mut lease.ldap;
    let result = match request {
        Request::Search(search) => return find(lease, search).await,
        Request::Check { .. } => return Err(Error::request("a password is not checked on a shared connection")),
        Request::Compare { dn, attr, value } => ldap.compare(dn, attr, &value.0).await.map(|result| result.0),
        Request::Add { dn, attrs } => {
            let attrs = attrs.iter().map(|(name, values)| (name.clone().into(), values.set())).collect();
            ldap.add(dn, attrs).await
        }
        Request::Modify { dn, changes } => ldap.modify(dn, changes.iter().map(Mod::from).collect()).await,
        Request::Delete { dn } => ldap.delete(dn).await,
        Request::Rename { dn, rdn, delete_old, superior } => {
            ldap.modifydn(dn, rdn, *delete_old, superior.as_deref()).await
        }
    };
    // A result is the end of the operation; anything else may leave one behind.
    let result = result.map_err(|error| failed(&error))?;
    lease.keep();
    match result.rc {
        0 | COMPARE_TRUE => Ok(Answer::Truth(true)),
        COMPARE_FALSE => Ok(Answer::Truth(false)),
        _ => Err(refused(&result)),
    }
}

async fn find(mut lease: Lease<'_>, search: &Search) -> Result<Answer, Error> {
    let pages = search.page_size > 0 && search.scope != Scope::Base;
    let mut adapters: Vec<Box<dyn Adapter<'_, String, Vec<String>>>> = vec![Box::new(EntriesOnly::new())];
    if pages {
        // One more than wanted tells whether there are more.
        let size = search.size_limit.saturating_add(1).min(usize::from(search.page_size));
        adapters.push(Box::new(PagedResults::new(i32::try_from(size).unwrap_or(i32::MAX))));
    } else {
        let limit = i32::try_from(search.size_limit).unwrap_or(i32::MAX);
        lease.ldap.with_search_options(SearchOptions::new().sizelimit(limit));
    }
    let start = lease.ldap.streaming_search_with(
        adapters,
        &search.base,
        search.scope.into(),
        &search.filter,
        search.attrs.clone(),
    );
    let mut stream = start.await.map_err(|error| failed(&error))?;
    let mut found = Found::default();
    let mut size = 0;
    let next = |error: LdapError| failed(&error);
    while let Some(entry) = stream.next().await.map_err(next)? {
        if found.entries.len() == search.size_limit {
            // The connection goes with the rest of the entries.
            found.truncated = true;
            return Ok(Answer::Found(found));
        }
        let entry = Entry::new(entry)?;
        size += entry.size();
        if size > MOST {
            let message = format!("more than {} MiB of entries: ask for fewer attributes or entries", MOST >> 20);
            return Err(Error::new("too_large", message));
        }
        found.entries.push(entry);
    }
    let result: LdapResult = stream.finish().await;
    lease.keep();
    found.truncated = LIMITS.contains(&result.rc);
    if result.rc != 0 && !found.truncated {
        return Err(refused(&result));
    }
    found.referrals = result.refs;
    Ok(Answer::Found(found))
}
