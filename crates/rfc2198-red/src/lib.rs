#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod block;
mod encoder;
mod error;
mod payload;
mod recovery;

pub use block::{Block, BlockHeader, MAX_BLOCK_LENGTH, MAX_TIMESTAMP_OFFSET};
pub use encoder::{Encoder, EncoderConfig, Encoding};
pub use error::{ErrorKind, ParseError, WriteError};
pub use payload::{Blocks, RedPayload, RedPayloadBuilder};
pub use recovery::{Media, Origin, Recovery, RecoveryConfig, Statistics};
