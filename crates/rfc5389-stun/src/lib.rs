#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

pub mod attribute;
mod attribute_type;
mod builder;
mod check;
mod demultiplex;
mod error;
mod framer;
mod key;
mod message;
mod message_type;
#[cfg(test)]
mod reference;
mod transaction_id;

pub use attribute_type::AttributeType;
pub use builder::MessageBuilder;
pub use demultiplex::{Protocol, demultiplex};
pub use error::{CheckError, ErrorKind, ParseError, WriteError};
pub use framer::Framer;
pub use key::Key;
pub use message::{HEADER_LEN, MAGIC_COOKIE, Message};
pub use message_type::{Class, Method};
pub use transaction_id::TransactionId;
