// SPDX-License-Identifier: GPL-2.0-or-later
//! Messages whose type is known at run time only, for tonic.

use prost::Message;
use prost_reflect::{DynamicMessage, MessageDescriptor};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};

/// Writes any message, reads those of one type.
#[derive(Clone)]
pub struct DynamicCodec {
    /// The type that comes back.
    pub output: MessageDescriptor,
}

impl Codec for DynamicCodec {
    type Encode = DynamicMessage;
    type Decode = DynamicMessage;
    type Encoder = Writer;
    type Decoder = DynamicCodec;

    fn encoder(&mut self) -> Writer {
        Writer
    }

    fn decoder(&mut self) -> DynamicCodec {
        self.clone()
    }
}

/// Writes any message.
pub struct Writer;

impl Encoder for Writer {
    type Item = DynamicMessage;
    type Error = Status;

    fn encode(&mut self, message: DynamicMessage, to: &mut EncodeBuf<'_>) -> Result<(), Status> {
        message.encode(to).map_err(|e| Status::internal(e.to_string()))
    }
}

impl Decoder for DynamicCodec {
    type Item = DynamicMessage;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<DynamicMessage>, Status> {
        let message = DynamicMessage::decode(self.output.clone(), from);
        message
            .map(Some)
            .map_err(|e| Status::internal(format!("the server's message is no {}: {e}", self.output.full_name())))
    }
}
