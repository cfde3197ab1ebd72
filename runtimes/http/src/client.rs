// SPDX-License-Identifier: GPL-2.0-or-later
//! One request, from what the script asked to what it gets.

use std::error::Error as _;
use std::io;

use frr_runtime::{Error, Map, Octets, Seconds};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Method, Proxy, Url};
use serde::{Deserialize, Serialize};

use crate::config::{Config, Version};
use crate::tls;

/// What a script asks.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// GET when it is left out.
    pub method: Option<String>,
    /// With its scheme, http or https.
    pub url: String,
    /// Added to the URL, percent-encoded.
    #[serde(default)]
    pub query: Map<Field>,
    /// By name; a list sends a header several times.
    #[serde(default)]
    pub headers: Map<Fields>,
    /// The octets to send.
    pub body: Option<Octets>,
    /// In seconds, for all of it; without it the client's.
    pub timeout: Option<Seconds>,
    /// The most octets of an answer; without it the client's.
    pub max_response: Option<u64>,
}

/// A value of a query: Lua has numbers and booleans where the URL has text.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Field {
    /// As it is.
    Text(String),
    /// Without a fraction.
    Integer(i64),
    /// With one.
    Number(f64),
    /// `true` or `false`.
    Boolean(bool),
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Field::Text(text) => f.write_str(text),
            Field::Integer(number) => number.fmt(f),
            Field::Number(number) => number.fmt(f),
            Field::Boolean(value) => value.fmt(f),
        }
    }
}

/// One value of a header or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Fields {
    /// One.
    One(Field),
    /// One header line for each.
    Many(Vec<Field>),
}

/// What a script gets.
#[derive(Debug, Serialize)]
pub struct Response {
    /// Any status; a 404 is an answer, not an error.
    pub status: u16,
    /// Where the answer came from, after redirects.
    pub url: String,
    /// `HTTP/1.1`, `HTTP/2.0`
    pub version: String,
    /// By name in lower case; several of one name are joined by a comma, cookies by a line's end.
    pub headers: std::collections::BTreeMap<String, Octets>,
    /// All of the body.
    pub body: Octets,
}

/// Sends requests over connections that it keeps.
pub struct Client {
    client: reqwest::Client,
    max_response: u64,
}

impl Client {
    /// A client with these options; it connects when it is asked.
    pub fn new(config: Config) -> Result<Client, Error> {
        let mut builder = reqwest::Client::builder()
            .tls_backend_preconfigured(tls::configure(&config)?)
            .timeout(config.timeout.0)
            .connect_timeout(config.connect_timeout.0)
            .pool_idle_timeout(config.idle.0)
            .pool_max_idle_per_host(8)
            .redirect(redirects(config.redirects))
            .referer(false)
            .no_proxy()
            .user_agent(concat!("frr/", env!("CARGO_PKG_VERSION")))
            .default_headers(default_headers(&config.headers)?)
            .local_address(config.source);
        builder = match config.version {
            Version::Auto => builder,
            Version::Http1 => builder.http1_only(),
            Version::Http2 => builder.http2_prior_knowledge(),
        };
        if let Some(name) = &config.interface {
            builder = builder.interface(name);
        }
        if let Some(url) = &config.proxy {
            builder = builder.proxy(Proxy::all(url).map_err(|e| Error::from_source("config", &e))?);
        }
        let client = builder.build().map_err(|e| Error::from_source("config", &e))?;
        Ok(Client { client, max_response: config.max_response })
    }

