// SPDX-License-Identifier: GPL-2.0-or-later
//! The connection to the cluster: made when it is needed, tried again with growing pauses, shared by all.

use std::time::Duration;

use frr_runtime::Error;
use krafka::Kafka;
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout_at};

use crate::config::Config;
use crate::error::explain;

/// The pauses between tries.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A cluster that may be connected.
pub struct Cluster {
    config: Config,
    kafka: Mutex<Option<Kafka>>,
    /// Why the last try failed, for those who stop waiting.
    why: std::sync::Mutex<Option<Error>>,
}

impl Cluster {
    /// Checks the configuration; connects to nothing.
    pub fn new(config: Config) -> Result<Cluster, Error> {
        let _checked = config.builder()?;
        Ok(Cluster { config, kafka: Mutex::new(None), why: std::sync::Mutex::new(None) })
    }

    /// The connected client. Tries until the deadline; without one, until it works or can't.
    pub async fn connect(&self, deadline: Option<Instant>) -> Result<Kafka, Error> {
        let Some(at) = deadline else {
            return self.keep_trying().await;
        };
        timeout_at(at, self.keep_trying()).await.unwrap_or_else(|_| {
            let why = self.why.lock().unwrap_or_else(|e| e.into_inner()).clone();
            Err(why.unwrap_or_else(|| Error::new("unreachable", "no broker answered in time")))
        })
    }

    /// For one request.
    pub fn request_timeout(&self) -> Duration {
        Duration::from_secs_f64(self.config.request_timeout.max(self.config.connect_timeout))
    }

    async fn keep_trying(&self) -> Result<Kafka, Error> {
        // Whoever holds the lock connects for all who wait for it.
        let mut slot = self.kafka.lock().await;
        if let Some(kafka) = &*slot {
            return Ok(kafka.clone());
        }
        let mut pause = Pause::default();
        loop {
            match self.config.builder()?.connect().await {
                Ok(kafka) => {
                    *slot = Some(kafka.clone());
                    return Ok(kafka);
                }
                Err(e) if !e.is_retriable() => return Err(explain(&e)),
                Err(e) => *self.why.lock().unwrap_or_else(|e| e.into_inner()) = Some(explain(&e)),
            }
            pause.wait().await;
        }
    }
}

/// Growing pauses between tries.
pub struct Pause(Duration);

impl Default for Pause {
    fn default() -> Pause {
        Pause(FIRST_PAUSE)
    }
}

impl Pause {
    /// Waits; the next time longer.
    pub async fn wait(&mut self) {
        sleep(self.0).await;
        self.0 = (self.0 * 2).min(LONGEST_PAUSE);
    }
}
