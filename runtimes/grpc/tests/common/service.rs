// SPDX-License-Identifier: GPL-2.0-or-later
//! The service of test.proto, with messages of its own; also in examples/server.rs.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Future, pending};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio_stream::wrappers::ReceiverStream;
use tokio_stream::{Stream, StreamExt};
use tonic::body::Body;
use tonic::codegen::http;
use tonic::metadata::{KeyAndValueRef, MetadataValue};
use tonic::server::{Grpc, NamedService};
use tonic::transport::server::Router;
use tonic::transport::{Certificate, Identity, Server, ServerTlsConfig};
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

/// What the server tells about itself.
#[derive(Clone, Copy, PartialEq)]
pub enum Reflection {
    V1,
    V1Alpha,
    None,
}

/// All that the server answers. The descriptor set is for the reflection.
pub fn router(reflection: Reflection, descriptors: &[u8], tls: Option<(Identity, Certificate)>) -> Router {
    let mut server = Server::builder();
    if let Some((identity, ca)) = tls {
        server = server.tls_config(ServerTlsConfig::new().identity(identity).client_ca_root(ca)).unwrap();
    }
    let router = server.add_service(Test);
    let describe = || tonic_reflection::server::Builder::configure().register_encoded_file_descriptor_set(descriptors);
    match reflection {
        Reflection::V1 => router.add_service(describe().build_v1().unwrap()),
        Reflection::V1Alpha => router.add_service(describe().build_v1alpha().unwrap()),
        Reflection::None => router,
    }
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct All {
    #[prost(bool, tag = "1")]
    pub flag: bool,
    #[prost(int32, tag = "2")]
    pub small: i32,
    #[prost(int64, tag = "3")]
    pub big: i64,
    #[prost(uint64, tag = "4")]
    pub huge: u64,
    #[prost(double, tag = "5")]
    pub real: f64,
    #[prost(string, tag = "6")]
    pub text: String,
    #[prost(bytes = "vec", tag = "7")]
    pub raw: Vec<u8>,
    #[prost(int32, tag = "8")]
    pub color: i32,
    #[prost(string, repeated, tag = "9")]
    pub names: Vec<String>,
    #[prost(map = "string, int64", tag = "10")]
    pub counts: HashMap<String, i64>,
    #[prost(message, optional, boxed, tag = "11")]
    pub inner: Option<Box<Inner>>,
    #[prost(string, optional, tag = "12")]
    pub left: Option<String>,
    #[prost(uint32, optional, tag = "13")]
    pub right: Option<u32>,
    #[prost(map = "uint32, string", tag = "14")]
    pub by_number: HashMap<u32, String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct Inner {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(message, optional, boxed, tag = "2")]
    pub more: Option<Box<Inner>>,
}

/// What the server answers by.
#[derive(Clone)]
struct Test;

type Reply = Pin<Box<dyn Future<Output = Result<http::Response<Body>, Infallible>> + Send>>;
type Messages = Pin<Box<dyn Stream<Item = Result<All, Status>> + Send>>;

impl NamedService for Test {
    const NAME: &'static str = "test.Test";
}

impl Service<http::Request<Body>> for Test {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Reply;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Reply {
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<All, All>::default());
            Ok(match request.uri().path() {
                "/test.Test/Echo" => grpc.unary(service_fn(echo), request).await,
                "/test.Test/Fail" => grpc.unary(service_fn(fail), request).await,
                "/test.Test/Slow" => grpc.unary(service_fn(slow), request).await,
                "/test.Test/Headers" => grpc.unary(service_fn(headers), request).await,
                "/test.Test/Count" => grpc.server_streaming(service_fn(count), request).await,
                "/test.Test/Sum" => grpc.client_streaming(service_fn(sum), request).await,
                "/test.Test/Chat" => grpc.streaming(service_fn(chat), request).await,
                _ => Status::unimplemented("no such method").into_http(),
            })
        })
    }
}

async fn echo(request: Request<All>) -> Result<Response<All>, Status> {
    let mut response = Response::new(request.into_inner());
    response.metadata_mut().insert("served-by", MetadataValue::from_static("tonic"));
    Ok(response)
}

async fn fail(request: Request<All>) -> Result<Response<All>, Status> {
    let asked = request.into_inner();
    let mut status = Status::new(Code::from(asked.small), asked.text);
    status.metadata_mut().insert("why", MetadataValue::from_static("asked for"));
    Err(status)
}

async fn slow(_: Request<All>) -> Result<Response<All>, Status> {
    pending().await
}

async fn headers(request: Request<All>) -> Result<Response<All>, Status> {
    let mut names = Vec::new();
    for entry in request.metadata().iter() {
        names.push(match entry {
            KeyAndValueRef::Ascii(name, value) => format!("{name}={}", value.to_str().unwrap()),
            KeyAndValueRef::Binary(name, value) => format!("{name}={:?}", value.to_bytes().unwrap()),
        });
    }
    Ok(Response::new(All { names, ..All::default() }))
}

async fn count(request: Request<All>) -> Result<Response<Messages>, Status> {
    let asked = request.into_inner();
    let numbers = (1..=asked.small).map(|small| Ok(All { small, ..All::default() }));
    let last = asked.flag.then(|| Err(Status::resource_exhausted("no more")));
    Ok(Response::new(Box::pin(tokio_stream::iter(numbers.chain(last)))))
}

async fn sum(request: Request<Streaming<All>>) -> Result<Response<All>, Status> {
    let mut messages = request.into_inner();
    let mut all = All::default();
    while let Some(message) = messages.next().await {
        all.small += 1;
        all.names.push(message?.text);
    }
    Ok(Response::new(all))
}

async fn chat(request: Request<Streaming<All>>) -> Result<Response<Messages>, Status> {
    let mut messages = request.into_inner();
    let (sender, answers) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        while let Some(Ok(message)) = messages.next().await {
            let text = format!("you said {}", message.text);
            if sender.send(Ok(All { text, ..All::default() })).await.is_err() {
                return;
            }
        }
    });
    Ok(Response::new(Box::pin(ReceiverStream::new(answers))))
}
