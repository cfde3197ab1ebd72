// SPDX-License-Identifier: GPL-2.0-or-later
//! The service of policy.proto. What it says is in a file, which is read for each question: lines with an AS number
//! and a local preference. An AS that has none is not accepted.

use std::convert::Infallible;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tonic::body::Body;
use tonic::codegen::http;
use tonic::server::{Grpc, NamedService};
use tonic::{Request, Response, Status};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

#[derive(Clone, PartialEq, prost::Message)]
struct Origin {
    #[prost(uint32, tag = "1")]
    number: u32,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Hint {
    #[prost(bool, tag = "1")]
    accept: bool,
    #[prost(uint32, optional, tag = "2")]
    local_preference: Option<u32>,
}

#[derive(Clone)]
pub struct Hints(pub Arc<PathBuf>);

impl NamedService for Hints {
    const NAME: &'static str = "policy.Hints";
}

impl Service<http::Request<Body>> for Hints {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let file = self.0.clone();
        Box::pin(async move {
            if request.uri().path() != "/policy.Hints/Ask" {
                return Ok(Status::unimplemented("no such method").into_http());
            }
            let answer = service_fn(move |question: Request<Origin>| {
                let file = file.clone();
                async move {
                    let text = std::fs::read_to_string(&*file).map_err(|e| Status::unavailable(e.to_string()))?;
                    Ok(Response::new(hint(&text, question.get_ref().number)))
                }
            });
            Ok(Grpc::new(ProstCodec::<Hint, Origin>::default()).unary(answer, request).await)
        })
    }
}

fn hint(text: &str, number: u32) -> Hint {
    let lines = text.lines().filter_map(|line| line.split_once(' '));
    let local_preference = lines
        .filter(|(known, _)| known.parse() == Ok(number))
        .find_map(|(_, preference)| preference.trim().parse().ok());
    Hint { accept: local_preference.is_some(), local_preference }
}
