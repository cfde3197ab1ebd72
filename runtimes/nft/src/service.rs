// SPDX-License-Identifier: GPL-2.0-or-later
//! The runtime: one request is one transaction, or the list of one set.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use caps::{CapSet, Capability};
use frr_runtime::{Error, Host, Service};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::element::{Given, Scalar};
use crate::ruleset::{Done, Listed, Name, Ruleset, Wanted};

/// nftables of the network namespace that the daemon is in.
pub struct Nft {
    ruleset: Mutex<Ruleset>,
}

/// What a script asks.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// List the elements of this set.
    list: Option<Name>,
    /// Do these changes.
    #[serde(default)]
    change: Vec<Wanted>,
}

/// What it is told.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Answer {
    /// Elements of a set.
    Elements(Vec<Listed>),
    /// What a transaction did.
    Done(Done),
}

impl Service for Nft {
    type Config = Option<()>;
    type Request = Request;
    type Answer = Answer;

    async fn start(_config: Option<()>, _host: Host) -> Result<Self, Error> {
        // All calls run on this thread. Without the capability they fail and say so.
        if let Err(error) = caps::raise(None, CapSet::Effective, Capability::CAP_NET_ADMIN) {
            log::warn!("nft: no CAP_NET_ADMIN, which nftables needs: {error}");
        }
        Ok(Self { ruleset: Mutex::default() })
    }

    async fn call(&self, request: Request) -> Result<Answer, Error> {
        let mut ruleset = self.ruleset.lock().unwrap_or_else(PoisonError::into_inner);
        match request.list {
            Some(name) => ruleset.list(&name).map(Answer::Elements),
            None => ruleset.apply(&request.change).map(Answer::Done),
        }
        .map_err(told)
    }
}

fn told(error: crate::error::Error) -> Error {
    let mut told = Error::new(error.kind.word(), error.message);
    for (name, value) in [("set", error.set), ("element", error.element)] {
        if let Some(value) = value {
            told = told.with(name, value);
        }
    }
    told
}

impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Number(number) => serializer.serialize_i64(*number),
        }
    }
}

impl Serialize for Listed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("key", &self.key)?;
        if let Some(value) = &self.value {
            map.serialize_entry("value", value)?;
        }
        if let Some(timeout) = self.timeout {
            map.serialize_entry("timeout", &timeout)?;
        }
        if let Some(expires) = self.expires {
            map.serialize_entry("expires", &expires)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GivenVisitor { scalar: true }).map(|given| given.key)
    }
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(GivenVisitor { scalar: false })
    }
}

/// A number, which a script has of one kind only and CBOR of two.
struct Seconds(f64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SecondsVisitor;

        impl Visitor<'_> for SecondsVisitor {
            type Value = Seconds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number of seconds")
            }

            fn visit_f64<E: serde::de::Error>(self, seconds: f64) -> Result<Seconds, E> {
                Ok(Seconds(seconds))
            }

            #[allow(clippy::cast_precision_loss)]
            fn visit_u64<E: serde::de::Error>(self, seconds: u64) -> Result<Seconds, E> {
                Ok(Seconds(seconds as f64))
            }

            #[allow(clippy::cast_precision_loss)]
            fn visit_i64<E: serde::de::Error>(self, seconds: i64) -> Result<Seconds, E> {
                Ok(Seconds(seconds as f64))
            }
        }

        deserializer.deserialize_any(SecondsVisitor)
    }
}

/// A string, a number, or unless a scalar is wanted a table of key, value and timeout.
struct GivenVisitor {
    scalar: bool,
}

fn alone(key: Scalar) -> Given {
    Given { key, value: None, timeout: None }
}

impl<'de> Visitor<'de> for GivenVisitor {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.scalar {
            true => f.write_str("a string or a whole number"),
            false => f.write_str("an element: a string, a whole number, or a table with key, value, timeout"),
        }
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Given, E> {
        Ok(alone(Scalar::Text(text.into())))
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Given, E> {
        Ok(alone(Scalar::Number(number)))
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Given, E> {
        let number =
            i64::try_from(number).map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(number), &self))?;
        Ok(alone(Scalar::Number(number)))
    }

    fn visit_f64<E: serde::de::Error>(self, number: f64) -> Result<Given, E> {
        #[allow(clippy::cast_possible_truncation)]
        match number.fract() == 0.0 && number.abs() < 1e15 {
            true => Ok(alone(Scalar::Number(number as i64))),
            false => Err(E::invalid_value(serde::de::Unexpected::Float(number), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Given, A::Error> {
        use serde::de::Error;
        if self.scalar {
            return Err(A::Error::invalid_type(serde::de::Unexpected::Map, &self));
        }
        let (mut key, mut value, mut timeout) = (None, None, None);
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "key" => key = Some(map.next_value()?),
                "value" => value = Some(map.next_value()?),
                "timeout" => timeout = Some(map.next_value::<Seconds>()?.0),
                // What a list tells can be given back.
                "expires" => {
                    map.next_value::<Seconds>()?;
                }
                other => return Err(A::Error::unknown_field(other, &["key", "value", "timeout"])),
            }
        }
        Ok(Given { key: key.ok_or_else(|| A::Error::missing_field("key"))?, value, timeout })
    }
}