    /// Asks, and reads the whole answer.
    pub async fn ask(&self, request: Request) -> Result<Response, Error> {
        let limit = request.max_response.unwrap_or(self.max_response);
        let request = self.build(request)?;
        let mut answer = self.client.execute(request).await.map_err(|e| failed(&e))?;
        let headers = headers(answer.headers());
        let too_large = || {
            Error::new("too_large", format!("the answer has more than {limit} octets: raise max_response to take it"))
        };
        if answer.content_length().is_some_and(|len| len > limit) {
            return Err(too_large());
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|e| failed(&e))? {
            if body.len() as u64 + chunk.len() as u64 > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            status: answer.status().as_u16(),
            url: answer.url().to_string(),
            version: format!("{:?}", answer.version()),
            headers,
            body: Octets(body),
        })
    }

    fn build(&self, request: Request) -> Result<reqwest::Request, Error> {
        let mut url = Url::parse(&request.url).map_err(|e| Error::request(format!("{}: {e}", request.url)))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::request(format!("{url}: only http and https can be asked")));
        }
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(request.query.iter().map(|(name, value)| (name, value.to_string())));
        }
        let method = request.method.as_deref().unwrap_or("GET").to_ascii_uppercase();
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| Error::request(format!("{method:?} can't be a method")))?;
        let mut builder = self.client.request(method, url).headers(request_headers(&request.headers)?);
        if let Some(timeout) = request.timeout {
            builder = builder.timeout(timeout.0);
        }
        if let Some(body) = request.body {
            builder = builder.body(body.0);
        }
        builder.build().map_err(|e| Error::from_source("request", &e))
    }
}

/// So many, and none from https to http: what was asked in secret isn't asked in the open.
fn redirects(most: usize) -> Policy {
    Policy::custom(move |attempt: Attempt<'_>| {
        let from_https = attempt.previous().last().is_some_and(|url| url.scheme() == "https");
        if from_https && attempt.url().scheme() != "https" {
            let text = format!("a redirect from https to {} isn't followed", attempt.url());
            attempt.error(text)
        } else if most == 0 {
            attempt.stop()
        } else if attempt.previous().len() > most {
            attempt.error(format!("more than {most} redirects"))
        } else {
            attempt.follow()
        }
    })
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), Error> {
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| Error::request(format!("{name:?} can't be the name of a header")))?;
    // The value may be a secret, so it isn't in the text.
    let value = HeaderValue::from_bytes(value.as_bytes())
        .map_err(|_| Error::request(format!("the value of the header {name} has a line's end or a control octet")))?;
    Ok((parsed, value))
}

fn default_headers(given: &Map<String>) -> Result<HeaderMap, Error> {
    let pairs = given.iter().map(|(name, value)| header(name, value));
    pairs.collect::<Result<HeaderMap, Error>>().map_err(|e| Error::new("config", e.message))
}

fn request_headers(given: &Map<Fields>) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (name, fields) in given.iter() {
        let values = match fields {
            Fields::One(value) => std::slice::from_ref(value),
            Fields::Many(values) => values,
        };
        for value in values {
            let (name, value) = header(name, &value.to_string())?;
            headers.append(name, value);
        }
    }
    Ok(headers)
}

fn headers(received: &HeaderMap) -> std::collections::BTreeMap<String, Octets> {
    let mut headers = std::collections::BTreeMap::new();
    for name in received.keys() {
        // A cookie may have a comma in it (RFC 9110 section 5.3).
        let separator: &[u8] = if name == "set-cookie" { b"\n" } else { b", " };
        let values: Vec<_> = received.get_all(name).iter().map(HeaderValue::as_bytes).collect();
        headers.insert(name.to_string(), Octets(values.join(separator)));
    }
    headers
}

/// The kinds: `timeout`, `tls`, `connect`, `redirect`, `body`, `http`.
fn failed(error: &reqwest::Error) -> Error {
    let kind = if error.is_timeout() {
        "timeout"
    } else if is_tls(error) {
        "tls"
    } else if error.is_connect() {
        "connect"
    } else if error.is_redirect() {
        "redirect"
    } else if error.is_body() || error.is_decode() {
        "body"
    } else {
        "http"
    };
    Error::from_source(kind, error)
}

fn is_tls(error: &reqwest::Error) -> bool {
    let mut next = error.source();
    while let Some(cause) = next {
        if cause.is::<rustls::Error>() {
            return true;
        }
        // An error of TLS travels inside ones of input and output, which hide it from `source`.
        let inner = cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inner.map(|e| e as &dyn std::error::Error).or_else(|| cause.source());
    }
    false
}
