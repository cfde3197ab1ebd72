// SPDX-License-Identifier: GPL-2.0-or-later
//! What services and messages look like: from a descriptor set, or asked of the server (grpc.reflection.v1, or v1alpha,
//! which has the same messages). What was learned is kept.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard};

use frr_runtime::Error;
use prost_reflect::prost::Message;
use prost_reflect::prost_types::FileDescriptorProto;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use tokio_stream::StreamExt;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_prost::ProstCodec;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use crate::error::explain;

const V1: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const V1ALPHA: &str = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
/// Files of one service, with all that they import.
const MAX_FILES: usize = 1000;

/// Types that are known, and where to ask for more.
pub struct Schema {
    channel: Channel,
    pool: Mutex<DescriptorPool>,
}

impl Schema {
    /// Knows nothing yet.
    pub fn new(channel: Channel) -> Schema {
        Schema { channel, pool: Mutex::new(DescriptorPool::new()) }
    }

    /// Learns what is in a descriptor set.
    pub fn add(&self, descriptors: &[u8]) -> Result<(), Error> {
        self.pool().decode_file_descriptor_set(descriptors).map_err(|e| {
            let e = Error::from_source("schema", &e);
            Error::new(
                "schema",
                format!("no descriptor set that is complete (protoc --include_imports): {}", e.message),
            )
        })
    }

    /// The method of that path, `/package.Service/Method`. Asks the server when it isn't known.
    pub async fn method(&self, path: &str) -> Result<MethodDescriptor, Error> {
        let (service, method) = path
            .trim_start_matches('/')
            .split_once('/')
            .ok_or_else(|| Error::request(format!("{path} is no method; give \"/package.Service/Method\"")))?;
        if self.pool().get_service_by_name(service).is_none() {
            let files = self.ask(service).await?;
            let mut pool = self.pool();
            let new = files.into_iter().filter(|file| pool.get_file_by_name(file.name()).is_none()).collect::<Vec<_>>();
            pool.add_file_descriptor_protos(new)
                .map_err(|e| Error::new("schema", format!("the server describes {service} wrongly: {e}")))?;
        }
        let pool = self.pool();
        let Some(service) = pool.get_service_by_name(service) else {
            return Err(Error::new("schema", format!("the server has no {service}")));
        };
        service.methods().find(|known| known.name() == method).ok_or_else(|| {
            let known: Vec<_> = service.methods().map(|method| method.name().to_string()).collect();
            Error::new("schema", format!("{} has no {method}; it has {}", service.full_name(), known.join(", ")))
        })
    }

    /// The files that a service is in, with all that they import.
    async fn ask(&self, service: &str) -> Result<Vec<FileDescriptorProto>, Error> {
        let first = MessageRequest::FileContainingSymbol(service.to_string());
        let (version, mut files) = match self.exchange(V1, vec![first.clone()]).await {
            Err(e) if e.code() == Code::Unimplemented => (V1ALPHA, self.exchange(V1ALPHA, vec![first]).await),
            outcome => (V1, outcome),
        };
        if let Err(e) = &files {
            return Err(match e.code() {
                Code::Unimplemented => Error::new("schema", "the server has no reflection; give descriptors"),
                Code::NotFound => Error::new("schema", format!("the server has no {service}")),
                _ => explain(e),
            });
        }
        let mut all: Vec<FileDescriptorProto> = Vec::new();
        let mut known = HashSet::new();
        loop {
            let new = files.map_err(|e| explain(&e))?;
            let new: Vec<_> = new.into_iter().filter(|file| known.insert(file.name().to_string())).collect();
            all.extend(new);
            let missing: HashSet<_> = all
                .iter()
                .flat_map(|file| &file.dependency)
                .filter(|name| !known.contains(*name) && self.pool().get_file_by_name(name).is_none())
                .cloned()
                .collect();
            if missing.is_empty() {
                return Ok(all);
            }
            if all.len() + missing.len() > MAX_FILES {
                return Err(Error::new("schema", format!("{service} imports more than {MAX_FILES} files")));
            }
            let requests = missing.into_iter().map(MessageRequest::FileByFilename).collect();
            let before = all.len();
            files = self.exchange(version, requests).await;
            if files.as_ref().is_ok_and(|new| new.iter().all(|file| known.contains(file.name()))) {
                return Err(Error::new(
                    "schema",
                    format!("the server leaves out what {service} imports ({before} files)"),
                ));
            }
        }
    }

    async fn exchange(
        &self,
        path: &'static str,
        questions: Vec<MessageRequest>,
    ) -> Result<Vec<FileDescriptorProto>, Status> {
        let questions = questions
            .into_iter()
            .map(|question| ServerReflectionRequest { host: String::new(), message_request: Some(question) });
        let mut client = Grpc::new(self.channel.clone());
        client.ready().await.map_err(|e| Status::from_error(e.into()))?;
        let codec: ProstCodec<ServerReflectionRequest, ServerReflectionResponse> = ProstCodec::default();
        let questions = Request::new(tokio_stream::iter(questions.collect::<Vec<_>>()));
        let mut answers = client.streaming(questions, PathAndQuery::from_static(path), codec).await?.into_inner();
        let mut files = Vec::new();
        while let Some(answer) = answers.next().await {
            match answer?.message_response {
                Some(MessageResponse::FileDescriptorResponse(answer)) => {
                    for bytes in answer.file_descriptor_proto {
                        let file = FileDescriptorProto::decode(&*bytes);
                        files.push(file.map_err(|e| Status::internal(format!("no file descriptor: {e}")))?);
                    }
                }
                Some(MessageResponse::ErrorResponse(e)) => {
                    return Err(Status::new(e.error_code.into(), e.error_message));
                }
                _ => return Err(Status::internal("the server's reflection answers another question")),
            }
        }
        Ok(files)
    }

    /// A panic while it was held left nothing half done.
    fn pool(&self) -> MutexGuard<'_, DescriptorPool> {
        self.pool.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
