#![doc = include_str!("../README.md")]
#![no_std]

extern crate alloc;

mod chars;
mod defect;
mod displayable;
mod error;
#[cfg(test)]
mod grammar;
mod host;
mod name_addr;
mod parameter;
pub mod percent;
mod reference;
mod sip_uri;
mod tel_uri;
mod text;
mod uri;

pub use defect::{Defect, DefectKind, Severity};
pub use error::{ErrorKind, ParseError};
pub use host::Host;
pub use name_addr::NameAddr;
pub use parameter::{Parameter, Parameters};
pub use reference::UriReference;
pub use sip_uri::{Header, Headers, RegistrarKey, SipUri, SipUriBuilder, Transport, UserKind};
pub use tel_uri::{TelUri, TelUriBuilder};
pub use text::Text;
pub use uri::Uri;

/// The longest URI that is read, in bytes.
pub const MAX_LENGTH: usize = u16::MAX as usize;
