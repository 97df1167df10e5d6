#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod address;
mod agreement;
mod capability;
mod config;
mod description;
mod direction;
mod error;
mod fmtp;
mod format;
mod key;
mod payload_types;
mod profile;
mod propose;
mod received;
mod reception;
mod section;
mod session;
mod slot;
mod state;
mod violation;

pub use address::{Address, Destination};
pub use agreement::AgreedStream;
pub use capability::{BandwidthLimit, Stream, StreamId};
pub use config::Config;
pub use description::describe_capabilities;
pub use error::UsageError;
pub use fmtp::{FmtpRule, rule_for};
pub use format::{Codec, MediaFormat};
pub use key::Key;
pub use profile::Profile;
pub use reception::Reception;
pub use rfc4566_sdp::{Direction, SessionDescriptionBuf};
pub use section::MediaSection;
pub use session::Session;
pub use state::State;
pub use violation::{Violation, ViolationKind};
