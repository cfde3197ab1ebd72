// SPDX-License-Identifier: GPL-2.0-or-later
//! Unary calls, and what they have in common with streams.

use std::time::{Duration, Instant};

use frr_runtime::{Error, Map, Octets, Value};
use prost_reflect::MethodDescriptor;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::{AsciiMetadataKey, AsciiMetadataValue, BinaryMetadataKey, BinaryMetadataValue, MetadataMap};
use tonic::transport::Channel;
use tonic::{Code, Request, Status};

use crate::codec::DynamicCodec;
use crate::convert;
use crate::error::{explain, metadata};
use crate::request::Answer;

/// A connection and how much it takes.
#[derive(Clone)]
pub struct Connection {
    /// Connects by itself.
    pub channel: Channel,
    /// Bytes of a message.
    pub max_message: usize,
}

impl Connection {
    /// A client that the connection has room for.
    pub async fn client(&self) -> Result<Grpc<Channel>, Status> {
        let mut client = Grpc::new(self.channel.clone()).max_decoding_message_size(self.max_message);
        client.ready().await.map_err(|e| Status::from_error(e.into()))?;
        Ok(client)
    }
}

/// One message there, one back.
pub async fn unary(
    connection: &Connection,
    method: &MethodDescriptor,
    message: &Value,
    headers: Map<Octets>,
    timeout: Duration,
) -> Result<Answer, Error> {
    if method.is_client_streaming() || method.is_server_streaming() {
        return Err(Error::request(format!("{} is a stream; use stream()", method.full_name())));
    }
    let message = convert::message(method.input(), message)?;
    let request = request(message, headers, Some(timeout))?;
    let codec = DynamicCodec { output: method.output() };
    let began = Instant::now();
    let reply = async { connection.client().await?.unary(request, path(method)?, codec).await };
    let reply = reply.await.map_err(|status| explain(&overdue(status, began, timeout)))?;
    Ok(Answer::Reply { metadata: metadata(reply.metadata()), message: convert::table(reply.get_ref()) })
}

/// A request with its headers. The server is told how long we wait.
pub fn request<T>(message: T, headers: Map<Octets>, timeout: Option<Duration>) -> Result<Request<T>, Error> {
    let mut request = Request::new(message);
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    for (name, value) in headers.0 {
        insert(request.metadata_mut(), &name, value)?;
    }
    Ok(request)
}

fn insert(map: &mut MetadataMap, name: &str, value: Octets) -> Result<(), Error> {
    let wrong = |what: &str| Error::request(format!("metadata {name}: {what}"));
    let name_lower = name.to_ascii_lowercase();
    if name_lower.ends_with("-bin") {
        let key = BinaryMetadataKey::from_bytes(name_lower.as_bytes()).map_err(|_| wrong("no name of a header"))?;
        map.insert_bin(key, BinaryMetadataValue::from_bytes(&value));
    } else {
        let key = AsciiMetadataKey::from_bytes(name_lower.as_bytes()).map_err(|_| wrong("no name of a header"))?;
        let value = AsciiMetadataValue::try_from(&*value)
            .map_err(|_| wrong("only visible ASCII; a name that ends in -bin takes any octets"))?;
        map.insert(key, value);
    }
    Ok(())
}

/// The connection and the server look at the deadline too. Both say `cancelled` then, and one of them may be a moment
/// before us.
pub fn overdue(status: Status, began: Instant, limit: Duration) -> Status {
    if status.code() == Code::Cancelled && began.elapsed() >= limit {
        return Status::deadline_exceeded(format!("no answer in {} seconds", limit.as_secs_f64()));
    }
    status
}

/// Where the method is.
pub fn path(method: &MethodDescriptor) -> Result<PathAndQuery, Status> {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    path.parse().map_err(|_| Status::internal(format!("{path} is no path")))
}
