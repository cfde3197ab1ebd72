// SPDX-License-Identifier: GPL-2.0-or-later
//! Connections: opened when they are needed, bound, and used again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use frr_runtime::Error;
use ldap3::{Ldap, LdapConnAsync, LdapConnSettings};
use tokio::sync::{Semaphore, SemaphorePermit};
use url::Url;

use crate::config::Settings;
use crate::fault::{failed, refused};

/// The connections of a runtime.
pub struct Pool {
    settings: Settings,
    idle: Mutex<Vec<(Ldap, Instant)>>,
    room: Semaphore,
}

/// A connection that a call has for itself. Dropped, it is closed.
pub struct Lease<'a> {
    pool: &'a Pool,
    /// The connection.
    pub ldap: Ldap,
    /// It has served a call before, so the server may have closed it meanwhile.
    pub used: bool,
    _room: SemaphorePermit<'a>,
}

impl Lease<'_> {
    /// Keeps the connection for the next call: when nothing is left to come on it.
    pub fn keep(self) {
        self.pool.idle().push((self.ldap, Instant::now()));
    }
}

impl Pool {
    /// No connection yet.
    pub fn new(settings: Settings) -> Self {
        let room = Semaphore::new(settings.connections);
        Self { settings, idle: Mutex::default(), room }
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// A connection, bound; waits while all are in use.
    pub async fn lease(&self, fresh: bool) -> Result<Lease<'_>, Error> {
        let room = self.room.acquire().await.map_err(|_| Error::new("finished", "the runtime is unloaded"))?;
        if !fresh && let Some(ldap) = self.reuse() {
            return Ok(Lease { pool: self, ldap, used: true, _room: room });
        }
        let bind = self.settings.bind.as_ref();
        let ldap = self.connect(bind.map(|(dn, password)| (dn.as_str(), password.as_str()))).await?;
        Ok(Lease { pool: self, ldap, used: false, _room: room })
    }

    /// Whether a server takes this password for that DN. On a connection of its own.
    pub async fn check(&self, dn: &str, password: &str) -> Result<bool, Error> {
        let _room = self.room.acquire().await.map_err(|_| Error::new("finished", "the runtime is unloaded"))?;
        match self.connect(Some((dn, password))).await {
            Ok(mut ldap) => {
                let _ = ldap.unbind().await;
                Ok(true)
            }
            Err(error) if error.code == Some(49) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Says goodbye on all connections that are idle.
    pub async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle());
        for (mut ldap, _) in idle {
            let _ = ldap.unbind().await;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Ldap, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reuse(&self) -> Option<Ldap> {
        let mut idle = self.idle();
        // Also closes those that are too old.
        idle.retain_mut(|(ldap, since)| !ldap.is_closed() && since.elapsed() < self.settings.idle);
        idle.pop().map(|(ldap, _)| ldap)
    }

    /// Connects to the first server that lets us.
    async fn connect(&self, bind: Option<(&str, &str)>) -> Result<Ldap, Error> {
        let mut last = Error::new("config", "no server");
        for server in &self.settings.servers {
            let limit = self.settings.connect_timeout;
            let attempt = tokio::time::timeout(limit, self.connect_to(server, bind)).await;
            let seconds = limit.as_secs_f64();
            let late = || Err(Error::new("timeout", format!("not connected after {seconds} s")));
            let error = match attempt.unwrap_or_else(|_| late()) {
                Ok(ldap) => return Ok(ldap),
                Err(error) => error,
            };
            // The others have the same passwords.
            let wrong = error.code == Some(49);
            last = Error { message: format!("{server}: {}", error.message), ..error };
            if wrong {
                break;
            }
        }
        Err(last)
    }

    async fn connect_to(&self, server: &Url, bind: Option<(&str, &str)>) -> Result<Ldap, Error> {
        if bind.is_some() {
            self.settings.may_tell(server)?;
        }
        let mut settings = LdapConnSettings::new().set_starttls(self.settings.starttls);
        if let Some(tls) = &self.settings.tls {
            settings = settings.set_config(tls.clone());
        }
        let connected = LdapConnAsync::from_url_with_settings(settings, server).await;
        let (connection, mut ldap) = connected.map_err(|error| failed(&error))?;
        // Ends when the last handle is dropped.
        tokio::spawn(async move {
            if let Err(error) = connection.drive().await {
                log::debug!("ldap: {error}");
            }
        });
        if let Some((dn, password)) = bind {
            let result = ldap.simple_bind(dn, password).await.map_err(|error| failed(&error))?;
            if result.rc != 0 {
                return Err(refused(&result));
            }
        }
        Ok(ldap)
    }
}
