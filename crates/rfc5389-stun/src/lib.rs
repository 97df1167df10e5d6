#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod attribute;
mod attribute_type;
#[cfg(feature = "std")]
pub mod behavior;
mod builder;
mod check;
#[cfg(feature = "std")]
pub mod client;
mod demultiplex;
mod error;
mod framer;
#[cfg(feature = "std")]
pub mod keep_alive;
mod key;
#[cfg(feature = "std")]
pub mod lifetime;
mod message;
mod message_type;
#[cfg(feature = "prepare")]
pub mod prepare;
#[cfg(test)]
mod reference;
pub mod server;
mod transaction_id;
mod transport;

pub use attribute_type::AttributeType;
pub use builder::MessageBuilder;
pub use demultiplex::{Protocol, demultiplex};
pub use error::{CheckError, ErrorKind, ParseError, WriteError};
pub use framer::Framer;
pub use key::Key;
pub use message::{HEADER_LEN, MAGIC_COOKIE, Message};
pub use message_type::{Class, Method};
pub use transaction_id::TransactionId;
pub use transport::Transport;
