// SPDX-License-Identifier: GPL-2.0-or-later
//! The members of a cluster. All requests go to one of them until it fails, then to the next: what a script reads
//! after it wrote is then there, and a dead member costs one attempt, not every other one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use etcd_client::{Client, ConnectOptions, Error as Etcd};
use frr_runtime::{Error, Seconds, log};
use tokio::time::{Instant, timeout_at};

use crate::config::Config;
use crate::error::{describe, elsewhere, never_sent};

/// Octets of one answer or batch of events.
pub const LARGEST: usize = 64 << 20;

/// A cluster.
pub struct Pool {
    members: Vec<Member>,
    options: ConnectOptions,
    timeout: Duration,
    current: AtomicUsize,
}

struct Member {
    url: String,
    client: Mutex<Option<Client>>,
}

/// Whether a request may reach the cluster twice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It changes nothing.
    Always,
    /// It changes something: only when the first certainly didn't arrive.
    NeverSent,
}

impl Pool {
    /// A cluster with these options; nothing is sent yet.
    pub fn new(config: Config) -> Result<Pool, Error> {
        let options = config.options()?;
        let members = config.endpoints.into_iter().map(|url| Member { url, client: Mutex::new(None) }).collect();
        Ok(Pool { members, options, timeout: config.timeout.0, current: AtomicUsize::new(0) })
    }

    /// Sends a request to a member, and to each other one when that is down.
    pub async fn run<T, F: Future<Output = Result<T, Etcd>> + Send>(
        &self,
        limit: Option<Seconds>,
        repeat: Repeat,
        request: impl Fn(Client) -> F,
    ) -> Result<T, Error> {
        let limit = limit.map_or(self.timeout, |t| t.0);
        let end = Instant::now() + limit;
        let late = || Error::new("timeout", format!("no answer from etcd within {limit:?}"));
        let mut left = self.members.len();
        loop {
            left -= 1;
            // A member that swallows everything leaves time for the others.
            let turn = if repeat == Repeat::Always {
                Instant::now() + (end - Instant::now()) / (left as u32 + 1)
            } else {
                end
            };
            let (index, _) = self.current();
            let member = &self.members[index];
            let outcome = timeout_at(turn.min(end), async {
                let client = self.connect(member).await.map_err(|e| (e, true))?;
                request(client).await.map_err(|e| {
                    let unsent = never_sent(&e);
                    (e, unsent)
                })
            });
            let error = match outcome.await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err((e, unsent))) => {
                    if !elsewhere(&e) {
                        return Err(describe(&e));
                    }
                    self.failed(index);
                    if !unsent && repeat == Repeat::NeverSent {
                        return Err(describe(&e));
                    }
                    describe(&e)
                }
                Err(_) => {
                    self.failed(index);
                    if repeat == Repeat::NeverSent {
                        return Err(late());
                    }
                    late()
                }
            };
            if left == 0 || Instant::now() >= end {
                return Err(error);
            }
        }
    }

    /// The member in use: its number and its URL.
    pub fn current(&self) -> (usize, &str) {
        let index = self.current.load(Ordering::Relaxed) % self.members.len();
        (index, &self.members[index].url)
    }

    /// A client of that member.
    pub async fn client(&self, index: usize) -> Result<Client, Etcd> {
        match timeout_at(Instant::now() + self.timeout, self.connect(&self.members[index])).await {
            Ok(client) => client,
            Err(_) => Err(Etcd::EndpointError(format!("no answer within {:?}", self.timeout))),
        }
    }

    async fn connect(&self, member: &Member) -> Result<Client, Etcd> {
        let known = member.client.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(client) = known {
            return Ok(client);
        }
        // This asks for a token when there is a user; two at once is one too many, but harmless.
        let client = Client::connect([&member.url], Some(self.options.clone())).await?;
        *member.client.lock().unwrap_or_else(PoisonError::into_inner) = Some(client.clone());
        Ok(client)
    }

    /// The next member takes over, unless that happened already.
    pub fn failed(&self, index: usize) {
        let next = (index + 1) % self.members.len();
        let changed = self.current.compare_exchange(index, next, Ordering::Relaxed, Ordering::Relaxed).is_ok();
        // Its client goes: a new one asks for a new token and resolves the name again.
        *self.members[index].client.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if changed && next != index {
            log::info!("etcd at {} failed, {} is asked now", self.members[index].url, self.members[next].url);
        }
    }

    /// How long a request may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }
}
