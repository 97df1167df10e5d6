#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod config;
mod counter_mode;
mod error;
mod index;
mod key_derivation;
mod keys;
mod master_key;
mod profile;
mod receiver;
mod replay;
mod rtcp;
mod rtp;
mod sender;
mod transform;
#[cfg(test)]
mod vectors;

pub use config::Config;
pub use error::{ConfigError, ProtectError, UnprotectError};
pub use master_key::MasterKey;
pub use profile::Profile;
pub use receiver::Receiver;
pub use sender::Sender;
