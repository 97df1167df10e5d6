#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

#[cfg(feature = "bytes")]
mod bytes;
mod config;
mod counter_mode;
mod error;
mod index;
mod key_derivation;
mod key_event;
mod keys;
mod master_key;
mod profile;
mod receiver;
mod replay;
mod rtcp;
mod rtp;
mod sender;
mod stream;
mod streams;
mod transform;
#[cfg(test)]
mod vectors;

pub use config::Config;
pub use error::{ConfigError, ProtectError, UnprotectError};
pub use key_event::KeyEvent;
pub use master_key::MasterKey;
pub use profile::Profile;
pub use receiver::Receiver;
pub use sender::Sender;
