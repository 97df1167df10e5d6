#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod crypto;
mod error;
mod exchange;
mod grammar;
mod key;
mod lifetime;
mod mki;
mod negotiation;
mod session_param;
mod suite;

pub use crypto::Crypto;
pub use error::{ErrorKind, InvalidCrypto, NegotiationError, ParseError};
pub use exchange::{Agreement, Description, Exchange, Place};
pub use key::InlineKey;
pub use lifetime::Lifetime;
pub use mki::Mki;
pub use negotiation::{Accepted, Capabilities, TagRule};
pub use session_param::{FecOrder, SessionParam};
pub use suite::{CryptoSuite, OtherSuite};
